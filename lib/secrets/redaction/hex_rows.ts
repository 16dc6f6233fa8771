/**
 * Rows of bytes in hexadecimal behind something else than a long offset: a short one (`curl --trace`, objdump), one behind
 * a prefix (`0x10:`, a log's), a number (`nl`).
 */
import { isBlank } from "./tokens.ts";
import { isHexDigit } from "./symbols.ts";

/** Bytes of a line within which its groups of digits begin. */
const LONGEST_PREFIX = 96;
/** Digits of a group: one, two, four or eight bytes. */
const WIDTHS: ReadonlySet<number> = new Set([2, 4, 8, 16]);
/** Bytes of the longest offset, marks included. */
const LONGEST_TOKEN = 20;
const X = 0x78;
const COLON = 0x3a;
const LATIN1 = new TextDecoder("latin1");

/** The groups of digits of a line. */
export interface HexRow {
  /** Where the first group begins. */
  start: number;
  /** Where the second group begins, or the first one ends when it is the only one. */
  second: number;
  /** Where the last one ends. */
  end: number;
  /** Digits of a group. */
  width: number;
  /** Whether there is `0x` before each. */
  isMarked: boolean;
}

/** The first two or more groups of digits of one width in a line; undefined when it has none, or nothing else. */
export function hexRowOf(data: Uint8Array, from: number, to: number): HexRow | undefined {
  let row: HexRow | undefined;
  for (let at = from; at < to;) {
    while (at < to && isBlank(data[at] as number)) at++;
    const start = at;
    const isMarked = data[at] === 0x30 && data[at + 1] === X;
    if (isMarked) at += 2;
    const digits = at;
    while (at < to && isHexDigit(data[at] as number)) at++;
    const width = at - digits;
    const isGroup = width > 0 && width % 2 === 0 && (at === to || isBlank(data[at] as number));
    if (isGroup && row !== undefined && width <= row.width && isMarked === row.isMarked) {
      if (row.second === row.end) row.second = start;
      row.end = at;
      if (width === row.width) continue;
      break;
    }
    if (row !== undefined && row.second < row.end) break;
    row = undefined;
    if (start - from > LONGEST_PREFIX) return undefined;
    if (isGroup && WIDTHS.has(width)) row = { start, second: at, end: at, width, isMarked };
    while (at < to && !isBlank(data[at] as number)) at++;
  }
  return row;
}

/** Whether what stands around `at` is an offset or a group of digits. */
export function isHexToken(data: Uint8Array, at: number, from: number, to: number): boolean {
  let start = at;
  while (start > from && start > at - LONGEST_TOKEN && !isBlank(data[start - 1] as number)) start--;
  let end = data[start] === 0x30 && data[start + 1] === X ? start + 2 : start;
  while (end < to && isHexDigit(data[end] as number)) end++;
  if (data[end] === COLON) end++;
  return end > start && (end >= to || isBlank(data[end] as number));
}

/** Whether three rows one after the other begin with numbers, of base 16 or 10, that grow by the same number. */
export function areNumbered(data: Uint8Array, rows: readonly (HexRow | undefined)[]): boolean {
  const heads = rows.map((row) => row && LATIN1.decode(data.subarray(row.start, row.second)).trim());
  return [16, 10].some((base) => {
    const [a, b, c] = heads.map((head) => Number.parseInt(head ?? "", base)) as [number, number, number];
    return b > a && c - b === b - a;
  });
}
