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
 * The longest run of consecutive characters of `value` that can be had back from what was shown.
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
  for (let depth = 0; depth < 2 && best.length < finder.enough; depth++) {
    const next: [string, string[]][] = [];
    for (const [source, via] of layer) {
      if (source.length > (depth === 0 ? Infinity : DEEP_LIMIT)) continue;
      for (const [candidate, name] of undone(source)) {
        if (candidate.length >= 4 && consider(candidate, [...via, name])) next.push([candidate, [...via, name]]);
      }
    }
    layer = next;
  }
  return best;
}

function* undone(source: string): Generator<[string, string]> {
  for (const { name, undo } of source.length > WIDE_LIMIT ? UNDOS.slice(0, 1) : UNDOS) {
    for (const candidate of undo(source)) yield [candidate, name];
  }
}

/** Finds the longest run of one value in texts. */
class RunFinder {
  readonly #exact: Grams;
  readonly #bare: Grams;
  readonly #value: string;
  /** A run as long as this cannot be bettered. */
  readonly enough: number;

  constructor(value: string) {
    this.#value = value;
    this.#exact = new Grams(value.toLowerCase());
    this.#bare = new Grams(bare(value));
    this.enough = value.length;
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
  readonly #places = new Map<string, number[]>();

  constructor(value: string) {
    this.#value = value;
    for (let at = 0; at + 4 <= value.length; at++) {
      const gram = value.slice(at, at + 4);
      this.#places.set(gram, [...(this.#places.get(gram) ?? []), at]);
    }
  }

  longestIn(text: string): number {
    let best = 0;
    for (let at = 0; at + 4 <= text.length; at++) {
      for (const place of this.#places.get(text.slice(at, at + 4)) ?? []) {
        let size = 4;
        while (place + size < this.#value.length && text[at + size] === this.#value[place + size]) size++;
        if (size > best) best = size;
      }
    }
    return best;
  }
}

function byteString(bytes: Uint8Array): string {
  let out = "";
  for (let at = 0; at < bytes.length; at += 8192) out += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return out;
}
