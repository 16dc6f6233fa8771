/**
 * Looks at one window of output in every way there is, and says what to mask in it.
 *
 * Output of any length is looked at in windows that lie at fixed places, each with the end of the one before. That bounds
 * memory and time, and makes the result depend on the bytes alone, not on how they were cut on their way here.
 */
import { BitReader } from "./layouts/bits.ts";
import { ColumnFinder, type OnColumn } from "./layouts/columns.ts";
import { BREAK_LENGTH, DEEPEST } from "./kernel/memory.ts";
import { Decoder } from "./escapes/decoder.ts";
import { DumpReader } from "./layouts/dumps.ts";
import { ESCAPE, EVERY_ESCAPE, NEEDS } from "./escapes/escapes.ts";
import { FieldFinder } from "./layouts/fields.ts";
import type { Lexicon } from "./lexicon/lexicon.ts";
import { PieceFinder, SHORT_TEXT } from "./layouts/pieces.ts";
import { openBlobs, openBytes } from "./packed.ts";
import { RecordFinder } from "./layouts/records.ts";
import { Scanner } from "./scanner.ts";
import { ShortLineFinder } from "./layouts/short_lines.ts";
import type { Span } from "./spans.ts";
import { StrideFinder } from "./layouts/strides.ts";
import { LINE, NOTES, type Region, TextKernel } from "./kernel/text_kernel.ts";
import { TurnedText } from "./layouts/turned.ts";
import { ALONE } from "./escapes/undone.ts";
import { type View, viewOf } from "./view.ts";

/** Bytes by which one window follows another. */
export const BLOCK = 32 * 1024;

/** Bytes before a block that are looked at with it, so that whatever is no longer than that lies whole in a window. */
export const CONTEXT = 2 * 1024;

/** The kinds of escape that hide what is in them. */
const HIDING = ESCAPE.terminal | ESCAPE.tag;

const NONE: readonly Region[] = [];

/** Windows for which it is noted where what escapes stand for is in the text, after one in which that was needed. */
const PLACED_WINDOWS = 16;

/** Bytes in the longest window. */
const WINDOW = BLOCK + CONTEXT;

/** Bytes in the longest view, with room for what stands between two texts. */
const VIEW = WINDOW + BREAK_LENGTH;

/** The working memory for looking at windows; one serves any number of calls, one at a time. */
export class Engine {
  readonly #kernel = TextKernel.shared();
  readonly #scanner = new Scanner(this.#kernel);
  readonly #columns = new ColumnFinder(this.#kernel);
  readonly #records = new RecordFinder(this.#kernel);
  readonly #shortLines = new ShortLineFinder(this.#kernel);
  readonly #fields = new FieldFinder(this.#kernel);
  readonly #strides = new StrideFinder(this.#kernel.gathered);
  readonly #pieces = new PieceFinder();
  readonly #turned = new TurnedText(SHORT_TEXT);
  readonly #dumps = new DumpReader(this.#kernel);
  readonly #bits = new BitReader(WINDOW, this.#kernel);
  readonly #decoders = Array.from({ length: DEEPEST }, (_, level) => new Decoder(this.#kernel, level, VIEW));
  readonly #rows = this.#kernel.rowsAt(0);
  /** For how many windows that is noted. */
  #placed = 0;
  /** What to note besides rows, see {@linkcode NOTES}. */
  #notes: number = NOTES.none;

  /**
   * What has to be masked in `data`, one window, in positions of `data` and in no order. There is text before it when it
   * `isContinued`.
   */
  look(data: Uint8Array, lexicon: Lexicon, isContinued: boolean): Span[] {
    // Where it stands takes long to note, and is not needed where nothing is found; once it is, there may be more.
    const isPlaced = this.#placed > 0 || data.length <= SHORT_TEXT;
    if (this.#placed > 0) this.#placed--;
    this.#notes = isPlaced ? NOTES.none : NOTES.unplaced;
    this.#scanner.lacksPlaces = false;
    const spans = this.#lookOnce(data, lexicon, isContinued);
    if (!this.#scanner.lacksPlaces) return spans;
    this.#placed = PLACED_WINDOWS;
    this.#notes = NOTES.none;
    return this.#lookOnce(data, lexicon, isContinued);
  }

  /** Looks at a window, which is all there is to do when it is noted where everything stands. */
  #lookOnce(data: Uint8Array, lexicon: Lexicon, isContinued: boolean): Span[] {
    const scanner = this.#scanner;
    scanner.spans = [];
    this.#kernel.load(data);
    this.#kernel.note();
    this.#decode(data, lexicon);
    const { gathered } = this.#kernel;
    gathered.listen();
    scanner.scan(viewOf(data, this.#rows), lexicon);
    gathered.trust(!this.#rows.isEmpty, scanner.hasShort);
    this.#findLaidOut(data, lexicon, isContinued);
    for (const decoder of this.#decoders) this.#scanAll(decoder, lexicon, false);
    this.#bits.find(data, lexicon.isAscii, (bits) => scanner.scan(bits, lexicon));
    const { spans } = scanner;
    this.#dumps.find(data, ({ bytes, sources }) => {
      for (const span of this.#lookAside(bytes, lexicon)) spans.push(...sources(span));
      const content = openBytes(bytes);
      if (content !== undefined && this.#lookAside(content, lexicon).length > 0) {
        spans.push(...sources({ start: 0, end: bytes.length }));
      }
    });
    for (const { start, end, content } of openBlobs(data, this.#kernel.blobs)) {
      if (this.#lookAside(content, lexicon).length > 0) spans.push({ start, end });
    }
    if (!isContinued && data.length <= SHORT_TEXT) {
      this.#lookCloser(data, lexicon, spans);
      scanner.spans = spans;
      scanner.scan(this.#turned.read(data), lexicon, true);
    }
    return spans;
  }

  /** Looks at a short text for pieces, and at what its tokens stand for. */
  #lookCloser(data: Uint8Array, lexicon: Lexicon, spans: Span[]): void {
    const pieces = this.#pieces;
    pieces.find(data, lexicon.inPieces, spans);
    const { decoded } = pieces;
    if (decoded.length === 0) return;
    const found = this.#lookAside(decoded, lexicon);
    this.#kernel.note();
    this.#decode(decoded, lexicon);
    for (const decoder of this.#decoders) this.#scanAll(decoder, lexicon, false);
    for (const span of found) spans.push(pieces.sourceOf(span));
  }

  /** Looks for what is dealt out over columns, records and lines. */
  #findLaidOut(data: Uint8Array, lexicon: Lexicon, isContinued: boolean): void {
    const { lines, dealt, gathered } = this.#kernel;
    const onFull = (): void => {
      this.#scanAll(gathered, lexicon, true);
      this.#kernel.load(data);
    };
    const onColumn: OnColumn = () => {
      if (gathered.gather()) return;
      onFull();
      gathered.gather();
    };
    gathered.fewest = lexicon.short.shortest;
    // First, while the scanner still has the symbols of the whole.
    if (!this.#kernel.isUnits) this.#strides.find(data, this.#scanner.plain, onColumn);
    this.#columns.find(data, lines, isContinued, onColumn, onFull);
    this.#records.find(data, onColumn);
    this.#shortLines.find(data, onColumn, () => {
      this.#kernel.compareDealt();
      this.#columns.find(data, dealt, true, onColumn, onFull);
    });
    if ((lines.seen & LINE.file) !== 0) this.#columns.findFiles(data, lines, onColumn);
    this.#fields.find(data.length, !isContinued && data.length <= SHORT_TEXT, onColumn);
    this.#scanAll(gathered, lexicon, true);
  }

  /** What has to be masked in `data`, which is no part of the text as it stands. */
  #lookAside(data: Uint8Array, lexicon: Lexicon): Span[] {
    this.#scanner.spans = [];
    this.#scanner.scan(viewOf(data), lexicon);
    return this.#scanner.spans;
  }

  /** Looks at the stretches that were put together so far, all at once, and forgets them. */
  #scanAll(stretches: View & { clear(): void }, lexicon: Lexicon, scattered: boolean): void {
    if (stretches.length > 0) this.#scanner.scan(stretches, lexicon, scattered);
    stretches.clear();
  }

  /** Undoes the escapes in `data`, which was noted last. */
  #decode(data: Uint8Array, lexicon: Lexicon): void {
    const rows = this.#rows;
    rows.clear();
    const needs = needsOf(lexicon);
    for (const region of this.#kernel.findRegions(needs)) {
      if (rows.isEmpty) this.#decodeRegion(data, region, lexicon, needs);
      else for (const part of rows.outside(region)) this.#decodeRegion(data, part, lexicon, needs);
    }
  }

  /**
   * Undoes the escapes of a region. What backspaces erase on a screen is there all the same for whoever reads the bytes: where
   * there are other escapes too they are looked at twice, as if backspaces erased nothing, and without what they erase.
   */
  #decodeRegion(data: Uint8Array, region: Region, lexicon: Lexicon, needs: number, level = 0): void {
    const whole = this.#undo(data, region, lexicon, level);
    const hidden = this.#hiddenIn(region, level);
    this.#goOn(data, region, whole, lexicon, needs, level);
    for (const each of hidden) this.#decodeRegion(data, each, lexicon, needs, level);
  }

  /**
   * What tags and the strings of terminals hide in a region that was undone last, to be undone without those: escapes of several
   * kinds, or of one that is undone by itself nowhere else.
   */
  #hiddenIn({ kinds }: Region, level: number): readonly Region[] {
    const rest = kinds & ~HIDING;
    if (rest === kinds || (rest & EVERY_ESCAPE) === 0 || !this.#kernel.undone.hides) return NONE;
    const isAlone = level > 0 || (kinds & ALONE) !== 0;
    return this.#kernel.undone.hidden.filter((each) => isAlone || (each.kinds & (each.kinds - 1)) !== 0)
      .map(({ from, to }) => ({ kinds: rest, from, to }));
  }

  /** Looks at what came out of a region without what backspaces erase too, and undoes the escapes in it. */
  #goOn(data: Uint8Array, region: Region, whole: Region, lexicon: Lexicon, needs: number, level: number): void {
    const decoder = this.#decoders[level] as Decoder;
    const isErased = (region.kinds & ESCAPE.backspace) !== 0 && decoder.hasBackspaces(whole);
    const rest = region.kinds & EVERY_ESCAPE & ~ESCAPE.backspace;
    let further = NONE;
    let left = whole;
    if (isErased && rest === 0) left = decoder.erase(whole, true);
    else if (isErased) {
      further = this.#further({ ...whole, kinds: rest }, needs, level, EVERY_ESCAPE & ~ESCAPE.backspace);
      if (decoder.fits(whole.to - whole.from)) left = decoder.erase(whole);
      else if (further.length === 0) {
        this.#scanAll(decoder, lexicon, false);
        this.#kernel.load(data);
        left = decoder.erase(whole);
      } else {
        // What is undone further has to be at hand until it is.
        for (const each of further) this.#decodeRegion(data, each, lexicon, needs, level + 1);
        further = NONE;
        left = decoder.erase(this.#undo(data, region, lexicon, level), true);
      }
    }
    const furtherLeft = this.#further(left, needs, level, EVERY_ESCAPE);
    for (const each of further) this.#decodeRegion(data, each, lexicon, needs, level + 1);
    for (const each of furtherLeft) this.#decodeRegion(data, each, lexicon, needs, level + 1);
  }

  /** Undoes the escapes of a region, but for backspaces; what came out. */
  #undo(data: Uint8Array, region: Region, lexicon: Lexicon, level: number): Region {
    const decoder = this.#decoders[level] as Decoder;
    if (!decoder.fits(region.to - region.from)) {
      this.#scanAll(decoder, lexicon, false);
      this.#kernel.load(data);
    }
    const from = decoder.decode(region, notesFor(lexicon) | this.#notes);
    return { kinds: region.kinds, from, to: decoder.length };
  }

  /** The escapes of the `known` kinds that came out: those of the kinds that were undone, and of others. */
  #further({ kinds, from, to }: Region, needs: number, level: number, known: number): readonly Region[] {
    if (level + 1 === DEEPEST) return NONE;
    const others = known & ~kinds;
    const isNested = this.#kernel.nests(level, to, kinds, needs),
      isMixed = this.#kernel.nests(level, to, others, needs);
    if (!isNested && !isMixed) return NONE;
    const same = isNested ? [{ kinds, from, to }] : [];
    return isMixed ? [...same, { kinds: kinds | others, from, to }] : same;
  }
}

/** What the values of a lexicon need to be found in escapes. */
function needsOf({ needsEntities, needsQuotedPrintable, needsLineEnds, isAscii }: Lexicon): number {
  return (needsEntities ? NEEDS.entities : 0) | (needsQuotedPrintable ? NEEDS.quotedPrintable : 0) |
    (needsLineEnds ? NEEDS.lineEnds : 0) | (isAscii ? 0 : NEEDS.quotedBytes);
}

/** Which rows of escapes need no look but at what they stand for. */
function notesFor({ hasGaps, likeEscapes }: Lexicon): number {
  // Of a value in which the plain view has gaps less may be found there than among the digits of its bytes.
  if (hasGaps) return NOTES.none;
  return likeEscapes ? NOTES.dense : NOTES.both;
}
