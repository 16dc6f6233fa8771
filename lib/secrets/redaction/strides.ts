/**
 * Values with the same letters or digits between every two characters, or every few: `sxkx-x`, `73h6bh`. No view drops
 * those, since they are what values consist of; that they recur at the same distance is what tells them.
 */
import type { OnColumn } from "./columns.ts";
import { Stretches } from "./stretches.ts";
import { DENSE } from "./symbols.ts";

/** A text as the symbols of the plain view. */
export interface Symbols {
  /** The symbols, zeros behind the last one. */
  readonly symbols: Uint8Array;
  /** The same memory, four symbols at a time. */
  readonly words: Int32Array;
  /** How many symbols there are. */
  readonly length: number;
  /** Where each symbol stands in the text, found out when it is asked. */
  readonly places: () => Uint16Array;
}

/**
 * Symbols from one separator to the next. What recurs after two, three, four or six recurs after twelve, after five or
 * eight after forty: four symbols at a time are compared with those that are three or ten words further on.
 */
const SHORTEST_PERIOD = 2;
const LONGEST_PERIOD = 10;
const SHORT_LAG = 3;
const LONG_LAG = 10;
/** Words from one look to the next; a value of 24 characters is long enough for one. */
const SHORT_STEP = 4;
const LONG_STEP = 8;

/** Periods that a stretch has at least. */
const FEWEST_PERIODS = 10;
/** Symbols of a window that are looked at closely, and of the longest stretch that is looked at as one. */
const MOST_SYMBOLS = 8 * 1024;
const LONGEST = 4096;

/** Finds such stretches; keeps its working memory. */
export class StrideFinder {
  readonly #column: Stretches = new Stretches(LONGEST);
  #left = 0;

  /** Calls `onColumn` for what stands between the separators of `text`. */
  find(text: Symbols, onColumn: OnColumn): void {
    this.#left = MOST_SYMBOLS;
    this.#look(text, SHORT_LAG, SHORT_STEP, onColumn);
    this.#look(text, LONG_LAG, LONG_STEP, onColumn);
  }

  #look(text: Symbols, lag: number, step: number, onColumn: OnColumn): void {
    const { words, length } = text;
    const last = (length >> 2) - 2 * lag;
    let done = 0;
    for (let word = 0; word < last; word += step) {
      const first = words[word] as number;
      const second = words[word + lag] as number;
      const third = words[word + 2 * lag] as number;
      if ((zeros(first ^ second) & zeros(second ^ third)) === 0) continue;
      if (4 * word < done || this.#left <= 0) continue;
      done = this.#confirm(text, 4 * word, onColumn);
    }
  }

  /** Looks for the period of what recurs near `at`; up to where the text has been dealt with. */
  #confirm(text: Symbols, at: number, onColumn: OnColumn): number {
    const { symbols, length } = text;
    for (let period = SHORTEST_PERIOD; period <= LONGEST_PERIOD; period++) {
      for (let start = at; start < at + Math.max(4, period) && start + 3 * period < length; start++) {
        const symbol = symbols[start] as number;
        if (symbol !== symbols[start + period] || symbol !== symbols[start + 2 * period]) continue;
        if (symbol !== symbols[start + 3 * period] || DENSE[symbol] === 0) continue;
        const [from, to] = extent(text, start, period);
        if (to - from < FEWEST_PERIODS * period || !this.#gather(text, from, to, period)) continue;
        this.#left -= to - from;
        onColumn(this.#column);
        return to;
      }
    }
    return at;
  }

  /** Takes what differs from period to period; false when there is too little of it. */
  #gather({ symbols, places }: Symbols, from: number, to: number, period: number): boolean {
    const column = this.#column;
    column.clear();
    const isFixed = Array.from({ length: period }, (_, i) => isSame(symbols, from + i, to, period));
    if (isFixed.every((fixed) => fixed)) return false;
    const where = places();
    for (let at = from; at < to; at++) {
      const place = where[at] as number;
      if (!isFixed[(at - from) % period]) column.push(place, place + 1, 0);
    }
    return column.count >= FEWEST_PERIODS;
  }
}

/** The highest bit of each byte that is zero; a byte above one that is zero may be mistaken for one. */
function zeros(word: number): number {
  return (word - 0x01010101) & ~word & 0x80808080;
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

/** Whether almost all symbols at this place of the periods are the same; the outer periods may lack a part. */
function isSame(symbols: Uint8Array, from: number, to: number, period: number): boolean {
  let same = 0;
  for (let at = from; at + period < to; at += period) if (symbols[at] === symbols[at + period]) same++;
  return same * period >= to - from - 3 * period;
}
