/**
 * The grams of all forms in one view, and three ways to ask about them, each slower and surer than the one before:
 * a bit set for five symbols, a bit set for eight, and a table that says where in the forms the eight stand. It is put
 * together here, and texts are looked up in a copy, see runs.as.
 */
import { type GramCounts, GramSieves } from "./gram_sieves.ts";
import { metAs } from "./forms.ts";
import { areTogether, GramStretches } from "./gram_stretches.ts";
import { GRAM, gramHash, memoryOf, WIDE_GRAM, wideHashAt, wordAt, wordIn } from "./grams.ts";
import { IntMap } from "./int_map.ts";

/** Symbols in a row from which a form is looked up by wide grams. */
export const WIDE_FROM: number = WIDE_GRAM + 10;

/** In the hash of a gram in the table: symbols in a row from which the form counts to which it leads. */
const LEAST_BITS = 31;

/** Facts of the pool: a gram begins here that is looked for wherever it stands, or one of sixteen symbols. */
const GRAM_HERE = 0x4000;
const WIDE_HERE = 0x8000;
/** And a gram with which a whole begins. */
const WHOLE_HERE = 0x2000;
const KIND_SHIFT = 8;

/** Half bits that a symbol with these facts proves. */
export function symbolWeight(facts: number): number {
  return facts & 0xff;
}

/** The kind of the form that a symbol with these facts belongs to. */
export function symbolKind(facts: number): number {
  return (facts >> KIND_SHIFT) & 0x1f;
}

/** What an index consists of, see {@linkcode GramIndex}. */
export interface IndexParts {
  /** What to ask about symbols before they are looked up. */
  readonly sieves: GramSieves;
  /** The symbols of all forms. */
  readonly pool: Uint8Array;
  /** What there is to know of each. */
  readonly facts: Uint16Array;
  /** Where grams stand in the pool. */
  readonly table: Int32Array;
  /** The same of wide grams. */
  readonly wide: IntMap;
  /** Numbers of wholes. */
  readonly wholes: IntMap;
  /** What there is to know of each whole. */
  readonly wholeList: Int32Array;
  /** Their symbols. */
  readonly wholePool: Uint8Array;
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
  /** The memory of the pool, in which there is room for three more symbols behind any. */
  memory: DataView = memoryOf(this.pool);
  /** What there is to know of each symbol of the pool, see {@linkcode symbolWeight} and its neighbours. */
  facts: Uint16Array = new Uint16Array(4096);
  #length = 0;
  /**
   * Two numbers for each slot: one more than where a gram stands in the pool, 0 where nothing is, and the hash of the
   * gram, which tells it from most others without a look at the pool. The lowest bits of the hash, which have no say in
   * where the gram belongs, are symbols in a row from which the form counts that stands there.
   */
  #table = new Int32Array(1 << 12);
  #count = 0;
  #sieves: GramSieves;
  /** How many hashes belong into each set. */
  readonly #counts: GramCounts = { probes: 0, grams: 0, wide: 0, wholes: 0 };
  /** Up to where the pool, and how many of the wholes, are in the sets. */
  #settled = 0;
  #settledWholes = 0;
  readonly #stretches = new GramStretches();
  /** Symbols in a row from which the form counts that is being added. */
  #least = GRAM;
  /** Where in the pool the last gram stands that was added. */
  #lastGram = -4;
  /** Where the grams of the longest forms stand in the pool, by their hash. */
  readonly #wideAt = new IntMap();
  /** Which whole was the last one to be added of those that begin with a gram, by its hash. */
  readonly #wholesAt = new IntMap();
  /** The forms that count as a whole only, by their numbers. */
  readonly wholes: W[] = [];
  /**
   * Three numbers for each whole: one more than the number of the one before it that begins with the same gram, 0 when
   * there is none; how many symbols it has; and where in their pool these are.
   */
  #wholeList = new Int32Array(384);
  #wholePool = new Uint8Array(4096);
  #wholePoolLength = 0;
  /** How often what is found has changed. */
  revision = 0;

  /** No forms, of a view in which noughts are the symbol `nought`. */
  constructor(nought: number) {
    this.#sieves = new GramSieves(this.#counts, nought);
  }

  /** All that texts are looked up in. */
  get parts(): IndexParts {
    return {
      sieves: this.#sieves,
      pool: this.pool.subarray(0, this.#length + SPARE),
      facts: this.facts.subarray(0, this.#length + SPARE),
      table: this.#table,
      wide: this.#wideAt,
      wholes: this.#wholesAt,
      wholeList: this.#wholeList.subarray(0, WHOLE_NUMBERS * this.wholes.length),
      wholePool: this.#wholePool.subarray(0, this.#wholePoolLength),
    };
  }

  /** Adds a form that counts from `least` symbols in a row; it is found from the next {@linkcode GramIndex.settle} on. */
  add(symbols: Uint8Array, weights: Uint8Array, kind: number, least: number): void {
    const from = this.#length;
    this.#append(symbols, weights, kind);
    if (least >= WIDE_FROM) this.#addWide(from, symbols.length - WIDE_GRAM, least - WIDE_GRAM - 2);
    else this.#addGrams(from, symbols.length - GRAM, least, kind);
  }

  /**
   * Adds one of each `gap` grams in a row up to the `last`: so many begin within the fewest symbols that count, and one
   * is enough to come upon them. It is one that no other form has, so that it leads to this form: of `gap` grams in a
   * row one leads here, or another form has all of them one after the other, or all of them are in the table and lead to
   * others. The first and the last one are added too, since forms that agree in all else may differ there.
   */
  #addGrams(from: number, last: number, least: number, kind: number): void {
    if (last < 0) return;
    this.#least = least;
    const gap = least - GRAM + 1;
    const { memory: pool, facts } = this;
    const stretches = this.#stretches.of({ pool, facts, from, last, least, mark: metAs(kind) });
    const add = (gram: number): boolean => (stretches[gram] ?? 0) === 0 && this.#addGram(from + gram);
    for (let before = add(0) ? 0 : -1; before + gap <= last;) {
      let at = before + gap;
      while (at > before && !add(at)) at--;
      if (at === before && areTogether(stretches, before + 1, before + gap)) {
        let end = before + gap + 1;
        while (end <= last && areTogether(stretches, before + 1, end)) end++;
        if (end > last) return;
        before = end - gap;
        continue;
      }
      if (at === before) at = this.#addAnyGram(from, last, before, gap);
      before = at;
    }
    if (gap > 1) add(last);
  }

  /** Adds the last one of the `gap` grams behind the one `before` that is not in the table, or else the next one. */
  #addAnyGram(from: number, last: number, before: number, gap: number): number {
    for (let at = before + gap; at > before; at--) if (this.#addGram(from + at)) return at;
    let at = before + gap + 1;
    while (at <= last && !this.#addGram(from + at)) at++;
    return at;
  }

  /** Adds the gram at `at` of the pool; false when another form has it. */
  #addGram(at: number): boolean {
    if (!this.#insert(at)) return false;
    const hash = gramHash(wordIn(this.memory, at), wordIn(this.memory, at + 4));
    const beginsWhole = this.#wholesAt.get(hash) >= 0 ? WHOLE_HERE : 0;
    this.facts[at] = (this.facts[at] as number) | GRAM_HERE | beginsWhole;
    this.#counts.grams++;
    this.#counts.probes += Math.min(4, at - this.#lastGram);
    this.#lastGram = at;
    return true;
  }

  /**
   * Adds four wide grams of each `period`, and the last four: so long a stretch holds all four, and one of them at a
   * multiple of four.
   */
  #addWide(from: number, last: number, period: number): void {
    for (let at = 0; at <= last; at++) {
      if (at % period >= 4 && at + 4 <= last) continue;
      const hash = wideHashAt(this.memory, from + at);
      if (this.#wideAt.get(hash) >= 0) continue;
      this.#wideAt.set(hash, from + at);
      this.facts[from + at] = (this.facts[from + at] as number) | WIDE_HERE;
      this.#counts.wide++;
      this.#counts.probes++;
    }
  }

  /** Adds a form that counts as a whole only; it has at least eight symbols. */
  addWhole(whole: W): void {
    const { symbols } = whole;
    const [first, second] = [wordAt(symbols, 0), wordAt(symbols, 4)];
    const gram = this.find(first, second);
    if (gram >= 0) this.facts[gram] = (this.facts[gram] as number) | WHOLE_HERE;
    const hash = gramHash(first, second);
    const number = this.wholes.push(whole) - 1;
    this.#wholeList = withRoom(this.#wholeList, WHOLE_NUMBERS * (number + 1));
    this.#wholePool = withRoom(this.#wholePool, this.#wholePoolLength + symbols.length);
    const before = this.#wholesAt.get(hash) + 1;
    this.#wholeList.set([before, symbols.length, this.#wholePoolLength], WHOLE_NUMBERS * number);
    this.#wholesAt.set(hash, number);
    this.#wholePool.set(symbols, this.#wholePoolLength);
    this.#wholePoolLength += symbols.length;
    this.#counts.wholes++;
    this.#counts.grams++;
    this.#counts.probes += 4;
  }

  /** Where in the pool the eight symbols stand, -1 when nowhere. */
  find(first: number, second: number): number {
    return (this.#table[this.#slot(first, second)] as number) - 1;
  }

  /** The place in the table that has a gram, or the one where it belongs. */
  #slot(first: number, second: number): number {
    const table = this.#table;
    const { memory } = this;
    const mask = table.length - 1;
    const hash = slotHash(first, second);
    let slot = (hash >>> 5) & mask & ~1;
    for (let at = table[slot] as number; at !== 0; at = table[slot] as number) {
      const isSame = (((table[slot + 1] as number) ^ hash) & ~LEAST_BITS) === 0;
      if (isSame && wordIn(memory, at - 1) === first && wordIn(memory, at + 3) === second) break;
      slot = (slot + 2) & mask;
    }
    return slot;
  }

  #append(symbols: Uint8Array, weights: Uint8Array, kind: number): void {
    const needed = this.#length + symbols.length + SPARE;
    if (needed > this.pool.length) this.#enlarge(Math.max(needed, 2 * this.pool.length));
    this.pool.set(symbols, this.#length);
    for (let i = 0; i < weights.length; i++) {
      this.facts[this.#length + i] = (weights[i] as number) | (kind << KIND_SHIFT);
    }
    this.#length = needed - SPARE + 1;
  }

  #enlarge(length: number): void {
    const pool = new Uint8Array(length);
    const facts = new Uint16Array(length);
    pool.set(this.pool.subarray(0, this.#length));
    facts.set(this.facts.subarray(0, this.#length));
    this.pool = pool;
    this.memory = memoryOf(pool);
    this.facts = facts;
  }

  /** Puts the gram at `at` of the pool into the table; false when it stands there already. */
  #insert(at: number): boolean {
    if (tooFull(this.#count + 1, this.#table.length)) this.#grow();
    const first = wordAt(this.pool, at);
    const second = wordAt(this.pool, at + 4);
    const slot = this.#slot(first, second);
    if (this.#table[slot] !== 0) return false;
    this.#table[slot] = at + 1;
    this.#table[slot + 1] = (slotHash(first, second) & ~LEAST_BITS) | this.#least;
    this.#count++;
    return true;
  }

  /**
   * Makes room for about `more` grams. Nothing may be added until it is done; what is known already is found all the
   * while.
   */
  *reserve(more: number): Generator<void> {
    const needed = this.#length + SYMBOLS_A_GRAM * more;
    if (needed > this.pool.length) this.#enlarge(needed);
    yield;
    yield* this.#wideAt.reserve(Math.floor(more / GRAMS_A_WIDE));
    let length = this.#table.length;
    while (tooFull(this.#count + more, length)) length *= 2;
    if (length > this.#table.length) yield* this.#rehash(length);
  }

  #grow(): void {
    for (const _ of this.#rehash(2 * this.#table.length));
  }

  /** Puts all grams into a larger table. */
  *#rehash(length: number): Generator<void> {
    const old = this.#table;
    const table = new Int32Array(length);
    const mask = length - 1;
    for (let from = 0; from < old.length; from += 2) {
      if (from % SLICE === 0) yield;
      if (old[from] === 0) continue;
      let slot = ((old[from + 1] as number) >>> 5) & mask & ~1;
      while (table[slot] !== 0) slot = (slot + 2) & mask;
      table[slot] = old[from] as number;
      table[slot + 1] = old[from + 1] as number;
    }
    this.#table = table;
  }

  /**
   * Puts what was added into the sets that are asked first, from which time on it is found. Nothing may be added until
   * it is done.
   */
  *settle(): Generator<void> {
    const isFull = this.#sieves.areFullWith(this.#counts);
    const sieves = isFull ? new GramSieves(this.#counts, this.#sieves.noughts.nought) : this.#sieves;
    const from = isFull ? 0 : this.#settled;
    for (let at = from; at < this.#length; at++) {
      if (at % SLICE === 0) yield;
      const facts = this.facts[at] as number;
      if ((facts & WIDE_HERE) !== 0) sieves.addWide(this.pool, this.memory, at);
      else if ((facts & GRAM_HERE) !== 0) sieves.addGram(this.pool, at);
    }
    for (let i = isFull ? 0 : this.#settledWholes; i < this.wholes.length; i++) {
      if (i % SLICE === 0) yield;
      sieves.addWhole((this.wholes[i] as W).symbols);
    }
    this.#settled = this.#length;
    this.#settledWholes = this.wholes.length;
    this.#sieves = sieves;
    this.revision++;
  }
}

/** Zeros behind the last symbol of the pool, of which one stays when more follows. */
const SPARE = 4;

/** Slots or symbols that are dealt with in one go: a millisecond or a few. */
const SLICE = 1 << 15;

/** Symbols of forms, and grams for a wide one, that values of ordinary length have. */
const SYMBOLS_A_GRAM = 6;
const GRAMS_A_WIDE = 5;

/** Whether `count` grams are too many for a table of `length` numbers, two for each. */
function tooFull(count: number, length: number): boolean {
  return 3 * count > length;
}

/** Numbers for each whole. */
const WHOLE_NUMBERS = 3;

/** `array`, or a longer one that begins as it does, with room for `length` elements. */
function withRoom<A extends Int32Array | Uint8Array>(array: A, length: number): A {
  if (length <= array.length) return array;
  const longer = new (array.constructor as { new (length: number): A })(Math.max(length, 2 * array.length));
  longer.set(array);
  return longer;
}

function slotHash(first: number, second: number): number {
  const hash = gramHash(second, first);
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
}
