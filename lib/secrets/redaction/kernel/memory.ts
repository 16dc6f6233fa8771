/**
 * What lies where in the memory of the kernel: the one place that says so. scripts/build_kernel.ts puts all of these names before
 * the source, and TypeScript asks {@linkcode AT}.
 *
 * Regions lie in the order of the table, so that a larger one pushes those behind it further on. Only the lists of
 * {@linkcode turns} share their place. Loops write sixteen elements at a time, and look at bytes around a region, which they
 * have no use for.
 */
import { SHORTEST } from "../lexicon/short_patterns.ts";
import { aligned, block, endOf, place, type Placed, region, turns } from "./layout.ts";

/** Bytes of the longest text. */
export const LONGEST_TEXT = 0x8c00;
/** Zeros behind a text and its views: as many as are looked at together. */
export const ZEROS = 64;
/** Lines that there is room for: every other byte may end one, and some that are empty count as well; and some that were dealt out. */
export const LINES_ROOM = 0x9000;
export const DEALT_ROOM = 128;
/** NULs between two texts of a view: as many as symbols may stand between them; and places where these begin. */
export const BREAK_LENGTH = 4;
export const MOST_BREAKS = LONGEST_TEXT / BREAK_LENGTH;
/** Runs of noughts and ones, of which the shortest has six digits. */
export const MOST_RUNS = Math.ceil(LONGEST_TEXT / 6);
/** How often decoded text is decoded again, for `%2573` and `&amp;lt;`. */
export const DEEPEST = 3;
/** Regions to decode: nine lists of them, each from 97 bytes behind the one before on. */
export const MOST_REGIONS = 0x1000;
/** What may be found: a gram at every symbol, and a wide one at every fourth. */
export const MOST_FOUND = 0xb800;
/** Things that are told of in one go. */
export const MOST_MET = 1024;
/** 32-bit numbers with the bits of short patterns. */
export const SHORT_NUMBERS = 512;
/** Bytes that all rows of a dump show: each takes two digits. */
export const MOST_SHOWN = 0x4800;
/** Stretches of which the kernel is told, or tells. */
export const MOST_STRETCHES = LINES_ROOM;
/** Stretches that tags and the like hide. */
export const MOST_HIDDEN = 1024;
/** Tokens that are looked at together, and their numbers. */
export const MOST_TOKENS = 4098;
/** As a power of two, slots for the names of entities; more than twice as many as there are names. */
export const NAME_BITS = 7;
/** Bytes that tell of one shape of escapes, and shapes. */
export const SHAPE_SIZE = 80;
const SHAPES = 6;

/** Lines that are described in one go, room for those before them, and lines that are looked at together and the longest of these. */
const PORTION = 512;
const BEFORE = 16;
const BATCH = 16;
const SHORT = 8;
/** Bytes of the longest line of which the tokens are told. */
const MOST_TOLD = 64;
/** Numbers below this are there eight times each. */
const SMALL_NUMBERS = 0xf0;
/** Rows of cells that are kept by a number, to see whether it comes again. */
const ROW_KEYS = 256;
/** Grams that are looked up together. */
const SOME_GRAMS = 256;
/** Fields, and places that they may have in a line. */
const FIELDS_ROOM = 4096;
const FIELD_PLACES = 1024;
/** Cells that are looked at together, of no more bytes than that, blanks between them included. */
const MOST_CELLS_AT_ONCE = 8192;
/** Tokens and fields have up to three places each; one entry more is written and not counted. */
const MOST_ENTRIES = 3 * MOST_TOKENS + 1;
/** Powers of two: counters of the tokens of a place, slots for places, numbers of a column, and columns that were gathered. */
const COUNTERS = 0x1000;
const SLOTS = 0x4000;
const NUMBERS = 0x2000;
const COLUMNS = 256;

/** Large regions begin at pages: where they do not, looking up takes up to a tenth longer. */
const PAGE = { align: 0x1000 };
/** Elements that are written behind the last one. */
const BEYOND = 16;

const u8 = (count: number): number => count;
const u16 = (count: number): number => 2 * count;
const u32 = (count: number): number => 4 * count;
const u64 = (count: number): number => 8 * count;
const v128 = (count: number): number => 16 * count;
const bits = (count: number): number => count >> 3;

/**
 * What lies within the tables of lines, in bytes for each line that there is room for: where it begins and ends, and where it goes on
 * behind what it shares with its group, 16 bits each; groups of lines, 64 bits each and a third as many; flags, single characters,
 * and tokens shared with the group, 8 bits each.
 */
const LINE = place([
  block({ START: u16(1), TO: u16(1), END: u16(1), GROUP: Math.ceil(u64(1) / 3), FLAG: 1, SINGLE: 1, SHARED: 1 }),
]);

/** What lies within a level of `DECODED`: the bytes, where the source of each begins, and where it ends. */
const DECODED = place([
  region("OUT", u8(LONGEST_TEXT + ZEROS)),
  region("FROM_OF", u16(LONGEST_TEXT + ZEROS), PAGE),
  region("TO_OF", u16(LONGEST_TEXT + ZEROS), PAGE),
]);

/** Bytes at least from one row of escapes that is noted to the next: 64, and for the plain view 128 but for 32 that both may have. */
const ROW_STEP = 64;
const PLAIN_ROW_STEP = 96;

/** What lies within a level of `ROWS`: a list for both views and one for the plain view, 32 bits for their number before each. */
const ROWS = place([
  region("ALL_ROWS", u32(1 + LONGEST_TEXT / ROW_STEP)),
  region("PLAIN_ROWS", u32(1 + Math.ceil(LONGEST_TEXT / PLAIN_ROW_STEP))),
]);

/** Bytes from one such list or level to the next. */
const DECODED_SIZE = aligned(endOf(DECODED), PAGE.align);
const ROWS_SIZE = aligned(endOf(ROWS), PAGE.align);
const PLACES_SIZE = aligned(u16(LONGEST_TEXT + ZEROS), PAGE.align);

/** All regions. */
export const REGIONS = place([
  // Sets of bytes by the halves of each, see half_tables.ts: what the views keep, the five low bits for bytes that the plain view
  // drops, the others for those the dense one keeps; and what may begin an escape.
  block({ KEPT_LOW: v128(1), KEPT_HIGH: v128(1) }),
  block({ MARKS_LOW: v128(1), MARKS_HIGH: v128(1) }),
  // For each high half of a byte that the dense view keeps, by how much the byte is more than its symbol.
  region("OFFSETS", v128(1)),
  // The marks of blobs.
  region("BLOB_BYTES", u8(8)),
  // How many lines there are, whether there are marks of escapes, how many marks of blobs, what is known of any line or, after text was
  // decoded, how many places are NESTED; how many runs there are, and how many things were met.
  region("COUNTS", u32(6)),
  // The digits of hexadecimal numbers, again by halves of bytes.
  block({ HEX_LOW: v128(1), HEX_HIGH: v128(1) }),
  // The kinds of escape that a byte may begin, and those of which it may be the second byte.
  region("STARTS", u8(256)),
  region("FOLLOWS", u8(256)),
  // The symbols of the dense view.
  region("SYMBOLS", u8(256)),
  // What a byte is as a hexadecimal digit, -1 when it is none; and what it means behind a backslash.
  region("HEX_VALUES", u8(256)),
  region("BACKSLASHED", u8(256)),
  // The kinds of escape that a byte may begin, and some that it does not, by halves of bytes.
  block({ KINDS_LOW: v128(1), KINDS_HIGH: v128(1) }),
  // For each kind, and before them for all together, where the open region ends so far, and where it is written.
  region("REGION_ENDS", u32(9)),
  region("REGION_AT", u32(9)),
  // The letters for control characters, by halves of bytes, side by side.
  region("CONTROLS", v128(2)),
  // What each byte of a block stands for when something ends with it.
  region("STANDS_FOR", u8(64), { align: 64 }),
  // For each 8 bits, eight bytes: which of eight bytes to keep; the same for the upper half of sixteen.
  region("SQUEEZE", u64(256)),
  region("SQUEEZE_HIGH", u64(256)),
  // The hashes of the names of entities, and what each stands for, 32 bits each.
  region("NAMES", u64(1 << NAME_BITS)),
  // The kinds of escape that a byte may be the second byte of, whatever the escape stands for.
  region("SECONDS", u8(256)),
  // What is told of the shapes that escapes have, see escape_shapes.ts.
  region("SHAPES", u8(SHAPES * SHAPE_SIZE)),

  // The text, and zeros behind it; the symbols of both views, and zeros behind each.
  region("TEXT", u8(LONGEST_TEXT + ZEROS), PAGE),
  region("PLAIN", u8(LONGEST_TEXT + ZEROS), PAGE),
  region("DENSE", u8(LONGEST_TEXT + ZEROS), PAGE),
  // The lines of the text.
  region("LINES", u8(endOf(LINE) * LINES_ROOM), PAGE),
  // For each byte a bit, set for the marks of escapes.
  region("MARKED", bits(LONGEST_TEXT), PAGE),
  // Rows of the text and, behind them, of what came out at each level, none at the last: how many there are, 32 bits, and where each
  // begins and ends, 16 bits each. Behind those in the same way the ones that the plain view has no use for either, without what
  // is near their ends.
  region("ROWS", (DEEPEST + 1) * ROWS_SIZE, PAGE),
  // 16-bit places: marks of blobs, and where one text ends and the next begins.
  region("BLOBS", u16(LONGEST_TEXT + 1), PAGE),
  region("BREAKS", u16(MOST_BREAKS), PAGE),
  // The lines that were dealt out.
  region("DEALT", u8(endOf(LINE) * DEALT_ROOM), PAGE),
  // Stretches to decode, three 16-bit numbers for each: kinds, start, end.
  region("REGIONS", u16(3 * MOST_REGIONS), PAGE),
  // Where in what came out of the last stretch stands what may begin a further escape, 16 bits each.
  region("NESTED", u16(LONGEST_TEXT + 1), PAGE),
  // Where the symbols of the plain view stand in the text, and those of the dense one, 16 bits each.
  region("PLACES", 2 * PLACES_SIZE, PAGE),
  // What came out, by how often it was decoded before.
  region("DECODED", DEEPEST * DECODED_SIZE, PAGE),
  // Entries of the table of grams for those that are looked up together.
  region("ENTRIES", u64(SOME_GRAMS), PAGE),
  // For each byte that a row of a dump shows where its digits stand in the row, 16 bits each, in either order; which of the bytes the
  // other order has; and room for the values of the digits of a row.
  region("SHAPE_PLACES", u16(16)),
  region("SHAPE_TURNED", u16(16)),
  region("SHAPE_ORDER", u8(16)),
  region("SHAPE_VALUES", u8(32 + BEYOND)),

  // What is left of grams and wide grams, or of threes: where each stands, and bits that tell what it is; 32 bits each.
  region("FOUND", u32(MOST_FOUND), PAGE),
  // Places at which grams begin, 16 bits each, if the five symbols that each holds are right.
  region("CANDIDATES", u16(LONGEST_TEXT + BEYOND), PAGE),
  // The bits of the short patterns, see short_patterns.ts.
  region("SHORT_BITS", u32(SHORT_NUMBERS)),
  // Runs of noughts and ones: where each begins and ends, 16 bits each.
  region("RUNS", u16(2 * MOST_RUNS), PAGE),
  // Digits put together, a bit each and 32 bytes behind them, and where each stands, 16 bits.
  region("DIGITS", bits(LONGEST_TEXT) + v128(3), PAGE),
  region("DIGIT_PLACES", u16(LONGEST_TEXT + BEYOND), PAGE),

  turns("columns are gathered and looked up, then bits are read and looked up, then dumps", [
    // What was gathered, or what bytes noughts and ones make: the bytes, where each begins and ends, and places of breaks, 16
    // bits each, as a view. Bits are read when all that was gathered has been forgotten.
    [
      region("BYTES", u8(LONGEST_TEXT + BEYOND)),
      region("BYTE_STARTS", u16(LONGEST_TEXT + BEYOND), PAGE),
      region("BYTE_ENDS", u16(LONGEST_TEXT + BEYOND), PAGE),
      region("BYTE_BREAKS", u16(MOST_BREAKS), PAGE),
    ],
    // The bytes that rows of a dump show, in the order in which they stand and with those of each word turned round; where the
    // digits of each byte begin, in either order; and where its character stands, 0 when it has none: 16 bits each.
    [
      region("BIG", u8(MOST_SHOWN)),
      region("LITTLE", u8(MOST_SHOWN)),
      region("BIG_DIGITS", u16(MOST_SHOWN), PAGE),
      region("LITTLE_DIGITS", u16(MOST_SHOWN), PAGE),
      region("CHARACTERS", u16(MOST_SHOWN), PAGE),
    ],
  ], PAGE),
  turns("wide grams are sifted when the narrow ones have been looked up", [
    // 16-bit places of grams at which the answer may be yes.
    [region("NARROW_GRAMS", u16(LONGEST_TEXT + BEYOND))],
    // Places of wide grams that may be in a form by their hashes.
    [region("SIFTED", u16(LONGEST_TEXT / 4 + BEYOND))],
  ], PAGE),
  // The same places of wide grams, before that and, those that are in a form, after it.
  region("WIDE_GRAMS", u16(LONGEST_TEXT / 4 + BEYOND), PAGE),

  // Vectors that the loops need: the compiler would make each anew in every round, which is dearer than to load it.
  block({
    VECTORS: v128(16),
    HALF: v128(1),
    NEWLINES: v128(1),
    BLANKS: v128(1),
    TABS: v128(1),
    ZEROES: v128(1),
    TEN: v128(1),
    ONES: v128(1),
    SMALLEST: v128(1),
    LETTERS: v128(1),
    FOURS: v128(1),
    PAIRS: v128(1),
    EIGHTS: v128(1),
    // The bits of all kinds of escape, 16 bits each.
    KIND_POWERS: v128(1),
    QUARTERS: v128(1),
    ODDS: v128(1),
  }, PAGE),
  // For each byte its symbol in the dense view, the same one for all that make one token with their like.
  region("TOKENS", u8(256)),
  // For groups of two digits, and for those of four, what there is to know of those that show four bytes with a blank between
  // them: which digits, and for either order which bytes and where the digits of each are.
  block({ QUADS: v128(4), QUADS_OF_WORDS: v128(4) }),
  // For each four bits, one for each of four places in a row: those that are set, as 16-bit numbers, the first ones lowest.
  region("LANE_PLACES", u64(16)),
  // For each number at FOUND one more than where in the pool its gram may stand, 0 where nowhere; 32 bits.
  region("FOUND_AT", u32(MOST_FOUND), PAGE),
  // What was met, four numbers of 32 bits for each.
  region("MET", u32(4 * MOST_MET)),
  // What proof a run needs, see evidence.ts: kinds as bits, and half bits for those.
  region("LEAST", u32(6)),
  // For each byte sixteen of it, and for each small number of 16 bits eight of it: as with the vectors above.
  region("SIXTEENS", v128(256)),
  region("EIGHT_TIMES", v128(SMALL_NUMBERS)),

  // What lines are by themselves, for a portion of them at a time, behind the last ones of those before: the first four bytes, 32
  // bits each; the last two tokens, and the length, 16 bits each; the first token, and the first one behind blanks.
  region("HEADS", u32(BEFORE + PORTION + BATCH), PAGE),
  region("TAILS", u16(BEFORE + PORTION + BATCH), PAGE),
  region("LENGTHS", u16(BEFORE + PORTION + BATCH), PAGE),
  region("FIRSTS", u8(BEFORE + PORTION + BATCH), PAGE),
  region("INDENTS", u8(BEFORE + PORTION + BATCH), PAGE),
  // The line that was described last, when it has up to sixteen bytes, with noughts for all digits.
  region("SHAPE", v128(1)),
  // The tokens of sixteen bytes of the first line of a group.
  region("FIRST_TOKENS", v128(1)),
  // For each place in a line, and the one behind the longest, the bytes that lines which are described together have there.
  region("PLACED", u8(BATCH * (SHORT + 1))),
  // For each text that was gathered whether only the plain view of it is looked at, 8 bits each. None is as short as nothing can be
  // found in.
  region("PLAIN_ONLY", u8(LONGEST_TEXT / (BREAK_LENGTH + SHORTEST) + 1)),
  // The tokens of a line, of which each is a byte: those of the first line of some that end alike, of another line, and of the first
  // line of some that begin alike. As many bytes before each are looked at as it has.
  region("FIRST_LINE", u8(MOST_TOLD + 8)),
  region("OTHER_LINE", u8(MOST_TOLD + 8)),
  region("GROUP_TOKENS", u8(MOST_TOLD + 8)),
  // Rows of cells by their first or last numbers, one more than the number of the line, 16 bits each.
  region("ROW_KEYS", u16(ROW_KEYS)),
  // The first of such rows, with noughts for all digits.
  region("ROW_SHAPE", u8(MOST_TOLD)),
  // Where stretches begin and end, 16 bits each.
  region("STRETCH_FROM", u16(MOST_STRETCHES), PAGE),
  region("STRETCH_TO", u16(MOST_STRETCHES), PAGE),
  // How many bytes there are of texts that were gathered, and how many breaks between them; what is asked; of how many bytes the
  // shortest text is; the views in which nothing was met in the text as it stands, and those in which something was met since,
  // as bits. 32 bits each.
  block({ GATHERED: u32(2), ASKED: u32(3), FEWEST: u32(1), QUIET: u32(1), HEARD: u32(1) }),
  // How many names of bytes there are in the cells of a row, and 256 times the last three characters of each, and its byte.
  region("CELL_NAMES", u32(64)),
  // How many stretches of what was decoded last hold escapes of other kinds and came to nothing, 32 bits; and of each where it begins
  // and ends and which kinds may be in it, 16 bits each.
  block({ HIDDEN: u32(1), FIRST_HIDDEN: u16(3 * MOST_HIDDEN) }, PAGE),

  turns("each looks up all that it has gathered before another one begins, and none goes on from what it had before", [
    // Tokens: where each begins and ends, 16 bits each, and the number before it, 32 bits. Of each entry, a token in one of its
    // places, the key of the place, 32 bits, and the next entry of the place, 16 bits.
    [
      region("TOKEN_FROM", u16(MOST_TOKENS)),
      region("TOKEN_TO", u16(MOST_TOKENS)),
      region("TOKEN_NUMBERS", u32(MOST_TOKENS)),
      region("ENTRY_KEYS", u32(MOST_ENTRIES), PAGE),
      region("ENTRY_NEXT", u16(MOST_ENTRIES), PAGE),
    ],
    // Cells of tables: where each begins and ends, 16 bits each, and twice its column, one more on odd lines.
    [
      region("CELL_FROM", u16(MOST_CELLS_AT_ONCE)),
      region("CELL_TO", u16(MOST_CELLS_AT_ONCE)),
      region("CELL_KEYS", u8(MOST_CELLS_AT_ONCE)),
    ],
    // Fields: where each begins and ends. Of each entry, a field in one of its places, the field and the next entry of the place. Of
    // each place the first and the last entry, and how many there are. 16 bits each.
    [
      region("FIELD_FROM", u16(FIELDS_ROOM)),
      region("FIELD_TO", u16(FIELDS_ROOM)),
      region("FIELD_OF", u16(3 * FIELDS_ROOM)),
      region("FIELD_NEXT", u16(3 * FIELDS_ROOM)),
      region("FIELDS_FIRST", u16(FIELD_PLACES)),
      region("FIELDS_LAST", u16(FIELD_PLACES)),
      region("FIELDS_COUNT", u16(FIELD_PLACES)),
    ],
  ], PAGE),
  // For each byte whether it parts fields, or ends a name before what it names.
  region("PARTING", u8(256)),
  // How many entries may have a place, for places that share a counter, 16 bits each.
  region("COUNTERS", u16(COUNTERS), PAGE),
  // Of each place of tokens the first and the last entry, how many there are, and its slot, 16 bits each. The next ones to come are told
  // by this which slots to clear.
  region("PLACE_FIRST", u16(MOST_ENTRIES), PAGE),
  region("PLACE_LAST", u16(MOST_ENTRIES)),
  region("PLACE_COUNT", u16(MOST_ENTRIES)),
  region("PLACE_SLOT", u16(MOST_ENTRIES)),
  // Places by their keys, and the lowest bits the number of the place; 0 when free: 32 bits each.
  region("SLOTS", u32(SLOTS)),
  // The numbers beside the stretches of a column, 32 bits each, as long as there are tokens.
  region("COLUMN_NUMBERS", u32(MOST_TOKENS), PAGE),
  // Columns of tokens, of cells or of fields that were gathered last, 64 bits each.
  region("COLUMNS_SEEN", u64(COLUMNS), PAGE),
  // A table of the numbers of a column, to see whether one comes again, 32 bits each.
  region("NUMBERS_SEEN", u32(NUMBERS), PAGE),
  // For each byte of the tokens' text a bit, set for letters and digits, and for digits.
  region("SYMBOL_BITS", bits(LONGEST_TEXT) + u64(2), PAGE),
  region("DIGIT_BITS", bits(LONGEST_TEXT) + u64(2)),
  // Of each entry the token, 16 bits.
  region("ENTRY_TOKENS", u16(MOST_ENTRIES)),
]);

/** A region by its name. */
export type RegionName = (typeof REGIONS)[number]["name"];

const BY_NAME = new Map<string, Placed<RegionName>>(REGIONS.map((each) => [each.name, each]));

/** Where all regions end; what texts are looked up in is copied behind them, see index_copies.ts. */
export const INDEXES: number = aligned(endOf(REGIONS), PAGE.align);

/** Where each region begins. */
export const AT = addresses(REGIONS);

/** Where in a level what lies, and bytes from one level, or view, to the next. */
export const WITHIN = { ...addresses(DECODED), ...addresses(ROWS), DECODED_SIZE, ROWS_SIZE, PLACES_SIZE } as const;

/** Where in a table of lines what lies, in bytes for each line that there is room for. */
export const LINE_AT = addresses(LINE);

/** What the source names and is no region, by its type there. */
export const NAMED = {
  usize: {
    ROOM: LINES_ROOM,
    ...LINE_AT,
    ...WITHIN,
    MOST_GATHERED: LONGEST_TEXT,
    BREAK_LENGTH,
    PORTION,
    BEFORE,
    BATCH,
    MOST_TOLD,
    SMALL_NUMBERS,
    SHAPE_SIZE,
    SOME_GRAMS,
    ROW_KEYS_SIZE: u16(ROW_KEYS),
    // One less than there is room for: a run may be told of behind the last whole form.
    MET_ROOM: MOST_MET - 1,
    MOST_HIDDEN,
    COUNTERS_SIZE: u16(COUNTERS),
    SEEN_SIZE: u64(COLUMNS),
  },
  i32: { NAME_BITS, MOST_TOKENS, FIELDS_ROOM, FIELD_PLACES },
  u32: { ROW_KEY_MASK: ROW_KEYS - 1, SLOT_MASK: SLOTS - 1, NUMBER_MASK: NUMBERS - 1 },
  i16: { SHORT },
} as const;

/** What lies in a region, as numbers of one kind: the first `count` of them. @throws {RangeError} when there is no room for as many */
export function numbersAt<List>(
  List: Numbers<List>,
  buffer: ArrayBufferLike,
  name: RegionName,
  count: number,
): List {
  const { from, to } = BY_NAME.get(name) as Placed<RegionName>;
  if (from + count * List.BYTES_PER_ELEMENT > to) {
    throw new RangeError(`there is no room for ${count} numbers at ${name}`);
  }
  return new List(buffer, from, count);
}

/** Typed arrays of one kind. */
interface Numbers<List> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, at: number, count: number): List;
}

function addresses<Name extends string>(placed: readonly Placed<Name>[]): Readonly<Record<Name, number>> {
  return Object.fromEntries(placed.map(({ name, from }) => [name, from])) as Record<Name, number>;
}
