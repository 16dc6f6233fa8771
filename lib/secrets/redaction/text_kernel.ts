/**
 * The WebAssembly that looks at every byte of a text, and its memory: one for all redactors, since no look at a text waits
 * for anything.
 *
 * One loop writes both views of the text; the other one notes places in passing, so that nobody has to look at every
 * byte again: lines, what may begin an escape, and what may be the mark of a compressed blob.
 */
import { Buffer } from "node:buffer";
import { ESCAPE, ESCAPE_STARTS } from "./decoder.ts";
import { KERNEL_BASE64 } from "./kernel_module.ts";
import { DENSE, HEX_VALUES, PLAIN } from "./symbols.ts";
import type { Places, View } from "./view.ts";

/** The lines of a text, without their ends; of several empty ones in a row only the first. */
export interface Lines {
  /** Where each begins. */
  readonly from: Uint16Array;
  /** Where each ends. */
  readonly to: Uint16Array;
  /** What is known of each, see {@linkcode LINE}; a zero behind the last one. */
  readonly flags: Uint8Array;
  /** How many there are. */
  count: number;
}

/** What may be known of a line, as bits. */
export const LINE = {
  /** It begins as the line before does: with the same byte, blanks aside, or with a number or an offset too. */
  head: 1,
  /** It is short and ends with the same two tokens as the line before. */
  tail: 2,
  /** It is the line before once more; told only of those that begin or end alike. */
  repeated: 4,
  /** It begins with an offset. */
  offset: 8,
} as const;

/** What kernel.as exports. */
interface Exports {
  memory: WebAssembly.Memory;
  prepare(): void;
  fold(length: number, breaks: number): number;
  note(length: number): void;
  compare(from: number, to: number, flags: number, count: number): void;
}

/** Bytes of the longest text that there is room for. */
const LONGEST_TEXT = 0x8c00;
/** Lines that there is room for beside those of the text, and one. */
const MOST_DEALT = 128;
/** Zeros behind a text: as many as are looked at together. */
const ZEROS = 64;

/** Where in the memory what is lies, see kernel.as. */
const AT = {
  kept: 0,
  marks: 32,
  offsets: 64,
  blobBytes: 80,
  counts: 96,
  hex: 112,
  starts: 0x200,
  follows: 0x300,
  text: 0x2000,
  plain: 0xb000,
  dense: 0x14000,
  lineFrom: 0x1d000,
  lineTo: 0x2f000,
  escapes: 0x41000,
  blobs: 0x53000,
  breaks: 0x65000,
  flags: 0x6a000,
  dealt: 0x73000,
} as const;

/** The bytes by which blobs are told, in the order in which kernel.as expects them. */
const BLOB_BYTES = "H4Ne8f7";

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

/** Looks at texts, one at a time; what it says of a text is good until the next one is read. */
export class TextKernel {
  /** The symbols of the plain view, zeros behind the last one. */
  readonly plain: Uint8Array;
  /** The symbols of the dense view, zeros behind the last one. */
  readonly dense: Uint8Array;
  /** How many symbols the plain view has. */
  plainLength = 0;
  /** How many symbols the dense view has. */
  denseLength = 0;
  /** The lines of the text that was noted last. */
  readonly lines: Lines;
  /** Room for some of them; whoever puts lines there asks for {@linkcode TextKernel.compareDealt}. */
  readonly dealt: Lines;
  /** Bytes of it that may begin an escape, going by the next byte. */
  readonly escapes: Places;
  /** Bytes of it that may belong to the beginning of a blob. */
  readonly blobs: Places;
  static #shared: TextKernel | undefined;
  readonly #exports: Exports;
  readonly #text: Uint8Array;
  readonly #breaks: Uint16Array;
  readonly #counts: Uint32Array;
  #length = 0;

  private constructor(exports: Exports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    const places = (at: number): Uint16Array => new Uint16Array(buffer, at, LONGEST_TEXT + 1);
    this.plain = new Uint8Array(buffer, AT.plain, LONGEST_TEXT + ZEROS);
    this.dense = new Uint8Array(buffer, AT.dense, LONGEST_TEXT + ZEROS);
    const flags = new Uint8Array(buffer, AT.flags, LONGEST_TEXT + 2);
    this.lines = { from: places(AT.lineFrom), to: places(AT.lineTo), flags, count: 0 };
    const some = (nth: number): Uint16Array => new Uint16Array(buffer, AT.dealt + 2 * nth * MOST_DEALT, MOST_DEALT);
    this.dealt = {
      from: some(0),
      to: some(1),
      flags: new Uint8Array(buffer, some(2).byteOffset, MOST_DEALT),
      count: 0,
    };
    this.escapes = { at: places(AT.escapes), count: 0 };
    this.blobs = { at: places(AT.blobs), count: 0 };
    this.#text = new Uint8Array(buffer, AT.text, LONGEST_TEXT + ZEROS);
    this.#breaks = new Uint16Array(buffer, AT.breaks, LONGEST_TEXT >> 2);
    this.#counts = new Uint32Array(buffer, AT.counts, 3);
    exports.prepare();
    writeTables(new Uint8Array(buffer));
  }

  /** The kernel of all redactors. @throws {WebAssembly.CompileError} on processors of before 2008, which have no vectors */
  static shared(): TextKernel {
    if (TextKernel.#shared === undefined) {
      const module = new WebAssembly.Module(Buffer.from(KERNEL_BASE64, "base64"));
      TextKernel.#shared = new TextKernel(new WebAssembly.Instance(module).exports as unknown as Exports);
    }
    return TextKernel.#shared;
  }

  /** Writes the two views of a text. @throws {RangeError} when it is too long */
  read({ data, length, breaks }: View): void {
    if (length > LONGEST_TEXT) throw new RangeError(`a text of ${length} bytes is too long for the kernel`);
    this.#text.set(length === data.length ? data : data.subarray(0, length));
    this.#text.fill(0, length, length + ZEROS);
    if (breaks.count > 0) this.#breaks.set(breaks.at.subarray(0, breaks.count));
    const symbols = this.#exports.fold(length, breaks.count);
    this.plainLength = symbols & 0xffff;
    this.denseLength = symbols >>> 16;
    this.#length = length;
  }

  /** Fills in the flags of {@linkcode TextKernel.dealt}, lines of `data` that may have others between them. */
  compareDealt(data: Uint8Array): void {
    this.#text.set(data);
    this.#compare(this.dealt);
  }

  #compare({ from, to, flags, count }: Lines): void {
    this.#exports.compare(from.byteOffset, to.byteOffset, flags.byteOffset, count);
  }

  /** Notes the places of the text that was read last. */
  note(): void {
    this.#exports.note(this.#length);
    [this.lines.count, this.escapes.count, this.blobs.count] = this.#counts as unknown as [number, number, number];
    this.#compare(this.lines);
  }
}

/** Writes what kernel.as has to know of bytes. */
function writeTables(memory: Uint8Array): void {
  const kept = new HalfTables();
  kept.add(PLAIN, (symbol) => symbol === 0, [0, 1, 2, 3, 4]);
  kept.add(DENSE, (symbol) => symbol !== 0, [5, 6, 7]);
  memory.set(kept.bytes, AT.kept);
  const marks = new HalfTables();
  marks.add(ESCAPE_STARTS, (kind) => kind !== 0, [0, 1, 2, 3, 4, 5, 6, 7]);
  memory.set(marks.bytes, AT.marks);
  const hex = new HalfTables();
  hex.add(Uint8Array.from(HEX_VALUES), (value) => value < 16, [0, 1, 2, 3, 4, 5, 6, 7]);
  memory.set(hex.bytes, AT.hex);
  for (let byte = 0; byte < 256; byte++) {
    if (DENSE[byte] !== 0) memory[AT.offsets + (byte >> 4)] = byte - (DENSE[byte] as number);
  }
  memory.set([...BLOB_BYTES].map((char) => char.charCodeAt(0)), AT.blobBytes);
  memory.set(ESCAPE_STARTS, AT.starts);
  memory.set(FOLLOWS, AT.follows);
}

/** Sets of bytes by the halves of each: bytes whose high halves go with the same low ones share a bit. */
class HalfTables {
  /** Sixteen bytes for the low halves, then sixteen for the high ones. */
  readonly bytes: Uint8Array = new Uint8Array(32);

  /** Adds the bytes whose entry in `table` is one that `isIn`; there must be enough free `bits` for them. */
  add(table: Uint8Array, isIn: (entry: number) => boolean, bits: readonly number[]): void {
    const bitOf = new Map<string, number>();
    for (let high = 0; high < 16; high++) {
      const lows = Array.from({ length: 16 }, (_, low) => low).filter((low) => isIn(table[16 * high + low] as number));
      if (lows.length === 0) continue;
      const key = lows.join();
      const bit = bitOf.get(key) ?? bits[bitOf.size];
      if (bit === undefined) throw new RangeError("too many kinds of byte for one table");
      bitOf.set(key, bit);
      for (const low of lows) this.bytes[low] = (this.bytes[low] as number) | (1 << bit);
      this.bytes[16 + high] = (this.bytes[16 + high] as number) | (1 << bit);
    }
  }
}
