// What the grams that may be in a text lead to: where each stands in the forms, and how far the text goes on as the form
// does. A part of kernel.as, whose names it uses; the index is that of gram_index.ts, copied by index_copies.ts.
//
// A gram that is met starts a *run*, which is followed along the form and into others for as long as the text agrees. Only
// runs that prove enough are told, and values that have to be met as a whole only where all of one stands: in text made of
// near misses there is little else than grams that lead to nothing.

/** Symbols in a gram, and in a wide one. */
const GRAM: i32 = 8, WIDE_GRAM: i32 = 16;
/** In the hash of a gram in the table: symbols in a row from which the form counts to which it leads. */
const LEAST_BITS: u32 = 31;
/** Symbols from either end of a run within which a form that goes further is come upon, also where grams are left out. */
const NEAR: i32 = 44;
/** Symbols by which a form is followed further that goes on for as long as was looked: still near to where that was. */
const FURTHER: u32 = 24;
/**
 * In the facts of a symbol: what it proves, which kind of form it belongs to, and whether a gram in the table begins there, and with
 * it a form that has to be met as a whole.
 */
const WEIGHT: i32 = 0xff, KIND_SHIFT: i32 = 8, KIND: i32 = 0x1f, GRAM_HERE: i32 = 0x4000, WIDE_HERE: i32 = 0x8000;
const WHOLE_HERE: i32 = 0x2000;

/** The view that is looked at: its symbols, and how many. */
let symbols: usize = 0, length: i32 = 0;
let grams: usize = 0, gramShift: u32 = 0;
let pool: usize = 0, poolLength: i32 = 0, facts: usize = 0;
/** The tables of grams and of wide grams, and which bits of a hash tell the place of an entry of eight bytes in them. */
let gramTable: usize = 0, gramMask: u32 = 0, wideTable: usize = 0, wideMask: u32 = 0;
/** Up to where runs have been followed, and where the last one began and ended. */
let done: i32 = 0, runStart: i32 = 0, runEnd: i32 = 0;
/** From where on the last run has been in its last form, and where in the pool that is in relation to the text. */
let straightFrom: i32 = 0, shifted: i32 = 0;
/** Which of those that begin with one gram is to be compared next; -1 when they have not been looked up. */
let nextWhole: i32 = -1;
/** Up to where {@link MET} is written. */
let met: usize = MET;

/** Takes the index told at `sets` to look up a view in. */
function take(isDense: bool, count: i32, sets: usize): void {
  symbols = isDense ? DENSE : PLAIN;
  length = count;
  gramShift = load<u32>(sets, 8);
  grams = <usize>load<u32>(sets, 12);
  poolLength = load<i32>(sets, 32);
  pool = <usize>load<u32>(sets, 36);
  facts = <usize>load<u32>(sets, 44);
  gramMask = (load<u32>(sets, 48) - 1) & ~1;
  gramTable = <usize>load<u32>(sets, 52);
  wideMask = (load<u32>(sets, 56) - 1) & ~1;
  wideTable = <usize>load<u32>(sets, 60);
}

// @ts-ignore: decorator
@inline
function slotHash(first: u32, second: u32): u32 {
  const hash = gramHash(second, first);
  return (hash ^ (hash >>> 15)) * 0x2c1b3c6d;
}

/** One more than where in the pool eight symbols stand, 0 when nowhere. */
function findGram(first: u32, second: u32): i32 {
  const hash = slotHash(first, second);
  let slot = (hash >>> 5) & gramMask;
  let at = 0;
  while ((at = load<i32>(gramTable + (<usize>slot << 2))) !== 0) {
    const form = pool + <usize>(at - 1);
    const isSame = ((load<u32>(gramTable + (<usize>slot << 2), 4) ^ hash) & ~LEAST_BITS) === 0;
    if (isSame && load<u32>(form) === first && load<u32>(form, 4) === second) break;
    slot = (slot + 2) & gramMask;
  }
  return at;
}

/** The number of a key in an IntMap, which is told at `map`; -1 when it has none. */
function numberOf(map: usize, key: u32): i32 {
  const mask = (load<u32>(map) - 1) & ~1, slots = <usize>load<u32>(map, 4);
  return load<i32>(entryOf(slots, mask, (key ^ (key >>> 15)) * 0x2c1b3c6d >>> 8, key)) - 1;
}

/** The entry of a key in a table of eight bytes each, or the empty one where it belongs; `from` is where to begin. */
// @ts-ignore: decorator
@inline
function entryOf(table: usize, mask: u32, from: u32, key: u32): usize {
  let slot = from & mask;
  let entry = table + (<usize>slot << 2);
  while (load<u32>(entry, 4) !== key && load<i32>(entry) !== 0) {
    slot = (slot + 2) & mask;
    entry = table + (<usize>slot << 2);
  }
  return entry;
}

/** What the table has for the gram with this hash, an entry or nothing: where in the pool, and in the upper half the hash. */
// @ts-ignore: decorator
@inline
function gramEntry(hash: u32): u64 {
  let slot = (hash >>> 5) & gramMask;
  let entry = load<u64>(gramTable + (<usize>slot << 2));
  while (!isEntry(entry, hash)) {
    slot = (slot + 2) & gramMask;
    entry = load<u64>(gramTable + (<usize>slot << 2));
  }
  return entry;
}

// @ts-ignore: decorator
@inline
function isEntry(entry: u64, hash: u32): bool {
  return ((<u32>(entry >>> 32) ^ hash) & ~LEAST_BITS) === 0 || <u32>entry === 0;
}

/** Whether a gram of the table that stands one before `place` in the pool is the one at `here`. */
// @ts-ignore: decorator
@inline
function isGramAt(place: u32, here: usize): bool {
  return load<u64>(pool + <usize>place - 1) === load<u64>(here) && (factsOf(place - 1) & GRAM_HERE) !== 0;
}

/** What the last gram that was looked at has in common with its form: up to where, and how much further on the form stands in the pool. */
let agreesTo: u32 = 0, agreesAt: u32 = 0;

/**
 * 1 when the gram at `at`, of which `narrow` is the place in the list and which stands one before `place` in the pool, may lead to a
 * run that counts, from `least` symbols in a row: it goes on as its form does for as long, or as far as was looked, or a gram
 * ends behind it with which it may go on in another form.
 */
// @ts-ignore: decorator
@inline
function mayCountFrom(at: u32, narrow: usize, place: u32, least: u32): u32 {
  const form = pool + <usize>place - 1, here = symbols + <usize>at;
  const ahead = <u32>ctz(load<u64>(form, 8) ^ load<u64>(here, 8)) >> 3;
  const behind = <u32>clz(load<u64>(form - 8) ^ load<u64>(here - 8)) >> 3;
  const goesOn = v128.any_true(v128.eq<u16>(v128.load(narrow, 2), v128.splat<u16>(<u16>(at + ahead + 1))));
  const isLong = <u32>GRAM + ahead + behind >= least, isOther = load<u64>(form) !== load<u64>(here);
  agreesAt = place - at;
  agreesTo = isOther ? 0 : at + GRAM + ahead;
  return <u32>goesOn | ((ahead | behind) >> 3) | <u32>isLong | <u32>isOther;
}

/** One more than where in the pool the wide gram at `at` may stand, 0 where nowhere. */
// @ts-ignore: decorator
@inline
function widePlace(at: u32): i32 {
  const hash = wideHash(symbols + <usize>at);
  return load<i32>(entryOf(wideTable, wideMask, (hash ^ (hash >>> 15)) * 0x2c1b3c6d >>> 8, hash));
}

/** Leaves those of the wide grams that are in the table; how many. */
function siftWides(sets: usize): i32 {
  const end = siftWideHashes(load<u32>(sets, 16), <usize>load<u32>(sets, 20));
  let left = WIDE_GRAMS;
  for (let wide = SIFTED; wide < end; wide += 2) {
    const at = load<u16>(wide);
    store<u16>(left, at);
    left += <usize>(widePlace(at) !== 0) << 1;
  }
  return <i32>((left - WIDE_GRAMS) >> 1);
}

/** Puts so many wide grams among the `count` others that were found, in the order in which they stand. */
function mergeWides(wides: i32, count: i32): void {
  let narrow = FOUND + (<usize>count << 2), found = narrow + (<usize>wides << 2);
  for (let wide = WIDE_GRAMS + (<usize>wides << 1); wide > WIDE_GRAMS;) {
    const at = <u32>load<u16>(wide - 2);
    found -= 4;
    if (narrow > FOUND && (load<u32>(narrow - 4) & 0xffff) > at) {
      narrow -= 4;
      store<u32>(found, load<u32>(narrow));
      store<i32>(found + FOUND_AT - FOUND, load<i32>(narrow + FOUND_AT - FOUND));
      continue;
    }
    wide -= 2;
    store<u32>(found, at | WIDE_BIT);
    store<i32>(found + FOUND_AT - FOUND, widePlace(at));
  }
}

/** How many symbols before `a` of the pool are those before `b` of the text. */
// @ts-ignore: decorator
@inline
function sharedBefore(a: i32, b: i32): i32 {
  const most = min(a, b);
  for (let count = 0; count < most; count += 8) {
    const differences = load<u64>(pool + <usize>(a - count) - 8) ^ load<u64>(symbols + <usize>(b - count) - 8);
    if (differences !== 0) return min(most, count + <i32>(clz(differences) >>> 3));
  }
  return most;
}

/** How many symbols from `a` on of the pool are those from `b` on of the text; no more than `most`. */
// @ts-ignore: decorator
@inline
function sharedFrom(a: i32, b: i32, most: i32): i32 {
  for (let count = 0; count < most; count += 8) {
    const differences = load<u64>(pool + <usize>(a + count)) ^ load<u64>(symbols + <usize>(b + count));
    if (differences !== 0) return min(most, count + <i32>(ctz(differences) >>> 3));
  }
  return most;
}

// @ts-ignore: decorator
@inline
function factsOf(at: i32): i32 {
  return <i32>load<u16>(facts + (<usize>at << 1));
}

/** What the symbols `[from, to)` of the pool prove, in half bits. */
// @ts-ignore: decorator
@inline
function proofOf(from: i32, to: i32): i32 {
  const weight = i16x8.splat(<i16>WEIGHT);
  let sums = i64x2.splat(0);
  let i = from;
  for (; i + 8 <= to; i += 8) {
    const eight = v128.and(v128.load(facts + (<usize>i << 1)), weight);
    sums = v128.add<i32>(sums, i32x4.extadd_pairwise_i16x8_u(eight));
  }
  sums = v128.add<i32>(sums, v128.shuffle<i64>(sums, sums, 1, 0));
  let proof = i32x4.extract_lane(sums, 0) + i32x4.extract_lane(sums, 1);
  for (; i < to; i++) proof += factsOf(i) & WEIGHT;
  return proof;
}

/** Whether the last run has shown what stands at `start`, `size` symbols that are in the table, so that they need no look. */
// @ts-ignore: decorator
@inline
function isKnown(start: i32, size: i32, here: i32): bool {
  return start + size <= runEnd && start >= straightFrom && (factsOf(start + shifted) & here) !== 0;
}

/** Whether a form goes further than the run within which it was met; near one of the run's ends, or it has been met there. */
function reachesOut(start: i32, found: i32): bool {
  const before = start - runStart;
  // Most end where the run ends, which a look at either end of it tells.
  const mayBegin = found > before && before < start &&
    load<u8>(pool + <usize>(found - before) - 1) === load<u8>(symbols + <usize>runStart - 1);
  const end = found + done - start;
  const mayEnd = end < poolLength && load<u8>(pool + <usize>end) === load<u8>(symbols + <usize>done);
  if (!mayBegin && !mayEnd) return false;
  if (mayBegin && before <= NEAR && sharedBefore(found, start) > before) return true;
  const after = done - start + 1 - GRAM;
  return after <= NEAR - GRAM + 1 && sharedFrom(found + GRAM, start + GRAM, after) === after;
}

/** Whether the symbol at `at` continues a repetition of up to eight symbols that goes on within `[start, at)`. */
function isPeriodic(start: i32, at: i32): bool {
  const last = load<u32>(symbols + <usize>at - 3);
  const most = min(GRAM, at - 3 - start);
  for (let period = 1; period <= most; period++) {
    if (load<u32>(symbols + <usize>(at - period) - 3) === last) return true;
  }
  return false;
}

/** Half bits below which no run of forms of `kinds`, a bit for each, is worth a word. */
function leastProof(kinds: i32): i32 {
  if (symbols === PLAIN) return load<i32>(LEAST);
  if (kinds === load<i32>(LEAST, 4)) return load<i32>(LEAST, 8);
  return (kinds & load<i32>(LEAST, 12)) === 0 ? load<i32>(LEAST, 16) : load<i32>(LEAST, 20);
}

/** Says that something was met in the view that is looked at, or almost. */
// @ts-ignore: decorator
@inline
function hear(): void {
  store<u32>(HEARD, load<u32>(HEARD) | (symbols === DENSE ? IN_DENSE : IN_PLAIN));
}

/** Tells of a run, by where it begins and ends, a bit for each of its kinds, and what it proves; or of a whole form. */
// @ts-ignore: decorator
@inline
function tell(start: i32, end: i32, kinds: i32, proof: i32): void {
  hear();
  store<i32>(met, start);
  store<i32>(met, end, 4);
  store<i32>(met, kinds, 8);
  store<i32>(met, proof, 12);
  met += 16;
}

/** Follows the run that begins at `start` with the gram at `found` in the pool. */
function follow(start: i32, found: i32): void {
  const ahead = sharedFrom(found + GRAM, start + GRAM, length - start - GRAM);
  const behind = sharedBefore(found, start);
  let at = found + GRAM + ahead, end = start + GRAM + ahead;
  found -= behind;
  start -= behind;
  let proof = proofOf(found, at);
  let kinds = 1 << ((factsOf(found) >> KIND_SHIFT) & KIND);
  straightFrom = start;
  while (end < length) {
    if (load<u8>(pool + <usize>at) !== load<u8>(symbols + <usize>end)) {
      const last = symbols + <usize>end - 7;
      const first = load<u32>(last), second = load<u32>(last, 4);
      if ((sieveBit(grams, gramShift, gramHash(first, second)) & 1) === 0) break;
      const other = findGram(first, second) - 1 + GRAM - 1;
      if (other < GRAM - 1) break;
      straightFrom = end;
      kinds |= 1 << ((factsOf(other) >> KIND_SHIFT) & KIND);
      const before = sharedBefore(other, end);
      if (end - before < start) {
        // All of the run belongs to the other form, and more before it.
        start = end - before;
        proof = proofOf(other - before, other);
      }
      at = other;
    }
    // What repeats in the text proves no more than what it repeats.
    if (!isPeriodic(start, end)) proof += factsOf(at) & WEIGHT;
    at++;
    end++;
  }
  if (proof >= leastProof(kinds)) tell(start, end, kinds, proof);
  // A part of it might do with less.
  else if (proof >= load<i32>(LEAST, 8) && (kinds & load<i32>(LEAST, 4)) !== 0 || proof >= load<i32>(LEAST, 16)) hear();
  done = max(done, end);
  runStart = start;
  runEnd = end;
  shifted = at - end;
}

/** Follows what was met at `start`, unless the run before it says as much; `found` is one more than where in the pool it is. */
function tryRun(start: i32, found: i32): void {
  if (found === 0 || start + GRAM > length) return;
  if (start + GRAM <= done && !reachesOut(start, found - 1)) return;
  follow(start, found - 1);
}

/** One more than where in the pool the gram at `start` stands, which is `found` but for one in four thousand million. */
// @ts-ignore: decorator
@inline
function sure(start: i32, found: i32): i32 {
  if (found === 0) return 0;
  const here = symbols + <usize>start, form = pool + <usize>(found - 1);
  if (load<u64>(here) === load<u64>(form)) return found;
  return findGram(load<u32>(here), load<u32>(here, 4));
}

/** Whether the sixteen symbols at `start` of the text are those that stand one before `found` in the pool. */
// @ts-ignore: decorator
@inline
function isWideGram(start: i32, found: i32): bool {
  return found > 0 && !v128.any_true(v128.xor(v128.load(symbols + <usize>start), v128.load(pool + <usize>found - 1)));
}

/**
 * Tells of the forms that have to be met as a whole, of those that begin with the eight symbols at `start`; false when there
 * is no more room and some are to be compared yet.
 */
function meetWholes(start: i32, sets: usize): bool {
  const here = symbols + <usize>start;
  const list = <usize>load<u32>(sets, 76), pool = <usize>load<u32>(sets, 84);
  if (nextWhole < 0) nextWhole = numberOf(sets + 64, gramHash(load<u32>(here), load<u32>(here, 4))) + 1;
  while (nextWhole > 0) {
    if (met >= MET + (MET_ROOM << 4)) return false;
    const whole = list + <usize>(nextWhole - 1) * 12;
    const size = load<i32>(whole, 4);
    const form = pool + <usize>load<u32>(whole, 8);
    // Most differ soon behind the eight symbols that they begin with.
    const mayBe = start + size <= length && (size < 2 * GRAM || load<u64>(form, 8) === load<u64>(here, 8));
    if (mayBe && isSame(form, here, size)) tell(start, start + size, 0, nextWhole - 1);
    nextWhole = load<i32>(whole);
  }
  nextWhole = -1;
  return true;
}

/**
 * Looks up, from number `from` on, what {@link probe} noted of the `count` symbols of a view, and tells what was met at
 * {@link MET}: how many numbers there were room for, where all are that much and otherwise fewer than `found`. How many were
 * met is told at {@link COUNTS}.
 */
export function meet(isDense: bool, count: i32, from: i32, found: i32, sets: usize): i32 {
  take(isDense, count, sets);
  met = MET;
  if (from === 0) {
    done = runEnd = straightFrom = 0;
    nextWhole = -1;
  }
  let i = from;
  for (; i < found && met < MET + (MET_ROOM << 4); i++) {
    const place = load<u32>(FOUND + (<usize>i << 2));
    const at = <i32>(place & 0xffff);
    if ((place & WHOLE_BIT) !== 0 && at + GRAM <= length && !meetWholes(at, sets)) break;
    const foundAt = load<i32>(FOUND_AT + (<usize>i << 2));
    if ((place & WIDE_BIT) === 0) {
      if (!isKnown(at, GRAM, GRAM_HERE)) tryRun(at, sure(at, foundAt));
    } else if (!isKnown(at, WIDE_GRAM, WIDE_HERE) && isWideGram(at, foundAt)) tryRun(at, foundAt);
  }
  store<i32>(COUNTS, <i32>((met - MET) >> 4), 20);
  return i;
}
