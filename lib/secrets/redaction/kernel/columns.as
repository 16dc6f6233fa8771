// Columns of lines that begin or end alike: a part of kernel.as, whose names it uses. What a column is, and what is done
// with it, is told in columns.ts, which is asked about what is rare.

/** What there is to do before it goes on, as in walks.ts. */
const DONE: i32 = 0, FULL: i32 = 1, DUMP: i32 = 2, COUNTED: i32 = 3, SORT_HEADS: i32 = 4, SORT_TAILS: i32 = 5;
const HEX_ROWS: i32 = 6;
/** Bytes up to which what differs is taken for a column; from eight characters on a piece is found where it stands. */
const WIDEST_COLUMN: usize = 24, MOST_NUMBERS: i32 = 3, LONGEST_NUMBER: usize = 24, FEWEST_BITS: usize = 6;
const FEWEST_CHARACTERS: i32 = 8, LONGEST_LABEL: usize = 8;
/** Bytes of the shortest stretch that counted.ts makes a column of: three digits, and eight bytes. */
const FEWEST_COUNTED: usize = 11;
/** Lines of a list of numbers that a text may begin within, when all others count. */
const LONG_LIST: i32 = 16;
/** Digits of a number that is exact as a whole one. */
const EXACT: usize = 15;

/** What is looked for next in a group. */
const HEADS_OF: i32 = 0, READ: i32 = 1, LABELS: i32 = 2, COLUMN: i32 = 3, DIGITS_TOO: i32 = 4, REPORT: i32 = 5, NUMBERS: i32 = 6;
const NEXT_GROUP: i32 = 7, COUNT: i32 = 8, WHOLE: i32 = 9;

let lineTable: usize = 0;
let lineRoom: usize = 0;
let lineCount: i32 = 0;
let groupAt: usize = 0;
let groupEnd: usize = 0;
let step: i32 = HEADS_OF;
let textEnd: usize = TEXT;
let isCut: bool = false;
let tailLine: i32 = 0;
/** Stretches that there was no room for. */
let waiting: i32 = 0;

let start: i32 = 0;
let end: i32 = 0;
let sharedTokens: i32 = 0;
let nth: i32 = 0;
/** Where in the group its next part is looked for, between two lines that are too wide; -1 where it is looked at as a whole. */
let nextPart: i32 = -1;

// @ts-ignore: decorator
@inline
function fromOf(line: i32): usize {
  return TEXT + <usize>load<u16>(lineTable + <usize>(line << 1));
}

// @ts-ignore: decorator
@inline
function toOf(line: i32): usize {
  return TEXT + <usize>load<u16>(lineTable + TO * lineRoom + <usize>(line << 1));
}

// @ts-ignore: decorator
@inline
function flagsOf(line: i32): i32 {
  return load<u8>(lineTable + FLAG * lineRoom + <usize>line);
}

// @ts-ignore: decorator
@inline
function setStretch(i: i32, from: usize, to: usize): void {
  store<u16>(STRETCH_FROM + <usize>(i << 1), <u16>(from - TEXT));
  store<u16>(STRETCH_TO + <usize>(i << 1), <u16>(to - TEXT));
}

// @ts-ignore: decorator
@inline
function stretchFrom(i: i32): usize {
  return TEXT + <usize>load<u16>(STRETCH_FROM + <usize>(i << 1));
}

// @ts-ignore: decorator
@inline
function stretchTo(i: i32): usize {
  return TEXT + <usize>load<u16>(STRETCH_TO + <usize>(i << 1));
}

// @ts-ignore: decorator
@inline
function isDigit(byte: i32): bool {
  return <u32>(byte - 0x30) < 10;
}

/**
 * Begins with `count` lines of a text of `length` bytes; what is known of any of them is `seen`. When the text `isContinued`,
 * its first line may lack its beginning.
 */
export function beginColumns(table: usize, room: usize, count: i32, groups: i32, seen: i32, length: i32, isContinued: i32): void {
  lineTable = table;
  lineRoom = room;
  lineCount = count;
  groupAt = table + GROUP * room;
  groupEnd = groupAt + <usize>(groups << 3);
  step = HEADS_OF;
  textEnd = TEXT + <usize>length;
  isCut = isContinued !== 0;
  tailLine = (seen & TAIL) !== 0 ? 0 : count;
  waiting = 0;
}

/** Gathers columns up to where there is something to do before it goes on. */
export function nextColumns(): i32 {
  if (waiting > 0) gather(waiting);
  waiting = 0;
  while (groupAt < groupEnd) {
    const event = nextOfGroup();
    if (event !== DONE) return event;
  }
  while (tailLine + 2 < lineCount) {
    const event = nextTails();
    if (event !== DONE) return event;
  }
  return DONE;
}

/** Gathers a column; false when there has to be made room for it first. */
function report(count: i32): bool {
  if (!gather(count)) waiting = count;
  return waiting === 0;
}

/** What there is to do with the lines from `first` to the one before `last`, and a number beside them. */
function askLines(event: i32, first: i32, last: i32, other: i32): i32 {
  store<u32>(ASKED, first);
  store<u32>(ASKED, last, 4);
  store<u32>(ASKED, other, 8);
  return event;
}

/** The next step of a group. */
function nextOfGroup(): i32 {
  switch (step) {
    case HEADS_OF: {
      start = load<u16>(groupAt);
      end = load<u16>(groupAt, 2);
      sharedTokens = load<u16>(groupAt, 4);
      headLine = -1;
      nextPart = -1;
      areCounted = false;
      step = NEXT_GROUP;
      if (isTooSmall(start, end) && load<u16>(groupAt, 6) !== 0) break;
      // The last line of a dump is an offset without bytes, and another dump may follow.
      if (isDumpRow(start) || isDumpRow(start + 1)) return isPlainDump() ? DONE : askLines(DUMP, start, end, 0);
      const rows = rowsOf(start, end, false);
      if (rows !== NO_ROWS) {
        nth = 0;
        step = rows === DECIMAL_ROWS ? NUMBERS : NEXT_GROUP;
        return DONE;
      }
      step = COUNT;
      if (mayHaveDigits()) return askLines(HEX_ROWS, start, end, 0);
    }
    case COUNT: {
      step = READ;
      if (touchesNumber() && mayCount()) return askLines(COUNTED, start, end, 0);
    }
    case READ: {
      nth = 0;
      if (load<u16>(groupAt, 6) === 0) {
        if (!reportWhole(true)) return FULL;
        step = NUMBERS;
        return DONE;
      }
      nextPart = start;
      step = NEXT_GROUP;
      if (!isNarrow()) return DONE;
      nextPart = -1;
      step = LABELS;
    }
    case LABELS: {
      step = COLUMN;
      const count = labelled();
      if (count > 0 && !report(count)) return FULL;
    }
    case COLUMN: {
      step = NEXT_GROUP;
      setColumn();
      if (!dropTails(end - start)) {
        nextPart = start;
        return DONE;
      }
      step = DIGITS_TOO;
    }
    case DIGITS_TOO: {
      if (!reportWithDigits(end - start)) return FULL;
      step = WHOLE;
    }
    case WHOLE: {
      if (!reportWhole(false)) return FULL;
    }
    case REPORT: {
      const count = end - start;
      step = count >= FEWEST_CHARACTERS ? NUMBERS : NEXT_GROUP;
      nth = 0;
      areCounted = false;
      if (sizeOf(count) >= FEWEST_CHARACTERS) {
        if (!areInOrder(count, false)) return askLines(SORT_HEADS, start, end, count);
        if (!report(count)) return FULL;
      }
      return DONE;
    }
    case NUMBERS: {
      while (nth < MOST_NUMBERS && !areOnlyCounted()) {
        const found = numberColumn(nth++);
        if (found < 0) break;
        if (found > 0 && !report(end - start)) return FULL;
      }
    }
  }
  if (takePart()) {
    step = LABELS;
    return DONE;
  }
  step = HEADS_OF;
  groupAt += 8;
  return DONE;
}

/** Whether lines have fewer bytes than a column, and than what may be numbered; lines that differ in numbers only show these. */
// @ts-ignore: decorator
@inline
function isTooSmall(first: i32, last: i32): bool {
  const bytes = <i32>(toOf(last - 1) - fromOf(first));
  return bytes < <i32>FEWEST_COUNTED && bytes + 1 - (last - first) < FEWEST_CHARACTERS;
}

/** Takes the next lines of a group that are not too wide in place of all of them; false when there are no more. */
function takePart(): bool {
  if (nextPart < 0) return false;
  const last = <i32>load<u16>(groupAt, 2);
  while (nextPart < last) {
    start = nextPart;
    while (nextPart < last && toOf(nextPart) - headEnd(nextPart) <= WIDEST_COLUMN) nextPart++;
    end = nextPart++;
    if (end - start >= FEWEST_LINES) return true;
  }
  return false;
}

/** Whether all lines of a group are rows that are read as bytes, which shows more than reading their digits downwards. */
function isPlainDump(): bool {
  // The end of the text may be in the middle of a byte.
  const last = toOf(end - 1) === textEnd ? end - 1 : end;
  let line = start;
  while (line < last && isPlainRow(fromOf(line), toOf(line))) line++;
  return line === last;
}

/** Whether a line is an offset and something behind it. */
function isDumpRow(line: i32): bool {
  const from = fromOf(line), to = toOf(line);
  const stop = offsetEnd(from, to);
  return stop - from >= <usize>OFFSET_DIGITS && stop < to && (load<u8>(stop) === 0x3a || isBlank(load<u8>(stop)));
}

/** Whether a group may have numbers that count on, as counted.ts reads them, and some bytes between. */
function mayCount(): bool {
  const from = fromOf(start), to = toOf(end - 1);
  return to - from >= FEWEST_COUNTED && mayCountOn(<i32>(from - TEXT), <i32>(to - TEXT));
}

/** Whether lines begin to differ in what may be an offset or a group of hexadecimal digits. */
function mayHaveDigits(): bool {
  const from = fromOf(start + 1), to = toOf(start + 1);
  let at = headEnd(start + 1);
  while (at > from && !isBlank(load<u8>(at - 1))) at--;
  if (load<u16>(at) === 0x7830) at += 2;
  const digits = countDigits(v128.load(at), at, to);
  at += <usize>digits;
  if (load<u8>(at) === 0x3a) at++;
  if (digits === 0 || digits > MOST_OFFSET_DIGITS || (at < to && !isBlank(load<u8>(at)))) return false;
  // Groups of one width with nothing before them are found where they stand, unless the first of them is an offset.
  at = blanksEnd(from, to);
  const first = countDigits(v128.load(at), at, to), next = blanksEnd(at + <usize>first, to);
  if (next >= to) return false;
  const isUniform = (first & 1) === 0 && next > at + <usize>first && countDigits(v128.load(next), next, to) === first;
  return !isUniform || isCounted(16) || isCounted(10);
}

/** Whether the first three lines of a group begin with numbers of a base that grow by the same number. */
function isCounted(base: u64): bool {
  const a = headNumber(start, base), b = headNumber(start + 1, base);
  return b > a && headNumber(start + 2, base) - b === b - a;
}

function headNumber(line: i32, base: u64): u64 {
  const to = toOf(line), from = blanksEnd(fromOf(line), to);
  const digits = <usize>countDigits(v128.load(from), from, to);
  let number: u64 = 0;
  for (let at = from; at < from + digits; at++) {
    const byte = <u64>load<u8>(at);
    number = number * base + (byte & 15) + (byte > 0x39 ? 9 : 0);
  }
  return number;
}

function blanksEnd(at: usize, to: usize): usize {
  while (at < to && isBlank(load<u8>(at))) at++;
  return at;
}

/** Whether one of the first lines of a group is a number and a letter: nothing tells the one from the other. */
function touchesNumber(): bool {
  for (let line = start; line < start + FEWEST_LINES; line++) {
    const from = fromOf(line), to = toOf(line);
    const at = skip(from, to, 0x30);
    if (at === from) return false;
    if (at < to && symbolAt(at) !== 0) return true;
  }
  return false;
}

/** Where a line of the group goes on behind what all of the group share. */
// @ts-ignore: decorator
@inline
function headEnd(line: i32): usize {
  if (load<u8>(lineTable + SHARED * lineRoom + <usize>line) === sharedTokens) {
    return TEXT + <usize>load<u16>(lineTable + END * lineRoom + <usize>(line << 1));
  }
  // The same line once more goes on where the one before does.
  const isSame = line > 0 && line - 1 === headLine && (flagsOf(line) & REPEATED) !== 0;
  headAt = isSame ? headAt + fromOf(line) - fromOf(line - 1) : findHeadEnd(line);
  headLine = line;
  return headAt;
}

/** The line of the group for which that was found out last, -1 for none, and where it goes on. */
let headLine: i32 = -1;
let headAt: usize = 0;

/** Finds that out. */
function findHeadEnd(line: i32): usize {
  const at = fromOf(line), to = toOf(line);
  if ((flagsOf(line) & OFFSET) !== 0) return skipTokens(offsetEnd(at, to), to, sharedTokens - 1);
  // Where tokens begin, among the first sixteen bytes.
  const v = v128.load(at), blanks = blanksOf(v), digits = digitsOf(v);
  let begins = 0xffff & ~((blanks & (blanks << 1)) | (digits & (digits << 1)));
  for (let tokens = sharedTokens; tokens > 0; tokens--) begins &= begins - 1;
  return begins !== 0 || to - at <= 16 ? min(at + <usize>ctz(begins | 0x10000), to) : skipTokens(at, to, sharedTokens);
}

/** Takes what each line of a group has behind what all share. */
function setColumn(): void {
  const shared = v128.splat<u8>(<u8>sharedTokens);
  for (let line = start; line < end;) {
    const at = lineTable + <usize>(line << 1), to = <usize>((line - start) << 1);
    // Of most it is noted where that is.
    const isKnown = v128.eq<u8>(v128.load64_zero(lineTable + SHARED * lineRoom + <usize>line), shared);
    if (line + 8 <= end && i64x2.extract_lane(isKnown, 0) === -1) {
      v128.store(STRETCH_FROM + to, v128.load(at + END * lineRoom));
      v128.store(STRETCH_TO + to, v128.load(at + TO * lineRoom));
      line += 8;
      continue;
    }
    const flags = lineTable + FLAG * lineRoom + <usize>line;
    if (line + <i32>BATCH <= end && without(flags, OFFSET) === <i32>BATCH && skipSixteen(at, lineRoom, sharedTokens, STRETCH_FROM + to)) {
      v128.store(STRETCH_TO + to, v128.load(at + TO * lineRoom));
      v128.store(STRETCH_TO + to, v128.load(at + TO * lineRoom, 16), 16);
      line += <i32>BATCH;
      continue;
    }
    for (const stop = min(line + 8, end); line < stop; line++) setStretch(line - start, headEnd(line), toOf(line));
  }
}

/** Where a stretch goes on after `tokens` tokens. */
function skipTokens(at: usize, to: usize, tokens: i32): usize {
  for (; tokens > 0 && at < to; tokens--) {
    const kind = kindOf(load<u8>(at++));
    if (kind !== 0) at = skip(at, to, kind);
  }
  return at;
}

/** Where the token that ends at `stop` starts. */
// @ts-ignore: decorator
@inline
function tokenStart(stop: usize, from: usize): usize {
  let at = stop - 1;
  const kind = tokenOf(load<u8>(at));
  if (kind === 0x30 || kind === 0x20) while (at > from && tokenOf(load<u8>(at - 1)) === kind) at--;
  return at;
}

/** How many tokens two stretches share at their end. */
function sharedTail(a: usize, aTo: usize, b: usize, bTo: usize): i32 {
  let tokens = 0;
  for (; aTo > a && bTo > b && tokenOf(load<u8>(aTo - 1)) === tokenOf(load<u8>(bTo - 1)); tokens++) {
    aTo = tokenStart(aTo, a);
    bTo = tokenStart(bTo, b);
  }
  return tokens;
}

/** Where a stretch ends without `tokens` tokens at its end. */
function skipTail(from: usize, to: usize, tokens: i32): usize {
  for (; tokens > 0 && to > from; tokens--) to = tokenStart(to, from);
  return to;
}

/** Whether the first two lines of a group leave a column that is not too wide; further lines can only widen it. */
function isNarrow(): bool {
  const a = headEnd(start), b = headEnd(start + 1), aTo = toOf(start), bTo = toOf(start + 1);
  if (aTo - a <= WIDEST_COLUMN && bTo - b <= WIDEST_COLUMN) return true;
  const tail = sharedTail(a, aTo, b, bTo);
  return skipTail(a, aTo, tail) - a <= WIDEST_COLUMN && skipTail(b, bTo, tail) - b <= WIDEST_COLUMN;
}

/** What stands behind a label that begins alike and ends in a mark: how many stretches that is, 0 when there is none. */
function labelled(): i32 {
  let count = 0;
  for (let line = start; line < end; line++) {
    const from = headEnd(line), to = toOf(line), limit = min(to, from + LONGEST_LABEL);
    let at = from;
    while (at < limit && load<u8>(at) !== 0x3a && load<u8>(at) !== 0x3d) at++;
    if (at < limit) setStretch(count++, at + 1, to);
    else if (line > start) return 0;
  }
  return dropTails(count) && sizeOf(count) >= FEWEST_CHARACTERS ? count : 0;
}

/** Takes away what all stretches end with; false when one of them is too wide even so. */
function dropTails(count: i32): bool {
  const head = stretchFrom(0), headTo = stretchTo(0);
  let tail = i32.MAX_VALUE;
  for (let i = 1; i < count && tail > 0; i++) {
    // What is the same as the one before has the same tail.
    if (i > 1 && (flagsOf(end - count + i) & REPEATED) !== 0) continue;
    const from = stretchFrom(i), to = stretchTo(i);
    const tokens = sharedTail(head, headTo, from, to);
    if (tokens >= tail) continue;
    if (i === count - 1 && i >= FEWEST_LINES) {
      // Where the last line has no end, a prompt stands behind it.
      setStretch(i, from, findTail(from, to, skipTail(head, headTo, tail), headTo));
      break;
    }
    tail = tokens;
    if (skipTail(head, headTo, tail) - head > WIDEST_COLUMN) return false;
  }
  for (let i = 0; i < count; i++) {
    const from = stretchFrom(i);
    let to = stretchTo(i);
    if (tail > 0) setStretch(i, from, to = skipTail(from, to, tail));
    if (to - from > WIDEST_COLUMN) return false;
  }
  return true;
}

/** Where the first `[tail, tailTo)` in a stretch ends, the end of the stretch when there is none. */
function findTail(from: usize, to: usize, tail: usize, tailTo: usize): usize {
  const length = tailTo - tail;
  for (; from + length <= to; from++) if (isSame(from, tail, <i32>length)) return from + length;
  return to;
}
