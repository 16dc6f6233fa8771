// The two loops of the redactor that look at every byte, sixteen bytes at a time. AssemblyScript; built by
// scripts/build_kernel.ts. What the bytes mean is told by tables, which text_kernel.ts writes.
//
// A set of bytes is a pair of tables of sixteen bytes, one for the low and one for the high half of a byte: the byte is
// in the set when what the two have for it shares a bit.

/** What the views keep: the five low bits for bytes that the plain view drops, the others for those the dense one keeps. */
const KEPT_LOW: usize = 0, KEPT_HIGH: usize = 16;
/** What may begin an escape. */
const MARKS_LOW: usize = 32, MARKS_HIGH: usize = 48;
/** For each high half of a byte that the dense view keeps, by how much the byte is more than its symbol. */
const OFFSETS: usize = 64;
/** Eight bytes for the marks of blobs. */
const BLOB_BYTES: usize = 80;
/** How many lines, marks of escapes, marks of blobs there are, what is known of any line, and how many runs, as 32-bit numbers. */
const COUNTS: usize = 88;
/** The digits of hexadecimal numbers. */
const HEX_LOW: usize = 112, HEX_HIGH: usize = 128;
/** 256 bytes each: the kinds of escape that a byte may begin, and those of which it may be the second byte. */
const STARTS: usize = 0x200, FOLLOWS: usize = 0x300;
/** The symbols of the dense view; and for each byte the same one for all that make one token with their like. */
const SYMBOLS: usize = 0x400, TOKENS: usize = 0x500;
/** For each 8 bits, eight bytes: which of eight bytes to keep; the same for the upper half of sixteen. */
const SQUEEZE: usize = 0x800, SQUEEZE_HIGH: usize = 0x1000;
/** The text, and 64 zeros behind it. */
const TEXT: usize = 0x2000;
/** The symbols of both views, and 16 zeros behind each. */
const PLAIN: usize = 0xb000, DENSE: usize = 0x14000;
/**
 * The lines of the text and, elsewhere, others, see {@link compare}: so many tables of as many elements as there is room
 * for. Where each line begins and ends, and where it goes on behind what it shares with its group, 16 bits each; groups of
 * lines, 64 bits each and a third as many; flags, single characters, and tokens shared with the group, 8 bits each.
 */
const LINES: usize = 0x1d000, ROOM: usize = 0x9000;
const TO: usize = 2, END: usize = 4, GROUP: usize = 6, FLAG: usize = 9, SINGLE: usize = 10, SHARED: usize = 11;
/** 16-bit places: marks of escapes and of blobs, and where one text ends and the next begins. */
const ESCAPES: usize = 0x89000, BLOBS: usize = 0x9b000, BREAKS: usize = 0xad000;

/** Runs of noughts and ones: where each begins and ends, 16 bits each. */
const RUNS: usize = 0xc0000;
/** Digits put together, a bit each, and where each stands, 16 bits. */
const DIGITS: usize = 0xc6000, PLACES: usize = 0xc8000;
/** What bytes they make, where each begins and ends, 32 bits, and 16-bit places of breaks: as a view. */
const BYTES: usize = 0xda000, BYTE_STARTS: usize = 0xe3000, BYTE_ENDS: usize = 0x107000, BYTE_BREAKS: usize = 0x12b000;

/** The symbol between two texts. */
const BREAK: u8 = 0xff;

/** What there is to know of a line, see text_kernel.ts. */
const HEAD: i32 = 1, TAIL: i32 = 2, REPEATED: i32 = 4, OFFSET: i32 = 8, AGAIN_2: i32 = 16, AGAIN_3: i32 = 32;
const LENGTH: i32 = 64, FILE: i32 = 128, TABLE: i32 = 64;
/** As in tokens.ts and columns.ts, in short_lines.ts, and in records.ts. */
const OFFSET_DIGITS: i32 = 6, LONGEST_LINE: i32 = 160, WIDEST: i32 = 24;
const FILE_HEAD: u32 = 0x203e3d3d, LONGEST_PIECE: i32 = 12;
const LONGEST_RECORD: i32 = 32, LONGEST_ROW: i32 = 64, LONGEST_CELL: i32 = 9;
/** Bytes of lines that are described in a way of their own. */
const SHORT: i32 = 2;
const FEWEST_LINES: i32 = 3, SETTLED: i32 = 4, NOT_KNOWN: i32 = 255;

/** Vectors that the loops need: the compiler would make each anew in every round, which is dearer than to load it. */
const VECTORS: usize = 0x1800, HALF: usize = 0x1900, NEWLINES: usize = 0x1910, BLANKS: usize = 0x1920, TABS: usize = 0x1930;
const ZEROES: usize = 0x1940, TEN: usize = 0x1950, ONES: usize = 0x1960, SMALLEST: usize = 0x1970, LETTERS: usize = 0x1980;
const FOURS: usize = 0x1990, PAIRS: usize = 0x19a0, EIGHTS: usize = 0x19b0;

/** Writes the tables that depend on nothing. */
export function prepare(): void {
  v128.store(VECTORS, i32x4.splat(0x9e3779b1));
  v128.store(VECTORS, i32x4.splat(0x85ebca6b), 16);
  v128.store(VECTORS, i32x4.splat(0x7feb352d), 32);
  v128.store(VECTORS, i8x16(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12), 48);
  v128.store(VECTORS, i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128), 64);
  v128.store(VECTORS, i8x16(0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24, 0, 8, 16, 24), 80);
  v128.store(VECTORS, i8x16.splat(24), 96);
  v128.store(VECTORS, i8x16.splat(7), 112);
  v128.store(VECTORS, i32x4.splat(0xff), 128);
  v128.store(VECTORS, i16x8(0, 4, 8, 12, 0, 0, 0, 0), 144);
  v128.store(VECTORS, i8x16(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6), 160);
  v128.store(VECTORS, i8x16(4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10), 176);
  v128.store(VECTORS, i16x8(-3, -2, -1, 0, 0, 0, 0, 0), 192);
  v128.store(VECTORS, i32x4(1 << 21, 1 << 14, 1 << 7, 1), 208);
  v128.store(HALF, i8x16.splat(15));
  v128.store(NEWLINES, i8x16.splat(0x0a));
  v128.store(BLANKS, i8x16.splat(0x20));
  v128.store(TABS, i8x16.splat(0x09));
  v128.store(ZEROES, i8x16.splat(0x30));
  v128.store(TEN, i8x16.splat(10));
  v128.store(ONES, i8x16.splat(1));
  v128.store(SMALLEST, i8x16.splat(31));
  v128.store(LETTERS, i8x16.splat(0x40));
  v128.store(FOURS, i8x16.splat(4));
  v128.store(PAIRS, i8x16.splat(-2));
  v128.store(EIGHTS, i16x8(0, 1, 2, 3, 4, 5, 6, 7));
  for (let bits: usize = 0; bits < 256; bits++) {
    store<u8>(TOKENS + bits, <u8>(bits - 0x30 < 10 ? 0x30 : bits === 0x09 ? 0x20 : bits));
    let at = bits << 3;
    for (let bit: usize = 0; bit < 8; bit++) {
      if (((bits >> bit) & 1) === 0) continue;
      store<u8>(SQUEEZE + at, <u8>bit);
      store<u8>(SQUEEZE_HIGH + at++, <u8>(bit + 8));
    }
  }
}

// @ts-ignore: decorator
@inline
function splat(at: usize): v128 {
  return v128.load_splat<u8>(at);
}

/** The bits that each byte of `v` has in a pair of tables. */
// @ts-ignore: decorator
@inline
function kinds(v: v128, low: v128, high: v128): v128 {
  const half = v128.load(HALF);
  return v128.and(i8x16.relaxed_swizzle(low, v128.and(v, half)), i8x16.relaxed_swizzle(high, v128.and(v128.shr<u16>(v, 4), half)));
}

/** Puts those of sixteen symbols that `keep` has a bit for at `at`; what stands behind them means nothing. */
// @ts-ignore: decorator
@inline
function squeeze(at: usize, symbols: v128, keep: i32): void {
  const low = keep & 0xff;
  v128.store(at, i8x16.relaxed_swizzle(symbols, v128.load64_zero(SQUEEZE + <usize>(low << 3))));
  const high = i8x16.relaxed_swizzle(symbols, v128.load64_zero(SQUEEZE_HIGH + <usize>((keep >>> 8) << 3)));
  v128.store(at + <usize>popcnt(low), high);
}

/**
 * Writes both views of a text of `length` bytes, which has `breaks`: how many symbols the plain one has, and 65,536 times
 * how many the dense one has.
 */
export function fold(length: i32, breaks: i32): u32 {
  const keptLow = v128.load(KEPT_LOW), keptHigh = v128.load(KEPT_HIGH), offsets = v128.load(OFFSETS);
  const small = v128.load(BLANKS), half = v128.load(HALF), one = v128.load(ONES), smallest = v128.load(SMALLEST);
  const letters = v128.load(LETTERS);
  let plain = PLAIN, dense = DENSE, at = TEXT;
  for (let part = 0; part <= breaks; part++) {
    const to = TEXT + (part < breaks ? <usize>load<u16>(BREAKS + <usize>(part << 1)) : <usize>length);
    for (; at < to; at += 16) {
      const v = v128.load(at);
      const kind = kinds(v, keptLow, keptHigh);
      const left = to - at;
      const within = left >= 16 ? 0xffff : (1 << <i32>left) - 1;
      // 0 for what only the plain view keeps, from 32 on for what both keep.
      const both = v128.ge<u8>(kind, small);
      const inDense = i8x16.bitmask(both) & within;
      const inPlain = i8x16.bitmask(v128.ge<u8>(v128.sub<u8>(kind, one), smallest)) & within;
      // Both keep letters and digits, and letters have a 1 where capitals have a 0.
      const lower = v128.or(v, v128.and(v128.and(both, v128.gt<i8>(v, letters)), small));
      const symbols = v128.sub<u8>(v, i8x16.relaxed_swizzle(offsets, v128.and(v128.shr<u16>(v, 4), half)));
      squeeze(plain, lower, inPlain);
      plain += <usize>popcnt(inPlain);
      squeeze(dense, symbols, inDense);
      dense += <usize>popcnt(inDense);
    }
    if (part === breaks) break;
    at = to;
    // Every text begins at a multiple of four symbols, so that what is found in it does not depend on the one before.
    do store<u8>(plain++, BREAK); while ((plain & 3) !== 0);
    do store<u8>(dense++, BREAK); while ((dense & 3) !== 0);
  }
  v128.store(plain, i64x2.splat(0));
  v128.store(dense, i64x2.splat(0));
  return <u32>(plain - PLAIN) | (<u32>(dense - DENSE) << 16);
}

// @ts-ignore: decorator
@inline
function ends(at: usize): u64 {
  return <u64>i8x16.bitmask(v128.eq<u8>(v128.load(at), v128.load(NEWLINES)));
}

// @ts-ignore: decorator
@inline
function marks(at: usize, low: v128, high: v128): u64 {
  return <u64>(i8x16.bitmask(v128.eq<u8>(kinds(v128.load(at), low, high), i64x2.splat(0))) ^ 0xffff);
}

/** Where the rarest character of a blob's beginning stands beside another one of it: `H4`, `eJ`, `eN`, `f8`, `78`. */
// @ts-ignore: decorator
@inline
function blobs(at: usize, H: v128, four: v128, N: v128, e: v128, eight: v128, f: v128, seven: v128): v128 {
  const v = v128.load(at), before = v128.load(at - 1), next = v128.load(at, 1);
  const gzip = v128.and(v128.eq<u8>(v, H), v128.eq<u8>(next, four));
  const zlib = v128.and(v128.eq<u8>(v128.or(v, v128.load(FOURS)), N), v128.eq<u8>(before, e));
  const hex = v128.and(v128.eq<u8>(v, eight), v128.or(v128.eq<u8>(before, f), v128.eq<u8>(before, seven)));
  return v128.or(v128.or(gzip, zlib), hex);
}

// @define line
      // Without its end; of several empty ones in a row only the first.
      const to = end - (<i32>(start < end) & <i32>(load<u8>(TEXT + <usize>end - 1) === 0x0d));
      store<u16>(line, <u16>start);
      store<u16>(line, <u16>to, TO * ROOM);
      line += <usize>((1 - (<i32>(start === end) & wasEmpty)) << 1);
      wasEmpty = <i32>(start === to);
// @end

// @ts-ignore: decorator
@inline
function digitsOfBits(at: usize): u64 {
  return <u64>i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(at), v128.load(PAIRS)), v128.load(ZEROES)));
}

/** Digits of the shortest run of noughts and ones, as in bits.ts. */
const SHORTEST_RUN: i32 = 6;

let run: usize = 0;

/** Notes a run of noughts and ones, unless it is too short or in the middle of a hexadecimal number. */
function addRun(from: i32, to: i32): void {
  if (to - from < SHORTEST_RUN) return;
  const before: i32 = from === 0 ? 0 : load<u8>(TEXT + <usize>from - 1);
  const isHex = (load<u8>(HEX_LOW + <usize>(before & 15)) & load<u8>(HEX_HIGH + <usize>(before >> 4))) !== 0;
  // As in 0b1010.
  if (isHex && before !== 0x62) return;
  store<u16>(run, <u16>from);
  store<u16>(run, <u16>to, 2);
  run += 4;
}

/** Notes the lines of a text of `length` bytes, the marks of escapes and blobs, and runs of noughts and ones in it. */
export function note(length: i32): void {
  let open = -1;
  run = RUNS;
  const low = v128.load(MARKS_LOW), high = v128.load(MARKS_HIGH);
  const H = splat(BLOB_BYTES), four = splat(BLOB_BYTES + 1), N = splat(BLOB_BYTES + 2), e = splat(BLOB_BYTES + 3);
  const eight = splat(BLOB_BYTES + 4), f = splat(BLOB_BYTES + 5), seven = splat(BLOB_BYTES + 6);
  let escape = ESCAPES, blob = BLOBS;
  let start = 0, wasEmpty = 0, line = LINES;
  for (let base = 0; base < length; base += 64) {
    const at = TEXT + <usize>base;
    let bits = ends(at) | (ends(at + 16) << 16) | (ends(at + 32) << 32) | (ends(at + 48) << 48);
    for (; bits !== 0; bits &= bits - 1) {
      const end = base + <i32>ctz(bits);
      // @use line
      start = end + 1;
    }
    bits = marks(at, low, high) | (marks(at + 16, low, high) << 16) | (marks(at + 32, low, high) << 32) |
      (marks(at + 48, low, high) << 48);
    for (; bits !== 0; bits &= bits - 1) {
      const place = base + <i32>ctz(bits);
      const byte = load<u8>(TEXT + <usize>place), next = load<u8>(TEXT + <usize>place + 1);
      store<u16>(escape, <u16>place);
      escape += <usize>((load<u8>(STARTS + <usize>byte) & load<u8>(FOLLOWS + <usize>next)) !== 0) << 1;
    }
    bits = digitsOfBits(at) | (digitsOfBits(at + 16) << 16) | (digitsOfBits(at + 32) << 32) |
      (digitsOfBits(at + 48) << 48);
    if (open >= 0 && ~bits !== 0) {
      const ones = ctz(~bits);
      addRun(open, base + <i32>ones);
      bits &= ~((<u64>1 << ones) - 1);
      open = -1;
    }
    if (open < 0) {
      const last = clz(~bits);
      if (last > 0) {
        open = base + 64 - <i32>last;
        bits = last === 64 ? 0 : bits & ((<u64>1 << (64 - last)) - 1);
      }
      let six = bits & (bits >> 1);
      six &= six >> 2;
      six &= bits >> 4 & bits >> 5;
      while (six !== 0) {
        const first = ctz(six), to = first + ctz(~(bits >> first));
        addRun(base + <i32>first, base + <i32>to);
        six &= ~((<u64>1 << to) - 1);
      }
    }
    for (let i: usize = 0; i < 64; i += 16) {
      let found = i8x16.bitmask(blobs(at + i, H, four, N, e, eight, f, seven));
      for (; found !== 0; found &= found - 1) {
        store<u16>(blob, <u16>(base + <i32>i + ctz(found)));
        blob += 2;
      }
    }
  }
  if (open >= 0) addRun(open, length);
  store<u32>(COUNTS, <u32>((run - RUNS) >> 2), 16);
  const end = length;
  // @use line
  store<u32>(COUNTS, <u32>((line - LINES) >> 1));
  store<u32>(COUNTS, <u32>((escape - ESCAPES) >> 1), 4);
  store<u32>(COUNTS, <u32>((blob - BLOBS) >> 1), 8);
}

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

/** What lines are by themselves, and in comparison to the ones before. */
function describe(table: usize, room: usize, count: usize): void {
  const lineTo = table + TO * room, lineFlags = table + FLAG * room, lineSingles = table + SINGLE * room;
  const hexLow = v128.load(HEX_LOW), hexHigh = v128.load(HEX_HIGH);
  const digits = (1 << OFFSET_DIGITS) - 1;
  let above: usize = 0, lengthAbove = 0, firstAbove = 0, indentedAbove = 0, tailAbove = 0, offsetAbove = 0;
  let one: u32 = 0, two: u32 = 0, three: u32 = 0, seen = 0;
  for (let line: usize = 0; line < count; line++) {
    const from = TEXT + <usize>load<u16>(table + (line << 1)), to = TEXT + <usize>load<u16>(lineTo + (line << 1));
    const length = <i32>(to - from);
    let flags = 0, singles = 0, first = 0, indented = 0, tail = 0, offset = 0;
    let head: u32 = 0;
    if (length > SHORT) {
      const v = v128.load(from);
      first = load<u8>(from);
      head = headOf(from, length);
      const hex = i8x16.bitmask(v128.eq<u8>(kinds(v, hexLow, hexHigh), i64x2.splat(0)));
      if ((hex & digits) === 0 && length >= OFFSET_DIGITS) flags = offset = OFFSET;
      if (length <= LONGEST_RECORD) singles = singleOf(from, to);
      const blanks = blanksOf(v);
      if (length <= LONGEST_ROW && first > 0x20 && isTable(from, to, blanks, offset)) singles |= TABLE;
      if (isBlank(first)) {
        let at = from + <usize>ctz(~blanks);
        while (at < to && isBlank(load<u8>(at))) at++;
        if (at < to) indented = tokenOf(load<u8>(at));
      } else indented = first = tokenOf(first);
      if (length <= WIDEST) tail = tailOf(from, to, v, blanks);
    } else if (length > 0) {
      // The same for what may be so many lines that they are worth a way of their own.
      head = headOf(from, length);
      first = tokenOf(head & 0xff);
      const next = tokenOf((head >> 8) & 0xff), isTwo = length === SHORT;
      const single = symbolAt(from), other = symbolAt(from + 1);
      singles = single === 0 || other === 0 ? single | other : 0;
      if (isTwo && (next !== first || (next !== 0x30 && next !== 0x20))) tail = next | (first << 8);
      indented = first !== 0x20 ? first : isTwo && next !== 0x20 ? next : 0;
      if (first === 0x20) first = head & 0xff;
    }
    if (length > 0) {
      if (lengthAbove > 0) {
        const difference = length - lengthAbove;
        const isAlike = (offset & offsetAbove) !== 0 ||
          (first === firstAbove && indented === indentedAbove && indented !== 0);
        if (isAlike && length <= LONGEST_LINE && difference <= WIDEST && -difference <= WIDEST) flags |= HEAD;
        if (tail !== 0 && tail === tailAbove) flags |= TAIL;
        if (difference === 0) {
          if (length > 1 && length <= LONGEST_PIECE) flags |= LENGTH;
          if ((flags & (HEAD | TAIL)) !== 0 && isSame(above, from, length)) flags |= REPEATED;
        }
        if (head !== one) flags |= (head === two ? AGAIN_2 : 0) | (head === three ? AGAIN_3 : 0);
      }
      if (head === FILE_HEAD) flags |= FILE;
    }
    seen |= flags;
    store<u8>(lineFlags + line, <u8>flags);
    store<u8>(lineSingles + line, <u8>singles);
    above = from;
    lengthAbove = length;
    firstAbove = first;
    indentedAbove = indented;
    tailAbove = tail;
    offsetAbove = offset;
    three = two;
    two = one;
    one = head;
  }
  store<u8>(lineFlags + count, 0);
  store<u32>(COUNTS, seen, 12);
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
  return i8x16.bitmask(v128.or(v128.eq<u8>(v, v128.load(BLANKS)), v128.eq<u8>(v, v128.load(TABS))));
}

// @ts-ignore: decorator
@inline
function digitsOf(v: v128): i32 {
  return i8x16.bitmask(v128.lt<u8>(v128.sub<u8>(v, v128.load(ZEROES)), v128.load(TEN)));
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
    const v = v128.load(a);
    const left = <i32>min(aTo - a, bTo - b);
    const same = ctz(~i8x16.bitmask(v128.eq<u8>(v, v128.load(b))) | (left < 16 ? 1 << left : 0x10000));
    let kind = 0;
    if (same > 0) {
      // What is the same, as far as it goes, and then the rest of a run in each.
      const blanks = blanksOf(v), digits = digitsOf(v);
      const inside = (blanks & (blanks << 1)) | (digits & (digits << 1));
      tokens += popcnt(~inside & ((1 << same) - 1));
      a += <usize>same;
      b += <usize>same;
      const last = 1 << (same - 1);
      if (((blanks | digits) & last) === 0) continue;
      kind = (blanks & last) !== 0 ? 0x20 : 0x30;
    } else {
      kind = kindOf(load<u8>(a));
      if (kind === 0 || kind !== kindOf(load<u8>(b))) break;
      tokens++;
    }
    a = skip(a, aTo, kind);
    b = skip(b, bTo, kind);
  }
  shareEnd = b;
  differ |= <i32>(a < aTo || b < bTo);
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

/** How many tokens two lines share from their start, none when all they share is blank. */
function shareHead(table: usize, room: usize, first: i32, line: i32): i32 {
  const i = <usize>first, j = <usize>line;
  const lineTo = table + TO * room, lineFlags = table + FLAG * room, lineShared = table + SHARED * room;
  let a = TEXT + <usize>load<u16>(table + (i << 1)), b = TEXT + <usize>load<u16>(table + (j << 1));
  const aTo = TEXT + <usize>load<u16>(lineTo + (i << 1)), bTo = TEXT + <usize>load<u16>(lineTo + (j << 1));
  if (line - first === 1) {
    differ = 0;
    store<u8>(lineShared + i, <u8>NOT_KNOWN);
  }
  const offset = <i32>load<u8>(lineFlags + j) & OFFSET, both = offset & <i32>load<u8>(lineFlags + i);
  if (both !== 0) {
    a = offsetEnd(a, aTo);
    b = offsetEnd(b, bTo);
  }
  const isBlankFirst = both === 0 && isBlank(load<u8>(a));
  const tokens = share(a, aTo, b, bTo) + <i32>(both !== 0);
  // An offset that was taken apart is one token for whoever looks at this line alone.
  store<u8>(lineShared + j, <u8>(offset !== both ? NOT_KNOWN : tokens));
  store<u16>(table + END * room + (j << 1), <u16>(shareEnd - TEXT));
  return tokens === 1 && isBlankFirst ? 0 : tokens;
}

/** Groups of lines that begin alike. */
function group(table: usize, room: usize, count: i32): i32 {
  const lineFlags = table + FLAG * room, lineShared = table + SHARED * room;
  let at = table + GROUP * room;
  for (let start = 0; start + 2 < count;) {
    if ((load<u8>(lineFlags + <usize>start, 1) & HEAD) === 0) {
      start++;
      continue;
    }
    if ((load<u8>(lineFlags + <usize>start, 2) & HEAD) === 0) {
      start += 2;
      continue;
    }
    let shared = shareHead(table, room, start, start + 1);
    if (shared === 0) {
      start++;
      continue;
    }
    let tokens = shared;
    for (let line = start + 2;; line++) {
      const flags: i32 = load<u8>(lineFlags + <usize>line);
      if ((flags & HEAD) === 0) tokens = 0;
      else if ((flags & REPEATED) === 0) tokens = shareHead(table, room, start, line);
      else store<u8>(lineShared + <usize>line, <u8>NOT_KNOWN);
      // Lines that share much less begin a new group; a little less is what the column shares by chance.
      if (2 * tokens >= shared) {
        shared = min(shared, tokens);
        continue;
      }
      if (tokens > 0 && line - start < SETTLED) {
        start = line - 1;
        shared = tokens = shareHead(table, room, start, line);
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

/** Writes `count` runs from the one numbered `first` on as a byte each, behind the first `length` of {@link BYTES}. */
export function readGroups(first: i32, count: i32, length: i32): void {
  let at = RUNS + <usize>(first << 2);
  for (let byte = <usize>length, end = byte + <usize>count; byte < end; byte++, at += 4) {
    const from = load<u16>(at), to = load<u16>(at, 2);
    const eight = (load<u64>(TEXT + <usize>from) & 0x0101010101010101) * 0x8040201008040201;
    store<u8>(BYTES + byte, <u8>(eight >> (56 + (8 - <u64>(to - from)))));
    store<u32>(BYTE_STARTS + (byte << 2), from);
    store<u32>(BYTE_ENDS + (byte << 2), to);
  }
}

/** Puts the digits of `count` runs together; how many there are. */
export function putTogether(first: i32, count: i32): i32 {
  const one = v128.load(ONES), eights = v128.load(EIGHTS);
  let digits: usize = 0;
  store<u64>(DIGITS, 0);
  for (let at = RUNS + <usize>(first << 2), end = at + <usize>(count << 2); at < end; at += 4) {
    const to = <i32>load<u16>(at, 2);
    for (let from = <i32>load<u16>(at); from < to; from += 16) {
      const left = min(16, to - from);
      const sixteen = i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(TEXT + <usize>from), one), one)) & ((1 << left) - 1);
      const place = DIGITS + (digits >> 3);
      const held = (<u64>load<u8>(place)) | (<u64>sixteen << (digits & 7));
      store<u64>(place, held);
      const here = v128.add<u16>(v128.splat<u16>(<u16>from), eights);
      v128.store(PLACES + (digits << 1), here);
      v128.store(PLACES + (digits << 1), v128.add<u16>(here, v128.splat<u16>(8)), 16);
      digits += <usize>left;
    }
  }
  v128.store(DIGITS + ((digits + 7) >> 3), i64x2.splat(-1));
  v128.store(DIGITS + ((digits + 7) >> 3), i64x2.splat(-1), 16);
  return <i32>digits;
}

let bytes: usize = 0;
let breaks: usize = 0;

/** Writes the bytes from the one numbered `from` to the one before `to`, of those that begin at a digit. */
function addBytes(phase: usize, from: usize, to: usize): void {
  if (bytes > 0) {
    store<u16>(BYTE_BREAKS + breaks, <u16>bytes);
    breaks += 2;
    store<u32>(BYTES + bytes, 0);
    bytes += BREAK_LENGTH;
  }
  let digit = phase + (from << 3);
  for (let byte = from; byte < to; byte++, digit += 8, bytes++) {
    const bits = <u64>(<u32>load<u16>(DIGITS + byte) >> <u32>phase) & 0xff;
    // The first digit is the highest one of its byte, and the lowest one here.
    store<u8>(BYTES + bytes, <u8>((((bits * 0x80200802) & 0x0884422110) * 0x0101010101) >> 32));
    store<u32>(BYTE_STARTS + (bytes << 2), load<u16>(PLACES + (digit << 1)));
    store<u32>(BYTE_ENDS + (bytes << 2), <u32>load<u16>(PLACES + (digit << 1), 14) + 1);
  }
}

/** Bytes between two texts, as in decoder.ts, and those of the shortest stretch of ASCII, as in bits.ts. */
const BREAK_LENGTH: usize = 4, SHORTEST_TEXT: usize = 4;

/**
 * Writes the bytes that begin at every eighth of so many digits, all or stretches of ASCII, behind the first `length` ones of
 * {@link BYTES}, among which there are so many breaks; how many bytes there are then, and 65,536 times how many breaks.
 */
export function readPhase(digits: i32, phase: i32, isAscii: i32, length: i32, breakCount: i32): u32 {
  bytes = <usize>length;
  breaks = <usize>(breakCount << 1);
  const count = <usize>((digits - phase) >> 3);
  if (isAscii === 0) {
    if (count > 0) addBytes(<usize>phase, 0, count);
    return <u32>bytes | (<u32>(breaks >> 1) << 16);
  }
  let from: usize = 0, to: usize = 0;
  // Eight bytes at a time: the highest digit of each is the lowest bit here.
  for (let first: usize = 0; first + SHORTEST_TEXT <= count; first += 8) {
    const at = DIGITS + first;
    const ones = load<u64>(at) | load<u64>(at, 1) | load<u64>(at, 2) | load<u64>(at, 3);
    let texts = ~(ones >> <u64>phase) & 0x0101010101010101;
    for (; texts !== 0; texts &= texts - 1) {
      const begin = first + <usize>(ctz(texts) >> 3);
      if (begin + SHORTEST_TEXT > count) break;
      if (begin + SHORTEST_TEXT !== to + 1) {
        if (from < to) addBytes(<usize>phase, from, to);
        from = begin;
      }
      to = begin + SHORTEST_TEXT;
    }
  }
  if (from < to) addBytes(<usize>phase, from, to);
  return <u32>bytes | (<u32>(breaks >> 1) << 16);
}

// @define areIn
    // Which of four hashes, each of two words, may be in a set, as 32 ones each.
    const hash = v128.xor(i32x4.mul(first, one), i32x4.mul(last, two));
    const second = i32x4.mul(v128.xor(hash, v128.shr<u32>(hash, 16)), three);
    const place = v128.shl<u32>(v128.shr<u32>(hash, shift), 2);
    let words = v128.load32_zero(set + <usize>i32x4.extract_lane(place, 0));
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 1), words, 1);
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 2), words, 2);
    words = v128.load_lane<u32>(set + <usize>i32x4.extract_lane(place, 3), words, 3);
    const bits = v128.or(
      v128.or(
        bitsOf(v128.shr<u32>(second, 27), spread, powers, bytes, high, low),
        bitsOf(v128.shr<u32>(second, 22), spread, powers, bytes, high, low),
      ),
      bitsOf(v128.shr<u32>(second, 17), spread, powers, bytes, high, low),
    );
    const held = v128.eq<u32>(v128.and(words, bits), bits);
// @end
// @define vectors
  const one = v128.load(VECTORS), two = v128.load(VECTORS, 16), three = v128.load(VECTORS, 32);
  const spread = v128.load(VECTORS, 48), powers = v128.load(VECTORS, 64), bytes = v128.load(VECTORS, 80);
  const high = v128.load(VECTORS, 96), low = v128.load(VECTORS, 112);
// @end

// What follows looks symbols up in sets; it runs in an instance of its own, whose memory grows with the sets. The loops
// have no branch that depends on the text, since such a branch is what costs time.

/** The symbols of one view, as {@link PLAIN}; 16-bit places of words, of grams, of wide grams; 32-bit ones of what is left. */
const PROBED: usize = 0x2000, HITS: usize = 0xb000, NARROW: usize = 0x14000, WIDE: usize = 0x27000, FOUND: usize = 0x30000;
// @ts-ignore: decorator
@inline
function gramHash(first: u32, second: u32): u32 {
  return first * 0x9e3779b1 ^ (second ^ (second >> 15)) * 0x85ebca6b;
}

// @ts-ignore: decorator
@inline
function rehash(hash: u32): u32 {
  return (hash ^ (hash >> 16)) * 0x7feb352d;
}

/** Whether what has these two hashes may be in a set, in the lowest bit as sieveBit in sieve.ts; the others mean nothing. */
// @ts-ignore: decorator
@inline
function sieveBit(set: usize, shift: u32, hash: u32, second: u32): u32 {
  const word = load<u32>(set + <usize>((hash >> shift) << 2));
  return (word >> (second >> 27)) & (word >> (second >> 22)) & (word >> (second >> 17));
}

/** For each number the bit of 32 that its lowest five bits say. */
// @ts-ignore: decorator
@inline
function bitsOf(numbers: v128, spread: v128, powers: v128, bytes: v128, high: v128, low: v128): v128 {
  const number = i8x16.relaxed_swizzle(numbers, spread);
  return v128.and(v128.eq<u8>(v128.and(number, high), bytes), i8x16.relaxed_swizzle(powers, v128.and(number, low)));
}

/** Puts those of four places that `keep` has ones for at `at`; where they end. */
// @ts-ignore: decorator
@inline
function putPlaces(at: usize, places: v128, keep: v128): usize {
  const pairs = i8x16.bitmask(i16x8.narrow_i32x4_s(keep, keep)) & 0xff;
  v128.store(at, i8x16.relaxed_swizzle(places, v128.load64_zero(SQUEEZE + <usize>(pairs << 3))));
  return at + <usize>popcnt(pairs);
}

/** Notes the words at which five symbols may be in a form, of so many symbols; where the last one is noted ends. */
function probeFives(length: i32, set: usize, shift: u32): usize {
  // @use vectors
  const byte = v128.load(VECTORS, 128), next = v128.load(VECTORS, 144);
  let hit = HITS, at = 0;
  for (; at + 17 <= length; at += 16) {
    const symbols = PROBED + <usize>at;
    const first = v128.load(symbols), last = v128.and(v128.load(symbols, 4), byte);
    // @use areIn
    hit = putPlaces(hit, v128.add<u16>(v128.splat<u16>(<u16>at), next), held);
  }
  for (; at + 5 <= length; at += 4) {
    const symbols = PROBED + <usize>at;
    const hash: u32 = load<u32>(symbols) * 0x9e3779b1 ^ <u32>load<u8>(symbols, 4) * 0x85ebca6b;
    store<u16>(hit, <u16>at);
    hit += <usize>((sieveBit(set, shift, hash, rehash(hash)) & 1) << 1);
  }
  return hit;
}

let narrow: usize = 0, wides: usize = 0;

/**
 * Notes the grams that hold the five symbols at each word noted and may be in a form. The five tell by their lanes, see
 * sieve.ts, before how many of them one may begin; wide ones begin with them, and are not looked up yet.
 */
function findCandidates(end: usize, probes: usize, probeShift: u32, set: usize, shift: u32): void {
  // @use vectors
  const firstBytes = v128.load(VECTORS, 160), lastBytes = v128.load(VECTORS, 176);
  const before = v128.load(VECTORS, 192), ofLanes = v128.load(VECTORS, 208);
  let gram = NARROW, other = WIDE;
  for (let hit = HITS; hit < end; hit += 2) {
    const at = load<u16>(hit), symbols = PROBED + <usize>at;
    const five: u32 = load<u32>(symbols) * 0x9e3779b1 ^ <u32>load<u8>(symbols, 4) * 0x85ebca6b;
    const lanes = rotr<u32>(load<u32>(probes + <usize>((five >> probeShift) << 2)), rehash(five) >> 12);
    const v = v128.load(symbols - 3);
    const first = i8x16.relaxed_swizzle(v, firstBytes), after = i8x16.relaxed_swizzle(v, lastBytes);
    const last = v128.xor(after, v128.shr<u32>(after, 15));
    // @use areIn
    // Before the first symbol no gram begins.
    const mayBegin = v128.and(i32x4.splat(at === 0 ? lanes & 1 : lanes), ofLanes);
    const isGram = v128.and(held, v128.eq<u32>(mayBegin, ofLanes));
    gram = putPlaces(gram, v128.add<u16>(v128.splat<u16>(at), before), isGram);
    store<u16>(other, at);
    other += <usize>((lanes >> 27) & 2);
  }
  narrow = gram;
  wides = other;
}

/**
 * Notes where grams may begin in so many symbols, as four times the place, with 1 more for a wide gram and 2 more for one with
 * which a form may begin that has to be met as a whole; how many. The sets are those of five, of eight, of sixteen symbols
 * and of such beginnings, each by where it lies and its shift.
 */
export function findGrams(
  length: i32, probes: usize, probeShift: u32, grams: usize, gramShift: u32, wide: usize, wideShift: u32,
  wholes: usize, wholeShift: u32,
): i32 {
  findCandidates(probeFives(length, probes, probeShift), probes, probeShift, grams, gramShift);
  let found = FOUND, sixteen = WIDE;
  store<u16>(wides, 0xffff);
  store<u16>(narrow, 0xffff);
  for (let eight = NARROW; eight <= narrow; eight += 2) {
    const at: u32 = load<u16>(eight);
    for (let other: u32 = load<u16>(sixteen); other < at; other = load<u16>(sixteen)) {
      const hash = wideHash(PROBED + <usize>other);
      store<u32>(found, (other << 2) | 1);
      found += <usize>((sieveBit(wide, wideShift, hash, rehash(hash)) & 1) << 2);
      sixteen += 2;
    }
    const hash = gramHash(load<u32>(PROBED + <usize>at), load<u32>(PROBED + <usize>at, 4));
    store<u32>(found, (at << 2) | ((sieveBit(wholes, wholeShift, hash, rehash(hash)) & 1) << 1));
    found += 4;
  }
  return <i32>((found - FOUND) >> 2) - 1;
}

// @ts-ignore: decorator
@inline
function wideHash(at: usize): u32 {
  const head = gramHash(load<u32>(at), load<u32>(at, 4));
  return gramHash(rehash(head), gramHash(load<u32>(at, 8), load<u32>(at, 12)));
}

/** Notes the places, `step` from one to the next, at which three symbols may be in a short pattern; how many. */
export function findThrees(length: i32, set: usize, step: i32): i32 {
  let kept = FOUND;
  for (let at = 0; at < length; at += step) {
    const bit = ((load<u32>(PROBED + <usize>at) & 0xffffff) * 0x9e3779b1) >> 18;
    store<u32>(kept, at);
    kept += <usize>(((load<u32>(set + <usize>((bit >> 5) << 2)) >> (bit & 31)) & 1) << 2);
  }
  return <i32>((kept - FOUND) >> 2);
}
