/**
 * Values that are dealt out over lines: one character or a few on each, after a number, between words that repeat.
 *
 * Lines in a row that begin and end alike, numbers aside, have a column between what they share. The column, read
 * downwards, is one more view of the text; when the numbers are not in order, so is the column in the order of the
 * numbers.
 */
import { isPlainRow } from "./dumps.ts";
import { readCounted } from "./counted.ts";
import { areNumbered, type HexRow, hexRowOf, isHexToken } from "./hex_rows.ts";
import { Stretches } from "./stretches.ts";
import { DENSE } from "./symbols.ts";
import { GROUP, LINE, type Lines } from "./text_kernel.ts";
import {
  firstNumber,
  gutterOf,
  isBlank,
  isDigit,
  isDump,
  nextNumber,
  offsetEnd,
  sharedTail,
  skipTail,
  skipTokens,
} from "./tokens.ts";

/** Bytes up to which what differs is taken for a column; from eight characters on a piece is found where it stands. */
const WIDEST = 24;
/** Lines from which there is a column. */
const FEWEST_LINES = 3;
/** Numbers of a line that are looked at as columns. */
const MOST_NUMBERS = 3;
/** Digits up to which a number is looked at as a part of a column. */
const LONGEST_NUMBER = 24;
/** Digits of the shortest line that is read as noughts and ones. */
const FEWEST_BITS = 6;
/** Characters of the shortest piece, and so of the shortest column. */
const FEWEST_CHARACTERS = 8;
/** Bytes up to which the part of a label is looked for that differs from line to line. */
const LONGEST_LABEL = 8;
/** Bytes up to which a line of a dump holds less than eight characters. */
const SHORT_DUMP = 40;

/** What is done with a column: the stretches of text it consists of, in the order in which to read them. */
export type OnColumn = (column: Stretches) => void;

/** Finds columns; keeps its working memory, since it looks at every line of all output. */
export class ColumnFinder {
  readonly #column: Stretches;
  readonly #numbers: Stretches;
  #data: Uint8Array = new Uint8Array(0);
  #lines: Lines;
  #from: Uint16Array = new Uint16Array(0);
  #to: Uint16Array = new Uint16Array(0);
  #isContinued = false;
  /** The line up to which rows of digits were looked at. */
  #hexEnd = 0;
  /** Whether the lines of the group that is looked at differ in more than their numbers. */
  #differ = false;
  #onColumn: OnColumn = () => {};

  /** A finder for texts of up to `capacity` bytes, which looks at `lines` first. */
  constructor(capacity: number, lines: Lines) {
    this.#lines = lines;
    this.#column = new Stretches(capacity + 1);
    this.#numbers = new Stretches(capacity + 1);
  }

  /** Calls `onColumn` for the columns of `data`; when it `isContinued`, its first line may lack its beginning. */
  find(data: Uint8Array, lines: Lines, isContinued: boolean, onColumn: OnColumn): void {
    this.#data = data;
    this.#lines = lines;
    this.#from = lines.from;
    this.#to = lines.to;
    this.#isContinued = isContinued;
    this.#onColumn = onColumn;
    this.#hexEnd = 0;
    this.#findHeads();
    this.#findTails();
  }

  /** Files of a few characters each, one after the other, with what `head` and `tail` write above each: `==> xaa <==`. */
  findFiles(data: Uint8Array, lines: Lines, onColumn: OnColumn): void {
    const column = this.#column;
    column.clear();
    let files = 0;
    for (let line = 0; line < lines.count; line++) {
      const [from, to] = [lines.from[line] as number, lines.to[line] as number];
      if (data[from] === 0x3d && data[from + 1] === 0x3d && data[from + 2] === 0x3e) files++;
      else if (files > 0 && to - from <= WIDEST) column.push(from, to, 0);
    }
    if (files > 1 && column.size >= FEWEST_CHARACTERS) onColumn(column);
  }

  /** Lines that begin alike. */
  #findHeads(): void {
    const { groups, groupCount } = this.#lines;
    for (let at = 0; at < GROUP.size * groupCount; at += GROUP.size) {
      this.#differ = groups[at + GROUP.differ] !== 0;
      this.#close(
        groups[at + GROUP.start] as number,
        groups[at + GROUP.end] as number,
        groups[at + GROUP.shared] as number,
      );
    }
  }

  /** Short lines that end alike and begin with the column: `s is number 1`. */
  #findTails(): void {
    const { flags, count } = this.#lines;
    for (let start = 0; start + 2 < count;) {
      if (((flags[start + 1] as number) & LINE.tail) === 0) start++;
      else if (((flags[start + 2] as number) & LINE.tail) === 0) start += 2;
      else start = this.#followTails(start);
    }
  }

  /** Looks at a group of lines that end alike; where the next one starts. */
  #followTails(start: number): number {
    const { flags } = this.#lines;
    const [from, to] = [this.#from, this.#to];
    let shared = Infinity;
    let differ = false;
    let line = start + 1;
    for (; ((flags[line] as number) & LINE.tail) !== 0; line++) {
      if (line - start > 1 && ((flags[line] as number) & LINE.repeated) !== 0) continue;
      const { tokens, isAll } = sharedTail(
        this.#data,
        from[start] as number,
        to[start] as number,
        from[line] as number,
        to[line] as number,
      );
      shared = Math.min(shared, tokens);
      if (!isAll) differ = true;
    }
    if (differ) this.#closeTails(start, line, shared);
    return line;
  }

  #closeTails(start: number, end: number, shared: number): void {
    const column = this.#column;
    column.clear();
    for (let line = start; line < end; line++) {
      const from = this.#from[line] as number;
      const to = this.#to[line] as number;
      const tail = skipTail(this.#data, from, to, shared);
      column.push(from, tail, firstNumber(this.#data, tail, to));
    }
    this.#report(column);
  }

  /** Where a line of a group goes on behind what all of the group share. */
  #headEnd(line: number, shared: number): number {
    if (this.#lines.shared[line] === shared) return this.#lines.ends[line] as number;
    return skipTokens(this.#data, this.#from[line] as number, this.#to[line] as number, shared);
  }

  /** Whether the first two lines of a group leave a column that is not too wide; further lines can only widen it. */
  #isNarrow(start: number, shared: number): boolean {
    const data = this.#data;
    const [aTo, bTo] = [this.#to[start] as number, this.#to[start + 1] as number];
    const [a, b] = [this.#headEnd(start, shared), this.#headEnd(start + 1, shared)];
    if (aTo - a <= WIDEST && bTo - b <= WIDEST) return true;
    const tail = sharedTail(data, a, aTo, b, bTo).tokens;
    return skipTail(data, a, aTo, tail) - a <= WIDEST && skipTail(data, b, bTo, tail) - b <= WIDEST;
  }

  #close(start: number, end: number, shared: number): void {
    const [first, firstTo] = [this.#from[start] as number, this.#to[start] as number];
    // The last line of a dump is an offset without bytes, and another dump may follow.
    const [second, secondTo] = [this.#from[start + 1] as number, this.#to[start + 1] as number];
    if (isDump(this.#data, first, firstTo) || isDump(this.#data, second, secondTo)) {
      if (this.#isPlainDump(start, end)) return;
      this.#dumpColumn(start, end, true);
      // A longer row shows eight characters and more, which are found where they stand.
      if (Math.max(firstTo - first, secondTo - second) <= SHORT_DUMP) this.#dumpColumn(start, end, false);
      return;
    }
    if (start >= this.#hexEnd) this.#hexColumns(start, end, shared);
    if (this.#touchesNumber(start) && readCounted(this.#data, first, this.#to[end - 1] as number, this.#column) > 0) {
      this.#onColumn(this.#column);
    }
    if (!this.#differ) {
      this.#numberColumns(start, end);
      return;
    }
    if (!this.#isNarrow(start, shared)) return;
    const column = this.#column;
    this.#labelledColumn(start, end, shared);
    column.clear();
    for (let line = start; line < end; line++) {
      column.push(this.#headEnd(line, shared), this.#to[line] as number, 0);
    }
    if (!this.#dropTails(column)) return;
    this.#reportWithDigits(column);
    if (end - start >= FEWEST_CHARACTERS) this.#numberColumns(start, end);
    if (column.size < FEWEST_CHARACTERS) return;
    for (let i = 0; i < column.count; i++) {
      column.numbers[i] = firstNumber(this.#data, this.#from[start + i] as number, column.from[i] as number);
    }
    this.#report(column);
  }

  /** The digits of rows behind a short offset or a prefix, and what stands behind them where that is short. */
  #hexColumns(start: number, end: number, shared: number): void {
    // Where rows begin to differ there is an offset or a byte.
    const second = start + 1;
    const [from, to] = [this.#from[second] as number, this.#to[second] as number];
    if (!isHexToken(this.#data, this.#headEnd(second, shared), from, to)) return;
    const model = this.#hexRow(second);
    if (model === undefined) return;
    const isNumbered = areNumbered(this.#data, [this.#hexRow(start), model, this.#hexRow(start + 2)]);
    // What has nothing else beside it is found where it stands.
    if (!isNumbered && model.end === to && isBlanks(this.#data, from, model.start)) return;
    const isAlike = (line: number): boolean => this.#hexRow(line)?.width === model.width;
    // Offsets that begin with a letter make groups of their own.
    let [first, last] = [start, end];
    while (first > this.#hexEnd && isAlike(first - 1)) first--;
    while (last < this.#lines.count && isAlike(last)) last++;
    this.#hexEnd = last;
    const [digits, rest] = [this.#column, this.#numbers];
    digits.clear();
    rest.clear();
    for (let line = first; line < last; line++) {
      const row = this.#hexRow(line);
      if (row === undefined) continue;
      digits.push(isNumbered ? row.second : row.start, row.end, 0);
      rest.push(row.end, this.#to[line] as number, 0);
    }
    this.#onColumn(digits);
    if (to - model.end <= WIDEST) this.#onColumn(rest);
  }

  #hexRow(line: number): HexRow | undefined {
    return hexRowOf(this.#data, this.#from[line] as number, this.#to[line] as number);
  }

  /** Whether one of the first lines of a group is a number and a letter: nothing tells the one from the other. */
  #touchesNumber(start: number): boolean {
    for (let line = start; line < start + FEWEST_LINES; line++) {
      const to = this.#to[line] as number;
      let at = this.#from[line] as number;
      if (at === to || !isDigit(this.#data[at] as number)) return false;
      while (at < to && isDigit(this.#data[at] as number)) at++;
      if (at < to && DENSE[this.#data[at] as number] !== 0) return true;
    }
    return false;
  }

  /** With the digits beside each piece, which are taken for a number that the lines share. */
  #reportWithDigits({ from, to, count }: Stretches): void {
    const data = this.#data;
    const wider = this.#numbers;
    wider.clear();
    let taken = 0;
    for (let i = 0, length = 0; i < count; i++) {
      let [start, end] = [from[i] as number, to[i] as number];
      for (; start > 0 && isDigit(data[start - 1] as number); taken++) start--;
      for (; end < data.length && isDigit(data[end] as number); taken++) end++;
      // All pieces are of one length but the last, which numbers seldom are.
      if (i > 0 && end - start !== length && (i + 1 < count || end - start > length)) return;
      length = end - start;
      wider.push(start, end, 0);
    }
    if (taken > 0 && wider.size >= FEWEST_CHARACTERS) this.#onColumn(wider);
  }

  /** What stands behind a label that begins alike and ends in a mark: `xaa:`, `xab:` (grep -H). */
  #labelledColumn(start: number, end: number, shared: number): void {
    const column = this.#column;
    column.clear();
    for (let line = start; line < end; line++) {
      const to = this.#to[line] as number;
      const from = this.#headEnd(line, shared);
      const mark = labelEnd(this.#data, from, Math.min(to, from + LONGEST_LABEL));
      if (mark < 0 && line > start) return;
      if (mark >= 0) column.push(mark + 1, to, 0);
    }
    if (this.#dropTails(column) && column.size >= FEWEST_CHARACTERS) this.#onColumn(column);
  }

  /** Takes away what all stretches end with; false when one of them is too wide even so. */
  #dropTails(column: Stretches): boolean {
    const { from, to, count } = column;
    const data = this.#data;
    const [head, headTo] = [from[0] as number, to[0] as number];
    let tail = Infinity;
    for (let i = 1; i < count && tail > 0; i++) {
      const { tokens } = sharedTail(data, head, headTo, from[i] as number, to[i] as number);
      if (tokens >= tail) continue;
      if (i === count - 1 && i >= FEWEST_LINES) {
        // Where the last line has no end, a prompt stands behind it.
        const ending = data.subarray(skipTail(data, head, headTo, tail), headTo);
        to[i] = findTail(data, from[i] as number, to[i] as number, ending);
        break;
      }
      tail = tokens;
      if (skipTail(data, head, headTo, tail) - head > WIDEST) return false;
    }
    for (let i = 0; i < count; i++) {
      if (tail > 0) to[i] = skipTail(data, from[i] as number, to[i] as number, tail);
      if ((to[i] as number) - (from[i] as number) > WIDEST) return false;
    }
    return true;
  }

  /** Reports a column as it stands and in the order of its numbers, when it holds enough for a piece of a value. */
  #report(column: Stretches): void {
    if (column.size < FEWEST_CHARACTERS) return;
    this.#onColumn(column);
    if (column.sort()) this.#onColumn(column);
  }

  /** The numbers that the lines have in the same place, as columns of their own, unless they only count the lines. */
  #numberColumns(start: number, end: number): void {
    const numbers = this.#numbers;
    const data = this.#data;
    numbers.count = end - start;
    // Neither the first number nor the last one need be whole.
    const first = this.#isContinued && start === 0 ? 1 : 0;
    const last = this.#to[end - 1] === data.length ? numbers.count - 1 : numbers.count;
    for (let nth = 0; nth < MOST_NUMBERS; nth++) {
      let counts = true;
      // What is nothing but noughts and ones is read as bits, and stands in both views as it stands here.
      let areBits = true;
      let before = NaN;
      for (let i = 0; i < numbers.count; i++) {
        const to = this.#to[start + i] as number;
        let at = nextNumber(data, nth === 0 ? this.#from[start + i] as number : numbers.to[i] as number, to);
        if (at === to) return;
        numbers.from[i] = at;
        let number = 0;
        let digits = 0;
        for (; at < to && isDigit(data[at] as number); at++) {
          digits |= data[at] as number;
          number = number * 10 + (data[at] as number) - 0x30;
        }
        numbers.to[i] = at;
        // So long a number shows what it holds of a value where it stands.
        if (i === 1 && isLong(numbers, 0) && isLong(numbers, 1)) return;
        const isWhole = at === to && at - (this.#from[start + i] as number) >= FEWEST_BITS;
        if (digits > 0x31 || (!isWhole && i > 0 && i + 1 < numbers.count)) areBits = false;
        if (number !== before + 1 && number !== before && i > first && i < last) counts = false;
        before = number;
      }
      if (!counts && !areBits) this.#onColumn(numbers);
    }
  }

  /** Whether all lines are rows that are read as bytes, which shows more than reading their digits downwards. */
  #isPlainDump(start: number, end: number): boolean {
    const data = this.#data;
    // The end of the text may be in the middle of a byte.
    const last = this.#to[end - 1] === data.length ? end - 1 : end;
    let line = start;
    while (line < last && isPlainRow(data, this.#from[line] as number, this.#to[line] as number)) line++;
    return line === last;
  }

  /** The numbers or, behind two blanks or a bar, the characters of the rows of a dump. */
  #dumpColumn(start: number, end: number, numbers: boolean): void {
    const data = this.#data;
    const column = this.#column;
    column.clear();
    for (let line = start; line < end; line++) {
      const to = this.#to[line] as number;
      const from = offsetEnd(data, this.#from[line] as number, to);
      const gutter = gutterOf(data, from, to);
      if (numbers) column.push(from, gutter, 0);
      else if (gutter < to) column.push(gutter, to, 0);
    }
    this.#onColumn(column);
  }
}

/** Whether a number has more digits than are looked at as a part of a column. */
function isLong({ from, to }: Stretches, nth: number): boolean {
  return (to[nth] as number) - (from[nth] as number) > LONGEST_NUMBER;
}

/** Where the first `tail` in a stretch ends, the end of the stretch when there is none. */
function findTail(data: Uint8Array, from: number, to: number, tail: Uint8Array): number {
  for (let at = from; at + tail.length <= to; at++) {
    if (tail.every((byte, i) => data[at + i] === byte)) return at + tail.length;
  }
  return to;
}

function isBlanks(data: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && isBlank(data[at] as number)) at++;
  return at === to;
}

/** Where the mark stands that ends a label, -1 when there is none. */
function labelEnd(data: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) if (data[at] === 0x3a || data[at] === 0x3d) return at;
  return -1;
}
