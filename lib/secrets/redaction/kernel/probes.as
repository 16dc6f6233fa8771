// Where the symbols of a view stand, and the first questions about every few of them: a part of kernel.as, whose names it
// uses. They are asked in loops with hardly a branch that depends on the text, since such a branch is what costs time; the
// loops leave the places at which the answer may be yes. The hashes are those of grams.ts and sieve.ts.

/** What was {@link FOUND} and is wide, and what may begin a whole form. */
const WIDE_BIT: u32 = 0x10000, WHOLE_BIT: u32 = 0x20000;

/** Symbols that are asked about first. */
const PROBE: i32 = 5;
const FIRST: u32 = 0x9e3779b1, SECOND: u32 = 0x85ebca6b, AGAIN: u32 = 0x7feb352d;

// @ts-ignore: decorator
@inline
function rehash(hash: u32): u32 {
  return (hash ^ (hash >>> 16)) * AGAIN;
}

// @ts-ignore: decorator
@inline
function gramHash(first: u32, second: u32): u32 {
  return (first * FIRST) ^ ((second ^ (second >>> 15)) * SECOND);
}

/** The lowest bit is set when `hash` may be in the set at `set`; the others mean nothing. */
// @ts-ignore: decorator
@inline
function sieveBit(set: usize, shift: u32, hash: u32): u32 {
  const second = rehash(hash);
  const word = load<u32>(set + (<usize>(hash >>> shift) << 2));
  return (word >>> (second & 7)) & (word >>> (8 + ((second >>> 8) & 7))) & (word >>> (16 + ((second >>> 16) & 7))) &
    (word >>> (24 + ((second >>> 24) & 7)));
}

// @define hashes
    // The hashes of four times two words, and which words of the set they belong to.
    const hash = v128.xor(i32x4.mul(first, one), i32x4.mul(last, two));
    const second = i32x4.mul(v128.xor(hash, v128.shr<u32>(hash, 16)), three);
    let place = v128.shl<u32>(v128.shr<u32>(hash, shift), 2);
// @end
// @define areIn
    // Which of four hashes may be in the set, as 32 ones each.
    let words = v128.load32_zero(set + <usize>i32x4.extract_lane(place, 0));
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 1), words, 1);
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 2), words, 2);
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 3), words, 3);
    const eighths = v128.and(second, seven), bits = i8x16.relaxed_swizzle(powers, eighths);
    const held = v128.eq<u32>(v128.and(words, bits), bits);
// @end
// @define vectors
  const one = v128.load(VECTORS), two = v128.load(VECTORS, 16), three = v128.load(VECTORS, 32);
  const seven = v128.load(VECTORS, 208), powers = v128.load(VECTORS, 64);
// @end

/** Puts those of four places that `keep` has ones for at `at`; where they end. */
// @ts-ignore: decorator
@inline
function putPlaces(at: usize, places: v128, keep: v128): usize {
  const pairs = i8x16.bitmask(i16x8.narrow_i32x4_s(keep, keep)) & 0xff;
  v128.store(at, i8x16.relaxed_swizzle(places, v128.load64_zero(SQUEEZE + <usize>(pairs << 3))));
  return at + <usize>popcnt(pairs);
}

/** Writes the tables that depend on nothing. */
function prepareProbes(): void {
  for (let bits = 0; bits < 16; bits++) {
    let at = LANE_PLACES + <usize>(bits << 3);
    for (let place = 0; place < 4; place++) {
      store<u16>(at, <u16>place);
      at += <usize>((bits >> place) & 1) << 1;
    }
  }
  // For each bit of a byte the one that tells of a lane, and of the wide one.
  v128.store(VECTORS, i8x16(16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8), 160);
  v128.store(VECTORS, i8x16(4, 8, 1, 2, 64, -128, 16, 32, 4, 8, 1, 2, 64, -128, 16, 32), 176);
  v128.store(VECTORS, i32x4.splat(<i32>0xff000000), 192);
  v128.store(VECTORS, i8x16.splat(7), 208);
}

let narrowEnd: usize = 0, wideEnd: usize = 0;

/** Puts the places from `first` on, up to eight, that `bits` has ones for at `at`, going by a table; where they end. */
// @ts-ignore: decorator
@inline
function putBits(at: usize, first: v128, bits: i32, table: usize): usize {
  v128.store(at, v128.add<u16>(first, i16x8.extend_low_i8x16_u(v128.load64_zero(table + <usize>(bits << 3)))));
  return at + (<usize>popcnt(bits) << 1);
}

/** Whether sixteen symbols are noughts and ones. */
// @ts-ignore: decorator
@inline
function areNoughts(at: usize, nought: v128, pairs: v128): bool {
  return !v128.any_true(v128.and(v128.sub<u8>(v128.load(at), nought), pairs));
}

/**
 * Asks at every fourth symbol whether five may be in a form. They tell by their lanes, see sieve.ts, before how many of them a gram
 * may begin, which costs one look for all, and whether a wide one begins with them: those are noted at {@link WIDE_GRAMS}, the others
 * at {@link CANDIDATES}, of which the list ends where this says. Grams of noughts and ones are told by a table, see nought_grams.ts,
 * where sixteen symbols and those around them that grams may hold are nothing else.
 */
function probeFives(symbols: usize, length: i32, sets: usize): usize {
  const shift = load<u32>(sets), set = <usize>load<u32>(sets, 4);
  const nought = i8x16.splat(<i8>load<u32>(sets, 88)), noughts = <usize>load<u32>(sets, 92), pairs = v128.load(PAIRS);
  // @use vectors
  const byte = v128.load(VECTORS, 128), next = v128.load(VECTORS, 144), lanePowers = v128.load(VECTORS, 160);
  const widePowers = v128.load(VECTORS, 176), wideByte = v128.load(VECTORS, 192);
  let candidate = CANDIDATES, wide = WIDE_GRAMS;
  // Before the first symbol no gram begins.
  let within = 0xfff8;
  for (let at = 0; at + PROBE <= length; at += 16, within = 0xffff) {
    const fourth = v128.load(symbols + <usize>at, 4), after = v128.sub<u8>(fourth, nought);
    const first16 = v128.splat<u16>(<u16>(at - 3));
    if (!v128.any_true(v128.and(after, pairs)) && areNoughts(symbols + <usize>at - 4, nought, pairs)) {
      const before = v128.sub<u8>(v128.load(symbols + <usize>at - 4), nought);
      const bits = <usize>(i8x16.bitmask(v128.neg<i8>(before)) >> 1 | i8x16.bitmask(v128.neg<i8>(after)) << 7);
      for (let i = 0; i < 16; i += 4) {
        const lanes = <i32>load<u8>(noughts + ((bits >> i) & 0x7ff));
        const begins = lanes & (within >> i) & 15;
        store<u64>(candidate, <u64>((at + i - 3) & 0xffff) * 0x0001000100010001 + load<u64>(LANE_PLACES + <usize>(begins << 3)));
        candidate += <usize>popcnt(begins) << 1;
        store<u16>(wide, <u16>(at + i));
        wide += <usize>((lanes >> 3) & 2);
      }
      continue;
    }
    const first = v128.load(symbols + <usize>at), last = v128.and(fourth, byte);
    // @use hashes
    // @use areIn
    if (!v128.any_true(held)) continue;
    const lanes = i8x16.relaxed_swizzle(lanePowers, eighths);
    const begins = within & i8x16.bitmask(v128.and(v128.eq<u8>(v128.and(words, lanes), lanes), held));
    candidate = putBits(candidate, first16, begins & 0xff, SQUEEZE);
    candidate = putBits(candidate, first16, begins >> 8, SQUEEZE_HIGH);
    const wideLane = v128.and(i8x16.relaxed_swizzle(widePowers, eighths), wideByte);
    const isWide = v128.and(v128.eq<u32>(v128.and(words, wideLane), wideLane), held);
    wide = putPlaces(wide, v128.add<u16>(v128.splat<u16>(<u16>at), next), isWide);
  }
  // The last ones may lie behind the text.
  const lastFive = (length - PROBE) & ~3;
  while (candidate > CANDIDATES && <i32>load<u16>(candidate - 2) > lastFive) candidate -= 2;
  while (wide > WIDE_GRAMS && <i32>load<u16>(wide - 2) > lastFive) wide -= 2;
  wideEnd = wide;
  return candidate;
}

/** Notes in {@link NARROW_GRAMS} the candidates from `from` on of which the hashes may be in the set; where the list ends. */
function siftCandidates(symbols: usize, from: usize, end: usize, shift: u32, set: usize): usize {
  // @use vectors
  let narrow = NARROW_GRAMS;
  for (let candidate = from; candidate < end; candidate += 8) {
    let ab = v128.load64_zero(symbols + <usize>load<u16>(candidate));
    let cd = v128.load64_zero(symbols + <usize>load<u16>(candidate, 4));
    ab = v128.load_lane<u64>(symbols + <usize>load<u16>(candidate, 2), ab, 1);
    cd = v128.load_lane<u64>(symbols + <usize>load<u16>(candidate, 6), cd, 1);
    const first = v128.shuffle<i32>(ab, cd, 0, 2, 4, 6), after = v128.shuffle<i32>(ab, cd, 1, 3, 5, 7);
    const last = v128.xor(after, v128.shr<u32>(after, 15));
    // @use hashes
    // @use areIn
    // Behind the last one stands what was there before.
    const left = i32x4.splat(<i32>((end - candidate) >> 1));
    narrow = putPlaces(narrow, v128.load64_zero(candidate), v128.and(held, v128.gt<i32>(left, i32x4(0, 1, 2, 3))));
  }
  return narrow;
}

// @ts-ignore: decorator
@inline
function wideHash(at: usize): u32 {
  const head = gramHash(load<u32>(at), load<u32>(at, 4));
  return gramHash(rehash(head), gramHash(load<u32>(at, 8), load<u32>(at, 12)));
}

/** For each of four pairs of words the hash of the eight symbols that they are. */
// @ts-ignore: decorator
@inline
function gramHashes(first: v128, second: v128, one: v128, two: v128): v128 {
  const mixed = v128.xor(second, v128.shr<u32>(second, 15));
  return v128.xor(i32x4.mul(first, one), i32x4.mul(mixed, two));
}

/** Notes in {@link SIFTED} the wide grams of which the hashes may be in the set; where the list ends. */
function siftWideHashes(shift: u32, set: usize): usize {
  // @use vectors
  let sifted = SIFTED;
  for (let wide = WIDE_GRAMS; wide < wideEnd; wide += 8) {
    const places = v128.load64_zero(wide);
    const a = v128.load(symbols + <usize>load<u16>(wide)), b = v128.load(symbols + <usize>load<u16>(wide, 2));
    const c = v128.load(symbols + <usize>load<u16>(wide, 4)), d = v128.load(symbols + <usize>load<u16>(wide, 6));
    const abHead = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cdHead = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
    const abTail = v128.shuffle<i32>(a, b, 2, 6, 3, 7), cdTail = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
    const head = gramHashes(v128.shuffle<i64>(abHead, cdHead, 0, 2), v128.shuffle<i64>(abHead, cdHead, 1, 3), one, two);
    const tail = gramHashes(v128.shuffle<i64>(abTail, cdTail, 0, 2), v128.shuffle<i64>(abTail, cdTail, 1, 3), one, two);
    const first = i32x4.mul(v128.xor(head, v128.shr<u32>(head, 16)), three);
    const last = v128.xor(tail, v128.shr<u32>(tail, 15));
    // @use hashes
    // @use areIn
    // Behind the last one stands what was there before.
    const left = i32x4.splat(<i32>((wideEnd - wide) >> 1));
    sifted = putPlaces(sifted, places, v128.and(held, v128.gt<i32>(left, i32x4(0, 1, 2, 3))));
  }
  return sifted;
}

/**
 * Notes in {@link FOUND} the symbols of the plain view, every `step` looked at, at which three may be in a short pattern; how
 * many.
 */
export function probeThrees(length: i32, step: u32): i32 {
  const one = v128.load(VECTORS), powers = v128.load(VECTORS, 64), three = i32x4.splat(0xffffff);
  const steps = i32x4.mul(i32x4(0, 1, 2, 3), i32x4.splat(step));
  // The three symbols of each, and one more.
  const words = i8x16.add(i32x4.mul(steps, i32x4.splat(0x01010101)), i32x4.splat(0x03020100));
  const seven = i32x4.splat(7), none = i64x2.splat(0);
  let found = FOUND;
  for (let at: u32 = 0; at < <u32>length; at += step << 2) {
    const threes = v128.and(i8x16.relaxed_swizzle(v128.load(PLAIN + <usize>at), words), three);
    const bit = v128.shr<u32>(i32x4.mul(threes, one), 18), place = v128.shr<u32>(bit, 3);
    let bytes = v128.load_lane<u8>(SHORT_BITS + <usize>i32x4.extract_lane(place, 0), none, 0);
    bytes = v128.load_lane<u8>(SHORT_BITS + <usize>i32x4.extract_lane(place, 1), bytes, 4);
    bytes = v128.load_lane<u8>(SHORT_BITS + <usize>i32x4.extract_lane(place, 2), bytes, 8);
    bytes = v128.load_lane<u8>(SHORT_BITS + <usize>i32x4.extract_lane(place, 3), bytes, 12);
    const held = v128.and(bytes, i8x16.relaxed_swizzle(powers, v128.and(bit, seven)));
    for (let left = i32x4.bitmask(v128.ne<u32>(held, none)); left !== 0; left &= left - 1) {
      const symbol = at + step * <u32>ctz(left);
      store<u32>(found, symbol);
      found += <usize>(symbol < <u32>length) << 2;
    }
  }
  return <i32>((found - FOUND) >> 2);
}

/** Writes where the symbols of a view of the text stand, of the dense one when `isDense`; see {@link fold}. */
export function locate(isDense: bool, length: i32, breaks: i32, plainOnly: usize): void {
  const keptLow = v128.load(KEPT_LOW), keptHigh = v128.load(KEPT_HIGH);
  const base = PLACES + (isDense ? PLACES_SIZE : 0);
  // Both views keep what has 32 or more, the plain one also what has 0.
  const shift = v128.splat<u8>(isDense ? 0 : 1), least = v128.splat<u8>(isDense ? 32 : 31);
  let place = base, at = TEXT;
  for (let part = 0; part <= breaks; part++) {
    const to = TEXT + (part < breaks ? <usize>load<u16>(BREAKS + <usize>(part << 1)) : <usize>length);
    if (isDense && plainOnly !== 0 && load<u8>(plainOnly + <usize>part) !== 0) at = to;
    for (; at < to; at += 16) {
      const left = to - at;
      const within = left >= 16 ? 0xffff : (1 << <i32>left) - 1;
      const kept = within & keptAt(at, keptLow, keptHigh, shift, least);
      const first = v128.splat<u16>(<u16>(at - TEXT));
      for (let half = 0; half < 16; half += 8) {
        const bits = (kept >>> half) & 0xff;
        const picked = i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + <usize>(bits << 3)));
        v128.store(place, v128.add<u16>(v128.add<u16>(first, v128.splat<u16>(<u16>half)), picked));
        place += <usize>popcnt(bits) << 1;
      }
    }
    if (part === breaks) break;
    at = to;
    do {
      store<u16>(place, <u16>(to - TEXT));
      place += 2;
    } while (((place - base) & 7) !== 0);
  }
}

/** A place in the text, a multiple of sixteen bytes, and how many symbols of a view stand before it; see {@link locateSome}. */
let cursor: usize = TEXT, cursorSymbols: i32 = 0, isCursorDense: bool = false;

/**
 * Writes where the symbols `[from, to)` of a view stand, and perhaps others near them, when the text has no breaks; it begins anew when
 * it `isFirst` for this view.
 */
export function locateSome(isDense: bool, from: i32, to: i32, isFirst: bool): void {
  const keptLow = v128.load(KEPT_LOW), keptHigh = v128.load(KEPT_HIGH);
  const shift = v128.splat<u8>(isDense ? 0 : 1), least = v128.splat<u8>(isDense ? 32 : 31);
  const base = PLACES + (isDense ? PLACES_SIZE : 0);
  const isNew = isFirst || isDense !== isCursorDense;
  let at = isNew ? TEXT : cursor, count = isNew ? 0 : cursorSymbols;
  for (; count > from; at -= 16) count -= popcnt(keptAt(at - 16, keptLow, keptHigh, shift, least));
  for (; at < PLAIN; at += 16) {
    const kept = popcnt(keptAt(at, keptLow, keptHigh, shift, least));
    if (count + kept > from) break;
    count += kept;
  }
  cursor = at;
  cursorSymbols = count;
  isCursorDense = isDense;
  for (; count < to && at < PLAIN; at += 16) {
    const kept = keptAt(at, keptLow, keptHigh, shift, least);
    const first = v128.splat<u16>(<u16>(at - TEXT)), place = base + (<usize>count << 1);
    putBits(putBits(place, first, kept & 0xff, SQUEEZE), first, kept >> 8, SQUEEZE_HIGH);
    count += popcnt(kept);
  }
}

/** Which of sixteen bytes a view keeps that has `least` or more for them, less `shift`; no zeros, so that none behind the text is. */
// @ts-ignore: decorator
@inline
function keptAt(at: usize, low: v128, high: v128, shift: v128, least: v128): i32 {
  return i8x16.bitmask(v128.ge<u8>(v128.sub<u8>(kinds(v128.load(at), low, high), shift), least));
}
