/**
 * Values that are dealt out over the fields of lines that do not begin alike: the cells of a table with a frame, between
 * others that differ, and in a short text what stands behind names, digests and words of any kind.
 *
 * Fields belong together when they are in the same place of lines with as many of them, or in the same place from either
 * end. A frame is enough in texts of any length; of what only blanks and marks part there is too much in a long one. The
 * kernel gathers the columns, see fields.as.
 */
import type { OnColumn } from "./columns.ts";
import type { Stretches } from "./stretches.ts";
import type { Lines, TextKernel } from "../kernel/text_kernel.ts";
import type { Walks } from "./walks.ts";

/** Lines of the shortest column. */
const FEWEST_LINES = 3;

/** Finds the columns of such fields. */
export class FieldFinder {
  readonly #column: Stretches;
  readonly #lines: Lines;
  readonly #walks: Walks;

  /** A finder of such columns in what `kernel` has. */
  constructor({ gathered, lines, walks }: TextKernel) {
    this.#column = gathered.column;
    this.#lines = lines;
    this.#walks = walks;
  }

  /**
   * Gathers the columns of the text that was noted last, of `length` bytes, or calls `onColumn` for them; those without a frame too when
   * it `isShort`.
   */
  find(length: number, isShort: boolean, onColumn: OnColumn): void {
    const { count } = this.#lines;
    if (count < FEWEST_LINES) return;
    if (this.#walks.hasBars(length)) this.#findIn(count, true, onColumn);
    if (isShort) this.#findIn(count, false, onColumn);
  }

  #findIn(count: number, areCells: boolean, onColumn: OnColumn): void {
    this.#walks.fields(count, areCells, (_what, stretches) => {
      this.#column.count = stretches;
      onColumn();
    });
  }
}
