/**
 * The one loop that looks at every byte, and what it does when a gram is met.
 *
 * The loop keeps the last eight symbols of both views in registers and asks a bit set about them: no string is built
 * and nothing is remembered about ordinary bytes. A gram that is in the tables starts a *run*, which goes on as long as
 * each further symbol ends another gram of the same kind; what the run proves decides whether it is masked.
 */
import { denseHash, plainHash } from "./gram_table.ts";
import { GRAM, type Lexicon, type Pattern } from "./lexicon.ts";
import { acceptsDenseRun, acceptsPattern, acceptsPlainRun, measure } from "./evidence.ts";
import type { Span } from "./spans.ts";
import { DENSE, DENSE_GRAM, MAX_GAP, PLAIN, PLAIN_GRAM } from "./symbols.ts";

/** Bytes to look at, with the place in the source that each came from. */
export interface View {
  /** The bytes, decoded or as they came. */
  data: Uint8Array;
  /** The first byte to look at. */
  from: number;
  /** The byte after the last one. */
  to: number;
  /** For each byte where its source begins; null when the bytes are the source. */
  starts: Int32Array | null;
  /** For each byte where its source ends; null when the bytes are the source. */
  ends: Int32Array | null;
}

/** Places that the loop notes in passing, for those who look at the text in other ways. */
export interface Notes {
  /** Non-zero for the bytes to note. */
  readonly wanted: Uint8Array;
  /** Where they stand. */
  readonly places: Int32Array;
  /** How many places there are. */
  count: number;
}

/** Looks views up in a lexicon and collects what has to be masked. */
export class Scanner {
  /** What was found, in source positions, in no order. */
  readonly spans: Span[] = [];
  readonly #lexicon: Lexicon;
  #view: View = { data: new Uint8Array(0), from: 0, to: 0, starts: null, ends: null };
  #plainDone = 0;
  #denseDone = 0;

  /** A scanner for the values of `lexicon`. */
  constructor(lexicon: Lexicon) {
    this.#lexicon = lexicon;
  }

  /** Looks at all of `view`; notes the places of bytes that `notes` wants. */
  scan(view: View, notes: Notes): void {
    this.#view = view;
    this.#plainDone = this.#denseDone = view.from;
    const { data, from, to } = view;
    const { bits: plainBits, shift: plainShift } = this.#lexicon.plainSieve;
    const { bits: denseBits, shift: denseShift } = this.#lexicon.denseSieve;
    const { wanted, places } = notes;
    let [w0, w1, older, later, count] = [0, 0, 0, 0, notes.count];
    for (let i = from; i < to; i++) {
      const byte = data[i] as number;
      const symbol = DENSE[byte] as number;
      if (symbol === 0 && wanted[byte] !== 0) places[count++] = i;
      const char = PLAIN[byte] as number;
      if (char === 0) continue;
      w0 = (w0 << 8) | (w1 >>> 24);
      w1 = (w1 << 8) | char;
      let bit = plainHash(w1) >>> plainShift;
      if ((((plainBits[bit >>> 5] as number) >>> (bit & 31)) & 1) !== 0) this.#plainHit(i, w0, w1);
      if (symbol === 0) continue;
      older = ((older << 6) | (later >>> 24)) & 0x3ffff;
      later = ((later << 6) | symbol) & 0x3fffffff;
      bit = denseHash(older, later) >>> denseShift;
      if ((((denseBits[bit >>> 5] as number) >>> (bit & 31)) & 1) !== 0) this.#denseHit(i, older, later);
    }
    notes.count = count;
  }

  #plainHit(at: number, w0: number, w1: number): void {
    const patterns = this.#lexicon.plainEnds.get(0, w1);
    if (patterns !== 0) this.#tryPatterns(this.#lexicon.patterns[patterns - 1] as Pattern[], at, PLAIN);
    if (at < this.#plainDone) return;
    let entry = this.#lexicon.plainGrams.get(w0, w1);
    if (entry === 0) return;
    const start = this.#back(at, PLAIN_GRAM - 1, PLAIN);
    if (start < 0) return;
    const { data, to } = this.#view;
    let kinds = entry & GRAM.kinds;
    let proof = GRAM.total(entry);
    let gappy = entry & GRAM.gappy;
    let end = at;
    for (let i = at + 1; i < to && i - end <= MAX_GAP; i++) {
      const char = PLAIN[data[i] as number] as number;
      if (char === 0) continue;
      w0 = (w0 << 8) | (w1 >>> 24);
      w1 = (w1 << 8) | char;
      entry = this.#lexicon.plainGrams.get(w0, w1);
      if ((entry & kinds) === 0) break;
      kinds &= entry;
      gappy |= entry & GRAM.gappy;
      proof += GRAM.last(entry);
      end = i;
    }
    this.#plainDone = end + 1;
    if (acceptsPlainRun(this.#view, start, end + 1, { kinds, proof, gappy: gappy !== 0 })) this.#mask(start, end);
  }

  #denseHit(at: number, older: number, later: number): void {
    const patterns = this.#lexicon.denseEnds.get(older, later);
    if (patterns !== 0) this.#tryPatterns(this.#lexicon.patterns[patterns - 1] as Pattern[], at, DENSE);
    if (at < this.#denseDone) return;
    let entry = this.#lexicon.denseGrams.get(older, later);
    if (entry === 0) return;
    const start = this.#back(at, DENSE_GRAM - 1, DENSE);
    if (start < 0) return;
    const { data, to } = this.#view;
    let kinds = entry & GRAM.kinds;
    let proof = GRAM.total(entry);
    let end = at;
    for (let i = at + 1; i < to && i - end <= MAX_GAP; i++) {
      const symbol = DENSE[data[i] as number] as number;
      if (symbol === 0) continue;
      older = ((older << 6) | (later >>> 24)) & 0x3ffff;
      later = ((later << 6) | symbol) & 0x3fffffff;
      entry = this.#lexicon.denseGrams.get(older, later);
      if ((entry & kinds) === 0) break;
      kinds &= entry;
      proof += GRAM.last(entry);
      end = i;
    }
    this.#denseDone = end + 1;
    if (acceptsDenseRun(this.#view, start, end + 1, { kinds, proof, gappy: false })) this.#mask(start, end);
  }

  #tryPatterns(patterns: Pattern[], last: number, table: Uint8Array): void {
    for (const pattern of patterns) {
      const start = this.#matchBack(pattern.symbols, last, table);
      if (start < 0) continue;
      const gaps = measure(this.#view, start, last + 1, table);
      if (acceptsPattern(this.#view, start, pattern, gaps)) this.#mask(start, last);
    }
  }

  /** Where the pattern starts that ends at `last`, -1 when the symbols before `last` are not the pattern's. */
  #matchBack(symbols: Uint8Array, last: number, table: Uint8Array): number {
    const { data, from } = this.#view;
    let at = last + 1;
    for (let i = symbols.length - 1; i >= 0; i--) {
      const limit = Math.max(from, at - MAX_GAP);
      do at--; while (at >= limit && table[data[at] as number] === 0);
      if (at < limit) return -1;
      const byte = data[at] as number;
      if (table[byte] !== symbols[i]) return -1;
    }
    return at;
  }

  /** Where the `count`th symbol before the one at `at` stands, -1 when a gap is too wide. */
  #back(at: number, count: number, table: Uint8Array): number {
    const { data, from } = this.#view;
    for (let left = count; left > 0; left--) {
      const limit = Math.max(from, at - MAX_GAP);
      do at--; while (at >= limit && table[data[at] as number] === 0);
      if (at < limit) return -1;
    }
    return at;
  }

  #mask(first: number, last: number): void {
    const { starts, ends } = this.#view;
    const start = starts === null ? first : starts[first] as number;
    const end = ends === null ? last + 1 : ends[last] as number;
    this.spans.push({ start, end });
  }
}
