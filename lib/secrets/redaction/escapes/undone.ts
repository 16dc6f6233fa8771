/** What is known of the escapes that were undone last: what backspaces erase of that, and what tags and titles hide. */
import { MOST_HIDDEN, numbersAt } from "../kernel/memory.ts";
import type { Region } from "../kernel/text_kernel.ts";

/** Set in the kinds of a region when escapes of each kind are undone by themselves nowhere else. */
export const ALONE = 512;

/** What erasure.as exports. */
export interface UndoneExports {
  /** The memory. */
  memory: WebAssembly.Memory;
  /** Whether there are backspaces in `[from, to)` of a level. */
  backspaces(level: number, from: number, to: number): number;
  /** Puts that at `start` without them. */
  erase(level: number, from: number, to: number, start: number): number;
}

/** Tells it. */
export class Undone {
  readonly #exports: UndoneExports;
  readonly #count: Uint32Array;
  readonly #hidden: Uint16Array;

  /** What the kernel says that has these `exports`. */
  constructor(exports: UndoneExports) {
    this.#exports = exports;
    this.#count = numbersAt(Uint32Array, exports.memory.buffer, "HIDDEN", 1);
    this.#hidden = numbersAt(Uint16Array, exports.memory.buffer, "FIRST_HIDDEN", 3 * MOST_HIDDEN);
  }

  /** Whether what came out last, `[from, to)` of a level, has backspaces that no escape stands for. */
  hasBackspaces(level: number, { from, to }: Region): boolean {
    return this.#exports.backspaces(level, from, to) !== 0;
  }

  /** Puts it at `start`, not behind `from` nor before `to`, without them and what they erase; where that ends. */
  erase(level: number, { from, to }: Region, start: number): number {
    return this.#exports.erase(level, from, to, start);
  }

  /** Whether there are {@linkcode Undone.hidden} stretches. */
  get hides(): boolean {
    return this.#count[0] !== 0;
  }

  /** Stretches of what was undone last that came to nothing, and the kinds of escape that they may hold. */
  get hidden(): Region[] {
    const hidden = this.#hidden;
    return Array.from({ length: this.#count[0] as number }, (_, i) => ({
      from: hidden[3 * i] as number,
      to: hidden[3 * i + 1] as number,
      kinds: hidden[3 * i + 2] as number,
    }));
  }
}
