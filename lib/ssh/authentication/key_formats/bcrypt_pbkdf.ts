/**
 * The key derivation of ssh-keygen, in slices, so that other calls go on and it can be given up: a passphrase is put to
 * work for a second and more. Source: bcrypt_pbkdf(3) of OpenBSD; its hash is the library's.
 */
import { createHash } from "node:crypto";

const HASH_BYTES = 32;
/** How long nothing else runs. */
const SLICE_MS = 20;

/** What is derived from. */
export interface Derivation {
  passphrase: string;
  salt: Uint8Array;
  rounds: number;
}

/**
 * Derives a key of `length` bytes.
 *
 * @throws the signal's reason, once it aborts
 */
export async function bcryptPbkdf(
  { passphrase, salt, rounds }: Derivation,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { hash } = (await import("bcrypt-pbkdf")).default;
  const sha2pass = sha512(new TextEncoder().encode(passphrase));
  const key = new Uint8Array(length);
  const blocks = Math.ceil(length / HASH_BYTES);
  const pause = pacer(signal);
  for (let block = 0; block < blocks; block++) {
    const mixed = new Uint8Array(HASH_BYTES);
    const one = new Uint8Array(HASH_BYTES);
    for (let round = 0, salted = saltOf(salt, block); round < rounds; round++, salted = one) {
      await pause();
      hash(sha2pass, sha512(salted), one);
      for (const [index, byte] of one.entries()) mixed[index] = (mixed[index] ?? 0) ^ byte;
    }
    // The blocks' bytes are dealt out in turn, so that each block matters to every part of the key.
    for (let index = 0; index * blocks + block < length; index++) key[index * blocks + block] = mixed[index] ?? 0;
  }
  return key;
}

function saltOf(salt: Uint8Array, block: number): Uint8Array {
  const numbered = new Uint8Array(salt.length + 4);
  numbered.set(salt);
  new DataView(numbered.buffer).setUint32(salt.length, block + 1);
  return numbered;
}

function sha512(data: Uint8Array): Uint8Array {
  return createHash("sha512").update(data).digest();
}

/** Lets others run whenever a slice is over. */
function pacer(signal?: AbortSignal): () => Promise<void> {
  let sliceEnds = performance.now() + SLICE_MS;
  return async () => {
    signal?.throwIfAborted();
    if (performance.now() < sliceEnds) return;
    await new Promise((resolve) => setTimeout(resolve));
    sliceEnds = performance.now() + SLICE_MS;
  };
}
