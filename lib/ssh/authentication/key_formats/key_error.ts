/**
 * The ways a private key fails to load. None ever carries key text or a passphrase: a message is made of words of ours
 * and of names (of a format, a cipher, a curve) that the file gives in the clear, and there is no `cause`, because a
 * library's error may quote what it read.
 */
import { quoteUntrusted, ToolError } from "../../../errors.ts";

const reencrypt = "write it anew in OpenSSH's own format, e.g. ssh-keygen -p -f KEYFILE, or use another key";

/** The bytes are not a whole private key. */
export function malformed(why: string, hint = "check that the file is a whole private key"): ToolError {
  return new ToolError("key_malformed", `the private key cannot be read: ${why}`, { hint });
}

/** The file holds the public half only. */
export function publicKey(): ToolError {
  return malformed("this is a public key", "name the private key; it is usually the same path without .pub");
}

/** The key is well formed and of a kind that cannot be used here. */
export function unsupported(what: string, hint: string = reencrypt): ToolError {
  return new ToolError("key_unsupported", `the private key cannot be used: ${what}`, { hint });
}

/** {@linkcode unsupported}, for a name that the file gives. */
export function unsupportedName(kind: string, name: string): ToolError {
  return unsupported(`${kind} ${quoteUntrusted(name, 60)} is not supported`);
}

/** The key needs a passphrase and none was given. */
export function encrypted(): ToolError {
  return new ToolError("key_encrypted", "the private key is encrypted and no passphrase was given", {
    hint: "give passphrase, or load the key into an ssh-agent and connect without key_path",
  });
}

/** A passphrase was given and does not open the key. */
export function wrongPassphrase(): ToolError {
  return new ToolError("key_wrong_passphrase", "the passphrase does not open the private key", {
    hint: "give the right passphrase; ssh-keygen -y -f KEYFILE tests one",
  });
}

/** Refuses key types that never work here, whatever the file's format; names as in RFC 4253 and OpenSSH's PROTOCOL.u2f. */
export function refuseKeyType(type: string): void {
  if (/^(ssh-rsa|ssh-ed25519|ecdsa-sha2-nistp(256|384|521))$/.test(type)) return;
  if (type === "ssh-dss") {
    throw unsupported("DSA keys are obsolete and servers no longer accept them", "use an Ed25519 or RSA key");
  }
  if (!type.startsWith("sk-")) throw unsupportedName("its key type", type);
  throw unsupported(
    "its private half is inside a security key (FIDO), which needs a touch",
    "load it into an ssh-agent and connect without key_path, or use another key",
  );
}
