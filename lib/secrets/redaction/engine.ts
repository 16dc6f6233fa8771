/**
 * Looks at one window of output in every way there is, and says what to mask in it.
 *
 * Output of any length is looked at in windows that lie at fixed places, each with context on both sides. That bounds
 * memory and time, and makes the result depend on the bytes alone, not on how they were cut on their way here.
 */
import { Decoder, ESCAPE_STARTS } from "./decoder.ts";
import type { Lexicon } from "./lexicon.ts";
import { findRegions } from "./regions.ts";
import { type Notes, Scanner } from "./scanner.ts";
import type { Span } from "./spans.ts";

/** Bytes by which one window follows another. */
export const BLOCK = 32 * 1024;

/** Bytes of context on each side of a block; no occurrence needs more to be recognised. */
export const CONTEXT = 4 * 1024;

/** How often decoded text is decoded again, for `%2573` and `&amp;lt;`. */
const DEEPEST = 3;

const NEWLINE = 0x0a;

/** The working memory for looking at windows; one serves any number of calls, one at a time. */
export class Engine {
  readonly #wanted: Uint8Array = Uint8Array.from(ESCAPE_STARTS);
  readonly #places = new Int32Array(BLOCK + 2 * CONTEXT);
  readonly #decoders = Array.from({ length: DEEPEST }, () => new Decoder(0));

  constructor() {
    this.#wanted[NEWLINE] = 1;
  }

  /** What has to be masked in `data`, one window, in positions of `data` and in no order. */
  look(data: Uint8Array, lexicon: Lexicon): Span[] {
    const scanner = new Scanner(lexicon);
    const notes: Notes = { wanted: this.#wanted, places: this.#places, count: 0 };
    scanner.scan({ data, from: 0, to: data.length, starts: null, ends: null }, notes);
    const options = { entities: lexicon.needsEntities, quotedPrintable: lexicon.needsQuotedPrintable };
    for (const { kinds, from, to } of findRegions(data, this.#places, notes.count, options)) {
      this.#lookDecoded(scanner, data, { kinds, from, to }, 0);
    }
    return scanner.spans;
  }

  #lookDecoded(
    scanner: Scanner,
    data: Uint8Array,
    region: { kinds: number; from: number; to: number },
    depth: number,
  ): void {
    const decoder = this.#decoders[depth] as Decoder;
    decoder.decode(data, region.from, region.to, region.kinds);
    const outer = depth === 0 ? undefined : this.#decoders[depth - 1];
    if (outer !== undefined) decoder.compose(outer);
    const { length, starts, ends, nested } = decoder;
    scanner.scan({ data: decoder.data, from: 0, to: length, starts, ends }, SILENT);
    if (nested && depth + 1 < DEEPEST) {
      this.#lookDecoded(scanner, decoder.data, { kinds: region.kinds, from: 0, to: length }, depth + 1);
    }
  }
}

const SILENT: Notes = { wanted: new Uint8Array(256), places: new Int32Array(0), count: 0 };
