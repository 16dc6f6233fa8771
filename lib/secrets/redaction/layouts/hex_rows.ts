/**
 * Rows of bytes in hexadecimal behind something else than a long offset: a short one (`curl --trace`, objdump), one behind
 * a prefix (`0x10:`, a log's), a number (`nl`).
 */
import type { OnColumn } from "./columns.ts";
import type { Stretches } from "./stretches.ts";
import { HEX_VALUES, isHexDigit } from "../symbols.ts";
import type { Lines } from "../kernel/text_kernel.ts";
import { isBlank } from "./tokens.ts";

/** Bytes of a line within which its groups of digits begin. */
const LONGEST_PREFIX = 96;
/** Digits of a group: one, two, four or eight bytes. */
const WIDTHS: ReadonlySet<number> = new Set([2, 4, 8, 16]);
/** Bytes up to which what stands behind the digits is looked at: from eight characters on it is found where it stands. */
const LONGEST_REST = 24;
const X = 0x78;

/** The groups of digits of a line. */
interface HexRow {
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
function hexRowOf(data: Uint8Array, from: number, to: number): HexRow | undefined {
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

/** Whether three rows one after the other begin with numbers, of base 16 or 10, that grow by the same number. */
function areNumbered(data: Uint8Array, rows: readonly (HexRow | undefined)[]): boolean {
  return [16, 10].some((base) => {
    const [a, b, c] = rows.map((row) => row === undefined ? NaN : headOf(data, row, base)) as [number, number, number];
    return b > a && c - b === b - a;
  });
}

/** The first group of a row as a number. */
function headOf(data: Uint8Array, { start, second }: HexRow, base: number): number {
  let number = 0;
  for (let at = start; at < second && !isBlank(data[at] as number); at++) {
    number = number * base + (HEX_VALUES[data[at] as number] as number);
  }
  return number;
}

/** Finds the digits of rows, and what stands behind them. */
export class HexRowFinder {
  /** The line up to which rows were looked at. */
  #end = 0;

  /** Nothing of the next text was looked at. */
  reset(): void {
    this.#end = 0;
  }

  /** Puts the digits of rows among `lines`, and then what is short and stands behind them, into `column`. */
  find(
    data: Uint8Array,
    lines: Lines,
    group: { start: number; end: number },
    column: Stretches,
    onColumn: OnColumn,
  ): void {
    const { from, to, count } = lines;
    const rowOf = (line: number): HexRow | undefined => hexRowOf(data, from[line] as number, to[line] as number);
    const second = group.start + 1;
    const model = group.start < this.#end ? undefined : rowOf(second);
    if (model === undefined) return;
    const isNumbered = areNumbered(data, [rowOf(group.start), model, rowOf(second + 1)]);
    const end = to[second] as number;
    // What has nothing else beside it is found where it stands.
    if (!isNumbered && model.end === end && isOnlyBlanks(data, from[second] as number, model.start)) return;
    // Offsets that begin with a letter make groups of their own.
    let [first, last] = [group.start, group.end];
    while (first > this.#end && rowOf(first - 1)?.width === model.width) first--;
    while (last < count && rowOf(last)?.width === model.width) last++;
    this.#end = last;
    const rows = Array.from({ length: last - first }, (_, i) => rowOf(first + i));
    column.clear();
    // Of offsets in decimal some have a width that digits of bytes have, and others have not.
    const size = model.end - (isNumbered ? model.second : model.start);
    let isOffset = isNumbered;
    for (const row of rows) {
      if (row === undefined) continue;
      if (row.end - row.start === size) isOffset = false;
      else if (row.end - row.second === size) isOffset = true;
      column.push(isOffset ? row.second : row.start, row.end, 0);
    }
    onColumn();
    if (end - model.end > LONGEST_REST) return;
    column.clear();
    for (const [i, row] of rows.entries()) {
      if (row !== undefined) column.push(row.end, to[first + i] as number, 0);
    }
    onColumn();
  }
}

function isOnlyBlanks(data: Uint8Array, from: number, to: number): boolean {
  let at = from;
  while (at < to && isBlank(data[at] as number)) at++;
  return at === to;
}
