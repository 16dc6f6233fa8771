/**
 * A short text turned around: each line backwards, its short words in the opposite order, its letters by rot13. What turns a text
 * is the last program of a pipe, whatever the others made of the value: rows of numbers, pieces, an encoding.
 */
import { rot13 } from "../encodings.ts";
import { BREAK_LENGTH } from "./decoder.ts";
import { DENSE } from "./symbols.ts";
import type { View } from "./view.ts";

const LINE_END = 0x0a;
/** Bytes of the longest word whose order among others matters: a longer piece of a value is found where it stands. */
const LONGEST_WORD = 7;

/** Makes views of texts of so many bytes at most; keeps its working memory. */
export class TurnedText {
  readonly #data: Uint8Array;
  readonly #starts: Uint16Array;
  readonly #ends: Uint16Array;
  readonly #breaks: { at: Uint16Array; count: number };
  #length = 0;

  /** Room for texts of `longest` bytes. */
  constructor(longest: number) {
    const most = 2 + Math.ceil(longest / LONGEST_WORD);
    const room = 3 * longest + most * BREAK_LENGTH;
    this.#data = new Uint8Array(room);
    this.#starts = new Uint16Array(room);
    this.#ends = new Uint16Array(room);
    this.#breaks = { at: new Uint16Array(most), count: 0 };
  }

  /** All that `text` may be turned around from, one after the other; good until the next. */
  read(text: Uint8Array): View {
    this.#length = this.#breaks.count = 0;
    this.#addLines(text);
    this.#addBreak();
    this.#addWords(text);
    this.#addBreak();
    for (let at = 0; at < text.length; at++) this.#add(rot13(text[at] as number, false), at);
    return { data: this.#data, length: this.#length, starts: this.#starts, ends: this.#ends, breaks: this.#breaks };
  }

  #addLines(text: Uint8Array): void {
    for (let start = 0; start < text.length;) {
      const found = text.indexOf(LINE_END, start);
      const end = found < 0 ? text.length : found;
      for (let at = end - 1; at >= start; at--) this.#add(text[at] as number, at);
      if (found >= 0) this.#add(LINE_END, found);
      start = end + 1;
    }
  }

  #addWords(text: Uint8Array): void {
    for (let end = text.length; end > 0;) {
      let start = end - 1;
      while (start >= 0 && isInWord(text[start] as number)) start--;
      if (end - start - 1 > LONGEST_WORD) this.#addBreak();
      else for (let at = start + 1; at < end; at++) this.#add(text[at] as number, at);
      if (start >= 0) this.#add(text[start] as number, start);
      end = start;
    }
  }

  #addBreak(): void {
    const { at } = this.#breaks;
    at[this.#breaks.count++] = this.#length;
    this.#data.fill(0, this.#length, this.#length + BREAK_LENGTH);
    this.#length += BREAK_LENGTH;
  }

  #add(byte: number, at: number): void {
    this.#data[this.#length] = byte;
    this.#starts[this.#length] = at;
    this.#ends[this.#length++] = at + 1;
  }
}

/** Whether a byte belongs to a word. */
function isInWord(byte: number): boolean {
  return byte >= 0x80 || byte === 0x2d || byte === 0x5f || DENSE[byte] !== 0;
}
