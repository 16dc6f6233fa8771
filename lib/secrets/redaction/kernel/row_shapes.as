// The shape of the rows of a dump, so that rows like the one before need not be read group by group: a part of kernel.as, whose names
// and those of dumps.as it uses. Only plain shapes are told: an offset, groups of one width with single blanks between, but for two
// blanks where the others may have them too, and then the end, a bar, or two blanks behind which no group can begin.

/** Bytes of a row that are looked at, and bytes that it shows at most. */
const SHAPE_BYTES: i32 = 64, SHAPE_SHOWN: i32 = 16;

/** In the first bytes of a row: all digits, 0 when there is no shape, those of groups, the first ones of each byte, blanks. */
let dumpDigits: u64 = 0, dumpGroups: u64 = 0, dumpHighs: u64 = 0, dumpBlanks: u64 = 0;
/** Where the offset ends and what stands there; where the last digits end; and what stands at `dumpEnd`, 0 for nothing to know. */
let dumpOffset: usize = 0, dumpMark: i32 = 0, dumpStop: usize = 0, dumpEnd: usize = 0, dumpLast: i32 = 0;
/** Bytes that are shown, digits of a group, and whether nothing stands behind them. */
let dumpCount: i32 = 0, dumpWidth: i32 = 0, dumpIsAll: bool = false;
/** Where the last digits ended in the last row that had another shape. */
let lastStop: usize = 0;

/** Which of the bytes at `at` are hexadecimal digits. */
// @ts-ignore: decorator
@inline
function digitsAt(at: usize): u64 {
  const low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH), none = i64x2.splat(0);
  return ~four(
    v128.eq<u8>(kinds(v128.load(at), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 16), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 32), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 48), low, high), none),
  );
}

/** Whether a row has the shape of the one that was told last. */
// @ts-ignore: decorator
@inline
function hasShape(from: usize, to: usize): bool {
  if (dumpDigits === 0 || (dumpIsAll ? to - from !== dumpStop : to - from <= dumpEnd)) return false;
  if (<i32>load<u8>(from + dumpOffset) !== dumpMark || (dumpLast !== 0 && <i32>load<u8>(from + dumpEnd) !== dumpLast)) return false;
  return (~digitsAt(from) & dumpDigits) === 0 && (~bytesEqual(from, 0x20) & dumpBlanks) === 0;
}

/** Whether all bytes that a row of the shape shows are ASCII. */
// @ts-ignore: decorator
@inline
function showsAscii(from: usize): bool {
  const most = sixteenTimes(0x38);
  const lows = four(
    v128.lt<u8>(v128.load(from), most),
    v128.lt<u8>(v128.load(from, 16), most),
    v128.lt<u8>(v128.load(from, 32), most),
    v128.lt<u8>(v128.load(from, 48), most),
  );
  return (~lows & dumpHighs) === 0;
}

/** Tells the shape of a row whose digits end at `stop` when the last one that had another shape ended there too. */
function tellShape(from: usize, stop: usize, to: usize): void {
  const isLike = stop - from === lastStop;
  lastStop = stop - from;
  dumpDigits = 0;
  if (isLike && lastStop <= <usize>(SHAPE_BYTES - 2)) findShape(from, to);
}

/** Tells the shape of a row of which the digits end at {@link lastStop}, if it is a plain one. */
function findShape(from: usize, to: usize): void {
  const within = ((<u64>1) << lastStop) - 1;
  const digits = digitsAt(from) & within, blanks = bytesEqual(from, 0x20);
  const offset = <i32>ctz(~digits);
  if (offset < OFFSET_DIGITS || offset > MOST_OFFSET_DIGITS) return;
  dumpOffset = <usize>offset;
  dumpMark = <i32>load<u8>(from + dumpOffset);
  const begin = <u64>(offset + <i32>(dumpMark === 0x3a));
  const groups = digits >> begin << begin, gap = ctz(groups >> begin);
  if (groups === 0 || gap === 0 || (~(digits | blanks) & within) >> begin !== 0) return;
  if (!findGroups(groups, gap) || !findEnd(from, to, blanks, gap)) return;
  dumpBlanks |= within & blanks >> begin << begin;
  dumpGroups = groups;
  dumpDigits = digits;
}

/** Notes where the bytes of the `groups` stand; false when they are not of one width, too many or too far from each other. */
function findGroups(groups: u64, gap: u64): bool {
  let count = 0, highs: u64 = 0;
  dumpWidth = <i32>ctz(~(groups >> ctz(groups)));
  if ((dumpWidth & 1) !== 0 || dumpWidth > MOST_OFFSET_DIGITS) return false;
  const size = dumpWidth >> 1;
  for (let last: u64 = ctz(groups), left = groups; left !== 0;) {
    const first = ctz(left);
    if (<i32>ctz(~(left >> first)) !== dumpWidth || count + size > SHAPE_SHOWN) return false;
    const blanks = first - last;
    if (count > 0 && blanks > 1 && blanks !== gap && (dumpWidth !== 2 || count !== 8)) return false;
    last = first + <u64>dumpWidth;
    left = last < 64 ? left >> last << last : 0;
    for (let i = 0; i < size; i++) {
      const place = <usize>(count + i), turned = <usize>(count + size - 1 - i);
      store<u16>(SHAPE_PLACES + (place << 1), <u16>first + <u16>(2 * i));
      store<u16>(SHAPE_TURNED + (turned << 1), <u16>first + <u16>(2 * i));
      store<u8>(SHAPE_ORDER + turned, <u8>place);
      highs |= (<u64>1) << (first + <u64>(2 * i));
    }
    count += size;
  }
  dumpCount = count;
  dumpHighs = highs;
  return true;
}

/** Notes what ends the groups; false when another group might go on there in another row. */
function findEnd(from: usize, to: usize, blanks: u64, gap: u64): bool {
  dumpStop = lastStop;
  dumpIsAll = from + lastStop === to;
  dumpEnd = dumpLast = 0;
  dumpBlanks = 0;
  if (dumpIsAll) return true;
  const behind = ctz(~(blanks >> lastStop));
  dumpEnd = lastStop + <usize>behind;
  if (behind < 2 || dumpEnd >= <usize>SHAPE_BYTES || from + dumpEnd >= to) return false;
  const last = <i32>load<u8>(from + dumpEnd);
  if (last === 0x7c || last === 0x3e) {
    dumpLast = last;
    dumpBlanks = (((<u64>1) << behind) - 1) << lastStop;
    return true;
  }
  // Where the characters begin with a blank there are more.
  dumpEnd = lastStop + 2;
  dumpBlanks = (<u64>3) << lastStop;
  return gap === 1 && dumpCount !== 8;
}

/** Reads the digits of a row of the shape; where it goes on behind them. */
function readShape(from: usize): usize {
  const nine = v128.load(ONES), half = v128.load(HALF);
  let at = SHAPE_VALUES;
  for (let chunk: usize = 0; chunk < dumpStop; chunk += 16) {
    const v = v128.load(from + chunk), keep = <i32>(dumpGroups >> <u64>chunk) & 0xffff;
    const letters = v128.and(v128.shr<u8>(v, 6), nine);
    squeeze(at, v128.add<u8>(v128.and(v, half), v128.add<u8>(v128.shl<u8>(letters, 3), letters)), keep);
    at += <usize>popcnt(keep);
  }
  const first = v128.load(SHAPE_VALUES), second = v128.load(SHAPE_VALUES, 16), highs = i16x8.splat(0xff);
  const shown = i8x16.narrow_i16x8_u(
    v128.or(v128.shl<u16>(v128.and(first, highs), 4), v128.shr<u16>(first, 8)),
    v128.or(v128.shl<u16>(v128.and(second, highs), 4), v128.shr<u16>(second, 8)),
  );
  const count = bytesRead, here = v128.splat<u16>(<u16>(from - TEXT));
  v128.store(BIG + count, shown);
  v128.store(LITTLE + count, i8x16.swizzle(shown, v128.load(SHAPE_ORDER)));
  v128.store(BIG_DIGITS + (count << 1), v128.add<u16>(here, v128.load(SHAPE_PLACES)));
  v128.store(BIG_DIGITS + (count << 1), v128.add<u16>(here, v128.load(SHAPE_PLACES, 16)), 16);
  v128.store(LITTLE_DIGITS + (count << 1), v128.add<u16>(here, v128.load(SHAPE_TURNED)));
  v128.store(LITTLE_DIGITS + (count << 1), v128.add<u16>(here, v128.load(SHAPE_TURNED, 16)), 16);
  lastWidth = dumpWidth;
  if (dumpWidth > 2) knownOfRows |= HAS_WORDS;
  bytesRead += <usize>dumpCount;
  return from + dumpStop;
}
