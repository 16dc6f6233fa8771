// Undoes escapes that stand in a row of their like, eight at a time: a part of kernel.as, whose names and those of escapes.as
// and escape_blocks.as it uses.

/** Escapes that are read together. */
const ROW: usize = 8;
/** Bytes in `\101`. */
const OCTAL_SIZE: usize = 4;
/** Bytes in the shortest row that is noted, for {@link foldWithout}. */
const LONG_ROW: usize = 64;
/** The same for the plain view, and bytes at either end that it keeps: more than eight symbols, with their marks. */
const LONG_PLAIN_ROW: usize = 128, ROW_END: usize = 32;

/** Where rows are noted, 0 when they are not; and the row that was read last, which may go on. */
let rows: usize = 0;
let rowStart: usize = 0, rowEnd: usize = 0;
/** The same for the plain view; none are noted when there are values that may look like escapes. */
let plainRows: usize = 0;
let plainStart: usize = 0, plainEnd: usize = 0;

/** Begins with the rows of a level; `notes` tells which are noted, see text_kernel.ts. */
// @ts-ignore: decorator
@inline
function beginRows(level: i32, notes: i32): void {
  rows = notes === 0 ? 0 : ROWS + <usize>level * ROWS_SIZE;
  plainRows = notes < 2 ? 0 : rows + PLAIN_ROWS;
  // Whoever forgets all of them forgets these too.
  if (rows !== 0 && load<u32>(rows) === 0) store<u32>(rows + PLAIN_ROWS, 0);
  rowStart = rowEnd = plainStart = plainEnd = 0;
}

/** Says that there are but escapes in `[from, to)`, all of them undone; the plain view has no use for them when `isPlain`. */
function addRow(from: usize, to: usize, isPlain: bool): void {
  if (from !== rowEnd) {
    noteRow(rows, rowStart, rowEnd, LONG_ROW, 0);
    rowStart = from;
  }
  rowEnd = to;
  if (!isPlain) return;
  if (from !== plainEnd) {
    noteRow(plainRows, plainStart, plainEnd, LONG_PLAIN_ROW, ROW_END);
    plainStart = from;
  }
  plainEnd = to;
}

/** Notes the rows that were read last. */
function endRows(): void {
  noteRow(rows, rowStart, rowEnd, LONG_ROW, 0);
  noteRow(plainRows, plainStart, plainEnd, LONG_PLAIN_ROW, ROW_END);
}

/** Notes a row without so many bytes at either end, if it is a long one and no other one has been noted there. */
function noteRow(list: usize, from: usize, to: usize, least: usize, end: usize): void {
  if (to - from < least || list === 0) return;
  const count = load<u32>(list), at = list + (<usize>count << 2);
  if (count > 0 && from < <usize>load<u16>(at, 2)) return;
  store<u16>(at, <u16>(from + end), 4);
  store<u16>(at, <u16>(to - end), 6);
  store<u32>(list, count + 1);
}

/**
 * Whether a block of these kinds needs no look but at what it stands for: it is nothing but escapes, no octal ones, which may be
 * meant to be decimal numbers; or percent signs of deeper escapes and their digits, which {@link marksOnly} says.
 */
// @ts-ignore: decorator
@inline
function mayBeRow(present: i32): bool {
  const plain = lasts & ~undone;
  marksOnly = plain !== 0;
  if (marksOnly) return present === PERCENT && undone !== 0 && (plain & ~hex) === 0;
  return (present & ~(PERCENT | QUOTED | BACKSLASH | ENTITY)) === 0 && !hasNumbers;
}

/**
 * Whether a block of these kinds is single characters and, between every two of them, what comes to nothing: soft line ends or
 * zero-width characters.
 */
// @ts-ignore: decorator
@inline
function isSpread(present: i32): bool {
  return (present === QUOTED || present === WIDE) && undone === 0 && (lasts & (lasts >> 1)) === 0;
}

/**
 * Whether the plain view has no use for a row of these kinds: its escapes give numbers in hexadecimal digits behind a mark, so
 * that only values that look the same could be found there. Of deeper escapes there are but the marks and those digits.
 */
// @ts-ignore: decorator
@inline
function mayLeaveOut(at: usize, present: i32): bool {
  if ((present & ~(PERCENT | BACKSLASH)) !== 0) return false;
  if (!marksOnly) return true;
  const mark = bytesEqual(at, 0x25), two = bytesEqual(at, 0x32), five = bytesEqual(at, 0x35);
  const deeper = (two & (five >> 1)) | (five & bytesEqual(at - 1, 0x32));
  return (lasts & ~undone & ~((mark >> 1) | (mark >> 2) | deeper)) === 0;
}

/** Undoes escapes of one shape that stand one behind the other at `at`, if there are eight or more; where that goes on. */
// @ts-ignore: decorator
@inline
function decodeRow(area: usize, source: usize, at: usize, end: usize, escapes: i32): usize {
  const mark = load<u8>(at), second = load<u8>(at + 1);
  const kind = <i32>load<u8>(STARTS + <usize>mark) & escapes;
  if ((kind & (PERCENT | QUOTED | BACKSLASH)) === 0) return at;
  if (kind === BACKSLASH && (second & 0xfc) === 0x30) return decodeOctalRow(area, source, at, end);
  const isPercent = kind === PERCENT;
  let shape: usize = 0;
  if (kind === QUOTED) shape = 1;
  else if (second === 0x75) shape = isPercent ? 3 : 4;
  else if (!isPercent) {
    if (second === 0x78) shape = 2;
    else if (second === 0x55) shape = 5;
    else return at;
  }
  return decodeShape(area, source, at, end, SHAPES + shape * SHAPE_SIZE);
}

function decodeShape(area: usize, source: usize, at: usize, end: usize, shape: usize): usize {
  const size = <usize>load<u8>(shape, 72), count = <usize>load<u8>(shape, 73), step = <usize>load<u8>(shape, 74);
  const bits = v128.load(shape), all = v128.load(shape, 16);
  const low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH);
  for (; at + ROW * size + 16 <= end; at += ROW * size) {
    let digits = i64x2.splat(0), wrong = digits;
    let part = at;
    for (let picks = shape + 56; picks > shape + 48; picks -= count) {
      const bytes = v128.load(part);
      wrong = v128.or(wrong, v128.xor(v128.and(bytes, bits), all));
      digits = v128.or(digits, i8x16.relaxed_swizzle(bytes, v128.load(picks)));
      part += step;
    }
    if (v128.any_true(wrong) || !v128.all_true<u8>(kinds(digits, low, high))) break;
    const numbers = hexDigits(digits);
    const second = v128.shuffle<u64>(numbers, numbers, 1, 0);
    const bytes = v128.or(v128.shl<u16>(numbers, 4), second);
    putRow(area, source, bytes, at - source, size, v128.load(shape, 32));
    const isText = (textBytes(bytes) & 0xff) === 0xff;
    // Digits with nothing but a mark between may be EBCDIC and other things besides the bytes of a text.
    if (size > 3 || isText) addRow(at - source, at + ROW * size - source, isText && load<u8>(at) !== 0x3d);
  }
  return at;
}

function decodeOctalRow(area: usize, source: usize, at: usize, end: usize): usize {
  const starts = v128.shl<u16>(v128.load(EIGHTS), 2);
  // What begins with a zero may have four digits.
  while (at + ROW * OCTAL_SIZE + 16 <= end && (load<u8>(at + ROW * OCTAL_SIZE) & 0xf8) !== 0x30) {
    const first = v128.load(at), second = v128.load(at, 16);
    const bits = i32x4.splat(0xf8f8fcff), all = i32x4.splat(0x3030305c);
    const wrong = v128.or(v128.xor(v128.and(first, bits), all), v128.xor(v128.and(second, bits), all));
    if (v128.any_true(wrong)) break;
    const words = i16x8.narrow_i32x4_s(octalNumbers(first), octalNumbers(second));
    const numbers = i8x16.narrow_i16x8_u(words, words);
    putRow(area, source, numbers, at - source, OCTAL_SIZE, starts);
    // As decimal numbers the digits would be no text, some being more than 127.
    const isOctal = i8x16.bitmask(v128.gt<u8>(numbers, sixteenTimes(0x57))) !== 0;
    if (isOctal && (textBytes(numbers) & 0xff) === 0xff) addRow(at - source, at + ROW * OCTAL_SIZE - source, false);
    at += ROW * OCTAL_SIZE;
  }
  return at;
}

/** Which bytes are characters of ASCII. */
// @ts-ignore: decorator
@inline
function textBytes(bytes: v128): i32 {
  return i8x16.bitmask(v128.lt<u8>(v128.sub<u8>(bytes, v128.load(BLANKS)), sixteenTimes(0x5f)));
}

/** The numbers of four escapes such as `\101`. */
// @ts-ignore: decorator
@inline
function octalNumbers(bytes: v128): v128 {
  const first = v128.and(v128.shr<u32>(bytes, 2), i32x4.splat(0xc0));
  const second = v128.and(v128.shr<u32>(bytes, 13), i32x4.splat(0x38));
  return v128.or(v128.or(first, second), v128.and(v128.shr<u32>(bytes, 24), i32x4.splat(7)));
}

/** Puts out the first eight of `bytes`, for which escapes of `size` stand from `place` on, at `starts` from there. */
// @ts-ignore: decorator
@inline
function putRow(area: usize, source: usize, bytes: v128, place: usize, size: usize, starts: v128): void {
  const out = outEnd, to = area + (out << 1);
  v128.store(area + out, bytes);
  if (area === DECODED && isPlaced) {
    const from = v128.add<u16>(v128.splat<u16>(<u16>place), starts);
    v128.store(to + FROM_OF, from);
    v128.store(to + TO_OF, v128.add<u16>(from, v128.splat<u16>(<u16>size)));
  } else if (isPlaced) {
    for (let i: usize = 0; i < ROW; i++) {
      putSource(to + (i << 1), source, place + i * size, place + (i + 1) * size, false);
    }
  }
  const marks = v128.eq<u8>(kinds(bytes, v128.load(MARKS_LOW), v128.load(MARKS_HIGH)), i64x2.splat(0));
  for (let bits = ~i8x16.bitmask(marks) & 0xff; bits !== 0; bits &= bits - 1) {
    store<u16>(nestedEnd, <u16>(out + <usize>ctz(bits)));
    nestedEnd += 2;
  }
  outEnd = out + ROW;
}

/** Puts what stands between two texts at `at` of a view; see {@link fold}. */
// @ts-ignore: decorator
@inline
function putBreak(at: usize): usize {
  do store<u8>(at++, BREAK); while ((at & 3) !== 0);
  return at;
}

/** Which of the bytes at `at`, of which `left` are left, a view keeps. */
// @ts-ignore: decorator
@inline
function keptOf(isDense: bool, bytes: v128, left: usize): i32 {
  const kind = kinds(bytes, v128.load(KEPT_LOW), v128.load(KEPT_HIGH));
  const within = left >= 16 ? 0xffff : (1 << <i32>left) - 1;
  // Both views keep what has 32 or more, the plain one also what has 0.
  return within & (isDense
    ? i8x16.bitmask(v128.ge<u8>(kind, v128.load(BLANKS)))
    : i8x16.bitmask(v128.ge<u8>(v128.sub<u8>(kind, v128.load(ONES)), v128.load(SMALLEST))));
}

/** Puts the symbols that a view has for `[at, to)` at `out`; where they end. */
// @ts-ignore: decorator
@inline
function putSymbols(isDense: bool, out: usize, at: usize, to: usize): usize {
  const offsets = v128.load(OFFSETS), half = v128.load(HALF), capitals = sixteenTimes(0x41), all = sixteenTimes(26);
  for (; at < to; at += 16) {
    const v = v128.load(at), kept = keptOf(isDense, v, to - at);
    const symbols = isDense
      ? v128.sub<u8>(v, i8x16.relaxed_swizzle(offsets, v128.and(v128.shr<u16>(v, 4), half)))
      : v128.or(v, v128.and(v128.lt<u8>(v128.sub<u8>(v, capitals), all), v128.load(BLANKS)));
    squeeze(out, symbols, kept);
    out += <usize>popcnt(kept);
  }
  return out;
}

/** Puts where the symbols that a view has for `[at, to)` stand in the text at `place`; where that ends. */
// @ts-ignore: decorator
@inline
function putPlacesOf(isDense: bool, place: usize, at: usize, to: usize): usize {
  for (; at < to; at += 16) {
    const kept = keptOf(isDense, v128.load(at), to - at), low = kept & 0xff;
    const first = v128.splat<u16>(<u16>(at - TEXT)), next = v128.add<u16>(first, v128.splat<u16>(8));
    v128.store(place, v128.add<u16>(first, i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + <usize>(low << 3)))));
    place += <usize>popcnt(low) << 1;
    const high = i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + <usize>((kept >>> 8) << 3)));
    v128.store(place, v128.add<u16>(next, high));
    place += <usize>popcnt(kept >>> 8) << 1;
  }
  return place;
}

/** Writes a view of a text without its `rows`, or where its symbols stand when it `isLocating`; where that ends. */
// @ts-ignore: decorator
@inline
function viewWithout(isDense: bool, isLocating: bool, rows: usize, length: i32, breaks: i32): usize {
  const base = isLocating ? PLACES + (isDense ? PLACES_SIZE : 0) : isDense ? DENSE : PLAIN;
  let row = rows + (isDense ? 0 : PLAIN_ROWS), out = base, at = TEXT;
  const lastRow = row + (<usize>load<u32>(row) << 2);
  for (let part = 0; part <= breaks; part++) {
    const to = TEXT + (part < breaks ? <usize>load<u16>(BREAKS + <usize>(part << 1)) : <usize>length);
    while (true) {
      const isCut = row < lastRow && TEXT + <usize>load<u16>(row, 4) < to;
      const stop = isCut ? TEXT + <usize>load<u16>(row, 4) : to;
      out = isLocating ? putPlacesOf(isDense, out, at, stop) : putSymbols(isDense, out, at, stop);
      at = stop;
      if (isCut || part < breaks) out = isLocating ? putBreakPlaces(base, out, at) : putBreak(out);
      if (!isCut) break;
      at = TEXT + <usize>load<u16>(row, 6);
      row += 4;
    }
  }
  if (!isLocating) v128.store(out, i64x2.splat(0));
  return out - base;
}

/**
 * Writes both views of a text of `length` bytes, which has `breaks`, without its `rows`: the look that undoes them finds
 * whatever they hold, and from what they are made of there is no end of what almost is a form. How many symbols there are, as
 * {@link fold} tells.
 */
export function foldWithout(rows: usize, length: i32, breaks: i32): u32 {
  const plain = viewWithout(false, false, rows, length, breaks);
  return <u32>plain | (<u32>viewWithout(true, false, rows, length, breaks) << 16);
}

/** Writes where the symbols of such a view stand; see {@link locate}. */
export function locateWithout(isDense: bool, rows: usize, length: i32, breaks: i32): void {
  if (isDense) viewWithout(true, true, rows, length, breaks);
  else viewWithout(false, true, rows, length, breaks);
}

// @ts-ignore: decorator
@inline
function putBreakPlaces(base: usize, place: usize, at: usize): usize {
  do {
    store<u16>(place, <u16>(at - TEXT));
    place += 2;
  } while (((place - base) & 7) !== 0);
  return place;
}
