/**
 * Encrypted PKCS#8 keys. Source: RFC 8018 (PBES2 and PBKDF2), RFC 7914 §7 (scrypt), RFC 5958 §3.
 *
 * node:crypto has createPrivateKey for these, but Deno's takes a missing PRF for SHA-256 where the standard says SHA-1
 * (the default of older OpenSSL), knows no 3DES, holds up the program while it derives, and cannot tell a wrong
 * passphrase from an unknown cipher. So the envelope is opened here, with node:crypto's key derivation.
 */
import { pbkdf2, scrypt } from "node:crypto";
import { type Cipher, decrypt } from "./ciphers.ts";
import { DerReader } from "./der.ts";
import { encrypted, malformed, unsupported, unsupportedName, wrongPassphrase } from "./key_error.ts";
import type { Unlock } from "./openssh.ts";

const oidPbes2 = "1.2.840.113549.1.5.13";
const oidPbkdf2 = "1.2.840.113549.1.5.12";
const oidScrypt = "1.3.6.1.4.1.11591.4.11";

const ciphers: ReadonlyMap<string, Cipher> = new Map<string, Cipher>([
  ["2.16.840.1.101.3.4.1.2", { mode: "cbc", keySize: 16, ivSize: 16, blockSize: 16, tagSize: 0 }],
  ["2.16.840.1.101.3.4.1.22", { mode: "cbc", keySize: 24, ivSize: 16, blockSize: 16, tagSize: 0 }],
  ["2.16.840.1.101.3.4.1.42", { mode: "cbc", keySize: 32, ivSize: 16, blockSize: 16, tagSize: 0 }],
  ["1.2.840.113549.3.7", { mode: "3des", keySize: 24, ivSize: 8, blockSize: 8, tagSize: 0 }],
]);

const hashes: ReadonlyMap<string, string> = new Map([
  ["1.2.840.113549.2.7", "sha1"],
  ["1.2.840.113549.2.8", "sha224"],
  ["1.2.840.113549.2.9", "sha256"],
  ["1.2.840.113549.2.10", "sha384"],
  ["1.2.840.113549.2.11", "sha512"],
]);

/** About six seconds; OpenSSL writes 2048, and people who ask for more up to a million. */
const maxIterations = 5_000_000;
/** OpenSSL writes 16 MB. */
const maxScryptBytes = 256 * 1024 * 1024;

type Derive = (passphrase: string, keySize: number) => Promise<Uint8Array>;

/**
 * Opens an EncryptedPrivateKeyInfo and gives the PrivateKeyInfo inside.
 *
 * @throws {ToolError} key_unsupported, key_malformed, key_encrypted or key_wrong_passphrase
 * @throws {DerError} when the data is not an EncryptedPrivateKeyInfo
 */
export async function decryptPkcs8(data: Uint8Array, { passphrase }: Unlock): Promise<Uint8Array> {
  const info = new DerReader(data).sequence();
  const algorithm = info.sequence();
  const ciphertext = info.octets();
  const scheme = algorithm.oid();
  if (scheme !== oidPbes2) throw unsupported("it is encrypted with an obsolete scheme (PBES1 or PKCS#12)");
  const parameters = algorithm.sequence();
  const derive = readDerivation(parameters.sequence());
  const { cipher, iv } = readCipher(parameters.sequence());
  if (ciphertext.length === 0 || ciphertext.length % cipher.blockSize !== 0) {
    throw malformed("its encrypted part has the wrong length");
  }
  if (!passphrase) throw encrypted();
  const key = await derive(passphrase, cipher.keySize);
  return withoutPadding(await decrypt(cipher, key, iv, ciphertext), cipher.blockSize);
}

function readCipher(scheme: DerReader): { cipher: Cipher; iv: Uint8Array } {
  const oid = scheme.oid();
  const cipher = ciphers.get(oid);
  if (cipher === undefined) throw unsupportedName("its cipher", oid);
  const iv = scheme.octets();
  if (iv.length !== cipher.ivSize) throw malformed("its initial vector has the wrong length");
  return { cipher, iv };
}

function readDerivation(algorithm: DerReader): Derive {
  const oid = algorithm.oid();
  if (oid === oidPbkdf2) return readPbkdf2(algorithm.sequence());
  if (oid === oidScrypt) return readScrypt(algorithm.sequence());
  throw unsupportedName("its key derivation", oid);
}

function readPbkdf2(parameters: DerReader): Derive {
  const salt = parameters.octets();
  const iterations = parameters.integer();
  if (parameters.isInteger) parameters.integer(); // the key length, which the cipher gives too
  const oid = parameters.atEnd ? undefined : parameters.sequence().oid();
  const hash = oid === undefined ? "sha1" : hashes.get(oid);
  if (hash === undefined) throw unsupportedName("its hash", oid ?? "");
  if (iterations < 1 || iterations > maxIterations) {
    throw unsupported(`it is encrypted with ${iterations} iterations and the limit is ${maxIterations}`);
  }
  return (passphrase, keySize) =>
    new Promise((resolve, reject) =>
      pbkdf2(passphrase, salt, iterations, keySize, hash, (error, key) => error ? reject(error) : resolve(key))
    );
}

function readScrypt(parameters: DerReader): Derive {
  const salt = parameters.octets();
  const [N, r, p] = [parameters.integer(), parameters.integer(), parameters.integer()];
  if (128 * N * r > maxScryptBytes || p > 16) {
    throw unsupported("it is encrypted with scrypt parameters beyond 256 MB of memory or 16 passes");
  }
  return (passphrase, keySize) =>
    new Promise((resolve, reject) =>
      scrypt(
        passphrase,
        salt,
        keySize,
        { N, r, p, maxmem: 2 * maxScryptBytes },
        (error, key) => error ? reject(error) : resolve(key),
      )
    );
}

/** Removes PKCS#7 padding, which a wrong passphrase almost never leaves right. Source: RFC 8018 §6.1.1. */
function withoutPadding(data: Uint8Array, blockSize: number): Uint8Array {
  const count = data.at(-1) ?? 0;
  const padding = data.subarray(data.length - count);
  if (count < 1 || count > blockSize || !padding.every((byte) => byte === count)) throw wrongPassphrase();
  return data.subarray(0, data.length - count);
}
