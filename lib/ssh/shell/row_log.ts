/** Rows that have left the top of a terminal: the scrollback, as text and bounded. */

/** One row of a terminal. */
export interface Row {
  text: string;
  /** True when the row goes on where the one above it met the right edge. */
  wrapped: boolean;
}

/** How many rows are dropped before the list itself is shortened. */
const COMPACT_AFTER = 4096;

/** The last rows, each known by its number in the whole. */
export class RowLog {
  readonly #maxCharacters: number;
  #rows: Row[] = [];
  #dropped = 0;
  #head = 0;
  #characters = 0;

  /** @param maxCharacters how much text is kept, each row counted with its line end */
  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters;
  }

  /** Number of the oldest row that is kept. */
  get first(): number {
    return this.#dropped + this.#head;
  }

  /** Number that the next row gets. */
  get end(): number {
    return this.#dropped + this.#rows.length;
  }

  /** Adds a row at the end. */
  push(row: Row): void {
    this.#rows.push(row);
    this.#characters += row.text.length + 1;
    while (this.#characters > this.#maxCharacters && this.#head < this.#rows.length) {
      this.#characters -= (this.#rows[this.#head]?.text.length ?? 0) + 1;
      this.#head++;
    }
    if (this.#head < COMPACT_AFTER) return;
    this.#rows = this.#rows.slice(this.#head);
    this.#dropped += this.#head;
    this.#head = 0;
  }

  /** The row of that number, when it is kept. */
  at(number: number): Row | undefined {
    return number < this.first ? undefined : this.#rows[number - this.#dropped];
  }
}
