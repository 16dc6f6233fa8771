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
import type { Lines, TextKernel } from "../kernel/text_kernel.ts";
import { ASK, type Walks } from "./walks.ts";

/** Bytes of a window that are looked at as records on lines, and within lines. */
const MOST_BYTES = 8 * 1024;
const MOST_INLINE = 2 * 1024;
/** Bytes of the shortest line that holds eight characters and a number for each. */
const SHORTEST_INLINE = 16;
/** Bytes from one look into a long line to the next, see looks.as. */
const STEP = 48;

/** What a list in a list begins with, and how many make it likely that each holds a character: several stand on one line. */
const OPENING = 0x5b;
const FEWEST_NESTED = 8;

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
    if (count > 1 && data.length <= MOST_INLINE && isNested(data)) {
      this.#findTokens(from[0] as number, to[count - 1] as number);
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
    for (let found = this.#walks.inline(from, to); found !== undefined;) {
      const { first, last, end } = found;
      const read = this.#readStretch(Math.max(from, first - STEP), last + 2 * STEP, to);
      found = this.#walks.inline(Math.max(end, read) + STEP, to);
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

/** Whether a text has so many lists in lists. */
function isNested(data: Uint8Array): boolean {
  let [found, at] = [0, data.indexOf(OPENING)];
  for (; at >= 0 && found < FEWEST_NESTED; at = data.indexOf(OPENING, at + 1)) found++;
  return found === FEWEST_NESTED;
}
