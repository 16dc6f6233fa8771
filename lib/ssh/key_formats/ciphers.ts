/**
 * Decryption of key files. AES runs in WebCrypto, which under Deno has every key size (node:crypto lacks aes-192-cbc);
 * 3DES and ChaCha20, which WebCrypto lacks, run in node:crypto.
 */
import { createDecipheriv } from "node:crypto";
import { concat } from "../wire.ts";

/** How a cipher of a key file works. */
export interface Cipher {
  /** AES in one of its modes, triple DES in CBC, or OpenSSH's ChaCha20. */
  mode: "cbc" | "ctr" | "gcm" | "3des" | "chacha20";
  /** Bytes of key to derive. */
  keySize: number;
  /** Bytes of initial vector to derive. */
  ivSize: number;
  /** The plaintext's length is a multiple of this. */
  blockSize: number;
  /** Bytes of authentication tag after the ciphertext. */
  tagSize: number;
}

const aes = (mode: "cbc" | "ctr", keySize: number): Cipher => ({
  mode,
  keySize,
  ivSize: 16,
  blockSize: 16,
  tagSize: 0,
});
const gcm = (keySize: number): Cipher => ({ mode: "gcm", keySize, ivSize: 12, blockSize: 16, tagSize: 16 });

/** The ciphers that `ssh-keygen -Z` offers, by the names in the file. Source: OpenSSH cipher.c. */
export const opensshCiphers: ReadonlyMap<string, Cipher> = new Map([
  ["aes128-cbc", aes("cbc", 16)],
  ["aes192-cbc", aes("cbc", 24)],
  ["aes256-cbc", aes("cbc", 32)],
  ["rijndael-cbc@lysator.liu.se", aes("cbc", 32)],
  ["aes128-ctr", aes("ctr", 16)],
  ["aes192-ctr", aes("ctr", 24)],
  ["aes256-ctr", aes("ctr", 32)],
  ["aes128-gcm@openssh.com", gcm(16)],
  ["aes256-gcm@openssh.com", gcm(32)],
  ["3des-cbc", { mode: "3des", keySize: 24, ivSize: 8, blockSize: 8, tagSize: 0 }],
  ["chacha20-poly1305@openssh.com", { mode: "chacha20", keySize: 64, ivSize: 0, blockSize: 8, tagSize: 16 }],
]);

/**
 * Decrypts without removing any padding.
 *
 * @param data ciphertext, followed by the tag where the cipher has one
 * @throws {Error} when a tag does not match
 */
export async function decrypt(cipher: Cipher, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  switch (cipher.mode) {
    case "cbc":
      return await decryptCbc(key, iv, data);
    case "ctr":
      return await aesDecrypt(key, { name: "AES-CTR", counter: copy(iv), length: 128 }, data);
    case "gcm":
      return await aesDecrypt(key, { name: "AES-GCM", iv: copy(iv) }, data);
    case "3des":
      return decryptNode("des-ede3-cbc", key, iv, data);
    case "chacha20":
      return decryptChaCha20(key, data.subarray(0, data.length - cipher.tagSize));
  }
}

/**
 * WebCrypto insists on PKCS#7 padding, which a caller may not have: so one block is added that decrypts to nothing but
 * padding. It is what encrypting the empty text gives when the last block of ciphertext is the initial vector.
 */
async function decryptCbc(key: Uint8Array, iv: Uint8Array, data: Uint8Array): Promise<Uint8Array> {
  const last = data.length === 0 ? iv : data.subarray(-16);
  const aesKey = await crypto.subtle.importKey("raw", copy(key), "AES-CBC", false, ["encrypt"]);
  const padding = await crypto.subtle.encrypt({ name: "AES-CBC", iv: copy(last) }, aesKey, new Uint8Array());
  return await aesDecrypt(key, { name: "AES-CBC", iv: copy(iv) }, concat([data, new Uint8Array(padding)]));
}

async function aesDecrypt(
  key: Uint8Array,
  algorithm: AesCbcParams | AesCtrParams | AesGcmParams,
  data: Uint8Array,
): Promise<Uint8Array> {
  const aesKey = await crypto.subtle.importKey("raw", copy(key), algorithm.name, false, ["decrypt"]);
  return new Uint8Array(await crypto.subtle.decrypt(algorithm, aesKey, copy(data)));
}

/**
 * OpenSSH's chacha20-poly1305 for packet number 0: the first half of the key encrypts the data, from block 1 on; the
 * second half is for packet lengths, which a file does not have. Source: OpenSSH PROTOCOL.chacha20poly1305. The tag is
 * not checked: a wrong passphrase shows in the two check numbers, and a damaged key fails its test signature.
 */
function decryptChaCha20(key: Uint8Array, data: Uint8Array): Uint8Array {
  const counterAndNonce = new Uint8Array(16);
  counterAndNonce[0] = 1;
  return decryptNode("chacha20", key.subarray(0, 32), counterAndNonce, data);
}

function decryptNode(name: string, key: Uint8Array, iv: Uint8Array, data: Uint8Array): Uint8Array {
  const decipher = createDecipheriv(name, key, iv);
  decipher.setAutoPadding(false);
  return concat([decipher.update(data), decipher.final()]);
}

/** WebCrypto's types want bytes of their own buffer. */
function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
