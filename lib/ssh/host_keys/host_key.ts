/** A server's public key, as it travels and as people compare it. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { WireError, WireReader } from "../wire.ts";

/** A server's public key. */
export interface HostKey {
  /** E.g. "ssh-ed25519"; the same for every way an RSA key may sign. */
  type: string;
  /** The key as it travels. Source: RFC 4253 §6.6. */
  blob: Uint8Array;
  /** As `ssh-keygen -l` shows it: "SHA256:" and base64 without padding. */
  fingerprint: string;
}

/**
 * Describes a key.
 *
 * @param blob the key as it travels; copied
 * @throws {WireError} when no type can be read from it, or one that is no SSH name (RFC 4251 §6)
 */
export function hostKeyFromBlob(blob: Uint8Array): HostKey {
  const copy = new Uint8Array(blob);
  const type = new WireReader(copy).text();
  // It goes into messages and files as it is, so it may hold no space and no control character.
  if (!/^[!-+\--~]{1,64}$/.test(type)) throw new WireError("the key's type is not a name");
  const digest = createHash("sha256").update(copy).digest("base64").replace(/=+$/, "");
  return { type, blob: copy, fingerprint: `SHA256:${digest}` };
}

/** True when both are the same key. */
export function sameKey(one: HostKey, other: HostKey): boolean {
  return Buffer.from(one.blob).equals(other.blob);
}
