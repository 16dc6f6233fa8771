/**
 * Two texts of one answer that are read in turns: a few characters, a word or a line of one, then of the other, as of a
 * value that was written to stdout and to stderr by turns.
 */
import type { Span } from "../spans.ts";

/** Characters of one text between those of the other; a single one is found in a text by itself, and so are four. */
const SIZES = [2, 3] as const;

/** Texts up to which each two neighbours are dealt: as many as an answer of a command has. */
const MOST_TEXTS = 8;

/** Bytes of the shortest text that is worth it. */
const SHORTEST = 4;

const LINES = /[^\r\n]+/g;
const WORDS = /\S+/g;

/** One byte for each character, whatever the bytes are. */
const LATIN1 = new TextDecoder("latin1");

/** A part of one of the texts. */
export interface Source extends Span {
  /** Which text. */
  readonly text: number;
}

/** Parts of two texts in turns. */
export interface Dealt {
  readonly bytes: Uint8Array;
  /** Where the texts have what stands in `span`. */
  sources(span: Span): Source[];
}

/** Each two neighbours among `texts` in turns, either one first. */
export function* dealt(texts: readonly Uint8Array[]): Generator<Dealt> {
  if (texts.length > MOST_TEXTS) return;
  for (let text = 0; text + 1 < texts.length; text++) {
    const [one, other] = [texts[text] as Uint8Array, texts[text + 1] as Uint8Array];
    if (one.length < SHORTEST || other.length < SHORTEST) continue;
    for (const [ones, others] of turns(LATIN1.decode(one), LATIN1.decode(other))) {
      const [first, second] = [sourcesOf(text, ones), sourcesOf(text + 1, others)];
      yield inTurns(texts, first, second);
      yield inTurns(texts, second, first);
    }
  }
}

/** The parts that two texts may have been written in: lines, or words where there are no lines, or pieces of a word. */
function* turns(one: string, other: string): Generator<[Span[], Span[]]> {
  const isRow = ({ length }: Span[]): boolean => length > 1;
  for (const part of [LINES, WORDS]) {
    const rows: [Span[], Span[]] = [matches(one, part), matches(other, part)];
    if (rows.every(isRow)) return yield rows;
    if (rows.some(isRow) && part === WORDS) return;
  }
  for (const size of SIZES) yield [pieces(one, size), pieces(other, size)];
}

function matches(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)].map(({ 0: part, index }) => ({ start: index, end: index + part.length }));
}

function pieces(text: string, size: number): Span[] {
  return matches(text, WORDS).flatMap(({ start, end }) =>
    Array.from({ length: Math.ceil((end - start) / size) }, (_, i) => {
      return { start: start + i * size, end: Math.min(start + (i + 1) * size, end) };
    })
  );
}

function sourcesOf(text: number, parts: readonly Span[]): Source[] {
  return parts.map((part) => ({ ...part, text }));
}

function inTurns(texts: readonly Uint8Array[], first: readonly Source[], second: readonly Source[]): Dealt {
  const order = Array.from({ length: Math.max(first.length, second.length) }, (_, i) => [first[i], second[i]]).flat()
    .filter((part) => part !== undefined);
  const bytes = new Uint8Array(order.reduce((length, { start, end }) => length + end - start + 1, 0));
  const places: number[] = [];
  let length = 0;
  for (const { text, start, end } of order) {
    places.push(length);
    bytes.set((texts[text] as Uint8Array).subarray(start, end), length);
    bytes[length + end - start] = 0x0a;
    length += end - start + 1;
  }
  const sources = (span: Span): Source[] =>
    order.flatMap(({ text, start, end }, i) => {
      const shift = start - (places[i] as number);
      const [from, to] = [Math.max(span.start + shift, start), Math.min(span.end + shift, end)];
      return from < to ? [{ text, start: from, end: to }] : [];
    });
  return { bytes, sources };
}
