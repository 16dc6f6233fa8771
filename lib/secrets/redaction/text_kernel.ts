/**
 * The WebAssembly that looks at every byte of a text, and its memory: one for all redactors, since no look at a text waits
 * for anything.
 *
 * One loop writes both views of the text; the other one notes places in passing, so that nobody has to look at every
 * byte again: lines, what may begin an escape, and what may be the mark of a compressed blob.
 */
import { Buffer } from "node:buffer";
import { BREAK_LENGTH, ESCAPE, ESCAPE_STARTS } from "./decoder.ts";
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
  /** What is known of any of them. */
  seen: number;
  /**
   * For each, the symbol of the single letter or digit that it ends or begins with, but for a mark or two, 0 when it does
   * not or is long; and {@linkcode TABLE} when it seems to be the row of a table of short cells.
   */
  readonly singles: Uint8Array;
  /** How many there are. */
  count: number;
  /** Lines in a row that begin alike, four numbers for each such group, see {@linkcode GROUP}. */
  readonly groups: Uint16Array;
  /** How many groups there are. */
  groupCount: number;
  /** For each line of a group, how many tokens it shares with the first one, {@linkcode NOT_KNOWN} where that is not known. */
  readonly shared: Uint8Array;
  /** Where each line of a group goes on behind these tokens. */
  readonly ends: Uint16Array;
}

/** What the four numbers of a group are. */
export const GROUP = {
  /** The first line. */
  start: 0,
  /** The line after the last one. */
  end: 1,
  /** How many tokens all lines share with the first one from their start. */
  shared: 2,
  /** Whether they differ in more than numbers and blanks, as 0 or 1. */
  differ: 3,
  /** How many numbers there are. */
  size: 4,
} as const;

/** Stands for a number of tokens that has to be counted; a line that is looked at has fewer. */
export const NOT_KNOWN = 255;

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
  /** It begins with the same four bytes as the line two before, and unlike the one before. */
  again2: 16,
  /** The same, of the line three before. */
  again3: 32,
  /** It is short, and as long as the line before. */
  length: 64,
  /** It begins as what `head` and `tail` write above a file, `==> xaa <==`. */
  file: 128,
} as const;

/** Set in what is known of single characters of a line when it seems to be the row of a table. */
export const TABLE = 64;

/** What kernel.as exports. */
export interface KernelExports {
  /** The memory of an instance. */
  memory: WebAssembly.Memory;
  /** Writes the tables that depend on nothing. */
  prepare(): void;
  /** Writes both views of a text. */
  fold(length: number, breaks: number): number;
  /** Notes places in a text. */
  note(length: number): void;
  /** Compares lines. */
  compare(table: number, room: number, count: number): number;
  /** Writes runs of noughts and ones as a byte each. */
  readGroups(first: number, count: number, length: number): void;
  /** Puts the digits of runs together. */
  putTogether(first: number, count: number): number;
  /** Writes the bytes at one alignment. */
  readPhase(digits: number, phase: number, isAscii: number, length: number, breaks: number): number;
  /** Looks grams up, see {@linkcode Prober}. */
  findGrams(length: number, ...sets: number[]): number;
  /** Looks three symbols at a time up. */
  findThrees(length: number, set: number, step: number): number;
}

let kernelModule: WebAssembly.Module | undefined;

/** A new instance of kernel.as. @throws {WebAssembly.CompileError} on processors of before 2008, which have no vectors */
export function newKernel(): KernelExports {
  kernelModule ??= new WebAssembly.Module(Buffer.from(KERNEL_BASE64, "base64"));
  return new WebAssembly.Instance(kernelModule).exports as unknown as KernelExports;
}

/** Bytes of the longest text that there is room for. */
const LONGEST_TEXT = 0x8c00;
/** Lines that there is room for, and some that were dealt out. */
const LINES_ROOM = 0x9000;
const DEALT_ROOM = 128;
/** Zeros behind a text: as many as are looked at together. */
const ZEROS = 64;

/** Where in the memory what is lies, see kernel.as. */
const AT = {
  kept: 0,
  marks: 32,
  offsets: 64,
  blobBytes: 80,
  counts: 88,
  hex: 112,
  starts: 0x200,
  follows: 0x300,
  symbols: 0x400,
  text: 0x2000,
  plain: 0xb000,
  dense: 0x14000,
  lines: 0x1d000,
  escapes: 0x89000,
  blobs: 0x9b000,
  breaks: 0xad000,
  dealt: 0xb2000,
  runs: 0xc0000,
  bytes: 0xda000,
  byteStarts: 0xe3000,
  byteEnds: 0x107000,
  byteBreaks: 0x12b000,
} as const;

/** Which of the numbers at `AT.counts` tells what is known of any line, and which one how many runs there are. */
const SEEN = 3;
const RUNS = 4;

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
  /** Runs of noughts and ones in it, where each begins and where it ends; how many places there are. */
  readonly runs: Places;
  /** What bytes such runs make. */
  readonly bits: Bits;
  /** Bytes of it that may begin an escape, going by the next byte. */
  readonly escapes: Places;
  /** Bytes of it that may belong to the beginning of a blob. */
  readonly blobs: Places;
  static #shared: TextKernel | undefined;
  readonly #exports: KernelExports;
  readonly #text: Uint8Array;
  readonly #breaks: Uint16Array;
  readonly #counts: Uint32Array;
  #length = 0;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    const places = (at: number): Uint16Array => new Uint16Array(buffer, at, LONGEST_TEXT + 1);
    this.plain = new Uint8Array(buffer, AT.plain, LONGEST_TEXT + ZEROS);
    this.dense = new Uint8Array(buffer, AT.dense, LONGEST_TEXT + ZEROS);
    this.lines = linesAt(buffer, AT.lines, LINES_ROOM);
    this.dealt = linesAt(buffer, AT.dealt, DEALT_ROOM);
    this.runs = { at: new Uint16Array(buffer, AT.runs, LONGEST_TEXT >> 1), count: 0 };
    this.bits = new Bits(exports);
    this.escapes = { at: places(AT.escapes), count: 0 };
    this.blobs = { at: places(AT.blobs), count: 0 };
    this.#text = new Uint8Array(buffer, AT.text, LONGEST_TEXT + ZEROS);
    this.#breaks = new Uint16Array(buffer, AT.breaks, LONGEST_TEXT >> 2);
    this.#counts = new Uint32Array(buffer, AT.counts, RUNS + 1);
    exports.prepare();
    writeTables(new Uint8Array(buffer));
  }

  /** The kernel of all redactors. @throws {WebAssembly.CompileError} on processors of before 2008, which have no vectors */
  static shared(): TextKernel {
    return TextKernel.#shared ??= new TextKernel(newKernel());
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

  /** Takes the text again whose places were noted, since others have been read meanwhile. */
  takeBack(data: Uint8Array): void {
    this.#text.set(data);
  }

  /** Fills in the flags of {@linkcode TextKernel.dealt}, lines of `data` that may have others between them. */
  compareDealt(data: Uint8Array): void {
    this.takeBack(data);
    this.#compare(this.dealt);
  }

  #compare(lines: Lines): void {
    lines.groupCount = this.#exports.compare(lines.from.byteOffset, lines.flags.length, lines.count);
    lines.seen = this.#counts[SEEN] as number;
  }

  /** Notes the places of the text that was read last. */
  note(): void {
    this.#exports.note(this.#length);
    [this.lines.count, this.escapes.count, this.blobs.count] = this.#counts as unknown as [number, number, number];
    this.runs.count = 2 * (this.#counts[RUNS] as number);
    this.#compare(this.lines);
  }
}

/** Bytes that were read from noughts and ones of the text, as a view, in memory of the kernel. */
export class Bits implements View {
  readonly data: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly breaks: Places;
  length = 0;
  readonly #exports: KernelExports;

  /** What the kernel writes that has these `exports`. */
  constructor(exports: KernelExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    this.data = new Uint8Array(buffer, AT.bytes, LONGEST_TEXT);
    this.starts = new Int32Array(buffer, AT.byteStarts, LONGEST_TEXT);
    this.ends = new Int32Array(buffer, AT.byteEnds, LONGEST_TEXT);
    this.breaks = { at: new Uint16Array(buffer, AT.byteBreaks, LONGEST_TEXT >> 2), count: 0 };
  }

  /** Adds `count` runs from the one numbered `first` on, a byte each. */
  addGroups(first: number, count: number): void {
    if (this.length > 0) {
      this.breaks.at[this.breaks.count++] = this.length;
      this.data.fill(0, this.length, this.length + BREAK_LENGTH);
      this.length += BREAK_LENGTH;
    }
    this.#exports.readGroups(first, count, this.length);
    this.length += count;
  }

  /** Puts the digits of `count` runs together, for {@linkcode Bits.addPhase}; how many there are. */
  putTogether(first: number, count: number): number {
    return this.#exports.putTogether(first, count);
  }

  /** Adds the bytes that begin at every eighth of so many digits, or only stretches of ASCII. */
  addPhase(digits: number, phase: number, isAscii: boolean): void {
    const added = this.#exports.readPhase(digits, phase, Number(isAscii), this.length, this.breaks.count);
    this.length = added & 0xffff;
    this.breaks.count = added >>> 16;
  }

  /** Forgets all bytes. */
  clear(): void {
    this.length = this.breaks.count = 0;
  }
}

/** The tables of up to `room` lines, see kernel.as. */
function linesAt(buffer: ArrayBufferLike, at: number, room: number): Lines {
  return {
    from: new Uint16Array(buffer, at, room),
    to: new Uint16Array(buffer, at + 2 * room, room),
    ends: new Uint16Array(buffer, at + 4 * room, room),
    groups: new Uint16Array(buffer, at + 6 * room, (3 * room) >> 1),
    flags: new Uint8Array(buffer, at + 9 * room, room),
    singles: new Uint8Array(buffer, at + 10 * room, room),
    shared: new Uint8Array(buffer, at + 11 * room, room),
    count: 0,
    groupCount: 0,
    seen: 0,
  };
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
  memory.set(DENSE, AT.symbols);
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
