/** Cursors: where an answer ended, for answers that go on from there. */
import { quoteUntrusted, ToolError } from "../../errors.ts";

/** Cursors whose line is remembered. */
const MAX_REMEMBERED = 256;

/** Where an answer ended. */
export interface Place {
  /** Bytes that had come. */
  offset: number;
  /** Number of the row in which the cursor's line began. */
  row: number;
  /** What that line showed; undefined when that is no longer known. */
  line: string | undefined;
}

/** The cursors of one shell. */
export class Cursors {
  readonly #id: string = crypto.getRandomValues(new Uint8Array(3)).toHex();
  readonly #lines = new Map<string, string>();

  /** A cursor for a place. */
  issue(place: { offset: number; row: number; line: string }): string {
    const cursor = `${this.#id}-${place.offset}-${place.row}`;
    this.#lines.set(cursor, place.line);
    if (this.#lines.size > MAX_REMEMBERED) {
      for (const oldest of this.#lines.keys()) {
        this.#lines.delete(oldest);
        break;
      }
    }
    return cursor;
  }

  /**
   * The place of a cursor; `0` is the beginning.
   *
   * @param end bytes that have come by now
   * @throws {ToolError} `invalid_argument` when it is none of this shell
   */
  resolve(cursor: string, end: number): Place {
    if (cursor === "0") return { offset: 0, row: 0, line: undefined };
    const [, id, offset, row] = /^([0-9a-f]{6})-(\d{1,15})-(\d{1,15})$/.exec(cursor) ?? [];
    if (id === this.#id && Number(offset) <= end) {
      return { offset: Number(offset), row: Number(row), line: this.#lines.get(cursor) };
    }
    throw new ToolError("invalid_argument", `since ${quoteUntrusted(cursor, 60)} is no cursor of this shell`, {
      hint: "give the cursor of an earlier answer of the same shell, or 0 for all that is kept, or leave it out",
    });
  }
}
