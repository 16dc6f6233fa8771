// Rows of cells: lines of nothing but hexadecimal numbers, with the same marks before each. A part of kernel.as, whose names it uses,
// as those of columns.as.
//
// Such lines begin and end alike in whatever number stands there, and what is left of them is no column for that: nothing else is told
// by a number that comes again, now here and now there, than the bytes of a text.

/** Tokens of a cell with the marks before it, and cells of the shortest row; digits of the shortest row of digits only. */
const MOST_IN_CELL: i32 = 6, FEWEST_CELLS: i32 = 3, FEWEST_ROW_DIGITS: i32 = 8;
/** What a group of lines is: no rows, rows of which at least every other one has a number with letters, or other rows. */
const NO_ROWS: i32 = 0, HEXADECIMAL_ROWS: i32 = 1, DECIMAL_ROWS: i32 = 2;
/** Digits that tell a number from others. */
const KEY_DIGITS: i32 = 4;
/** For each row numbers from the first one to the last that count rows, of which some may be missing; more when they are decimal. */
const MOST_GAPS: i32 = 2, MOST_DECIMAL_GAPS: i32 = 10;
/** Steps in a row that no text is likely to have by chance, of one size and of any. */
const REGULAR_IN_ROW: i32 = 4, GROWING_IN_ROW: i32 = 7;

// @ts-ignore: decorator
@inline
function hexesOf(v: v128): v128 {
  return v128.ne<u8>(kinds(v, v128.load(HEX_LOW), v128.load(HEX_HIGH)), i64x2.splat(0));
}

/** Writes the tokens of such a line at `at`, a number of any digits being one; where they end. */
// @ts-ignore: decorator
@inline
function putCellTokens(at: usize, from: usize, to: usize): usize {
  let hexBefore = 0, blankBefore = 0;
  for (; from < to; from += 16) {
    const v = v128.load(from), left = to - from;
    const areHexes = hexesOf(v), areGaps = areBlanks(v), hexes = i8x16.bitmask(areHexes), gaps = i8x16.bitmask(areGaps);
    const inside = (hexes & (hexes << 1 | hexBefore)) | (gaps & (gaps << 1 | blankBefore));
    const here = ~inside & (left >= 16 ? 0xffff : (1 << <i32>left) - 1);
    squeeze(at, tokensOf(v, areHexes, areGaps), here);
    at += <usize>popcnt(here);
    hexBefore = hexes >> 15;
    blankBefore = gaps >> 15;
  }
  return at;
}

/** Tokens from one cell of the first of some lines to the next, 0 when it is no row. */
function unitOf(from: usize, to: usize, count: i32): i32 {
  if (count === 1) return to - from >= <usize>FEWEST_ROW_DIGITS && load<u8>(FIRST_LINE) === 0x30 ? 1 : 0;
  for (let unit = 1; unit <= MOST_IN_CELL && unit * FEWEST_CELLS <= count; unit++) {
    if (sameFrom(FIRST_LINE, FIRST_LINE + <usize>unit, count - unit) === count - unit) return unit;
  }
  return 0;
}

/** Whether a line has two of the cells of the first one, with `count` tokens and so many for each, or more, or less when it is the last. */
function hasCells(from: usize, to: usize, count: i32, unit: i32, isLast: bool): bool {
  const tokens = <i32>(putCellTokens(OTHER_LINE, from, to) - OTHER_LINE), both = min(tokens, count);
  if (count > 1 && tokens <= unit && !isLast) return false;
  if (sameFrom(FIRST_LINE, OTHER_LINE, both) !== both) return false;
  return tokens <= count || (count > 1 && sameFrom(OTHER_LINE, OTHER_LINE + <usize>unit, tokens - unit) === tokens - unit);
}

/** The digits of the number that was told last, and of the one beside it; of a longer one those that were seen. */
let keyDigits: i32 = 0, besideDigits: i32 = 0;

/** The number that a line begins with, or ends with, as far as it tells it from others. */
// @ts-ignore: decorator
@inline
function keyOf(from: usize, to: usize, isLast: bool, most: i32): u32 {
  let at = from;
  if (isLast) {
    let hexes = <u32>i8x16.bitmask(hexesOf(v128.load(to - 16))) << 16;
    const behind = clz(hexes);
    hexes <<= behind;
    keyDigits = min(<i32>clz(~hexes), <i32>(to - from) - <i32>behind);
    at = to - <usize>behind - <usize>min(keyDigits, most);
    hexes <<= keyDigits;
    besideDigits = <i32>clz(~(hexes << clz(hexes)));
  } else {
    let hexes = <u32>i8x16.bitmask(hexesOf(v128.load(from)));
    at += <usize>ctz(hexes);
    hexes >>= ctz(hexes);
    keyDigits = <i32>ctz(~hexes);
    hexes >>= keyDigits;
    besideDigits = <i32>ctz(~(hexes >> ctz(hexes)));
  }
  let key: u32 = 0;
  for (const stop = at + <usize>min(keyDigits, most); at < stop; at++) key = (key << 4) | <u32>hexDigit(at);
  return key;
}

/** Whether there is a digit that is a letter in a line. */
// @ts-ignore: decorator
@inline
function hasLetter(at: usize, to: usize): bool {
  for (; at < to; at += 16) {
    const v = v128.load(at), letters = i8x16.bitmask(v128.and(v128.gt<u8>(v, sixteenTimes(0x39)), hexesOf(v)));
    if ((to - at >= 16 ? letters : letters & ((1 << <i32>(to - at)) - 1)) !== 0) return true;
  }
  return false;
}

/** Notes the line of {@link isLikeFirst}, with noughts for all digits. */
function takeShape(from: usize, to: usize): void {
  for (let at = from, shape = ROW_SHAPE; at < to; at += 16, shape += 16) {
    const v = v128.load(at);
    v128.store(shape, v128.bitselect(v128.load(ZEROES), v, hexesOf(v)));
  }
}

/** Whether a line has digits where the one that was noted has some, and is the same in all else. */
// @ts-ignore: decorator
@inline
function isLikeFirst(at: usize, length: i32): bool {
  const zeroes = v128.load(ZEROES);
  for (let shape = ROW_SHAPE; length > 0; at += 16, shape += 16, length -= 16) {
    const v = v128.load(at);
    const same = i8x16.bitmask(v128.eq<u8>(v128.bitselect(zeroes, v, hexesOf(v)), v128.load(shape)));
    if (length >= 16 ? same !== 0xffff : (~same & ((1 << length) - 1)) !== 0) return false;
  }
  return true;
}

/** Where the numbers of rows are noted, 16 bits each: nothing is to be gathered yet. */
const ROW_NUMBERS: usize = STRETCH_FROM;

/** The number of a row in decimal, or in hexadecimal. */
// @ts-ignore: decorator
@inline
function rowNumber(nth: i32, areDecimal: bool): u32 {
  const key = <u32>load<u16>(ROW_NUMBERS + (<usize>nth << 1));
  return areDecimal ? (key >> 12) * 1000 + ((key >> 8) & 15) * 100 + ((key >> 4) & 15) * 10 + (key & 15) : key;
}

/**
 * Whether the numbers of `count` rows count these: most, or some in a row, grow as the one before or not at all; or they grow
 * anyhow; or, when none comes again, all are near.
 */
function areCounts(count: i32, comesAgain: bool, areDecimal: bool): bool {
  let regular = 0, growing = 0, regularInRow = 0, growingInRow = 0;
  let before: u32 = rowNumber(0, areDecimal), step: u32 = 0, lowest = before, highest = before, unit: u32 = 0;
  for (let nth = 1; nth < count; nth++) {
    const number = rowNumber(nth, areDecimal), grows = number - before;
    const isRegular = grows <= 1 || grows === step, isGrowing = number >= before;
    regular += <i32>isRegular;
    growing += <i32>isGrowing;
    regularInRow = isRegular ? regularInRow + 1 : 0;
    growingInRow = isGrowing ? growingInRow + 1 : 0;
    if (regularInRow === REGULAR_IN_ROW || growingInRow === GROWING_IN_ROW) return true;
    step = grows;
    before = number;
    lowest = min(lowest, number);
    highest = max(highest, number);
  }
  if (2 * regular >= count - 1 || 4 * growing >= 3 * (count - 1)) return true;
  if (comesAgain) return false;
  // All may be multiples of one.
  for (let nth = 0; nth < count && unit !== 1; nth++) {
    for (let rest = rowNumber(nth, areDecimal) - lowest; rest !== 0;) {
      const left = unit % rest;
      unit = rest;
      rest = left;
    }
  }
  return unit === 0 || (highest - lowest) / unit <= <u32>((areDecimal ? MOST_DECIMAL_GAPS : MOST_GAPS) * count);
}

/**
 * What the lines from `first` to the one before `last` are, when the number that each begins or ends with is one of a row like others:
 * it has about as many digits as the one beside it, and does not count the lines.
 */
function rowsOf(first: i32, last: i32, areTails: bool): i32 {
  // Of the first line of a text a part may be missing.
  if (first === 0) first = 1;
  const from = fromOf(first), to = toOf(first), length = to - from;
  if (length > MOST_TOLD) return NO_ROWS;
  const count = <i32>(putCellTokens(FIRST_LINE, from, to) - FIRST_LINE), unit = unitOf(from, to, count);
  if (unit === 0) return NO_ROWS;
  // Noughts and ones, and such.
  if (count === 1 && !hasLetter(from, to) && !hasLetter(fromOf(first + 1), toOf(first + 1))) return NO_ROWS;
  const most = count === 1 ? 2 : KEY_DIGITS;
  takeShape(from, to);
  memory.fill(ROW_KEYS, 0, ROW_KEYS_SIZE);
  let comesAgain = false, areDecimal = true, areAsWide = true;
  let lettered = 0, rows = 0;
  for (let line = first; line < last; line++) {
    if (line > first && (flagsOf(line) & REPEATED) !== 0) continue;
    const at = fromOf(line), end = toOf(line);
    if (end - at > MOST_TOLD) return NO_ROWS;
    if ((end - at !== length || !isLikeFirst(at, <i32>length)) && !hasCells(at, end, count, unit, line + 1 === last)) return NO_ROWS;
    const key = keyOf(at, end, areTails, most);
    if (count > 1 && keyDigits !== besideDigits) {
      if (<u32>(keyDigits - besideDigits + 1) > 2) return NO_ROWS;
      areAsWide = areAsWide && line + 1 === last;
    }
    store<u16>(ROW_NUMBERS + (<usize>rows << 1), <u16>key);
    rows++;
    areDecimal = areDecimal && ((key >> 1 | key >> 2) & (key >> 3) & 0x1111) === 0;
    lettered += <i32>hasLetter(at, end);
    const held = ROW_KEYS + (<usize>(key & ROW_KEY_MASK) << 1), other = <i32>load<u16>(held) - 1;
    store<u16>(held, <u16>(line + 1));
    if (comesAgain || other < 0) continue;
    const otherAt = fromOf(other), otherEnd = toOf(other);
    comesAgain = keyOf(otherAt, otherEnd, areTails, most) === key &&
      (otherEnd - otherAt !== end - at || !isSame(otherAt, at, <i32>(end - at)));
  }
  if (areCounts(rows, comesAgain, false) || (areDecimal && areCounts(rows, comesAgain, true))) return NO_ROWS;
  if (2 * lettered < rows) return DECIMAL_ROWS;
  return areAsWide ? HEXADECIMAL_ROWS : NO_ROWS;
}
