/**
 * The order in which the loops of the kernel look at a text, and what is done about what they meet.
 *
 * The first loop writes both views of the text. The next ones ask at every fourth symbol whether five symbols may belong to
 * a form: eight symbols in a row cannot get past that. What is met starts a *run*, which is followed along the form and into
 * others for as long as the text agrees; what the run proves decides whether it is masked.
 */
import { acceptsDense, acceptsPattern, acceptsPlain, LEAST_PROOF, leastProof, type Run } from "./lexicon/evidence.ts";
import { PACKED_KINDS } from "./lexicon/forms.ts";
import { type GramIndex, symbolKind, symbolWeight } from "./lexicon/gram_index.ts";
import { GRAM, wordAt } from "./lexicon/grams.ts";
import type { Lexicon, Pattern } from "./lexicon/lexicon.ts";
import type { ShortPatterns } from "./lexicon/short_patterns.ts";
import type { Span } from "./spans.ts";
import type { Symbols } from "./layouts/strides.ts";
import { DENSE, PLAIN } from "./symbols.ts";
import { MET, type TextKernel } from "./kernel/text_kernel.ts";
import { type View, viewOf } from "./view.ts";

/** How often someone has to ask where symbols stand until all of them are found out. */
const ALL = 64;

/** A text as the symbols of one view. */
interface Channel {
  readonly table: Uint8Array;
  readonly symbols: Uint8Array;
  readonly isDense: boolean;
  /** Where each symbol stands in the bytes, of those that someone has asked about. */
  readonly places: Uint16Array;
  /** How often someone has asked, up to {@linkcode ALL}. */
  asked: number;
  length: number;
}

/** Looks texts up in a lexicon and collects what has to be masked. */
export class Scanner {
  /** What was found, in source positions, in no order. */
  spans: Span[] = [];
  /** Whether a short pattern stands in what was looked at last, whatever is around it. */
  hasShort = false;
  /** Whether something has to be masked in a view whose bytes are not known to stand anywhere. */
  lacksPlaces = false;
  readonly #kernel: TextKernel;
  readonly #plain: Channel;
  readonly #dense: Channel;
  /** Which of the spans is the first that may hold what is met next. */
  #nextSpan = 0;
  #scattered = false;
  #view: View = viewOf(new Uint8Array(0));

  /** A scanner for texts whose symbols `kernel` writes. */
  constructor(kernel: TextKernel) {
    this.#kernel = kernel;
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
    this.hasShort = false;
    if (lexicon.short.size > 0) this.#findShort(lexicon.short);
    const known = this.spans.length;
    this.#nextSpan = known;
    this.#lookUp(this.#plain, lexicon.plain, acceptsPlain);
    this.#nextSpan = known;
    this.#lookUp(this.#dense, lexicon.dense, acceptsDense);
  }

  /** The plain view of what was looked at last. */
  get plain(): Symbols {
    const { symbols, length } = this.#plain;
    return { symbols, length, places: () => this.#locateAll(this.#plain) };
  }

  #fill(view: View): void {
    const kernel = this.#kernel;
    kernel.read(view);
    this.#plain.length = kernel.plainLength;
    this.#dense.length = kernel.denseLength;
    this.#plain.asked = this.#dense.asked = 0;
  }

  /** Where symbols of a channel stand, which is found out when they may have to be masked: that is seldom, but for some texts. */
  #locate(channel: Channel, { start, end }: Span): Uint16Array {
    const { isDense, places } = channel;
    const asked = channel.asked++;
    if (asked >= ALL) return places;
    if (asked === ALL - 1) this.#kernel.locate(isDense);
    else if (this.#kernel.locate(isDense, start, end, asked === 0)) channel.asked = ALL;
    return places;
  }

  #locateAll(channel: Channel): Uint16Array {
    if (channel.asked < ALL) channel.asked = ALL - 1;
    return this.#locate(channel, { start: 0, end: channel.length });
  }

  #lookUp(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts): void {
    const { met } = this.#kernel;
    this.#kernel.lookUp(channel.isDense, index, (count) => {
      for (let at = 0; at < MET.size * count; at += MET.size) {
        const start = met[at + MET.start] as number;
        const end = met[at + MET.end] as number;
        const kinds = met[at + MET.kinds] as number;
        const proof = met[at + MET.proof] as number;
        if (kinds === 0) this.#judgeWhole(channel, index.wholes[proof] as Pattern, { start, end });
        else this.#judgeRun(channel, index, accepts, { start, end }, { kinds, proof, symbols: end - start });
      }
    });
  }

  #judgeRun(channel: Channel, index: GramIndex<Pattern>, accepts: Accepts, span: Span, run: Run): void {
    if (this.#judge(channel, accepts, span, run)) return;
    if (run.proof >= LEAST_PROOF && channel === this.#plain) this.#judgeParts(index, span);
  }

  #judge(channel: Channel, accepts: Accepts, { start, end }: Span, run: Run): boolean {
    if (run.proof < leastProof(run.kinds)) return false;
    const places = this.#locate(channel, { start, end });
    const first = places[start] as number;
    const last = places[end - 1] as number;
    if (this.#isMasked(first, last, run.kinds)) return true;
    if (!accepts(this.#view, first, last + 1, run)) return false;
    this.#maskRun(first, last, run.kinds);
    return true;
  }

  /** What stands beyond a gap may agree by chance, and must not weaken the proof: parts without a gap by themselves. */
  #judgeParts(index: GramIndex<Pattern>, { start, end }: Span): void {
    const { symbols } = this.#plain;
    const places = this.#locate(this.#plain, { start, end });
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
      this.#judge(this.#plain, acceptsPlain, { start: from, end: from + length }, { kinds, proof, symbols: length });
    }
  }

  /** Whether all of a run is known to be masked: what is met in one view mostly is in the other, too. */
  #isMasked(first: number, last: number, kinds: number): boolean {
    const { starts, ends, isPlaced } = this.#view;
    if (this.#scattered || isPlaced === false || (kinds & PACKED_KINDS) !== 0) return false;
    const { spans } = this;
    const start = starts === null ? first : starts[first] as number;
    const end = ends === null ? last + 1 : ends[last] as number;
    // They are in order, but for some that only are not made use of.
    while (this.#nextSpan < spans.length && (spans[this.#nextSpan] as Span).end < end) this.#nextSpan++;
    const span = spans[this.#nextSpan];
    return span !== undefined && span.start <= start;
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

  #judgeWhole(channel: Channel, pattern: Pattern, { start, end }: Span): void {
    const places = this.#locate(channel, { start, end });
    const first = places[start] as number;
    const last = places[end - 1] as number;
    if (!acceptsPattern(this.#view, first, last + 1, pattern, channel.table)) return;
    this.#maskRun(first, last, 1 << pattern.kind);
  }

  /** Looks for patterns of fewer than eight symbols by three of their symbols. */
  #findShort(short: ShortPatterns): void {
    const { symbols, length } = this.#plain;
    const { step } = short;
    const { found } = this.#kernel;
    const count = this.#kernel.probeThrees(short);
    for (let i = 0; i < count; i++) {
      const at = found[i] as number;
      for (let start = Math.max(0, at + 1 - step); start <= at; start++) {
        for (const pattern of short.startingWith(wordAt(symbols, start))) {
          const end = start + pattern.symbols.length;
          if (end <= length && isAt(symbols, start, pattern.symbols)) {
            this.hasShort = true;
            this.#judgeWhole(this.#plain, pattern, { start, end });
          }
        }
      }
    }
  }

  #mask(first: number, last: number): void {
    const { starts, ends, isPlaced } = this.#view;
    if (isPlaced === false) {
      this.lacksPlaces = true;
      return;
    }
    if (starts === null || ends === null) return this.#add(first, last + 1);
    if (!this.#scattered) return this.#add(starts[first] as number, ends[last] as number);
    for (let i = first; i <= last; i++) {
      const start = starts[i] as number;
      while (i < last && starts[i + 1] === ends[i]) i++;
      this.#add(start, ends[i] as number);
    }
  }

  #add(start: number, end: number): void {
    const before = this.spans[this.spans.length - 1];
    if (before !== undefined && start >= before.start && start <= before.end) before.end = Math.max(before.end, end);
    else this.spans.push({ start, end });
  }
}

/** Whether `pattern` stands at `start`. */
function isAt(symbols: Uint8Array, start: number, pattern: Uint8Array): boolean {
  for (let i = pattern.length - 1; i >= 0; i--) if (symbols[start + i] !== pattern[i]) return false;
  return true;
}

type Accepts = (view: View, start: number, end: number, run: Run) => boolean;

function channel(table: Uint8Array, symbols: Uint8Array, places: Uint16Array): Channel {
  return {
    table,
    symbols,
    isDense: table === DENSE,
    places,
    asked: 0,
    length: 0,
  };
}
