/** An open-addressed map from a gram, as two 32-bit keys, to a 31-bit number that is not 0. */
export class GramTable {
  #size = 0;
  #mask = 1023;
  #first = new Int32Array(1024);
  #second = new Int32Array(1024);
  #values = new Int32Array(1024);

  /** How many grams are in it. */
  get size(): number {
    return this.#size;
  }

  /** The number stored for the gram, 0 when it is not there. */
  get(first: number, second: number): number {
    return this.#values[this.#slot(first | 0, second | 0)] as number;
  }

  /** Stores a number other than 0, in place of one that is there. */
  set(first: number, second: number, value: number): void {
    const slot = this.#slot(first | 0, second | 0);
    if (this.#values[slot] === 0) this.#size++;
    this.#first[slot] = first | 0;
    this.#second[slot] = second | 0;
    this.#values[slot] = value;
    if (this.#size * 2 > this.#mask) this.#grow();
  }

  /** Calls `visit` with each gram. */
  forEach(visit: (first: number, second: number) => void): void {
    for (let slot = 0; slot <= this.#mask; slot++) {
      if (this.#values[slot] !== 0) visit(this.#first[slot] as number, this.#second[slot] as number);
    }
  }

  #slot(first: number, second: number): number {
    let hash = Math.imul(first, 0x2c1b3c6d) ^ Math.imul(second, 0x297a2d39);
    hash ^= hash >>> 15;
    let slot = (Math.imul(hash, 0x85ebca6b) >>> 7) & this.#mask;
    while (this.#values[slot] !== 0 && (this.#first[slot] !== first || this.#second[slot] !== second)) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  #grow(): void {
    const [first, second, values] = [this.#first, this.#second, this.#values];
    const length = values.length * 2;
    this.#mask = length - 1;
    this.#first = new Int32Array(length);
    this.#second = new Int32Array(length);
    this.#values = new Int32Array(length);
    for (let old = 0; old < values.length; old++) {
      if (values[old] === 0) continue;
      const slot = this.#slot(first[old] as number, second[old] as number);
      this.#first[slot] = first[old] as number;
      this.#second[slot] = second[old] as number;
      this.#values[slot] = values[old] as number;
    }
  }
}

/** A one-hash bit set: says at once that a gram is in no table; may be wrong the other way. */
export interface Sieve {
  /** The bits, 32 to an element. */
  readonly bits: Int32Array;
  /** By how much a 32-bit hash is shifted right to give the number of its bit. */
  readonly shift: number;
}

/** An empty sieve for `count` grams, at least 32 bits for each, from 2^15 to 2^24 bits in all. */
export function emptySieve(count: number): Sieve {
  let width = 15;
  while (width < 24 && 2 ** width < count * 32) width++;
  return { bits: new Int32Array(2 ** (width - 5)), shift: 32 - width };
}

/** Sets the bit of `hash`. */
export function sift(sieve: Sieve, hash: number): void {
  const bit = hash >>> sieve.shift;
  sieve.bits[bit >>> 5] = (sieve.bits[bit >>> 5] as number) | (1 << (bit & 31));
}

/** The hash of the last four symbols of the plain view. */
export function plainHash(last: number): number {
  return Math.imul(last, 0x9e3779b1);
}

/** The hash of eight symbols of the dense view: the older three and the later five. */
export function denseHash(older: number, later: number): number {
  return Math.imul(later, 0x9e3779b1) ^ Math.imul(older, 0x85ebca6b);
}
