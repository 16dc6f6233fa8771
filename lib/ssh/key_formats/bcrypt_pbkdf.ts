/**
 * OpenSSH's way from a passphrase to a key: PBKDF2's shape with bcrypt inside. Source: OpenBSD bcrypt_pbkdf(3).
 *
 * The rounds are run here and not in the library, which would hold up every other session for as long as they take
 * (about 22 ms a round; ssh-keygen makes 16 to 24 and people ask for a hundred). bcrypt itself is the library's.
 */
import { createHash } from "node:crypto";
import { concat } from "../wire.ts";

/** What is used of npm:bcrypt-pbkdf, which has no types of its own. */
interface BcryptLibrary {
  /** One bcrypt of a hashed passphrase and a hashed salt, 64 bytes each, into `out`, 32 bytes. */
  hash(passphraseHash: Uint8Array, saltHash: Uint8Array, out: Uint8Array): void;
}

const hashSize = 32;

/**
 * Derives `size` bytes.
 *
 * @param rounds at least 1; the time grows with it
 * @param signal ends the work between two rounds
 * @throws the signal's reason when it is aborted
 */
export async function bcryptPbkdf(
  passphrase: Uint8Array,
  salt: Uint8Array,
  { size, rounds, signal }: { size: number; rounds: number; signal?: AbortSignal | undefined },
): Promise<Uint8Array> {
  const bcrypt: BcryptLibrary = (await import("bcrypt-pbkdf")).default;
  const passphraseHash = sha512(passphrase);
  const stride = Math.ceil(size / hashSize);
  const derived = new Uint8Array(size);
  for (let block = 0; block < stride; block++) {
    const sum = new Uint8Array(hashSize);
    let saltHash = sha512(concat([salt, new Uint8Array([0, 0, 0, block + 1])]));
    for (let round = 0; round < rounds; round++) {
      const out = new Uint8Array(hashSize);
      bcrypt.hash(passphraseHash, saltHash, out);
      out.forEach((byte, index) => sum[index] = (sum[index] ?? 0) ^ byte);
      saltHash = sha512(out);
      await othersTurn();
      signal?.throwIfAborted();
    }
    // Each block's bytes are spread over the whole output, so that no part of it is cheaper to guess.
    for (let index = 0; index * stride + block < size; index++) derived[index * stride + block] = sum[index] ?? 0;
  }
  return derived;
}

function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("sha512").update(bytes).digest());
}

function othersTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
