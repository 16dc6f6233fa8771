// What puts stretches of the text one after the other, as texts of their own: a part of kernel.as, whose names it uses.

/** Views, as bits. */
const IN_PLAIN: i32 = 1, IN_DENSE: i32 = 2, IN_BOTH: i32 = 3;

/** Bytes in the first `count` stretches. */
function sizeOf(count: i32): i32 {
  const low = i32x4.splat(0xffff);
  let sums = i64x2.splat(0);
  let i: usize = 0;
  const end = <usize>(count << 1);
  for (; i + 16 <= end; i += 16) {
    const sizes = v128.sub<u16>(v128.load(STRETCH_TO + i), v128.load(STRETCH_FROM + i));
    sums = v128.add<i32>(sums, v128.add<i32>(v128.and(sizes, low), v128.shr<u32>(sizes, 16)));
  }
  let size = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1) + i32x4.extract_lane(sums, 2) + i32x4.extract_lane(sums, 3);
  for (; i < end; i += 2) size += <i32>load<u16>(STRETCH_TO + i) - <i32>load<u16>(STRETCH_FROM + i);
  return size;
}

/** Whether there is room for a text of `size` bytes; there always is for one. */
// @ts-ignore: decorator
@inline
function fits(size: i32): bool {
  return <usize>load<u32>(GATHERED) + BREAK_LENGTH + <usize>size <= MOST_GATHERED;
}

/**
 * Those of the `quiet` views, in which nothing was met, that have no symbol in `[from, to)` of the text: there a column that goes on
 * at `to` shows what the text shows as it stands.
 */
function quietBetween(quiet: i32, from: usize, to: usize): i32 {
  // Columns in another order than the text.
  if (from > to) return 0;
  for (let at = from; at < to && quiet !== 0; at++) {
    const byte = load<u8>(at), kind = load<u8>(KEPT_LOW + <usize>(byte & 15)) & load<u8>(KEPT_HIGH + <usize>(byte >> 4));
    // See kernel.as for what views keep.
    if ((kind & 31) === 0) quiet &= ~IN_PLAIN;
    if (kind >= 32) quiet &= ~IN_DENSE;
  }
  return quiet;
}

/** The views in which the first `count` stretches show no more than the text as it stands. */
function quietViews(count: i32): i32 {
  let quiet = load<i32>(QUIET);
  for (let i = 1; i < count && quiet !== 0; i++) {
    const at = <usize>(i << 1);
    quiet = quietBetween(quiet, TEXT + <usize>load<u16>(STRETCH_TO + at - 2), TEXT + <usize>load<u16>(STRETCH_FROM + at));
  }
  return quiet;
}

/** Where the next text begins, with a break before it; it shows no more than the text as it stands in the `quiet` views, if not in both. */
function beginText(quiet: i32): usize {
  const length = <usize>load<u32>(GATHERED);
  const count = <usize>load<u32>(GATHERED, 4);
  store<u8>(PLAIN_ONLY + count + <usize>(length > 0), <u8>((quiet & IN_DENSE) !== 0));
  if (length === 0) return 0;
  store<u16>(BYTE_BREAKS + (count << 1), <u16>length);
  store<u32>(GATHERED, <u32>count + 1, 4);
  store<u32>(BYTES + length, 0);
  return length + BREAK_LENGTH;
}

/** Puts a stretch of the text behind `length` bytes; how many there are then. */
// @ts-ignore: decorator
@inline
function addStretch(length: usize, from: i32, to: i32): usize {
  const eights = v128.load(EIGHTS), one = eightTimes(1), eight = eightTimes(8);
  for (; from < to; from += 16) {
    const left = <usize>min(16, to - from), at = length << 1;
    v128.store(BYTES + length, v128.load(TEXT + <usize>from));
    const starts = v128.add<u16>(v128.splat<u16>(<u16>from), eights), ends = v128.add<u16>(starts, one);
    v128.store(BYTE_STARTS + at, starts);
    v128.store(BYTE_ENDS + at, ends);
    if (left > 8) {
      v128.store(BYTE_STARTS + at, v128.add<u16>(starts, eight), 16);
      v128.store(BYTE_ENDS + at, v128.add<u16>(ends, eight), 16);
    }
    length += left;
  }
  return length;
}

/** Puts eight stretches of one byte, the ones at `at`, behind `length` bytes. */
// @ts-ignore: decorator
@inline
function addEight(length: usize, at: usize, from: v128, to: v128): void {
  let bytes = v128.load_splat<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at));
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 2), bytes, 1);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 4), bytes, 2);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 6), bytes, 3);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 8), bytes, 4);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 10), bytes, 5);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 12), bytes, 6);
  bytes = v128.load_lane<u8>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 14), bytes, 7);
  v128.store_lane<u64>(BYTES + length, bytes, 0);
  v128.store(BYTE_STARTS + (length << 1), from);
  v128.store(BYTE_ENDS + (length << 1), to);
}

/** The same of eight stretches of two bytes. */
// @ts-ignore: decorator
@inline
function addEightPairs(length: usize, at: usize, from: v128): void {
  let bytes = v128.load_splat<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at));
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 2), bytes, 1);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 4), bytes, 2);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 6), bytes, 3);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 8), bytes, 4);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 10), bytes, 5);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 12), bytes, 6);
  bytes = v128.load_lane<u16>(TEXT + <usize>load<u16>(STRETCH_FROM + at, 14), bytes, 7);
  v128.store(BYTES + length, bytes);
  const one = eightTimes(1), next = v128.add<u16>(from, one), last = v128.add<u16>(next, one);
  const to = length << 1;
  v128.store(BYTE_STARTS + to, v128.shuffle<u16>(from, next, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(BYTE_STARTS + to, v128.shuffle<u16>(from, next, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  v128.store(BYTE_ENDS + to, v128.shuffle<u16>(next, last, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(BYTE_ENDS + to, v128.shuffle<u16>(next, last, 4, 12, 5, 13, 6, 14, 7, 15), 16);
}

/** Makes a text of the first `count` stretches, unless it is too short; false when there has to be made room for it first. */
export function gather(count: i32): bool {
  const size = sizeOf(count);
  if (<u32>size < load<u32>(FEWEST)) return true;
  const quiet = quietViews(count);
  if (quiet === IN_BOTH) return true;
  if (!fits(size)) return false;
  let length = beginText(quiet);
  const one = eightTimes(1);
  for (let at: usize = 0, end = <usize>(count << 1); at < end;) {
    // Columns of single characters are common, and those of two.
    const from = v128.load(STRETCH_FROM + at), to = v128.load(STRETCH_TO + at), more = v128.sub<u16>(v128.sub<u16>(to, from), one);
    if (at + 16 <= end && !v128.any_true(more)) {
      addEight(length, at, from, to);
      length += 8;
      at += 16;
      continue;
    }
    if (at + 16 <= end && !v128.any_true(v128.xor(more, one))) {
      addEightPairs(length, at, from);
      length += 16;
      at += 16;
      continue;
    }
    for (const stop = min(end, at + 16); at < stop; at += 2) {
      length = addStretch(length, load<u16>(STRETCH_FROM + at), load<u16>(STRETCH_TO + at));
    }
  }
  store<u32>(GATHERED, <u32>length);
  return true;
}

/**
 * Which of the places of a period are the same in almost all periods of `[from, to)` of the plain view, as bits, see strides.ts;
 * the outer periods may lack a part.
 */
export function fixedPlaces(from: i32, to: i32, period: i32): i32 {
  let fixed = 0;
  for (let i = 0; i < period; i++) {
    let same = 0;
    for (let at = PLAIN + <usize>(from + i), last = PLAIN + <usize>(to - period); at < last; at += <usize>period) {
      same += <i32>(load<u8>(at) === load<u8>(at + <usize>period));
    }
    if (same * period >= to - from - i - 3 * period) fixed |= 1 << i;
  }
  return fixed;
}

/**
 * Notes what stands at the other places as stretches of the text, of whose symbols the places must be known; how many stretches
 * there are, and 65,536 times how many symbols.
 */
export function strideColumn(from: i32, to: i32, period: i32, fixed: i32): u32 {
  const others = ~fixed & ((1 << period) - 1);
  // Which of any four symbols in a row are others, from the first place of a period on.
  let pattern = others;
  for (let bits = period; bits < period + 4; bits += period) pattern |= others << bits;
  const one = eightTimes(1);
  let at: usize = 0;
  for (let symbol = from, phase = 0; symbol < to; symbol += 4) {
    let four = (pattern >> phase) & (to - symbol < 4 ? (1 << (to - symbol)) - 1 : 15);
    phase = (phase + 4) % period;
    // Twice each, since a place has two bytes.
    four = (four | four << 2) & 0x33;
    four = 3 * ((four | four << 1) & 0x55);
    const places = i8x16.relaxed_swizzle(v128.load64_zero(PLACES + <usize>(symbol << 1)), v128.load64_zero(SQUEEZE + <usize>(four << 3)));
    v128.store(STRETCH_FROM + at, places);
    v128.store(STRETCH_TO + at, v128.add<u16>(places, one));
    at += <usize>popcnt(four);
  }
  return <u32>(at >> 1) * 0x10001;
}
