/** Values as noughts and ones: eight digits for each byte, in groups or without a break. */
import { BREAK_LENGTH } from "../kernel/memory.ts";
import type { TextKernel } from "../kernel/text_kernel.ts";
import type { View } from "../view.ts";
import { ASK } from "./walks.ts";

/** What is done with bytes that were read from noughts and ones, which are good during the call. */
export type OnBits = (bytes: View) => void;

/** Reads noughts and ones where the kernel has noted them. */
export class BitReader {
  readonly #kernel: TextKernel;
  readonly #capacity: number;
  #data: Uint8Array = new Uint8Array(0);
  #onBits: OnBits = () => {};

  /** A reader of texts of up to `capacity` bytes, whose places `kernel` notes. */
  constructor(capacity: number, kernel: TextKernel) {
    this.#capacity = capacity;
    this.#kernel = kernel;
  }

  /**
   * Calls `onBits` for stretches of noughts and ones in `data`, whose places were noted last, as bytes: groups of seven or
   * eight one by one, groups of another width and long runs put together, at every alignment. When all values are ASCII,
   * so is what is looked at in the latter, which leaves little of what stands at a wrong alignment.
   */
  find(data: Uint8Array, isAscii: boolean, onBits: OnBits): void {
    const { runs, walks } = this.#kernel;
    if (runs.count === 0) return;
    this.#data = data;
    this.#onBits = onBits;
    this.#kernel.load(data);
    walks.bits(runs.count >> 1, (what, first, end, bytes) => {
      const count = end - first;
      if (what === ASK.alignments) return this.#readAlignments(first, count, isAscii);
      this.#makeRoom(bytes);
      this.#kernel.bits.addGroups(first, count, bytes);
    });
    this.#flush();
  }

  /** All runs put together, at each of the eight alignments. */
  #readAlignments(first: number, count: number, isAscii: boolean): void {
    const { bits } = this.#kernel;
    const digits = bits.putTogether(first, count);
    for (let phase = 0; phase < 8; phase++) {
      // Every other byte may be the first of four that are ASCII, with a break before it.
      this.#makeRoom(digits >> 1);
      bits.addPhase(digits, phase, isAscii);
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#kernel.bits.length + BREAK_LENGTH + bytes <= this.#capacity) return;
    this.#flush();
    this.#kernel.load(this.#data);
  }

  #flush(): void {
    const { bits } = this.#kernel;
    if (bits.length > 0) this.#onBits(bits);
    bits.clear();
  }
}
