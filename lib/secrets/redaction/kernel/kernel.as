// The two loops of the redactor that look at every byte, sixteen bytes at a time; the other parts use what they leave.
// AssemblyScript; built by scripts/build_kernel.ts. What the bytes mean is told by tables, which text_kernel.ts writes. Where in the
// memory they and all else lie is told by memory.ts, whose names this source uses.
//
// A set of bytes is a pair of tables of sixteen bytes, one for the low and one for the high half of a byte: the byte is
// in the set when what the two have for it shares a bit.

/** The symbol between two texts. */
const BREAK: u8 = 0xff;

/** Writes the tables that depend on nothing. */
export function prepare(): void {
  prepareDumps();
  prepareProbes();
  prepareSets();
  prepareFields();
  v128.store(VECTORS, i32x4.splat(0x9e3779b1));
  v128.store(VECTORS, i32x4.splat(0x85ebca6b), 16);
  v128.store(VECTORS, i32x4.splat(0x7feb352d), 32);
  v128.store(VECTORS, i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128), 64);
  v128.store(VECTORS, i32x4.splat(0xff), 128);
  v128.store(VECTORS, i16x8(0, 4, 8, 12, 0, 0, 0, 0), 144);
  v128.store(VECTORS, i8x16(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1), 224);
  v128.store(HALF, i8x16.splat(15));
  v128.store(NEWLINES, i8x16.splat(0x0a));
  v128.store(BLANKS, i8x16.splat(0x20));
  v128.store(TABS, i8x16.splat(0x09));
  v128.store(ZEROES, i8x16.splat(0x30));
  v128.store(TEN, i8x16.splat(10));
  v128.store(ONES, i8x16.splat(1));
  v128.store(SMALLEST, i8x16.splat(31));
  v128.store(LETTERS, i8x16.splat(0x40));
  v128.store(FOURS, i8x16.splat(4));
  v128.store(PAIRS, i8x16.splat(-2));
  v128.store(EIGHTS, i16x8(0, 1, 2, 3, 4, 5, 6, 7));
  v128.store(QUARTERS, i8x16(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  v128.store(ODDS, v128.splat<u16>(0x0100));
  v128.store(KIND_POWERS, i16x8(1, 2, 4, 8, 16, 32, 64, 128));
  for (let bits: usize = 0; bits < 256; bits++) {
    store<u8>(TOKENS + bits, <u8>(bits - 0x30 < 10 ? 0x30 : bits === 0x09 ? 0x20 : bits));
    let at = bits << 3;
    for (let bit: usize = 0; bit < 8; bit++) {
      if (((bits >> bit) & 1) === 0) continue;
      store<u8>(SQUEEZE + at, <u8>bit);
      store<u8>(SQUEEZE_HIGH + at++, <u8>(bit + 8));
    }
  }
}

// @ts-ignore: decorator
@inline
function splat(at: usize): v128 {
  return v128.load_splat<u8>(at);
}

/** The bits that each byte of `v` has in a pair of tables. */
// @ts-ignore: decorator
@inline
function kinds(v: v128, low: v128, high: v128): v128 {
  const half = v128.load(HALF);
  return v128.and(i8x16.relaxed_swizzle(low, v128.and(v, half)), i8x16.relaxed_swizzle(high, v128.and(v128.shr<u16>(v, 4), half)));
}

/** Puts those of sixteen symbols that `keep` has a bit for at `at`; what stands behind them means nothing. */
// @ts-ignore: decorator
@inline
function squeeze(at: usize, symbols: v128, keep: i32): void {
  const low = keep & 0xff;
  v128.store(at, i8x16.relaxed_swizzle(symbols, v128.load64_zero(SQUEEZE + <usize>(low << 3))));
  const high = i8x16.relaxed_swizzle(symbols, v128.load64_zero(SQUEEZE_HIGH + <usize>((keep >>> 8) << 3)));
  v128.store(at + <usize>popcnt(low), high);
}

/**
 * Writes both views of a text of `length` bytes, which has `breaks`: how many symbols the plain one has, and 65,536 times
 * how many the dense one has. The parts that `plainOnly` has a one for, when it tells of any, are left out of the dense one.
 */
export function fold(length: i32, breaks: i32, plainOnly: usize): u32 {
  const keptLow = v128.load(KEPT_LOW), keptHigh = v128.load(KEPT_HIGH), offsets = v128.load(OFFSETS);
  const small = v128.load(BLANKS), half = v128.load(HALF), one = v128.load(ONES), smallest = v128.load(SMALLEST);
  const letters = v128.load(LETTERS);
  let plain = PLAIN, dense = DENSE, at = TEXT;
  for (let part = 0; part <= breaks; part++) {
    const to = TEXT + (part < breaks ? <usize>load<u16>(BREAKS + <usize>(part << 1)) : <usize>length);
    const isPlainOnly = plainOnly === 0 ? 0 : -<i32>load<u8>(plainOnly + <usize>part);
    for (; at < to; at += 16) {
      const v = v128.load(at);
      const kind = kinds(v, keptLow, keptHigh);
      const left = to - at;
      const within = left >= 16 ? 0xffff : (1 << <i32>left) - 1;
      // 0 for what only the plain view keeps, from 32 on for what both keep.
      const both = v128.ge<u8>(kind, small);
      const inDense = i8x16.bitmask(both) & within & ~isPlainOnly;
      const inPlain = i8x16.bitmask(v128.ge<u8>(v128.sub<u8>(kind, one), smallest)) & within;
      // Both keep letters and digits, and letters have a 1 where capitals have a 0.
      const lower = v128.or(v, v128.and(v128.and(both, v128.gt<i8>(v, letters)), small));
      const symbols = v128.sub<u8>(v, i8x16.relaxed_swizzle(offsets, v128.and(v128.shr<u16>(v, 4), half)));
      squeeze(plain, lower, inPlain);
      plain += <usize>popcnt(inPlain);
      squeeze(dense, symbols, inDense);
      dense += <usize>popcnt(inDense);
    }
    if (part === breaks) break;
    at = to;
    // Every text begins at a multiple of four symbols, so that what is found in it does not depend on the one before.
    do store<u8>(plain++, BREAK); while ((plain & 3) !== 0);
    do store<u8>(dense++, BREAK); while ((dense & 3) !== 0);
  }
  v128.store(plain, i64x2.splat(0));
  v128.store(dense, i64x2.splat(0));
  return <u32>(plain - PLAIN) | (<u32>(dense - DENSE) << 16);
}

/** Symbols of the longest unit that is asked about. */
const LONGEST_UNIT: i32 = 16;

/**
 * Whether the plain view, `length` symbols, is one unit of a few symbols again and again in which no letter or digit recurs at
 * a shorter distance by itself: whatever recurs in it, all of it does, and nothing stands between; see strides.ts.
 */
export function isUnits(length: i32): bool {
  const first = v128.load(PLAIN);
  let unit = 1;
  while (unit <= LONGEST_UNIT && v128.any_true(v128.xor(first, v128.load(PLAIN + <usize>unit)))) unit++;
  if (unit > LONGEST_UNIT || length < 4 * LONGEST_UNIT) return false;
  const last = PLAIN + <usize>(length - unit);
  for (let at = PLAIN; at < last; at += 16) {
    // What stands behind the last symbol may differ.
    const other = v128.xor(v128.load(at), v128.load(at + <usize>unit));
    if (v128.any_true(other) && (at + 16 <= last || (i8x16.bitmask(v128.eq<u8>(other, i64x2.splat(0))) | -1 << <i32>(last - at)) !== -1)) return false;
  }
  for (let step = 1; step < unit; step++) {
    if (unit % step !== 0) continue;
    for (let start = 0; start < step; start++) {
      const symbol = load<u8>(PLAIN + <usize>start);
      let place = start + step;
      while (place < unit && load<u8>(PLAIN + <usize>place) === symbol) place += step;
      if (place >= unit && load<u8>(SYMBOLS + <usize>symbol) !== 0) return false;
    }
  }
  return true;
}

// @ts-ignore: decorator
@inline
function ends(at: usize): u64 {
  return <u64>i8x16.bitmask(v128.eq<u8>(v128.load(at), v128.load(NEWLINES)));
}

// @ts-ignore: decorator
@inline
function marks(at: usize, low: v128, high: v128): u64 {
  return <u64>(i8x16.bitmask(v128.eq<u8>(kinds(v128.load(at), low, high), i64x2.splat(0))) ^ 0xffff);
}

/** Where the rarest character of a blob's beginning stands beside another one of it: `H4`, `eJ`, `eN`, `f8`, `78`. */
// @ts-ignore: decorator
@inline
function blobs(at: usize, H: v128, four: v128, N: v128, e: v128, eight: v128, f: v128, seven: v128): v128 {
  const v = v128.load(at), before = v128.load(at - 1), next = v128.load(at, 1);
  const gzip = v128.and(v128.eq<u8>(v, H), v128.eq<u8>(next, four));
  const zlib = v128.and(v128.eq<u8>(v128.or(v, v128.load(FOURS)), N), v128.eq<u8>(before, e));
  // A digit may be a capital letter.
  const isF = v128.eq<u8>(v128.or(before, v128.load(BLANKS)), f);
  const hex = v128.and(v128.eq<u8>(v, eight), v128.or(isF, v128.eq<u8>(before, seven)));
  return v128.or(v128.or(gzip, zlib), hex);
}

/** Whether more of what {@link blobs} looks for stands around the byte at `at`, which most text shows by chance. */
// @ts-ignore: decorator
@inline
function mayBeBlob(at: usize): bool {
  const byte = load<u8>(at);
  if (byte === 0x48) return load<u32>(at) === 0x49733448;
  if (byte !== 0x38) return true;
  // Digits may be capital letters.
  const next = load<u16>(at, 1) | 0x2020;
  return load<u8>(at - 1) === 0x37 ? next === 0x6339 || next === 0x6164 : next === 0x3062;
}

// @define line
      // Without its end; of several empty ones in a row only the first.
      const to = end - (<i32>(start < end) & <i32>(load<u8>(TEXT + <usize>end - 1) === 0x0d));
      store<u16>(line, <u16>start);
      store<u16>(line, <u16>to, TO * ROOM);
      line += <usize>((1 - (<i32>(start === end) & wasEmpty)) << 1);
      wasEmpty = <i32>(start === to);
// @end

/** Lines that end within 64 bytes, from which they are noted together. */
const MANY_LINES: u64 = 6;

/** Whether the lines that end where `bits` tell, of 64 bytes from `base` on, have no other ends and are not empty; the first begins at `start`. */
// @ts-ignore: decorator
@inline
function areFilled(base: i32, start: i32, bits: u64): bool {
  const at = TEXT + <usize>base, mark = sixteenTimes(0x0d);
  const low = v128.or(v128.eq<u8>(v128.load(at), mark), v128.eq<u8>(v128.load(at, 16), mark));
  const high = v128.or(v128.eq<u8>(v128.load(at, 32), mark), v128.eq<u8>(v128.load(at, 48), mark));
  const isEmpty = (bits & (bits << 1)) !== 0 || ((bits & 1) !== 0 && (start === base || load<u8>(at - 1) === 0x0d));
  return !isEmpty && !v128.any_true(v128.or(low, high));
}

/** Notes these lines at `line`; where the next one is noted. */
// @ts-ignore: decorator
@inline
function addLines(line: usize, base: i32, start: i32, bits: u64): usize {
  const one = eightTimes(1);
  store<u16>(line, <u16>start);
  for (; bits !== 0; bits >>= 8, base += 8) {
    const eight = <i32>(bits & 0xff);
    const places = v128.extend_low<u8>(v128.load64_zero(SQUEEZE + <usize>(eight << 3)));
    const to = v128.add<u16>(places, v128.splat<u16>(<u16>base));
    v128.store(line, to, TO * ROOM);
    // The next one begins behind it.
    v128.store(line, v128.add<u16>(to, one), 2);
    line += <usize>popcnt(eight) << 1;
  }
  return line;
}

// @ts-ignore: decorator
@inline
function digitsOfBits(at: usize): u64 {
  return <u64>i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(at), v128.load(PAIRS)), v128.load(ZEROES)));
}

/** Digits of the shortest run of noughts and ones, as in bits.ts. */
const SHORTEST_RUN: i32 = 6;

let run: usize = 0;

// @ts-ignore: decorator
@inline
function isHex(byte: i32): bool {
  return (load<u8>(HEX_LOW + <usize>(byte & 15)) & load<u8>(HEX_HIGH + <usize>(byte >> 4))) !== 0;
}

/** Notes a run of noughts and ones, unless it is too short, in the middle of a hexadecimal number or the start of `\U00000041`. */
function addRun(from: i32, to: i32): void {
  if (to - from < SHORTEST_RUN) return;
  const before: i32 = from === 0 ? 0 : load<u8>(TEXT + <usize>from - 1);
  // As in 0b1010.
  if (isHex(before) && before !== 0x62) return;
  const isLong = before === 0x55 && load<u8>(TEXT + <usize>from - 2) === 0x5c;
  if (isLong && to - from < 8 && isHex(load<u8>(TEXT + <usize>to))) return;
  store<u16>(run, <u16>from);
  store<u16>(run, <u16>to, 2);
  run += 4;
}

/** Notes the lines of a text of `length` bytes, the marks of escapes and blobs, and runs of noughts and ones in it. */
export function note(length: i32): void {
  let open = -1;
  run = RUNS;
  const low = v128.load(MARKS_LOW), high = v128.load(MARKS_HIGH);
  const H = splat(BLOB_BYTES), four = splat(BLOB_BYTES + 1), N = splat(BLOB_BYTES + 2), e = splat(BLOB_BYTES + 3);
  const eight = splat(BLOB_BYTES + 4), f = splat(BLOB_BYTES + 5), seven = splat(BLOB_BYTES + 6);
  let blob = BLOBS, marked: u64 = 0;
  let start = 0, wasEmpty = 0, line = LINES;
  for (let base = 0; base < length; base += 64) {
    const at = TEXT + <usize>base;
    let bits = ends(at) | (ends(at + 16) << 16) | (ends(at + 32) << 32) | (ends(at + 48) << 48);
    if (popcnt(bits) >= MANY_LINES && areFilled(base, start, bits)) {
      line = addLines(line, base, start, bits);
      start = base + 64 - <i32>clz(bits);
      wasEmpty = 0;
      bits = 0;
    }
    for (; bits !== 0; bits &= bits - 1) {
      const end = base + <i32>ctz(bits);
      // @use line
      start = end + 1;
    }
    bits = marks(at, low, high) | (marks(at + 16, low, high) << 16) | (marks(at + 32, low, high) << 32) |
      (marks(at + 48, low, high) << 48);
    store<u64>(MARKED + <usize>(base >> 3), bits);
    marked |= bits;
    bits = digitsOfBits(at) | (digitsOfBits(at + 16) << 16) | (digitsOfBits(at + 32) << 32) |
      (digitsOfBits(at + 48) << 48);
    if (open >= 0 && ~bits !== 0) {
      const ones = ctz(~bits);
      addRun(open, base + <i32>ones);
      bits &= ~((<u64>1 << ones) - 1);
      open = -1;
    }
    if (open < 0) {
      const last = clz(~bits);
      if (last > 0) {
        open = base + 64 - <i32>last;
        bits = last === 64 ? 0 : bits & ((<u64>1 << (64 - last)) - 1);
      }
      let six = bits & (bits >> 1);
      six &= six >> 2;
      six &= bits >> 4 & bits >> 5;
      while (six !== 0) {
        const first = ctz(six), to = first + ctz(~(bits >> first));
        addRun(base + <i32>first, base + <i32>to);
        six &= ~((<u64>1 << to) - 1);
      }
    }
    for (let i: usize = 0; i < 64; i += 16) {
      let found = i8x16.bitmask(blobs(at + i, H, four, N, e, eight, f, seven));
      for (; found !== 0; found &= found - 1) {
        const place = i + <usize>ctz(found);
        store<u16>(blob, <u16>(base + <i32>place));
        blob += <usize>mayBeBlob(at + place) << 1;
      }
    }
  }
  if (open >= 0) addRun(open, length);
  store<u32>(COUNTS, <u32>((run - RUNS) >> 2), 16);
  const end = length;
  // @use line
  store<u32>(COUNTS, <u32>((line - LINES) >> 1));
  store<u32>(COUNTS, <u32>(marked !== 0), 4);
  store<u32>(COUNTS, <u32>((blob - BLOBS) >> 1), 8);
}
