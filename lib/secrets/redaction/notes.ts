/**
 * Places that the first loop over a text notes in passing, so that nobody has to look at every byte again: ends of
 * lines, what may begin an escape, and what may be the mark of a compressed blob.
 */
import { ESCAPE, ESCAPE_STARTS } from "./decoder.ts";
import { BLOB_MARKS } from "./packed.ts";
import { symbolTable } from "./symbols.ts";
import type { Places } from "./view.ts";

const NEWLINE = 0x0a;

/** The lines of a text, without their ends; of several empty ones in a row only the first. */
export interface Lines {
  /** Where each begins. */
  readonly from: Uint16Array;
  /** Where each ends. */
  readonly to: Uint16Array;
  /** How many there are. */
  count: number;
}

/** Byte to the kinds of escape that it may be the second byte of: most of what looks like an escape ends here. */
const FOLLOWS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  let kinds = ESCAPE.backspace | ESCAPE.wide;
  if (/[0-9a-fu]/i.test(char)) kinds |= ESCAPE.percent;
  if (/[0-7xunrtfvabe]/i.test(char)) kinds |= ESCAPE.backslash;
  if (/[a-z/]/i.test(char)) kinds |= ESCAPE.tag;
  if (/[#a-z]/i.test(char)) kinds |= ESCAPE.entity;
  if (/[0-9a-f\r\n]/i.test(char)) kinds |= ESCAPE.quotedPrintable;
  if (byte >= 0x20 && byte <= 0x7e) kinds |= ESCAPE.terminal;
  return kinds;
});

/** The bytes to note, as 1. */
const NOTED: Uint8Array = Uint8Array.from(ESCAPE_STARTS, (kind) => kind === 0 ? 0 : 1);
for (const byte of [NEWLINE, ...BLOB_MARKS]) NOTED[byte] = 1;

/** What was noted of one text. */
export class Notes {
  /** What {@linkcode Scanner} has to know of each byte, see {@linkcode symbolTable}. */
  readonly table: Int32Array;
  /** All places, which the loop over the text fills in. */
  readonly all: Places;
  /** The lines. */
  readonly lines: Lines;
  /** Bytes that may begin an escape, going by the next byte. */
  readonly escapes: Places;
  /** Bytes that may belong to the beginning of a blob. */
  readonly blobs: Places;

  /** Notes on texts of up to `capacity` bytes; with none, nothing is noted. */
  constructor(capacity: number) {
    this.table = symbolTable(capacity > 0 ? NOTED : new Uint8Array(256));
    const places = (): Places => ({ at: new Uint16Array(capacity + 1), count: 0 });
    [this.all, this.escapes, this.blobs] = [places(), places(), places()];
    this.lines = { from: new Uint16Array(capacity + 1), to: new Uint16Array(capacity + 1), count: 0 };
  }

  /** Sorts the places of `data` by what they are. */
  sort(data: Uint8Array): void {
    const { all: { at: all, count }, lines, escapes: { at: escapes }, blobs: { at: blobs } } = this;
    lines.count = 0;
    const last = data.length - 1;
    let start = 0;
    let e = 0;
    let b = 0;
    for (let i = 0; i < count; i++) {
      const at = all[i] as number;
      const byte = data[at] as number;
      if (byte === NEWLINE) {
        addLine(lines, data, start, at);
        start = at + 1;
        continue;
      }
      escapes[e] = blobs[b] = at;
      const kind = ESCAPE_STARTS[byte] as number;
      const next = at < last ? data[at + 1] as number : 0;
      b += ((kind - 1) >> 8) & 1;
      e += ((kind & (FOLLOWS[next] as number)) + 255) >> 8;
    }
    addLine(lines, data, start, data.length);
    this.escapes.count = e;
    this.blobs.count = b;
  }
}

function addLine(lines: Lines, data: Uint8Array, start: number, end: number): void {
  const { from, to, count } = lines;
  if (start === end && count > 0 && from[count - 1] === to[count - 1]) return;
  from[count] = start;
  to[count] = end > start && data[end - 1] === 0x0d ? end - 1 : end;
  lines.count = count + 1;
}
