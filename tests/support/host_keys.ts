/** Host keys for tests of trust: real in form, random in content. */
import { type HostKey, hostKeyFromBlob } from "../../lib/ssh/host_keys/host_key.ts";
import { WireWriter } from "../../lib/ssh/wire.ts";

/** A new key. */
export function randomHostKey(type: "ssh-ed25519" | "ssh-rsa" = "ssh-ed25519"): HostKey {
  const random = (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size));
  const writer = new WireWriter().string(type);
  if (type === "ssh-ed25519") return hostKeyFromBlob(writer.string(random(32)).bytes());
  // Odd and of full length, as a modulus is.
  const modulus = random(256);
  modulus[0] = (modulus[0] ?? 0) | 0x80;
  modulus[255] = (modulus[255] ?? 0) | 1;
  return hostKeyFromBlob(writer.mpint(new Uint8Array([1, 0, 1])).mpint(modulus).bytes());
}

/** The key as known_hosts writes it: type and base64. */
export function keyText(key: HostKey): string {
  return `${key.type} ${btoa(String.fromCharCode(...key.blob))}`;
}
