/**
 * Finds values that must not be seen in whatever leaves, in every form it knows, and masks them.
 *
 * One engine serves all ways out: a whole text, a window of it, a stream. What it masks depends on the bytes and on the
 * loaded values alone, not on how the bytes were cut.
 */
import { ToolError } from "../errors.ts";
import { companionsOf, ordinaryLines, takeMarks } from "./redaction/companions.ts";
import { dealt } from "./redaction/layouts/dealt_texts.ts";
import { cutAtEnd, cutAtStart } from "./redaction/edges.ts";
import { BLOCK, CONTEXT, Engine } from "./redaction/engine.ts";
import { expectedGrams, Lexicon } from "./redaction/lexicon/lexicon.ts";
import { MASK, maskBytes, mergeSpans, type Span } from "./redaction/spans.ts";
import { encodeText, toCharacters, unitIndexes } from "./redaction/text.ts";

export type { Span } from "./redaction/spans.ts";

/** Characters in the shortest value that is masked. */
const SHORTEST = 4;

/** Milliseconds in a row for which values are taken in when others are to run meanwhile. */
const TURN_MS = 8;

/**
 * Grams, see {@linkcode expectedGrams}, that all values may have: the thousand variables of an env file, each of a length that
 * is dearest, and some more. They take about 110 bytes each.
 */
const MOST_GRAMS = 26_000_000;

/** What stands between the texts of an answer when they are looked at together. */
const BETWEEN = "\n";

/** Bytes up to which the texts of an answer are looked at in more than one order. */
const SHORT_ANSWER = 4096;

/** What is known of the text around the bytes that are looked at. */
export interface RedactOptions {
  /**
   * The text may go on after its end: four or more characters there that could be the beginning of a value are masked.
   * @default false
   */
  openEnd?: boolean;
  /**
   * There was text before the start: four or more characters there that could be the end of a value are masked.
   * @default false
   */
  openStart?: boolean;
}

/** The values that must not be seen, and the masking of them. */
export class Redactor {
  /** Made when the first value comes: whoever loads none starts the sooner. */
  #madeEngine: Engine | undefined;
  readonly #lifted: Set<string> = new Set();
  readonly #values: Set<string> = new Set();
  #grams = 0;
  #lexicon: Lexicon = new Lexicon();
  /** Lines of the values that count only near to what was found of one. */
  readonly #ordinary: Set<string> = new Set();
  #ordinaryLexicon: Lexicon = new Lexicon();
  /** Values that are being taken in, in the order in which that has to be done. */
  #work: Generator<void>[] = [];

  get #engine(): Engine {
    return this.#madeEngine ??= new Engine();
  }

  /** How many values are masked. */
  get size(): number {
    return this.#values.size;
  }

  /** Whether there is anything to mask; when there is not, every method gives back what it was given. */
  get active(): boolean {
    return this.#values.size > 0;
  }

  /**
   * Masks `values` from now on. Values of fewer than four characters are left out, as are values that were lifted.
   * Nothing takes a value away again but {@linkcode Redactor.lift}.
   *
   * @throws {ToolError} `limit_reached` when there is no room for them; none of them is masked then
   */
  add(values: Iterable<string>): void {
    this.#take(values);
    while (this.#work.length > 0) this.#turn(Infinity);
  }

  /**
   * Masks `values` as {@linkcode Redactor.add} does, in turns of a few milliseconds between which others run; they are
   * masked once the promise is fulfilled.
   */
  async addInTurns(values: Iterable<string>): Promise<void> {
    const work = this.#take(values);
    while (this.#work.includes(work)) {
      this.#turn(TURN_MS);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  /** Stops masking `values`, because a human allowed it; all others stay masked. */
  lift(values: Iterable<string>): void {
    for (const value of values) {
      if (this.#values.delete(value)) this.#lifted.add(value);
    }
    this.#grams = gramsOf(this.#values);
    this.#lexicon = new Lexicon();
    this.#ordinaryLexicon = new Lexicon();
    this.#ordinary.clear();
    this.#work = [this.#learn([...this.#values])];
    this.#turn(Infinity);
  }

  /** Whether `value` was lifted: it is not masked any more. */
  isLifted(value: string): boolean {
    return this.#lifted.has(value);
  }

  /** Puts what is new of `values` at the end of the work that is to be done. */
  #take(values: Iterable<string>): Generator<void> {
    const fresh = new Set<string>();
    for (const value of values) {
      if ([...value].length >= SHORTEST && !this.#values.has(value) && !this.#lifted.has(value)) fresh.add(value);
    }
    const grams = this.#grams + gramsOf(fresh);
    if (grams > MOST_GRAMS) {
      throw new ToolError(
        "limit_reached",
        "there is room to mask some 430,000 characters of secrets, longer values counted less, and these are more",
        {
          hint: "nothing was loaded; mark what is no secret with `# mcp: public` on the line before, or leave it out",
        },
      );
    }
    this.#grams = grams;
    for (const value of fresh) this.#values.add(value);
    const work = this.#learn([...fresh]);
    this.#work.push(work);
    return work;
  }

  /** Takes in values, and their lines that count only near to what was found of one. */
  *#learn(values: readonly string[]): Generator<void> {
    yield* this.#lexicon.add(values);
    const lines = new Set(values.flatMap(ordinaryLines)).difference(this.#ordinary);
    if (lines.size === 0) return;
    yield* this.#ordinaryLexicon.add([...lines], true);
    for (const line of lines) this.#ordinary.add(line);
  }

  /** Does the first work for up to `ms` milliseconds. */
  #turn(ms: number): void {
    const until = performance.now() + ms;
    const [work] = this.#work;
    while (work !== undefined && !work.next().done) {
      if (performance.now() > until) return;
    }
    this.#work.shift();
  }

  /** The byte ranges of `bytes` that have to be masked, merged and in order. */
  find(bytes: Uint8Array, options: RedactOptions = {}): Span[] {
    if (!this.active) return [];
    const spans: Span[] = [];
    for (let core = 0; core < bytes.length; core += BLOCK) {
      const from = Math.max(0, core - CONTEXT);
      const to = Math.min(bytes.length, core + BLOCK);
      for (const span of this.look(bytes.subarray(from, to), from > 0)) {
        span.start += from;
        span.end += from;
        spans.push(span);
      }
    }
    if (options.openEnd) spans.push(...cutAtEnd(bytes, this.#lexicon));
    if (options.openStart) spans.push(...cutAtStart(bytes, this.#lexicon));
    return mergeSpans(spans);
  }

  /**
   * What has to be masked in one window of at most {@linkcode BLOCK} bytes and its context, in no order; it
   * `isContinued` when there is text before it. For
   * {@linkcode RedactionStream}; others use {@linkcode Redactor.find}.
   */
  look(window: Uint8Array, isContinued: boolean): Span[] {
    if (!this.active) return [];
    let spans = this.#engine.look(window, this.#lexicon, isContinued);
    if (spans.length > 0 && this.#ordinary.size > 0) {
      spans = companionsOf(spans, this.#engine.look(window, this.#ordinaryLexicon, isContinued));
      for (const span of spans) takeMarks(window, span);
    }
    for (const span of spans) toCharacters(window, span);
    return spans;
  }

  /**
   * The ranges of a text, in UTF-16 units, that have to be masked, merged and in order: what has to be in any of its
   * `readings`, which have the same length and of which the first may be the text itself.
   */
  findInText(readings: Iterable<string>, options: RedactOptions = {}): Span[] {
    const spans: Span[] = [];
    for (const text of readings) {
      const bytes = encodeText(text);
      const indexes = unitIndexes(bytes, this.find(bytes, options).flatMap(({ start, end }) => [start, end]));
      for (let i = 0; i < indexes.length; i += 2) {
        spans.push({ start: indexes[i] as number, end: indexes[i + 1] as number });
      }
    }
    return mergeSpans(spans);
  }

  /** `bytes` with every occurrence replaced by `***`; the same array when there is none. */
  redactBytes(bytes: Uint8Array, options?: RedactOptions): Uint8Array {
    return this.active ? maskBytes(bytes, this.find(bytes, options)) : bytes;
  }

  /** `text` with every occurrence replaced by `***`; the same string when there is none. */
  redact(text: string, options?: RedactOptions): string {
    if (!this.active) return text;
    const bytes = encodeText(text);
    const spans = this.find(bytes, options);
    return spans.length > 0 ? maskText(text, bytes, spans) : text;
  }

  /**
   * The texts of one answer, each with every occurrence replaced by `***`, also one that begins in a text and goes on in
   * the next: the reader has all of them, and what was shown `before`.
   */
  redactTogether(texts: readonly string[], before = ""): string[] {
    if (!this.active) return [...texts];
    const parts = texts.map((text) => encodeText(text + BETWEEN));
    const known = before === "" ? [] : [encodeText(before + BETWEEN)];
    const size = lengthOf(parts);
    const isShort = size <= SHORT_ANSWER && texts.length > 1;
    // Which of them is read first is up to the reader, so the first one follows the last as well.
    const spans = this.find(concat([...known, ...parts, ...(isShort ? parts.slice(0, 1) : [])]));
    const first = lengthOf(known);
    let start = first;
    const found = parts.map((part, i) => {
      const end = part.length - BETWEEN.length;
      const inside = within(spans, start, start + end);
      if (i === 0 && isShort) inside.push(...within(spans, first + size, first + size + end));
      start += part.length;
      return inside;
    });
    if (isShort) this.#findInTurns(parts, found);
    return texts.map((text, i) => {
      const inside = found[i] as Span[];
      return inside.length > 0 ? maskText(text, parts[i] as Uint8Array, mergeSpans(inside)) : text;
    });
  }

  /** Adds to what was `found` in each of some texts what two of them show when they are read in turns. */
  #findInTurns(texts: readonly Uint8Array[], found: readonly Span[][]): void {
    for (const { bytes, sources } of dealt(texts)) {
      for (const span of this.find(bytes)) {
        for (const { text, ...part } of sources(span)) {
          toCharacters(texts[text] as Uint8Array, part);
          (found[text] as Span[]).push(part);
        }
      }
    }
  }

  /**
   * What `[start, end)` of `bytes` shows once the whole has been masked; an occurrence that lies across a border of the
   * window is `***` in it.
   */
  redactWindow(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const window = bytes.subarray(start, end);
    if (!this.active) return window;
    return maskBytes(window, within(this.find(bytes), start, end));
  }

  /** A redactor for bytes that arrive piece by piece. */
  stream(): RedactionStream {
    return new RedactionStream(this);
  }
}

/**
 * Masks a stream. What it lets go, put together, is what {@linkcode Redactor.redactBytes} makes of the whole, however
 * the bytes were cut; values that are added while it runs are masked from then on. It never holds more than a block
 * and its context.
 */
export class RedactionStream {
  readonly #redactor: Redactor;
  #held: Uint8Array = new Uint8Array(0);
  #heldLength = 0;
  /** Where in the stream the first held byte stands. */
  #base = 0;
  /** Where in the stream the next block begins. */
  #core = 0;
  /** Where in the stream the windows began: bytes before that passed while nothing was loaded. */
  #spans: Span[] = [];
  /** Up to where the stream is masked by a mask that has been let go already. */
  #maskedTo = -1;

  /** A stream that `redactor` decides for. */
  constructor(redactor: Redactor) {
    this.#redactor = redactor;
  }

  /** Takes `chunk` and gives what can be let go by now. */
  push(chunk: Uint8Array): Uint8Array {
    if (!this.#redactor.active && this.#heldLength === 0 && this.#core === this.#base) return chunk;
    const out: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; at += BLOCK) {
      this.#hold(chunk.subarray(at, at + BLOCK));
      while (this.#base + this.#heldLength >= this.#core + BLOCK) {
        this.#look(this.#core + BLOCK);
        out.push(this.#release(this.#core - CONTEXT));
      }
    }
    return concat(out);
  }

  /** Gives the rest; the stream starts afresh after it. */
  end(): Uint8Array {
    const total = this.#base + this.#heldLength;
    while (this.#core < total) this.#look(Math.min(total, this.#core + BLOCK));
    const out = this.#release(total);
    this.#held = new Uint8Array(0);
    this.#base = this.#core = 0;
    this.#maskedTo = -1;
    return out;
  }

  #hold(chunk: Uint8Array): void {
    const needed = this.#heldLength + chunk.length;
    if (needed > this.#held.length) {
      const larger = new Uint8Array(Math.max(needed, Math.min(2 * this.#held.length, 3 * BLOCK)));
      larger.set(this.#held.subarray(0, this.#heldLength));
      this.#held = larger;
    }
    this.#held.set(chunk, this.#heldLength);
    this.#heldLength = needed;
  }

  /** Looks at the window of the next block, which ends at `to`. */
  #look(to: number): void {
    const from = Math.max(this.#base, this.#core - CONTEXT);
    for (const span of this.#redactor.look(this.#held.subarray(from - this.#base, to - this.#base), from > 0)) {
      this.#spans.push({ start: span.start + from, end: span.end + from });
    }
    this.#core += BLOCK;
  }

  /** Gives all before `to`, which no further window can change any more. */
  #release(to: number): Uint8Array {
    if (to <= this.#base) return new Uint8Array(0);
    const base = this.#base;
    const ready: Span[] = [];
    const later: Span[] = [];
    let skip = Math.max(base, Math.min(to, this.#maskedTo));
    for (const span of mergeSpans(this.#spans)) {
      if (span.start >= to) {
        later.push(span);
        continue;
      }
      if (span.end > to) later.push({ start: to, end: span.end });
      if (span.start <= this.#maskedTo) skip = Math.max(skip, Math.min(to, span.end));
      else ready.push({ start: span.start - base, end: Math.min(to, span.end) - base });
      this.#maskedTo = Math.max(this.#maskedTo, Math.min(span.end, to));
    }
    this.#spans = later;
    return this.#drop(to, skip - base, ready);
  }

  #drop(to: number, skip: number, ready: Span[]): Uint8Array {
    const length = to - this.#base;
    const shown = this.#held.subarray(skip, length);
    const out = maskBytes(shown, ready.map(({ start, end }) => ({ start: start - skip, end: end - skip })));
    const copy = out === shown ? out.slice() : out;
    this.#held.copyWithin(0, length, this.#heldLength);
    this.#heldLength -= length;
    this.#base = to;
    return copy;
  }
}

function gramsOf(values: Iterable<string>): number {
  let grams = 0;
  for (const { length } of values) grams += expectedGrams(length);
  return grams;
}

/** What of `spans` lies within `[start, end)`, counted from `start`. */
function within(spans: readonly Span[], start: number, end: number): Span[] {
  return spans
    .filter((span) => span.start < end && span.end > start)
    .map((span) => ({ start: Math.max(span.start, start) - start, end: Math.min(span.end, end) - start }));
}

/** `text`, which is `bytes`, with each span (merged, sorted) replaced by `***`. */
function maskText(text: string, bytes: Uint8Array, spans: readonly Span[]): string {
  const indexes = unitIndexes(bytes, spans.flatMap(({ start, end }) => [start, end]));
  const parts: string[] = [];
  let from = 0;
  for (let i = 0; i < indexes.length; i += 2) {
    parts.push(text.slice(from, indexes[i]), MASK);
    from = indexes[i + 1] as number;
  }
  parts.push(text.slice(from));
  return parts.join("");
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function concat(parts: Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array;
  const out = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
