/**
 * Values with the same letters or digits between every two characters, or every few: `sxkx-x`, `73h6bh`. No view drops
 * those, since they are what values consist of; that they recur at the same distance is what tells them.
 */
import type { OnColumn } from "./columns.ts";
import type { Gathered } from "./gathered.ts";
import { DENSE, hexNumber, isHexDigit } from "../symbols.ts";

/** A text as the symbols of the plain view. */
export interface Symbols {
  /** The symbols, zeros behind the last one. */
  readonly symbols: Uint8Array;
  /** How many symbols there are. */
  readonly length: number;
  /** Where each symbol stands in the text, found out when it is asked. */
  readonly places: () => Uint16Array;
}

/**
 * How to look for some periods, in symbols from one separator to the next: four symbols at a time, every so many words, are
 * compared with those some words further on, after which all of these periods recur. A value of 24 characters is long enough
 * for one look. The kernel does it, see looks.as.
 */
const LOOKS: readonly { step: number; periods: readonly number[] }[] = [
  { step: 6, periods: [2, 4, 8] },
  { step: 10, periods: [3, 6] },
  { step: 16, periods: [5, 10] },
];

/** Periods that a stretch has at least. */
const FEWEST_PERIODS = 10;
/** Symbols of a window that are looked at closely, and of the longest stretch that is looked at as one. */
const MOST_SYMBOLS = 8 * 1024;
const LONGEST = 4096;

/** Bytes of the longest escape of one character. */
const LONGEST_ESCAPE = 16;
const BACKSLASH = 0x5c;
const PERCENT = 0x25;
const AMPERSAND = 0x26;

/** Finds such stretches; keeps its working memory. */
export class StrideFinder {
  readonly #gathered: Gathered;
  #data: Uint8Array = new Uint8Array(0);
  #left = 0;

  /** A finder that puts what it finds into `gathered`, in the text whose views the kernel has. */
  constructor(gathered: Gathered) {
    this.#gathered = gathered;
  }

  /** Calls `onColumn` for what stands between the separators of `text`, which are the symbols of `data`. */
  find(data: Uint8Array, text: Symbols, onColumn: OnColumn): void {
    this.#data = data;
    this.#left = MOST_SYMBOLS;
    const { length } = text;
    for (const [look, { step, periods }] of LOOKS.entries()) {
      for (let word = this.#gathered.nextStride(0, look, length); word >= 0 && this.#left > 0;) {
        const done = this.#confirm(text, 4 * word, periods, onColumn);
        const next = Math.max(word + step, step * Math.ceil(done / (4 * step)));
        word = this.#gathered.nextStride(next, look, length);
      }
    }
  }

  /** Looks for the period of what recurs at one of four places; up to where the text has been dealt with. */
  #confirm(text: Symbols, at: number, periods: readonly number[], onColumn: OnColumn): number {
    const { symbols } = text;
    for (const period of periods) {
      for (let start = at; start < at + 4; start++) {
        const symbol = symbols[start] as number;
        if (symbol !== symbols[start + period] || symbol !== symbols[start + 2 * period]) continue;
        if (symbol !== symbols[start + 3 * period] || DENSE[symbol] === 0) continue;
        const [from, to] = extent(text, start, period);
        if (to - from < FEWEST_PERIODS * period) continue;
        if (this.#gather(text, from, to, period)) {
          this.#left -= to - from;
          onColumn();
        }
        return to;
      }
    }
    return at;
  }

  /** Takes what differs from period to period; false when there is too little of it. */
  #gather({ places }: Symbols, from: number, to: number, period: number): boolean {
    const fixed = this.#gathered.fixedPlaces(from, to, period);
    if (fixed === (1 << period) - 1) return false;
    const where = places();
    // What recurs are the marks of the escapes, and what they stand for is looked at anyway.
    if (isEscaped(this.#data, where[from] as number, where[to - 1] as number, (to - from) / period)) {
      this.#left -= to - from;
      return false;
    }
    return this.#gathered.takeOthers(from, to, period, fixed) >= FEWEST_PERIODS;
  }
}

/** From the first to the last place where the symbol at `at` recurs, with what stands before it. */
function extent({ symbols, length }: Symbols, at: number, period: number): [number, number] {
  const symbol = symbols[at];
  let from = at;
  while (from >= period && at - from < LONGEST / 2 && symbols[from - period] === symbol) from -= period;
  let to = at;
  while (to + period < length && to - at < LONGEST / 2 - period && symbols[to + period] === symbol) to += period;
  return [Math.max(0, from - period + 1), Math.min(length, to + period)];
}

/**
 * Whether `[from, to)` is nothing but escapes that stand for ASCII by its number, one in each of so many periods; the
 * outer ones may be there in part. Of two in a period one may be what stands between the others.
 */
function isEscaped(data: Uint8Array, from: number, to: number, periods: number): boolean {
  let at = from;
  while (at < from + LONGEST_ESCAPE && !isMark(data[at] as number)) at++;
  for (let count = 0; at < to; count++) {
    const next = escapeEnd(data, at);
    if (next < 0) return to - at < LONGEST_ESCAPE && count > periods / 2;
    if (count > periods + 1) return false;
    at = next;
  }
  return true;
}

/** Where the escape ends that begins at `at` and stands for ASCII, -1 when it is none. */
function escapeEnd(data: Uint8Array, at: number): number {
  let digits = at + 1;
  switch (data[at]) {
    case BACKSLASH: {
      while (data[digits] === BACKSLASH) digits++;
      const mark = data[digits++] as number;
      const count = mark === 0x75 ? 4 : mark === 0x55 ? 8 : (mark | 0x20) === 0x78 ? 2 : 0;
      return asciiEnd(data, digits, count);
    }
    case PERCENT:
      // Three times is as often as is undone.
      while (
        digits < at + 4 && data[digits] === 0x32 && data[digits + 1] === 0x35 && isHexDigit(data[digits + 2] as number)
      ) digits += 2;
      return data[digits] === 0x75 ? asciiEnd(data, digits + 1, 4) : asciiEnd(data, digits, 2);
    case AMPERSAND: {
      if (data[at + 1] !== 0x23 || ((data[at + 2] as number) | 0x20) !== 0x78) return -1;
      digits = at + 3;
      while (data[digits] === 0x30) digits++;
      const end = asciiEnd(data, digits, 2);
      return data[end] === 0x3b ? end + 1 : -1;
    }
    default:
      return -1;
  }
}

/** Where `count` hexadecimal digits end that are the number of an ASCII character, -1 when they are not. */
function asciiEnd(data: Uint8Array, at: number, count: number): number {
  const number = hexNumber(data, at, count);
  return number >= 0 && number < 0x80 ? at + count : -1;
}

function isMark(byte: number): boolean {
  return byte === BACKSLASH || byte === PERCENT || byte === AMPERSAND;
}
