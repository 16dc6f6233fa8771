/**
 * The grams of all forms in one view, and three ways to ask about them, each slower and surer than the one before:
 * a bit set for five symbols, a bit set for eight, and a table that says where in the forms the eight stand.
 */
import { IntMap } from "./int_map.ts";
import { rehash, Sieve, sieveBit } from "./sieve.ts";

/** Symbols in a gram that is looked up; shorter matches are chance. */
export const GRAM = 8;

/** Symbols that are asked about first. Eight in a row hold five that begin at a multiple of four. */
export const PROBE = 5;

/**
 * Symbols in a gram of a form that counts from so many symbols on that eight of them are two or three characters: of
 * that few there are so many in a hundred values that any text in such a form would consist of them.
 */
const WIDE_GRAM = 16;
/** Symbols from which a form is looked up by such grams. */
export const WIDE_FROM: number = WIDE_GRAM + 6;

/** Facts of the pool: a gram begins here that is looked for wherever it stands, or one of sixteen symbols. */
const GRAM_HERE = 0x4000;
const WIDE_HERE = 0x8000;
const KIND_SHIFT = 8;

/** Half bits that a symbol with these facts proves. */
export function symbolWeight(facts: number): number {
  return facts & 0xff;
}

/** The kind of the form that a symbol with these facts belongs to. */
export function symbolKind(facts: number): number {
  return (facts >> KIND_SHIFT) & 0x1f;
}

/** Whether the table has the gram that begins with a symbol with these facts, and at this place. */
export function hasGram(facts: number): boolean {
  return (facts & GRAM_HERE) !== 0;
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
  /** What there is to know of each symbol of the pool, see {@linkcode symbolWeight} and its neighbours. */
  facts: Uint16Array = new Uint16Array(4096);
  #length = 0;
  /**
   * Two numbers for each slot: one more than where a gram stands in the pool, 0 where nothing is, and the hash of the
   * gram, which tells it from most others without a look at the pool.
   */
  #table = new Int32Array(1 << 15);
  #count = 0;
  /** Bits for the grams with which a whole begins, since few do. */
  readonly #wholeStarts: Sieve = new Sieve();
  /** Up to where the pool's fives around grams are in the set. */
  #probed = 0;
  /** What to ask about five symbols that begin at a multiple of four. */
  readonly probes: Sieve = new Sieve();
  /** What to ask about eight symbols that may begin anywhere. */
  readonly grams: Sieve = new Sieve();
  /** What to ask about sixteen symbols that begin at a multiple of four: those of the longest forms. */
  readonly wide: Sieve = new Sieve();
  /** Where the grams of the longest forms stand in the pool, by their hash. */
  readonly #wideAt = new IntMap();
  /** Which of the lists has the wholes that begin with a gram, by its hash. */
  readonly #wholes = new IntMap();
  readonly #lists: W[][] = [];

  /** Adds a form that counts from `least` symbols in a row. */
  add(symbols: Uint8Array, weights: Uint8Array, kind: number, least: number): void {
    const from = this.#length;
    this.#append(symbols, weights, kind);
    if (least >= WIDE_FROM) this.#addWide(from, symbols.length - WIDE_GRAM, least - WIDE_GRAM - 2);
    else this.#addGrams(from, symbols.length - GRAM, least - GRAM + 1);
    this.#makeRoom();
  }

  /**
   * Adds one of each `gap` grams in a row up to the `last`: so many begin within the fewest symbols that count, and one
   * is enough to come upon them. It is one that no other form has, so that it leads to this form: of `gap` grams in a
   * row one leads here, or all of them are in the table and lead to others. The first and the last one are added too,
   * since forms that agree in all else may differ there.
   */
  #addGrams(from: number, last: number, gap: number): void {
    if (last < 0) return;
    this.#addGram(from);
    for (let before = 0; before + gap <= last;) {
      let at = before + gap;
      while (at > before && !this.#addGram(from + at)) at--;
      if (at === before) {
        at += gap + 1;
        while (at <= last && !this.#addGram(from + at)) at++;
      }
      before = at;
    }
    if (gap > 1) this.#addGram(from + last);
  }

  /** Adds the gram at `at` of the pool; false when another form has it. */
  #addGram(at: number): boolean {
    if (!this.#insert(at)) return false;
    this.facts[at] = (this.facts[at] as number) | GRAM_HERE;
    this.#sift(at);
    return true;
  }

  /**
   * Adds four wide grams of each `period`, and the last four: so long a stretch holds all four, and one of them at a
   * multiple of four.
   */
  #addWide(from: number, last: number, period: number): void {
    for (let at = 0; at <= last; at++) {
      if (at % period >= 4 && at + 4 <= last) continue;
      const hash = wideHashAt(this.pool, from + at);
      if (this.#wideAt.get(hash) >= 0) continue;
      this.#wideAt.set(hash, from + at);
      this.facts[from + at] = (this.facts[from + at] as number) | WIDE_HERE;
      this.#sift(from + at);
    }
  }

  /** Adds a form that counts as a whole only; it has at least eight symbols. */
  addWhole(whole: W): void {
    const hash = gramHash(wordAt(whole.symbols, 0), wordAt(whole.symbols, 4));
    const list = this.#wholes.get(hash);
    if (list < 0) this.#wholes.set(hash, this.#lists.push([whole]) - 1);
    else (this.#lists[list] as W[]).push(whole);
    this.#siftWhole(whole);
    this.#makeRoom();
  }

  /** Whether the eight symbols, as two words, may be in the index. */
  mayHold(first: number, second: number): boolean {
    return (sieveBit(this.grams.bits, this.grams.shift, gramHash(first, second)) & 1) !== 0;
  }

  /** Where in the pool the eight symbols stand, -1 when nowhere. */
  find(first: number, second: number): number {
    return (this.#table[this.#slot(first, second)] as number) - 1;
  }

  /** The place in the table that has a gram, or the one where it belongs. */
  #slot(first: number, second: number): number {
    const [table, pool] = [this.#table, this.pool];
    const mask = table.length - 1;
    const hash = slotHash(first, second);
    let slot = (hash >>> 5) & mask & ~1;
    for (let at = table[slot] as number; at !== 0; at = table[slot] as number) {
      if (table[slot + 1] === hash && wordAt(pool, at - 1) === first && wordAt(pool, at + 3) === second) break;
      slot = (slot + 2) & mask;
    }
    return slot;
  }

  /** Where in the pool the sixteen symbols at `at` of `symbols` stand, -1 when nowhere; for the longest forms. */
  findWide(symbols: Uint8Array, at: number): number {
    const found = this.#wideAt.get(wideHashAt(symbols, at));
    if (found < 0) return -1;
    for (let i = 0; i < WIDE_GRAM; i++) {
      if (this.pool[found + i] !== symbols[at + i]) return -1;
    }
    return found;
  }

  /** The wholes that begin with the eight symbols, among others. */
  wholes(first: number, second: number): readonly W[] {
    const hash = gramHash(first, second);
    if ((sieveBit(this.#wholeStarts.bits, this.#wholeStarts.shift, hash) & 1) === 0) return NONE;
    const list = this.#wholes.get(hash);
    return list < 0 ? NONE : this.#lists[list] as W[];
  }

  #append(symbols: Uint8Array, weights: Uint8Array, kind: number): void {
    const needed = this.#length + symbols.length + 1;
    if (needed > this.pool.length) {
      const length = Math.max(needed, 2 * this.pool.length);
      const [pool, facts] = [new Uint8Array(length), new Uint16Array(length)];
      pool.set(this.pool);
      facts.set(this.facts);
      [this.pool, this.facts] = [pool, facts];
    }
    this.pool.set(symbols, this.#length);
    for (let i = 0; i < weights.length; i++) {
      this.facts[this.#length + i] = (weights[i] as number) | (kind << KIND_SHIFT);
    }
    this.#length = needed;
  }

  /** Puts the gram at `at` of the pool into the table; false when it stands there already. */
  #insert(at: number): boolean {
    if ((this.#count + 1) * 4 > this.#table.length) this.#grow();
    const first = wordAt(this.pool, at);
    const second = wordAt(this.pool, at + 4);
    const slot = this.#slot(first, second);
    if (this.#table[slot] !== 0) return false;
    this.#table[slot] = at + 1;
    this.#table[slot + 1] = slotHash(first, second);
    this.#count++;
    return true;
  }

  #grow(): void {
    const old = this.#table;
    const table = new Int32Array(2 * old.length);
    const mask = table.length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (old[from] === 0) continue;
      let slot = ((old[from + 1] as number) >>> 5) & mask & ~1;
      while (table[slot] !== 0) slot = (slot + 2) & mask;
      table[slot] = old[from] as number;
      table[slot + 1] = old[from + 1] as number;
    }
    this.#table = table;
  }

  /** Adds the marked gram at `at` of the pool to the sets; of the grams before it those that are marked are in them. */
  #sift(at: number): void {
    const { pool } = this;
    const [first, second] = [wordAt(pool, at), wordAt(pool, at + 4)];
    if (((this.facts[at] as number) & WIDE_HERE) !== 0) {
      this.wide.add(wideHashAt(pool, at));
      this.probes.add(probeHash(first, second & 0xff));
      return;
    }
    this.grams.add(gramHash(first, second));
    this.#probed = Math.max(at, this.#probed);
    while (this.#probed < at + 4) this.#siftProbe(pool, this.#probed++);
  }

  #siftWhole({ symbols }: W): void {
    const hash = gramHash(wordAt(symbols, 0), wordAt(symbols, 4));
    this.#wholeStarts.add(hash);
    this.grams.add(hash);
    for (let at = 0; at < 4; at++) this.#siftProbe(symbols, at);
  }

  #siftProbe(symbols: Uint8Array, at: number): void {
    this.probes.add(probeHash(wordAt(symbols, at), symbols[at + 4] as number));
  }

  /** Makes the sets larger that have become too full; what they hold has to be added to them again. */
  #makeRoom(): void {
    const sieves = [this.probes, this.grams, this.wide, this.#wholeStarts];
    while (sieves.some((sieve) => sieve.isFull)) {
      for (const sieve of sieves) sieve.clear();
      this.#probed = 0;
      for (let at = 0; at < this.#length; at++) {
        if (((this.facts[at] as number) & (GRAM_HERE | WIDE_HERE)) !== 0) this.#sift(at);
      }
      for (const list of this.#lists) {
        for (const whole of list) this.#siftWhole(whole);
      }
    }
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

/** The hash of sixteen symbols: of the first eight by their hash, of the others as two words. */
export function wideHash(head: number, third: number, fourth: number): number {
  return gramHash(rehash(head), gramHash(third, fourth));
}

function wideHashAt(symbols: Uint8Array, at: number): number {
  return wideHash(gramHash(wordAt(symbols, at), wordAt(symbols, at + 4)), wordAt(symbols, at + 8), wordAt(symbols, at + 12));
}

function slotHash(first: number, second: number): number {
  const hash = gramHash(second, first);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}
