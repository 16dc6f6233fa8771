/** A set of hashes that says for sure that something is not in it, and may be wrong the other way. */

/** Bits for each hash: with three set for each in one word of 32, one in a hundred others seems to be in the set. */
const BITS_EACH = 16;

/**
 * The smallest and the largest set, as powers of two. A hundred values of all kinds fit the cache of a core; with a
 * thousand a set that is too full costs more than one that is too large for it.
 */
const SMALLEST = 15;
const LARGEST = 26;

/** A set of hashes, each three bits in one word, so that asking and adding reach for memory once. */
export class Sieve {
  /** The bits, 32 to an element. */
  bits: Int32Array = new Int32Array(2 ** (SMALLEST - 5));
  /** By how much a 32-bit hash is shifted to the right to give the number of its word. */
  shift: number = 32 - (SMALLEST - 5);
  #count = 0;

  /** Whether so many bits are set that {@linkcode Sieve.clear} makes more of them; the largest set is never full. */
  get isFull(): boolean {
    return this.bits.length < 2 ** (LARGEST - 5) && BITS_EACH * this.#count >= 32 * this.bits.length;
  }

  /** Adds a hash. */
  add(hash: number): void {
    this.#count++;
    const second = rehash(hash);
    const at = hash >>> this.shift;
    this.bits[at] = (this.bits[at] as number) | (1 << (second >>> 27)) | (1 << (second >>> 22)) | (1 << (second >>> 17));
  }

  /** Forgets all hashes, and makes room for twice as many when it was full. */
  clear(): void {
    if (this.isFull) this.shift--;
    this.bits = new Int32Array(2 ** (32 - this.shift));
    this.#count = 0;
  }
}

/** The second hash of what hashes to `hash`. */
export function rehash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
}

/** The lowest bit is set when `hash` may be in the set that has these `bits`; the others mean nothing. */
export function sieveBit(bits: Int32Array, shift: number, hash: number): number {
  const second = rehash(hash);
  const word = bits[hash >>> shift] as number;
  return (word >>> (second >>> 27)) & (word >>> (second >>> 22)) & (word >>> (second >>> 17));
}
