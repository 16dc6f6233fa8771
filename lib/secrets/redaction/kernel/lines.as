// What tells lines and compares them: a part of kernel.as, whose names it uses.

/** What there is to know of a line, see text_kernel.ts. */
const HEAD: i32 = 1, TAIL: i32 = 2, REPEATED: i32 = 4, OFFSET: i32 = 8, AGAIN_2: i32 = 16, AGAIN_3: i32 = 32;
const LENGTH: i32 = 64, FILE: i32 = 128, TABLE: i32 = 64, ALIKE: i32 = 128;
/**
 * Digits from which a line seems to begin with an offset, as in tokens.ts; bytes of the longest line that may belong to a group,
 * and by how many lines of a group differ; how a line above a file begins; bytes of the longest piece, of the longest line with a
 * single character, and of the longest row of a table and the longest cell in it.
 */
const OFFSET_DIGITS: i32 = 6, LONGEST_LINE: i32 = 160, WIDEST: i32 = 24;
const FILE_HEAD: u32 = 0x203e3d3d, LONGEST_PIECE: i32 = 12;
const LONGEST_RECORD: i32 = 32, LONGEST_ROW: i32 = 64, LONGEST_CELL: i32 = 9;
const FEWEST_LINES: i32 = 3, SETTLED: i32 = 4, NOT_KNOWN: i32 = 255;

// @ts-ignore: decorator
@inline
function tokenOf(byte: i32): i32 {
  return load<u8>(TOKENS + <usize>byte);
}

/** The last two tokens of a short line, 0 when it has fewer; `v` is what it begins with. */
// @ts-ignore: decorator
@inline
function tailOf(from: usize, to: usize, v: v128, blanks: i32): i32 {
  const last = tokenOf(load<u8>(to - 1));
  let at = to - 1;
  if (last === 0x30 || last === 0x20) {
    const length = <i32>(to - from);
    if (length <= 16) {
      // How many bits below that of the last byte are set.
      at = to - <usize>min(clz(~((last === 0x30 ? digitsOf(v) : blanks) << (32 - length))), length);
    } else {
      while (at > from && tokenOf(load<u8>(at - 1)) === last) at--;
    }
  }
  return at > from ? last | (tokenOf(load<u8>(at - 1)) << 8) : 0;
}

/** Whether `length` bytes at `a` and `b` are the same. */
function isSame(a: usize, b: usize, length: i32): bool {
  for (let at = 0; at < length; at += 16) {
    const same = i8x16.bitmask(v128.eq<u8>(v128.load(a + <usize>at), v128.load(b + <usize>at)));
    const left = length - at;
    if ((~same & (left >= 16 ? 0xffff : (1 << left) - 1)) !== 0) return false;
  }
  return true;
}

// @ts-ignore: decorator
@inline
function isBlank(byte: i32): bool {
  return byte === 0x20 || byte === 0x09;
}

/** The first four bytes of a line, of a shorter one all of it and its length. */
// @ts-ignore: decorator
@inline
function headOf(from: usize, length: i32): u32 {
  const head = load<u32>(from);
  return length >= 4 ? head : (head & ((1 << (length << 3)) - 1)) | (<u32>length << 24);
}

// @ts-ignore: decorator
@inline
function symbolAt(at: usize): i32 {
  return load<u8>(SYMBOLS + <usize>load<u8>(at));
}

/** The symbol of the single letter or digit that a line ends or begins with, but for a mark or two; 0 when it does not. */
function singleOf(from: usize, to: usize): i32 {
  let end = to - 1;
  if (end > from && symbolAt(end) === 0) end--;
  if (end > from && symbolAt(end) === 0) end--;
  const last = symbolAt(end);
  if (last > 0 && (end === from || symbolAt(end - 1) === 0)) return last;
  return symbolAt(from + 1) === 0 ? symbolAt(from) : 0;
}

/** Whether a line seems to be the row of a table of short cells, not of a dump; `blanks` are those of its first bytes. */
// @ts-ignore: decorator
@inline
function isTable(from: usize, to: usize, blanks: i32, offset: i32): bool {
  const at = ctz(blanks | 0x10000);
  if (at === 0 || at >= LONGEST_CELL || at >= <i32>(to - from) - 1) return false;
  if (((blanks >> (at + 1)) & 1) === 0 && load<u8>(from + <usize>at) !== 0x09) return false;
  return offset === 0 || !isDump(from, to);
}

/** Whether something follows the offset that a line begins with. */
function isDump(from: usize, to: usize): bool {
  const end = offsetEnd(from, to);
  return end < to && (load<u8>(end) === 0x3a || isBlank(load<u8>(end)));
}

/**
 * Writes what there is to know of `count` lines whose tables begin at `table` and have room for `room`, and gives how many
 * groups of them begin alike.
 */
export function compare(table: usize, room: usize, count: i32): i32 {
  describe(table, room, <usize>count);
  return group(table, room, count);
}

/** 0x20 for blanks, 0x30 for digits, which make one token with their like; 0 for other bytes. */
// @ts-ignore: decorator
@inline
function kindOf(byte: i32): i32 {
  return <u32>(byte - 0x30) < 10 ? 0x30 : isBlank(byte) ? 0x20 : 0;
}

// @ts-ignore: decorator
@inline
function blanksOf(v: v128): i32 {
  return i8x16.bitmask(areBlanks(v));
}

// @ts-ignore: decorator
@inline
function digitsOf(v: v128): i32 {
  return i8x16.bitmask(areDigits(v));
}

/** Where a run of one kind ends. */
function skip(at: usize, to: usize, kind: i32): usize {
  for (; at < to; at += 16) {
    const v = v128.load(at);
    const others = ~(kind === 0x30 ? digitsOf(v) : blanksOf(v)) & 0xffff;
    if (others !== 0) return min(at + <usize>ctz(others), to);
  }
  return to;
}

let shareEnd: usize = 0;
let differ: i32 = 0;

/** How many tokens two stretches share from their start; where the second one goes on is left in `shareEnd`. */
function share(a: usize, aTo: usize, b: usize, bTo: usize): i32 {
  let tokens = 0;
  while (a < aTo && b < bTo) {
    const v = v128.load(a), w = v128.load(b);
    const vDigits = areDigits(v), vBlanks = areBlanks(v);
    const isSame = v128.eq<u8>(tokensOf(v, vDigits, vBlanks), tokensOf(w, areDigits(w), areBlanks(w)));
    const left = <i32>min(aTo - a, bTo - b);
    // As long as numbers are as long, and as many blanks, one look is enough.
    const same = ctz(~i8x16.bitmask(isSame) | (left < 16 ? 1 << left : 0x10000));
    if (same === 0) break;
    const blanks = i8x16.bitmask(vBlanks), digits = i8x16.bitmask(vDigits);
    const inside = (blanks & (blanks << 1)) | (digits & (digits << 1));
    tokens += popcnt(~inside & ((1 << same) - 1));
    a += <usize>same;
    b += <usize>same;
    // The rest of a run in each.
    const last = 1 << (same - 1);
    const kind = (blanks & last) !== 0 ? 0x20 : (digits & last) !== 0 ? 0x30 : 0;
    const isOver = same < min(left, 16);
    if (kind !== 0 && (!isOver || kindOf(load<u8>(a)) === kind || kindOf(load<u8>(b)) === kind)) {
      a = skip(a, aTo, kind);
      b = skip(b, bTo, kind);
    } else if (isOver) break;
  }
  shareEnd = b;
  differ |= <i32>(a < aTo || b < bTo);
  return tokens;
}

/** Where the bytes at {@link FIRST_TOKENS} are, the first ones of their line or those behind its offset; which are blanks and digits. */
let firstAt: usize = 0, firstBlanks: i32 = 0, firstDigits: i32 = 0;
/** Where the offset of that line ends. */
let firstOffsetEnd: usize = 0;
/** Digits among the first sixteen bytes of a line from which on it may have many numbers: that is when it is of use to have all its tokens. */
const MANY_DIGITS: i32 = 5;
/** How many tokens there are of that line from there on at {@link GROUP_TOKENS}, once that was of use; 0 before. */
let firstCount: i32 = 0;

// @ts-ignore: decorator
@inline
function takeFirst(from: usize): void {
  const v = v128.load(from), digits = areDigits(v), blanks = areBlanks(v);
  v128.store(FIRST_TOKENS, tokensOf(v, digits, blanks));
  firstAt = from;
  firstCount = 0;
  firstBlanks = i8x16.bitmask(blanks);
  firstDigits = i8x16.bitmask(digits);
}

/** The same as {@link share} of a line and the first one of its group, which is quicker of lines full of numbers. */
function shareTokens(a: usize, aTo: usize, b: usize, bTo: usize): i32 {
  if (aTo - a > MOST_TOLD || bTo - b > MOST_TOLD) return share(a, aTo, b, bTo);
  if (firstCount === 0) firstCount = <i32>(putTokens(GROUP_TOKENS, a, aTo) - GROUP_TOKENS);
  const count = <i32>(putTokens(OTHER_LINE, b, bTo) - OTHER_LINE);
  const tokens = sameFrom(GROUP_TOKENS, OTHER_LINE, min(firstCount, count));
  let left = begins;
  for (let i = 0; i < tokens; i++) left &= left - 1;
  shareEnd = left === 0 ? bTo : b + <usize>ctz(left);
  differ |= <i32>(tokens < firstCount || tokens < count);
  return tokens;
}

/**
 * The same as {@link share} of a line and the first one of its group, most of which differ within the bytes that were taken. Of more
 * than `most` tokens, which are what the others share, it may be that these are told.
 */
// @ts-ignore: decorator
@inline
function shareWithFirst(a: usize, aTo: usize, b: usize, bTo: usize, most: i32): i32 {
  const v = v128.load(b), vDigits = areDigits(v), vBlanks = areBlanks(v);
  const isSame = v128.eq<u8>(tokensOf(v, vDigits, vBlanks), v128.load(FIRST_TOKENS));
  const left = <i32>min(min(aTo - a, bTo - b), 16);
  const same = ctz(~i8x16.bitmask(isSame) | (1 << left));
  const blanks = i8x16.bitmask(vBlanks), digits = i8x16.bitmask(vDigits);
  const inside = (blanks & (blanks << 1)) | (digits & (digits << 1));
  let begins = ~inside & ((1 << same) - 1);
  const tokens = popcnt(begins);
  if (tokens > most && differ !== 0) {
    for (let left = most; left > 0; left--) begins &= begins - 1;
    shareEnd = b + <usize>ctz(begins);
    return most;
  }
  // Runs that go on behind what is the same, in either line.
  const runs = ((blanks << 1) & (blanks | firstBlanks)) | ((digits << 1) & (digits | firstDigits));
  if (same === 16 || ((runs >> same) & 1) !== 0) {
    return popcnt(digits) < MANY_DIGITS ? share(a, aTo, b, bTo) : shareTokens(a, aTo, b, bTo);
  }
  shareEnd = b + <usize>same;
  differ |= <i32>(a + <usize>same < aTo || shareEnd < bTo);
  return tokens;
}

/** Where the hexadecimal digits end that begin at `from`. */
function offsetEnd(from: usize, to: usize): usize {
  const low = v128.load(HEX_LOW), high = v128.load(HEX_HIGH);
  for (; from < to; from += 16) {
    const others = i8x16.bitmask(v128.eq<u8>(kinds(v128.load(from), low, high), i64x2.splat(0)));
    if (others !== 0) return min(from + <usize>ctz(others), to);
  }
  return to;
}

/** How many tokens two lines share from their start, none when all they share is blank; see {@link shareWithFirst}. */
function shareHead(table: usize, room: usize, first: i32, line: i32, most: i32): i32 {
  const i = <usize>first, j = <usize>line;
  const lineTo = table + TO * room, lineFlags = table + FLAG * room, lineShared = table + SHARED * room;
  let a = TEXT + <usize>load<u16>(table + (i << 1)), b = TEXT + <usize>load<u16>(table + (j << 1));
  const aTo = TEXT + <usize>load<u16>(lineTo + (i << 1)), bTo = TEXT + <usize>load<u16>(lineTo + (j << 1));
  const offset = <i32>load<u8>(lineFlags + j) & OFFSET, both = offset & <i32>load<u8>(lineFlags + i);
  if (line - first === 1) {
    differ = 0;
    store<u8>(lineShared + i, <u8>NOT_KNOWN);
    firstAt = 0;
    firstOffsetEnd = 0;
  }
  if (both !== 0) {
    if (firstOffsetEnd === 0) firstOffsetEnd = offsetEnd(a, aTo);
    a = firstOffsetEnd;
    b = offsetEnd(b, bTo);
  }
  if (firstAt !== a) takeFirst(a);
  const isBlankFirst = both === 0 && isBlank(load<u8>(a));
  const offsets = <i32>(both !== 0), tokens = shareWithFirst(a, aTo, b, bTo, most - offsets) + offsets;
  // An offset that was taken apart is one token for whoever looks at this line alone.
  store<u8>(lineShared + j, <u8>(offset !== both ? NOT_KNOWN : tokens));
  store<u16>(table + END * room + (j << 1), <u16>(shareEnd - TEXT));
  return tokens === 1 && isBlankFirst ? 0 : tokens;
}

/** Notes for a line what {@link shareHead} noted for the one above, if it did, from which it differs in digits at most. */
// @ts-ignore: decorator
@inline
function shareAsAbove(table: usize, room: usize, line: i32): void {
  const lineShared = table + SHARED * room + <usize>line, at = table + (<usize>line << 1), lineEnd = at + END * room;
  store<u8>(lineShared, load<u8>(lineShared - 1));
  store<u16>(lineEnd, <u16>(load<u16>(lineEnd - 2) + load<u16>(at) - load<u16>(at - 2)));
}

/** How many lines, up to sixteen, have no such flag of those whose flags begin at `at`. */
// @ts-ignore: decorator
@inline
function without(at: usize, flag: i32): i32 {
  const others = v128.eq<u8>(v128.and(v128.load(at), v128.splat<u8>(<u8>flag)), i64x2.splat(0));
  return ctz(~i8x16.bitmask(others) | 0x10000);
}

/** Groups of lines that begin alike. */
function group(table: usize, room: usize, count: i32): i32 {
  const lineFlags = table + FLAG * room, lineSingles = table + SINGLE * room, lineShared = table + SHARED * room;
  let at = table + GROUP * room;
  for (let start = 0; start + 2 < count;) {
    const passed = without(lineFlags + <usize>start + 1, HEAD);
    if (passed > 0) {
      start += passed;
      continue;
    }
    if ((load<u8>(lineFlags + <usize>start, 2) & HEAD) === 0) {
      start += 2;
      continue;
    }
    let shared = shareHead(table, room, start, start + 1, i32.MAX_VALUE);
    if (shared === 0) {
      start++;
      continue;
    }
    let tokens = shared;
    for (let line = start + 2, sixteen = line;; line++) {
      if (line >= sixteen && line + <i32>BATCH <= count) {
        sixteen = line + <i32>BATCH;
        const fewest = shareSixteen(table, room, start, line, shared);
        if (fewest > 0) {
          shared = min(shared, fewest);
          line = sixteen - 1;
          tokens = load<u8>(lineShared + <usize>line);
          continue;
        }
      }
      const flags: i32 = load<u8>(lineFlags + <usize>line);
      if ((flags & HEAD) === 0) tokens = 0;
      else if ((flags & REPEATED) !== 0 || (load<u8>(lineSingles + <usize>line) & ALIKE) !== 0) shareAsAbove(table, room, line);
      else tokens = shareHead(table, room, start, line, shared);
      // Lines that share much less begin a new group; a little less is what the column shares by chance.
      if (2 * tokens >= shared) {
        shared = min(shared, tokens);
        continue;
      }
      if (tokens > 0 && line - start < SETTLED) {
        start = line - 1;
        shared = tokens = shareHead(table, room, start, line, i32.MAX_VALUE);
        if (tokens > 0) continue;
      }
      if (line - start >= FEWEST_LINES) {
        store<u16>(at, <u16>start);
        store<u16>(at, <u16>line, 2);
        store<u16>(at, <u16>shared, 4);
        store<u16>(at, <u16>differ, 6);
        at += 8;
      }
      start = line;
      break;
    }
  }
  return <i32>((at - table - GROUP * room) >> 3);
}
