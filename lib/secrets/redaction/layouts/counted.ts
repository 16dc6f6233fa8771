/**
 * Values of which each character, or each piece, has its number before it: `(0, 's'), (1, '!')`, `01s`, `3: 4f9`. What
 * stands between one number and the next, less what that begins and ends with each time, is the column, whatever it
 * consists of; a digit of the value may touch the number.
 */
import type { Stretches } from "./stretches.ts";
import { DENSE } from "../symbols.ts";
import { isDigit } from "./tokens.ts";

/** Bytes from the end of one number to the next. */
const WIDEST_RECORD = 40;
/** Digits of the longest first number. */
const LONGEST_NUMBER = 6;
/** Numbers of a text that are tried as the first one. */
const MOST_STARTS = 4;
/** Records from which there is a column, and from which what they share is taken for theirs, letters too. */
const FEWEST_RECORDS = 3;
const SURE_RECORDS = 6;
/** Bytes of the smallest column. */
const FEWEST_BYTES = 8;

const NEWLINE = 0x0a;
const ZERO = 0x30;

/** A number, where it begins and ends. */
interface Counter {
  readonly from: number;
  readonly to: number;
}

/**
 * Fills `column` with what stands behind the numbers that count on in `[from, to)`; where the last of these ends, 0 when
 * there are too few.
 */
export function readCounted(data: Uint8Array, from: number, to: number, column: Stretches): number {
  let starts = 0;
  for (let at = from; at < to && starts < MOST_STARTS; at++) {
    if (!isDigit(data[at] as number)) continue;
    starts++;
    let end = at + 1;
    while (end < to && end < at + LONGEST_NUMBER && isDigit(data[end] as number)) end++;
    // Digits behind the number may be the value's.
    for (let digits = end - at; digits > 0; digits--) {
      const counters = countersFrom(data, { from: at, to: at + digits }, from, to);
      if (counters.length < FEWEST_RECORDS) continue;
      takeRecords(data, counters, to, column);
      return column.size >= FEWEST_BYTES ? column.to[column.count - 1] as number : 0;
    }
    at = end;
  }
  return 0;
}

/** The numbers that count on from `first`, each not far from the one before it and between the same marks. */
function countersFrom(data: Uint8Array, first: Counter, start: number, to: number): Counter[] {
  const counters = [first];
  const after = first.to < to ? data[first.to] as number : NEWLINE;
  const before = first.from > start ? data[first.from - 1] as number : NEWLINE;
  const width = data[first.from] === ZERO ? first.to - first.from : 0;
  const [behind, ahead] = isMark(after) ? [after, -1] : [-1, before];
  let number = 0;
  for (let at = first.from; at < first.to; at++) number = 10 * number + (data[at] as number) - ZERO;
  for (let last = first;;) {
    const digits = String(++number).padStart(width, "0");
    const limit = Math.min(to - digits.length, last.to + WIDEST_RECORD);
    const lead = digits.charCodeAt(0);
    let at = last.to;
    while (at <= limit && !(data[at] === lead && isNext(data, at, digits, behind, ahead))) at++;
    if (at > limit) return counters;
    counters.push(last = { from: at, to: at + digits.length });
  }
}

/** Whether `digits` stand at `at`, no further digit before them, and the mark `after` behind or `before` before them. */
function isNext(data: Uint8Array, at: number, digits: string, after: number, before: number): boolean {
  for (let i = 0; i < digits.length; i++) if (data[at + i] !== digits.charCodeAt(i)) return false;
  if (isDigit(data[at - 1] as number)) return false;
  return after < 0 ? data[at - 1] === before : data[at + digits.length] === after;
}

const isMark = (byte: number): boolean => DENSE[byte] === 0;

/** Puts what stands behind each number into `column`, without what all of it begins and ends with. */
function takeRecords(data: Uint8Array, counters: readonly Counter[], to: number, column: Stretches): void {
  column.clear();
  for (let i = 0; i + 1 < counters.length; i++) {
    column.push((counters[i] as Counter).to, (counters[i + 1] as Counter).from, 0);
  }
  const mayHaveWords = counters.length >= SURE_RECORDS;
  const head = sharedBytes(data, column, mayHaveWords, (nth, i) => (column.from[nth] as number) + i);
  const tail = sharedBytes(data, column, mayHaveWords, (nth, i) => (column.to[nth] as number) - 1 - i);
  const ending = data.subarray((column.to[0] as number) - tail, column.to[0]);
  for (let i = 0; i < column.count; i++) {
    const end = column.to[i] as number;
    column.from[i] = Math.min(end, (column.from[i] as number) + head);
    column.to[i] = Math.max(column.from[i] as number, end - tail);
  }
  const last = Math.min(to, (counters.at(-1) as Counter).to + head);
  column.push(last, recordEnd(data, last, Math.min(to, last + WIDEST_RECORD), ending), 0);
}

/** How many bytes all records share from one of their ends, where `place` gives the nth byte of a record. */
function sharedBytes(
  data: Uint8Array,
  records: Stretches,
  mayHaveWords: boolean,
  place: (record: number, nth: number) => number,
): number {
  for (let shared = 0;; shared++) {
    const byte = data[place(0, shared)] as number;
    if (!mayHaveWords && !isMark(byte)) return shared;
    for (let i = 0; i < records.count; i++) {
      const isOver = (records.to[i] as number) - (records.from[i] as number) <= shared;
      if (isOver || data[place(i, shared)] !== byte) return shared;
    }
  }
}

/** Where the last record ends: where what the others end with comes, or with its line. */
function recordEnd(data: Uint8Array, from: number, limit: number, ending: Uint8Array): number {
  for (let at = from; at < limit; at++) {
    if (data[at] === NEWLINE) return at;
    if (ending.length > 0 && at > from && ending.every((byte, i) => data[at + i] === byte)) return at;
  }
  return limit;
}
