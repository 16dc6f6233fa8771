/**
 * Values that are dealt out over records, one character or a few in each: `(0, 's'), (1, 'k')`, the lines of `set -x`
 * between those of the command, tables that are read downwards.
 *
 * What stands in the same place of every record is told by what stands before it: the marks, and the word before those.
 * Text that consists of words has no such records; only stretches full of single characters are looked at, and tables
 * of short cells. The kernel gathers the columns of both, see records.as.
 */
import type { OnColumn } from "./columns.ts";
import { readCounted } from "./counted.ts";
import type { Stretches } from "./stretches.ts";
import { DENSE } from "./symbols.ts";
import type { Lines, TextKernel } from "./text_kernel.ts";
import { ASK, type Walks } from "./walks.ts";

/** Bytes of a window that are looked at as records on lines, and within lines. */
const MOST_BYTES = 8 * 1024;
const MOST_INLINE = 2 * 1024;
/** Bytes of the shortest line that holds eight characters and a number for each. */
const SHORTEST_INLINE = 16;
/** Bytes from one look into a long line to the next, and of each look. */
const STEP = 48;
const LOOK = 16;
/** Looks that have to show a single character, and those in a row without one that end a stretch. */
const FEWEST_LOOKS = 3;
const MOST_MISSES = 3;

const isSymbol = (byte: number | undefined): boolean => DENSE[byte as number] as number > 0;

/** Finds records; keeps its working memory, since it looks at every line of all output. */
export class RecordFinder {
  readonly #column: Stretches;
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
      const mayCount = this.#walks.mayCountOn(from, to);
      if (mayCount && readCounted(this.#data, from, to, this.#column) > 0) this.#onColumn();
      this.#findTokens(from, to);
    }
    this.#findCells(start, end);
  }

  /** Stretches of a long line that are full of single characters. */
  #findInline(from: number, to: number): void {
    let looks = 0;
    let first = from;
    let last = from;
    // The next look with a single character.
    let single = -1;
    for (let at = from; at < to + STEP * MOST_MISSES; at += STEP) {
      if (single < at) single = this.#walks.nextSingle(at, to);
      if (single === at) {
        if (looks++ === 0) first = at;
        last = at;
        continue;
      }
      if (looks === 0) {
        at = single - STEP;
        continue;
      }
      // Marks of a value are no single characters; among numbers there is nothing to wait for.
      if (at - last < STEP * MOST_MISSES && mayHaveMarks(this.#data, last)) continue;
      if (looks >= FEWEST_LOOKS) {
        at = Math.max(at, this.#readStretch(Math.max(from, first - STEP), last + 2 * STEP, to));
        single = -1;
      }
      looks = 0;
    }
  }

  /** Reads a stretch of a line that ends at `limit`; up to where it has been read. */
  #readStretch(from: number, to: number, limit: number): number {
    const read = this.#walks.mayCountOn(from, limit) ? readCounted(this.#data, from, limit, this.#column) : 0;
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
    this.#walks.tokens(from, to, (what, count) => {
      this.#column.count = count;
      if (what === ASK.column) return this.#onColumn();
      this.#walks.takeNumbers(this.#column.numbers, count);
      if (this.#column.sort()) this.#onColumn();
    });
  }

  /** The cells of a table, column by column, and all columns one after the other. */
  #findCells(start: number, end: number): void {
    this.#walks.cells(start, end, (_what, count) => {
      this.#column.count = count;
      this.#onColumn();
    });
  }
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
