/**
 * Lines as tokens, so that lines can be compared: a number is one token whatever its length, as are blanks in a row, and
 * every other byte is one of its own.
 */
import { isHexDigit } from "./symbols.ts";

/** Digits from which a line seems to begin with an offset. */
const OFFSET_DIGITS = 6;

/** Whether `byte` is a blank or a tab. */
export const isBlank = (byte: number): boolean => KINDS[byte] === BLANK;
/** Whether `byte` is a decimal digit. */
export const isDigit = (byte: number): boolean => KINDS[byte] === NUMBER;

/** Kinds of byte that make one token with their like; other bytes are tokens of their own. */
const BLANK = 1;
const NUMBER = 2;
const KINDS: Uint8Array = new Uint8Array(256);
KINDS[0x20] = KINDS[0x09] = BLANK;
KINDS.fill(NUMBER, 0x30, 0x3a);

/** What two lines share. */
export interface Shared {
  /** How many tokens: blanks, numbers and offsets are alike whatever their length. */
  tokens: number;
  /** Whether neither line has more than that. */
  isAll: boolean;
}

/** One result for all calls: there is one for each line of all output. */
const SHARED: Shared = { tokens: 0, isAll: false };

/** Where a line goes on after `tokens` tokens. */
export function skipTokens(data: Uint8Array, from: number, to: number, tokens: number): number {
  let at = offsetEnd(data, from, to);
  for (let left = at === from ? tokens : tokens - 1; left > 0 && at < to; left--) {
    const kind = KINDS[data[at++] as number];
    if (kind !== 0) { while (at < to && KINDS[data[at] as number] === kind) at++; }
  }
  return at;
}

/** What two stretches share at their end; good until the next call. */
export function sharedTail(data: Uint8Array, aFrom: number, aTo: number, bFrom: number, bTo: number): Readonly<Shared> {
  let i = aTo;
  let j = bTo;
  let tokens = 0;
  while (i > aFrom && j > bFrom) {
    const x = data[i - 1] as number;
    const y = data[j - 1] as number;
    if (KINDS[x] !== KINDS[y] || (KINDS[x] === 0 && x !== y)) break;
    i = tokenStart(data, i, aFrom);
    j = tokenStart(data, j, bFrom);
    tokens++;
  }
  SHARED.tokens = tokens;
  SHARED.isAll = i === aFrom && j === bFrom;
  return SHARED;
}

/** Where the token that ends at `end` starts. */
function tokenStart(data: Uint8Array, end: number, from: number): number {
  const kind = KINDS[data[end - 1] as number];
  let at = end - 1;
  if (kind !== 0) { while (at > from && KINDS[data[at - 1] as number] === kind) at--; }
  return at;
}

/** Where a stretch ends without `tokens` tokens at its end. */
export function skipTail(data: Uint8Array, from: number, to: number, tokens: number): number {
  let at = to;
  for (; tokens > 0 && at > from; tokens--) at = tokenStart(data, at, from);
  return at;
}

/** Whether a line is a row of a dump: an offset and bytes. */
export function isDump(data: Uint8Array, from: number, to: number): boolean {
  const end = offsetEnd(data, from, to);
  return end > from && end < to && (data[end] === 0x3a || isBlank(data[end] as number));
}

/** Where the offset ends that a line begins with; where the line begins when it begins with none. */
export function offsetEnd(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isHexDigit(data[at] as number)) at++;
  return at - from >= OFFSET_DIGITS ? at : from;
}

/** The first number of a stretch, 0 when there is none. */
export function firstNumber(data: Uint8Array, from: number, to: number): number {
  let at = nextNumber(data, from, to);
  let number = 0;
  for (; at < to && isDigit(data[at] as number); at++) number = number * 10 + (data[at] as number) - 0x30;
  return number;
}

/** Where the next number of a stretch begins, the end of the stretch when there is none. */
export function nextNumber(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && KINDS[data[at] as number] !== NUMBER) at++;
  return at;
}

/** Where the number that begins at `from` ends. */
export function numberEnd(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && KINDS[data[at] as number] === NUMBER) at++;
  return at;
}

/**
 * Where the characters begin that stand beside the numbers of a row: at a bar or an angle, or behind two blanks, unless
 * those are there because a number is short (`107  45 108`); where the row ends when it has none.
 */
export function gutterOf(data: Uint8Array, from: number, to: number): number {
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
