/** Rows that have left the top of a terminal: the scrollback, as text and bounded. */

/** One row of a terminal. */
export interface Row {
  /** What it shows. */
  text: string;
  /** True when the row goes on where the one above it met the right edge. */
  wrapped: boolean;
}

/** Stands before the text of a wrapped row, so that a row is kept as one string: there may be very many. */
const WRAPPED = "\0";

/** The last rows, each known by its number in the whole. */
export class RowLog {
  readonly #maxCharacters: number;
  #rows: string[] = [];
  #dropped = 0;
  #head = 0;
  #characters = 0;

  /**
   * An empty log.
   *
   * @param maxCharacters how much text is kept, each row counted with its line end
   */
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
  push({ text, wrapped }: Row): void {
    this.#rows.push(wrapped ? WRAPPED + text : text);
    this.#characters += text.length + 1;
    while (this.#characters > this.#maxCharacters && this.#head < this.#rows.length) {
      const oldest = this.#rows[this.#head] ?? "";
      this.#characters -= oldest.length + (oldest.startsWith(WRAPPED) ? 0 : 1);
      this.#head++;
    }
    if (this.#head * 2 < this.#rows.length || this.#head < 1024) return;
    this.#rows = this.#rows.slice(this.#head);
    this.#dropped += this.#head;
    this.#head = 0;
  }

  /** A log that goes on for itself. */
  copy(): RowLog {
    const log = new RowLog(this.#maxCharacters);
    log.#rows = [...this.#rows];
    log.#dropped = this.#dropped;
    log.#head = this.#head;
    log.#characters = this.#characters;
    return log;
  }

  /** All rows, wrapped ones joined to the lines they are of. */
  lines(): string[] {
    const lines: string[] = [];
    for (let number = this.first; number < this.end; number++) {
      const { text = "", wrapped } = this.at(number) ?? {};
      if (wrapped && lines.length > 0) lines.push(lines.pop() + text);
      else lines.push(text);
    }
    return lines;
  }

  /** The row of that number, when it is kept. */
  at(number: number): Row | undefined {
    const row = number < this.first ? undefined : this.#rows[number - this.#dropped];
    if (row === undefined) return undefined;
    return row.startsWith(WRAPPED) ? { text: row.slice(1), wrapped: true } : { text: row, wrapped: false };
  }
}
