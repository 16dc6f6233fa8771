/**
 * Looks at one window of output in every way there is, and says what to mask in it.
 *
 * Output of any length is looked at in windows that lie at fixed places, each with the end of the one before. That bounds
 * memory and time, and makes the result depend on the bytes alone, not on how they were cut on their way here.
 */
import { findBits } from "./bits.ts";
import { ColumnFinder } from "./columns.ts";
import { Decoder } from "./decoder.ts";
import { DumpReader } from "./dumps.ts";
import type { Lexicon } from "./lexicon.ts";
import { Notes } from "./notes.ts";
import { openBlobs } from "./packed.ts";
import { findRegions, type Region } from "./regions.ts";
import { Scanner } from "./scanner.ts";
import type { Span } from "./spans.ts";

/** Bytes by which one window follows another. */
export const BLOCK = 32 * 1024;

/** Bytes before a block that are looked at with it, so that whatever is no longer than that lies whole in a window. */
export const CONTEXT = 2 * 1024;

/** Bytes in the longest window. */
const WINDOW = BLOCK + CONTEXT;

/** How often decoded text is decoded again, for `%2573` and `&amp;lt;`. */
const DEEPEST = 3;

/** The working memory for looking at windows; one serves any number of calls, one at a time. */
export class Engine {
  readonly #notes: Notes = new Notes(WINDOW);
  readonly #quiet: Notes = new Notes(0);
  readonly #scanner = new Scanner(WINDOW);
  readonly #columns = new ColumnFinder(WINDOW);
  readonly #dumps = new DumpReader(WINDOW);
  readonly #decoders = Array.from({ length: DEEPEST }, () => new Decoder(0));

  /**
   * What has to be masked in `data`, one window, in positions of `data` and in no order. There is text before it when it
   * `isContinued`.
   */
  look(data: Uint8Array, lexicon: Lexicon, isContinued: boolean): Span[] {
    const scanner = this.#scanner;
    const notes = this.#notes;
    scanner.spans = [];
    scanner.scan({ data, length: data.length, starts: null, ends: null }, lexicon, notes);
    notes.sort(data);
    for (const region of findRegions(data, notes.escapes, lexicon)) this.#lookDecoded(data, region, lexicon, 0);
    this.#columns.find(data, notes.lines, isContinued, (column) => {
      const decoder = this.#decoders[0] as Decoder;
      decoder.gather(data, column);
      scanner.scan(decoder, lexicon, this.#quiet, true);
    });
    for (const { bytes, starts, ends } of findBits(data)) {
      scanner.scan({ data: bytes, length: bytes.length, starts, ends }, lexicon, this.#quiet);
    }
    const { spans } = scanner;
    this.#dumps.find(data, notes.lines, ({ bytes, sources }) => {
      for (const span of this.#lookAside(bytes, lexicon)) spans.push(...sources(span));
    });
    for (const { start, end, content } of openBlobs(data, notes.blobs)) {
      if (this.#lookAside(content, lexicon).length > 0) spans.push({ start, end });
    }
    return spans;
  }

  /** What has to be masked in `data`, which is no part of the text as it stands. */
  #lookAside(data: Uint8Array, lexicon: Lexicon): Span[] {
    this.#scanner.spans = [];
    this.#scanner.scan({ data, length: data.length, starts: null, ends: null }, lexicon, this.#quiet);
    return this.#scanner.spans;
  }

  #lookDecoded(data: Uint8Array, { kinds, from, to }: Region, lexicon: Lexicon, depth: number): void {
    const decoder = this.#decoders[depth] as Decoder;
    decoder.decode(data, from, to, kinds);
    const outer = depth === 0 ? undefined : this.#decoders[depth - 1];
    if (outer !== undefined) decoder.compose(outer);
    this.#scanner.scan(decoder, lexicon, this.#quiet);
    if (decoder.nested && depth + 1 < DEEPEST) {
      this.#lookDecoded(decoder.data, { kinds, from: 0, to: decoder.length }, lexicon, depth + 1);
    }
  }
}
