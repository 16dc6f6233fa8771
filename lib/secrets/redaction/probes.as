// Where the symbols of a view stand, and the first questions about every few of them: a part of kernel.as, whose names it
// uses. They are asked in loops with hardly a branch that depends on the text, since such a branch is what costs time; the
// loops leave the places at which the answer may be yes. The hashes are those of grams.ts and sieve.ts.

/** 16-bit places of words, of grams and of wide grams at which the answer may be yes. */
const HITS: usize = 0x183000, NARROW_GRAMS: usize = 0x204000, WIDE_GRAMS: usize = 0x216000;
/** What is left of them, 32 bits each: wide ones have {@link WIDE_BIT}, and what may begin a whole form {@link WHOLE_BIT}. */
const FOUND: usize = 0x188000, WIDE_BIT: u32 = 0x10000, WHOLE_BIT: u32 = 0x20000;
/** The bits of the short patterns, see short_patterns.ts. */
const SHORT_BITS: usize = 0x1b6000;
/** Where the symbols of a view stand in the text. */
const PLACES: usize = 0xd8000, PLACES_SIZE: usize = 0x12000;

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
  return (word >>> (second >>> 28)) & (word >>> (8 + ((second >>> 24) & 15))) & (word >>> (15 + ((second >>> 20) & 15)));
}

/**
 * For each number of which `exponents` has the bits that make it a power of two as a floating-point number, less `least`, that
 * power.
 */
// @ts-ignore: decorator
@inline
function powersOf(exponents: v128, mask: v128, least: v128): v128 {
  return i32x4.relaxed_trunc_f32x4_s(i32x4.add(v128.and(exponents, mask), least));
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
    const bits = v128.or(
      v128.or(powersOf(v128.shr<u32>(second, 5), mask, least), powersOf(v128.shr<u32>(second, 1), mask, middle)),
      powersOf(v128.shl<u32>(second, 3), mask, most),
    );
    const held = v128.eq<u32>(v128.and(words, bits), bits);
// @end
// @define vectors
  const one = v128.load(VECTORS), two = v128.load(VECTORS, 16), three = v128.load(VECTORS, 32);
  const mask = v128.load(VECTORS, 48), least = v128.load(VECTORS, 80), middle = v128.load(VECTORS, 96), most = v128.load(VECTORS, 112);
// @end

/** Puts those of four places that `keep` has ones for at `at`; where they end. */
// @ts-ignore: decorator
@inline
function putPlaces(at: usize, places: v128, keep: v128): usize {
  const pairs = i8x16.bitmask(i16x8.narrow_i32x4_s(keep, keep)) & 0xff;
  v128.store(at, i8x16.relaxed_swizzle(places, v128.load64_zero(SQUEEZE + <usize>(pairs << 3))));
  return at + <usize>popcnt(pairs);
}

/**
 * Notes those of the symbols `at`, `at + 4` and so on up to sixteen at which grams of noughts and ones may be in a form, when all
 * sixteen and those around them that grams may hold are noughts and ones, see nought_grams.ts: `before` and `after` are what
 * stands from four before `at` on and from four behind it on, less a nought. Where the list of them ends.
 */
// @ts-ignore: decorator
@inline
function putNoughts(hits: usize, at: i32, before: v128, after: v128, table: usize): usize {
  const bits = <usize>(i8x16.bitmask(v128.neg<i8>(before)) >> 1 | i8x16.bitmask(v128.neg<i8>(after)) << 7);
  for (let i = 0; i < 16; i += 4) {
    store<u16>(hits, <u16>(at + i));
    hits += <usize>load<u8>(table + ((bits >> i) & 0x7ff)) << 1;
  }
  return hits;
}

/** Notes the symbols, every fourth looked at, at which five may be in a form; where the list of them ends. */
function probeFives(symbols: usize, length: i32, sets: usize): usize {
  const shift = load<u32>(sets), set = <usize>load<u32>(sets, 4);
  const nought = i8x16.splat(<i8>load<u32>(sets, 88)), noughts = <usize>load<u32>(sets, 92), pairs = v128.load(PAIRS);
  // @use vectors
  const byte = v128.load(VECTORS, 128), next = v128.load(VECTORS, 144);
  let hits = HITS;
  for (let at = 0; at + PROBE <= length; at += 16) {
    const before = v128.sub<u8>(v128.load(symbols + <usize>at - 4), nought);
    const after = v128.sub<u8>(v128.load(symbols + <usize>at, 4), nought);
    if (!v128.any_true(v128.and(v128.or(before, after), pairs))) {
      hits = putNoughts(hits, at, before, after, noughts);
      continue;
    }
    const first = v128.load(symbols + <usize>at), last = v128.and(v128.load(symbols + <usize>at, 4), byte);
    // @use hashes
    // @use areIn
    hits = putPlaces(hits, v128.add<u16>(v128.splat<u16>(<u16>at), next), held);
  }
  // The last ones may lie behind the text.
  while (hits > HITS && <i32>load<u16>(hits - 2) + PROBE > length) hits -= 2;
  return hits;
}

let narrowEnd: usize = 0, wideEnd: usize = 0;

/**
 * Notes the grams that hold the five symbols of each hit and may be in a form. The five tell by their lanes, see sieve.ts,
 * before how many of them one may begin, which costs one look for all; wide ones begin with them, and are not looked up
 * yet.
 */
function findCandidates(symbols: usize, hits: usize, sets: usize): void {
  const fiveShift = load<u32>(sets), fives = <usize>load<u32>(sets, 4);
  const shift = load<u32>(sets, 8), set = <usize>load<u32>(sets, 12);
  // @use vectors
  const firstBytes = v128.load(VECTORS, 160), lastBytes = v128.load(VECTORS, 176);
  const before = v128.load(VECTORS, 192), ofLanes = v128.load(VECTORS, 208);
  let narrow = NARROW_GRAMS, wide = WIDE_GRAMS;
  for (let hit = HITS; hit < hits; hit += 2) {
    const at = load<u16>(hit), here = symbols + <usize>at;
    const five = (load<u32>(here) * FIRST) ^ (<u32>load<u8>(here, 4) * SECOND);
    const lanes = rotr<u32>(load<u32>(fives + (<usize>(five >>> fiveShift) << 2)), rehash(five) >>> 12);
    const v = v128.load(here - 3);
    const first = i8x16.relaxed_swizzle(v, firstBytes), after = i8x16.relaxed_swizzle(v, lastBytes);
    const last = v128.xor(after, v128.shr<u32>(after, 15));
    // Before the first symbol no gram begins.
    const mayBegin = v128.eq<u32>(v128.and(i32x4.splat(at === 0 ? lanes & 1 : lanes), ofLanes), ofLanes);
    // @use hashes
    // Where none begins, a word is asked that is at hand.
    place = v128.and(place, mayBegin);
    // @use areIn
    narrow = putPlaces(narrow, v128.add<u16>(v128.splat<u16>(at), before), v128.and(held, mayBegin));
    store<u16>(wide, at);
    wide += <usize>((lanes >>> 27) & 2);
  }
  narrowEnd = narrow;
  wideEnd = wide;
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

/** Places of wide grams that may be in a form by their hashes, where narrow ones were before. */
const SIFTED: usize = NARROW_GRAMS;

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
export function locate(isDense: bool, length: i32, breaks: i32): void {
  const keptLow = v128.load(KEPT_LOW), keptHigh = v128.load(KEPT_HIGH);
  const base = PLACES + (isDense ? PLACES_SIZE : 0);
  // Both views keep what has 32 or more, the plain one also what has 0.
  const shift = v128.splat<u8>(isDense ? 0 : 1), least = v128.splat<u8>(isDense ? 32 : 31);
  let place = base, at = TEXT;
  for (let part = 0; part <= breaks; part++) {
    const to = TEXT + (part < breaks ? <usize>load<u16>(BREAKS + <usize>(part << 1)) : <usize>length);
    for (; at < to; at += 16) {
      const left = to - at;
      const within = left >= 16 ? 0xffff : (1 << <i32>left) - 1;
      const kept = within &
        i8x16.bitmask(v128.ge<u8>(v128.sub<u8>(kinds(v128.load(at), keptLow, keptHigh), shift), least));
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
