/** Rows of escapes that a look at a text has undone, so that others need not look at them. */

/** Bytes of a row at either end that are looked at all the same, with what stands beside it. */
const MARGIN = 512;

/** Bytes of a row that it is of use to leave out. */
const LEAST = 128;

/** A stretch of a text. */
interface Stretch {
  /** The first byte. */
  readonly from: number;
  /** The byte after the last one. */
  readonly to: number;
}

/** The rows that the kernel notes while it decodes a text, in ascending order. */
export class Rows {
  /** Where they are in the kernel's memory. */
  readonly address: number;
  readonly #count: Uint32Array;
  readonly #places: Uint16Array;

  /** The rows that are told at `address`, up to `capacity` of them; there are none yet. */
  constructor(buffer: ArrayBufferLike, address: number, capacity: number) {
    this.address = address;
    this.#count = new Uint32Array(buffer, address, 1);
    this.#places = new Uint16Array(buffer, address + 4, 2 * capacity);
    this.clear();
  }

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#count[0] === 0;
  }

  /** Forgets them. */
  clear(): void {
    this.#count[0] = 0;
  }

  /** What is left of a stretch when the inside of every row is taken out. */
  *outside<T extends Stretch>(stretch: T): Generator<T> {
    let { from } = stretch;
    for (let at = 0; at < 2 * (this.#count[0] as number); at += 2) {
      const start = Math.max(from, (this.#places[at] as number) + MARGIN);
      const end = Math.min(stretch.to, this.#places[at + 1] as number) - MARGIN;
      if (end - start < LEAST) continue;
      yield { ...stretch, from, to: start };
      from = end;
    }
    yield { ...stretch, from };
  }
}
