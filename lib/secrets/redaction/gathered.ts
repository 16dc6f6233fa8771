/** Stretches of a text put one after the other, as views of their own. */
import { BREAK_LENGTH } from "./decoder.ts";
import type { Stretches } from "./stretches.ts";
import type { Places, View } from "./view.ts";

/** A list of such views in memory that is used again. */
export class Gathered implements View {
  readonly data: Uint8Array;
  readonly starts: Uint16Array;
  readonly ends: Uint16Array;
  length = 0;
  readonly breaks: Places;
  readonly #capacity: number;

  /** Room for up to `capacity` bytes. */
  constructor(capacity: number) {
    this.#capacity = capacity;
    this.data = new Uint8Array(capacity);
    this.starts = new Uint16Array(capacity);
    this.ends = new Uint16Array(capacity);
    this.breaks = { at: new Uint16Array(capacity / BREAK_LENGTH + 1), count: 0 };
  }

  /** Forgets all of them. */
  clear(): void {
    this.length = 0;
    this.breaks.count = 0;
  }

  /** Whether there is room for `size` more bytes; there always is for one text. */
  fits(size: number): boolean {
    return this.length + BREAK_LENGTH + size <= this.#capacity;
  }

  /** Puts stretches of `data` one after the other, as one. */
  gather(data: Uint8Array, stretches: Stretches): void {
    const { data: out, starts, ends } = this;
    let { length } = this;
    if (length > 0) {
      this.breaks.at[this.breaks.count++] = length;
      out.fill(0, length, length + BREAK_LENGTH);
      length += BREAK_LENGTH;
    }
    for (let i = 0; i < stretches.count; i++) {
      const to = stretches.to[i] as number;
      for (let from = stretches.from[i] as number; from < to; from++) {
        out[length] = data[from] as number;
        starts[length] = from;
        ends[length++] = from + 1;
      }
    }
    this.length = length;
  }
}
