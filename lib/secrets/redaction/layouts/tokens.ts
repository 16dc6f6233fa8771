/** What lines consist of: offsets, numbers, blanks, and the characters beside the numbers of a dump. */
import { isHexDigit } from "../symbols.ts";

/** Digits from which a line seems to begin with an offset. */
const OFFSET_DIGITS = 6;

/** Whether `byte` is a blank or a tab. */
export const isBlank = (byte: number): boolean => KINDS[byte] === BLANK;
/** Whether `byte` is a decimal digit. */
export const isDigit = (byte: number): boolean => KINDS[byte] === NUMBER;

/** Kinds of byte. */
const BLANK = 1;
const NUMBER = 2;
const KINDS: Uint8Array = new Uint8Array(256);
KINDS[0x20] = KINDS[0x09] = BLANK;
KINDS.fill(NUMBER, 0x30, 0x3a);

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
function nextNumber(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && KINDS[data[at] as number] !== NUMBER) at++;
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
