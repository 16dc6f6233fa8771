// Where the symbols of a view stand, and the first questions about every few of them: a part of kernel.as, whose names it
// uses. They are asked in loops with hardly a branch that depends on the text, since such a branch is what costs time; the
// loops leave the places at which the answer may be yes. The hashes are those of grams.ts and sieve.ts.

/** Words, 16 bits each, at which the answer may be yes. */
const HITS: usize = 0x183000;
/** Places at which grams may begin, 32 bits each, with {@link WIDE_BIT} in those of wide ones. */
const FOUND: usize = 0x188000, WIDE_BIT: u32 = 0x10000;
/** The bit of what a five tells that says that wide grams may begin there. */
const WIDE_LANE: u32 = 1 << 28;
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
  return ask(set, (hash >>> shift) << 2, rehash(hash));
}

/**
 * Notes in {@link FOUND} where grams may begin among the `length` symbols of a view; how many. `sets` is where the sets of
 * fives, of grams and of wide grams are told, two numbers for each: by how much its hashes are shifted, and where it is.
 */
export function probe(isDense: bool, length: i32, sets: usize): i32 {
  const symbols = isDense ? DENSE : PLAIN;
  const fivesShift = load<u32>(sets), fives = <usize>load<u32>(sets, 4);
  const shift = load<u32>(sets, 8), grams = <usize>load<u32>(sets, 12);
  const wideShift = load<u32>(sets, 16), wide = <usize>load<u32>(sets, 20);
  const first = v128.splat<u32>(FIRST), second = v128.splat<u32>(SECOND), again = v128.splat<u32>(AGAIN);
  const heads = v128(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6), tails = v128.add<u8>(heads, v128.splat<u8>(4));
  const places = i32x4(1 << 21, 1 << 14, 1 << 7, 1), none = i32x4.splat(0);
  const hits = probeFives(symbols, length, fivesShift, fives);
  let found = FOUND;
  for (let hit = HITS; hit < hits; hit += 2) {
    const place = <u32>load<u16>(hit) << 2;
    const at = symbols + <usize>place;
    // In which lanes the five may be tells where before them a gram may begin; that is one look for all four.
    const five = (load<u32>(at) * FIRST) ^ (<u32>load<u8>(at, 4) * SECOND);
    const lanes = rotr<u32>(load<u32>(fives + (<usize>(five >>> fivesShift) << 2)), rehash(five) >>> 12);
    // Before the first symbol no gram begins.
    const before = place === 0 ? 0 : lanes;
    const bytes = v128.load(at - 3);
    const tail = i8x16.swizzle(bytes, tails);
    const hash = v128.xor(
      v128.mul<u32>(i8x16.swizzle(bytes, heads), first),
      v128.mul<u32>(v128.xor(tail, v128.shr<u32>(tail, 15)), second),
    );
    const bits = v128.mul<u32>(v128.xor(hash, v128.shr<u32>(hash, 16)), again);
    // Where a lane has none, the word asked is one that is at hand.
    const words = v128.and(
      v128.shl<u32>(v128.shr<u32>(hash, shift), 2),
      v128.ne<i32>(v128.and(v128.splat<u32>(lanes), places), none),
    );
    const a = ask(grams, v128.extract_lane<u32>(words, 0), v128.extract_lane<u32>(bits, 0));
    store<u32>(found, place - 3);
    found += <usize>((before >>> 21) & a & 1) << 2;
    const b = ask(grams, v128.extract_lane<u32>(words, 1), v128.extract_lane<u32>(bits, 1));
    store<u32>(found, place - 2);
    found += <usize>((before >>> 14) & b & 1) << 2;
    const c = ask(grams, v128.extract_lane<u32>(words, 2), v128.extract_lane<u32>(bits, 2));
    store<u32>(found, place - 1);
    found += <usize>((before >>> 7) & c & 1) << 2;
    const head = v128.extract_lane<u32>(hash, 3);
    const d = ask(grams, v128.extract_lane<u32>(words, 3), v128.extract_lane<u32>(bits, 3));
    store<u32>(found, place);
    found += <usize>(lanes & d & 1) << 2;
    if ((lanes & WIDE_LANE) === 0) continue;
    const bit = sieveBit(wide, wideShift, gramHash(rehash(head), gramHash(load<u32>(at, 8), load<u32>(at, 12))));
    store<u32>(found, place | WIDE_BIT);
    found += <usize>(bit & 1) << 2;
  }
  return <i32>((found - FOUND) >> 2);
}

/** The lowest bit is set when what has these `bits` and belongs to this word of the set at `set` may be in it. */
// @ts-ignore: decorator
@inline
function ask(set: usize, word: u32, bits: u32): u32 {
  const found = load<u32>(set + <usize>word);
  return (found >>> (bits >>> 27)) & (found >>> (bits >>> 22)) & (found >>> (bits >>> 17));
}

/** Notes the words at which five symbols may be in a form; where the list of them ends. */
function probeFives(symbols: usize, length: i32, shift: u32, set: usize): usize {
  const first = v128.splat<u32>(FIRST), second = v128.splat<u32>(SECOND), again = v128.splat<u32>(AGAIN);
  const low = v128.splat<u32>(0xff);
  let hits = HITS;
  const words = (length - PROBE + 4) >> 2;
  for (let word = 0; word < words; word += 4) {
    const at = symbols + (<usize>word << 2);
    const hash = v128.xor(
      v128.mul<u32>(v128.load(at), first),
      v128.mul<u32>(v128.and(v128.load(at, 4), low), second),
    );
    const bits = v128.mul<u32>(v128.xor(hash, v128.shr<u32>(hash, 16)), again);
    const place = v128.shl<u32>(v128.shr<u32>(hash, shift), 2);
    hits = noteHit(hits, word, set, v128.extract_lane<u32>(place, 0), v128.extract_lane<u32>(bits, 0));
    hits = noteHit(hits, word + 1, set, v128.extract_lane<u32>(place, 1), v128.extract_lane<u32>(bits, 1));
    hits = noteHit(hits, word + 2, set, v128.extract_lane<u32>(place, 2), v128.extract_lane<u32>(bits, 2));
    hits = noteHit(hits, word + 3, set, v128.extract_lane<u32>(place, 3), v128.extract_lane<u32>(bits, 3));
  }
  // The last ones may lie behind the text.
  while (hits > HITS && <i32>load<u16>(hits - 2) >= words) hits -= 2;
  return hits;
}

// @ts-ignore: decorator
@inline
function noteHit(hits: usize, word: i32, set: usize, place: u32, bits: u32): usize {
  store<u16>(hits, <u16>word);
  return hits + <usize>((ask(set, place, bits) & 1) << 1);
}

/**
 * Notes in {@link FOUND} the symbols of the plain view, every `step` looked at, at which three may be in a short pattern; how
 * many.
 */
export function probeThrees(length: i32, step: u32): i32 {
  let found = FOUND;
  for (let at: u32 = 0; at < <u32>length; at += step) {
    const bit = ((load<u32>(PLAIN + <usize>at) & 0xffffff) * FIRST) >>> 18;
    store<u32>(found, at);
    found += <usize>((load<u32>(SHORT_BITS + ((<usize>bit >> 5) << 2)) >>> (bit & 31)) & 1) << 2;
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
