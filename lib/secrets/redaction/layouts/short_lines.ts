/**
 * Values in pieces on short lines, in another order than that in which they are read: each line from its end, the last
 * line first, lines that overlap, or a line of something else after each.
 */
import type { OnColumn } from "./columns.ts";
import { LINE, type Lines, type TextKernel } from "../kernel/text_kernel.ts";
import type { Stretches } from "./stretches.ts";
import { isBlank, offsetEnd } from "./tokens.ts";
import { ASK, type Walks } from "./walks.ts";

/** Bytes of pieces in a row that are looked at in a window. */
const MOST_BYTES = 4 * 1024;
/** Lines of a window that are dealt out; the kernel has room for some more. */
const MOST_LINES = 96;
/** Bytes of the longest line that is taken as it is, but for an offset: a row of a dump. */
const LONGEST_LINE = 80;
/** Bytes of the longest part of such a row. */
const LONGEST_CELL = 3;
/** Lines of a sliding window. */
const FEWEST_OVERLAPS = 8;

/** Calls `onColumn` for the columns among the lines that were dealt out. */
export type OnLines = () => void;

/** Finds such pieces; keeps its working memory. */
export class ShortLineFinder {
  readonly #column: Stretches;
  readonly #lines: Lines;
  readonly #dealt: Lines;
  readonly #walks: Walks;
  #data: Uint8Array = new Uint8Array(0);
  #onColumn: OnColumn = () => {};
  #left = 0;
  #linesLeft = 0;

  /** A finder of such pieces in what `kernel` has. */
  constructor({ gathered, lines, dealt, walks }: TextKernel) {
    this.#column = gathered.column;
    this.#lines = lines;
    this.#dealt = dealt;
    this.#walks = walks;
  }

  /**
   * Calls `onColumn` for pieces of `data`, the text that was noted last, in another order, and `onLines` for lines that have
   * others between them.
   */
  find(data: Uint8Array, onColumn: OnColumn, onLines: OnLines): void {
    if ((this.#lines.seen & (LINE.length | LINE.again2 | LINE.again3)) === 0) return;
    this.#data = data;
    this.#onColumn = onColumn;
    this.#left = MOST_BYTES;
    this.#linesLeft = MOST_LINES;
    this.#walks.shortLines(this.#lines.count, (what, first, last, period) => {
      if (what === ASK.reorder) this.#reorder(first, last);
      else this.#deal(first, last, period, onLines);
    });
  }

  /** Reads lines of one length, and another one at either end of them, in other orders. */
  #reorder(first: number, last: number): void {
    const { from, to, count } = this.#lines;
    const length = (to[first] as number) - (from[first] as number);
    // The last piece, in whose line there may be another one when it had no end of its own.
    const isRest = (line: number): boolean =>
      line >= 0 && line < count && (to[line] as number) - (from[line] as number) < 2 * length;
    const start = isRest(first - 1) ? first - 1 : first;
    const end = isRest(last) ? last + 1 : last;
    const bytes = length * (last - first);
    if (bytes > this.#left) return;
    this.#left -= bytes;
    const column = this.#column;
    column.clear();
    for (let line = start; line < end; line++) {
      for (let at = (to[line] as number) - 1; at >= (from[line] as number); at--) column.push(at, at + 1, 0);
    }
    this.#onColumn();
    column.clear();
    for (let line = end - 1; line >= start; line--) column.push(from[line] as number, to[line] as number, 0);
    this.#onColumn();
    if (last - first < FEWEST_OVERLAPS || !this.#overlaps(first) || !this.#overlaps(first + 1)) return;
    for (let nth = 0; nth < length; nth++) {
      column.clear();
      for (let line = first; line < last; line++) {
        const at = (from[line] as number) + nth;
        column.push(at, at + 1, 0);
      }
      this.#onColumn();
    }
  }

  /** Whether a line goes on as it began one character earlier: the next one is the same without the first. */
  #overlaps(line: number): boolean {
    const { from, to } = this.#lines;
    const [here, next] = [(from[line] as number) + 1, from[line + 1] as number];
    const length = (to[line] as number) - here;
    if (length < 1 || (to[line + 1] as number) - next !== length + 1) return false;
    for (let i = 0; i < length; i++) if (this.#data[here + i] !== this.#data[next + i]) return false;
    return true;
  }

  /** Lines between which others come again and again: those of each place in the repetition. */
  #deal(start: number, last: number, period: number, onLines: OnLines): void {
    const end = Math.min(this.#lines.count, last + period);
    if (end - start > this.#linesLeft) return;
    this.#linesLeft -= end - start;
    const { from, to } = this.#lines;
    const column = this.#column;
    // What stands before the first of the lines that come again belongs to them.
    const first = Math.max(0, start - period + 1);
    for (let phase = 0; phase < period; phase++) {
      const dealt = this.#dealt;
      dealt.count = 0;
      column.clear();
      let isShort = true;
      for (let line = first + phase; line < end && dealt.count < MOST_LINES; line += period) {
        const [lineFrom, lineTo] = [from[line] as number, to[line] as number];
        dealt.from[dealt.count] = lineFrom;
        dealt.to[dealt.count++] = lineTo;
        column.push(offsetEnd(this.#data, lineFrom, lineTo), lineTo, 0);
        isShort &&= lineTo - lineFrom <= LONGEST_LINE && isPiece(this.#data, lineFrom, lineTo);
      }
      if (isShort) this.#onColumn();
      onLines();
    }
  }
}

/** Whether a line has one part only, or parts of a few characters each as the row of a dump. */
function isPiece(data: Uint8Array, from: number, to: number): boolean {
  let [parts, longest] = [0, 0];
  for (let at = offsetEnd(data, from, to); at < to;) {
    while (at < to && isBlank(data[at] as number)) at++;
    const start = at;
    while (at < to && !isBlank(data[at] as number)) at++;
    if (at > start) parts++;
    longest = Math.max(longest, at - start);
  }
  return parts < 2 || longest <= LONGEST_CELL;
}
