// Undoes escapes in blocks of 64 bytes where they are of the usual shapes: a part of kernel.as, whose names and those of
// escapes.as it uses. What is at hand of a block are sets of its bytes, one bit for each, so that a step serves all escapes
// of a kind; whatever needs to be read byte by byte is left to escapes.as.

/** Bytes of a block that something may begin with; the rest is looked at because it ends there. */
const BLOCK_STARTS: u64 = 54;
/** The same for what is between two rows of escapes, see escape_rows.as. */
const BETWEEN_ROWS: u64 = 16;
/** Marks of escapes that there are at least in a block, and kinds of them that there are at most. */
const FEW_MARKS: u64 = 5, FEW_KINDS: i32 = 4;
/** Bytes of the longest escape that is undone here. */
const LONGEST_USUAL: usize = 10;

/** Bytes with which begins what comes out, and with which it ends: the same one unless it is an escape. */
let firsts: u64 = 0, lasts: u64 = 0;
/** Bytes of what comes out, or of what is dropped, behind its first one. */
let further: u64 = 0;
/** Of `lasts` those of an escape; of these the ones of which the last two bytes are hexadecimal digits. */
let undone: u64 = 0, pairs: u64 = 0;
/** Bytes before the end of the text. */
let visible: u64 = 0;
/** Bytes that are none of an escape because they are within another one. */
let hidden: u64 = 0;
/** Hexadecimal digits, octal digits. */
let hex: u64 = 0, octal: u64 = 0;
/** Whether there are octal escapes. */
let hasNumbers: bool = false;
/** Whether no look at the block is needed but at what it stands for, and whether its escapes have to be percent signs for that. */
let isRow: bool = false, marksOnly: bool = false;
/** Bytes up to which the block can be undone here, and whether there is one that has to be read by itself. */
let odd: u64 = 0;
let isStopped: bool = false;

/** The bytes behind the first one of what begins at `starts` and has `size` bytes. */
// @ts-ignore: decorator
@inline
function restOf(starts: u64, size: u64): u64 {
  let rest = starts << 1;
  if (size >= 3) rest |= starts << 2;
  if (size >= 4) rest |= starts << 3;
  if (size >= 5) rest |= starts << 4;
  if (size >= 6) rest |= starts << 5;
  return rest;
}

/** Says that escapes of `size` bytes begin at `starts`. */
// @ts-ignore: decorator
@inline
function undo(starts: u64, size: u64): u64 {
  const rest = restOf(starts, size), last = starts << (size - 1);
  firsts &= ~rest;
  lasts = (lasts & ~(starts | rest)) | last;
  further |= rest;
  undone |= last;
  return last;
}

/** Says that what begins at `starts` and has `size` bytes is nothing to be seen. */
// @ts-ignore: decorator
@inline
function drop(starts: u64, size: u64): void {
  const rest = size > 1 ? restOf(starts, size) : 0;
  firsts &= ~(starts | rest);
  lasts &= ~(starts | rest);
  further |= rest;
}

/** `%41`, `=41`, `%u0041`, `=` at the end of a line */
function blockTriples(at: usize, present: i32): void {
  const percent = (present & PERCENT) !== 0 ? bytesEqual(at, 0x25) & ~hidden : 0;
  const quoted = (present & QUOTED) !== 0 ? bytesEqual(at, 0x3d) & ~hidden : 0;
  pairs |= undo((percent | quoted) & (hex >> 1) & (hex >> 2), 3);
  const unicode = percent & ~(hex >> 1) & (hex >> 2) & (bytesLike(at, 0xdf, 0x55) >> 1);
  if (unicode !== 0) {
    octal = bytesLike(at, 0xf8, 0x30);
    const usual = unicode & asciiUnits(at);
    pairs |= undo(usual, 6);
    odd |= unicode & ~usual;
  }
  const others = quoted & ~(hex >> 1);
  if (others === 0) return;
  const end = bytesEqual(at, 0x0a), long = others & (end >> 2);
  drop(others & (end >> 1), 2);
  if (long !== 0) drop(long & (bytesEqual(at, 0x0d) >> 1), 3);
}

/** Where, two bytes on, four digits stand for less than 0x80. */
// @ts-ignore: decorator
@inline
function asciiUnits(at: usize): u64 {
  const zero = bytesEqual(at, 0x30);
  return (zero >> 2) & (zero >> 3) & (octal >> 4) & (hex >> 5);
}

/** `\x41`, `\u0041`, `\101`, `\n`, `\-`, and each with two backslashes */
function blockBackslash(at: usize): void {
  const mark = bytesEqual(at, 0x5c) & ~hidden, last = mark & ~(mark >> 1);
  const x = last & (bytesLike(at, 0xdf, 0x58) >> 1), u = last & (bytesLike(at, 0xdf, 0x55) >> 1);
  let unusual: u64 = 0, only = last & ~(octal >> 1);
  if (x !== 0) {
    const usual = x & (hex >> 2) & (hex >> 3);
    pairs |= undo(usual, 4);
    only &= ~usual;
  }
  if (u !== 0) {
    const usual = u & (bytesEqual(at, 0x75) >> 1) & asciiUnits(at);
    pairs |= undo(usual, 6);
    only &= ~usual;
    unusual = u & ~usual & (hex >> 2);
  }
  if (((x | u) & only) !== 0) unusual |= (x | u) & (bytesEqual(at, 0x7b) >> 2);
  const number = last & (octal >> 1);
  if (number !== 0) unusual |= number & ~blockNumbers(at, number);
  only &= ~unusual;
  if (only !== 0) {
    const control = only & (bytesIn(at, CONTROLS) >> 1);
    if (control !== 0) standForAll(undo(control, 2), 0x0a);
    only &= ~control;
    drop(only, 1);
    // An end of line is dropped with the backslash before it.
    const end = (only << 1) & bytesEqual(at, 0x0a);
    firsts &= ~end;
    lasts &= ~end;
    further |= end;
  }
  odd |= unusual;
  const second = mark & (mark << 1);
  if (second === 0) return;
  // Of two backslashes the first is where it begins; more of them are read one by one.
  odd |= ((second & (second << 1)) >> 2) | ((unusual >> 1) & mark);
  further |= second;
  firsts &= ~(second | ((only >> 1) & mark));
  lasts &= ~(mark & (mark >> 1));
}

/** Undoes octal escapes that begin at `number`; which of them. */
function blockNumbers(at: usize, number: u64): u64 {
  const two = number & (octal >> 2), three = two & (octal >> 3) & (bytesLike(at, 0xfc, 0x30) >> 1);
  // What begins with a zero may have four digits.
  const usual = three & ~((bytesEqual(at, 0x30) >> 1) & (octal >> 4));
  const one = number & ~two, pair = two & ~(octal >> 3);
  hasNumbers = true;
  if (usual !== 0) standForNumbers(at, undo(usual, 4), 0xc0, 0x38);
  if (pair !== 0) standForNumbers(at, undo(pair, 3), 0, 0x38);
  if (one !== 0) standForNumbers(at, undo(one, 2), 0, 0);
  return usual | pair | one;
}

/** `&#65;`, `&#101;`, `&#x41;`, `&amp;` */
function blockEntity(at: usize): void {
  const mark = bytesEqual(at, 0x26) & ~hidden, number = mark & (bytesEqual(at, 0x23) >> 1);
  const letter = lettersOf(at), named = mark & (letter >> 1) & (letter >> 2);
  if ((number | named) === 0) return;
  const end = bytesEqual(at, 0x3b), digit = bytesFrom(at, 0x30, 10), decimal = number & (digit >> 2);
  let usual: u64 = 0;
  if (decimal !== 0) {
    const small = decimal & (digit >> 3) & (end >> 4);
    // Up to 127.
    const second = (bytesLike(at, 0xfe, 0x30) >> 3) | ((bytesEqual(at, 0x32) >> 3) & (octal >> 4));
    const large = decimal & (bytesEqual(at, 0x31) >> 2) & second & (digit >> 4) & (end >> 5);
    if ((small | large) !== 0) standForDecimals(at, undo(small, 5) | undo(large, 6));
    usual = small | large;
  }
  const hexadecimal = number & (bytesLike(at, 0xdf, 0x58) >> 2) & (hex >> 3);
  if (hexadecimal !== 0) {
    const pair = hexadecimal & (octal >> 3) & (hex >> 4) & (end >> 5);
    if (pair !== 0) standForPairs(at, undo(pair, 6), 1);
    usual |= pair;
  }
  if (named !== 0) {
    const first = named & (bytesEqual(at, 0x61) >> 1) & (bytesEqual(at, 0x6d) >> 2);
    const amp = first & (bytesEqual(at, 0x70) >> 3) & (end >> 4);
    if (amp !== 0) standForAll(undo(amp, 5), 0x26);
    usual |= amp;
  }
  odd |= (decimal | hexadecimal | named) & ~usual;
}

/** What begins with an escape character; what that hides is no escape. */
function blockTerminal(at: usize): void {
  const mark = bytesEqual(at, 0x1b), final = bytesFrom(at, 0x40, 63), back = bytesEqual(at, 0x5c) >> 1;
  const sequence = mark & (bytesEqual(at, 0x5b) >> 1);
  // For the most part strings, as far as these bytes are in use.
  const text = mark & (bytesLike(at, 0xf0, 0x50) >> 1) & ~(sequence | back);
  const three = mark & (bytesLike(at, 0xf0, 0x20) >> 1);
  const two = mark & ((bytesLike(at, 0xf0, 0x30) | final) >> 1) & ~(sequence | text);
  drop(two, 2);
  drop(three, 3);
  hidden |= (two << 1) | (three << 1) | (three << 2);
  // What is hidden by the one before.
  odd |= three & (mark >> 2);
  if (sequence !== 0) odd |= dropStretches(sequence, 2, bytesLike(at, 0xe0, 0x20), final);
  const strings = text & ((bytesLike(at, 0xf7, 0x50) | bytesFrom(at, 0x5d, 3)) >> 1);
  odd |= text & ~strings;
  if (strings === 0) return;
  // Of an escape character at the end of the block it is not known whether it ends a string.
  const control = bytesFrom(at, 0, 0x20) & ~(bytesEqual(at, 0x09) | (mark & (<u64>1 << 63)));
  const unfinished = dropStretches(strings, 2, ~control, bytesEqual(at, 0x07) | (mark & back)) & ~odd;
  drop(unfinished, 2);
  hidden |= unfinished << 1;
}

/** Tags of markup. */
function blockTag(at: usize): void {
  const mark = bytesEqual(at, 0x3c), end = bytesEqual(at, 0x3e), control = bytesFrom(at, 0, 0x20);
  const starts = mark & ~hidden & ~((mark | control) >> 1);
  dropStretches(starts, 1, ~(mark | end | control), end);
}

/**
 * Drops what begins at `starts`, `head` bytes and those of `within` behind them, up to the next one if that is of `ends`;
 * those where it is not. What may end behind the block is odd.
 */
function dropStretches(starts: u64, head: u64, within: u64, ends: u64): u64 {
  starts &= visible;
  const all = starts;
  // Adding one to the lowest of a row of ones carries to where they end.
  const reached = (within + (starts << head)) & ~within & visible;
  for (let wrong = reached & ~ends; wrong !== 0; wrong &= wrong - 1) {
    starts &= ~lastBit(starts & ((wrong & -wrong) - 1));
  }
  const last = lastBit(starts);
  if (last !== 0 && reached < last << 1) {
    odd |= last;
    starts &= ~last;
  }
  const dropped = ((reached & ends) << 1) - starts;
  firsts &= ~dropped;
  lasts &= ~dropped;
  further |= dropped & ~starts;
  hidden |= dropped;
  return all & ~starts;
}

/** Full-width letters, zero-width characters. */
function blockWide(at: usize): void {
  const mark = bytesIn(at, MARKS_LOW) & bytesFrom(at, 0x80, 0x80) & ~hidden;
  const nothing = mark & bytesEqual(at, 0xe2) & (bytesEqual(at, 0x80) >> 1) & (bytesFrom(at, 0x8b, 5) >> 2);
  drop(nothing, 3);
  const full = mark & bytesEqual(at, 0xef), low = full & (bytesEqual(at, 0xbc) >> 1) & (bytesFrom(at, 0x81, 63) >> 2);
  const high = full & (bytesEqual(at, 0xbd) >> 1) & (bytesFrom(at, 0x80, 31) >> 2);
  if (low !== 0) standForLess(at, undo(low, 3), 0x60);
  if (high !== 0) standForLess(at, undo(high, 3), 0x20);
  odd |= mark & ~(nothing | low | high);
}

// @ts-ignore: decorator
@inline
function standFor(step: usize, bytes: v128, where: u64): void {
  v128.store(STANDS_FOR + step, v128.bitselect(bytes, v128.load(STANDS_FOR + step), bytesOf(where >> step)));
}

function standForAll(where: u64, byte: u8): void {
  for (let step: usize = 0; step < 64; step += 16) standFor(step, sixteenTimes(byte), where);
}

function standForLess(at: usize, where: u64, less: u8): void {
  for (let step: usize = 0; step < 64; step += 16) {
    standFor(step, v128.sub<u8>(v128.load(at + step), sixteenTimes(less)), where);
  }
}

// @ts-ignore: decorator
@inline
function hexDigits(digits: v128): v128 {
  const more = v128.and(v128.gt<u8>(digits, sixteenTimes(0x39)), sixteenTimes(9));
  return v128.add<u8>(v128.and(digits, v128.load(HALF)), more);
}

/** Two hexadecimal digits of which the last stands `back` bytes before. */
function standForPairs(at: usize, where: u64, back: usize): void {
  for (let step: usize = 0; step < 64; step += 16) {
    const last = at + step - back;
    const high = v128.and(v128.shl<u16>(hexDigits(v128.load(last - 1)), 4), sixteenTimes(0xf0));
    standFor(step, v128.or(high, hexDigits(v128.load(last))), where);
  }
}

/** Up to three octal digits, of which the bits in `first` and `second` count. */
function standForNumbers(at: usize, where: u64, first: u8, second: u8): void {
  const firsts = sixteenTimes(first), seconds = sixteenTimes(second), seven = sixteenTimes(7);
  for (let step: usize = 0; step < 64; step += 16) {
    const last = at + step;
    const high = v128.and(v128.shl<u16>(v128.load(last - 2), 6), firsts);
    const middle = v128.and(v128.shl<u16>(v128.load(last - 1), 3), seconds);
    standFor(step, v128.or(v128.or(high, middle), v128.and(v128.load(last), seven)), where);
  }
}

/** Two decimal digits and the byte behind them, or three of which the first is a one. */
function standForDecimals(at: usize, where: u64): void {
  const half = v128.load(HALF), one = sixteenTimes(0x31), hundred = sixteenTimes(100);
  for (let step: usize = 0; step < 64; step += 16) {
    const last = at + step;
    const hundreds = v128.and(v128.eq<u8>(v128.load(last - 3), one), hundred);
    const ten = v128.and(v128.load(last - 2), half);
    const tens = v128.add<u8>(v128.shl<u16>(ten, 3), v128.shl<u16>(ten, 1));
    standFor(step, v128.add<u8>(v128.add<u8>(hundreds, tens), v128.and(v128.load(last - 1), half)), where);
  }
}

/** The kinds of escape in `escapes` that the block at `at` has bytes for; 0 when it is not worth the while. */
// @ts-ignore: decorator
@inline
function kindsOf(at: usize, escapes: i32): i32 {
  const low = v128.and(v128.load(KINDS_LOW), sixteenTimes(<u8>escapes)), high = v128.load(KINDS_HIGH);
  const first = kinds(v128.load(at), low, high), second = kinds(v128.load(at, 16), low, high);
  const third = kinds(v128.load(at, 32), low, high), fourth = kinds(v128.load(at, 48), low, high);
  const none = i64x2.splat(0);
  const others = four(
    v128.eq<u8>(first, none),
    v128.eq<u8>(second, none),
    v128.eq<u8>(third, none),
    v128.eq<u8>(fourth, none),
  );
  if (popcnt(others) > 64 - FEW_MARKS) return 0;
  const present = anyOf(v128.or(v128.or(first, second), v128.or(third, fourth)));
  // Of several kinds each costs more than to read their escapes one by one, which is dear where they come at random.
  const isWild = (present & (TERMINAL | TAG)) === (TERMINAL | TAG);
  return popcnt(present) > FEW_KINDS && !isWild ? 0 : present;
}

/**
 * Undoes the usual escapes of the kinds in `escapes` that begin in the first `most` bytes of the block at `at` of the
 * `source`, which has `left` bytes from there on; how many of them that did. What comes out goes to {@link outEnd} of `area`.
 */
function decodeBlock(area: usize, source: usize, at: usize, left: usize, most: u64, escapes: i32): usize {
  const present = kindsOf(at, escapes);
  if (present === 0) return 0;
  visible = left >= 64 ? -1 : (<u64>1 << left) - 1;
  readBlock(at, present);
  const all = min<u64>(most, <u64>(left - LONGEST_USUAL));
  const usual = min<u64>(all, ctz(odd));
  isStopped = usual < all;
  const size = usual + ctz(~(further >> usual));
  if (size === 0) return 0;
  const within = (<u64>2 << (size - 1)) - 1;
  firsts &= within;
  lasts &= within;
  isRow = mayBeRow(present);
  const spread = isSpread(present);
  if (spread) {
    isRow = true;
    marksOnly = false;
  }
  const end = at + <usize>size;
  if (area === DECODED) emit(area, source, at, end, true);
  else emit(area, source, at, end, false);
  if (isRow) addRow(at - source, end - source, spread || mayLeaveOut(at, present));
  return <usize>size;
}

/** Finds out what the bytes of a block stand for that has escapes of these kinds. */
// @ts-ignore: decorator
@inline
function readBlock(at: usize, present: i32): void {
  firsts = lasts = -1;
  further = undone = pairs = odd = hidden = 0;
  hasNumbers = false;
  v128.store(STANDS_FOR, v128.load(at));
  v128.store(STANDS_FOR, v128.load(at, 16), 16);
  v128.store(STANDS_FOR, v128.load(at, 32), 32);
  v128.store(STANDS_FOR, v128.load(at, 48), 48);
  // First what may have others in it.
  if ((present & TERMINAL) !== 0) blockTerminal(at);
  if ((present & TAG) !== 0) blockTag(at);
  if (mayHide) addAllHidden(at, hidden);
  if ((present & (PERCENT | QUOTED | BACKSLASH | ENTITY)) !== 0) hex = bytesIn(at, HEX_LOW);
  if ((present & (BACKSLASH | ENTITY)) !== 0) octal = bytesLike(at, 0xf8, 0x30);
  if ((present & (PERCENT | QUOTED)) !== 0) blockTriples(at, present);
  if ((present & BACKSLASH) !== 0) blockBackslash(at);
  if ((present & ENTITY) !== 0) blockEntity(at);
  if ((present & WIDE) !== 0) blockWide(at);
  if (pairs !== 0) standForPairs(at, pairs, 0);
}

/** Puts out what the bytes of a block up to `end` stand for; the source is the text itself when it `isFirst`. */
// @ts-ignore: decorator
@inline
function emit(area: usize, source: usize, at: usize, end: usize, isFirst: bool): void {
  let out = outEnd, first = out;
  for (let step: usize = 0; at + step < end; step += 16) {
    const bytes = v128.load(STANDS_FOR + step);
    const begun = <i32>(firsts >> step) & 0xffff, ended = <i32>(lasts >> step) & 0xffff;
    squeeze(area + out, bytes, ended);
    if (isRow) {
      const strange = marksOnly ? ~bytesAre(bytes, 0x25) & <i32>(undone >> step) : ~textBytes(bytes);
      isRow = (ended & strange) === 0;
    }
    if (isPlaced) {
      const place = at - source + step;
      putSources(area + FROM_OF + (first << 1), source + FROM_OF, place, begun, 0, isFirst);
      putSources(area + TO_OF + (out << 1), source + TO_OF, place, ended, 1, isFirst);
      first += <usize>popcnt(begun);
    }
    out += <usize>popcnt(ended);
  }
  let marks = undone & lasts;
  if (marks !== 0) {
    let nested = nestedEnd;
    for (marks &= bytesIn(STANDS_FOR, MARKS_LOW); marks !== 0; marks &= marks - 1) {
      store<u16>(nested, <u16>(outEnd + <usize>popcnt(lasts & ((marks & -marks) - 1))));
      nested += 2;
    }
    nestedEnd = nested;
  }
  outEnd = out;
}

/** Puts the sources of those of the sixteen bytes at `place` that `keep` has a bit for at `to`; see {@link emit}. */
// @ts-ignore: decorator
@inline
function putSources(to: usize, from: usize, place: usize, keep: i32, more: u16, isFirst: bool): void {
  const low = keep & 0xff;
  const early = i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + <usize>(low << 3)));
  const next = to + (<usize>popcnt(low) << 1), high = <usize>((keep >>> 8) << 3);
  if (isFirst) {
    const base = v128.splat<u16>(<u16>place + more);
    v128.store(to, v128.add<u16>(base, early));
    v128.store(next, v128.add<u16>(base, i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE_HIGH + high))));
  } else {
    const late = i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + high));
    const twice = sixteenTimes(2), odds = v128.load(ODDS);
    const sources = from + (place << 1);
    v128.store(to, i8x16.relaxed_swizzle(v128.load(sources), v128.add<u16>(v128.mul<u16>(early, twice), odds)));
    v128.store(next, i8x16.relaxed_swizzle(v128.load(sources, 16), v128.add<u16>(v128.mul<u16>(late, twice), odds)));
  }
}
