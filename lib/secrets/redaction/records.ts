/**
 * Values that are dealt out over records, one character or a few in each: `(0, 's'), (1, 'k')`, the lines of `set -x`
 * between those of the command, tables that are read downwards.
 *
 * What stands in the same place of every record is told by what stands before it: the marks, and the word before those.
 * Text that consists of words has no such records; only stretches full of single characters are looked at, and tables
 * of short cells.
 */
import type { OnColumn } from "./columns.ts";
import { readCounted } from "./counted.ts";
import { Stretches } from "./stretches.ts";
import { DENSE } from "./symbols.ts";
import { TokenPlaces } from "./token_places.ts";
import type { Lines, TextKernel } from "./text_kernel.ts";
import { firstNumber, isBlank } from "./tokens.ts";
import { ASK, type Walks } from "./walks.ts";

/** Bytes of a window that are looked at as records on lines, and within lines. */
const MOST_BYTES = 8 * 1024;
const MOST_INLINE = 2 * 1024;
/** Bytes of the shortest line that holds eight characters and a number for each. */
const SHORTEST_INLINE = 16;
/** Bytes of the longest part of a record. */
const LONGEST_TOKEN = 8;
/** Letters of the longest word that tells what follows it. */
const LONGEST_WORD = 12;
/** Records from which there is a column, and the characters that it holds at least. */
const FEWEST_TOKENS = 4;
const FEWEST_CHARACTERS = 8;
/** Cells of a line that are looked at, and the bytes of the longest. */
const MOST_CELLS = 16;
const LONGEST_CELL = 24;
/** Bytes from one look into a long line to the next, and of each look. */
const STEP = 48;
const LOOK = 16;
/** Looks that have to show a single character, and those in a row without one that end a stretch. */
const FEWEST_LOOKS = 3;
const MOST_MISSES = 3;

/** What tells one place in a record from another, beside the bytes that it is made of. */
const PLACE = { marks: 1 << 16, single: 2 << 16, word: 3 << 16 } as const;
const MOST_KEYS = 0xffff;

const isSymbol = (byte: number | undefined): boolean => DENSE[byte as number] as number > 0;

/** Finds records; keeps its working memory, since it looks at every line of all output. */
export class RecordFinder {
  readonly #column: Stretches;
  readonly #cells: Stretches = new Stretches(new Uint16Array(MOST_BYTES), new Uint16Array(MOST_BYTES));
  readonly #places: TokenPlaces = new TokenPlaces();
  readonly #lines: Lines;
  readonly #walks: Walks;
  #data: Uint8Array = new Uint8Array(0);
  #onColumn: OnColumn = () => {};
  #left = 0;
  #inlineLeft = 0;

  /** A finder of records in what `kernel` has. */
  constructor({ gathered, lines, walks }: TextKernel) {
    this.#column = gathered.column;
    this.#lines = lines;
    this.#walks = walks;
  }

  /** Calls `onColumn` for the columns of `data`, the text that was noted last. */
  find(data: Uint8Array, onColumn: OnColumn): void {
    this.#data = data;
    this.#onColumn = onColumn;
    this.#left = MOST_BYTES;
    this.#inlineLeft = MOST_INLINE;
    const { from, to, count } = this.#lines;
    // In a short text there is time for every line.
    for (let line = 0; line < count && data.length <= MOST_INLINE; line++) {
      const [start, end] = [from[line] as number, to[line] as number];
      if (end - start >= SHORTEST_INLINE && end - start <= this.#inlineLeft) this.#readStretch(start, end, end);
    }
    this.#inlineLeft = MOST_INLINE;
    this.#walks.records(count, (what, start, end, hasRecords) => {
      if (what === ASK.longLine) this.#findInline(from[start] as number, to[start] as number);
      else this.#findBlock(start, end, hasRecords !== 0);
    });
  }

  /** Looks at lines of which so many end in a single character that they may hold records, or are rows of a table. */
  #findBlock(start: number, end: number, hasRecords: boolean): void {
    const [from, to] = [this.#lines.from[start] as number, this.#lines.to[end - 1] as number];
    if (this.#left < to - from) return;
    this.#left -= to - from;
    if (hasRecords) {
      if (readCounted(this.#data, from, to, this.#column) > 0) this.#onColumn();
      this.#findTokens(from, to);
    }
    this.#findCells(start, end);
  }

  /** Stretches of a long line that are full of single characters. */
  #findInline(from: number, to: number): void {
    let looks = 0;
    let first = from;
    let last = from;
    for (let at = from; at < to + STEP * MOST_MISSES; at += STEP) {
      if (at + LOOK <= to && hasSingle(this.#data, at)) {
        if (looks++ === 0) first = at;
        last = at;
        continue;
      }
      // Marks of a value are no single characters; among numbers there is nothing to wait for.
      if (looks === 0 || (at - last < STEP * MOST_MISSES && mayHaveMarks(this.#data, last))) continue;
      if (looks >= FEWEST_LOOKS) {
        at = Math.max(at, this.#readStretch(Math.max(from, first - STEP), last + 2 * STEP, to));
      }
      looks = 0;
    }
  }

  /** Reads a stretch of a line that ends at `limit`; up to where it has been read. */
  #readStretch(from: number, to: number, limit: number): number {
    const read = readCounted(this.#data, from, limit, this.#column);
    if (read > 0) this.#onColumn();
    const end = Math.min(to, limit);
    if (2 * read > from + end) return read;
    const start = Math.max(from, end - this.#inlineLeft);
    this.#inlineLeft -= end - start;
    if (end > start) this.#findTokens(start, end);
    return end;
  }

  /** The short tokens of `[from, to)` that stand behind the same marks, or behind the same word. */
  #findTokens(from: number, to: number): void {
    const data = this.#data;
    const places = this.#places;
    places.clear();
    let number = 0;
    let word = 0;
    let marks = 0;
    for (let at = from; at < to && !places.isFull;) {
      const byte = data[at] as number;
      if (!isSymbol(byte)) {
        marks = ((marks << 8) | byte) & 0xffffff;
        at++;
        continue;
      }
      const start = at;
      let letters = 0;
      let hash = 0;
      for (; at < to && isSymbol(data[at]); at++) {
        if ((data[at] as number) > 0x39) letters++;
        hash = (Math.imul(hash, 31) + (data[at] as number)) & MOST_KEYS;
      }
      const length = at - start;
      if (length <= LONGEST_TOKEN) {
        const before = (Math.imul(marks, 0x9e3779b1) >>> 16) & MOST_KEYS;
        places.addToken(start, at, number);
        places.addPlace(PLACE.marks | before);
        if (word > 0) places.addPlace(PLACE.word | ((word + before) & MOST_KEYS));
        if (length === 1) places.addPlace(PLACE.single | (marks & 0xff));
        if (letters === 0) number = firstNumber(data, start, at);
      }
      word = length > 1 && length <= LONGEST_WORD && letters === length ? hash + 1 : 0;
      marks = 0;
    }
    const seen = new Set<number>();
    for (let place = 0; place < places.size; place++) {
      if (places.count(place) < FEWEST_TOKENS) continue;
      places.fill(place, this.#column);
      this.#report(seen);
    }
  }

  /** Reports the column that was put together, unless it is too small, or one of `seen` by another mark. */
  #report(seen: Set<number>): void {
    const column = this.#column;
    const { count, from, to } = column;
    if (count < FEWEST_TOKENS || column.size < FEWEST_CHARACTERS) return;
    const sign = count * 0x1_0000_0000 + (from[0] as number) * 0x1_0000 + (to[count - 1] as number);
    if (seen.has(sign)) return;
    seen.add(sign);
    this.#onColumn();
    if (column.sort()) this.#onColumn();
  }

  /** The cells of a table, column by column, and all columns one after the other. */
  #findCells(start: number, end: number): void {
    const cells = this.#cells;
    const columns = this.#splitCells(start, end);
    const seen = new Set<number>();
    if (columns < 2) {
      // Every other line, which `sed =` numbers.
      for (const turn of [0, 1]) this.#reportCells(seen, (cell) => (cells.numbers[cell] as number) & 1, turn);
      return;
    }
    for (let nth = 0; nth < columns; nth++) {
      this.#reportCells(seen, (cell) => (cells.numbers[cell] as number) >> 1, nth);
    }
    const column = this.#column;
    column.clear();
    for (let nth = 0; nth < columns; nth++) this.#addCells((cell) => (cells.numbers[cell] as number) >> 1, nth);
    this.#report(seen);
  }

  /**
   * Notes the cells of some lines, and beside each twice the number of its column, and one more when that of its line is
   * odd; how many columns there are.
   */
  #splitCells(start: number, end: number): number {
    const data = this.#data;
    const cells = this.#cells;
    cells.clear();
    let columns = 0;
    for (let line = start; line < end; line++) {
      const to = this.#lines.to[line] as number;
      let at = this.#lines.from[line] as number;
      for (let nth = 0; nth < MOST_CELLS && at < to; nth++) {
        while (at < to && isBlank(data[at] as number)) at++;
        const from = at;
        while (at < to && !isBlank(data[at] as number)) at++;
        if (at === from || at - from > LONGEST_CELL) continue;
        columns = Math.max(columns, nth + 1);
        cells.push(from, at, 2 * nth + (line & 1));
      }
    }
    return columns;
  }

  #reportCells(seen: Set<number>, keyOf: (cell: number) => number, key: number): void {
    this.#column.clear();
    this.#addCells(keyOf, key);
    this.#report(seen);
  }

  #addCells(keyOf: (cell: number) => number, key: number): void {
    const { from, to, count } = this.#cells;
    for (let cell = 0; cell < count; cell++) {
      if (keyOf(cell) === key) this.#column.push(from[cell] as number, to[cell] as number, 0);
    }
  }
}

/** Whether one of the letters and digits at `at` and behind it has no other beside it. */
function hasSingle(data: Uint8Array, at: number): boolean {
  let mask = 0;
  for (let i = 0; i < LOOK; i++) mask = (mask << 1) | (((DENSE[data[at + i] as number] as number) + 0xff) >> 8);
  // Neither the first nor the last bit tells what is beside it.
  return (mask & ~(mask << 1) & ~(mask >> 1) & ((1 << (LOOK - 1)) - 2)) !== 0;
}

/** Whether what is looked at `at` has a quote, or a letter with no other letter or digit beside it. */
function mayHaveMarks(data: Uint8Array, at: number): boolean {
  for (let i = at + 1; i + 1 < at + LOOK; i++) {
    const byte = data[i] as number;
    if (byte === 0x22 || byte === 0x27) return true;
    if (byte > 0x39 && isSymbol(byte) && !isSymbol(data[i - 1]) && !isSymbol(data[i + 1])) return true;
  }
  return false;
}
