/**
 * Rows of a dump (xxd, od -t x, hexdump), read as the bytes that they show. A row by itself may hold too few characters
 * of a value to tell; all rows together hold the whole of it. Words are read in both byte orders, and what is found is
 * masked in the numbers and in the characters beside them.
 */

/** The bytes of a dump, and where each stands in the text. */
export interface Dump {
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** One byte of a row: its value and the places of its digits and of its character; -1 where there is none. */
interface DumpByte {
  value: number;
  start: number;
  end: number;
  character: number;
}

/** The bytes of a row in the order in which its words stand, and in the other. */
interface Row {
  big: DumpByte[];
  little: DumpByte[];
}

const NEWLINE = 0x0a;
const BLANK = 0x20;
const MIN_OFFSET_DIGITS = 6;
const MAX_OFFSET_DIGITS = 16;
const MAX_ROW_BYTES = 256;

/** The dumps in `data`: consecutive rows, each dump up to four times (two byte orders, digits and characters). */
export function* findDumps(data: Uint8Array): Generator<Dump> {
  let rows: Row[] = [];
  for (let from = 0; from < data.length;) {
    const feed = data.indexOf(NEWLINE, from);
    const to = feed < 0 ? data.length : feed;
    const row = readRow(data, from, to);
    if (row !== undefined) {
      rows.push(row);
    } else if (rows.length > 0) {
      yield* readings(rows);
      rows = [];
    }
    from = to + 1;
  }
  if (rows.length > 0) yield* readings(rows);
}

function* readings(rows: readonly Row[]): Generator<Dump> {
  for (const order of ["big", "little"] as const) {
    const bytes = rows.flatMap((row) => row[order]);
    yield dumpOf(bytes, ({ start }) => start, ({ end }) => end);
    if (bytes.some(({ character }) => character >= 0)) {
      yield dumpOf(
        bytes,
        ({ character, start }) => character < 0 ? start : character,
        ({ character, end }) => character < 0 ? end : character + 1,
      );
    }
  }
}

function dumpOf(bytes: readonly DumpByte[], start: (byte: DumpByte) => number, end: (byte: DumpByte) => number): Dump {
  return {
    bytes: Uint8Array.from(bytes, ({ value }) => value),
    starts: Int32Array.from(bytes, start),
    ends: Int32Array.from(bytes, end),
  };
}

/** Reads a row: an offset, groups of digits, and beside them the characters, where they are shown. */
function readRow(data: Uint8Array, from: number, to: number): Row | undefined {
  if (digitOf(data[from]) < 0 || digitOf(data[from + MIN_OFFSET_DIGITS - 1]) < 0) return undefined;
  let at = from;
  while (at < to && digitOf(data[at]) >= 0) at++;
  if (at - from < MIN_OFFSET_DIGITS || at - from > MAX_OFFSET_DIGITS) return undefined;
  if (data[at] === 0x3a) at++;
  if (at < to && data[at] !== BLANK) return undefined;
  const row: Row = { big: [], little: [] };
  let groupDigits = 0;
  while (at < to && row.big.length < MAX_ROW_BYTES) {
    let start = at;
    while (start < to && data[start] === BLANK) start++;
    let end = start;
    while (end < to && digitOf(data[end]) >= 0) end++;
    const digits = end - start;
    if (digits === 0 || digits % 2 !== 0 || digits > MAX_OFFSET_DIGITS || (end < to && data[end] !== BLANK)) break;
    const isMiddle = digits === 2 && row.big.length === 8; // hexdump -C leaves two blanks there
    if (groupDigits !== 0 && start - at > 1 && !isMiddle) break;
    groupDigits ||= digits;
    if (digits > groupDigits) break;
    addGroup(row, data, start, digits);
    at = end;
  }
  if (row.big.length === 0) return undefined;
  placeCharacters(row, data, at, to);
  return row;
}

function addGroup(row: Row, data: Uint8Array, start: number, digits: number): void {
  const group: DumpByte[] = [];
  for (let at = start; at < start + digits; at += 2) {
    group.push({ value: digitOf(data[at]) * 16 + digitOf(data[at + 1]), start: at, end: at + 2, character: -1 });
  }
  row.big.push(...group);
  row.little.push(...group.map((byte) => ({ ...byte })).reverse());
}

/** The characters of a row stand in the order of the bytes, whatever the order in which words show those. */
function placeCharacters(row: Row, data: Uint8Array, from: number, to: number): void {
  let at = from;
  while (at < to && data[at] === BLANK) at++;
  if (at - from < 2) return;
  if (data[at] === 0x7c || data[at] === 0x3e) at++;
  for (let index = 0; index < row.big.length && at + index < to; index++) {
    (row.big[index] as DumpByte).character = at + index;
    (row.little[index] as DumpByte).character = at + index;
  }
}

function digitOf(byte: number | undefined): number {
  if (byte === undefined) return -1;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
