/** A set of hashes that says for sure that something is not in it, and may be wrong the other way. */

/** Bits for each hash: with two set for each, one in two hundred others seems to be in the set. */
const BITS_EACH = 16;

/**
 * The smallest and the largest set, as powers of two. A hundred values of all kinds fit the cache of a core; with a
 * thousand a set that is too full costs more than one that is too large for it.
 */
const SMALLEST = 15;
const LARGEST = 25;

/** A set of hashes, of which each sets two bits. */
export class Sieve {
  /** The bits, 32 to an element. */
  bits: Int32Array = new Int32Array(2 ** (SMALLEST - 5));
  /** By how much a 32-bit hash is shifted to the right to give the number of its bit. */
  shift: number = 32 - SMALLEST;
  #count = 0;

  /** Whether so many bits are set that {@linkcode Sieve.clear} makes more of them; the largest set is never full. */
  get isFull(): boolean {
    return this.shift > 32 - LARGEST && BITS_EACH * this.#count >= 2 ** (32 - this.shift);
  }

  /** Adds a hash. */
  add(hash: number): void {
    this.#count++;
    this.#set(hash >>> this.shift);
    this.#set(rehash(hash) >>> this.shift);
  }

  /** Whether `hash` may be in the set. */
  mayHold(hash: number): boolean {
    const second = rehash(hash) >>> this.shift;
    const first = hash >>> this.shift;
    return ((((this.bits[first >>> 5] as number) >>> (first & 31)) &
      ((this.bits[second >>> 5] as number) >>> (second & 31))) & 1) !== 0;
  }

  #set(bit: number): void {
    this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << (bit & 31));
  }

  /** Forgets all hashes, and makes room for twice as many when it was full. */
  clear(): void {
    if (this.isFull) this.shift--;
    this.bits = new Int32Array(2 ** (32 - this.shift - 5));
    this.#count = 0;
  }
}

/** The second hash of what hashes to `hash`. */
export function rehash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
}
