/**
 * The grams of all forms in one view, and three ways to ask about them, each slower and surer than the one before:
 * a bit set for five symbols, a bit set for eight, and a table that says where in the forms the eight stand.
 */
import { IntMap } from "./int_map.ts";

/** Symbols in a gram that is looked up; shorter matches are chance. */
export const GRAM = 8;

/** Symbols that are asked about first. Eight in a row hold five that begin at a multiple of four. */
export const PROBE = 5;

/**
 * Symbols in a gram of a form that counts from so many symbols on that eight of them are two or three characters: of
 * that few there are so many in a hundred values that any text in such a form would consist of them.
 */
const WIDE_GRAM = 16;
const WIDE_FROM = WIDE_GRAM + 6;

/** Marks of the pool: a gram begins here that has to be found wherever it stands, or one of a longer form. */
const GRAM_HERE = 1;
const SPARSE_GRAM = 2;

/** A bit set: says for sure that something is not in it; may be wrong the other way. */
export interface Sieve {
  /** The bits, 32 to an element. */
  bits: Int32Array;
  /** By how much a 32-bit hash is shifted to the right to give the number of its bit. */
  shift: number;
}

/** Something that counts only when all of it is met. */
export interface Whole {
  /** All its symbols in the view. */
  readonly symbols: Uint8Array;
}

/** Forms in one view. `W` is what is kept about a form that has to be met as a whole. */
export class GramIndex<W extends Whole> {
  /** The symbols of all forms, a zero after each. */
  pool: Uint8Array = new Uint8Array(4096);
  /** Half bits that each symbol of the pool proves. */
  weights: Uint8Array = new Uint8Array(4096);
  /** The kind of the form that each symbol of the pool belongs to. */
  kinds: Uint8Array = new Uint8Array(4096);
  #marks: Uint8Array = new Uint8Array(4096);
  #length = 0;
  /** One more than where each gram stands in the pool; 0 where nothing is. */
  #table = new Int32Array(1 << 14);
  /** The hash of the gram beside it: most others are told from it without a look at the pool. */
  #hashes = new Int32Array(1 << 14);
  #count = 0;
  #probes: Sieve = emptySieve(0);
  #grams: Sieve = emptySieve(0);
  #sparse: Sieve = emptySieve(0);
  #sealed = true;
  /** Where the grams of the longest forms stand in the pool, by their hash. */
  readonly #wide = new IntMap();
  /** Which of the lists has the wholes that begin with a gram, by its hash. */
  readonly #wholes = new IntMap();
  readonly #lists: W[][] = [];

  /** The bits to ask about five symbols that begin at a multiple of four. */
  get probes(): Readonly<Sieve> {
    if (!this.#sealed) this.#seal();
    return this.#probes;
  }

  /** The bits to ask about eight symbols that may begin anywhere. */
  get grams(): Readonly<Sieve> {
    if (!this.#sealed) this.#seal();
    return this.#grams;
  }

  /** The bits to ask about eight symbols at the same place: those of the longer forms. */
  get sparse(): Readonly<Sieve> {
    if (!this.#sealed) this.#seal();
    return this.#sparse;
  }

  /**
   * Adds a form that counts from `least` symbols in a row. When that is many, not every gram is needed: four in a row
   * out of each `least` less the gram are enough, since so long a stretch holds all four, and one of them at a multiple of four.
   */
  add(symbols: Uint8Array, weights: Uint8Array, kind: number, least: number): void {
    const from = this.#length;
    this.#append(symbols, weights, kind);
    const isWide = least >= WIDE_FROM;
    const size = isWide ? WIDE_GRAM : GRAM;
    const period = Math.max(4, least - size - 2);
    const isSparse = isWide || period > 4;
    for (let at = 0; at + size <= symbols.length; at++) {
      if (at % period >= 4) continue;
      const isNew = isWide ? this.#insertWide(from + at) : this.#insert(from + at);
      if (isNew || !isSparse) this.#marks[from + at] = isSparse ? SPARSE_GRAM : GRAM_HERE;
    }
    this.#sealed = false;
  }

  /** Adds a form that counts as a whole only; it has at least eight symbols. */
  addWhole(whole: W): void {
    const hash = gramHash(wordAt(whole.symbols, 0), wordAt(whole.symbols, 4));
    const list = this.#wholes.get(hash);
    if (list < 0) this.#wholes.set(hash, this.#lists.push([whole]) - 1);
    else (this.#lists[list] as W[]).push(whole);
    this.#sealed = false;
  }

  /** Whether the eight symbols, as two words, may be in the index. */
  mayHold(first: number, second: number): boolean {
    const hash = gramHash(first, second);
    return isSet(this.#grams, hash) && isSet(this.#grams, rehash(hash));
  }

  /** Where in the pool the eight symbols stand, -1 when nowhere. */
  find(first: number, second: number): number {
    return (this.#table[this.#slot(first, second)] as number) - 1;
  }

  /** The slot of the table that has a gram, or the one where it belongs. */
  #slot(first: number, second: number): number {
    const [table, hashes, pool] = [this.#table, this.#hashes, this.pool];
    const mask = table.length - 1;
    const hash = slotHash(first, second);
    let slot = (hash >>> 6) & mask;
    for (let at = table[slot] as number; at !== 0; at = table[slot] as number) {
      if (hashes[slot] === hash && wordAt(pool, at - 1) === first && wordAt(pool, at + 3) === second) break;
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  /** Where in the pool the sixteen symbols at `at` of `symbols` stand, -1 when nowhere; for the longest forms. */
  findWide(symbols: Uint8Array, at: number): number {
    const found = this.#wide.get(wideHash(symbols, at));
    if (found < 0) return -1;
    for (let i = 0; i < WIDE_GRAM; i++) {
      if (this.pool[found + i] !== symbols[at + i]) return -1;
    }
    return found;
  }

  /** The wholes that begin with the eight symbols, among others. */
  wholes(first: number, second: number): readonly W[] {
    const list = this.#wholes.get(gramHash(first, second));
    return list < 0 ? NONE : this.#lists[list] as W[];
  }

  #append(symbols: Uint8Array, weights: Uint8Array, kind: number): void {
    const needed = this.#length + symbols.length + 1;
    if (needed > this.pool.length) {
      this.pool = larger(this.pool, needed);
      this.weights = larger(this.weights, needed);
      this.kinds = larger(this.kinds, needed);
      this.#marks = larger(this.#marks, needed);
    }
    this.pool.set(symbols, this.#length);
    this.weights.set(weights, this.#length);
    this.kinds.fill(kind, this.#length, needed);
    this.#length = needed;
  }

  #insert(at: number): boolean {
    if ((this.#count + 1) * 2 > this.#table.length) this.#grow();
    const first = wordAt(this.pool, at);
    const second = wordAt(this.pool, at + 4);
    const slot = this.#slot(first, second);
    if (this.#table[slot] !== 0) return false;
    this.#table[slot] = at + 1;
    this.#hashes[slot] = slotHash(first, second);
    this.#count++;
    return true;
  }

  #insertWide(at: number): boolean {
    const hash = wideHash(this.pool, at);
    if (this.#wide.get(hash) >= 0) return false;
    this.#wide.set(hash, at);
    return true;
  }

  #grow(): void {
    const [table, hashes] = [this.#table, this.#hashes];
    const mask = 4 * table.length - 1;
    this.#table = new Int32Array(4 * table.length);
    this.#hashes = new Int32Array(4 * table.length);
    for (let old = 0; old < table.length; old++) {
      if (table[old] === 0) continue;
      let slot = ((hashes[old] as number) >>> 6) & mask;
      while (this.#table[slot] !== 0) slot = (slot + 1) & mask;
      this.#table[slot] = table[old] as number;
      this.#hashes[slot] = hashes[old] as number;
    }
  }

  #seal(): void {
    const { pool } = this;
    const counts = [0, 0, 0];
    for (const mark of this.#marks) counts[mark] = (counts[mark] as number) + 1;
    const wholes = this.#lists.flat();
    this.#probes = emptySieve((counts[GRAM_HERE] as number) + (counts[SPARSE_GRAM] as number) + 4 * wholes.length);
    this.#grams = emptySieve((counts[GRAM_HERE] as number) + wholes.length);
    this.#sparse = emptySieve(counts[SPARSE_GRAM] as number);
    for (let at = 0; at < this.#length; at++) {
      const mark = this.#marks[at] as number;
      if (mark === 0) continue;
      const [first, second] = [wordAt(pool, at), wordAt(pool, at + 4)];
      if (mark === SPARSE_GRAM) {
        sift(this.#sparse, gramHash(first, second));
        sift(this.#probes, probeHash(first, second & 0xff));
        continue;
      }
      sift(this.#grams, gramHash(first, second));
      for (let probe = at; probe < at + 4; probe++) {
        sift(this.#probes, probeHash(wordAt(pool, probe), pool[probe + 4] as number));
      }
    }
    for (const { symbols } of wholes) {
      sift(this.#grams, gramHash(wordAt(symbols, 0), wordAt(symbols, 4)));
      for (let at = 0; at < GRAM / 2; at++) {
        sift(this.#probes, probeHash(wordAt(symbols, at), symbols[at + 4] as number));
      }
    }
    this.#sealed = true;
  }
}

const NONE: readonly never[] = [];

/** Four symbols as one number, the first one lowest, as a little-endian machine reads them. */
export function wordAt(symbols: Uint8Array, at: number): number {
  return (symbols[at] as number) | ((symbols[at + 1] as number) << 8) | ((symbols[at + 2] as number) << 16) |
    ((symbols[at + 3] as number) << 24);
}

/** The hash of five symbols, of which the top bits count. */
export function probeHash(word: number, fifth: number): number {
  return Math.imul(word, 0x9e3779b1) ^ Math.imul(fifth, 0x85ebca6b);
}

/** The hash of eight symbols, as two words, of which the top bits count. */
export function gramHash(first: number, second: number): number {
  return Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ (second >>> 15), 0x85ebca6b);
}

function wideHash(symbols: Uint8Array, at: number): number {
  const head = gramHash(wordAt(symbols, at), wordAt(symbols, at + 4));
  return gramHash(rehash(head), gramHash(wordAt(symbols, at + 8), wordAt(symbols, at + 12)));
}

function slotHash(first: number, second: number): number {
  const hash = gramHash(second, first);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}

/** An empty set for `count` grams: 16 bits for each, from 2^15 to 2^23 in all, so that it stays in the cache. */
function emptySieve(count: number): Sieve {
  let width = 15;
  while (width < 23 && 2 ** width < count * 16) width++;
  return { bits: new Int32Array(2 ** (width - 5)), shift: 32 - width };
}

function sift(sieve: Sieve, hash: number): void {
  for (const each of [hash, rehash(hash)]) {
    const bit = each >>> sieve.shift;
    sieve.bits[bit >>> 5] = (sieve.bits[bit >>> 5] as number) | (1 << (bit & 31));
  }
}

/** Whether the bit of `hash` is set; each gram sets that of its hash and that of its {@linkcode rehash}. */
export function isSet(sieve: Readonly<Sieve>, hash: number): boolean {
  const bit = hash >>> sieve.shift;
  return (((sieve.bits[bit >>> 5] as number) >>> (bit & 31)) & 1) !== 0;
}

/** The second hash of what hashes to `hash`. */
export function rehash(hash: number): number {
  return Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
}

function larger(array: Uint8Array, needed: number): Uint8Array {
  const out = new Uint8Array(Math.max(needed, 2 * array.length));
  out.set(array);
  return out;
}
