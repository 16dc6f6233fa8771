// Which of the places at which a gram may begin lead to something: a part of kernel.as, whose names and those of probes.as and runs.as
// it uses.
//
// Most texts have few such places, all of which are sifted before one is looked up. Where a text is full of values they follow each
// other for as long as one form goes on, and are not asked about one by one.

/** Places that are looked at before it is said of a text that it is full of values, and after which it is asked again. */
const SOME_PLACES: i32 = 1024;

/** Where in the sets of the index that is taken the grams are told with which wholes begin, and up to where {@link FOUND} is written. */
let wholeShift: u32 = 0, wholes: usize = 0, headShift: u32 = 0, heads: usize = 0, foundEnd: usize = FOUND;

/** Notes the gram at `at`, of which `narrow` is the place in the list, unless it leads to nothing; `told` is what the table has for it. */
// @ts-ignore: decorator
@inline
function putFound(at: u32, narrow: usize, told: u64): void {
  const here = symbols + <usize>at, place = <u32>told;
  const hash = gramHash(load<u32>(here), load<u32>(here, 4));
  let isWhole = sieveBit(wholes, wholeShift, hash) & 1;
  // Many begin with the same few characters.
  if (isWhole !== 0) isWhole = (sieveBit(heads, headShift, wideHash(here)) | sieveBit(heads, headShift, ~hash)) & 1;
  // What has been said of a gram holds for those that follow it in its form for as long as the text agrees.
  const isSaid = place - at === agreesAt && at + GRAM <= agreesTo;
  const isRun = place === 0 || isSaid ? 0 : mayCountFrom(at, narrow, place, <u32>(told >>> 32) & LEAST_BITS);
  store<u32>(foundEnd, at | (WHOLE_BIT & -isWhole));
  // What only may begin a whole form need not be followed.
  store<u32>(foundEnd + FOUND_AT - FOUND, place & -isRun);
  foundEnd += <usize>(isRun | isWhole) << 2;
}

/** Looks grams up and notes those that may lead to something. */
function putSome(from: usize, to: usize): void {
  // One look at the table does not wait for what comes of the one before.
  let entry = ENTRIES;
  for (let narrow = from; narrow < to; narrow += 2, entry += 8) {
    const here = symbols + <usize>load<u16>(narrow);
    store<u64>(entry, gramEntry(slotHash(load<u32>(here), load<u32>(here, 4))));
  }
  entry = ENTRIES;
  for (let narrow = from; narrow < to; narrow += 2, entry += 8) putFound(<u32>load<u16>(narrow), narrow, load<u64>(entry));
}

/**
 * How many of the eight grams from `place` on of the list follow each other from `at` on, and the form that the text agrees with has each
 * of them, with no whole.
 */
// @ts-ignore: decorator
@inline
function saidFrom(place: usize, at: u32): u32 {
  const inRow = v128.add<u16>(v128.splat<u16>(<u16>at), v128.load(EIGHTS));
  const told = v128.and(v128.load(facts + (<usize>(agreesAt + at - 1) << 1)), v128.splat<u16>(<u16>(GRAM_HERE | WHOLE_HERE)));
  const areSaid = v128.and(v128.eq<u16>(v128.load(place), inRow), v128.eq<u16>(told, v128.splat<u16>(<u16>GRAM_HERE)));
  return ctz(~i16x8.bitmask(areSaid));
}

/**
 * Looks up and notes grams of which most follow one that stands before them in the same form, so that little has to be asked: of how many
 * nothing. Places that are not sifted may be those of no gram.
 */
function putRows(from: usize, to: usize, areUnsifted: bool): i32 {
  let told: u64 = 0, before: u32 = 0;
  let said = 0;
  for (let place = from; place < to; place += 2) {
    const at = <u32>load<u16>(place), here = symbols + <usize>at;
    if (at + GRAM <= agreesTo) {
      if ((factsOf(agreesAt + at - 1) & (GRAM_HERE | WHOLE_HERE)) === GRAM_HERE) {
        const count = at + 7 + GRAM <= agreesTo && place + 16 <= to ? saidFrom(place, at) : 1;
        said += count;
        place += <usize>(count - 1) << 1;
        continue;
      }
    }
    const first = load<u32>(here), second = load<u32>(here, 4);
    if (areUnsifted && (sieveBit(grams, gramShift, gramHash(first, second)) & 1) === 0) continue;
    const next = <u32>told + at - before;
    const follows = <u32>told !== 0 && at - before <= FURTHER && isGramAt(next, here);
    told = follows ? told & 0xffffffff00000000 | <u64>next : gramEntry(slotHash(first, second));
    before = at;
    putFound(at, place, told);
    // As far as was looked.
    if (agreesTo === at + 2 * GRAM && agreesTo < <u32>length) {
      agreesTo += sharedFrom(agreesAt + agreesTo - 1, agreesTo, min(FURTHER, length - agreesTo));
    }
  }
  return said;
}

/** Whether the text is full of values, going by the places of grams from `from` on. */
// @ts-ignore: decorator
@inline
function areRows(from: usize, to: usize, share: usize): bool {
  return <usize>(load<u16>(to - 2) - load<u16>(from)) * 2 < (to - from) * share;
}

/**
 * Looks up and notes the grams of a text that is full of values, among the candidates from `from` on that are not sifted: up to where
 * that is done, which is before `end` when it goes on in another way.
 */
function putUnsifted(from: usize, end: usize): usize {
  for (let to = from; to < end; from = to) {
    to = min(end, from + (<usize>SOME_PLACES << 1));
    if (putRows(from, to, true) < SOME_PLACES / 2) return to;
  }
  return end;
}

/**
 * Notes in {@link FOUND} and {@link FOUND_AT} where grams may begin among the symbols of a view, as the hashes have it; how
 * many. That is done before anything else is done about them, so that no look at the tables waits for that. `sets` is where
 * the index is told, see index_copies.ts.
 */
export function probe(isDense: bool, count: i32, sets: usize): i32 {
  take(isDense, count, sets);
  const end = probeFives(symbols, length, sets), some = CANDIDATES + (<usize>SOME_PLACES << 1);
  wholeShift = load<u32>(sets, 24);
  wholes = <usize>load<u32>(sets, 28);
  headShift = load<u32>(sets, 96);
  heads = <usize>load<u32>(sets, 100);
  foundEnd = FOUND;
  agreesTo = 0;
  let from = CANDIDATES;
  if (end > some) {
    const narrow = siftCandidates(symbols, CANDIDATES, some, gramShift, grams);
    if (narrow - NARROW_GRAMS >= <usize>SOME_PLACES && areRows(NARROW_GRAMS, narrow, 2)) from = putUnsifted(CANDIDATES, end);
  }
  narrowEnd = siftCandidates(symbols, from, end, gramShift, grams);
  for (let from = NARROW_GRAMS; from < narrowEnd; from += SOME_GRAMS << 1) {
    const to = min(narrowEnd, from + (SOME_GRAMS << 1));
    // Where grams begin at most symbols the text is full of values.
    if (areRows(from, to, 4)) putRows(from, to, false);
    else putSome(from, to);
  }
  const others = <i32>((foundEnd - FOUND) >> 2), wides = siftWides(sets);
  if (wides > 0) mergeWides(wides, others);
  return others + wides;
}

