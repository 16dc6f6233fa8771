// Numbers in columns, and columns of numbers: a part of kernel.as, whose names it uses, as those of columns.as.

// @ts-ignore: decorator
@inline
function digitsBefore(at: usize): usize {
  while (at > TEXT && isDigit(load<u8>(at - 1))) at--;
  return at;
}

// @ts-ignore: decorator
@inline
function digitsBehind(at: usize): usize {
  while (at < textEnd && isDigit(load<u8>(at))) at++;
  return at;
}

/** The views in which a column with the digits beside each piece shows no more than the text as it stands. */
function quietWithDigits(count: i32): i32 {
  let quiet = load<i32>(QUIET);
  for (let i = 1; i < count && quiet !== 0; i++) quiet = quietBetween(quiet, digitsBehind(stretchTo(i - 1)), digitsBefore(stretchFrom(i)));
  return quiet;
}

/** Whether there may be a digit beside a piece of a column; all have the same tokens beside them, but for the last one. */
function mayTouchDigits(count: i32): bool {
  // An offset may end in a digit or in a letter.
  return (flagsOf(load<u16>(groupAt)) & OFFSET) !== 0 || touchesDigit(0) || touchesDigit(count - 1);
}

// @ts-ignore: decorator
@inline
function touchesDigit(i: i32): bool {
  const from = stretchFrom(i), to = stretchTo(i);
  return isDigit(load<u8>(from - 1)) || isDigit(load<u8>(to));
}

/** Gathers a column with the digits beside each piece, which are taken for a number that the lines share; false when it is full. */
function reportWithDigits(count: i32): bool {
  if (!mayTouchDigits(count)) return true;
  let taken: usize = 0, length: usize = 0;
  let size = 0;
  for (let i = 0; i < count; i++) {
    const from = stretchFrom(i), to = stretchTo(i);
    const first = digitsBefore(from), last = digitsBehind(to), wide = last - first;
    taken += wide - (to - from);
    // All pieces are of one length but the last, which numbers seldom are.
    if (i > 0 && wide !== length && (i + 1 < count || wide > length)) return true;
    length = wide;
    size += <i32>wide;
  }
  if (taken === 0 || size < FEWEST_CHARACTERS) return true;
  const quiet = quietWithDigits(count);
  if (quiet === IN_BOTH) return true;
  if (!fits(size)) return false;
  let at = beginText(quiet);
  for (let i = 0; i < count; i++) {
    at = addStretch(at, <i32>(digitsBefore(stretchFrom(i)) - TEXT), <i32>(digitsBehind(stretchTo(i)) - TEXT));
  }
  store<u32>(GATHERED, <u32>at);
  return true;
}

/** The number that up to eight digits make, 0 for none: pairs of them, then of those, and then of these. */
// @ts-ignore: decorator
@inline
function eightDigits(at: usize, count: usize): u64 {
  if (count === 0) return 0;
  let number = (load<u64>(at) << ((8 - <u64>count) << 3)) & 0x0f0f0f0f0f0f0f0f;
  number = ((number * (1 + (10 << 8))) >> 8) & 0x00ff00ff00ff00ff;
  number = ((number * (1 + (100 << 16))) >> 16) & 0x0000ffff0000ffff;
  return (number * (1 + (<u64>10000 << 32))) >> 32;
}

/** Where the number begins and ends that {@link findNumber} found; both is where the stretch ends when it has none. */
let numberFrom: usize = 0, numberTo: usize = 0;

/** Finds the first number of a stretch. */
// @ts-ignore: decorator
@inline
function findNumber(from: usize, to: usize): void {
  const digits = digitsOf(v128.load(from)), before = ctz(digits | 0x10000), behind = ctz(~digits & (-1 << before));
  if (behind < 16) {
    numberFrom = min(from + <usize>before, to);
    numberTo = min(from + <usize>behind, to);
    return;
  }
  findFurther(from, to);
}

/** The same where it is not within sixteen bytes. */
function findFurther(from: usize, to: usize): void {
  for (; from < to; from += 16) {
    const digits = digitsOf(v128.load(from));
    if (digits === 0) continue;
    from += <usize>ctz(digits);
    break;
  }
  numberFrom = min(from, to);
  numberTo = skip(numberFrom, to, 0x30);
}

/** The number with the digits `[at, to)`, 0 when there are none. */
// @ts-ignore: decorator
@inline
function numberAt(at: usize, to: usize): f64 {
  return to - at <= 8 ? <f64><i32>eightDigits(at, to - at) : longNumber(at, to);
}

function longNumber(at: usize, to: usize): f64 {
  let exact: u64 = 0;
  const limit = min(to, at + EXACT);
  for (; at < limit; at++) exact = exact * 10 + <u64>(load<u8>(at) - 0x30);
  let number = <f64>exact;
  for (; at < to; at++) number = number * 10 + <f64>(<i32>load<u8>(at) - 0x30);
  return number;
}

/** Whether the first number of each line of a group is one more than the one before, as far as {@link areInOrder} has seen. */
let areCounted: bool = false;

/** Whether the numbers before the stretches of a column, or behind them, are in order, or in none since one comes again. */
function areInOrder(count: i32, areTails: bool): bool {
  let isSorted = true, counts = !areTails;
  areCounted = false;
  let first: f64 = 0, second: f64 = 0, before: f64 = 0;
  let seen = 0;
  for (let i = 0; i < count; i++) {
    // What is empty may stand anywhere.
    if (stretchTo(i) === stretchFrom(i)) continue;
    const from = areTails ? stretchTo(i) : fromOf(start + i), to = areTails ? toOf(start + i) : stretchFrom(i);
    findNumber(from, to);
    const number = numberAt(numberFrom, numberTo);
    if (seen === 0) first = number;
    else if (number === before || number === first || (seen > 1 && number === second)) return true;
    else if (number < before) isSorted = false;
    if (seen === 1) second = number;
    counts = counts && numberFrom < numberTo && numberTo < to && seen === i && (i === 0 || number === before + 1);
    before = number;
    seen++;
  }
  areCounted = counts && seen === count;
  return isSorted;
}

/**
 * The number that all lines have in the same place: 1 when it is a column, 0 when it only counts the lines or is read as bits,
 * -1 when there is none, nor any behind it.
 */
function numberColumn(nth: i32): i32 {
  const count = end - start;
  if (nth === 0 && areLinesOfBits()) return -1;
  // Neither the first number nor the last one need be whole; of a long list it does not matter what the first one is.
  const first = <i32>(start === 0 && (isCut || count >= LONG_LIST)), last = toOf(end - 1) === textEnd ? count - 1 : count;
  let counts = true, areBits = true;
  let before = NaN;
  for (let i = 0; i < count; i++) {
    const from = fromOf(start + i), to = toOf(start + i);
    if (i > 0 && (flagsOf(start + i) & REPEATED) !== 0) {
      // Where it was in the line before.
      const above = fromOf(start + i - 1);
      numberFrom += from - above;
      numberTo += from - above;
    } else findNumber(nth === 0 ? from : stretchTo(i), to);
    const at = numberFrom, stop = numberTo;
    if (at === to) return -1;
    setStretch(i, at, stop);
    // So long a number shows what it holds of a value where it stands.
    if (i === 1 && stretchTo(0) - stretchFrom(0) > LONGEST_NUMBER && stop - at > LONGEST_NUMBER) return -1;
    if (areBits) {
      const isWhole = stop === to && stop - from >= FEWEST_BITS;
      if ((!isWhole && i > 0 && i + 1 < count) || hasMore(at, stop)) areBits = false;
    }
    if (counts) {
      const number = numberAt(at, stop);
      if (number !== before + 1 && number !== before && i > first && i < last) counts = false;
      before = number;
    }
    if (!counts && !areBits) {
      // Nothing can make it less of a column but a line without a number.
      for (i++; i < count; i++) {
        const to = toOf(start + i), stretch = <usize>(i << 1);
        if (nth === 0 && i + <i32>BATCH <= count && findSixteen(lineTable + <usize>((start + i) << 1), lineRoom, STRETCH_FROM + stretch, STRETCH_TO + stretch)) {
          i += <i32>BATCH - 1;
          continue;
        }
        findNumber(nth === 0 ? fromOf(start + i) : stretchTo(i), to);
        if (numberFrom === to) return -1;
        setStretch(i, numberFrom, numberTo);
      }
    }
  }
  return <i32>(!counts && !areBits);
}

/** Whether no number is a column of a group, since the first one of each line counts the lines and the first line has no other. */
function areOnlyCounted(): bool {
  if (!areCounted) return false;
  const to = toOf(start);
  findNumber(fromOf(start), to);
  findNumber(numberTo, to);
  return numberFrom === to;
}

/** Whether all lines of a group are a few noughts and ones and nothing else, which are read as bits. */
function areLinesOfBits(): bool {
  const pairs = v128.load(PAIRS), nought = v128.load(ZEROES);
  for (let line = start; line < end; line++) {
    const from = fromOf(line), length = toOf(line) - from;
    if (length < FEWEST_BITS || length > 16) return false;
    const bits = i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(from), pairs), nought));
    if ((~bits & ((1 << <i32>length) - 1)) !== 0) return false;
  }
  return true;
}

/** Whether there is a digit other than nought and one. */
function hasMore(at: usize, to: usize): bool {
  for (; at < to; at++) if (load<u8>(at) > 0x31) return true;
  return false;
}
