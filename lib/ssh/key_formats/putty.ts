/**
 * PuTTY's private keys (.ppk), as far as sshpk reads them: version 2, and version 3 without encryption. An encrypted
 * version 3 needs Argon2, which nothing here has. Source: PuTTY manual, appendix C.
 */
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { type CurveName, isCurveName, type KeyParts } from "./key_parts.ts";
import type { Unlock } from "./openssh.ts";

/** What is used of npm:sshpk, which has no types of its own. */
interface Sshpk {
  parsePrivateKey(text: string, format: "putty", options: { passphrase?: string }): SshpkKey;
}

interface SshpkKey {
  type: string;
  curve?: string;
  part: Record<string, { data: Uint8Array } | undefined>;
}

/** True for a file that says it is one of PuTTY's keys. */
export function isPuttyKey(text: string): boolean {
  return /^PuTTY-User-Key-File-\d/.test(text);
}

/**
 * Reads a key.
 *
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 */
export async function parsePuttyKey(text: string, { passphrase }: Unlock): Promise<KeyParts> {
  const [, version, type] = /^PuTTY-User-Key-File-(\d+): (\S+)/.exec(text) ?? [];
  const cipher = /^Encryption: (\S+)/m.exec(text)?.[1];
  if (version === undefined || type === undefined || cipher === undefined) throw malformed("its header is damaged");
  refuseKeyType(type);
  const isEncrypted = cipher !== "none";
  if (isEncrypted && version !== "2") {
    throw unsupported(
      "it is an encrypted PuTTY key of version 3",
      "convert it: puttygen KEY.ppk -O private-openssh -o KEYFILE",
    );
  }
  if (isEncrypted && !passphrase) throw encrypted();
  const sshpk: Sshpk = (await import("sshpk")).default;
  try {
    return toParts(sshpk.parsePrivateKey(text, "putty", isEncrypted && passphrase ? { passphrase } : {}));
  } catch {
    throw isEncrypted ? wrongPassphrase() : malformed("its fields are damaged");
  }
}

function toParts(key: SshpkKey): KeyParts {
  const part = (name: string): Uint8Array => {
    const value = key.part[name];
    if (value === undefined) throw malformed("a part of the key is missing");
    return value.data;
  };
  if (key.type === "rsa") {
    return { kind: "rsa", n: part("n"), e: part("e"), d: part("d"), p: part("p"), q: part("q"), iqmp: part("iqmp") };
  }
  if (key.type === "ed25519") return { kind: "ed25519", publicKey: part("A"), seed: part("k") };
  if (key.type === "ecdsa" && isCurveName(key.curve ?? "")) {
    return { kind: "ecdsa", curve: key.curve as CurveName, point: part("Q"), scalar: part("d") };
  }
  throw unsupportedName("its key type", key.type);
}
