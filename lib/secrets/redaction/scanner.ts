/**
 * The loops that look at every byte, and what is done when a gram is met.
 *
 * The first loop, which is WebAssembly, writes both views of the text. The next ones ask at every fourth symbol whether five symbols may belong to a form: eight symbols
 * in a row cannot get past that. What is met starts a *run*, which is followed along the form and into others for as
 * long as the text agrees; what the run proves decides whether it is masked.
 */
import { acceptsDense, acceptsPattern, acceptsPlain, LEAST_PROOF, leastProof, type Run } from "./evidence.ts";
import { KIND } from "./forms.ts";
import { type GramIndex, hasGram, symbolKind, symbolWeight, WIDE_FROM } from "./gram_index.ts";
import { GRAM, wordAt, wordOf } from "./grams.ts";
import type { Lexicon, Pattern } from "./lexicon.ts";
import { Prober, WHOLE, WIDE } from "./prober.ts";
import type { ShortPatterns } from "./short_patterns.ts";
import type { Span } from "./spans.ts";
import type { Symbols } from "./strides.ts";
import { DENSE, PLAIN } from "./symbols.ts";
import type { TextKernel } from "./text_kernel.ts";
import { type View, viewOf } from "./view.ts";

/** A text as the symbols of one view. */
interface Channel {
  readonly table: Uint8Array;
  readonly symbols: Uint8Array;
  readonly words: Int32Array;
  /** Where each symbol stands in the bytes, once someone has asked. */
  readonly places: Uint16Array;
  located: boolean;
  length: number;
}

/** Kinds in which the first and the last character may hold bits of the value and of what stands beside it. */
const PACKED_KINDS = (1 << KIND.base64) | (1 << KIND.base64Nested) | (1 << KIND.base32);

/** Grams near the end of a run of which one is known when the run goes on in another form. */
const WIDEST_GAP = WIDE_FROM - GRAM;

/** Symbols from either end of a run within which a form that goes further is come upon. */
const NEAR = 2 * WIDEST_GAP;

/** Elements beyond what a text of the greatest length may need. */
const PADDING = 16;

/** Looks texts up in a lexicon and collects what has to be masked. */
export class Scanner {
  /** What was found, in source positions, in no order. */
  spans: Span[] = [];
  readonly #kernel: TextKernel;
  readonly #plain: Channel;
  readonly #dense: Channel;
  readonly #prober: Prober = Prober.shared();
  /** Where in the pool stands what was met. */
  readonly #found: Int32Array;
  #scattered = false;
  /** Up to where runs have been followed. */
  #done = 0;
  /** Where the last run began. */
  #start = 0;
  /** From where on the last run has been in its last form, and where in the pool that is in relation to the text. */
  #straightFrom = 0;
  #shift = 0;
  #view: View = viewOf(new Uint8Array(0));

  /** A scanner for texts of up to `capacity` bytes, whose symbols `kernel` writes. */
  constructor(capacity: number, kernel: TextKernel) {
    this.#kernel = kernel;
    this.#found = new Int32Array(5 * (capacity >> 2) + PADDING);
    this.#plain = channel(PLAIN, kernel.plain, capacity);
    this.#dense = channel(DENSE, kernel.dense, capacity);
  }

  /**
   * Looks at all of `view`. When `scattered` is set, bytes that are neighbours in the view need not be in the source, and
   * what stands between them there is not masked.
   */
  scan(view: View, lexicon: Lexicon, scattered = false): void {
    this.#view = view;
    this.#scattered = scattered;
    this.#fill(view);
    this.#prober.read(this.#plain.symbols, this.#plain.length);
    if (lexicon.short.size > 0) this.#findShort(lexicon.short);
    this.#probe(this.#plain, lexicon.plain, acceptsPlain);
    this.#prober.read(this.#dense.symbols, this.#dense.length);
    this.#probe(this.#dense, lexicon.dense, acceptsDense);
  }

  /** The plain view of what was looked at last. */
  get plain(): Symbols {
    const { symbols, words, length } = this.#plain;
    return { symbols, words, length, places: () => this.#locate(this.#plain) };
  }

  #fill(view: View): void {
    const kernel = this.#kernel;
    kernel.read(view);
    this.#plain.length = kernel.plainLength;
    this.#dense.length = kernel.denseLength;
    this.#plain.located = this.#dense.located = false;
  }

  /** Where the symbols of a channel stand; found out when the first of them may have to be masked, which is seldom. */
  #locate(channel: Channel): Uint16Array {
    const { places, table } = channel;
    if (channel.located) return places;
    const { data, length, breaks } = this.#view;
    for (let i = 0, at = 0, part = 0; part <= breaks.count; part++) {
      const to = part < breaks.count ? breaks.at[part] as number : length;
      for (; i < to; i++) {
        places[at] = i;
        at += ((table[data[i] as number] as number) + 255) >> 8;
      }
      if (part === breaks.count) break;
      do places[at++] = to; while ((at & 3) !== 0);
    }
    channel.located = true;
    return places;
  }

  #probe(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts): void {
    const count = this.#prober.findGrams(index.sieves);
    const places = this.#prober.found;
    const found = this.#found;
    index.findAll(channel.words, places, count, found);
    this.#done = this.#straightFrom = 0;
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      const at = place >> 2;
      if ((place & WHOLE) !== 0) this.#meetWholes(channel, index, at);
      if ((place & WIDE) !== 0) this.#tryRun(channel, index, accepts, at, index.findWide(channel.symbols, at));
      else if (!this.#isKnown(index.facts, at)) this.#tryRun(channel, index, accepts, at, found[i] as number);
    }
  }

  /** Whether the last run has shown what stands at `start`, so that it needs no look. */
  #isKnown(facts: Uint16Array, start: number): boolean {
    return start + GRAM <= this.#done && start >= this.#straightFrom && hasGram(facts[start + this.#shift] as number);
  }

  /** Looks up what begins with the eight symbols at `start` and has to be met as a whole. */
  #meetWholes(channel: Channel, index: GramIndex<Pattern>, start: number): void {
    const { words, length } = channel;
    if (start + GRAM > length) return;
    const wholes = index.wholes(wordOf(words, start), wordOf(words, start + 4));
    for (let i = 0; i < wholes.length; i++) this.#tryWhole(channel, wholes[i] as Pattern, start);
  }

  /** Follows what was met at `start`, unless the run before it says as much. */
  #tryRun(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts, start: number, found: number): void {
    if (found < 0 || start + GRAM > channel.length) return;
    if (start + GRAM <= this.#done && !this.#reachesOut(channel.symbols, start, index.pool, found)) return;
    this.#follow(channel, index, accepts, start, found);
  }

  /** Whether a form goes further than the run within which it was met; near one of the run's ends, or it has been met there. */
  #reachesOut(symbols: Uint8Array, start: number, pool: Uint8Array, found: number): boolean {
    const before = start - this.#start;
    // Most end where the run ends, which one look at either end of it tells.
    const mayBegin = pool[found - before - 1] === symbols[this.#start - 1];
    if (mayBegin && before <= NEAR && sharedBefore(pool, found, symbols, start) > before) return true;
    const after = this.#done - start;
    if (after > NEAR || pool[found + after] !== symbols[this.#done]) return false;
    let count = GRAM;
    while (count <= after && pool[found + count] === symbols[start + count]) count++;
    return count > after;
  }

  /** Follows the run that begins at `start` with the gram at `found` in the pool. */
  #follow(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts, start: number, found: number): void {
    const { symbols, length } = channel;
    const { pool, facts } = index;
    let at = found + GRAM;
    let end = start + GRAM;
    while (start > 0 && pool[found - 1] === symbols[start - 1]) {
      found--;
      start--;
    }
    let proof = 0;
    for (let i = found; i < at; i++) proof += symbolWeight(facts[i] as number);
    let seen = 1 << symbolKind(facts[found] as number);
    let jumped = false;
    let straightFrom = start;
    while (end < length) {
      if (pool[at] !== symbols[end]) {
        const first = wordAt(symbols, end - 7);
        const second = wordAt(symbols, end - 3);
        const other = index.mayHold(first, second) ? index.find(first, second) + GRAM - 1 : -1;
        if (other < GRAM - 1) break;
        jumped = true;
        straightFrom = end;
        seen |= 1 << symbolKind(facts[other] as number);
        const before = sharedBefore(pool, other, symbols, end);
        if (end - before < start) {
          // All of the run belongs to the other form, and more before it.
          start = end - before;
          proof = 0;
          for (let i = other - before; i < other; i++) proof += symbolWeight(facts[i] as number);
        }
        at = other;
      }
      // What repeats in the text proves no more than what it repeats.
      if (!jumped || !isPeriodic(symbols, start, end)) proof += symbolWeight(facts[at] as number);
      at++;
      end++;
    }
    const isMasked = proof >= leastProof(seen) &&
      this.#judge(channel, accepts, { start, end }, { kinds: seen, proof });
    if (!isMasked && proof >= LEAST_PROOF && channel === this.#plain) this.#judgeParts(index, { start, end });
    this.#done = Math.max(this.#done, end);
    this.#start = start;
    this.#straightFrom = straightFrom;
    this.#shift = at - end;
  }

  #judge(channel: Channel, accepts: Accepts, { start, end }: Span, run: Run): boolean {
    if (run.proof < leastProof(run.kinds)) return false;
    const places = this.#locate(channel);
    const first = places[start] as number;
    const last = places[end - 1] as number;
    if (!accepts(this.#view, first, last + 1, run)) return false;
    this.#maskRun(first, last, run.kinds);
    return true;
  }

  /** What stands beyond a gap may agree by chance, and must not weaken the proof: parts without a gap by themselves. */
  #judgeParts(index: GramIndex<Pattern>, { start, end }: Span): void {
    const { symbols } = this.#plain;
    const places = this.#locate(this.#plain);
    for (let from = start, to = start + 1; from < end; from = to++) {
      while (to < end && places[to] === (places[to - 1] as number) + 1) to++;
      if (to - from < GRAM || to - from === end - start) continue;
      const found = index.find(wordAt(symbols, from), wordAt(symbols, from + 4));
      if (found < 0) continue;
      let length = 0;
      let proof = 0;
      for (; from + length < to && index.pool[found + length] === symbols[from + length]; length++) {
        proof += symbolWeight(index.facts[found + length] as number);
      }
      const kinds = 1 << symbolKind(index.facts[found] as number);
      this.#judge(this.#plain, acceptsPlain, { start: from, end: from + length }, { kinds, proof });
    }
  }

  #maskRun(first: number, last: number, kinds: number): void {
    const isPacked = (kinds & PACKED_KINDS) !== 0;
    this.#mask(isPacked ? this.#packedEdge(first, -1) : first, isPacked ? this.#packedEdge(last, 1) : last);
  }

  /** The neighbour of a run, when it is one more character of an encoding in which characters share bytes. */
  #packedEdge(at: number, step: 1 | -1): number {
    const { data, length } = this.#view;
    const next = at + step;
    return next >= 0 && next < length && DENSE[data[next] as number] !== 0 ? next : at;
  }

  #tryWhole(channel: Channel, pattern: Pattern, start: number): void {
    const { symbols, table } = channel;
    const { length } = pattern.symbols;
    if (start + length > channel.length) return;
    for (let i = length - 1; i >= 0; i--) {
      if (symbols[start + i] !== pattern.symbols[i]) return;
    }
    const places = this.#locate(channel);
    const first = places[start] as number;
    const last = places[start + length - 1] as number;
    if (!acceptsPattern(this.#view, first, last + 1, pattern, table)) return;
    this.#maskRun(first, last, 1 << pattern.kind);
  }

  /** Looks for patterns of fewer than eight symbols by three of their symbols. */
  #findShort(short: ShortPatterns): void {
    const { symbols } = this.#plain;
    const { step } = short;
    const count = this.#prober.findThrees(short);
    const { found } = this.#prober;
    for (let i = 0; i < count; i++) {
      const at = found[i] as number;
      for (let start = Math.max(0, at + 1 - step); start <= at; start++) {
        for (const pattern of short.startingWith(wordAt(symbols, start))) this.#tryWhole(this.#plain, pattern, start);
      }
    }
  }

  #mask(first: number, last: number): void {
    const { starts, ends } = this.#view;
    if (starts === null || ends === null) return this.#add(first, last + 1);
    if (!this.#scattered) return this.#add(starts[first] as number, ends[last] as number);
    for (let i = first; i <= last; i++) this.#add(starts[i] as number, ends[i] as number);
  }

  #add(start: number, end: number): void {
    const before = this.spans[this.spans.length - 1];
    if (before !== undefined && start >= before.start && start <= before.end) before.end = Math.max(before.end, end);
    else this.spans.push({ start, end });
  }
}

/** How many symbols before `at` of the pool are those before `end` of the text. */
function sharedBefore(pool: Uint8Array, at: number, symbols: Uint8Array, end: number): number {
  let count = 0;
  while (count < end && count < at && pool[at - count - 1] === symbols[end - count - 1]) count++;
  return count;
}

/** Whether the symbol at `at` continues a repetition of up to eight symbols that goes on within `[start, at)`. */
function isPeriodic(symbols: Uint8Array, start: number, at: number): boolean {
  for (let period = 1; period <= GRAM && at - period - 3 >= start; period++) {
    let same = 0;
    while (same < 4 && symbols[at - same] === symbols[at - same - period]) same++;
    if (same === 4) return true;
  }
  return false;
}

type Accepts = (view: View, start: number, end: number, run: Run) => boolean;

function channel(table: Uint8Array, symbols: Uint8Array, capacity: number): Channel {
  const words = new Int32Array(symbols.buffer, symbols.byteOffset, symbols.length >> 2);
  return { table, symbols, words, places: new Uint16Array(capacity + PADDING), located: false, length: 0 };
}
