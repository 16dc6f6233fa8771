/**
 * Undoes what programs do to characters one at a time, see escapes.ts. The result is a view whose bytes know where they came
 * from. Encoders disagree on what they leave as it is, so all of them are undone wherever they occur.
 */
import { EVERY_ESCAPE } from "./escapes.ts";
import { BREAK_LENGTH } from "../kernel/memory.ts";
import type { Rows } from "./rows.ts";
import { NOTES, type Region, TextKernel } from "../kernel/text_kernel.ts";
import type { Places, View } from "../view.ts";

/** Decodes stretches of the text that the kernel has, one after the other, into memory of the kernel. */
export class Decoder implements View {
  readonly data: Uint8Array;
  readonly starts: Uint16Array;
  readonly ends: Uint16Array;
  length = 0;
  /** Whether it is known where what came out stands in the text. */
  isPlaced = true;
  readonly breaks: Places;
  readonly rows: Rows;
  readonly #kernel: TextKernel;
  readonly #level: number;
  readonly #capacity: number;

  /**
   * A decoder for stretches of up to `capacity` bytes in all. At another `level` than 0 it decodes what the decoder of the
   * level before has decoded last.
   */
  constructor(kernel: TextKernel, level: number, capacity: number) {
    this.#kernel = kernel;
    this.#level = level;
    this.#capacity = capacity;
    ({ data: this.data, starts: this.starts, ends: this.ends } = kernel.decodedAt(level));
    this.rows = kernel.rowsAt(level + 1);
    this.breaks = { at: new Uint16Array(capacity / BREAK_LENGTH + 1), count: 0 };
  }

  /** Forgets all stretches. */
  clear(): void {
    this.length = 0;
    this.breaks.count = 0;
    this.rows.clear();
  }

  /** Whether there is room for `size` more bytes; there always is for one stretch. */
  fits(size: number): boolean {
    return this.length + BREAK_LENGTH + size <= this.#capacity;
  }

  /** Decodes a stretch, but for backspaces; where in {@linkcode Decoder.data} that begins. `notes` tells what is noted. */
  decode(stretch: Region, notes: number = NOTES.none): number {
    const start = this.#begin();
    this.isPlaced = (notes & NOTES.unplaced) === 0;
    this.length = this.#kernel.decode(this.#level, start, stretch, notes);
    return start;
  }

  /** Whether there are backspaces in what came out last that no escape stands for. */
  hasBackspaces(stretch: Region): boolean {
    return this.#kernel.undone.hasBackspaces(this.#level, stretch);
  }

  /**
   * Puts what came out last, without its backspaces and what they erase, behind it, or in its place when that is all there is
   * to be `isAll`; the decoder may have forgotten it by now.
   */
  erase(stretch: Region, isAll: boolean = false): Region {
    const from = isAll ? stretch.from : this.#begin();
    this.length = this.#kernel.undone.erase(this.#level, stretch, from);
    return { kinds: stretch.kinds, from, to: this.length };
  }

  /** Puts a break behind what there is; where the next stretch begins. */
  #begin(): number {
    if (this.length > 0) {
      this.breaks.at[this.breaks.count++] = this.length;
      this.data.fill(0, this.length, this.length + BREAK_LENGTH);
      this.length += BREAK_LENGTH;
    }
    return this.length;
  }
}

/** `[0, to)` of `data` with all escapes undone; good until the kernel decodes again. */
export function decodeAll(data: Uint8Array, to: number): View {
  const kernel = TextKernel.shared();
  kernel.load(data);
  const decoder = new Decoder(kernel, 0, data.length);
  const from = decoder.decode({ kinds: EVERY_ESCAPE, from: 0, to });
  decoder.erase({ kinds: EVERY_ESCAPE, from, to: decoder.length }, true);
  return decoder;
}
