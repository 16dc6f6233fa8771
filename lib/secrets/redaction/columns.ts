/**
 * Values that are dealt out over lines: one character or a few on each, after a number, between words that repeat.
 *
 * Lines in a row that begin and end alike, numbers aside, have a column between what they share. The column, read
 * downwards, is one more view of the text; when the numbers are not in order, so is the column in the order of the
 * numbers.
 */
import { isHexDigit } from "./symbols.ts";

/** Bytes up to which a line is looked at. */
const LONGEST_LINE = 160;
/** Bytes up to which what differs is taken for a column; from eight characters on a piece is found where it stands. */
const WIDEST = 24;
/** Lines from which there is a column. */
const FEWEST_LINES = 3;
/** Lines that are enough for a column when the next ones share less. */
const SETTLED = 4;
/** Bytes up to which a line of a dump holds less than eight characters. */
const SHORT_DUMP = 40;
/** Digits from which a line seems to begin with an offset. */
const OFFSET_DIGITS = 6;

/** A column: the stretches of text it consists of, in the order in which to read them. */
export interface Column {
  /** Where each stretch begins and ends: two numbers for each. */
  readonly stretches: readonly number[];
}

interface Line {
  readonly from: number;
  readonly to: number;
}

/** Finds columns; keeps its working memory, since it looks at every line of all output. */
export class ColumnFinder {
  readonly #from: Uint16Array;
  readonly #to: Uint16Array;

  /** A finder for texts of up to `capacity` bytes. */
  constructor(capacity: number) {
    this.#from = new Uint16Array(capacity + 2);
    this.#to = new Uint16Array(capacity + 2);
  }

  /** The columns of `data`, whose line ends are among the first `count` of `places`. */
  find(data: Uint8Array, places: Uint16Array, count: number): Column[] {
    const columns: Column[] = [];
    const lines = this.#split(data, places, count);
    let start = 0;
    let shared = 0;
    for (let line = 1; line <= lines; line++) {
      let tokens = line < lines && this.#looksAlike(data, line) ? this.#shared(data, start, line) : 0;
      // Lines that share much less begin a new group; a little less is what the column shares by chance.
      if (tokens > 0 && line - start > 1 && 2 * tokens < shared) {
        if (line - start >= SETTLED) tokens = 0;
        else {
          start = line - 1;
          tokens = this.#shared(data, start, line);
        }
      }
      if (tokens === 0) {
        if (line - start >= FEWEST_LINES) closeGroup(data, this.#lines(start, line), shared, columns);
        start = line;
      } else shared = line - start === 1 ? tokens : Math.min(shared, tokens);
    }
    return columns;
  }

  #split(data: Uint8Array, places: Uint16Array, count: number): number {
    let lines = 0;
    let from = 0;
    for (let i = 0; i <= count; i++) {
      const end = i < count ? places[i] as number : data.length;
      if (i < count && data[end] !== 0x0a) continue;
      this.#from[lines] = from;
      this.#to[lines++] = end > from && data[end - 1] === 0x0d ? end - 1 : end;
      from = end + 1;
    }
    return lines;
  }

  /** Whether a line and the one before it may share how they begin, at the price of a look at one byte. */
  #looksAlike(data: Uint8Array, line: number): boolean {
    const [above, here] = [this.#from[line - 1] as number, this.#from[line] as number];
    const [first, second] = [data[above] as number, data[here] as number];
    if (first !== second && !(isDigit(first) && isDigit(second))) {
      const [far, farther] = [data[above + OFFSET_DIGITS - 1] as number, data[here + OFFSET_DIGITS - 1] as number];
      if (!isHexDigit(first) || !isHexDigit(second) || !isHexDigit(far) || !isHexDigit(farther)) return false;
    }
    const length = (this.#to[line] as number) - here;
    const difference = length - (this.#to[line - 1] as number) + above;
    return length > 0 && length <= LONGEST_LINE && difference <= WIDEST && -difference <= WIDEST;
  }

  /** How many tokens two lines share; none when all they share is blank. */
  #shared(data: Uint8Array, a: number, b: number): number {
    const [aFrom, bFrom] = [this.#from[a] as number, this.#from[b] as number];
    const tokens = sharedTokens(data, aFrom, this.#to[a] as number, bFrom, this.#to[b] as number);
    return tokens === 1 && isBlank(data[aFrom] as number) ? 0 : tokens;
  }

  #lines(start: number, end: number): Line[] {
    return Array.from({ length: end - start }, (_, i) => {
      return { from: this.#from[start + i] as number, to: this.#to[start + i] as number };
    });
  }
}

function closeGroup(data: Uint8Array, lines: readonly Line[], shared: number, columns: Column[]): void {
  const first = lines[0] as Line;
  if (isDump(data, first)) {
    columns.push(dumpColumn(data, lines, true), dumpColumn(data, lines, false));
    return;
  }
  let tail = Infinity;
  const cut = lines.map((line) => ({ from: skipTokens(data, line, shared), to: line.to }));
  for (const line of cut.slice(1)) tail = Math.min(tail, sharedTail(data, cut[0] as Line, line));
  const stretches = cut.map((line) => ({ from: line.from, to: skipTail(data, line, tail) }));
  if (stretches.some(({ from, to }) => to - from > WIDEST)) return;
  columns.push({ stretches: stretches.flatMap(({ from, to }) => [from, to]) });
  const numbers = lines.map((line, i) => firstNumber(data, line.from, (stretches[i] as Line).from));
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number))) return;
  const order = numbers.map((_, i) => i).sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  columns.push({ stretches: order.flatMap((i) => [(stretches[i] as Line).from, (stretches[i] as Line).to]) });
}

const isBlank = (byte: number): boolean => byte === 0x20 || byte === 0x09;
const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** How many tokens two lines share from their start: blanks, numbers and offsets are alike whatever their length. */
function sharedTokens(data: Uint8Array, aFrom: number, aTo: number, bFrom: number, bTo: number): number {
  let [i, j, tokens] = [aFrom, bFrom, 0];
  while (i < aTo && j < bTo) {
    const kind = tokenKind(data[i] as number);
    const [aEnd, bEnd] = [tokenEnd(data, i, aTo, i === aFrom), tokenEnd(data, j, bTo, j === bFrom)];
    const areOffsets = i === aFrom && aEnd - i >= OFFSET_DIGITS && bEnd - j >= OFFSET_DIGITS && kind !== BLANK;
    if (kind !== tokenKind(data[j] as number) && !areOffsets) break;
    i = aEnd;
    j = bEnd;
    tokens++;
  }
  return tokens;
}

/** Where the token at `at` ends: blanks, a number, an offset at the start of the line, or one byte. */
function tokenEnd(data: Uint8Array, at: number, to: number, isFirst: boolean): number {
  if (isFirst) {
    const end = offsetEnd(data, { from: at, to });
    if (end - at >= OFFSET_DIGITS) return end;
  }
  const kind = tokenKind(data[at] as number);
  let end = at + 1;
  if (kind < 0) { while (end < to && tokenKind(data[end] as number) === kind) end++; }
  return end;
}

const BLANK = -1;
const NUMBER = -2;

/** What makes two tokens alike: a kind of which the length does not matter, else the byte itself. */
function tokenKind(byte: number): number {
  return isBlank(byte) ? BLANK : isDigit(byte) ? NUMBER : byte;
}

/** Where `line` goes on after `tokens` tokens. */
function skipTokens(data: Uint8Array, line: Line, tokens: number): number {
  let at = line.from;
  for (; tokens > 0 && at < line.to; tokens--) at = tokenEnd(data, at, line.to, at === line.from);
  return at;
}

/** How many tokens two lines share at their end. */
function sharedTail(data: Uint8Array, a: Line, b: Line): number {
  let [i, j, tokens] = [a.to, b.to, 0];
  while (i > a.from && j > b.from && tokenKind(data[i - 1] as number) === tokenKind(data[j - 1] as number)) {
    i = tokenStart(data, i, a.from);
    j = tokenStart(data, j, b.from);
    tokens++;
  }
  return tokens;
}

/** Where the token that ends at `end` starts. */
function tokenStart(data: Uint8Array, end: number, from: number): number {
  const kind = tokenKind(data[end - 1] as number);
  let at = end - 1;
  if (kind < 0) { while (at > from && tokenKind(data[at - 1] as number) === kind) at--; }
  return at;
}

/** Where `line` ends without `tokens` tokens at its end. */
function skipTail(data: Uint8Array, line: Line, tokens: number): number {
  let at = line.to;
  for (; tokens > 0 && at > line.from; tokens--) at = tokenStart(data, at, line.from);
  return at;
}

function firstNumber(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !isDigit(data[at] as number)) at++;
  let number = 0;
  for (; at < to && isDigit(data[at] as number); at++) number = number * 10 + (data[at] as number) - 0x30;
  return number;
}

/** Whether `line` is a short row of a dump: an offset and a few bytes. */
function isDump(data: Uint8Array, line: Line): boolean {
  const end = offsetEnd(data, line);
  return line.to - line.from <= SHORT_DUMP && end >= line.from + OFFSET_DIGITS && end < line.to &&
    (data[end] === 0x3a || isBlank(data[end] as number));
}

function offsetEnd(data: Uint8Array, line: Line): number {
  let at = line.from;
  while (at < line.to && isHexDigit(data[at] as number)) at++;
  return at;
}

/** The numbers or, behind two blanks or a bar, the characters of the rows of a dump. */
function dumpColumn(data: Uint8Array, lines: readonly Line[], numbers: boolean): Column {
  const stretches: number[] = [];
  for (const line of lines) {
    const start = offsetEnd(data, line);
    let gutter = start + 2;
    while (gutter < line.to && data[gutter] !== 0x7c && !(data[gutter] === 0x20 && data[gutter - 1] === 0x20)) gutter++;
    if (numbers) stretches.push(start, Math.min(gutter, line.to));
    else if (gutter < line.to) stretches.push(gutter, line.to);
  }
  return { stretches };
}
