// What short lines are by themselves, sixteen of them at a time, since a text may consist of nothing else: a part of kernel.as,
// whose names it uses. The first bytes of all sixteen are looked at together, then the second ones, and so on; what comes out is
// what describe.as says of a line alone.

/** Four bytes of four lines, of which `at` tells where they begin, from `place` in each. */
// @ts-ignore: decorator
@inline
function fourOf(at: usize, place: usize): v128 {
  const text = TEXT + place;
  let bytes = v128.load32_zero(text + <usize>load<u16>(at));
  bytes = v128.load_lane<u32>(text + <usize>load<u16>(at, 2), bytes, 1);
  bytes = v128.load_lane<u32>(text + <usize>load<u16>(at, 4), bytes, 2);
  return v128.load_lane<u32>(text + <usize>load<u16>(at, 6), bytes, 3);
}

/** Writes the four bytes of sixteen lines from `place` on at {@link PLACED}. */
// @ts-ignore: decorator
@inline
function takePlaces(at: usize, place: usize): void {
  const quarters = v128.load(QUARTERS);
  const a = i8x16.relaxed_swizzle(fourOf(at, place), quarters), b = i8x16.relaxed_swizzle(fourOf(at + 8, place), quarters);
  const c = i8x16.relaxed_swizzle(fourOf(at + 16, place), quarters), d = i8x16.relaxed_swizzle(fourOf(at + 24, place), quarters);
  const abLow = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cdLow = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const abHigh = v128.shuffle<i32>(a, b, 2, 6, 3, 7), cdHigh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  const to = PLACED + (place << 4);
  v128.store(to, v128.shuffle<i64>(abLow, cdLow, 0, 2));
  v128.store(to, v128.shuffle<i64>(abLow, cdLow, 1, 3), 16);
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 0, 2), 32);
  v128.store(to, v128.shuffle<i64>(abHigh, cdHigh, 1, 3), 48);
}

/** How long sixteen lines are that are told at `at`, when all are short and {@link PLACED} has their bytes; otherwise -1 each. */
// @ts-ignore: decorator
@inline
function takeLines(at: usize, room: usize): v128 {
  const low = v128.sub<u16>(v128.load(at + TO * room), v128.load(at));
  const high = v128.sub<u16>(v128.load(at + TO * room, 16), v128.load(at, 16));
  if (v128.any_true(v128.gt<u16>(v128.max<u16>(low, high), i16x8.splat(SHORT)))) return i64x2.splat(-1);
  const lengths = i8x16.narrow_i16x8_u(low, high);
  takePlaces(at, 0);
  if (v128.any_true(v128.gt<i8>(lengths, v128.load(FOURS)))) takePlaces(at, 4);
  return lengths;
}

// @ts-ignore: decorator
@inline
function areTaken(lengths: v128): bool {
  return i8x16.extract_lane_s(lengths, 0) >= 0;
}

/** Writes at `to` what is so many bytes behind where sixteen lines begin, which `from` tells. */
// @ts-ignore: decorator
@inline
function putBehind(to: usize, from: usize, bytes: v128): void {
  v128.store(to, v128.add<u16>(v128.load(from), v128.extend_low<u8>(bytes)));
  v128.store(to, v128.add<u16>(v128.load(from, 16), v128.extend_high<u8>(bytes)), 16);
}

/** The bytes of sixteen lines in turns with those of `next`: of the first eight, and of the others. */
// @ts-ignore: decorator
@inline
function inTurnsLow(bytes: v128, next: v128): v128 {
  return v128.shuffle<u8>(bytes, next, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function inTurnsHigh(bytes: v128, next: v128): v128 {
  return v128.shuffle<u8>(bytes, next, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** For each of sixteen lines what the one before it has; nothing for the first. */
// @ts-ignore: decorator
@inline
function above(bytes: v128): v128 {
  return v128.shuffle<u8>(i64x2.splat(0), bytes, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
}

/** The bytes at one of the first four places of lines that have so many, 0 for those that are shorter. */
// @ts-ignore: decorator
@inline
function bytesAt(place: i8, lengths: v128): v128 {
  return v128.and(v128.load(PLACED + (<usize>place << 4)), v128.gt<i8>(lengths, i8x16.splat(place)));
}

/** Writes the first four bytes of sixteen lines at `to`, of shorter ones all and their length. */
// @ts-ignore: decorator
@inline
function putHeads(to: usize, lengths: v128): void {
  const one = bytesAt(0, lengths), two = bytesAt(1, lengths), three = bytesAt(2, lengths);
  const four = v128.or(bytesAt(3, lengths), v128.andnot(lengths, v128.gt<i8>(lengths, i8x16.splat(3))));
  const lowPairs = inTurnsLow(one, two), highPairs = inTurnsHigh(one, two);
  const lowOthers = inTurnsLow(three, four), highOthers = inTurnsHigh(three, four);
  v128.store(to, v128.shuffle<u16>(lowPairs, lowOthers, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(to, v128.shuffle<u16>(lowPairs, lowOthers, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  v128.store(to, v128.shuffle<u16>(highPairs, highOthers, 0, 8, 1, 9, 2, 10, 3, 11), 32);
  v128.store(to, v128.shuffle<u16>(highPairs, highOthers, 4, 12, 5, 13, 6, 14, 7, 15), 48);
}

/** Which of sixteen lines begin with an offset; see {@link hasRow}. */
function offsetsOf(lengths: v128, nth: usize): v128 {
  const none = i64x2.splat(0), low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH);
  let others = none, isOffset = none, place = none;
  for (let at = PLACED; at < PLACED + (<usize>SHORT << 4); at += 16) {
    const isNone = v128.eq<u8>(kinds(v128.load(at), low, high), none);
    others = v128.or(others, v128.and(isNone, v128.gt<i8>(lengths, place)));
    place = v128.add<i8>(place, v128.load(ONES));
    if (at === PLACED + ((OFFSET_DIGITS - 1) << 4)) isOffset = v128.andnot(v128.gt<i8>(lengths, i8x16.splat(<i8>OFFSET_DIGITS - 1)), others);
  }
  const mayFollowRow = !isBare && <i32>load<u16>(LENGTHS + ((nth - 1) << 1)) >= SHORTEST_PROMPTED;
  if (v128.any_true(v128.and(isOffset, others)) || (mayFollowRow && i8x16.extract_lane_u(isOffset, 0) !== 0)) hasRow = OFFSET;
  return isOffset;
}

/** Two bytes of each of eight lines, of which `at` tells where they begin. */
// @ts-ignore: decorator
@inline
function pairsOf(at: usize): v128 {
  let pairs = v128.load_splat<u16>(TEXT + <usize>load<u16>(at));
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 2), pairs, 1);
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 4), pairs, 2);
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 6), pairs, 3);
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 8), pairs, 4);
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 10), pairs, 5);
  pairs = v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 12), pairs, 6);
  return v128.load_lane<u16>(TEXT + <usize>load<u16>(at, 14), pairs, 7);
}

/** The same as {@link describeSixteen} of lines of up to two bytes. */
function describePairs(table: usize, room: usize, line: usize, nth: usize, lengths: v128): void {
  const at = table + (line << 1);
  const none = i64x2.splat(0), low = i16x8.splat(0xff), isTwo = v128.gt<i8>(lengths, v128.load(ONES));
  let a = pairsOf(at), b = pairsOf(at + 16);
  const one = v128.and(i8x16.narrow_i16x8_u(v128.and(a, low), v128.and(b, low)), v128.gt<i8>(lengths, none));
  const two = v128.and(i8x16.narrow_i16x8_u(v128.shr<u16>(a, 8), v128.shr<u16>(b, 8)), isTwo);
  a = inTurnsLow(one, two);
  b = inTurnsHigh(one, two);
  const ends = inTurnsLow(none, lengths), otherEnds = inTurnsHigh(none, lengths);
  v128.store(HEADS + (nth << 2), v128.shuffle<u16>(a, ends, 0, 8, 1, 9, 2, 10, 3, 11));
  v128.store(HEADS + (nth << 2), v128.shuffle<u16>(a, ends, 4, 12, 5, 13, 6, 14, 7, 15), 16);
  v128.store(HEADS + (nth << 2), v128.shuffle<u16>(b, otherEnds, 0, 8, 1, 9, 2, 10, 3, 11), 32);
  v128.store(HEADS + (nth << 2), v128.shuffle<u16>(b, otherEnds, 4, 12, 5, 13, 6, 14, 7, 15), 48);
  const digits = areDigits(one), blanks = areBlanks(one), otherDigits = areDigits(two);
  const token = tokensOf(one, digits, blanks), otherToken = tokensOf(two, otherDigits, areBlanks(two));
  const areTwo = v128.andnot(isTwo, v128.and(v128.eq<u8>(token, otherToken), v128.or(digits, blanks)));
  const last = v128.and(otherToken, areTwo), before = v128.and(token, areTwo);
  v128.store(TAILS + (nth << 1), inTurnsLow(last, before));
  v128.store(TAILS + (nth << 1), inTurnsHigh(last, before), 16);
  const first = v128.bitselect(one, token, blanks);
  v128.store(FIRSTS + nth, first);
  v128.store(INDENTS + nth, v128.bitselect(last, first, blanks));
  const symbol = symbolsOf(one), otherSymbol = symbolsOf(two);
  const isOne = v128.or(v128.eq<u8>(symbol, none), v128.eq<u8>(otherSymbol, none));
  let single = v128.and(v128.or(symbol, otherSymbol), isOne);
  if (v128.any_true(v128.or(digits, otherDigits))) {
    const zero = v128.load(ZEROES), shape = v128.bitselect(zero, one, digits), otherShape = v128.bitselect(zero, two, otherDigits);
    const isShape = v128.and(v128.eq<u8>(shape, above(shape)), v128.eq<u8>(otherShape, above(otherShape)));
    const differs = v128.or(v128.ne<u8>(one, above(one)), v128.ne<u8>(two, above(two)));
    const isAlike = v128.and(v128.and(isShape, differs), v128.eq<u8>(lengths, above(lengths)));
    single = v128.or(single, v128.and(isAlike, i8x16.splat(<i8>ALIKE)));
  }
  v128.store(table + SINGLE * room + line, single);
  v128.store(table + FLAG * room + line, none);
  isBare = false;
  shapeLength = 0;
}

/** Fills in what sixteen lines from `line` on are, of up to {@link SHORT} bytes each. */
function describeSixteen(table: usize, room: usize, line: usize, nth: usize, lengths: v128): void {
  const at = table + (line << 1);
  const none = i64x2.splat(0), one = v128.load(ONES);
  takePlaces(at, 0);
  if (v128.any_true(v128.gt<i8>(lengths, v128.load(FOURS)))) takePlaces(at, 4);
  // Tokens: the last two, the second one, and how many there are.
  let last = none, before = none, second = none, count = none, first = none, startsBlank = none;
  // The last four symbols, and the first two.
  let symbol = none, symbol2 = none, symbol3 = none, symbol4 = none, firstSymbol = none, nextSymbol = none;
  let isRow = none, blankBefore = none, tabBefore = none, hadBlank = none;
  let isAlike = v128.eq<u8>(lengths, above(lengths)), differs = none;
  let place = none;
  for (let nth: usize = 0; nth < <usize>SHORT; nth++) {
    const isIn = v128.gt<i8>(lengths, place);
    if (!v128.any_true(isIn)) break;
    const bytes = v128.and(v128.load(PLACED + (nth << 4)), isIn);
    const digits = areDigits(bytes), tabs = v128.eq<u8>(bytes, v128.load(TABS));
    const blanks = v128.or(v128.eq<u8>(bytes, v128.load(BLANKS)), tabs);
    const tokens = tokensOf(bytes, digits, blanks);
    const begins = v128.andnot(isIn, v128.and(v128.eq<u8>(tokens, last), v128.or(digits, blanks)));
    second = v128.bitselect(tokens, second, v128.and(begins, v128.eq<u8>(count, one)));
    before = v128.bitselect(last, before, begins);
    last = v128.bitselect(tokens, last, begins);
    count = v128.sub<u8>(count, begins);
    const here = symbolsOf(bytes);
    symbol4 = v128.bitselect(symbol3, symbol4, isIn);
    symbol3 = v128.bitselect(symbol2, symbol3, isIn);
    symbol2 = v128.bitselect(symbol, symbol2, isIn);
    symbol = v128.bitselect(here, symbol, isIn);
    isRow = v128.or(isRow, v128.and(v128.and(isIn, blankBefore), v128.or(blanks, tabBefore)));
    blankBefore = v128.andnot(blanks, hadBlank);
    tabBefore = tabs;
    hadBlank = v128.or(hadBlank, blanks);
    const shape = v128.bitselect(v128.load(ZEROES), bytes, digits);
    isAlike = v128.and(isAlike, v128.eq<u8>(shape, above(shape)));
    const isEarly = v128.gt<i8>(lengths, v128.add<i8>(place, v128.load(FOURS)));
    differs = v128.or(differs, v128.andnot(v128.ne<u8>(bytes, above(bytes)), isEarly));
    if (nth === 0) {
      startsBlank = blanks;
      first = v128.bitselect(bytes, tokens, blanks);
      firstSymbol = here;
    } else if (nth === 1) nextSymbol = here;
    place = v128.add<i8>(place, one);
  }
  putHeads(HEADS + (nth << 2), lengths);
  const areTwo = v128.gt<i8>(count, one);
  last = v128.and(last, areTwo);
  before = v128.and(before, areTwo);
  v128.store(TAILS + (nth << 1), inTurnsLow(last, before));
  v128.store(TAILS + (nth << 1), inTurnsHigh(last, before), 16);
  v128.store(FIRSTS + nth, first);
  v128.store(INDENTS + nth, v128.bitselect(second, first, startsBlank));
  const isMark = v128.eq<u8>(symbol, none), areMarks = v128.and(isMark, v128.eq<u8>(symbol2, none));
  const lastSymbol = v128.bitselect(v128.bitselect(symbol3, symbol2, areMarks), symbol, isMark);
  const beforeLast = v128.bitselect(v128.bitselect(symbol4, symbol3, areMarks), symbol2, isMark);
  const isLast = v128.andnot(v128.eq<u8>(beforeLast, none), v128.eq<u8>(lastSymbol, none));
  const single = v128.bitselect(lastSymbol, v128.and(firstSymbol, v128.eq<u8>(nextSymbol, none)), isLast);
  let offsets = none;
  if (v128.any_true(v128.gt<i8>(lengths, i8x16.splat(<i8>OFFSET_DIGITS - 1)))) offsets = offsetsOf(lengths, nth);
  // With an offset there is no room for more than the row of a dump.
  isRow = v128.andnot(v128.and(isRow, v128.gt<u8>(first, v128.load(BLANKS))), offsets);
  isAlike = v128.and(isAlike, differs);
  const marks = v128.or(v128.and(isRow, i8x16.splat(<i8>TABLE)), v128.and(isAlike, i8x16.splat(<i8>ALIKE)));
  v128.store(table + SINGLE * room + line, v128.or(single, marks));
  v128.store(table + FLAG * room + line, v128.and(offsets, i8x16.splat(<i8>OFFSET)));
  isBare = false;
  shapeLength = 0;
}

/**
 * The same as {@link shareHead} of sixteen lines from `line` on, when all of them are short and go on with a group that begins at
 * `first` and shares so many tokens: how many tokens these share at the least, 0 when they have to be looked at one by one.
 */
function shareSixteen(table: usize, room: usize, first: i32, line: i32, shared: i32): i32 {
  const at = table + <usize>(line << 1), head = table + <usize>(first << 1);
  const none = i64x2.splat(0);
  const flags = v128.and(v128.load(table + FLAG * room + <usize>line), i8x16.splat(<i8>(HEAD | REPEATED | OFFSET)));
  if (!i8x16.all_true(v128.eq<u8>(flags, i8x16.splat(<i8>HEAD))) || (load<u8>(table + FLAG * room + <usize>first) & OFFSET) !== 0) return 0;
  const lengths = takeLines(at, room), length = <i32>load<u16>(head + TO * room) - <i32>load<u16>(head);
  if (!areTaken(lengths)) return 0;
  let isSame = i64x2.splat(-1), same = none, shown = none, tokens = none, last = none, isRun = none, goesOn = none;
  const most = v128.splat<u8>(<u8>min(shared, 255));
  for (let nth = 0; nth <= <i32>SHORT; nth++) {
    const token = v128.load_splat<u8>(FIRST_TOKENS + <usize>nth);
    const isIn = v128.gt<i8>(lengths, i8x16.splat(<i8>nth));
    const bytes = v128.and(v128.load(PLACED + (<usize>nth << 4)), isIn);
    const digits = areDigits(bytes), blanks = areBlanks(bytes);
    const here = tokensOf(bytes, digits, blanks);
    const isAlso = nth < length ? v128.and(v128.and(isSame, isIn), v128.eq<u8>(here, token)) : none;
    // Numbers of other lengths, and other blanks.
    const ends = v128.and(v128.andnot(isSame, isAlso), isRun);
    goesOn = v128.or(goesOn, v128.and(ends, v128.or(v128.eq<u8>(here, last), v128.eq<u8>(token, last))));
    isSame = isAlso;
    if (!v128.any_true(isSame)) break;
    isRun = v128.or(digits, blanks);
    same = v128.sub<u8>(same, isSame);
    tokens = v128.sub<u8>(tokens, v128.andnot(isSame, v128.and(v128.eq<u8>(here, last), isRun)));
    // What is shared beyond what the group shares is of no use.
    shown = v128.sub<u8>(shown, v128.and(isSame, v128.le<u8>(tokens, most)));
    last = here;
  }
  let least = v128.min<u8>(tokens, v128.shuffle<i64>(tokens, tokens, 1, 0));
  least = v128.min<u8>(least, v128.shr<u64>(least, 32));
  least = v128.min<u8>(least, v128.shr<u64>(least, 16));
  least = v128.min<u8>(least, v128.shr<u64>(least, 8));
  const fewest: i32 = i8x16.extract_lane_u(least, 0);
  // What is blank and nothing else is not shared.
  const isBlankFirst = isBlank(load<u8>(TEXT + <usize>load<u16>(head)));
  if (v128.any_true(goesOn) || fewest <= <i32>isBlankFirst || 2 * fewest < shared) return 0;
  const isAll = v128.and(v128.eq<u8>(same, lengths), v128.eq<u8>(same, v128.splat<u8>(<u8>min(length, 255))));
  differ |= <i32>!i8x16.all_true(isAll);
  v128.store(table + SHARED * room + <usize>line, v128.min<u8>(tokens, most));
  putBehind(at + END * room, at, shown);
  return fewest;
}

/** Puts where sixteen lines told at `at` go on after so many tokens at `to`; false when they are not all short. */
function skipSixteen(at: usize, room: usize, shared: i32, to: usize): bool {
  const lengths = takeLines(at, room);
  if (!areTaken(lengths)) return false;
  const most = v128.splat<u8>(<u8>min(shared, 255));
  let tokens = i64x2.splat(0), last = tokens, shown = tokens;
  for (let nth = 0; nth < <i32>SHORT; nth++) {
    const isIn = v128.gt<i8>(lengths, i8x16.splat(<i8>nth));
    const bytes = v128.load(PLACED + (<usize>nth << 4)), digits = areDigits(bytes), blanks = areBlanks(bytes);
    const here = tokensOf(bytes, digits, blanks);
    tokens = v128.sub<u8>(tokens, v128.andnot(isIn, v128.and(v128.eq<u8>(here, last), v128.or(digits, blanks))));
    const isShown = v128.and(isIn, v128.le<u8>(tokens, most));
    if (!v128.any_true(isShown)) break;
    shown = v128.sub<u8>(shown, isShown);
    last = here;
  }
  putBehind(to, at, shown);
  return true;
}

/**
 * Puts the first number of each of sixteen lines told at `at` where stretches begin and end; false when one has none, or when they
 * are not all short.
 */
function findSixteen(at: usize, room: usize, from: usize, to: usize): bool {
  const lengths = takeLines(at, room);
  if (!areTaken(lengths)) return false;
  let before = i64x2.splat(0), behind = before, isBefore = i64x2.splat(-1), isWithin = isBefore;
  for (let nth = 0; nth < <i32>SHORT; nth++) {
    const isIn = v128.gt<i8>(lengths, i8x16.splat(<i8>nth));
    const digits = v128.and(isIn, areDigits(v128.load(PLACED + (<usize>nth << 4))));
    isBefore = v128.andnot(v128.and(isBefore, isIn), digits);
    isWithin = v128.and(isWithin, v128.or(isBefore, digits));
    if (!v128.any_true(isWithin)) break;
    before = v128.sub<u8>(before, isBefore);
    behind = v128.sub<u8>(behind, isWithin);
  }
  putBehind(from, at, before);
  putBehind(to, at, behind);
  return !v128.any_true(v128.eq<u8>(before, behind));
}
