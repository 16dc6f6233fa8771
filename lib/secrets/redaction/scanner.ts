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
import { GRAM, memoryOf, sharedBefore, sharedFrom, wordAt, wordIn } from "./grams.ts";
import type { Lexicon, Pattern } from "./lexicon.ts";
import type { ShortPatterns } from "./short_patterns.ts";
import type { Span } from "./spans.ts";
import type { Symbols } from "./strides.ts";
import { DENSE, PLAIN } from "./symbols.ts";
import { type TextKernel, WHOLE_FOUND, WIDE_FOUND } from "./text_kernel.ts";
import { type View, viewOf } from "./view.ts";

/** A text as the symbols of one view. */
interface Channel {
  readonly table: Uint8Array;
  readonly symbols: Uint8Array;
  readonly words: Int32Array;
  readonly memory: DataView;
  readonly isDense: boolean;
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

/** Looks texts up in a lexicon and collects what has to be masked. */
export class Scanner {
  /** What was found, in source positions, in no order. */
  spans: Span[] = [];
  readonly #kernel: TextKernel;
  readonly #plain: Channel;
  readonly #dense: Channel;
  #scattered = false;
  /** Up to where runs have been followed. */
  #done = 0;
  /** Where the last run began. */
  #start = 0;
  /** From where on the last run has been in its last form, and where in the pool that is in relation to the text. */
  #straightFrom = 0;
  #shift = 0;
  /** Where in the pool stands what was met. */
  readonly #found: Int32Array;
  #view: View = viewOf(new Uint8Array(0));

  /** A scanner for texts whose symbols `kernel` writes. */
  constructor(kernel: TextKernel) {
    this.#kernel = kernel;
    this.#found = new Int32Array(kernel.found.length);
    this.#plain = channel(PLAIN, kernel.plain, kernel.plainPlaces);
    this.#dense = channel(DENSE, kernel.dense, kernel.densePlaces);
  }

  /**
   * Looks at all of `view`. When `scattered` is set, bytes that are neighbours in the view need not be in the source, and
   * what stands between them there is not masked.
   */
  scan(view: View, lexicon: Lexicon, scattered = false): void {
    this.#view = view;
    this.#scattered = scattered;
    this.#fill(view);
    if (lexicon.short.size > 0) this.#findShort(lexicon.short);
    this.#probe(this.#plain, lexicon.plain, acceptsPlain);
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
    if (!channel.located) this.#kernel.locate(channel.isDense);
    channel.located = true;
    return channel.places;
  }

  #probe(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts): void {
    const places = this.#kernel.found;
    const count = this.#kernel.probe(channel.isDense, index.sieves);
    const found = this.#found;
    index.findAll(channel.memory, places, count, found);
    this.#done = this.#straightFrom = 0;
    for (let i = 0; i < count; i++) {
      const place = places[i] as number;
      const at = place & 0xffff;
      if ((place & WHOLE_FOUND) !== 0) this.#meetWholes(channel, index, at);
      if ((place & WIDE_FOUND) !== 0) this.#tryRun(channel, index, accepts, at, index.findWide(channel.memory, at));
      else if (!this.#isKnown(index.facts, at)) this.#tryRun(channel, index, accepts, at, found[i] as number);
    }
  }

  /** Whether the last run has shown what stands at `start`, so that it needs no look. */
  #isKnown(facts: Uint16Array, start: number): boolean {
    return start + GRAM <= this.#done && start >= this.#straightFrom && hasGram(facts[start + this.#shift] as number);
  }

  /** Looks up what begins with the eight symbols at `start` and has to be met as a whole. */
  #meetWholes(channel: Channel, index: GramIndex<Pattern>, start: number): void {
    const { memory, length } = channel;
    if (start + GRAM > length) return;
    const wholes = index.wholes(wordIn(memory, start), wordIn(memory, start + 4));
    for (let i = 0; i < wholes.length; i++) this.#tryWhole(channel, wholes[i] as Pattern, start);
  }

  /** Follows what was met at `start`, unless the run before it says as much. */
  #tryRun(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts, start: number, found: number): void {
    if (found < 0 || start + GRAM > channel.length) return;
    if (start + GRAM <= this.#done && !this.#reachesOut(channel.memory, start, index.memory, found)) return;
    this.#follow(channel, index, accepts, start, found);
  }

  /** Whether a form goes further than the run within which it was met; near one of the run's ends, or it has been met there. */
  #reachesOut(symbols: DataView, start: number, pool: DataView, found: number): boolean {
    const before = start - this.#start;
    const done = this.#done;
    // Most end where the run ends, which a look at either end of it tells.
    const mayBegin = found > before && before < start &&
      pool.getUint8(found - before - 1) === symbols.getUint8(this.#start - 1);
    const end = found + done - start;
    const mayEnd = end < pool.byteLength && pool.getUint8(end) === symbols.getUint8(done);
    if (!mayBegin && !mayEnd) return false;
    if (mayBegin && before <= NEAR && sharedBefore(pool, found, symbols, start) > before) return true;
    const after = this.#done - start + 1 - GRAM;
    return after <= NEAR - GRAM + 1 && sharedFrom(pool, found + GRAM, symbols, start + GRAM, after) === after;
  }

  /** Follows the run that begins at `start` with the gram at `found` in the pool. */
  #follow(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts, start: number, found: number): void {
    const { memory, symbols, length } = channel;
    const { memory: pool, facts } = index;
    const ahead = sharedFrom(pool, found + GRAM, memory, start + GRAM, length - start - GRAM);
    const behind = sharedBefore(pool, found, memory, start);
    let at = found + GRAM + ahead;
    let end = start + GRAM + ahead;
    found -= behind;
    start -= behind;
    let proof = 0;
    for (let i = found; i < at; i++) proof += symbolWeight(facts[i] as number);
    let seen = 1 << symbolKind(facts[found] as number);
    let straightFrom = start;
    while (end < length) {
      if (pool.getUint8(at) !== symbols[end]) {
        const first = wordIn(memory, end - 7);
        const second = wordIn(memory, end - 3);
        const other = index.mayHold(first, second) ? index.find(first, second) + GRAM - 1 : -1;
        if (other < GRAM - 1) break;
        straightFrom = end;
        seen |= 1 << symbolKind(facts[other] as number);
        const before = sharedBefore(pool, other, memory, end);
        if (end - before < start) {
          // All of the run belongs to the other form, and more before it.
          start = end - before;
          proof = 0;
          for (let i = other - before; i < other; i++) proof += symbolWeight(facts[i] as number);
        }
        at = other;
      }
      // What repeats in the text proves no more than what it repeats.
      if (!isPeriodic(symbols, start, end)) proof += symbolWeight(facts[at] as number);
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
    const { found } = this.#kernel;
    const count = this.#kernel.probeThrees(short);
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

function channel(table: Uint8Array, symbols: Uint8Array, places: Uint16Array): Channel {
  const words = new Int32Array(symbols.buffer, symbols.byteOffset, symbols.length >> 2);
  return {
    table,
    symbols,
    words,
    memory: memoryOf(symbols),
    isDense: table === DENSE,
    places,
    located: false,
    length: 0,
  };
}
