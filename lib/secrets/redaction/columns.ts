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
/** Tokens that lines have to end with alike: a number and the blank before it, or more. */
const FEWEST_TAIL = 2;
/** Numbers of a line that are looked at as columns. */
const MOST_NUMBERS = 3;
/** Characters of the shortest piece, and so of the shortest column. */
const FEWEST_CHARACTERS = 8;
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
        if (line - start >= FEWEST_LINES) this.#close(data, start, line, shared, columns);
        start = line;
      } else shared = line - start === 1 ? tokens : Math.min(shared, tokens);
    }
    this.#findTails(data, lines, columns);
    return columns;
  }

  /** Short lines that end alike and begin with the column: `s is number 1`. */
  #findTails(data: Uint8Array, lines: number, columns: Column[]): void {
    let start = 0;
    let shared = 0;
    for (let line = 1; line <= lines; line++) {
      const tokens = line < lines ? this.#sharedTail(data, start, line) : 0;
      if (tokens >= FEWEST_TAIL) {
        shared = line - start === 1 ? tokens : Math.min(shared, tokens);
        continue;
      }
      if (line - start >= FEWEST_LINES) this.#closeTails(data, start, line, shared, columns);
      start = line;
    }
  }

  #sharedTail(data: Uint8Array, a: number, b: number): number {
    const [aFrom, aTo] = [this.#from[a] as number, this.#to[a] as number];
    const [bFrom, bTo] = [this.#from[b] as number, this.#to[b] as number];
    if (bTo - bFrom > WIDEST || aTo - aFrom > WIDEST || aTo === aFrom || bTo === bFrom) return 0;
    return sharedTail(data, aFrom, aTo, bFrom, bTo);
  }

  #closeTails(data: Uint8Array, start: number, end: number, shared: number, columns: Column[]): void {
    const stretches: number[] = [];
    const numbers: number[] = [];
    for (let line = start; line < end; line++) {
      const [from, to] = [this.#from[line] as number, this.#to[line] as number];
      const tail = skipTail(data, from, to, shared);
      stretches.push(from, tail);
      numbers.push(firstNumber(data, tail, to));
    }
    if (sizeOf(stretches) < FEWEST_CHARACTERS) return;
    columns.push({ stretches });
    const inOrder = sortStretches(stretches, numbers);
    if (inOrder !== undefined) columns.push({ stretches: inOrder });
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

  /** Whether the first two lines of a group leave a column that is not too wide; further lines can only widen it. */
  #isNarrow(data: Uint8Array, start: number, shared: number): boolean {
    const [aTo, bTo] = [this.#to[start] as number, this.#to[start + 1] as number];
    const a = skipTokens(data, this.#from[start] as number, aTo, shared);
    const b = skipTokens(data, this.#from[start + 1] as number, bTo, shared);
    if (aTo - a <= WIDEST && bTo - b <= WIDEST) return true;
    const tail = sharedTail(data, a, aTo, b, bTo);
    return skipTail(data, a, aTo, tail) - a <= WIDEST && skipTail(data, b, bTo, tail) - b <= WIDEST;
  }

  #close(data: Uint8Array, start: number, end: number, shared: number, columns: Column[]): void {
    const [first, firstTo] = [this.#from[start] as number, this.#to[start] as number];
    if (isDump(data, first, firstTo)) {
      columns.push(this.#dumpColumn(data, start, end, true));
      // A longer row shows eight characters and more, which are found where they stand.
      if (firstTo - first <= SHORT_DUMP) columns.push(this.#dumpColumn(data, start, end, false));
      return;
    }
    if (!this.#isNarrow(data, start, shared)) return;
    const stretches: number[] = [];
    for (let line = start; line < end; line++) {
      const to = this.#to[line] as number;
      stretches.push(skipTokens(data, this.#from[line] as number, to, shared), to);
    }
    let tail = Infinity;
    const head = stretches[0] as number;
    for (let i = 2; i < stretches.length && tail > 0; i += 2) {
      tail = Math.min(tail, sharedTail(data, head, firstTo, stretches[i] as number, stretches[i + 1] as number));
    }
    for (let i = 0; i < stretches.length; i += 2) {
      const from = stretches[i] as number;
      const to = skipTail(data, from, stretches[i + 1] as number, tail);
      if (to - from > WIDEST) return;
      stretches[i + 1] = to;
    }
    if (end - start >= FEWEST_CHARACTERS) this.#numberColumns(data, start, stretches, columns);
    if (sizeOf(stretches) < FEWEST_CHARACTERS) return;
    columns.push({ stretches });
    const inOrder = this.#byNumber(data, start, stretches);
    if (inOrder !== undefined) columns.push({ stretches: inOrder });
  }

  /** The numbers that the lines have in the same place, as columns of their own, unless they only count the lines. */
  #numberColumns(data: Uint8Array, start: number, stretches: readonly number[], columns: Column[]): void {
    for (let nth = 0; nth < MOST_NUMBERS; nth++) {
      const numbers: number[] = [];
      let counts = true;
      let before = NaN;
      for (let i = 0; i < stretches.length; i += 2) {
        const [from, to] = findNumber(
          data,
          this.#from[start + i / 2] as number,
          this.#to[start + i / 2] as number,
          nth,
        );
        if (from === to) return;
        const number = firstNumber(data, from, to);
        counts &&= i === 0 || number === before + 1 || number === before;
        before = number;
        numbers.push(from, to);
      }
      if (!counts) columns.push({ stretches: numbers });
    }
  }

  /** The stretches in the order of the first numbers of their lines; undefined when that is theirs, or no order. */
  #byNumber(data: Uint8Array, start: number, stretches: readonly number[]): number[] | undefined {
    const numbers: number[] = [];
    for (let i = 0; i < stretches.length; i += 2) {
      numbers.push(firstNumber(data, this.#from[start + i / 2] as number, stretches[i] as number));
    }
    return sortStretches(stretches, numbers);
  }

  /** The numbers or, behind two blanks or a bar, the characters of the rows of a dump. */
  #dumpColumn(data: Uint8Array, start: number, end: number, numbers: boolean): Column {
    const stretches: number[] = [];
    for (let line = start; line < end; line++) {
      const to = this.#to[line] as number;
      const from = offsetEnd(data, this.#from[line] as number, to);
      const gutter = gutterOf(data, from, to);
      if (numbers) stretches.push(from, Math.min(gutter, to));
      else if (gutter < to) stretches.push(gutter, to);
    }
    return { stretches };
  }
}

const isBlank = (byte: number): boolean => KINDS[byte] === BLANK;
const isDigit = (byte: number): boolean => KINDS[byte] === NUMBER;

/** Kinds of byte that make one token with their like; other bytes are tokens of their own. */
const BLANK = 1;
const NUMBER = 2;
const KINDS: Uint8Array = new Uint8Array(256);
KINDS[0x20] = KINDS[0x09] = BLANK;
KINDS.fill(NUMBER, 0x30, 0x3a);

/** How many tokens two lines share from their start: blanks, numbers and offsets are alike whatever their length. */
function sharedTokens(data: Uint8Array, aFrom: number, aTo: number, bFrom: number, bTo: number): number {
  let [i, j, tokens] = [offsetEnd(data, aFrom, aTo), offsetEnd(data, bFrom, bTo), 1];
  if (i === aFrom || j === bFrom) [i, j, tokens] = [aFrom, bFrom, 0];
  while (i < aTo && j < bTo) {
    const [x, y] = [data[i] as number, data[j] as number];
    const kind = KINDS[x];
    i++;
    j++;
    if (kind === 0) {
      if (x !== y) break;
    } else {
      if (kind !== KINDS[y]) break;
      while (i < aTo && KINDS[data[i] as number] === kind) i++;
      while (j < bTo && KINDS[data[j] as number] === kind) j++;
    }
    tokens++;
  }
  return tokens;
}

/** Where a line goes on after `tokens` tokens. */
function skipTokens(data: Uint8Array, from: number, to: number, tokens: number): number {
  let at = offsetEnd(data, from, to);
  for (let left = at === from ? tokens : tokens - 1; left > 0 && at < to; left--) {
    const kind = KINDS[data[at++] as number];
    if (kind !== 0) { while (at < to && KINDS[data[at] as number] === kind) at++; }
  }
  return at;
}

/** How many tokens two stretches share at their end. */
function sharedTail(data: Uint8Array, aFrom: number, aTo: number, bFrom: number, bTo: number): number {
  let [i, j, tokens] = [aTo, bTo, 0];
  while (i > aFrom && j > bFrom) {
    const [x, y] = [data[i - 1] as number, data[j - 1] as number];
    if (KINDS[x] !== KINDS[y] || (KINDS[x] === 0 && x !== y)) break;
    i = tokenStart(data, i, aFrom);
    j = tokenStart(data, j, bFrom);
    tokens++;
  }
  return tokens;
}

/** Where the token that ends at `end` starts. */
function tokenStart(data: Uint8Array, end: number, from: number): number {
  const kind = KINDS[data[end - 1] as number];
  let at = end - 1;
  if (kind !== 0) { while (at > from && KINDS[data[at - 1] as number] === kind) at--; }
  return at;
}

/** Where a stretch ends without `tokens` tokens at its end. */
function skipTail(data: Uint8Array, from: number, to: number, tokens: number): number {
  let at = to;
  for (; tokens > 0 && at > from; tokens--) at = tokenStart(data, at, from);
  return at;
}

function sizeOf(stretches: readonly number[]): number {
  let size = 0;
  for (let i = 0; i < stretches.length; i += 2) size += (stretches[i + 1] as number) - (stretches[i] as number);
  return size;
}

/** The stretches in the order of `numbers`; undefined when that is theirs, or no order. */
function sortStretches(stretches: readonly number[], numbers: readonly number[]): number[] | undefined {
  if (numbers.every((number, i) => i === 0 || number > (numbers[i - 1] as number))) return undefined;
  if (new Set(numbers).size < numbers.length) return undefined;
  const order = numbers.map((_, i) => i).sort((a, b) => (numbers[a] as number) - (numbers[b] as number));
  return order.flatMap((i) => [stretches[2 * i] as number, stretches[2 * i + 1] as number]);
}

/** Where the `nth` number of a line begins and ends; an empty stretch when there are fewer. */
function findNumber(data: Uint8Array, from: number, to: number, nth: number): [number, number] {
  let at = from;
  for (let left = nth;; left--) {
    while (at < to && KINDS[data[at] as number] !== NUMBER) at++;
    const start = at;
    while (at < to && KINDS[data[at] as number] === NUMBER) at++;
    if (left === 0 || at === to) return left === 0 ? [start, at] : [to, to];
  }
}

function firstNumber(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && !isDigit(data[at] as number)) at++;
  let number = 0;
  for (; at < to && isDigit(data[at] as number); at++) number = number * 10 + (data[at] as number) - 0x30;
  return number;
}

/** Whether a line is a row of a dump: an offset and bytes. */
function isDump(data: Uint8Array, from: number, to: number): boolean {
  const end = offsetEnd(data, from, to);
  return end > from && end < to && (data[end] === 0x3a || isBlank(data[end] as number));
}

/** Where the offset ends that a line begins with; where the line begins when it begins with none. */
function offsetEnd(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isHexDigit(data[at] as number)) at++;
  return at - from >= OFFSET_DIGITS ? at : from;
}

/**
 * Where the characters begin that stand beside the numbers of a row: at a bar or an angle, or behind two blanks, unless
 * those are there because a number is short (`107  45 108`); where the row ends when it has none.
 */
function gutterOf(data: Uint8Array, from: number, to: number): number {
  let at = from + 2;
  while (at < to && data[at] !== 0x7c && data[at] !== 0x3e) {
    const isGap = data[at] === 0x20 && data[at - 1] === 0x20;
    const isShort = isDigit(data[at - 2] as number) && isDigit(data[at + 1] as number) &&
      isDigit(data[at + 2] as number) && (at + 3 >= to || data[at + 3] === 0x20);
    if (isGap && !isShort) break;
    at++;
  }
  return Math.min(at, to);
}
