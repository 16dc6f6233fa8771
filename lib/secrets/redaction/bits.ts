/** Values as noughts and ones: eight digits for each byte, in groups or without a break. */
import { BREAK_LENGTH } from "./decoder.ts";
import { HEX_VALUES } from "./symbols.ts";
import type { Places, View } from "./view.ts";

/** Digits of the shortest stretch that is decoded: eight characters of seven bits. */
const FEWEST_BITS = 56;
/** Bytes between two groups beyond which they do not belong together; a row of a dump ends and begins in less. */
const WIDEST_GAP = 40;

/** Digits of the shortest group. */
const SHORTEST_RUN = 6;
/** How far apart the places are that are looked at far from other groups; no group is followed by another as far on. */
const FAR_STEP = 23;
/** Digits of a group that is a byte; a longer one is a part of a run. */
const LONGEST_BYTE = 8;
/** Bytes between two parts of a run that was wrapped. */
const LINE_END = 2;

const ONE = 0x31;
const isBit = (byte: number): boolean => byte === 0x30 || byte === ONE;

/** Bytes of the shortest value: no fewer in a row are looked at when all around them are such as no value has. */
const SHORTEST = 4;
/** The digits that are noughts in so many bytes of ASCII. */
const HIGH_BITS = 0x80808080;

/** What is done with bytes that were read from noughts and ones, which are good during the call. */
export type OnBits = (bytes: View) => void;

/** Reads noughts and ones; keeps its working memory. */
export class BitReader {
  /** Where the parts of a stretch begin and end, two numbers for each. */
  readonly #parts: Uint16Array;
  #count = 0;
  /** For each digit of a stretch where it stands, and the byte that it makes with the seven before it. */
  readonly #places: Uint16Array;
  readonly #rolling: Uint8Array;
  /** The digits at which four bytes of ASCII end. */
  readonly #ascii: Uint16Array;
  /** What was read so far, one stretch after the other. */
  readonly #bytes: Uint8Array;
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #breaks: Places;
  readonly #capacity: number;
  #length = 0;
  #data: Uint8Array = new Uint8Array(0);
  #isAscii = false;
  #onBits: OnBits = () => {};

  /** A reader for texts of up to `capacity` bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.#parts = new Uint16Array(capacity + 2);
    [this.#places, this.#ascii] = [new Uint16Array(capacity), new Uint16Array(capacity)];
    this.#rolling = new Uint8Array(capacity);
    [this.#starts, this.#ends] = [new Int32Array(capacity), new Int32Array(capacity)];
    this.#bytes = new Uint8Array(capacity);
    this.#breaks = { at: new Uint16Array(capacity), count: 0 };
  }

  /**
   * Calls `onBits` for stretches of noughts and ones in `data` as bytes: groups of seven or eight one by one, groups of
   * another width and long runs put together, at every alignment. When all values are ASCII, so is what is looked at
   * in the latter, which leaves little of what stands at a wrong alignment.
   */
  find(data: Uint8Array, isAscii: boolean, onBits: OnBits): void {
    this.#data = data;
    this.#isAscii = isAscii;
    this.#onBits = onBits;
    const parts = this.#parts;
    this.#count = 0;
    for (let at = nextBits(data, 0); at < data.length; at = nextBits(data, at)) {
      let end = at;
      while (end < data.length && isBit(data[end] as number)) end++;
      if (this.#count > 0) {
        const gap = at - (parts[this.#count - 1] as number);
        const isLong = (parts[1] as number) - (parts[0] as number) > LONGEST_BYTE;
        if (isLong ? gap > LINE_END : gap > WIDEST_GAP || end - at > LONGEST_BYTE) this.#readParts();
      }
      parts[this.#count++] = at;
      parts[this.#count++] = end;
      at = end;
    }
    this.#readParts();
    this.#flush();
  }

  /** Reads a stretch, of which all parts are known. */
  #readParts(): void {
    const parts = this.#parts;
    const count = this.#count;
    this.#count = 0;
    if (count === 0) return;
    const first = (parts[1] as number) - (parts[0] as number);
    let digits = first;
    let isEven = first !== 7 && first !== LONGEST_BYTE;
    for (let i = 2; i < count; i += 2) {
      const width = (parts[i + 1] as number) - (parts[i] as number);
      digits += width;
      if (width !== first && i + 2 < count) isEven = false;
    }
    if (digits < FEWEST_BITS) return;
    if (isEven || first > LONGEST_BYTE) this.#readAlignments(count);
    else this.#readBytes(count);
  }

  /** Each part as a byte. */
  #readBytes(count: number): void {
    const data = this.#data;
    const parts = this.#parts;
    let length = this.#begin(count >> 1);
    for (let i = 0; i < count; i += 2) {
      const end = parts[i + 1] as number;
      let byte = 0;
      for (let at = parts[i] as number; at < end; at++) byte = (byte << 1) | ((data[at] as number) & 1);
      this.#bytes[length] = byte;
      this.#starts[length] = parts[i] as number;
      this.#ends[length++] = end;
    }
    this.#length = length;
  }

  /** All parts put together, at each of the eight alignments. */
  #readAlignments(count: number): void {
    const data = this.#data;
    const [parts, places, rolling, ascii] = [this.#parts, this.#places, this.#rolling, this.#ascii];
    let digits = 0;
    let found = 0;
    let last = -1;
    for (let i = 0; i < count; i += 2) {
      const end = parts[i + 1] as number;
      for (let at = parts[i] as number; at < end; at++) {
        last = (last << 1) | ((data[at] as number) & 1);
        places[digits] = at;
        rolling[digits] = last;
        ascii[found] = digits++;
        // Without a branch, which at random would be wrong every so often.
        const high = last & HIGH_BITS;
        found += ((high | -high) >>> 31) ^ 1;
      }
    }
    if (this.#isAscii) return this.#addAscii(found);
    for (let phase = 0; phase < 8; phase++) this.#add(phase, phase + ((digits - phase) & ~7));
  }

  /** Adds the stretches of ASCII, of which four bytes end at each of the first `count` digits that were noted. */
  #addAscii(count: number): void {
    const ascii = this.#ascii;
    const [starts, ends] = [new Int32Array(8), new Int32Array(8)];
    for (let i = 0; i < count; i++) {
      const end = (ascii[i] as number) + 1;
      const phase = end & 7;
      if (end - (ends[phase] as number) !== 8) {
        this.#add(starts[phase] as number, ends[phase] as number);
        starts[phase] = end - 8 * SHORTEST;
      }
      ends[phase] = end;
    }
    for (let phase = 0; phase < 8; phase++) this.#add(starts[phase] as number, ends[phase] as number);
  }

  /** Adds the bytes of `[from, to)`, eight digits each. */
  #add(from: number, to: number): void {
    const [places, rolling] = [this.#places, this.#rolling];
    if (from >= to) return;
    let length = this.#begin((to - from) >> 3);
    for (let at = from; at < to; at += 8) {
      this.#bytes[length] = rolling[at + 7] as number;
      this.#starts[length] = places[at] as number;
      this.#ends[length++] = (places[at + 7] as number) + 1;
    }
    this.#length = length;
  }

  /** Makes room for a stretch of `size` bytes; where it begins. */
  #begin(size: number): number {
    if (this.#length + BREAK_LENGTH + size > this.#capacity) this.#flush();
    if (this.#length === 0) return 0;
    this.#breaks.at[this.#breaks.count++] = this.#length;
    this.#bytes.fill(0, this.#length, this.#length + BREAK_LENGTH);
    return this.#length += BREAK_LENGTH;
  }

  #flush(): void {
    if (this.#length > 0) {
      const [data, length, starts, ends, breaks] = [this.#bytes, this.#length, this.#starts, this.#ends, this.#breaks];
      this.#onBits({ data, length, starts, ends, breaks });
    }
    this.#length = this.#breaks.count = 0;
  }
}

/**
 * Where the next six or more noughts and ones begin, not in the middle of a hexadecimal number. Far from the last ones
 * only some places are looked at: no value is so short that it lies between two of them.
 */
function nextBits(data: Uint8Array, from: number): number {
  let found = bitsIn(data, from, from + WIDEST_GAP);
  for (let at = from + WIDEST_GAP; found < 0 && at < data.length; at += FAR_STEP) {
    if (isBit(data[at] as number)) found = bitsIn(data, Math.max(from, at - WIDEST_GAP), at + SHORTEST_RUN);
  }
  return found < 0 ? data.length : found;
}

/** Where a run begins that holds one of the places looked at in `[from, to)`, -1 when there is none. */
function bitsIn(data: Uint8Array, from: number, to: number): number {
  const limit = Math.min(data.length, to);
  for (let at = from + SHORTEST_RUN - 1; at < limit; at += SHORTEST_RUN) {
    if (!isBit(data[at] as number)) continue;
    let start = at;
    while (start > from && isBit(data[start - 1] as number)) start--;
    let end = at;
    while (end < data.length && end < start + SHORTEST_RUN && isBit(data[end] as number)) end++;
    const follows = start > 0 && (HEX_VALUES[data[start - 1] as number] as number) >= 0 && data[start - 1] !== 0x62;
    if (end - start >= SHORTEST_RUN && !follows) return start;
  }
  return -1;
}
