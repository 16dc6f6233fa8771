/**
 * The WebAssembly that looks at every byte of a text, and its memory: one for all redactors, since no look at a text waits
 * for anything.
 *
 * One loop writes both views of the text; the other one notes places in passing, so that nobody has to look at every
 * byte again: lines, what may begin an escape, and what may be the mark of a compressed blob.
 */
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { type BitExports, Bits } from "../layouts/bit_bytes.ts";
import { cellNames } from "../layouts/cells.ts";
import { entityTable } from "../escapes/entities.ts";
import { BACKSLASH, BACKSLASHED, ESCAPE_FOLLOWS, ESCAPE_SECONDS, ESCAPE_STARTS } from "../escapes/escapes.ts";
import { shapeTable } from "../escapes/escape_shapes.ts";
import { leastProofs } from "../lexicon/evidence.ts";
import { Gathered, type GatherExports } from "../layouts/gathered.ts";
import type { GramIndex, Whole } from "../lexicon/gram_index.ts";
import { HalfTables } from "./half_tables.ts";
import { IndexCopies } from "./index_copies.ts";
import { KERNEL_BASE64 } from "./kernel_module.ts";
import {
  AT,
  DEALT_ROOM,
  INDEXES,
  LINE_AT,
  LINES_ROOM,
  LONGEST_TEXT,
  MOST_BREAKS,
  MOST_FOUND,
  MOST_MET,
  MOST_REGIONS,
  MOST_RUNS,
  numbersAt,
  SHORT_NUMBERS,
  WITHIN,
  ZEROS,
} from "./memory.ts";
import { Rows } from "../escapes/rows.ts";
import type { ShortPatterns } from "../lexicon/short_patterns.ts";
import { DENSE, HEX_VALUES, PLAIN } from "../symbols.ts";
import { Undone, type UndoneExports } from "../escapes/undone.ts";
import type { Places, View } from "../view.ts";
import { type WalkExports, Walks } from "../layouts/walks.ts";

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
   * not or is long; {@linkcode TABLE} when it seems to be the row of a table of short cells; and {@linkcode ALIKE}, which
   * is not told of all lines of one or two bytes.
   */
  readonly singles: Uint8Array;
  /** How many there are. */
  count: number;
  /** How many groups of lines in a row there are that begin alike. */
  groupCount: number;
}

/** What the four numbers are that tell of what was met. */
export const MET = {
  /** The first symbol. */
  start: 0,
  /** The symbol after the last one. */
  end: 1,
  /** A bit for each kind of form that a run belongs to; 0 for a form that has to be met as a whole, and was. */
  kinds: 2,
  /** What a run proves, in half bits; the number of a whole in its index. */
  proof: 3,
  /** How many numbers there are. */
  size: 4,
} as const;

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

/** The same, of a short line that differs from the one before in digits only. */
export const ALIKE = 128;

/** What kernel.as exports. */
interface Exports extends BitExports, GatherExports, UndoneExports, WalkExports {
  memory: WebAssembly.Memory;
  prepare(): void;
  fold(length: number, breaks: number, plainOnly: number): number;
  isUnits(length: number): number;
  note(length: number): void;
  compare(table: number, room: number, count: number): number;
  regions(length: number, needs: number): number;
  decode(level: number, length: number, from: number, to: number, kinds: number, notes: number): number;
  foldWithout(rows: number, length: number, breaks: number): number;
  locateWithout(isDense: boolean, rows: number, length: number, breaks: number): void;
  nests(level: number, length: number, kinds: number, needs: number): number;
  locate(isDense: boolean, length: number, breaks: number, plainOnly: number): void;
  locateSome(isDense: boolean, from: number, to: number, isFirst: boolean): void;
  probe(isDense: boolean, length: number, sets: number): number;
  meet(isDense: boolean, length: number, from: number, found: number, sets: number): number;
  probeThrees(length: number, step: number): number;
}

/** A stretch to decode. */
export interface Region {
  /** The kinds of escape to undo, see {@linkcode ESCAPE}; others mean nothing. */
  readonly kinds: number;
  /** The first byte. */
  readonly from: number;
  /** The byte after the last one. */
  readonly to: number;
}

/** What came out of decoding. */
export interface Decoded {
  /** The bytes. */
  readonly data: Uint8Array;
  /** For each byte where its source begins. */
  readonly starts: Uint16Array;
  /** For each byte where its source ends. */
  readonly ends: Uint16Array;
}

/**
 * Which rows of escapes are noted, for views to leave them out: none, those of no use to the dense view, and to either. With one of
 * these, whether it is not noted where what comes out stands in the text.
 */
export const NOTES = { none: 0, dense: 1, both: 2, unplaced: 4 } as const;

/** Which of the numbers at `COUNTS` tells what, see kernel.as. */
const LINE_COUNT = 0;
const MARKS = 1;
const BLOB_COUNT = 2;
const SEEN = 3;
const RUNS = 4;
const MET_COUNT = 5;
/** The bytes by which blobs are told, in the order in which kernel.as expects them. */
const BLOB_BYTES = "H4Ne8f7";

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
  /** For each byte of it a bit, set for those that may begin an escape. */
  readonly marked: Uint32Array;
  /** What was gathered of it. */
  readonly gathered: Gathered;
  /** What is known of what was decoded last. */
  readonly undone: Undone;
  /** What it says of lines one after the other. */
  readonly walks: Walks;
  /** Bytes of it that may belong to the beginning of a blob. */
  readonly blobs: Places;
  /** Where the symbols of the plain view stand in the text, once {@linkcode TextKernel.locate} was asked. */
  readonly plainPlaces: Uint16Array;
  /** The same for the dense view. */
  readonly densePlaces: Uint16Array;
  /** What was met last, see {@linkcode TextKernel.lookUp}; four numbers for each, see {@linkcode MET}. */
  readonly met: Int32Array;
  /** What was found last; see {@linkcode TextKernel.probeThrees}. */
  readonly found: Uint32Array;
  static #shared: TextKernel | undefined;
  readonly #exports: Exports;
  readonly #text: Uint8Array;
  readonly #breaks: Uint16Array;
  readonly #regions: Uint16Array;
  readonly #shortBits: Int32Array;
  readonly #indexes: IndexCopies;
  readonly #counts: Uint32Array;
  #length = 0;
  #breakCount = 0;
  #plainOnly = 0;
  #hasMarks = false;
  #rows = 0;
  #loaded: Uint8Array | undefined;
  /** The text that was noted, until another one is loaded. */
  #noted: Uint8Array | undefined;

  private constructor(exports: Exports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    this.plain = numbersAt(Uint8Array, buffer, "PLAIN", LONGEST_TEXT + ZEROS);
    this.dense = numbersAt(Uint8Array, buffer, "DENSE", LONGEST_TEXT + ZEROS);
    this.lines = linesAt(buffer, AT.LINES, LINES_ROOM);
    this.dealt = linesAt(buffer, AT.DEALT, DEALT_ROOM);
    this.runs = { at: numbersAt(Uint16Array, buffer, "RUNS", 2 * MOST_RUNS), count: 0 };
    this.bits = new Bits(exports);
    this.marked = numbersAt(Uint32Array, buffer, "MARKED", LONGEST_TEXT >> 5);
    this.gathered = new Gathered(exports);
    this.walks = new Walks(exports);
    this.blobs = { at: numbersAt(Uint16Array, buffer, "BLOBS", LONGEST_TEXT + 1), count: 0 };
    this.#text = numbersAt(Uint8Array, buffer, "TEXT", LONGEST_TEXT + ZEROS);
    this.#breaks = numbersAt(Uint16Array, buffer, "BREAKS", MOST_BREAKS);
    this.#regions = numbersAt(Uint16Array, buffer, "REGIONS", 3 * MOST_REGIONS);
    this.undone = new Undone(exports);
    this.found = numbersAt(Uint32Array, buffer, "FOUND", MOST_FOUND);
    this.#shortBits = numbersAt(Int32Array, buffer, "SHORT_BITS", SHORT_NUMBERS);
    this.met = numbersAt(Int32Array, buffer, "MET", MET.size * MOST_MET);
    this.#indexes = new IndexCopies(exports.memory, INDEXES);
    this.plainPlaces = new Uint16Array(buffer, AT.PLACES, LONGEST_TEXT + 1);
    this.densePlaces = new Uint16Array(buffer, AT.PLACES + WITHIN.PLACES_SIZE, LONGEST_TEXT + 1);
    this.#counts = numbersAt(Uint32Array, buffer, "COUNTS", MET_COUNT + 1);
    exports.prepare();
    writeTables(new Uint8Array(buffer));
  }

  /** The kernel of all redactors. @throws {WebAssembly.CompileError} on processors of before 2008, which have no vectors */
  static shared(): TextKernel {
    if (TextKernel.#shared === undefined) {
      const module = new WebAssembly.Module(new Uint8Array(inflateRawSync(Buffer.from(KERNEL_BASE64, "base64"))));
      TextKernel.#shared = new TextKernel(new WebAssembly.Instance(module).exports as unknown as Exports);
    }
    return TextKernel.#shared;
  }

  /** Writes the two views of a text. @throws {RangeError} when it is too long */
  read({ data, length, breaks, rows = null, plainOnly = 0 }: View): void {
    if (data !== this.#noted) this.load(length === data.length ? data : data.subarray(0, length));
    if (breaks.count > 0) this.#breaks.set(breaks.at.subarray(0, breaks.count));
    this.#rows = rows === null || rows.isEmpty ? 0 : rows.address;
    const symbols = this.#rows === 0
      ? this.#exports.fold(length, breaks.count, plainOnly)
      : this.#exports.foldWithout(this.#rows, length, breaks.count);
    this.plainLength = symbols & 0xffff;
    this.denseLength = symbols >>> 16;
    this.#breakCount = breaks.count;
    this.#plainOnly = plainOnly;
  }

  /** Takes a text to decode, and leaves the views of the last one as they are. @throws {RangeError} when it is too long */
  load(data: Uint8Array): void {
    const { length } = data;
    if (length > LONGEST_TEXT) throw new RangeError(`a text of ${length} bytes is too long for the kernel`);
    this.#text.set(data);
    this.#text.fill(0, length, length + ZEROS);
    this.#length = length;
    this.#loaded = data;
    this.#noted = undefined;
  }

  /**
   * Looks a view of the text that was read last up in an index. Calls `onMet` with how many things were met that may have to
   * be masked, see {@linkcode TextKernel.met}, as often as there were too many to tell at once.
   */
  lookUp(isDense: boolean, index: GramIndex<Whole>, onMet: (count: number) => void): void {
    const sets = this.#indexes.of(index);
    const length = isDense ? this.denseLength : this.plainLength;
    const found = this.#exports.probe(isDense, length, sets);
    for (let from = 0; from < found;) {
      from = this.#exports.meet(isDense, length, from, found, sets);
      const count = this.#counts[MET_COUNT] as number;
      if (count > 0) onMet(count);
    }
  }

  /** Whether the plain view is one short unit again and again, and nothing in it stands between what recurs. */
  get isUnits(): boolean {
    return this.#exports.isUnits(this.plainLength) !== 0;
  }

  /** Notes at which symbols of the plain view three may be in a short pattern; how many there are. */
  probeThrees({ bits, step }: ShortPatterns): number {
    this.#shortBits.set(bits);
    return this.#exports.probeThrees(this.plainLength, step);
  }

  /**
   * Notes where the symbols `[from, to)` of a view of the text that was read last stand in it, all of them by default, when it
   * `isFirst` for this view or others were noted before; true when all have been.
   */
  locate(isDense: boolean, from = 0, to = isDense ? this.denseLength : this.plainLength, isFirst = true): boolean {
    const isPlain = this.#rows === 0 && this.#breakCount === 0 && this.#plainOnly === 0;
    if (isPlain) this.#exports.locateSome(isDense, from, to, isFirst);
    else if (this.#rows > 0) this.#exports.locateWithout(isDense, this.#rows, this.#length, this.#breakCount);
    else this.#exports.locate(isDense, this.#length, this.#breakCount, this.#plainOnly);
    return !isPlain;
  }

  /**
   * The stretches to decode of the text that was noted last, while none other was read: around escapes, and nowhere else. Ordinary text is full of percent signs, backslashes and ampersands that escape nothing;
   * decoding all of it would cost more than looking at it. So each place is checked, and those that hold are joined into
   * regions, with enough text on both sides for a value that is escaped in part.
   */
  findRegions(needs: number): Region[] {
    if (!this.#hasMarks) return [];
    const regions = this.#regions;
    const found: Region[] = [];
    for (let at = 0, end = 3 * this.#exports.regions(this.#length, needs); at < end; at += 3) {
      found.push({ kinds: regions[at] as number, from: regions[at + 1] as number, to: regions[at + 2] as number });
    }
    return found;
  }

  /** The memory for what comes out of text that was decoded so many times before. */
  decodedAt(level: number): Decoded {
    const { buffer } = this.#text;
    const at = AT.DECODED + level * WITHIN.DECODED_SIZE;
    return {
      data: new Uint8Array(buffer, at + WITHIN.OUT, LONGEST_TEXT),
      starts: new Uint16Array(buffer, at + WITHIN.FROM_OF, LONGEST_TEXT),
      ends: new Uint16Array(buffer, at + WITHIN.TO_OF, LONGEST_TEXT),
    };
  }

  /**
   * Decodes a stretch of the text that was loaded last or, at another `level` than 0, of what came out at the level before.
   * What comes out goes to place `length` of the level; where it ends. `notes` tells what is
   * noted, see {@linkcode NOTES}.
   */
  decode(level: number, length: number, { kinds, from, to }: Region, notes: number): number {
    return this.#exports.decode(level, length, from, to, kinds, notes);
  }

  /** The rows of escapes that are undone at a level: of the text itself at 0, and of what came out of it at others. */
  rowsAt(level: number): Rows {
    return new Rows(this.#text.buffer, AT.ROWS + level * WITHIN.ROWS_SIZE, LONGEST_TEXT >> 6);
  }

  /** Whether an escape of these kinds came out of one, when what was decoded last ends at `length` of a level. */
  nests(level: number, length: number, kinds: number, needs: number): boolean {
    return this.#exports.nests(level, length, kinds, needs) !== 0;
  }

  /** Fills in the flags of {@linkcode TextKernel.dealt}, lines of the text that was loaded last with others between them. */
  compareDealt(): void {
    this.#compare(this.dealt);
  }

  #compare(lines: Lines): void {
    lines.groupCount = this.#exports.compare(lines.from.byteOffset, lines.flags.length, lines.count);
    lines.seen = this.#counts[SEEN] as number;
  }

  /** Notes the places of the text that was read last. */
  note(): void {
    this.#exports.note(this.#length);
    this.lines.count = this.#counts[LINE_COUNT] as number;
    this.#hasMarks = this.#counts[MARKS] !== 0;
    this.#noted = this.#loaded;
    this.blobs.count = this.#counts[BLOB_COUNT] as number;
    this.runs.count = 2 * (this.#counts[RUNS] as number);
    this.#compare(this.lines);
  }
}

/** The tables of up to `room` lines. */
function linesAt(buffer: ArrayBufferLike, at: number, room: number): Lines {
  return {
    from: new Uint16Array(buffer, at + LINE_AT.START * room, room),
    to: new Uint16Array(buffer, at + LINE_AT.TO * room, room),
    flags: new Uint8Array(buffer, at + LINE_AT.FLAG * room, room),
    singles: new Uint8Array(buffer, at + LINE_AT.SINGLE * room, room),
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
  memory.set(kept.bytes, AT.KEPT_LOW);
  const marks = new HalfTables();
  marks.add(ESCAPE_STARTS, (kind) => kind !== 0, [0, 1, 2, 3, 4, 5, 6, 7]);
  memory.set(marks.bytes, AT.MARKS_LOW);
  const hex = new HalfTables();
  hex.add(Uint8Array.from(HEX_VALUES), (value) => value < 16, [0, 1, 2, 3, 4, 5, 6, 7]);
  memory.set(hex.bytes, AT.HEX_LOW);
  for (let byte = 0; byte < 256; byte++) {
    if (DENSE[byte] !== 0) memory[AT.OFFSETS + (byte >> 4)] = byte - (DENSE[byte] as number);
  }
  memory.set([...BLOB_BYTES].map((char) => char.charCodeAt(0)), AT.BLOB_BYTES);
  memory.set(ESCAPE_STARTS, AT.STARTS);
  memory.set(ESCAPE_FOLLOWS, AT.FOLLOWS);
  memory.set(new Uint8Array(HEX_VALUES.buffer), AT.HEX_VALUES);
  memory.set(BACKSLASHED, AT.BACKSLASHED);
  memory.set(shapeTable(), AT.SHAPES);
  const controls = new HalfTables();
  controls.add(BACKSLASHED, (meaning) => meaning === BACKSLASH.control, [0, 1, 2, 3, 4, 5, 6, 7]);
  memory.set(controls.bytes, AT.CONTROLS);
  memory.set(new Uint8Array(Int32Array.from(leastProofs()).buffer), AT.LEAST);
  memory.set(ESCAPE_SECONDS, AT.SECONDS);
  memory.set(new Uint8Array(entityTable().buffer), AT.NAMES);
  const cells = cellNames();
  memory.set(new Uint8Array(Uint32Array.of(cells.length, ...cells).buffer), AT.CELL_NAMES);
  for (const [byte, kind] of ESCAPE_STARTS.entries()) {
    const [low, high] = [AT.KINDS_LOW + (byte & 15), AT.KINDS_HIGH + (byte >> 4)];
    memory[low] = (memory[low] as number) | kind;
    memory[high] = (memory[high] as number) | kind;
  }
  memory.set(DENSE, AT.SYMBOLS);
}
