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

/** The columns of `data`, whose line ends are among the first `count` of `places`. */
export function findColumns(data: Uint8Array, places: Uint16Array, count: number): Column[] {
  const columns: Column[] = [];
  let group: Line[] = [];
  let shared = 0;
  let from = 0;
  for (let i = 0; i <= count; i++) {
    const end = i < count ? places[i] as number : data.length;
    if (i < count && data[end] !== 0x0a) continue;
    const line = { from, to: end > from && data[end - 1] === 0x0d ? end - 1 : end };
    from = end + 1;
    if (line.to === line.from || line.to - line.from > LONGEST_LINE) {
      closeGroup(data, group, shared, columns);
      group = [];
      continue;
    }
    const before = group[group.length - 1];
    if (before !== undefined && Math.abs(before.to - before.from - line.to + line.from) > WIDEST) {
      closeGroup(data, group, shared, columns);
      group = [];
    }
    const first = group[0];
    const tokens = first === undefined ? 0 : sharedTokens(data, first, line);
    // Lines that share much less begin a new group; a little less is what characters of the column share by chance.
    if (group.length > 1 && 2 * tokens < shared) {
      const settled = group.length >= SETTLED;
      if (settled) closeGroup(data, group, shared, columns);
      group = settled ? [] : group.slice(-1);
    }
    const start = group[0];
    if (start !== undefined) {
      const common = start === first ? tokens : sharedTokens(data, start, line);
      shared = group.length === 1 ? common : Math.min(shared, common);
      if (shared === 0 || (shared === 1 && isBlank(data[line.from] as number))) {
        closeGroup(data, group, shared, columns);
        group = [];
      }
    }
    group.push(line);
  }
  closeGroup(data, group, shared, columns);
  return columns;
}

function closeGroup(data: Uint8Array, lines: readonly Line[], shared: number, columns: Column[]): void {
  const first = lines[0];
  if (first === undefined || lines.length < FEWEST_LINES || shared === 0) return;
  if (shared === 1 && isBlank(data[first.from] as number)) return;
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
function sharedTokens(data: Uint8Array, a: Line, b: Line): number {
  let [i, j, tokens] = [a.from, b.from, 0];
  if (data[i] !== data[j] && !(isHexDigit(data[i] as number) && isHexDigit(data[j] as number))) return 0;
  while (i < a.to && j < b.to) {
    const ends = [tokenEnd(data, a, i), tokenEnd(data, b, j)] as const;
    if (tokenKind(data, i, ends[0]) !== tokenKind(data, j, ends[1])) break;
    [i, j] = ends;
    tokens++;
  }
  return tokens;
}

/** Where the token at `at` ends: blanks, a number, an offset at the start of the line, or one byte. */
function tokenEnd(data: Uint8Array, line: Line, at: number): number {
  if (at === line.from) {
    const end = offsetEnd(data, line);
    if (end - at >= OFFSET_DIGITS) return end;
  }
  const byte = data[at] as number;
  const alike = isBlank(byte) ? isBlank : isDigit(byte) ? isDigit : undefined;
  let end = at + 1;
  if (alike !== undefined) { while (end < line.to && alike(data[end] as number)) end++; }
  return end;
}

/** What makes two tokens alike: below zero a kind whose length and digits do not matter, else the byte itself. */
function tokenKind(data: Uint8Array, at: number, end: number): number {
  const byte = data[at] as number;
  if (isBlank(byte)) return -1;
  return isDigit(byte) || end - at > 1 ? -2 : byte;
}

/** Where `line` goes on after `tokens` tokens. */
function skipTokens(data: Uint8Array, line: Line, tokens: number): number {
  let at = line.from;
  for (; tokens > 0 && at < line.to; tokens--) at = tokenEnd(data, line, at);
  return at;
}

/** How many tokens two lines share at their end. */
function sharedTail(data: Uint8Array, a: Line, b: Line): number {
  let [i, j, tokens] = [a.to, b.to, 0];
  while (i > a.from && j > b.from) {
    const [x, y] = [data[i - 1] as number, data[j - 1] as number];
    const alike = isBlank(x) ? isBlank : isDigit(x) ? isDigit : undefined;
    if (alike === undefined) {
      if (x !== y) break;
      i--;
      j--;
    } else {
      if (!alike(y)) break;
      while (i > a.from && alike(data[i - 1] as number)) i--;
      while (j > b.from && alike(data[j - 1] as number)) j--;
    }
    tokens++;
  }
  return tokens;
}

/** Where `line` ends without `tokens` tokens at its end. */
function skipTail(data: Uint8Array, line: Line, tokens: number): number {
  let at = line.to;
  for (; tokens > 0 && at > line.from; tokens--) {
    const byte = data[at - 1] as number;
    const alike = isBlank(byte) ? isBlank : isDigit(byte) ? isDigit : undefined;
    at--;
    if (alike !== undefined) { while (at > line.from && alike(data[at - 1] as number)) at--; }
  }
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
