/** Bytes that the kernel reads from noughts and ones, as a view in its memory. */
import { BREAK_LENGTH, LONGEST_TEXT, MOST_BREAKS, numbersAt } from "../kernel/memory.ts";
import type { Places, View } from "../view.ts";

/** What kernel.as exports that has to do with them. */
export interface BitExports {
  /** The memory. */
  memory: WebAssembly.Memory;
  /** Writes runs of noughts and ones as a byte for every eight digits. */
  readGroups(first: number, count: number, length: number): void;
  /** Puts the digits of runs together. */
  putTogether(first: number, count: number): number;
  /** Writes the bytes at one alignment. */
  readPhase(digits: number, phase: number, isAscii: number, length: number, breaks: number): number;
}

/** What was read so far, one stretch after the other. */
export class Bits implements View {
  readonly data: Uint8Array;
  readonly starts: Uint16Array;
  readonly ends: Uint16Array;
  readonly breaks: Places;
  length = 0;
  readonly #exports: BitExports;

  /** What the kernel writes that has these `exports`. */
  constructor(exports: BitExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    this.data = numbersAt(Uint8Array, buffer, "BYTES", LONGEST_TEXT);
    this.starts = numbersAt(Uint16Array, buffer, "BYTE_STARTS", LONGEST_TEXT);
    this.ends = numbersAt(Uint16Array, buffer, "BYTE_ENDS", LONGEST_TEXT);
    this.breaks = { at: numbersAt(Uint16Array, buffer, "BYTE_BREAKS", MOST_BREAKS), count: 0 };
  }

  /** Adds `count` runs from the one numbered `first` on, a byte for every eight digits: so many bytes. */
  addGroups(first: number, count: number, bytes: number): void {
    if (this.length > 0) {
      this.breaks.at[this.breaks.count++] = this.length;
      this.data.fill(0, this.length, this.length + BREAK_LENGTH);
      this.length += BREAK_LENGTH;
    }
    this.#exports.readGroups(first, count, this.length);
    this.length += bytes;
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
