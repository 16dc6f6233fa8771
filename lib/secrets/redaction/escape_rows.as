// Undoes escapes that stand in a row of their like, eight at a time: a part of kernel.as, whose names and those of escapes.as
// and escape_blocks.as it uses.

/** What is told of the shapes that escapes have, see escape_shapes.ts; and escapes that are read together. */
const SHAPES: usize = 0x1d00, SHAPE_SIZE: usize = 80, ROW: usize = 8;
/** Bytes in `\101`. */
const OCTAL_SIZE: usize = 4;

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
  const bits = v128.load(shape), all = v128.load(shape, 16), half = v128.load(HALF);
  const low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH);
  while (at + ROW * size + 16 <= end) {
    let digits = i64x2.splat(0), wrong = digits;
    let from = at;
    for (let picks = shape + 56; picks > shape + 48; picks -= count) {
      const bytes = v128.load(from);
      wrong = v128.or(wrong, v128.xor(v128.and(bytes, bits), all));
      digits = v128.or(digits, i8x16.relaxed_swizzle(bytes, v128.load(picks)));
      from += step;
    }
    if (v128.any_true(wrong) || !v128.all_true<u8>(kinds(digits, low, high))) break;
    const numbers = hexDigits(digits);
    const second = v128.shuffle<u64>(numbers, numbers, 1, 0);
    putRow(area, source, v128.or(v128.shl<u16>(numbers, 4), second), at - source, size, v128.load(shape, 32));
    at += ROW * size;
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
    const numbers = i16x8.narrow_i32x4_s(octalNumbers(first), octalNumbers(second));
    putRow(area, source, i8x16.narrow_i16x8_u(numbers, numbers), at - source, OCTAL_SIZE, starts);
    at += ROW * OCTAL_SIZE;
  }
  return at;
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
  if (area === DECODED) {
    const from = v128.add<u16>(v128.splat<u16>(<u16>place), starts);
    v128.store(to + FROM_OF, from);
    v128.store(to + TO_OF, v128.add<u16>(from, v128.splat<u16>(<u16>size)));
  } else {
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
