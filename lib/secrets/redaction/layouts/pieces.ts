/**
 * Values in pieces of a few characters each, wherever these stand in a short text and in whatever order: `a: 4f9Q` and
 * `b: z7Xb`, names of files, messages of errors, lines of a log, windows that overlap, each piece in base64.
 *
 * A piece alone is too short to tell. Pieces that follow one another in the value, without a gap, are not there by chance:
 * together they must prove what no text of this length does.
 */
import { addDecoded, type WithDecoded } from "./decoded_pieces.ts";
import type { Span } from "../spans.ts";
import { DENSE } from "../symbols.ts";
import type { Weighted } from "../lexicon/weights.ts";

/** Bytes of the longest text that is looked at: the more there is, the more of it agrees by chance. */
export const SHORT_TEXT = 4 * 1024;

/** Bytes of a piece; a longer one is found where it stands. */
const SHORTEST = 4;
const LONGEST = 11;
/** Bytes of the shortest piece at either end of the others. */
const SHORTEST_END = 2;
/** Half bits that each piece proves, four random characters, and all together. */
const PIECE_PROOF = 37;
const PROOF = 99;
const FEWEST_BYTES = 10;
/** Bytes of the shortest text that may hold them, with what tells them apart. */
const SHORTEST_TEXT = 11;
/** Bytes of values that are looked for in a text, and the places in it that are noted for one value. */
const MOST_BYTES = 256 * 1024;
const MOST_FRAGMENTS = 512;
/** Places in the text that are looked at for one place in a value: what a text repeats more often than that is filler. */
const MOST_PLACES = 32;
/** Pieces at the ends of a run. */
const MOST_ENDS = 64;
const SLOTS = 1 << 13;

/** Where a piece stands in the text, and which one of the value it is. */
interface Fragment {
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** Finds values in pieces; keeps its working memory. */
export class PieceFinder {
  /** The text, and what tokens of it stand for. */
  readonly #all: WithDecoded = {
    text: new Uint8Array(2 * SHORT_TEXT),
    from: new Uint16Array(2 * SHORT_TEXT),
    to: new Uint16Array(2 * SHORT_TEXT),
    length: 0,
  };
  #decodedFrom = 0;
  /** One more than the last place with a hash, and than the one before it with the same; 0 when there is none. */
  readonly #slots: Uint16Array = new Uint16Array(SLOTS);
  readonly #before: Uint16Array = new Uint16Array(2 * SHORT_TEXT);

  /** Adds to `spans` the pieces of `values` in `data`, which has at most {@linkcode SHORT_TEXT} bytes. */
  find(data: Uint8Array, values: readonly Weighted[], spans: Span[]): void {
    this.#all.length = this.#decodedFrom = 0;
    if (data.length < SHORTEST_TEXT || values.length === 0) return;
    this.#load(data);
    let left = MOST_BYTES;
    for (const value of values) {
      left -= value.bytes.length;
      if (left < 0) return;
      for (const fragment of this.#runs(value).flat()) spans.push(this.#source(fragment));
    }
  }

  /** What tokens of the text looked at last stand for; good until the next. */
  get decoded(): Uint8Array {
    return this.#all.text.subarray(this.#decodedFrom, this.#all.length);
  }

  /** Where the text has what stands for `[start, end)` of {@linkcode PieceFinder.decoded}. */
  sourceOf({ start, end }: Span): Span {
    const from = this.#decodedFrom;
    return this.#source({ at: from + start, from: 0, to: end - start });
  }

  #load(data: Uint8Array): void {
    const { text } = this.#all;
    text.set(data);
    this.#all.length = this.#decodedFrom = data.length;
    addDecoded(this.#all, data.length);
    this.#slots.fill(0);
    for (let at = 0; at + SHORTEST <= this.#all.length; at++) {
      const slot = slotOf(text, at);
      this.#before[at] = this.#slots[slot] as number;
      this.#slots[slot] = at + 1;
    }
  }

  /** The pieces of a value that follow one another in it, for each run of them. */
  #runs(value: Weighted): Fragment[][] {
    const fragments = this.#fragments(value).sort((a, b) => a.from - b.from || b.to - a.to);
    const runs: Fragment[][] = [];
    for (let first = 0; first < fragments.length;) {
      let { from, to } = fragments[first] as Fragment;
      let last = first + 1;
      let isOne = true;
      for (; last < fragments.length && (fragments[last] as Fragment).from <= to; last++) {
        const next = fragments[last] as Fragment;
        if (next.to > to) isOne = false;
        to = Math.max(to, next.to);
      }
      if (!isOne && to - from >= FEWEST_BYTES && proofOf(value, from, to) >= PROOF) {
        runs.push([...fragments.slice(first, last), ...this.#ends(value.bytes, from, to)]);
      }
      first = last;
    }
    return runs;
  }

  /** The pieces of a value that prove enough, wherever the text has them. */
  #fragments(value: Weighted): Fragment[] {
    const { bytes } = value;
    const text = this.#all.text;
    const found: Fragment[] = [];
    for (let i = 0; i + SHORTEST <= bytes.length; i++) {
      let at = (this.#slots[slotOf(bytes, i)] as number) - 1;
      // Most of a value is not in the text; what proves too little even as the longest piece need not be.
      if (at < 0 || proofOf(value, i, Math.min(i + LONGEST, bytes.length)) < PIECE_PROOF) continue;
      for (let places = 0; at >= 0 && places < MOST_PLACES; at = (this.#before[at] as number) - 1, places++) {
        if (at > 0 && i > 0 && text[at - 1] === bytes[i - 1]) continue;
        let length = 0;
        while (i + length < bytes.length && at + length < this.#all.length && text[at + length] === bytes[i + length]) {
          length++;
        }
        if (length < SHORTEST || length > LONGEST || proofOf(value, i, i + length) < PIECE_PROOF) continue;
        if (found.push({ at, from: i, to: i + length }) >= MOST_FRAGMENTS) return found;
      }
    }
    return found;
  }

  /** What stands by itself in the text and is what the value has before the run `[from, to)` or behind it. */
  #ends(bytes: Uint8Array, from: number, to: number): Fragment[] {
    const found: Fragment[] = [];
    for (let [start, end] = [from, to], isNew = true; isNew && found.length < MOST_ENDS;) {
      isNew = false;
      for (let length = LONGEST; length >= SHORTEST_END && !isNew; length--) {
        const before = start >= length ? this.#standing(bytes, start - length, start) : [];
        const behind = end + length <= bytes.length ? this.#standing(bytes, end, end + length) : [];
        found.push(...before, ...behind);
        if (before.length > 0) start -= length;
        if (behind.length > 0) end += length;
        isNew = before.length + behind.length > 0;
      }
    }
    return found;
  }

  /** Where the text has `[from, to)` of a value with no letter or digit beside it. */
  #standing(bytes: Uint8Array, from: number, to: number): Fragment[] {
    const text = this.#all.text;
    const found: Fragment[] = [];
    const first = bytes[from] as number;
    for (let at = text.indexOf(first); at >= 0 && found.length < MOST_PLACES; at = text.indexOf(first, at + 1)) {
      const end = at + to - from;
      if (end > this.#all.length) break;
      let i = 1;
      while (at + i < end && text[at + i] === bytes[from + i]) i++;
      const isApart = (at === 0 || DENSE[text[at - 1] as number] === 0) &&
        (end === this.#all.length || DENSE[text[end] as number] === 0);
      if (at + i === end && isApart) found.push({ at, from, to });
    }
    return found;
  }

  /** Where the text has a piece, or what it was decoded from. */
  #source({ at, from, to }: Fragment): Span {
    const end = at + to - from;
    return at >= this.#decodedFrom
      ? { start: this.#all.from[at] as number, end: this.#all.to[end - 1] as number }
      : { start: at, end };
  }
}

function slotOf(bytes: Uint8Array, at: number): number {
  const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24);
  return Math.imul(word, 0x9e3779b1) >>> 19;
}

function proofOf({ weights }: Weighted, from: number, to: number): number {
  let proof = 0;
  for (let i = from; i < to; i++) proof += weights[i] as number;
  return proof;
}
