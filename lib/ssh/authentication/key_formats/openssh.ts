/**
 * Private keys as ssh-keygen writes them. Source: OpenSSH PROTOCOL.key.
 *
 * ssh2 parses them, once they are decrypted: it would derive the key in one go, in which nothing else runs, for as many
 * hours as the file says. Our own here is also the way of ECDSA and Ed25519 keys into ssh2, which takes the latter in no
 * other format, and of the former makes a PEM that Deno refuses unless the secret number has exactly the curve's length.
 * (sshpk, which could write such files, reads the environment when it is imported, and ends the program at a wrong
 * passphrase.)
 */
import { Buffer } from "node:buffer";
import { createDecipheriv, type KeyObject } from "node:crypto";
import type { LoadKeyOptions } from "../private_key.ts";
import { loadSsh2, type ParsedKey } from "../../ssh2.ts";
import { WireReader, WireWriter, withLength } from "../../wire.ts";
import { bcryptPbkdf } from "./bcrypt_pbkdf.ts";
import { encrypted, malformed, refuseKeyType, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";

const magic = new TextEncoder().encode("openssh-key-v1\0");

/** About two minutes. */
const maxRounds = 10_000;

/** A cipher of ssh-keygen: how many bytes it wants derived, and what it does with them. */
interface KeyCipher {
  size: number;
  decrypt(key: Uint8Array, data: Uint8Array): Uint8Array;
}

const ciphers: ReadonlyMap<string, KeyCipher> = new Map([
  ["aes128-cbc", nodeCipher("aes-128-cbc", 16, 16)],
  ["aes192-cbc", { size: 24 + 16, decrypt: decryptAes192Cbc }],
  ["aes256-cbc", nodeCipher("aes-256-cbc", 32, 16)],
  ["aes128-ctr", nodeCipher("aes-128-ctr", 16, 16)],
  ["aes192-ctr", nodeCipher("aes-192-ctr", 24, 16)],
  ["aes256-ctr", nodeCipher("aes-256-ctr", 32, 16)],
  ["3des-cbc", nodeCipher("des-ede3-cbc", 24, 8)],
  ["aes128-gcm@openssh.com", nodeCipher("aes-128-gcm", 16, 12)],
  ["aes256-gcm@openssh.com", nodeCipher("aes-256-gcm", 32, 12)],
  ["chacha20-poly1305@openssh.com", { size: 64, decrypt: decryptChaCha20 }],
]);

/**
 * Reads a key.
 *
 * @param data the file's bytes, out of their base64
 * @throws {ToolError} key_malformed, key_unsupported, key_encrypted or key_wrong_passphrase
 * @throws {WireError} when the data ends too early
 */
export async function parseOpenSshKey(data: Uint8Array, { passphrase, signal }: LoadKeyOptions): Promise<ParsedKey> {
  const reader = new WireReader(data);
  if (!Buffer.from(reader.raw(magic.length)).equals(magic)) throw malformed("not an OpenSSH key inside");
  const [cipher, kdf, kdfOptions] = [reader.text(), reader.text(), new WireReader(reader.string())];
  if (reader.uint32() !== 1) throw unsupported("the file holds more than one key");
  const [publicBlob, secret] = [reader.string(), reader.string()];
  refuseKeyType(new WireReader(publicBlob).text());
  if (cipher === "none") return await parsed(armor(data), () => malformed("its fields are damaged"));
  const known = ciphers.get(cipher);
  if (known === undefined) throw unsupportedName("its cipher", cipher);
  if (kdf !== "bcrypt") throw unsupportedName("its key derivation", kdf);
  if (!passphrase) throw encrypted();
  const [salt, rounds] = [kdfOptions.string(), kdfOptions.uint32()];
  if (rounds < 1 || rounds > maxRounds) {
    throw unsupported(`it is encrypted with ${rounds} rounds and the limit is ${maxRounds}`);
  }
  const key = await bcryptPbkdf({ passphrase, salt, rounds }, known.size, signal);
  return await parsed(openSshFile(publicBlob, known.decrypt(key, secret)), wrongPassphrase);
}

async function parsed(file: string, onError: () => Error): Promise<ParsedKey> {
  const { utils } = await loadSsh2();
  const key = utils.parseKey(file);
  // ssh2 answers with an Error instead of throwing one, and without a key where there is none.
  if (key instanceof Error || !key?.isPrivateKey()) throw onError();
  if (!key.type.startsWith("ecdsa-")) return key;
  const { asn1 } = (await import("node-forge")).default;
  const der = Buffer.from(key.getPrivatePEM().replace(/-----[^-]*-----/g, ""), "base64");
  const [, scalar] = asn1.fromDer(der.toString("latin1")).value; // the second field of RFC 5915's ECPrivateKey
  if (typeof scalar !== "object") throw onError();
  return await ecdsaKey(key.getPublicSSH(), Buffer.from(String(scalar.value), "latin1"));
}

/**
 * Gives ssh2 a key of node:crypto.
 *
 * @throws {ToolError} key_unsupported when SSH has no use for a key of its type
 */
export async function toSsh2Key(key: KeyObject): Promise<ParsedKey> {
  const hint = "use an Ed25519, ECDSA or RSA key";
  const type = key.asymmetricKeyType ?? "";
  const { utils } = await loadSsh2();
  if (type === "rsa") return firm(utils.parseKey(String(key.export({ type: "pkcs1", format: "pem" }))));
  if (type !== "ec" && type !== "ed25519") throw unsupported(`SSH has no use for a key of type ${type}`, hint);
  const { crv = "", ...jwk } = key.export({ format: "jwk" });
  const [x, y, d] = [jwk.x, jwk.y, jwk.d].map((field) => Buffer.from(field ?? "", "base64url"));
  if (x === undefined || y === undefined || d === undefined) throw malformed("a part of the key is missing");
  if (type === "ed25519") {
    const publicBlob = new WireWriter().string("ssh-ed25519").string(x).bytes();
    return firm(utils.parseKey(openSshFile(publicBlob, privateSection(publicBlob, Buffer.concat([d, x])))));
  }
  if (!/^P-(256|384|521)$/.test(crv)) throw unsupported("SSH has no ECDSA on its curve", hint);
  const curve = crv.replace("P-", "nistp");
  const point = Buffer.concat([Buffer.of(4), x, y]);
  return await ecdsaKey(new WireWriter().string(`ecdsa-sha2-${curve}`).string(curve).string(point).bytes(), d);
}

/** ssh2's key of the two halves, the secret number in exactly the curve's length. Source: RFC 5656 §3.1, SEC 1 §2.3.3. */
async function ecdsaKey(publicBlob: Uint8Array, scalar: Uint8Array): Promise<ParsedKey> {
  const { utils } = await loadSsh2();
  const reader = new WireReader(publicBlob);
  const point = [reader.text(), reader.text(), reader.string()][2] ?? "";
  const secret = withLength(scalar, (point.length - 1) / 2);
  return firm(utils.parseKey(openSshFile(publicBlob, privateSection(publicBlob, secret))));
}

function firm(key: ParsedKey | Error): ParsedKey {
  if (key instanceof Error) throw malformed("its fields are damaged");
  return key;
}

/** Of ECDSA and Ed25519: two equal numbers that only matter with encryption, the fields and an empty comment. */
function privateSection(publicBlob: Uint8Array, secret: Uint8Array): Uint8Array {
  return new WireWriter().uint32(0).uint32(0).raw(publicBlob).string(secret).string("").bytes();
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

/**
 * The tag of an authenticated cipher is not checked, here and below: a wrong passphrase shows in the two check numbers,
 * and a damaged key fails its test signature.
 */
function nodeCipher(name: string, keyBytes: number, ivBytes: number): KeyCipher {
  return {
    size: keyBytes + ivBytes,
    decrypt(key, data) {
      const decipher = createDecipheriv(name, key.subarray(0, keyBytes), key.subarray(keyBytes));
      if (!name.endsWith("-gcm")) decipher.setAutoPadding(false);
      return decipher.update(data);
    },
  };
}

/** Deno's node:crypto has AES of 192 bits without the chaining of blocks, which is done here. */
function decryptAes192Cbc(key: Uint8Array, data: Uint8Array): Uint8Array {
  const decipher = createDecipheriv("aes-192-ecb", key.subarray(0, 24), null).setAutoPadding(false);
  const blocks = Buffer.concat([decipher.update(data), decipher.final()]);
  const before = Buffer.concat([key.subarray(24), data]);
  return blocks.map((byte, index) => byte ^ (before[index] ?? 0));
}

/** Packet number 0, from block 1 on, with the first half of the key. Source: OpenSSH PROTOCOL.chacha20poly1305. */
function decryptChaCha20(key: Uint8Array, data: Uint8Array): Uint8Array {
  const counterAndNonce = Buffer.alloc(16);
  counterAndNonce[0] = 1;
  return createDecipheriv("chacha20", key.subarray(0, 32), counterAndNonce).update(data);
}
