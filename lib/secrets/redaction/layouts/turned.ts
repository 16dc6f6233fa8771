/**
 * A short text turned around: each line backwards, its short words in the opposite order, its letters by rot13. What turns a text
 * is the last program of a pipe, whatever the others made of the value: rows of numbers, pieces, an encoding.
 */
import { rot13 } from "../../encodings.ts";
import { BREAK_LENGTH } from "../kernel/memory.ts";
import { DENSE } from "../symbols.ts";
import type { View } from "../view.ts";

const LINE_END = 0x0a;
/** Bytes of the longest word whose order among others matters: a longer piece of a value is found where it stands. */
const LONGEST_WORD = 7;
/** Which bytes words are made of, 1 each. */
const IN_WORD = DENSE.map((symbol, byte) => symbol !== 0 || byte >= 0x80 || byte === 0x2d || byte === 0x5f ? 1 : 0);
/** What each byte is by rot13. */
const ROTATED = Uint8Array.from(IN_WORD, (_, byte) => rot13(byte, false));

/** Makes views of texts of so many bytes at most; keeps its working memory. */
export class TurnedText {
  readonly #data: Uint8Array;
  readonly #starts: Uint16Array;
  readonly #ends: Uint16Array;
  readonly #breaks: { at: Uint16Array; count: number };
  /** Each place in the text, in order. */
  readonly #places: Uint16Array;
  #length = 0;

  /** Room for texts of `longest` bytes. */
  constructor(longest: number) {
    const most = 2 + Math.ceil(longest / LONGEST_WORD);
    const room = 3 * longest + most * BREAK_LENGTH;
    this.#data = new Uint8Array(room);
    this.#starts = new Uint16Array(room);
    this.#ends = new Uint16Array(room);
    this.#places = Uint16Array.from({ length: longest + 1 }, (_, at) => at);
    this.#breaks = { at: new Uint16Array(most), count: 0 };
  }

  /** All that `text` may be turned around from, one after the other; good until the next. */
  read(text: Uint8Array): View {
    this.#length = this.#breaks.count = 0;
    this.#addLines(text);
    this.#addBreak();
    this.#addWords(text);
    this.#addBreak();
    this.#addRotated(text);
    return { data: this.#data, length: this.#length, starts: this.#starts, ends: this.#ends, breaks: this.#breaks };
  }

  #addLines(text: Uint8Array): void {
    const [data, starts, ends] = [this.#data, this.#starts, this.#ends];
    let length = this.#length;
    for (let start = 0; start < text.length;) {
      const found = text.indexOf(LINE_END, start);
      const end = found < 0 ? text.length : found;
      for (let at = end - 1; at >= start; at--) {
        data[length] = text[at] as number;
        starts[length] = at;
        ends[length++] = at + 1;
      }
      this.#length = length;
      if (found >= 0) this.#add(text, found, found + 1);
      length = this.#length;
      start = end + 1;
    }
  }

  #addWords(text: Uint8Array): void {
    for (let end = text.length; end > 0;) {
      let start = end - 1;
      while (start >= 0 && IN_WORD[text[start] as number] !== 0) start--;
      if (end - start - 1 > LONGEST_WORD) this.#addBreak();
      else this.#add(text, start + 1, end);
      if (start >= 0) this.#add(text, start, start + 1);
      end = start;
    }
  }

  #addRotated(text: Uint8Array): void {
    const from = this.#length;
    for (let at = 0; at < text.length; at++) this.#data[from + at] = ROTATED[text[at] as number] as number;
    this.#starts.set(this.#places.subarray(0, text.length), from);
    this.#ends.set(this.#places.subarray(1, text.length + 1), from);
    this.#length += text.length;
  }

  #addBreak(): void {
    const { at } = this.#breaks;
    at[this.#breaks.count++] = this.#length;
    this.#data.fill(0, this.#length, this.#length + BREAK_LENGTH);
    this.#length += BREAK_LENGTH;
  }

  /** Adds `[start, end)` of the text as it stands. */
  #add(text: Uint8Array, start: number, end: number): void {
    const [data, starts, ends] = [this.#data, this.#starts, this.#ends];
    let length = this.#length;
    for (let at = start; at < end; at++) {
      data[length] = text[at] as number;
      starts[length] = at;
      ends[length++] = at + 1;
    }
    this.#length = length;
  }
}
