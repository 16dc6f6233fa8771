/** What the kernel says of the lines of a text, one after the other: where there is something to do. */
import { MOST_TOKENS, numbersAt } from "../kernel/memory.ts";
import type { Lines } from "../kernel/text_kernel.ts";

/** What there is to do, as in columns.as, walks.as, dumps.as and bits.as. */
export const ASK = {
  /** What was gathered has to be looked at, and forgotten: there is no room left. */
  room: 1,
  /** Lines are the rows of a dump, and looked at as such. */
  dump: 2,
  /** Lines may be numbered by what touches the column. */
  counted: 3,
  /** A column of so many stretches has to be gathered that is not in the order of the numbers before these. */
  sortedByHead: 4,
  /** The same, of the numbers behind them. */
  sortedByTail: 5,
  /** Lines may be rows of hexadecimal digits behind something else than a long offset. */
  hexRows: 6,
  /** Lines hold records, when the number beside them is 1, or are the rows of a table. */
  block: 1,
  /** A column of so many stretches has to be gathered, for which there was no room. */
  column: 1,
  /** One that was gathered may have to be gathered again in the order of the numbers beside them. */
  unordered: 2,
  /** A line is so long that it may hold records. */
  longLine: 2,
  /** Lines are of one length, and have to be read in other orders. */
  reorder: 3,
  /** From the first one to the last, lines come again after as many lines as the number beside them says. */
  deal: 4,
  /** So many bytes were read from rows, of which the second number tells what is known, see dumps.ts. */
  reading: 1,
  /** Runs of noughts and ones are groups of seven or eight, one for each byte. */
  groups: 1,
  /** They are parts of one, to be put together. */
  alignments: 2,
} as const;

/** Does it: `what` there is to do with the lines from `first` to the one before `last`, and a number beside them. */
export type OnAsk = (what: number, first: number, last: number, number: number) => void;

/** A place behind any text, see looks.as. */
const NO_PLACE = 0x10000;

/** What these export: of each walk what begins it, and what goes on to the next thing to do. */
export interface WalkExports {
  memory: WebAssembly.Memory;
  beginColumns(
    table: number,
    room: number,
    count: number,
    groups: number,
    seen: number,
    length: number,
    isContinued: number,
  ): void;
  nextColumns(): number;
  beginRecords(count: number): void;
  nextRecords(): number;
  mayCountOn(from: number, to: number): number;
  nextInline(at: number, to: number): number;
  beginTokens(from: number, to: number): void;
  nextTokens(): number;
  beginCells(start: number, end: number): void;
  nextCells(): number;
  beginFields(count: number, areCells: number): void;
  nextFields(): number;
  hasBars(length: number): number;
  beginShortLines(count: number): void;
  nextShortLines(): number;
  beginDumps(count: number): void;
  nextDump(): number;
  beginBits(count: number): void;
  nextBits(): number;
}

/** Goes through lines. */
export class Walks {
  readonly #exports: WalkExports;
  readonly #asked: Uint32Array;
  readonly #numbers: Uint32Array;

  /** What the kernel says that has these `exports`. */
  constructor(exports: WalkExports) {
    this.#exports = exports;
    this.#asked = numbersAt(Uint32Array, exports.memory.buffer, "ASKED", 3);
    this.#numbers = numbersAt(Uint32Array, exports.memory.buffer, "COLUMN_NUMBERS", MOST_TOKENS);
  }

  /** Gathers the columns of `lines` of a text of `length` bytes, of which the first may be cut when it `isContinued`. */
  columns(lines: Lines, length: number, isContinued: boolean, onAsk: OnAsk): void {
    const { from, flags, count, groupCount, seen } = lines;
    const exports = this.#exports;
    exports.beginColumns(from.byteOffset, flags.length, count, groupCount, seen, length, Number(isContinued));
    this.#walk(exports.nextColumns, onAsk);
  }

  /** Finds where the lines of the text that was noted last, so many, may hold records. */
  records(count: number, onAsk: OnAsk): void {
    this.#exports.beginRecords(count);
    this.#walk(this.#exports.nextRecords, onAsk);
  }

  /** Whether there may be numbers in `[from, to)` of the text that count on, so that they have to be looked at. */
  mayCountOn(from: number, to: number): boolean {
    return this.#exports.mayCountOn(from, to) !== 0;
  }

  /**
   * The next stretch of a line up to `to`, from `at` on, that is full of single characters: the first and the last look that show
   * one, and the one that ends it; undefined when there is none.
   */
  inline(at: number, to: number): { first: number; last: number; end: number } | undefined {
    const end = this.#exports.nextInline(at, to);
    return end < NO_PLACE ? { first: this.#asked[0] as number, last: this.#asked[1] as number, end } : undefined;
  }

  /** Gathers columns of the short tokens of `[from, to)` of the text. */
  tokens(from: number, to: number, onAsk: OnAsk): void {
    this.#exports.beginTokens(from, to);
    this.#walk(this.#exports.nextTokens, onAsk);
  }

  /** Puts the numbers beside the `count` tokens of the last column into `numbers`. */
  takeNumbers(numbers: Float64Array, count: number): void {
    numbers.set(this.#numbers.subarray(0, count));
  }

  /** Gathers columns of the cells of the lines from `start` to the one before `end`. */
  cells(start: number, end: number, onAsk: OnAsk): void {
    this.#exports.beginCells(start, end);
    this.#walk(this.#exports.nextCells, onAsk);
  }

  /** Whether the text, of `length` bytes, may have a bar. */
  hasBars(length: number): boolean {
    return this.#exports.hasBars(length) !== 0;
  }

  /** Gathers columns of the fields of the lines of the text that was noted last, so many; of its cells when they `areCells`. */
  fields(count: number, areCells: boolean, onAsk: OnAsk): void {
    this.#exports.beginFields(count, Number(areCells));
    this.#walk(this.#exports.nextFields, onAsk);
  }

  /** Finds short lines among them that may be in another order, or have others between them. */
  shortLines(count: number, onAsk: OnAsk): void {
    this.#exports.beginShortLines(count);
    this.#walk(this.#exports.nextShortLines, onAsk);
  }

  /** Reads the rows of dumps among them. */
  dumps(count: number, onAsk: OnAsk): void {
    this.#exports.beginDumps(count);
    this.#walk(this.#exports.nextDump, onAsk);
  }

  /** Finds stretches of the runs of noughts and ones that were noted last, so many: runs take the place of lines. */
  bits(count: number, onAsk: OnAsk): void {
    this.#exports.beginBits(count);
    this.#walk(this.#exports.nextBits, onAsk);
  }

  #walk(next: () => number, onAsk: OnAsk): void {
    const asked = this.#asked;
    for (let what = next(); what !== 0; what = next()) {
      onAsk(what, asked[0] as number, asked[1] as number, asked[2] as number);
    }
  }
}
