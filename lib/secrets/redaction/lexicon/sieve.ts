/** A set of hashes that says for sure that something is not in it, and may be wrong the other way. */

/**
 * Bits for each hash: with four of them set for each in one word of 32, one in a hundred others seems to be in the set.
 * More would keep the sets out of the cache of a core, which text made of near misses pays for.
 */
const BITS_EACH = 12;

/** The same for five symbols, of which there are so many that a larger set would not fit the cache at all. */
const LANE_BITS_EACH = 8;

/**
 * The smallest and the largest set, as powers of two. A hundred values of all kinds fit the cache of a core; with a
 * thousand a set that is too full costs more than one that is too large for it.
 */
const SMALLEST = 15;
const LARGEST = 26;

/** How much fuller than it was made for a set may become before all is put into a larger one. */
const FULL = 1.5;

/** A set of hashes, each a bit in every byte of one word, so that asking and adding reach for memory once. */
export class Sieve {
  /** The bits, 32 to an element. */
  readonly bits: Int32Array;
  /** By how much a 32-bit hash is shifted to the right to give the number of its word. */
  readonly shift: number;
  readonly #bitsEach: number;

  /** A set for `count` hashes; it holds any number, but is the less sure the more there are. */
  constructor(count: number, bitsEach: number = BITS_EACH) {
    this.#bitsEach = bitsEach;
    let power = SMALLEST;
    while (power < LARGEST && 2 ** power < bitsEach * count) power++;
    this.bits = new Int32Array(2 ** (power - 5));
    this.shift = 32 - (power - 5);
  }

  /** Whether `count` hashes are so many that a larger set is worth its price. */
  isFullWith(count: number): boolean {
    return this.shift > 32 - (LARGEST - 5) && this.#bitsEach * count > FULL * 32 * this.bits.length;
  }

  /** Adds a hash: the lowest three bits in each byte of the second hash tell its bits. */
  add(hash: number): void {
    const second = rehash(hash);
    let bits = 0;
    for (let byte = 0; byte < 32; byte += 8) bits |= 1 << (byte + ((second >>> byte) & 7));
    this.bits[hash >>> this.shift] = (this.bits[hash >>> this.shift] as number) | bits;
  }
}

/**
 * A set that also tells, of up to five lanes, in which of them a hash was added: one bit more, in the same word, so that
 * asking for all lanes costs no more than asking for one.
 */
export class LaneSieve extends Sieve {
  /** A set for `count` hashes. */
  constructor(count: number) {
    super(count, LANE_BITS_EACH);
  }

  /** Adds a hash in a lane, up to {@linkcode LAST_LANE}. */
  addIn(hash: number, lane: number): void {
    this.add(hash);
    const at = hash >>> this.shift;
    const byte = 8 * (lane === LAST_LANE ? 3 : 3 - lane);
    const bit = ((rehash(hash) >>> byte) & 7) ^ (lane === LAST_LANE ? 2 : 4);
    this.bits[at] = (this.bits[at] as number) | (1 << (byte + bit));
  }
}

/** The last lane; each of the others has a byte of the word, the first one the highest, which it shares with the last. */
const LAST_LANE = 4;

/** The second hash of what hashes to `hash`. */
export function rehash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
}
