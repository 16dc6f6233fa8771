/**
 * Values in pieces on short lines, in another order than that in which they are read: each line from its end, the last
 * line first, lines that overlap, or a line of something else after each.
 */
import type { OnColumn } from "./columns.ts";
import { LINE, type Lines } from "./text_kernel.ts";
import type { Stretches } from "./stretches.ts";
import { isBlank, isDigit, offsetEnd } from "./tokens.ts";

/** Bytes of pieces in a row, and those of a window that are looked at. */
const FEWEST_BYTES = 10;
const MOST_BYTES = 4 * 1024;
const BLANK = 0x20;
/** Lines after which others like them come again. */
const PERIODS: readonly number[] = [2, 3];
/** Times that lines come again before they are taken for what stands between the pieces. */
const FEWEST_TIMES = 3;
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

/** Lines that come again. */
interface Repeat {
  /** After how many lines. */
  readonly period: number;
  /** How often, without a gap. */
  times: number;
  /** The first of them, and the last. */
  start: number;
  last: number;
}

/** Finds such pieces; keeps its working memory. */
export class ShortLineFinder {
  /** Whether a line among those looked at last seems to stand above a file. */
  hasFiles = false;
  readonly #column: Stretches;
  readonly #dealt: Lines;
  #data: Uint8Array = new Uint8Array(0);
  #lines: Lines;
  #onColumn: OnColumn = () => {};
  #left = 0;
  #linesLeft = 0;

  /** A finder that puts what it finds into `column`, and the lines that it deals out into `dealt`. */
  constructor(column: Stretches, dealt: Lines) {
    this.#lines = this.#dealt = dealt;
    this.#column = column;
  }

  /** Calls `onColumn` for pieces in another order, and `onLines` for lines that have others between them. */
  find(data: Uint8Array, lines: Lines, onColumn: OnColumn, onLines: OnLines): void {
    this.#data = data;
    this.#lines = lines;
    this.#onColumn = onColumn;
    const { flags, count } = lines;
    const repeats = PERIODS.map((period) => ({ period, times: 0, start: 0, last: 0 }));
    this.hasFiles = false;
    if ((lines.seen & (LINE.length | LINE.again2 | LINE.again3 | LINE.file)) === 0) return;
    this.#left = MOST_BYTES;
    this.#linesLeft = MOST_LINES;
    let first = 0;
    for (let line = 0; line < count; line++) {
      const known = flags[line] as number;
      if ((known & (LINE.length | LINE.again2 | LINE.again3 | LINE.file)) === 0) continue;
      if ((known & LINE.length) !== 0) {
        if (((flags[line - 1] as number) & LINE.length) === 0) first = line - 1;
        if (((flags[line + 1] as number) & LINE.length) === 0) this.#reorder(first, line + 1);
      }
      if ((known & LINE.file) !== 0) this.hasFiles = true;
      if ((known & LINE.again2) !== 0) this.#again(repeats[0] as Repeat, line, onLines);
      if ((known & LINE.again3) !== 0) this.#again(repeats[1] as Repeat, line, onLines);
    }
    for (const repeat of repeats) this.#deal(repeat, onLines);
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
    if (bytes < FEWEST_BYTES || bytes > this.#left || !this.#isMixed(from[first] as number, to[first + 1] as number)) {
      return;
    }
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

  /** Whether there are capital letters or digits, and not digits alone: numbers and words have lines of their own. */
  #isMixed(from: number, to: number): boolean {
    let [digits, small] = [0, 0];
    for (let at = from; at < to; at++) {
      const byte = this.#data[at] as number;
      if (byte === BLANK) return false;
      if (isDigit(byte)) digits++;
      else if (byte >= 0x61 && byte <= 0x7a) small++;
    }
    return digits < to - from - 1 && small < to - from - 1;
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

  /** Notes that a line comes again; what was noted before belongs to it or is dealt out. */
  #again(repeat: Repeat, line: number, onLines: OnLines): void {
    if (repeat.times > 0 && line - repeat.last > repeat.period) this.#deal(repeat, onLines);
    if (repeat.times === 0) repeat.start = line - repeat.period;
    repeat.times++;
    repeat.last = line;
  }

  /** Lines between which others come again and again: those of each place in the repetition. */
  #deal(repeat: Repeat, onLines: OnLines): void {
    const { period, times, start, last } = repeat;
    repeat.times = 0;
    const end = Math.min(this.#lines.count, last + period);
    if (times < FEWEST_TIMES || end - start > this.#linesLeft) return;
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
