/**
 * The judge of leaks: shown some text, how many consecutive characters of a secret value can be had back from it?
 *
 * It shares nothing with the redactor. It undoes, by brute force and two layers deep, every form that a reader could
 * undo, and looks for the longest common run, without regard to case and to what separates characters.
 */
import { ENCODING_UNDOS } from "./undo_encodings.ts";
import { LAYOUT_UNDOS } from "./undo_layout.ts";
import { NUMBER_UNDOS } from "./undo_numbers.ts";

/** One way of reading a text; texts are strings of bytes, a character each. */
export interface Undo {
  name: string;
  undo(text: string): Iterable<string>;
  /** Nothing is undone after it: it yields too much, and nobody encodes what it undoes. */
  isLast?: boolean;
}

/** The longest run of a value that can be had back, and how. */
export interface Recovery {
  /** Consecutive characters of the value. */
  length: number;
  /** The undoings, outermost first; empty when the text shows it as it is. */
  via: string[];
}

/** A run of this many consecutive characters is a leak. */
export const LEAK_LENGTH = 8;

/** Above this, texts are undone one layer deep only: the cases with so much output show the value as it is. */
const DEEP_LIMIT = 16_384;
/** Above this, only the cheapest undoings are tried. */
const WIDE_LIMIT = 200_000;

const UNDOS: readonly Undo[] = [...LAYOUT_UNDOS, ...ENCODING_UNDOS, ...NUMBER_UNDOS];

/**
 * The longest run of consecutive characters of `value` that can be had back from what was shown; once one layer gives
 * a leak, the next is not tried.
 *
 * @param shown text, or bytes as they came
 * @param value the secret
 * @param form `headtail` counts what is shown of both ends together; other forms need no telling
 */
export function longestRecoverable(shown: string | Uint8Array, value: string, form?: string): Recovery {
  const text = typeof shown === "string" ? byteString(new TextEncoder().encode(shown)) : byteString(shown);
  const finder = new RunFinder(byteString(new TextEncoder().encode(value)));
  const best: Recovery = { length: form === "headtail" ? finder.ends(text) : 0, via: [] };
  const seen = new Set<string>();
  const consider = (candidate: string, via: string[]): boolean => {
    if (seen.has(candidate)) return false;
    if (candidate.length <= WIDE_LIMIT) seen.add(candidate);
    const length = finder.longest(candidate);
    if (length > best.length) Object.assign(best, { length, via });
    return true;
  };
  consider(text, []);
  let layer: [string, string[]][] = [[text, []]];
  for (let depth = 0; depth < 2 && best.length < LEAK_LENGTH; depth++) {
    const next: [string, string[]][] = [];
    for (const [source, via] of layer) {
      if (source.length > (depth === 0 ? Infinity : DEEP_LIMIT)) continue;
      for (const [candidate, { name, isLast }] of undone(source)) {
        if (candidate.length < LEAK_LENGTH || !consider(candidate, [...via, name])) continue;
        if (!isLast) next.push([candidate, [...via, name]]);
      }
    }
    layer = next;
  }
  return best;
}

function* undone(source: string): Generator<[string, Undo]> {
  for (const undo of source.length > WIDE_LIMIT ? UNDOS.slice(0, 1) : UNDOS) {
    for (const candidate of undo.undo(source)) yield [candidate, undo];
  }
}

/** Finds the longest run of one value in texts. */
class RunFinder {
  readonly #exact: Grams;
  readonly #bare: Grams;
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
    this.#exact = new Grams(value.toLowerCase());
    this.#bare = new Grams(bare(value));
  }

  longest(text: string): number {
    const exact = this.#exact.longestIn(text.toLowerCase());
    // Signs between characters are dropped on both sides, so that any separator and any line end is.
    return Math.max(exact, this.#bare.longestIn(bare(text)));
  }

  /** How much of the value's beginning and end the text shows, when it shows some of both. */
  ends(text: string): number {
    let head = 8, tail = 8;
    while (head > 0 && !text.includes(this.#value.slice(0, head))) head--;
    while (tail > 0 && !text.includes(this.#value.slice(-tail))) tail--;
    return head > 2 && tail > 2 ? head + tail : 0;
  }
}

function bare(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "");
}

/** All places of every run of four characters of a value. */
class Grams {
  readonly #value: string;
  readonly #places = new Map<number, number[]>();
  /** A bit for every hash of a run of four, so that most places in a text cost one look. */
  readonly #maybe = new Uint8Array(65_536);

  constructor(value: string) {
    this.#value = value;
    for (let at = 0; at + 4 <= value.length; at++) {
      const gram = gramAt(value, at);
      this.#places.set(gram, [...(this.#places.get(gram) ?? []), at]);
      this.#maybe[gram & 0xffff] = 1;
    }
  }

  /** The longest common run of at least 8; every such run holds a whole four at a multiple of 5. */
  longestIn(text: string): number {
    let best = 0;
    for (let at = 0; at + 4 <= text.length; at += 5) {
      const gram = gramAt(text, at);
      if (this.#maybe[gram & 0xffff] === 0) continue;
      for (const place of this.#places.get(gram) ?? []) best = Math.max(best, this.#extend(text, at, place));
    }
    return best;
  }

  #extend(text: string, at: number, place: number): number {
    let before = 0, after = 0;
    while (before < place && before < at && text[at - before - 1] === this.#value[place - before - 1]) before++;
    while (place + after < this.#value.length && text[at + after] === this.#value[place + after]) after++;
    return before + after;
  }
}

function gramAt(text: string, at: number): number {
  return (Math.imul(text.charCodeAt(at), 16_777_619) ^ Math.imul(text.charCodeAt(at + 1), 65_599) ^
    (text.charCodeAt(at + 2) << 8) ^ text.charCodeAt(at + 3)) | 0;
}

function byteString(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return out;
}
