/**
 * Rows of a dump (xxd, od, hexdump), read as the bytes that they show. A row by itself may hold too few characters of a
 * value to tell; all rows together hold the whole of it. Words are read in both byte orders, and what is found is masked
 * in the numbers and in the characters beside them. Rows of characters (od -c, od -a, hexdump -c) have the others, such as
 * line ends and blanks, by name or number, each in as much room as the longest of these needs.
 */
import { CELL_WIDTH, cellValue } from "./cells.ts";
import { LINE, type Lines } from "./text_kernel.ts";
import type { Span } from "./spans.ts";
import { DENSE, HEX_VALUES } from "./symbols.ts";

const BLANK = 0x20;
const RETURN = 0x0d;
const MIN_OFFSET_DIGITS = 6;
const MAX_OFFSET_DIGITS = 16;
const MAX_ROW_BYTES = 256;
const LONGEST_PROMPT = 80;
/** Bytes of the shortest row, an offset, a blank and a byte, and of the shortest line with a row behind a prompt. */
const SHORTEST_ROW = 9;
const SHORTEST_PROMPTED = 11;
/** Blanks in place of an offset, at least. */
const SHORTEST_GAP = 5;

/** Bytes of a dump below which nothing can be found in it. */
const FEWEST_BYTES = 4;

/** The bytes of consecutive rows in one byte order. */
export interface Reading {
  /** The values of the bytes. */
  readonly bytes: Uint8Array;
  /** Where the text has what the bytes `[start, end)` show: their digits, and their characters when there are any. */
  readonly sources: (span: Span) => Span[];
}

/** Reads dumps; keeps its working memory, since it looks at every line of all output. */
export class DumpReader {
  readonly #big: Uint8Array;
  readonly #little: Uint8Array;
  /** Where the digits of each byte begin, in either order. */
  readonly #bigDigits: Uint16Array;
  readonly #littleDigits: Uint16Array;
  /** Where the character of each byte stands, 0 when there is none: words show theirs in the order of the bytes. */
  readonly #characters: Uint16Array;
  #count = 0;
  #hasWords = false;
  #hasCharacters = false;
  /** Where the next blank stands, and the next carriage return. */
  #blank = -1;
  #return = -1;
  /** Whether the rows consist of characters. */
  #hasCells = false;

  /** A reader for texts of up to `capacity` bytes. */
  constructor(capacity: number) {
    const most = capacity >> 1;
    [this.#big, this.#little] = [new Uint8Array(most), new Uint8Array(most)];
    [this.#bigDigits, this.#littleDigits] = [new Uint16Array(most), new Uint16Array(most)];
    this.#characters = new Uint16Array(most);
  }

  /** Calls `onReading` for the dumps in `data`; a reading is good during the call. */
  find(data: Uint8Array, { from, to, flags, count, seen }: Lines, onReading: (reading: Reading) => void): void {
    if ((seen & LINE.offset) === 0) return;
    this.#blank = this.#return = -1;
    for (let line = 0; line < count; line++) {
      const isRow = ((flags[line] as number) & LINE.offset) !== 0;
      const isNextRow = ((flags[line + 1] as number) & LINE.offset) !== 0;
      if (!isRow && !isNextRow && this.#count === 0) continue;
      const [start, end] = [from[line] as number, to[line] as number];
      if (isRow && end - start >= SHORTEST_ROW && this.#readRow(data, start, end)) continue;
      // The same bytes in another form, as od writes them below (-tx1 -tc).
      if (this.#count > 0 && !isRow && data[start] === BLANK && data[start + SHORTEST_GAP] === BLANK) continue;
      if (this.#count > 0) this.#report(onReading);
      // In a terminal the first row may stand behind a prompt.
      const row = isNextRow && end - start >= SHORTEST_PROMPTED && this.#hasMark(data, start, end)
        ? promptEnd(data, start, end)
        : start;
      if (row > start) this.#readRow(data, row, end);
    }
    if (this.#count > 0) this.#report(onReading);
  }

  /** Whether there is a blank or a carriage return in a line; asked about one line after the other. */
  #hasMark(data: Uint8Array, from: number, to: number): boolean {
    if (this.#blank < from) this.#blank = placeOf(data, BLANK, from);
    if (this.#return < from) this.#return = placeOf(data, RETURN, from);
    return this.#blank < to || this.#return < to;
  }

  #report(onReading: (reading: Reading) => void): void {
    const count = this.#count;
    if (count >= FEWEST_BYTES) {
      onReading(this.#reading(this.#big.subarray(0, count), this.#bigDigits));
      if (this.#hasWords) onReading(this.#reading(this.#little.subarray(0, count), this.#littleDigits));
    }
    this.#count = 0;
    this.#hasWords = this.#hasCharacters = this.#hasCells = false;
  }

  #reading(bytes: Uint8Array, digits: Uint16Array): Reading {
    const sources = (span: Span): Span[] => {
      const numbers = extent(digits, digits, span, this.#hasCells ? CELL_WIDTH : 2);
      return this.#hasCharacters ? [numbers, extent(this.#characters, digits, span, 1)] : [numbers];
    };
    return { bytes, sources };
  }

  /** Reads a row: an offset, groups of digits, and beside them the characters, where they are shown. */
  #readRow(data: Uint8Array, from: number, to: number): boolean {
    const before = this.#count;
    let at = digitsEnd(data, from, Math.min(to, from + MAX_OFFSET_DIGITS + 1));
    if (at - from < MIN_OFFSET_DIGITS || at - from > MAX_OFFSET_DIGITS) return false;
    if (data[at] === 0x3a) at++;
    if (at < to && data[at] !== BLANK) return false;
    at = this.#readGroups(data, at, to);
    if (this.#count === before) return (before === 0 || this.#hasCells) && this.#readCells(data, at, to);
    this.#placeCharacters(data, before, at, to);
    return true;
  }

  /** Reads a row of characters. */
  #readCells(data: Uint8Array, from: number, to: number): boolean {
    const before = this.#count;
    for (let at = from; at + CELL_WIDTH <= to; at += CELL_WIDTH) {
      const value = cellValue(data, at);
      if (value < 0) {
        // What this row has so far stays where it is, since nothing counts beyond the number of bytes.
        this.#count = before;
        return false;
      }
      this.#big[this.#count] = value;
      this.#characters[this.#count] = 0;
      this.#bigDigits[this.#count++] = at;
    }
    this.#hasCells ||= this.#count > before;
    return this.#count > before;
  }

  /** Reads the groups of digits of a row; where it goes on behind them. */
  #readGroups(data: Uint8Array, from: number, to: number): number {
    const [big, little, bigDigits, littleDigits] = [this.#big, this.#little, this.#bigDigits, this.#littleDigits];
    const first = this.#count;
    let count = first;
    let [usual, gap] = [0, 1];
    let at = from;
    while (at < to && count - first < MAX_ROW_BYTES) {
      const start = blanksEnd(data, at, to);
      const end = groupEnd(data, start, to, usual, start - at === gap ? 1 : start - at, count - first);
      if (end < 0) break;
      if (usual === 0) [usual, gap] = [end - start, start - at];
      let last = count + ((end - start) >> 1) - 1;
      for (let digit = start; digit < end; digit += 2) {
        const value = 16 * (HEX_VALUES[data[digit] as number] as number) +
          (HEX_VALUES[data[digit + 1] as number] as number);
        big[count] = little[last] = value;
        bigDigits[count++] = littleDigits[last--] = digit;
      }
      at = end;
    }
    this.#hasWords ||= usual > 2;
    this.#count = count;
    return at;
  }

  /** Notes where the characters of the row stand whose bytes begin at `first`. */
  #placeCharacters(data: Uint8Array, first: number, from: number, to: number): void {
    let at = blanksEnd(data, from, to);
    const isShown = at - from >= 2;
    if (data[at] === 0x7c || data[at] === 0x3e) at++;
    for (let i = first; i < this.#count; i++, at++) {
      this.#characters[i] = isShown && at < to ? at : 0;
      if (isShown && at < to) this.#hasCharacters = true;
    }
  }
}

/**
 * Whether {@linkcode DumpReader} reads all that a line shows, ASCII and nothing else: an offset, groups of digits, and
 * maybe characters beside them.
 */
export function isPlainRow(data: Uint8Array, from: number, to: number): boolean {
  let at = digitsEnd(data, from, Math.min(to, from + MAX_OFFSET_DIGITS + 1));
  if (at - from < MIN_OFFSET_DIGITS || at - from > MAX_OFFSET_DIGITS) return false;
  if (data[at] === 0x3a) at++;
  let [groupDigits, gap] = [0, 1];
  let bytes = 0;
  while (at < to) {
    const start = blanksEnd(data, at, to);
    const end = groupEnd(data, start, to, groupDigits, start - at === gap ? 1 : start - at, bytes);
    if (end < 0) break;
    for (let digit = start; digit < end; digit += 2) if ((data[digit] as number) > 0x37) return false;
    if (groupDigits === 0) [groupDigits, gap] = [end - start, start - at];
    bytes += (end - start) >> 1;
    at = end;
  }
  return at >= to || (bytes > 0 && blanksEnd(data, at, to) - at >= 2);
}

/**
 * Where the group of digits ends that begins at `start`, `gap` blanks behind the one before, or as many as there are before
 * the first one, which counts as one; -1 when it belongs to no dump.
 */
function groupEnd(data: Uint8Array, start: number, to: number, usual: number, gap: number, bytes: number): number {
  const end = digitsEnd(data, start, to);
  const digits = end - start;
  if (digits === 0 || digits % 2 !== 0 || digits > MAX_OFFSET_DIGITS || (end < to && data[end] !== BLANK)) return -1;
  if (usual === 0) return end;
  const isMiddle = digits === 2 && bytes === 8; // hexdump -C leaves two blanks there
  return (gap > 1 && !isMiddle) || digits > usual ? -1 : end;
}

function blanksEnd(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && data[at] === BLANK) at++;
  return at;
}

/** From the first to the last place of what `[start, end)` shows; `others` are for bytes without a place of their own. */
function extent(places: Uint16Array, others: Uint16Array, { start, end }: Span, size: number): Span {
  const span = { start: Infinity, end: 0 };
  for (let i = start; i < end; i++) {
    const place = places[i] as number;
    const at = place === 0 ? others[i] as number : place;
    span.start = Math.min(span.start, at);
    span.end = Math.max(span.end, at + (place === 0 ? 2 : size));
  }
  return span;
}

/**
 * Where a row may begin behind a prompt, which ends in a mark and a blank, or behind what a terminal is told, which ends in
 * a carriage return; where the line begins when there is neither.
 */
function promptEnd(data: Uint8Array, from: number, to: number): number {
  for (let at = Math.min(to, from + LONGEST_PROMPT) - 1; at > from; at--) {
    if (data[at] !== RETURN && (data[at] !== BLANK || DENSE[data[at - 1] as number] !== 0)) continue;
    if (digitsEnd(data, at + 1, Math.min(to, at + 1 + MIN_OFFSET_DIGITS)) - at > MIN_OFFSET_DIGITS) return at + 1;
  }
  return from;
}

/** Where `byte` stands next, the end of `data` when it does nowhere. */
function placeOf(data: Uint8Array, byte: number, from: number): number {
  const at = data.indexOf(byte, from);
  return at < 0 ? data.length : at;
}

function digitsEnd(data: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (HEX_VALUES[data[at] as number] as number) >= 0) at++;
  return at;
}
