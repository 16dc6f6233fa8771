/** Private keys, from a file or from text, in every format that ssh-keygen and openssl write. */
import { Buffer } from "node:buffer";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { denied, holds } from "../../sandbox.ts";
import { hostKeyFromBlob } from "../host_keys/host_key.ts";
import { malformed, publicKey, unsupported } from "./key_formats/key_error.ts";
import type { PemBlock } from "./key_formats/pem.ts";
import type { ParsedKey } from "../ssh2.ts";

/** A private key file is at most this large; an RSA key of 16,384 bits takes 13 KB. */
export const maxKeyBytes = 64 * 1024;

/** A private key, ready to sign. */
export interface PrivateKey {
  /** For an `authHandler`'s publickey method. */
  readonly parsed: ParsedKey;
  /** E.g. "ssh-ed25519"; "ssh-rsa" for every way an RSA key may sign. */
  readonly type: string;
  /** Of the public half: "SHA256:" and base64 without padding. */
  readonly fingerprint: string;
}

/** What loading a key may need. */
export interface LoadKeyOptions {
  /** Opens an encrypted key; ignored for a key that is not. Empty counts as none: no tool encrypts with it. */
  passphrase?: string | undefined;
  /** Looked at before the passphrase is put to work, which takes up to seconds and holds up everything else. */
  signal?: AbortSignal | undefined;
}

/**
 * Loads a private key: OpenSSH's own format with every cipher of ssh-keygen, PKCS#1, SEC1 and PKCS#8, plain or
 * encrypted; RSA, ECDSA on the three NIST curves, Ed25519. The key has
 * made a signature and verified it before it is given out.
 *
 * @throws {ToolError} `key_malformed`, `key_unsupported`, `key_encrypted` or `key_wrong_passphrase`; no message holds
 * anything of the key or the passphrase
 */
export async function loadPrivateKey(text: Uint8Array | string, options: LoadKeyOptions = {}): Promise<PrivateKey> {
  const content = (typeof text === "string" ? text : new TextDecoder().decode(text)).replace(/^\ufeff/, "").trim();
  try {
    return ready(await parse(content, options));
  } catch (error) {
    if (error instanceof ToolError || options.signal?.aborted) throw error;
    throw malformed("it is cut short or damaged");
  }
}

async function parse(text: string, options: LoadKeyOptions): Promise<ParsedKey> {
  const block = findPrivateKey(text);
  if (block.label === "OPENSSH PRIVATE KEY") {
    const { parseOpenSshKey } = await import("./key_formats/openssh.ts");
    return await parseOpenSshKey(block.data, options);
  }
  const { parsePemKey } = await import("./key_formats/pem.ts");
  return await parsePemKey(block, options);
}

/** The block that holds the private key; others, such as EC PARAMETERS, and text around it do not matter. */
function findPrivateKey(text: string): PemBlock {
  const block = /-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----([\s\S]*?)-----END \1-----/.exec(text);
  if (block === null) throw notAPrivateKey(text);
  const [, label = "", body = ""] = block;
  const dekInfo = /^DEK-Info: *(\S+)/m.exec(body)?.[1];
  const data = body.replace(/^[A-Za-z0-9-]+: .*$/gm, "").replace(/\s+/g, "");
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(data)) throw malformed("it is not base64 where it should be");
  return { label, dekInfo, data: new Uint8Array(Buffer.from(data, "base64")) };
}

function notAPrivateKey(text: string): ToolError {
  if (text.startsWith("PuTTY-User-Key-File-")) {
    return unsupported("it is PuTTY's", "convert it: puttygen KEY.ppk -O private-openssh -o KEYFILE");
  }
  if (/BEGIN [A-Z0-9 ]*PRIVATE KEY/.test(text)) return malformed("its last line is missing, so it is cut short");
  if (/^(ssh-|ecdsa-sha2-|sk-)\S+ AAAA/m.test(text) || /BEGIN (SSH2 |RSA )?PUBLIC KEY|BEGIN CERTIFICATE/.test(text)) {
    return publicKey();
  }
  return malformed(text === "" ? "it is empty" : "no private key is in it");
}

/** A key that cannot sign must not become "access denied" later. */
function ready(key: ParsedKey): PrivateKey {
  const probe = Buffer.from("test signature");
  const hash = key.type === "ssh-rsa" ? "sha256" : undefined;
  const signature = key.sign(probe, hash);
  if (signature instanceof Error || key.verify(probe, signature, hash) !== true) {
    throw malformed("its private and public half do not match");
  }
  return { parsed: key, type: key.type, fingerprint: hostKeyFromBlob(key.getPublicSSH()).fingerprint };
}

/**
 * Loads a private key from a file. A path that begins with `~/` starts at HOME, where that may be read.
 *
 * @throws {ToolError} what {@linkcode loadPrivateKey} throws, and `key_not_found`, `key_unreadable` or
 * `permission_denied_locally`, whose hint is the flag to add
 */
export async function readPrivateKeyFile(path: string, options: LoadKeyOptions = {}): Promise<PrivateKey> {
  const file = expandHome(path);
  const text = await readBounded(file);
  try {
    return await loadPrivateKey(text, options);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    const message = error.message.replace("the private key", (words) => `${words} ${quoteUntrusted(file)}`);
    throw new ToolError(error.code, message, { ...error.hint === undefined ? {} : { hint: error.hint } });
  }
}

function expandHome(path: string): string {
  if (path !== "~" && !path.startsWith("~/")) return path;
  const power = { name: "env", variable: "HOME" } as const;
  if (!holds(power)) throw denied(power, `reading HOME for the private key ${quoteUntrusted(path)}`);
  const home = Deno.env.get("HOME");
  if (home) return home + path.slice(1);
  throw new ToolError("key_not_found", `the private key ${quoteUntrusted(path)} is below HOME, which is not set`, {
    hint: "give the whole path",
  });
}

async function readBounded(path: string): Promise<Uint8Array> {
  const power = { name: "read", path } as const;
  const purpose = `reading the private key ${quoteUntrusted(path)}`;
  if (!holds(power)) throw denied(power, purpose);
  try {
    // Looked at before it is opened: opening a FIFO would wait for its other end.
    const info = await Deno.stat(path);
    if (!info.isFile) throw unreadable(path, info.isDirectory ? "it is a directory" : "it is not a regular file");
    if (info.size > maxKeyBytes) throw unreadable(path, `it has ${info.size} bytes and the limit is ${maxKeyBytes}`);
    using file = await Deno.open(path);
    const buffer = new Uint8Array(maxKeyBytes);
    let length = 0;
    for (let count: number | null = 1; count; length += count ?? 0) count = await file.read(buffer.subarray(length));
    return buffer.subarray(0, length);
  } catch (error) {
    if (error instanceof ToolError) throw error;
    if (error instanceof Deno.errors.NotCapable) throw denied(power, purpose, error);
    if (error instanceof Deno.errors.NotFound) {
      throw new ToolError("key_not_found", `there is no private key ${quoteUntrusted(path)}`, {
        hint: "check key_path; it is a path on the machine where this server runs",
        cause: error,
      });
    }
    const isDenied = error instanceof Deno.errors.PermissionDenied;
    throw unreadable(
      path,
      isDenied ? "the operating system denies it to this user" : "the system cannot read it",
      error,
    );
  }
}

function unreadable(path: string, why: string, cause?: unknown): ToolError {
  return new ToolError("key_unreadable", `the private key ${quoteUntrusted(path)} cannot be read: ${why}`, {
    hint: "check key_path; it must be a private key file that this server's user may read",
    cause,
  });
}
