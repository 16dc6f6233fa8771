/**
 * Values that are dealt out over lines: one character or a few on each, after a number, between words that repeat.
 *
 * Lines in a row that begin and end alike, numbers aside, have a column between what they share. The column, read
 * downwards, is one more view of the text; when the numbers are not in order, so is the column in the order of the
 * numbers. The numbers that the lines have in the same place are columns of their own, unless they only count the lines.
 * So is what stands behind a label that begins alike and ends in a mark: `xaa:`, `xab:` (grep -H). Short lines that end
 * alike begin with the column: `s is number 1`. The kernel finds all of these, see columns.as; what is rare is done here.
 */
import { readCounted } from "./counted.ts";
import type { Gathered } from "./gathered.ts";
import { HexRowFinder } from "./hex_rows.ts";
import { LINE, type Lines, type TextKernel } from "../kernel/text_kernel.ts";
import { firstNumber, gutterOf, offsetEnd } from "./tokens.ts";
import { ASK, type Walks } from "./walks.ts";

/** Bytes up to which the lines of a file are taken for pieces. */
const WIDEST = 24;
/** Characters of the shortest piece, and so of the shortest column. */
const FEWEST_CHARACTERS = 8;
/** Bytes up to which a line of a dump holds less than eight characters. */
const SHORT_DUMP = 40;

/** Called for a column that was put together: the stretches of text it consists of, in the order in which to read them. */
export type OnColumn = () => void;

/** Makes room for further columns. */
export type OnFull = () => void;

/** Finds columns; keeps its working memory, since it looks at every line of all output. */
export class ColumnFinder {
  readonly #gathered: Gathered;
  readonly #walks: Walks;
  readonly #hexRows = new HexRowFinder();
  #data: Uint8Array = new Uint8Array(0);
  #lines: Lines;
  #onColumn: OnColumn = () => {};

  /** A finder of columns in what `kernel` has. */
  constructor({ gathered, lines, walks }: TextKernel) {
    this.#gathered = gathered;
    this.#lines = lines;
    this.#walks = walks;
  }

  /**
   * Gathers the columns of `data`, the text that the kernel has, or calls `onColumn` for them; `onFull` when there is no room
   * left. When it `isContinued`, its first line may lack its beginning.
   */
  find(data: Uint8Array, lines: Lines, isContinued: boolean, onColumn: OnColumn, onFull: OnFull): void {
    this.#data = data;
    this.#lines = lines;
    this.#onColumn = onColumn;
    if (lines.groupCount === 0 && (lines.seen & LINE.tail) === 0) return;
    this.#hexRows.reset();
    this.#walks.columns(lines, data.length, isContinued, (what, start, end, count) => {
      if (what === ASK.room) onFull();
      else if (what === ASK.dump) this.#findDump(start, end);
      else if (what === ASK.counted) this.#findCounted(start, end);
      else if (what === ASK.hexRows) this.#hexRows.find(data, lines, { start, end }, this.#gathered.column, onColumn);
      else this.#reportSorted(start, count, what === ASK.sortedByTail);
    });
  }

  /** Files of a few characters each, one after the other, with what `head` and `tail` write above each: `==> xaa <==`. */
  findFiles(data: Uint8Array, lines: Lines, onColumn: OnColumn): void {
    const { column } = this.#gathered;
    column.clear();
    let files = 0;
    for (let line = 0; line < lines.count; line++) {
      const [from, to] = [lines.from[line] as number, lines.to[line] as number];
      if (data[from] === 0x3d && data[from + 1] === 0x3d && data[from + 2] === 0x3e) files++;
      else if (files > 0 && to - from <= WIDEST) column.push(from, to, 0);
    }
    if (files > 1 && column.size >= FEWEST_CHARACTERS) onColumn();
  }

  /** What is numbered in lines of which one seems to be a number and a letter: nothing tells the one from the other. */
  #findCounted(start: number, end: number): void {
    const [from, to] = [this.#lines.from[start] as number, this.#lines.to[end - 1] as number];
    if (readCounted(this.#data, from, to, this.#gathered.column) > 0) this.#onColumn();
  }

  /** A column as it stands and in the order of the numbers before its stretches, or behind them. */
  #reportSorted(start: number, count: number, isByTail: boolean): void {
    const { column } = this.#gathered;
    const { from, to } = this.#lines;
    column.clear();
    for (let i = 0; i < count; i++) {
      const [first, end] = [column.from[i] as number, column.to[i] as number];
      // What is empty may stand anywhere.
      if (first === end) continue;
      const number = isByTail
        ? firstNumber(this.#data, end, to[start + i] as number)
        : firstNumber(this.#data, from[start + i] as number, first);
      column.push(first, end, number);
    }
    this.#onColumn();
    if (column.sort()) this.#onColumn();
  }

  /** The rows of a dump that are not read as bytes, or not all of them. */
  #findDump(start: number, end: number): void {
    this.#dumpColumn(start, end, true);
    // A longer row shows eight characters and more, which are found where they stand.
    const { from, to } = this.#lines;
    const first = (to[start] as number) - (from[start] as number);
    const second = (to[start + 1] as number) - (from[start + 1] as number);
    if (Math.max(first, second) <= SHORT_DUMP) this.#dumpColumn(start, end, false);
  }

  /** The numbers or, behind two blanks or a bar, the characters of the rows of a dump. */
  #dumpColumn(start: number, end: number, numbers: boolean): void {
    const data = this.#data;
    const { column } = this.#gathered;
    column.clear();
    for (let line = start; line < end; line++) {
      const to = this.#lines.to[line] as number;
      const from = offsetEnd(data, this.#lines.from[line] as number, to);
      const gutter = gutterOf(data, from, to);
      if (numbers) column.push(from, gutter, 0);
      else if (gutter < to) column.push(gutter, to, 0);
    }
    this.#onColumn();
  }
}
