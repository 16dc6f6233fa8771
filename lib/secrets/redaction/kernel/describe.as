// What there is to know of lines, each by itself and in comparison to the ones before: a part of kernel.as, whose names it
// uses. A text may consist of nothing but lines of one character, so eight lines at a time are compared, and twice as many short
// ones described, see describe_short.as.

/**
 * {@link OFFSET} when a line may be the row of a dump, or the end of one whose only row stands behind a prompt: there is something
 * behind its offset, or a longer line above it. Numbers are offsets as well.
 */
let hasRow: i32 = 0;
/** Whether the line that was described last is nothing but digits, no more than an offset has; there is no prompt in such a line. */
let isBare: bool = false;
/**
 * Of the line at {@link SHAPE} how many bytes there are, which one is its single character, -1 when there is none, what was told of it
 * but for that, and its last four bytes.
 */
let shapeLength: i32 = 0, shapeSingle: i32 = 0, shapeKnown: i32 = 0, shapeLast: u32 = 0;

/** Fills in flags and single characters of `count` lines. */
function describe(table: usize, room: usize, count: usize): void {
  const lineFlags = table + FLAG * room, lineSingles = table + SINGLE * room;
  const none = i64x2.splat(0), most = i16x8.splat(SHORT);
  shapeLength = hasRow = 0;
  isBare = false;
  v128.store(HEADS + ((BEFORE - 4) << 2), none);
  store<u16>(TAILS + ((BEFORE - 1) << 1), 0);
  store<u16>(LENGTHS + ((BEFORE - 1) << 1), 0);
  let seen = none;
  for (let first: usize = 0; first < count; first += PORTION) {
    const end = min(first + PORTION, count);
    for (let line = first; line < end;) {
      const at = table + (line << 1), nth = line - first + BEFORE;
      const lengths = lengthsAt(at, room, nth);
      if (line + BATCH <= end) {
        const others = lengthsAt(at + 16, room, nth + 8);
        if (!v128.any_true(v128.gt<u16>(v128.max<u16>(lengths, others), most))) {
          const sixteen = i8x16.narrow_i16x8_u(lengths, others);
          if (v128.any_true(v128.gt<i8>(sixteen, i8x16.splat(2)))) describeSixteen(table, room, line, nth, sixteen);
          else describePairs(table, room, line, nth, sixteen);
          line += BATCH;
          continue;
        }
      }
      for (const stop = min(line + 8, end); line < stop; line++) {
        const from = TEXT + <usize>load<u16>(table + (line << 1)), to = TEXT + <usize>load<u16>(table + TO * room + (line << 1));
        const here = line - first + BEFORE;
        const known = isShaped(from, to) ? describeAlike(from, here) : describeLine(from, to, here);
        store<u8>(lineFlags + line, <u8>known);
        store<u8>(lineSingles + line, <u8>(known >> 8));
      }
    }
    const last = end - first + BEFORE;
    v128.store(LENGTHS + (last << 1), none);
    store<u64>(lineFlags + end, 0);
    for (let line = first; line < end; line += 8) {
      const flags = compareEight(table, room, line, line - first + BEFORE);
      v128.store_lane<u64>(lineFlags + line, flags, 0);
      seen = v128.or(seen, flags);
    }
    // The first of the next ones are compared with the last of these.
    v128.store(HEADS + ((BEFORE - 4) << 2), v128.load(HEADS + ((last - 4) << 2)));
    store<u16>(TAILS + ((BEFORE - 1) << 1), load<u16>(TAILS + ((last - 1) << 1)));
    store<u16>(LENGTHS + ((BEFORE - 1) << 1), load<u16>(LENGTHS + ((last - 1) << 1)));
    store<u8>(FIRSTS + BEFORE - 1, load<u8>(FIRSTS + last - 1));
    store<u8>(INDENTS + BEFORE - 1, load<u8>(INDENTS + last - 1));
  }
  let bits = i64x2.extract_lane(seen, 0);
  bits |= bits >> 32;
  bits |= bits >> 16;
  store<u32>(COUNTS, (<u32>(bits | (bits >> 8)) & 0xff & ~OFFSET) | hasRow, 12);
}

/** Notes how long eight lines are that are told at `at`. */
// @ts-ignore: decorator
@inline
function lengthsAt(at: usize, room: usize, nth: usize): v128 {
  const lengths = v128.sub<u16>(v128.load(at + TO * room), v128.load(at));
  v128.store(LENGTHS + (nth << 1), lengths);
  return lengths;
}

/** 0x30 for digits, 0x20 for blanks, which make one token with their like, and other bytes as they are. */
// @ts-ignore: decorator
@inline
function tokensOf(v: v128, digits: v128, blanks: v128): v128 {
  return v128.bitselect(v128.load(ZEROES), v128.bitselect(v128.load(BLANKS), v, blanks), digits);
}

// @ts-ignore: decorator
@inline
function areBlanks(v: v128): v128 {
  return v128.or(v128.eq<u8>(v, v128.load(BLANKS)), v128.eq<u8>(v, v128.load(TABS)));
}

// @ts-ignore: decorator
@inline
function areDigits(v: v128): v128 {
  return v128.lt<u8>(v128.sub<u8>(v, v128.load(ZEROES)), v128.load(TEN));
}

/** The symbols of the dense view, 0 for bytes that it drops. */
// @ts-ignore: decorator
@inline
function symbolsOf(v: v128): v128 {
  const isKept = v128.ge<u8>(kinds(v, v128.load(KEPT_LOW), v128.load(KEPT_HIGH)), v128.load(BLANKS));
  const offsets = i8x16.relaxed_swizzle(v128.load(OFFSETS), v128.and(v128.shr<u16>(v, 4), v128.load(HALF)));
  return v128.and(isKept, v128.sub<u8>(v, offsets));
}

/** What a line is by itself: the flag of an offset, and 256 times its single character. */
// @ts-ignore: decorator
@inline
function describeLine(from: usize, to: usize, nth: usize): i32 {
  const length = <i32>(to - from);
  let first = 0, indented = 0, tail = 0, lineOffset = 0, lineSingle = 0;
  let head: u32 = 0;
  shapeLength = 0;
  if (length > 0) {
    const v = v128.load(from), within = length < 16 ? (1 << length) - 1 : 0xffff;
    const hex = i8x16.bitmask(v128.eq<u8>(kinds(v, v128.load(HEX_LOW), v128.load(HEX_HIGH)), i64x2.splat(0)));
    if ((hex & ((1 << OFFSET_DIGITS) - 1)) === 0 && length >= OFFSET_DIGITS) {
      lineOffset = OFFSET;
      const wasBare = isBare;
      isBare = length <= MOST_OFFSET_DIGITS && (hex & within) === 0;
      const mayFollowRow = !wasBare && <i32>load<u16>(LENGTHS + ((nth - 1) << 1)) >= SHORTEST_PROMPTED;
      if (!isBare || mayFollowRow) hasRow = OFFSET;
    } else isBare = false;
    const blanks = i8x16.bitmask(areBlanks(v));
    first = load<u8>(from);
    head = headOf(from, length);
    if (length <= 16) {
      const symbols = i8x16.bitmask(v128.ge<u8>(kinds(v, v128.load(KEPT_LOW), v128.load(KEPT_HIGH)), v128.load(BLANKS))) & within;
      shapeSingle = shortSingleOf(length, symbols);
      if (shapeSingle >= 0) lineSingle = symbolAt(from + <usize>shapeSingle);
      shapeLength = length;
      shapeLast = load<u32>(to - 4);
      v128.store(SHAPE, shapeOf(v));
    } else if (length <= LONGEST_RECORD) lineSingle = singleOf(from, to);
    if (length <= LONGEST_ROW && first > 0x20 && isTable(from, to, blanks, lineOffset)) lineSingle |= TABLE;
    if (isBlank(first)) {
      let at = from + <usize>ctz(~blanks);
      while (at < to && isBlank(load<u8>(at))) at++;
      if (at < to) indented = tokenOf(load<u8>(at));
    } else indented = first = tokenOf(first);
    if (length <= WIDEST) tail = tailOf(from, to, v, blanks);
  }
  store<u32>(HEADS + (nth << 2), head);
  store<u16>(TAILS + (nth << 1), <u16>tail);
  store<u8>(FIRSTS + nth, <u8>first);
  store<u8>(INDENTS + nth, <u8>indented);
  if (shapeLength > 0) shapeKnown = lineOffset | ((lineSingle & TABLE) << 8);
  return lineOffset | (lineSingle << 8);
}

/** Whether a line differs from the one before in digits only, and in one of its last four bytes. */
// @ts-ignore: decorator
@inline
function isShaped(from: usize, to: usize): bool {
  const length = <i32>(to - from);
  if (length !== shapeLength || length === 0) return false;
  if (load<u32>(to - 4) === shapeLast) return false;
  const same = i8x16.bitmask(v128.eq<u8>(shapeOf(v128.load(from)), v128.load(SHAPE)));
  return (~same & ((1 << length) - 1)) === 0;
}

// @ts-ignore: decorator
@inline
function shapeOf(v: v128): v128 {
  return v128.bitselect(v128.load(ZEROES), v, areDigits(v));
}

/** What {@link describeLine} says of a line that {@link isShaped}. */
// @ts-ignore: decorator
@inline
function describeAlike(from: usize, nth: usize): i32 {
  shapeLast = load<u32>(from + <usize>shapeLength - 4);
  store<u32>(HEADS + (nth << 2), headOf(from, shapeLength));
  store<u16>(TAILS + (nth << 1), load<u16>(TAILS + ((nth - 1) << 1)));
  store<u8>(FIRSTS + nth, load<u8>(FIRSTS + nth - 1));
  store<u8>(INDENTS + nth, load<u8>(INDENTS + nth - 1));
  const known = shapeKnown | (ALIKE << 8);
  return shapeSingle < 0 ? known : known | (symbolAt(from + <usize>shapeSingle) << 8);
}

/** Where the character stands of {@link singleOf} in a line of up to 16 bytes, of which these are letters and digits; -1 when nowhere. */
// @ts-ignore: decorator
@inline
function shortSingleOf(length: i32, symbols: i32): i32 {
  let end = length - 1;
  end -= <i32>(end > 0) & ~(symbols >> end);
  end -= <i32>(end > 0) & ~(symbols >> end);
  const isLast = (symbols >> end) & ~((symbols << 1) >> end) & 1;
  const isFirst = ~(symbols >> 1) & 1;
  return (end & -isLast) | ((isLast | isFirst) - 1);
}

// @ts-ignore: decorator
@inline
function flagged(lines: v128, flag: i32): v128 {
  return v128.and(lines, eightTimes(flag));
}

/** What eight lines are in comparison to the ones before, beside the flags that they have. */
// @ts-ignore: decorator
@inline
function compareEight(table: usize, room: usize, line: usize, nth: usize): v128 {
  const none = i64x2.splat(0);
  const lengths = v128.load(LENGTHS + (nth << 1)), above = v128.load(LENGTHS + ((nth - 1) << 1));
  const isLine = v128.ne<u16>(lengths, none), follows = v128.and(isLine, v128.ne<u16>(above, none));
  const offsets = v128.load64_zero(table + FLAG * room + line);
  const offsetsAbove = v128.load64_zero(table + FLAG * room + line - 1);
  const bothOffset = v128.and(offsets, offsetsAbove);
  // Where a dump begins, lines with other numbers before it do not belong to it.
  const oneOffset = v128.ne<u8>(v128.and(v128.xor(offsets, offsetsAbove), sixteenTimes(<u8>OFFSET)), none);
  const first = v128.load64_zero(FIRSTS + nth), indented = v128.load64_zero(INDENTS + nth);
  const sameFirst = v128.and(
    v128.eq<u8>(first, v128.load64_zero(FIRSTS + nth - 1)),
    v128.eq<u8>(indented, v128.load64_zero(INDENTS + nth - 1)),
  );
  const sameIndented = v128.andnot(v128.and(sameFirst, v128.ne<u8>(indented, none)), oneOffset);
  const alike = v128.or(v128.ne<u8>(bothOffset, none), sameIndented);
  const difference = v128.sub<u16>(v128.max<u16>(lengths, above), v128.min<u16>(lengths, above));
  const isNear = v128.and(
    v128.le<u16>(difference, eightTimes(WIDEST)),
    v128.le<u16>(lengths, eightTimes(LONGEST_LINE)),
  );
  const isHead = v128.and(v128.and(follows, isNear), v128.extend_low<i8>(alike));
  const tails = v128.load(TAILS + (nth << 1));
  const isTail = v128.and(v128.and(follows, v128.ne<u16>(tails, none)), v128.eq<u16>(tails, v128.load(TAILS + ((nth - 1) << 1))));
  const same = v128.and(follows, v128.eq<u16>(difference, none));
  const isPiece = v128.and(v128.gt<u16>(lengths, eightTimes(1)), v128.le<u16>(lengths, eightTimes(LONGEST_PIECE)));
  const low = v128.load(HEADS + (nth << 2)), high = v128.load(HEADS + (nth << 2), 16);
  const isOne = sameHeads(low, high, nth - 1), isTwo = sameHeads(low, high, nth - 2), isThree = sameHeads(low, high, nth - 3);
  const again = v128.andnot(follows, isOne);
  const isFile = i16x8.narrow_i32x4_s(v128.eq<u32>(low, i32x4.splat(FILE_HEAD)), v128.eq<u32>(high, i32x4.splat(FILE_HEAD)));
  let flags = v128.or(
    v128.or(flagged(isHead, HEAD), flagged(isTail, TAIL)),
    v128.or(
      v128.or(flagged(v128.and(again, isTwo), AGAIN_2), flagged(v128.and(again, isThree), AGAIN_3)),
      v128.or(flagged(v128.and(same, isPiece), LENGTH), flagged(isFile, FILE)),
    ),
  );
  const mayRepeat = v128.and(v128.and(same, v128.or(isHead, isTail)), isOne);
  if (v128.any_true(mayRepeat)) {
    // Of up to four bytes there is nothing more to compare.
    const isWhole = v128.le<u16>(lengths, eightTimes(4));
    flags = v128.or(flags, flagged(v128.and(mayRepeat, isWhole), REPEATED));
    // Those that are only alike have a sign.
    const isAlike = v128.lt<i16>(v128.extend_low<i8>(v128.load64_zero(table + SINGLE * room + line)), none);
    const longer = v128.andnot(v128.andnot(mayRepeat, isWhole), isAlike);
    if (v128.any_true(longer)) flags = v128.or(flags, repeated(table + (line << 1), longer, nth));
  }
  return v128.or(i8x16.narrow_i16x8_u(flags, flags), offsets);
}

/** Which of eight lines are the one before once more; of no others than `candidates`, which are as long. */
function repeated(at: usize, candidates: v128, nth: usize): v128 {
  let found: u64 = 0;
  for (let bits = i16x8.bitmask(candidates); bits !== 0; bits &= bits - 1) {
    const i = <usize>ctz(bits);
    const from = load<u16>(at + (i << 1)), above = load<u16>(at + (i << 1) - 2);
    const length = <i32>load<u16>(LENGTHS + ((nth + i) << 1)), last = TEXT + <usize>length - 4;
    // The first four bytes of each are the same.
    if (load<u32>(last + <usize>above) !== load<u32>(last + <usize>from)) continue;
    if (length <= 8 || isSame(TEXT + <usize>above, TEXT + <usize>from, length)) found |= <u64>REPEATED << (i << 3);
  }
  return v128.extend_low<u8>(i64x2.splat(found));
}

/** Which of eight lines begin as those do that are noted from `nth` on. */
// @ts-ignore: decorator
@inline
function sameHeads(low: v128, high: v128, nth: usize): v128 {
  const at = HEADS + (nth << 2);
  return i16x8.narrow_i32x4_s(v128.eq<u32>(low, v128.load(at)), v128.eq<u32>(high, v128.load(at, 16)));
}
