// What looks at a few bytes of every so many: for characters that stand alone, see records.ts, and for symbols that recur at the same
// distance, see strides.ts. A part of kernel.as, whose names it uses.

/**
 * Bytes from one look into a long line to the next, and of each look; looks that have to show a single character, and those in a row
 * without one that end a stretch. As in records.ts.
 */
const LOOK_STEP: i32 = 48, LOOK: i32 = 16, FEWEST_LOOKS: i32 = 3, MOST_MISSES: i32 = 3;
/** A place behind any text. */
const NO_PLACE: i32 = 0x10000;

/**
 * Looks from `at` on, every so many bytes, for a stretch of a line up to `to` that is full of single characters: the look that ends it,
 * with the first and the last one that show such a character at {@link ASKED}; a place behind any text when there is none.
 */
export function nextInline(at: i32, to: i32): i32 {
  let looks = 0, first = 0, last = 0;
  for (; at < to + LOOK_STEP * MOST_MISSES; at += LOOK_STEP) {
    if (at + LOOK <= to && singlesAt(at) !== 0) {
      if (looks++ === 0) first = at;
      last = at;
      continue;
    }
    // Marks of a value are no single characters; among numbers there is nothing to wait for.
    if (looks === 0 || (at - last < LOOK_STEP * MOST_MISSES && mayHaveMarks(last))) continue;
    if (looks >= FEWEST_LOOKS) return askLines(at, first, last, 0);
    looks = 0;
  }
  return NO_PLACE;
}

/** Letters and digits with no other beside them in the look at `at`; neither the first byte nor the last one tells what is beside it. */
// @ts-ignore: decorator
@inline
function singlesAt(at: i32): i32 {
  const kept = kinds(v128.load(TEXT + <usize>at), v128.load(KEPT_LOW), v128.load(KEPT_HIGH));
  const bits = i8x16.bitmask(v128.ge<u8>(kept, v128.load(BLANKS)));
  return bits & ~(bits << 1) & ~(bits >> 1) & 0x7ffe;
}

/** Whether what is looked at `at` has a quote, or a letter with no other letter or digit beside it. */
// @ts-ignore: decorator
@inline
function mayHaveMarks(at: i32): bool {
  const v = v128.load(TEXT + <usize>at);
  const quotes = v128.or(v128.eq<u8>(v, sixteenTimes(0x22)), v128.eq<u8>(v, sixteenTimes(0x27)));
  return ((i8x16.bitmask(quotes) & 0x7ffe) | (i8x16.bitmask(v128.gt<u8>(v, sixteenTimes(0x39))) & singlesAt(at))) !== 0;
}

/** How to look for periods, as in strides.ts: words to what recurs, words to the next look, and bits for the periods. */
const LAGS: u32 = 0x050302, STEPS: u32 = 0x100a06;
/** Periods of a stretch, one less for either end, from one symbol that recurs to the last one. */
const FEWEST_RECURRING: i32 = 9;

/**
 * The first word from `word` on, of those that are looked at, from which a letter or digit may recur at one of the periods of a look as
 * often as a stretch has to have it, among the first `length` symbols of the plain view; -1 when there is none.
 */
export function nextStride(word: i32, look: i32, length: i32): i32 {
  const lag = (LAGS >> (look << 3)) & 0xff, step = (STEPS >> (look << 3)) & 0xff;
  const last = (length >> 2) - 2 * lag;
  for (; word < last; word += step) {
    const at = PLAIN + <usize>(word << 2);
    const second = load<u32>(at + <usize>(lag << 2));
    const one = load<u32>(at) ^ second, two = load<u32>(at + <usize>(lag << 3)) ^ second;
    // The highest bit of each byte that is zero; one above a zero may be mistaken for one.
    if (((one - 0x01010101) & ~one & (two - 0x01010101) & ~two & 0x80808080) !== 0 && recursFrom(at, look, length)) return word;
  }
  return -1;
}

/** Whether one of the four symbols at `at` recurs at a period of the look, and is not one of nothing but digits. */
function recursFrom(at: usize, look: i32, length: i32): bool {
  const first = load<u32>(at), second = load<u32>(at, 4), third = load<u32>(at, 8);
  const seen = first | (first + 0x46464646) | second | (second + 0x46464646) | third | (third + 0x46464646);
  if ((seen & 0x80808080) === 0) return false;
  // 2, 4 and 8; 3 and 6; 5 and 10.
  for (let period = look === 2 ? 5 : 2 + look; period <= (look === 2 ? 10 : 8); period <<= 1) {
    const v = v128.load(at), step = <usize>period;
    const once = v128.eq<u8>(v, v128.load(at + step)), twice = v128.eq<u8>(v, v128.load(at + 2 * step));
    const bits = i8x16.bitmask(v128.and(v128.and(once, twice), v128.eq<u8>(v, v128.load(at + 3 * step)))) & 15;
    for (let left = bits; left !== 0; left &= left - 1) {
      if (recursAt(at + <usize>ctz(left), step, PLAIN + <usize>length)) return true;
    }
  }
  return false;
}

/** Whether the letter or digit at `at` recurs as often as it has to, before and behind. */
function recursAt(at: usize, period: usize, end: usize): bool {
  const symbol = load<u8>(at);
  if (load<u8>(SYMBOLS + <usize>symbol) === 0) return false;
  let count = 0;
  for (let before = at - period; before >= PLAIN && count < FEWEST_RECURRING && load<u8>(before) === symbol; before -= period) count++;
  for (let next = at + period; next < end && count < FEWEST_RECURRING && load<u8>(next) === symbol; next += period) count++;
  return count === FEWEST_RECURRING;
}
