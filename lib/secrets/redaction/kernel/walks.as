// What tells where lines may hold records, see records.ts, and short pieces in another order, see short_lines.ts: a part of
// kernel.as, whose names it uses. Every line of all output is passed here, and few are asked about.

/** What there is to do before it goes on, as in walks.ts. */
const BLOCK: i32 = 1, LONG_LINE: i32 = 2, REORDER: i32 = 3, DEAL: i32 = 4;

/**
 * Bytes that each line of a block has at most on average, and those of the longest line between others; lines of a block, and
 * lines in a row that end a stretch when none ends or begins with a single character; bytes that are looked at, as in records.ts.
 */
const LONGEST_BLOCK_ROW: i32 = 64, LONGEST_OTHER: i32 = 96, BLOCK_LINES: i32 = 16, MOST_OTHERS: i32 = 8, MOST_RECORD_BYTES: i32 = 8192;
/** Different characters that lines have to show, since those of a list or of code end in the same few; what is enough of them. */
const FEWEST_DIFFERENT: i32 = 6, ENOUGH_DIFFERENT: i32 = 16;

let walked: i32 = 0;
let walkEnd: i32 = 0;
let blockStart: i32 = 0;
let others: i32 = 0;
/** What was seen since then: lines that end or begin in a single character, rows of tables, and which characters, a bit for each symbol. */
let singles: i32 = 0;
let tables: i32 = 0;
let symbolsSeen: u64 = 0;
let longLine: i32 = -1;

// @ts-ignore: decorator
@inline
function lineFrom(line: i32): i32 {
  return load<u16>(LINES + <usize>(line << 1));
}

// @ts-ignore: decorator
@inline
function lineTo(line: i32): i32 {
  return load<u16>(LINES + TO * ROOM + <usize>(line << 1));
}

// @ts-ignore: decorator
@inline
function singleOn(line: i32): i32 {
  return load<u8>(LINES + SINGLE * ROOM + <usize>line) & ~ALIKE;
}

// @ts-ignore: decorator
@inline
function flagsOn(line: i32): i32 {
  return load<u8>(LINES + FLAG * ROOM + <usize>line);
}

/** Begins with the lines of the text, of which there are so many. */
export function beginRecords(count: i32): void {
  walked = blockStart = 0;
  walkEnd = count;
  longLine = -1;
  forget();
}

function forget(): void {
  others = singles = tables = 0;
  symbolsSeen = 0;
}

/** Goes on to the next lines that may hold records, or to one that is so long that it may by itself. */
export function nextRecords(): i32 {
  if (longLine >= 0) {
    const line = longLine;
    longLine = -1;
    return askLines(LONG_LINE, line, line + 1, 0);
  }
  while (walked < walkEnd) {
    const line = walked;
    // Most text is passed over in blocks of which a few lines are looked at.
    if ((line & (BLOCK_LINES - 1)) === 0 && (singles | tables) === 0 && isOrdinary(line)) {
      walked = line + BLOCK_LINES;
      blockStart = walked - 1;
      continue;
    }
    const passed = (singles | tables) !== 0 ? passWithin(line) : passBefore(line);
    walked += max(passed, 1);
    if (passed > 0) continue;
    const known = singleOn(line), single = known & ~TABLE;
    symbolsSeen |= (<u64>1 << single) & -2;
    singles += <i32>(single !== 0);
    tables += <i32>(known !== single);
    if (known !== 0) {
      others = 0;
      continue;
    }
    const isLong = lineTo(line) - lineFrom(line) > LONGEST_OTHER;
    const isOver = (singles | tables) !== 0 && (++others >= MOST_OTHERS || isLong);
    const event = isOver ? closeBlock(line) : DONE;
    if ((singles | tables) === 0 || isOver) blockStart = line;
    if (isOver) forget();
    if (event !== DONE) {
      if (isLong) longLine = line;
      return event;
    }
    if (isLong) return askLines(LONG_LINE, line, line + 1, 0);
  }
  const event = closeBlock(walkEnd);
  forget();
  return event;
}

/** How many lines from `line` on, up to the next block, do not begin a stretch: none is long, and nothing is known of them. */
// @ts-ignore: decorator
@inline
function passBefore(line: i32): i32 {
  if (line + 16 > walkEnd || lineTo(line + 15) - lineFrom(line) > LONGEST_OTHER) return 0;
  const known = v128.andnot(v128.load(LINES + SINGLE * ROOM + <usize>line), v128.splat<u8>(<u8>ALIKE));
  const block = BLOCK_LINES - (line & (BLOCK_LINES - 1));
  const count = ctz(i8x16.bitmask(v128.ne<u8>(known, i64x2.splat(0))) | (1 << block));
  if (count > 0) blockStart = line + count - 1;
  return count;
}

/**
 * How many lines from `line` on, up to sixteen, do not end a stretch, and show no character that was not seen yet, unless there are
 * enough different ones; these are counted.
 */
// @ts-ignore: decorator
@inline
function passWithin(line: i32): i32 {
  if (line + 16 > walkEnd) return 0;
  const mask = v128.splat<u8>(<u8>TABLE), none = i64x2.splat(0);
  const known = v128.andnot(v128.load(LINES + SINGLE * ROOM + <usize>line), v128.splat<u8>(<u8>ALIKE));
  const table = v128.and(known, mask), single = v128.andnot(known, mask);
  const without = i8x16.bitmask(v128.eq<u8>(known, none));
  if (without !== 0 && lineTo(line + 15) - lineFrom(line) > LONGEST_OTHER) return 0;
  // With the lines before that are neither, which come first.
  const all = (without << others) | ((1 << others) - 1);
  let runs = all & (all >> 1);
  runs &= runs >> 2;
  runs &= runs >> 4;
  let count = runs === 0 ? 16 : ctz(runs) + MOST_OTHERS - 1 - others;
  if (<i32>popcnt(symbolsSeen) < ENOUGH_DIFFERENT) count = min(count, ctz(newAmong(single) | 0x10000));
  if (count === 0) return 0;
  const passed = (1 << count) - 1;
  singles += popcnt(i8x16.bitmask(v128.ne<u8>(single, none)) & passed);
  tables += popcnt(i8x16.bitmask(v128.ne<u8>(table, none)) & passed);
  others = clz(~(all << (32 - others - count)));
  return count;
}

/** Which of sixteen symbols are not among those that were seen. */
// @ts-ignore: decorator
@inline
function newAmong(sixteen: v128): i32 {
  const held = i8x16.relaxed_swizzle(i64x2(<i64>(symbolsSeen | 1), 0), v128.shr<u8>(sixteen, 3));
  const bits = i8x16.relaxed_swizzle(v128.load(VECTORS, 64), v128.and(sixteen, i8x16.splat(7)));
  return i8x16.bitmask(v128.eq<u8>(v128.and(held, bits), i64x2.splat(0)));
}

/** Whether some of the lines of a block neither end nor begin with a single character, and none is long. */
function isOrdinary(line: i32): bool {
  const last = line + BLOCK_LINES - 1;
  if (last >= walkEnd || lineTo(last) - lineFrom(line) > BLOCK_LINES * LONGEST_BLOCK_ROW) return false;
  // One at least of every place in records of up to four lines.
  return (singleOn(line) | singleOn(line + 3) | singleOn(line + 5) | singleOn(line + 10)) === 0;
}

/** Asks about the lines before `stop` when enough of them end in a single character, or are rows of a table. */
function closeBlock(stop: i32): i32 {
  if (singles + tables < 2 || lineTo(stop - 1) - lineFrom(blockStart) > MOST_RECORD_BYTES) return DONE;
  const different = <i32>popcnt(symbolsSeen);
  const hasRecords = different >= FEWEST_DIFFERENT && (different >= ENOUGH_DIFFERENT || 4 * different >= singles) &&
    5 * singles >= stop - blockStart;
  if (!hasRecords && (tables < 2 || 2 * tables < stop - blockStart)) return DONE;
  return askLines(BLOCK, blockStart, stop, <i32>hasRecords);
}

/** Bytes of pieces in a row, the fewest and the most, as in short_lines.ts; times that lines come again before they are dealt out. */
const FEWEST_REORDERED: i32 = 10, MOST_REORDERED: i32 = 4096, FEWEST_TIMES: i32 = 3;
/** The same: lines of a short text. */
const FEW_LINES: i32 = 64;
const SHORT_FLAGS: i32 = LENGTH | AGAIN_2 | AGAIN_3;

/** Lines of one length; and how often lines come again after two and after three, the first and the last of them. */
let pieceLine: i32 = 0;
let turn: i32 = 0;
let times2: i32 = 0;
let first2: i32 = 0;
let last2: i32 = 0;
let times3: i32 = 0;
let first3: i32 = 0;
let last3: i32 = 0;

/** Begins with the lines of the text, of which there are so many. */
export function beginShortLines(count: i32): void {
  walked = pieceLine = turn = times2 = times3 = 0;
  walkEnd = count;
}

/** Goes on to the next lines that may have to be read in another order, or have others between them that come again. */
export function nextShortLines(): i32 {
  const mask = i8x16.splat(<i8>SHORT_FLAGS);
  while (walked < walkEnd) {
    const known = flagsOn(walked);
    if (turn === 0) {
      if ((known & SHORT_FLAGS) === 0) {
        const at = LINES + FLAG * ROOM + <usize>walked;
        const others = i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(at), mask), i64x2.splat(0)));
        walked += <i32>ctz(~others | 0x10000);
        continue;
      }
      const more = passAlike(walked, known & SHORT_FLAGS);
      if (more > 0) {
        walked += more;
        continue;
      }
      turn = 1;
      if ((known & LENGTH) !== 0) {
        if ((flagsOn(walked - 1) & LENGTH) === 0) pieceLine = walked - 1;
        if ((flagsOn(walked + 1) & LENGTH) === 0 && mayReorder(pieceLine, walked + 1)) {
          return askLines(REORDER, pieceLine, walked + 1, 0);
        }
      }
    }
    if (turn === 1) {
      turn = 2;
      if ((known & AGAIN_2) !== 0) {
        const times = times2, first = first2, last = last2;
        const isOver = times > 0 && walked - last > 2;
        if (times === 0 || isOver) {
          times2 = 0;
          first2 = walked - 2;
        }
        times2++;
        last2 = walked;
        if (isOver && times >= FEWEST_TIMES) return askLines(DEAL, first, last, 2);
      }
    }
    turn = 0;
    const line = walked++;
    if ((known & AGAIN_3) !== 0) {
      const times = times3, first = first3, last = last3;
      const isOver = times > 0 && line - last > 3;
      if (times === 0 || isOver) {
        times3 = 0;
        first3 = line - 3;
      }
      times3++;
      last3 = line;
      if (isOver && times >= FEWEST_TIMES) return askLines(DEAL, first, last, 3);
    }
  }
  if (times2 > 0) {
    const times = times2;
    times2 = 0;
    if (times >= FEWEST_TIMES) return askLines(DEAL, first2, last2, 2);
  }
  const times = times3;
  times3 = 0;
  return times >= FEWEST_TIMES ? askLines(DEAL, first3, last3, 3) : DONE;
}

/**
 * How many lines from `line` on, up to fifteen, are within some of which the same is `known`, so that neither lines of one length
 * begin or end there nor lines that come again; these are counted.
 */
// @ts-ignore: decorator
@inline
function passAlike(line: i32, known: i32): i32 {
  const after2 = (known & AGAIN_2) !== 0, after3 = (known & AGAIN_3) !== 0;
  if (line === 0 || ((flagsOn(line - 1) ^ known) & LENGTH) !== 0) return 0;
  if ((after2 && (times2 === 0 || line - last2 > 2)) || (after3 && (times3 === 0 || line - last3 > 3))) return 0;
  const flags = v128.and(v128.load(LINES + FLAG * ROOM + <usize>line), v128.splat<u8>(<u8>SHORT_FLAGS));
  const others = i8x16.bitmask(v128.ne<u8>(flags, v128.splat<u8>(<u8>known)));
  const count = min(<i32>ctz(others | 0x10000), walkEnd - line) - 1;
  if (count <= 0) return 0;
  if (after2) {
    times2 += count;
    last2 = line + count - 1;
  }
  if (after3) {
    times3 += count;
    last3 = line + count - 1;
  }
  return count;
}

/** Whether lines of one length are worth reading in another order: few, or neither numbers nor words, which have lines of their own. */
function mayReorder(first: i32, last: i32): bool {
  const bytes = (lineTo(first) - lineFrom(first)) * (last - first);
  if (bytes < FEWEST_REORDERED || bytes > MOST_REORDERED) return false;
  const from = TEXT + <usize>lineFrom(first), to = TEXT + <usize>lineTo(first + 1);
  let digits = 0, small = 0;
  for (let at = from; at < to; at++) {
    const byte: i32 = load<u8>(at);
    if (byte === 0x20) return false;
    digits += <i32>(<u32>(byte - 0x30) < 10);
    small += <i32>(<u32>(byte - 0x61) < 26);
  }
  const most = <i32>(to - from) - 1;
  // In a short text there is time for all.
  return walkEnd <= FEW_LINES || (digits < most && small < most);
}

/** As in counted.ts: bytes from the end of one number to the next, digits of the longest first one, and how many are tried as that. */
const WIDEST_RECORD: i32 = 40, LONGEST_COUNTER: i32 = 6, MOST_STARTS: i32 = 4;

// @ts-ignore: decorator
@inline
function decimals(at: i32): i32 {
  const digits = v128.lt<u8>(v128.sub<u8>(v128.load(TEXT + <usize>at), v128.load(ZEROES)), v128.load(TEN));
  return i8x16.bitmask(digits);
}

/** Whether one of the first numbers in `[from, to)` of the text has two more behind it with which it counts on. */
export function mayCountOn(from: i32, to: i32): bool {
  let starts = 0;
  for (let at = from; at < to && starts < MOST_STARTS;) {
    const digits = decimals(at);
    if (digits === 0) {
      at += 16;
      continue;
    }
    const first = at + <i32>ctz(digits);
    if (first >= to) break;
    starts++;
    const size = min(min(LONGEST_COUNTER, to - first), <i32>ctz(~decimals(first)));
    for (let count = size; count > 0; count--) if (countsOn(first, first + count, from, to)) return true;
    at = first + size + 1;
  }
  return false;
}

/** Whether the number `[first, end)` has the next two behind it, within `[start, to)` and between the same marks. */
function countsOn(first: i32, end: i32, start: i32, to: i32): bool {
  let number = 0;
  for (let at = first; at < end; at++) number = 10 * number + <i32>load<u8>(TEXT + <usize>at) - 0x30;
  const width = load<u8>(TEXT + <usize>first) === 0x30 ? end - first : 1;
  const after = end < to ? load<u8>(TEXT + <usize>end) : 0x0a;
  const before = first > start ? load<u8>(TEXT + <usize>first - 1) : 0x0a;
  const mark = load<u8>(SYMBOLS + <usize>after) === 0 ? <i32>after : -1;
  const second = nextNumber(number + 1, width, end, to, mark, before);
  return second > 0 && nextNumber(number + 2, width, second, to, mark, before) > 0;
}

/**
 * Where a number of so many digits at least ends that stands not far behind `from`, with `mark` behind it or, when that is -1, with
 * `before` before it; 0 when there is none.
 */
function nextNumber(number: i32, width: i32, from: i32, to: i32, mark: i32, before: u8): i32 {
  // The digits, the first of them lowest.
  let digits: u64 = 0;
  let size = 0;
  for (; number > 0 || size < width; number /= 10, size++) digits = (digits << 8) | <u64>(0x30 + (number % 10));
  const lead = v128.splat<u8>(<u8>digits), unused = 64 - (<u64>size << 3);
  const limit = min(to - size, from + WIDEST_RECORD);
  for (let at = from; at <= limit; at += 16) {
    let found = i8x16.bitmask(v128.eq<u8>(v128.load(TEXT + <usize>at), lead));
    for (; found !== 0; found &= found - 1) {
      const next = at + <i32>ctz(found), place = TEXT + <usize>next;
      if (next > limit || <u32>load<u8>(place - 1) - 0x30 < 10 || (load<u64>(place) ^ digits) << unused !== 0) continue;
      if (mark < 0 ? load<u8>(place - 1) === before : <i32>load<u8>(place + <usize>size) === mark) return next + size;
    }
  }
  return 0;
}
