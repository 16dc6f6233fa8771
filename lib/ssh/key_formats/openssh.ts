/**
 * Private keys as ssh-keygen writes them. Source: OpenSSH PROTOCOL.key.
 *
 * ssh2 parses and decrypts them. Our own here is what it leaves out: a bound on the rounds, which it would run for as
 * many hours as the file says; the two ciphers that it cannot open under Deno; and the length of an ECDSA number, where
 * Deno takes exactly the curve's and neither ssh2 nor sshpk writes that.
 */
import { Buffer } from "node:buffer";
import { createDecipheriv } from "node:crypto";
import { loadSsh2, type ParsedKey } from "../ssh2.ts";
import { WireReader, WireWriter, withLength } from "../wire.ts";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import { loadForge, loadSshpk, type SshpkKey } from "./libraries.ts";

const magic = new TextEncoder().encode("openssh-key-v1\0");

/** About seven seconds, in which nothing else runs. */
const maxRounds = 256;

const ssh2Ciphers = /^(3des-cbc|aes(128|256)-cbc|aes(128|192|256)-ctr|aes(128|256)-gcm@openssh\.com)$/;
const ownCiphers = new Map([
  ["aes192-cbc", { size: 24 + 16, decrypt: decryptAesCbc }],
  ["chacha20-poly1305@openssh.com", { size: 64, decrypt: decryptChaCha20 }],
]);

/** What opens an encrypted key. */
export interface Unlock {
  /** Empty counts as none: no tool encrypts with it. */
  passphrase?: string | undefined;
  /** Looked at before the passphrase is put to work, which holds up everything else. */
  signal?: AbortSignal | undefined;
}

/**
 * Reads a key.
 *
 * @param data the file's bytes, out of their base64
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 * @throws {WireError} when the data ends too early
 */
export async function parseOpenSshKey(data: Uint8Array, { passphrase, signal }: Unlock): Promise<ParsedKey> {
  const reader = new WireReader(data);
  if (!Buffer.from(reader.raw(magic.length)).equals(magic)) throw malformed("not an OpenSSH key inside");
  const [cipher, kdf, kdfOptions] = [reader.text(), reader.text(), new WireReader(reader.string())];
  if (reader.uint32() !== 1) throw unsupported("the file holds more than one key");
  const [publicBlob, secret] = [reader.string(), reader.string()];
  refuseKeyType(new WireReader(publicBlob).text());
  if (cipher === "none") return await parsed(armor(data), undefined, () => malformed("its fields are damaged"));
  const own = ownCiphers.get(cipher);
  if (own === undefined && !ssh2Ciphers.test(cipher)) throw unsupportedName("its cipher", cipher);
  if (kdf !== "bcrypt") throw unsupportedName("its key derivation", kdf);
  if (!passphrase) throw encrypted();
  const [salt, rounds] = [kdfOptions.string(), kdfOptions.uint32()];
  if (rounds < 1 || rounds > maxRounds) {
    throw unsupported(`it is encrypted with ${rounds} rounds and the limit is ${maxRounds}`);
  }
  signal?.throwIfAborted();
  if (own === undefined) return await parsed(armor(data), passphrase, wrongPassphrase);
  const { pbkdf } = (await import("bcrypt-pbkdf")).default;
  const [phrase, key] = [Buffer.from(passphrase), Buffer.alloc(own.size)];
  pbkdf(phrase, phrase.length, salt, salt.length, key, key.length, rounds);
  const plain = await own.decrypt(key, secret);
  return await parsed(openSshFile(publicBlob, plain), undefined, wrongPassphrase);
}

async function parsed(file: string, passphrase: string | undefined, onError: () => Error): Promise<ParsedKey> {
  const { utils } = await loadSsh2();
  const key = utils.parseKey(file, passphrase);
  // ssh2 answers with an Error instead of throwing one, and without a key where there is none.
  if (key instanceof Error || !key?.isPrivateKey()) throw onError();
  if (!key.type.startsWith("ecdsa-")) return key;
  const sshpk = await loadSshpk();
  return await toSsh2Key(sshpk.parsePrivateKey(key.getPrivatePEM(), "pem"));
}

/**
 * Gives ssh2 a key that sshpk has read.
 *
 * @throws {Error} when SSH has no use for a key of this type
 */
export async function toSsh2Key(key: SshpkKey): Promise<ParsedKey> {
  const { utils } = await loadSsh2();
  const result = utils.parseKey(key.type === "ecdsa" ? ecdsaFile(key) : key.toString("ssh-private"));
  if (result instanceof Error) throw malformed("its fields are damaged");
  return result;
}

/** What sshpk's `toString("ssh-private")` gives, but the secret number has the curve's length. Source: RFC 5656 §3.1. */
function ecdsaFile({ curve, part, size = 0 }: SshpkKey): string {
  if (part.Q === undefined || part.d === undefined) throw malformed("a part of the key is missing");
  const publicBlob = new WireWriter().string(`ecdsa-sha2-${curve}`).string(curve ?? "").string(part.Q.data).bytes();
  const scalar = withLength(part.d.data, Math.ceil(size / 8));
  return openSshFile(
    publicBlob,
    new WireWriter().uint32(0).uint32(0).raw(publicBlob).string(scalar).string("").bytes(),
  );
}

/** An unencrypted file. */
function openSshFile(publicBlob: Uint8Array, secret: Uint8Array): string {
  const writer = new WireWriter().raw(magic).string("none").string("none").string("");
  return armor(writer.uint32(1).string(publicBlob).string(secret).bytes());
}

function armor(data: Uint8Array): string {
  const base64 = Buffer.from(data).toString("base64");
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${base64}\n-----END OPENSSH PRIVATE KEY-----\n`;
}

/** AES-CBC without padding; Deno's node:crypto lacks it for keys of 192 bits. */
async function decryptAesCbc(key: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const forge = await loadForge();
  const binary = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
  const decipher = forge.cipher.createDecipher("AES-CBC", binary(key.subarray(0, -16)));
  decipher.start({ iv: binary(key.subarray(-16)) });
  decipher.update(forge.util.createBuffer(binary(data)));
  decipher.finish(() => true);
  return Buffer.from(decipher.output.getBytes(), "latin1");
}

/**
 * Packet number 0, from block 1 on, with the first half of the key. Source: OpenSSH PROTOCOL.chacha20poly1305. The tag
 * is not checked: a wrong passphrase shows in the two check numbers, and a damaged key fails its test signature.
 */
function decryptChaCha20(key: Uint8Array, data: Uint8Array): Uint8Array {
  const counterAndNonce = Buffer.alloc(16);
  counterAndNonce[0] = 1;
  return createDecipheriv("chacha20", key.subarray(0, 32), counterAndNonce).update(data);
}
