// What reads the rows of dumps as bytes, see dumps.ts: a part of kernel.as, whose names it uses.

/** What there is to do, as in walks.ts; and what there is to know of what was read. */
const READING: i32 = 1, HAS_WORDS: i32 = 1, HAS_CHARACTERS: i32 = 2, HAS_CELLS: i32 = 4;
/**
 * Digits of the longest offset, bytes of the longest row, of the longest prompt and of a cell; of the shortest row, an offset, a
 * blank and a byte, and of the shortest line with a row behind a prompt; bytes below which nothing can be found in a dump.
 */
const MOST_OFFSET_DIGITS: i32 = 16, MOST_ROW_BYTES: usize = 256, LONGEST_PROMPT: usize = 80, CELL_WIDTH: usize = 4;
const SHORTEST_ROW: i32 = 9, SHORTEST_PROMPTED: i32 = 11, FEWEST_READ: usize = 4;
/** Blanks in place of an offset, at least. */
const SHORTEST_GAP: i32 = 6;

/** Bytes that groups show which are read together. */
const QUAD: usize = 4;

/** Writes what there is to know of such groups. */
function prepareDumps(): void {
  v128.store(QUADS, i8x16(0, 1, 3, 4, 6, 7, 9, 10, 0, 0, 0, 0, 0, 0, 0, 0));
  v128.store(QUADS, i16x8(0, 3, 6, 9, 0, 0, 0, 0), 16);
  v128.store(QUADS, i16x8(0, 3, 6, 9, 0, 0, 0, 0), 32);
  v128.store(QUADS, i8x16(0, 1, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 48);
  v128.store(QUADS_OF_WORDS, i8x16(0, 1, 2, 3, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0));
  v128.store(QUADS_OF_WORDS, i16x8(0, 2, 5, 7, 0, 0, 0, 0), 16);
  v128.store(QUADS_OF_WORDS, i16x8(2, 0, 7, 5, 0, 0, 0, 0), 32);
  v128.store(QUADS_OF_WORDS, i8x16(1, 0, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 48);
}

/** How many bytes groups of `width` digits take that show four bytes, without the blank behind them. */
// @ts-ignore: decorator
@inline
function quadLength(width: i32): usize {
  return width === 2 ? 11 : 9;
}

/** Whether `v` begins with groups of `width` digits that show four bytes, with a blank behind each. */
// @ts-ignore: decorator
@inline
function isQuad(v: v128, width: i32): bool {
  const others = i8x16.bitmask(v128.eq<u8>(kinds(v, v128.load(HEX_LOW), v128.load(HEX_HIGH)), i64x2.splat(0)));
  const blanks = i8x16.bitmask(v128.eq<u8>(v, v128.load(BLANKS)));
  if (width === 2) return (others & 0xfff) === 0x924 && (blanks & 0xfff) === 0x924;
  return width === 4 && (others & 0x3ff) === 0x210 && (blanks & 0x3ff) === 0x210;
}

/** Digits of the first group of the last row that was read. */
let lastWidth: i32 = 0;

/** In place of a turn: that a line was no row, and whether there were rows before it. */
const ALONE: i32 = 1, AFTER_ROWS: i32 = 2;

let bytesRead: usize = 0;
let knownOfRows: i32 = 0;
let isRead: bool = false;

/** Begins with the lines of the text, of which there are so many. */
export function beginDumps(count: i32): void {
  walked = turn = 0;
  walkEnd = count;
  bytesRead = 0;
  knownOfRows = 0;
  isRead = false;
}

/** Reads rows up to where they end. */
export function nextDump(): i32 {
  if (isRead) forgetRows();
  const offset = i8x16.splat(<i8>OFFSET);
  while (walked < walkEnd) {
    const isRow = (flagsOn(walked) & OFFSET) !== 0, isNextRow = (flagsOn(walked + 1) & OFFSET) !== 0;
    const from = TEXT + <usize>lineFrom(walked), to = TEXT + <usize>lineTo(walked), length = <i32>(to - from);
    if (turn === 0) {
      if (!isRow && !isNextRow && bytesRead === 0) {
        const flags = v128.and(v128.load(LINES + FLAG * ROOM + <usize>walked), offset);
        walked += max(1, <i32>ctz(i8x16.bitmask(v128.ne<u8>(flags, i64x2.splat(0))) | 0x10000) - 1);
        continue;
      }
      if (isRow && length >= SHORTEST_ROW && readRow(from, to)) {
        walked++;
        continue;
      }
      // The same bytes in another form, as od writes them below (-tx1 -tc).
      if (bytesRead > 0 && !isRow && length > SHORTEST_GAP && onlyBlanksEnd(from, to) - from >= <usize>SHORTEST_GAP) {
        walked++;
        continue;
      }
      // What does not go on with the rows before may begin a dump of another form.
      turn = bytesRead > 0 ? AFTER_ROWS : ALONE;
      if (bytesRead >= FEWEST_READ) return askRows();
      if (bytesRead > 0) forgetRows();
    }
    const isFirst = turn === AFTER_ROWS && isRow && length >= SHORTEST_ROW && readRow(from, to);
    turn = 0;
    walked++;
    if (isFirst) continue;
    // In a terminal the first row may stand behind a prompt.
    const row = isNextRow && length >= SHORTEST_PROMPTED ? promptEnd(from, to) : from;
    if (row > from) readRow(row, to);
  }
  return bytesRead >= FEWEST_READ ? askRows() : DONE;
}

function askRows(): i32 {
  isRead = true;
  return askLines(READING, <i32>bytesRead, knownOfRows, 0);
}

function forgetRows(): void {
  isRead = false;
  bytesRead = 0;
  knownOfRows = 0;
}

/** How many hexadecimal digits there are at `at`, no more than one above sixteen. */
// @ts-ignore: decorator
@inline
function countDigits(v: v128, at: usize, to: usize): i32 {
  const low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH);
  let digits = <i32>ctz(i8x16.bitmask(v128.eq<u8>(kinds(v, low, high), i64x2.splat(0))) | 0x10000);
  if (digits === 16) digits += 1 - (i8x16.bitmask(v128.eq<u8>(kinds(v128.load(at, 16), low, high), i64x2.splat(0))) & 1);
  return min(digits, <i32>(to - at));
}

/** Where the offset of a row ends, and the mark behind it; 0 when there is none. */
// @ts-ignore: decorator
@inline
function rowOffsetEnd(from: usize, to: usize): usize {
  const digits = countDigits(v128.load(from), from, to);
  if (digits < OFFSET_DIGITS || digits > MOST_OFFSET_DIGITS) return 0;
  const at = from + <usize>digits;
  return load<u8>(at) === 0x3a ? at + 1 : at;
}

// @ts-ignore: decorator
@inline
function onlyBlanksEnd(at: usize, to: usize): usize {
  while (at < to && load<u8>(at) === 0x20) at++;
  return at;
}

/**
 * Whether so many digits at `begin`, with the blanks before them at `at`, are a group of a row that has so many bytes already and
 * whose first group has `usual` digits and `gap` blanks before it, if there is one.
 */
// @ts-ignore: decorator
@inline
function isGroup(at: usize, begin: usize, to: usize, digits: i32, usual: i32, gap: usize, count: usize): bool {
  if (digits === 0 || (digits & 1) !== 0 || digits > MOST_OFFSET_DIGITS) return false;
  const stop = begin + <usize>digits;
  if (stop < to && load<u8>(stop) !== 0x20) return false;
  return usual === 0 || (digits <= usual && isApart(begin - at, digits, gap, count));
}

// @ts-ignore: decorator
@inline
function isApart(blanks: usize, digits: i32, gap: usize, count: usize): bool {
  // hexdump -C leaves two blanks in the middle.
  return blanks <= 1 || blanks === gap || (digits === 2 && count === 8);
}

/** The bytes that up to sixteen digits show, twice. */
// @ts-ignore: decorator
@inline
function bytesShown(v: v128): v128 {
  // Letters have a bit that digits have not, and are nine more.
  const nine = v128.and(v128.shr<u8>(v, 6), v128.load(ONES));
  const values = v128.add<u8>(v128.and(v, v128.load(HALF)), v128.add<u8>(v128.shl<u8>(nine, 3), nine));
  const words = v128.or(v128.shl<u16>(v128.and(values, i16x8.splat(0xff)), 4), v128.shr<u16>(values, 8));
  return i8x16.narrow_i16x8_u(words, words);
}

/** Reads a row: an offset, groups of digits, and beside them the characters, where they are shown. */
function readRow(from: usize, to: usize): bool {
  const before = bytesRead;
  if (hasShape(from, to)) {
    placeCharacters(before, readShape(from), to);
    return true;
  }
  let at = rowOffsetEnd(from, to);
  if (at === 0 || (at < to && load<u8>(at) !== 0x20)) return false;
  at = readDigits(at, to);
  if (bytesRead === before) return (before === 0 || (knownOfRows & HAS_CELLS) !== 0) && readCells(at, to);
  tellShape(from, at, to);
  placeCharacters(before, at, to);
  return true;
}

/** Reads the groups of digits of a row; where it goes on behind them. */
function readDigits(at: usize, to: usize): usize {
  const first = bytesRead;
  const evens = v128.shl<u16>(v128.load(EIGHTS), 1), iota = i8x16.narrow_i16x8_u(v128.load(EIGHTS), v128.load(EIGHTS));
  let count = first, usual = 0, gap: usize = 1;
  while (at < to && count - first < MOST_ROW_BYTES) {
    const begin = onlyBlanksEnd(at, to);
    const v = v128.load(begin), width = usual === 0 ? lastWidth : usual;
    const place = <i16>(begin - TEXT);
    if (
      isQuad(v, width) && begin + quadLength(width) < to && count - first + QUAD <= MOST_ROW_BYTES &&
      (usual === 0 || isApart(begin - at, width, gap, count - first))
    ) {
      const quads = width === 2 ? QUADS : QUADS_OF_WORDS;
      const four = bytesShown(i8x16.swizzle(v, v128.load(quads)));
      v128.store_lane<u32>(BIG + count, four, 0);
      v128.store_lane<u32>(LITTLE + count, i8x16.swizzle(four, v128.load(quads, 48)), 0);
      const here = v128.splat<u16>(<u16>place);
      v128.store(BIG_DIGITS + (count << 1), v128.add<u16>(here, v128.load(quads, 16)));
      v128.store(LITTLE_DIGITS + (count << 1), v128.add<u16>(here, v128.load(quads, 32)));
      if (usual === 0) gap = begin - at;
      usual = width;
      count += QUAD;
      at = begin + quadLength(width);
      continue;
    }
    const digits = countDigits(v, begin, to);
    if (!isGroup(at, begin, to, digits, usual, gap, count - first)) break;
    if (usual === 0) {
      usual = lastWidth = digits;
      gap = begin - at;
    }
    const eight = bytesShown(v);
    v128.store_lane<u64>(BIG + count, eight, 0);
    const size = digits >> 1;
    const turned = v128.sub<u8>(i8x16.splat(<i8>(size - 1)), iota);
    v128.store_lane<u64>(LITTLE + count, i8x16.swizzle(eight, turned), 0);
    v128.store(BIG_DIGITS + (count << 1), v128.add<u16>(i16x8.splat(place), evens));
    v128.store(LITTLE_DIGITS + (count << 1), v128.sub<u16>(i16x8.splat(place + <i16>digits - 2), evens));
    count += <usize>size;
    at = begin + <usize>digits;
  }
  if (usual > 2) knownOfRows |= HAS_WORDS;
  bytesRead = count;
  return at;
}

/** Notes where the characters of the row stand whose bytes begin at `first`. */
// @ts-ignore: decorator
@inline
function placeCharacters(first: usize, from: usize, to: usize): void {
  let at = onlyBlanksEnd(from, to);
  const isShown = at - from >= 2;
  if (load<u8>(at) === 0x7c || load<u8>(at) === 0x3e) at++;
  if (!isShown) at = to;
  if (at < to) knownOfRows |= HAS_CHARACTERS;
  const end = v128.splat<u16>(<u16>(to - TEXT));
  let places = v128.add<u16>(v128.splat<u16>(<u16>(at - TEXT)), v128.load(EIGHTS));
  for (let i = first; i < bytesRead; i += 8) {
    v128.store(CHARACTERS + (i << 1), v128.and(places, v128.lt<u16>(places, end)));
    places = v128.add<u16>(places, eightTimes(8));
  }
}

/** Reads a row of characters. */
function readCells(at: usize, to: usize): bool {
  let count = bytesRead;
  for (; at + CELL_WIDTH <= to; at += CELL_WIDTH, count++) {
    const value = cellValue(at);
    // What this row has so far stays where it is, since nothing counts beyond the number of bytes.
    if (value < 0) return false;
    store<u8>(BIG + count, <u8>value);
    store<u8>(LITTLE + count, <u8>value);
    store<u16>(CHARACTERS + (count << 1), 0);
    store<u16>(BIG_DIGITS + (count << 1), <u16>(at - TEXT));
    store<u16>(LITTLE_DIGITS + (count << 1), <u16>(at - TEXT));
  }
  if (count === bytesRead) return false;
  bytesRead = count;
  knownOfRows |= HAS_CELLS;
  return true;
}

/** The byte that the cell at `at` stands for, see cells.ts, -1 when it is none. */
function cellValue(at: usize): i32 {
  const cell = load<u32>(at);
  if ((cell & 0xff) !== 0x20) return -1;
  const last = <i32>(cell >> 24);
  if ((cell & 0xffff00) === 0x202000) return last >= 0x20 && last < 0x7f ? last : -1;
  if ((cell & 0xf8f8fc00) === 0x30303000) return <i32>(((cell >> 2) & 0xc0) | ((cell >> 13) & 0x38) | ((cell >> 24) & 7));
  for (let name = CELL_NAMES + 4, stop = name + <usize>(load<u32>(CELL_NAMES) << 2); name < stop; name += 4) {
    if ((load<u32>(name) ^ cell) >> 8 === 0) return <i32>(load<u32>(name) & 0xff);
  }
  return -1;
}

/**
 * Where a row may begin behind a prompt, which ends in a mark and a blank, or behind what a terminal is told, which ends in
 * a carriage return; where the line begins when there is neither.
 */
function promptEnd(from: usize, to: usize): usize {
  const returns = i8x16.splat(0x0d);
  const most = min(to, from + LONGEST_PROMPT);
  for (let base = (most - from - 1) & ~15, left = true; left; base -= 16) {
    left = base > 0;
    const v = v128.load(from + base);
    let found = i8x16.bitmask(v128.or(v128.eq<u8>(v, v128.load(BLANKS)), v128.eq<u8>(v, returns)));
    for (; found !== 0; found &= ~(0x80000000 >>> clz(found))) {
      const at = from + base + <usize>(31 - clz(found));
      if (at === from || at >= most || (load<u8>(at) !== 0x0d && symbolAt(at - 1) !== 0)) continue;
      if (at + 1 < to && countDigits(v128.load(at + 1), at + 1, to) >= OFFSET_DIGITS) return at + 1;
    }
  }
  return from;
}

/** Whether {@link readRow} reads all that a line shows, ASCII and nothing else. */
function isPlainRow(from: usize, to: usize): bool {
  if (hasShape(from, to)) return showsAscii(from);
  let at = rowOffsetEnd(from, to);
  if (at === 0) return false;
  const most = i16x8.splat(0x37), low = i16x8.splat(0xff);
  let usual = 0;
  let count: usize = 0, gap: usize = 1;
  while (at < to) {
    const begin = onlyBlanksEnd(at, to);
    const v = v128.load(begin), width = usual === 0 ? lastWidth : usual;
    if (isQuad(v, width) && begin + quadLength(width) < to && (usual === 0 || isApart(begin - at, width, gap, count))) {
      const quad = i8x16.swizzle(v, v128.load(width === 2 ? QUADS : QUADS_OF_WORDS));
      if ((i16x8.bitmask(v128.gt<u16>(v128.and(quad, low), most)) & 15) !== 0) return false;
      if (usual === 0) gap = begin - at;
      usual = width;
      count += QUAD;
      at = begin + quadLength(width);
      continue;
    }
    const digits = countDigits(v, begin, to);
    if (!isGroup(at, begin, to, digits, usual, gap, count)) break;
    if ((i16x8.bitmask(v128.gt<u16>(v128.and(v, low), most)) & ((1 << (digits >> 1)) - 1)) !== 0) return false;
    if (usual === 0) {
      usual = lastWidth = digits;
      gap = begin - at;
    }
    count += <usize>(digits >> 1);
    at = begin + <usize>digits;
  }
  tellShape(from, at, to);
  return at >= to || (count > 0 && onlyBlanksEnd(at, to) - at >= 2);
}
