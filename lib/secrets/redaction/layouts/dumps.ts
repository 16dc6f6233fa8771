/**
 * Rows of a dump (xxd, od, hexdump), read as the bytes that they show. A row by itself may hold too few characters of a
 * value to tell; all rows together hold the whole of it. Words are read in both byte orders, and what is found is masked
 * in the numbers and in the characters beside them. Rows of characters (od -c, od -a, hexdump -c) have the others, such as
 * line ends and blanks, by name or number, each in as much room as the longest of these needs.
 */
import { CELL_WIDTH } from "./cells.ts";
import type { Span } from "../spans.ts";
import { MOST_SHOWN, numbersAt } from "../kernel/memory.ts";
import { LINE, type TextKernel } from "../kernel/text_kernel.ts";

/** What is known of what was read, as bits. */
const KNOWN = { words: 1, characters: 2, cells: 4 } as const;

/** The bytes of consecutive rows in one byte order. */
export interface Reading {
  /** The values of the bytes. */
  readonly bytes: Uint8Array;
  /** Where the text has what the bytes `[start, end)` show: their digits, and their characters when there are any. */
  readonly sources: (span: Span) => Span[];
}

/** Reads dumps where the kernel has noted lines. */
export class DumpReader {
  readonly #kernel: TextKernel;
  readonly #big: Uint8Array;
  readonly #little: Uint8Array;
  /** Where the digits of each byte begin, in either order. */
  readonly #bigDigits: Uint16Array;
  readonly #littleDigits: Uint16Array;
  /** Where the character of each byte stands, 0 when there is none: words show theirs in the order of the bytes. */
  readonly #characters: Uint16Array;

  /** A reader of what `kernel` has noted. */
  constructor(kernel: TextKernel) {
    this.#kernel = kernel;
    const { buffer } = kernel.gathered.data;
    this.#big = numbersAt(Uint8Array, buffer, "BIG", MOST_SHOWN);
    this.#little = numbersAt(Uint8Array, buffer, "LITTLE", MOST_SHOWN);
    this.#bigDigits = numbersAt(Uint16Array, buffer, "BIG_DIGITS", MOST_SHOWN);
    this.#littleDigits = numbersAt(Uint16Array, buffer, "LITTLE_DIGITS", MOST_SHOWN);
    this.#characters = numbersAt(Uint16Array, buffer, "CHARACTERS", MOST_SHOWN);
  }

  /** Calls `onReading` for the dumps in `data`, the text that was noted last; a reading is good during the call. */
  find(data: Uint8Array, onReading: (reading: Reading) => void): void {
    const { lines, walks } = this.#kernel;
    if ((lines.seen & LINE.offset) === 0) return;
    this.#kernel.load(data);
    walks.dumps(lines.count, (_what, count, known) => {
      onReading(this.#reading(this.#big.subarray(0, count), this.#bigDigits, known));
      if ((known & KNOWN.words) !== 0) {
        onReading(this.#reading(this.#little.subarray(0, count), this.#littleDigits, known));
      }
      this.#kernel.load(data);
    });
  }

  #reading(bytes: Uint8Array, digits: Uint16Array, known: number): Reading {
    const sources = (span: Span): Span[] => {
      const numbers = extent(digits, digits, span, (known & KNOWN.cells) !== 0 ? CELL_WIDTH : 2);
      return (known & KNOWN.characters) !== 0 ? [numbers, extent(this.#characters, digits, span, 1)] : [numbers];
    };
    return { bytes, sources };
  }
}

/** From the first to the last place of what `[start, end)` shows; `others` are for bytes without a place of their own. */
function extent(places: Uint16Array, others: Uint16Array, { start, end }: Span, size: number): Span {
  // One span that holds what is no small whole number makes all spans of the program slow from then on.
  let [from, to] = [0xffff, 0];
  for (let i = start; i < end; i++) {
    const place = places[i] as number;
    const at = place === 0 ? others[i] as number : place;
    from = Math.min(from, at);
    to = Math.max(to, at + (place === 0 ? 2 : size));
  }
  return { start: from, end: to };
}
