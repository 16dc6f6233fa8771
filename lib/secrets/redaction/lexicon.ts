/** The tables that output is looked up in: the grams of every form of every value. */
import { type Form, formsOf, KIND, type Kind } from "./forms.ts";
import { denseHash, emptySieve, GramTable, plainHash, type Sieve, sift } from "./gram_table.ts";
import { DENSE, DENSE_GRAM, fold, PLAIN, PLAIN_GRAM } from "./symbols.ts";
import { rawWeight, totalWeight, weigh, type Weighted } from "./weights.ts";

/** Characters from which pieces of a value are masked; a shorter value is masked whole only. */
export const PIECES_FROM = 12;

/** Characters in the shortest piece that is masked. */
const PIECE = 8;

/** Half bits from which a value needs no lookup as a whole: long before its end its pieces have been found. */
const AMPLE = 160;

/** Symbols up to which a form is looked up as a whole. */
const LONGEST_WHOLE = 400;

/** Symbols in the key under which the last symbols of a pattern of the plain view are kept. */
const SHORTEST_WHOLE = 4;

/** Symbols of a form that are kept to recognise it when it is cut off by the end or the start of the text. */
const EDGE = 48;

/** A form, or a part of one, that counts only when all of it is met. */
export interface Pattern {
  /** Its symbols in the view of its kind. */
  readonly symbols: Uint8Array;
  /** Its bytes when it is short enough for letter case to matter, else null. */
  readonly exact: Uint8Array | null;
  /** How the form came about. */
  readonly kind: Kind;
  /** What the value proves when it is met, in half bits, words not discounted. */
  readonly proof: number;
  /** Bytes of it that the view drops. */
  readonly dropped: number;
}

/** The first (or, for the end of a value, the last) symbols of a form. */
export interface Edge {
  /** The symbols nearest to the edge; the last ones run backwards. */
  readonly symbols: Uint8Array;
  /** Symbols that must be met before the edge counts: those of four characters. */
  readonly least: number;
}

/** What a table holds for a gram, packed into 31 bits. */
export const GRAM = {
  /** Bits for the kinds that the gram occurs in. */
  kinds: 0x7fff,
  /** Half bits that all its symbols prove. */
  total: (entry: number): number => (entry >>> 15) & 0xff,
  /** Half bits that its last symbol proves. */
  last: (entry: number): number => (entry >>> 23) & 0x3f,
  /** Set when the value has bytes in or near the gram that the view drops. */
  gappy: 1 << 29,
} as const;

/** Grams, whole patterns and edges of every value that was added. */
export class Lexicon {
  /** Grams of eight symbols of the plain view, keyed by four and four. */
  readonly plainGrams: GramTable = new GramTable();
  /** Patterns of the plain view by their last four symbols: index into {@linkcode Lexicon.patterns}, plus one. */
  readonly plainEnds: GramTable = new GramTable();
  /** Grams of eight symbols of the dense view, keyed by three and five. */
  readonly denseGrams: GramTable = new GramTable();
  /** Patterns of the dense view by their last eight symbols. */
  readonly denseEnds: GramTable = new GramTable();
  /** Patterns that end alike. */
  readonly patterns: Pattern[][] = [];
  /** Starts and ends of forms in either view, by their first four symbols. */
  readonly edges: Record<"plainHeads" | "plainTails" | "denseHeads" | "denseTails", Map<number, Edge[]>> = {
    plainHeads: new Map(),
    plainTails: new Map(),
    denseHeads: new Map(),
    denseTails: new Map(),
  };
  /** Whether a value has marks that HTML writes as named entities. */
  needsEntities = false;
  /** Whether a value has bytes that quoted-printable writes as `=XX`. */
  needsQuotedPrintable = false;

  #plainSieve: Sieve = emptySieve(0);
  #denseSieve: Sieve = emptySieve(0);
  #sealed = false;

  /** Takes in a value and all its forms. */
  add(text: string): void {
    const value = weigh(new TextEncoder().encode(text));
    const characters = [...text].length;
    const short = characters < PIECES_FROM;
    const whole = short || totalWeight(value) < AMPLE;
    const proof = rawWeight(value.bytes);
    this.needsEntities ||= /[&<>"']/.test(text);
    this.needsQuotedPrintable ||= /[=\x80-\uffff]/.test(text);
    for (const form of formsOf(value)) {
      this.#addForm(form, { characters, short, whole, proof });
    }
    if (!short) this.#addGappyPieces(value);
    this.#sealed = false;
  }

  /** The bits to look up the last four symbols of the plain view in. */
  get plainSieve(): Sieve {
    this.#seal();
    return this.#plainSieve;
  }

  /** The bits to look up the last eight symbols of the dense view in. */
  get denseSieve(): Sieve {
    this.#seal();
    return this.#denseSieve;
  }

  #addForm(
    form: Form,
    of: { characters: number; short: boolean; whole: boolean; proof: number },
  ): void {
    const plain = form.kind === KIND.literal || form.kind === KIND.marked;
    const table = plain ? PLAIN : DENSE;
    const symbols = fold(form.bytes, table);
    if (symbols.length === 0) return;
    if (!of.short) {
      if (plain) this.#addPlainGrams(form, symbols);
      else this.#addDenseGrams(form, symbols);
    }
    const dropped = form.bytes.length - symbols.length;
    if (of.whole && symbols.length <= LONGEST_WHOLE) {
      this.#addPattern({ symbols, exact: null, kind: form.kind, proof: of.proof, dropped }, form);
    }
    const least = Math.max(4, Math.ceil((4 * symbols.length) / of.characters));
    const { edges } = this;
    addEdge(plain ? edges.plainHeads : edges.denseHeads, symbols.slice(0, EDGE), least);
    addEdge(plain ? edges.plainTails : edges.denseTails, symbols.slice(-EDGE).reverse(), least);
  }

  #addPattern(pattern: Pattern, form: Form): void {
    const { symbols, kind } = pattern;
    const end = symbols.length;
    if (kind === KIND.literal || kind === KIND.marked) {
      if (end >= SHORTEST_WHOLE) this.#file(this.plainEnds, 0, word(symbols, end - 4), pattern);
      return;
    }
    if (end >= DENSE_GRAM) {
      const key = denseKey(symbols, end - DENSE_GRAM);
      this.#file(this.denseEnds, key.older, key.later, pattern);
      return;
    }
    // Too short for the dense view: looked up as it stands, and case has to agree when case carries information.
    const exact = form.bytes;
    const plain = fold(exact, PLAIN);
    if (kind === KIND.loose || plain.length < SHORTEST_WHOLE) return;
    const strict: Pattern = { ...pattern, symbols: plain, exact, dropped: exact.length - plain.length };
    this.#file(this.plainEnds, 0, word(plain, plain.length - 4), strict);
  }

  #file(table: GramTable, first: number, second: number, pattern: Pattern): void {
    const at = table.get(first, second);
    if (at !== 0) {
      this.patterns[at - 1]?.push(pattern);
      return;
    }
    this.patterns.push([pattern]);
    table.set(first, second, this.patterns.length);
  }

  #addPlainGrams(form: Form, symbols: Uint8Array): void {
    const weights = kept(form, PLAIN);
    const gappy = symbols.length < form.bytes.length ? GRAM.gappy : 0;
    for (let at = 0; at + PLAIN_GRAM <= symbols.length; at++) {
      const [first, second] = [word(symbols, at), word(symbols, at + 4)];
      const old = this.plainGrams.get(first, second);
      this.plainGrams.set(first, second, entry(old, form.kind, weights, at) | gappy);
    }
  }

  #addDenseGrams(form: Form, symbols: Uint8Array): void {
    const weights = kept(form, DENSE);
    for (let at = 0; at + DENSE_GRAM <= symbols.length; at++) {
      const { older, later } = denseKey(symbols, at);
      const old = this.denseGrams.get(older, later);
      this.denseGrams.set(older, later, entry(old, form.kind, weights, at));
    }
  }

  /** Pieces of eight characters that have fewer than eight symbols, since the plain view drops some of them. */
  #addGappyPieces(value: Weighted): void {
    for (let at = 0; at + PIECE <= value.bytes.length; at++) {
      const piece = value.bytes.subarray(at, at + PIECE);
      const symbols = fold(piece, PLAIN);
      const dropped = PIECE - symbols.length;
      if (dropped === 0 || symbols.length < SHORTEST_WHOLE || PLAIN[piece[0] as number] === 0) continue;
      const proof = value.weights.subarray(at, at + PIECE).reduce((sum, weight) => sum + weight, 0);
      if (proof < LEAST_PIECE) continue;
      const pattern: Pattern = { symbols, exact: null, kind: KIND.literal, proof, dropped };
      this.#file(this.plainEnds, 0, word(symbols, symbols.length - 4), pattern);
    }
  }

  #seal(): void {
    if (this.#sealed) return;
    this.#plainSieve = emptySieve(this.plainGrams.size + this.plainEnds.size);
    this.#denseSieve = emptySieve(this.denseGrams.size + this.denseEnds.size);
    for (const table of [this.plainGrams, this.plainEnds]) {
      table.forEach((_, last) => sift(this.#plainSieve, plainHash(last)));
    }
    for (const table of [this.denseGrams, this.denseEnds]) {
      table.forEach((older, later) => sift(this.#denseSieve, denseHash(older, later)));
    }
    this.#sealed = true;
  }
}

/** Half bits that a piece with dropped characters has to prove. */
const LEAST_PIECE = 56;

/** The weights of the bytes that the view keeps. */
function kept(form: Form, table: Uint8Array): Uint8Array {
  return form.weights.filter((_, i) => table[form.bytes[i] as number] !== 0);
}

function entry(old: number, kind: Kind, weights: Uint8Array, at: number): number {
  let total = 0;
  for (let i = at; i < at + 8; i++) total += weights[i] as number;
  const last = Math.max(GRAM.last(old), Math.min(63, weights[at + 7] as number));
  total = Math.max(GRAM.total(old), Math.min(255, total));
  return (old & (GRAM.kinds | GRAM.gappy)) | (1 << kind) | (total << 15) | (last << 23);
}

/** Four symbols as one number, the way the scanner shifts them in. */
export function word(symbols: Uint8Array, at: number): number {
  return ((symbols[at] as number) << 24) | ((symbols[at + 1] as number) << 16) |
    ((symbols[at + 2] as number) << 8) | (symbols[at + 3] as number);
}

function denseKey(symbols: Uint8Array, at: number): { older: number; later: number } {
  let older = 0;
  let later = 0;
  for (let i = at; i < at + 3; i++) older = (older << 6) | (symbols[i] as number);
  for (let i = at + 3; i < at + DENSE_GRAM; i++) later = (later << 6) | (symbols[i] as number);
  return { older, later };
}

function addEdge(map: Map<number, Edge[]>, symbols: Uint8Array, least: number): void {
  if (symbols.length < least) return;
  const key = word(symbols, 0);
  const list = map.get(key);
  if (list === undefined) map.set(key, [{ symbols, least }]);
  else list.push({ symbols, least });
}
