/**
 * PuTTY's private keys (.ppk), as far as sshpk reads them: version 2, and version 3 without encryption. An encrypted
 * version 3 needs Argon2, which no library here has. Source: PuTTY manual, appendix C.
 */
import type { ParsedKey } from "../ssh2.ts";
import { encrypted, malformed, refuseKeyType, unsupported, wrongPassphrase } from "./key_error.ts";
import { loadSshpk } from "./libraries.ts";
import { toSsh2Key, type Unlock } from "./openssh.ts";

/**
 * Reads a key.
 *
 * @returns undefined when the file does not say that it is one of PuTTY's
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 */
export async function parsePuttyKey(text: string, { passphrase }: Unlock): Promise<ParsedKey | undefined> {
  if (!text.startsWith("PuTTY-User-Key-File-")) return undefined;
  const [, version, type, cipher] = /^\S+-(\d+): (\S+)\r?\nEncryption: (\S+)/.exec(text) ?? [];
  if (type === undefined) throw malformed("its header is damaged");
  refuseKeyType(type);
  const isEncrypted = cipher !== "none";
  if (isEncrypted && version !== "2") {
    const hint = "convert it: puttygen KEY.ppk -O private-openssh -o KEYFILE";
    throw unsupported("it is an encrypted PuTTY key of version 3", hint);
  }
  if (isEncrypted && !passphrase) throw encrypted();
  const sshpk = await loadSshpk();
  try {
    return await toSsh2Key(sshpk.parsePrivateKey(text, "putty", isEncrypted ? { passphrase } : {}));
  } catch {
    throw isEncrypted ? wrongPassphrase() : malformed("its fields are damaged");
  }
}
