// What undoes escapes: a part of kernel.as, whose names it uses. Which kinds of escape there are is told in escapes.ts;
// what the tables hold is written by text_kernel.ts.

const PERCENT: i32 = 1, BACKSLASH: i32 = 2, ENTITY: i32 = 4, QUOTED: i32 = 8, TERMINAL: i32 = 16, BACKSPACE: i32 = 32;
const WIDE: i32 = 64, TAG: i32 = 128, EVERY_KIND: i32 = 255;

/** As in escapes.ts. */
const IN_HEX: i32 = 1, IN_UNICODE: i32 = 2, IN_LONG: i32 = 3, IN_CONTROL: i32 = 4, IN_LINE_END: i32 = 5;

/** Bytes up to which an operating system command or the like is taken for one; a longer one is text. */
const LONGEST_STRING: usize = 1024;
const LONGEST_CSI: usize = 64, LONGEST_TAG: usize = 96, LONGEST_ENTITY: usize = 12;

/** What an escape stands for that is nothing to be seen, and what is added to a code point that is more than a byte. */
const NOTHING: i32 = -1, POINT: i32 = 0x100;

/** What the escape that was read last stands for. */
let value: i32 = NOTHING;

// @ts-ignore: decorator
@inline
function hexDigit(at: usize): i32 {
  return load<i8>(HEX_VALUES + <usize>load<u8>(at));
}

/** The number that two hexadecimal digits make, negative when they are not that. */
// @ts-ignore: decorator
@inline
function hexPair(at: usize): i32 {
  return (hexDigit(at) << 4) | hexDigit(at + 1);
}

/** The number that `count` hexadecimal digits at `at` make, -1 when they are not that. */
function hexNumber(at: usize, count: usize, to: usize): i64 {
  if (at + count > to || count < 1) return -1;
  let number: i64 = 0;
  for (const end = at + count; at < end; at++) {
    const digit = hexDigit(at);
    if (digit < 0) return -1;
    number = (number << 4) | <i64>digit;
  }
  return number;
}

/** Says that an escape which ends at `end` stands for a byte. */
// @ts-ignore: decorator
@inline
function asByte(byte: i32, end: usize): usize {
  value = byte;
  return end;
}

/** Says that an escape which ends at `end` stands for a code point, or for nothing when there is none so large. */
// @ts-ignore: decorator
@inline
function asPoint(point: i64, end: usize): usize {
  if (point <= 0x10ffff) value = <i32>point + (point < 0x80 ? 0 : POINT);
  return end;
}

/** Reads the escape at `at`; where it ends, or `at` when it is none after all. */
function readEscape(kind: i32, at: usize, to: usize): usize {
  value = NOTHING;
  switch (ctz(kind)) {
    case 0:
      return readPercent(at, to);
    case 1:
      return readBackslash(at, to);
    case 2:
      return readEntity(at, to);
    case 3:
      return readQuoted(at, to);
    case 4:
      return terminalEnd(at, to);
    case 6:
      return readWide(at, to);
    default:
      return tagEnd(at, to);
  }
}

// @ts-ignore: decorator
@inline
function readPercent(at: usize, to: usize): usize {
  const byte = hexPair(at + 1);
  if (byte >= 0) return at + 3 <= to ? asByte(byte, at + 3) : at;
  if (at + 1 >= to || (load<u8>(at + 1) | 0x20) !== 0x75) return at;
  const unit = hexNumber(at + 2, 4, to);
  return unit < 0 ? at : asPoint(unit, at + 6);
}

function readBackslash(at: usize, to: usize): usize {
  let next = at + 1;
  while (next < to && load<u8>(next) === 0x5c) next++;
  if (next >= to) return to;
  const byte = load<u8>(next);
  if ((byte & 0xf8) === 0x30) return readOctal(next, to);
  const meaning = <i32>load<u8>(BACKSLASHED + <usize>byte);
  if (meaning === 0) return next;
  if (meaning === IN_CONTROL) return asByte(0x0a, next + 1);
  if (meaning === IN_LINE_END) return next + 1;
  if (meaning === IN_LONG) {
    const point = hexNumber(next + 1, 8, to);
    return point < 0 ? next : asPoint(point, next + 9);
  }
  if (load<u8>(next + 1) === 0x7b) return readBraces(next, to);
  if (meaning === IN_UNICODE) return readUnicode(next, to);
  const number = hexPair(next + 1);
  return number < 0 || next + 3 > to ? next : asByte(number, next + 3);
}

// @ts-ignore: decorator
@inline
function readOctal(next: usize, to: usize): usize {
  const limit = min(to, next + (load<u8>(next) === 0x30 ? 4 : 3));
  let number = 0;
  let end = next;
  for (; end < limit; end++) {
    const digit = <i32>load<u8>(end) - 0x30;
    if (<u32>digit > 7 || 8 * number + digit > 255) break;
    number = 8 * number + digit;
  }
  return asByte(number, end);
}

/** `\u{41}`, from behind the backslash on. */
function readBraces(next: usize, to: usize): usize {
  let end = next + 2;
  while (end < to && end < next + 9 && load<u8>(end) !== 0x7d) end++;
  const point = hexNumber(next + 2, end - next - 2, to);
  return point < 0 || load<u8>(end) !== 0x7d ? next : asPoint(point, end + 1);
}

function readUnicode(next: usize, to: usize): usize {
  if (next + 5 > to) return next;
  const high = hexPair(next + 1), low = hexPair(next + 3);
  if ((high | low) < 0) return next;
  const unit = (high << 8) | low;
  const end = next + 5;
  if (unit >= 0xd800 && unit < 0xdc00) {
    let second = end;
    while (second < to && load<u8>(second) === 0x5c) second++;
    const rest = second > end && load<u8>(second) === 0x75 ? hexNumber(second + 1, 4, to) : -1;
    if (rest >= 0xdc00 && rest < 0xe000) {
      return asPoint(0x10000 + (<i64>(unit - 0xd800) << 10) + (rest - 0xdc00), second + 5);
    }
  }
  return asPoint(unit, end);
}

function readEntity(at: usize, to: usize): usize {
  const limit = min(to, at + LONGEST_ENTITY);
  if (load<u8>(at + 1) === 0x23) {
    const isHex = at + 2 < to && (load<u8>(at + 2) | 0x20) === 0x78;
    const from = at + (isHex ? 3 : 2);
    const base: i64 = isHex ? 16 : 10;
    let number: i64 = 0;
    let end = from;
    for (; end < limit; end++) {
      const digit = <i64>hexDigit(end);
      if (<u64>digit >= <u64>base) break;
      number = base * number + digit;
    }
    return end === from || end >= to || load<u8>(end) !== 0x3b ? at : asPoint(number, end + 1);
  }
  let end = at + 1;
  while (end < limit && load<u8>(end) !== 0x3b && load<u8>(end) !== 0x26) end++;
  if (end >= to || load<u8>(end) !== 0x3b || end === at + 1) return at;
  const mark = entityMark(at + 1, end);
  return mark === 0 ? at : asByte(mark, end + 1);
}

/** The mark that the name in `[from, to)` stands for, 0 when it is none of ours; see entities.ts. */
function entityMark(from: usize, to: usize): i32 {
  let hash = <i32>(to - from);
  for (let at = from; at < to; at++) hash = (hash * 0x01000193) ^ <i32>load<u8>(at);
  let slot = <usize>((<u32>hash * <u32>0x9e3779b1) >>> (32 - NAME_BITS));
  let mark = load<i32>(NAMES + (slot << 3), 4);
  while (mark !== 0 && load<i32>(NAMES + (slot << 3)) !== hash) {
    slot = (slot + 1) & ((1 << NAME_BITS) - 1);
    mark = load<i32>(NAMES + (slot << 3), 4);
  }
  return mark;
}

// @ts-ignore: decorator
@inline
function readQuoted(at: usize, to: usize): usize {
  const second = load<u8>(at + 1);
  if (second === 0x0a) return at + 2;
  const byte = hexPair(at + 1);
  if (byte >= 0) return at + 3 <= to ? asByte(byte, at + 3) : at;
  return second === 0x0d && load<u8>(at + 2) === 0x0a ? at + 3 : at;
}

/** Where the control sequence that begins at `at` ends (ECMA-48 §5.3 to §5.6, xterm's strings), `at` when it is none. */
function terminalEnd(at: usize, to: usize): usize {
  const second = at + 1 < to ? <i32>load<u8>(at + 1) : 0;
  let end = at + 2;
  if (second === 0x5b) {
    const limit = min(to, at + LONGEST_CSI);
    while (end < limit && <u32>(<i32>load<u8>(end) - 0x20) <= 0x1f) end++;
    return end < limit && <u32>(<i32>load<u8>(end) - 0x40) <= 0x3e ? end + 1 : at + 2;
  }
  if (second === 0x5d || second === 0x50 || second === 0x5f || second === 0x5e || second === 0x58) {
    const limit = min(to, at + LONGEST_STRING);
    while (end < limit && (load<u8>(end) >= 0x20 || load<u8>(end) === 0x09)) end++;
    if (end < limit && load<u8>(end) === 0x07) return end + 1;
    return end + 1 < to && load<u8>(end) === 0x1b && load<u8>(end + 1) === 0x5c ? end + 2 : at + 2;
  }
  if (second >= 0x20 && second <= 0x2f) return min(to, at + 3);
  return second >= 0x30 && second <= 0x7e ? at + 2 : at;
}

/** Where the tag of markup that begins at `at` ends, `at` when it is none. */
function tagEnd(at: usize, to: usize): usize {
  const limit = min(to, at + LONGEST_TAG);
  let end = at + 1;
  while (end < limit && load<u8>(end) >= 0x20 && load<u8>(end) !== 0x3c && load<u8>(end) !== 0x3e) end++;
  return end < limit && load<u8>(end) === 0x3e ? end + 1 : at;
}

function readWide(at: usize, to: usize): usize {
  const lead = <i32>load<u8>(at);
  const size: usize = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (at + size > to) return at;
  let point = lead & (0x7f >> <i32>size);
  for (let i: usize = 1; i < size; i++) {
    const byte = <i32>load<u8>(at + i);
    if ((byte & 0xc0) !== 0x80) return at;
    point = (point << 6) | (byte & 0x3f);
  }
  const plain = narrow(point);
  if (plain < 0) return at;
  return plain === 0 ? at + size : asByte(plain, at + size);
}

/** The ASCII character that looks like `point`; 0 when nothing is to be seen of it, -1 when it is a character itself. */
function narrow(point: i32): i32 {
  if (point >= 0xff01 && point <= 0xff5e) return point - 0xfee0;
  if (point >= 0x1d400 && point <= 0x1d6a3) {
    const letter = (point - 0x1d400) % 52;
    return letter < 26 ? 0x41 + letter : 0x47 + letter;
  }
  if (point >= 0x1d7ce && point <= 0x1d7ff) return 0x30 + ((point - 0x1d7ce) % 10);
  // The capital letter in a square or a circle, of which there are three kinds, 32 places apart.
  if (point >= 0x1f130 && point <= 0x1f189) {
    const letter = (point - 0x1f130) & 31;
    return letter < 26 ? 0x41 + letter : -1;
  }
  if (point >= 0x1f1e6 && point <= 0x1f1ff) return point - 0x1f1e6 + 0x41;
  if (point >= 0x24b6 && point <= 0x24e9) return point < 0x24d0 ? point - 0x2475 : point - 0x246f;
  if (point >= 0x300 && point <= 0x36f) return 0;
  if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2060 && point <= 0x2064)) return 0;
  if (point === 0xad || point === 0xfeff || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  return point === 0xa0 || point === 0x3000 || (point >= 0x2000 && point <= 0x200a) ? 0x20 : -1;
}

/**
 * The usual escapes for one byte: `%41`, `=41`, `\x41`, `\u0041`, `\n`, `\101`. Their length times 256 and the byte;
 * negative for all others.
 */
// @ts-ignore: decorator
@inline
function shortEscape(kind: i32, at: usize): i32 {
  if ((kind & (PERCENT | QUOTED)) !== 0) return hexPair(at + 1) | 0x300;
  if (kind !== BACKSLASH) return -1;
  const second = <u32>load<u8>(at + 1);
  if ((second | 0x20) === 0x78) return hexPair(at + 2) | 0x400;
  if (second === 0x75) {
    // From U+0080 on it is more than a byte.
    return load<u16>(at + 2) === 0x3030 && load<u8>(at + 4) < 0x38 ? hexPair(at + 4) | 0x600 : -1;
  }
  if (load<u8>(BACKSLASHED + <usize>second) === IN_CONTROL) return 0x20a;
  // What begins with 0 may have four digits, and what begins with 4 is more than a byte.
  const third = <u32>load<u8>(at + 2) - 0x30, fourth = <u32>load<u8>(at + 3) - 0x30;
  if (second < 0x31 || second > 0x33 || third > 7 || fourth > 7) return -1;
  return 0x400 | <i32>(((second - 0x30) << 6) | (third << 3) | fourth);
}

/** Whether a backslash before `at` only quotes what stands there. */
// @ts-ignore: decorator
@inline
function isQuoting(at: usize, to: usize): bool {
  const byte = load<u8>(at);
  return load<u8>(BACKSLASHED + <usize>byte) === 0 && byte !== 0x5c && (byte & 0xf8) !== 0x30 && at < to;
}

/** Where what comes out next goes, and where it is noted that it may begin a further escape. */
let outEnd: usize = 0, nestedEnd: usize = 0;

/** Bytes of a block up to which it was not worth the while, and bytes to the next one that is tried, at first and at most. */
const WORTHWHILE: usize = 24, WARY: usize = 8, WARIEST: usize = 1024;
/** Bytes that are left at least where one is tried. */
const ROOM_FOR_BLOCK: usize = 48;
/** Bytes to be read one by one before a block is tried again, and how many when that fails. */
let patience: usize = 0, wariness: usize = WARY;

/**
 * Decodes `[from, to)` of the text, at another `level` than 0 of what came out at the level before, and undoes the kinds of
 * escape in `escapes`, but for backspaces, see erasure.as. What comes out goes to `length` of the level; where it ends. `notes`
 * tells which rows are noted, and whether it is noted where what comes out stands in the text.
 */
export function decode(level: i32, length: i32, from: i32, to: i32, escapes: i32, notes: i32): i32 {
  const area = DECODED + <usize>level * DECODED_SIZE;
  isPlaced = (notes & UNPLACED) === 0;
  beginRows(level, notes & ~UNPLACED);
  const source = level === 0 ? TEXT : area - DECODED_SIZE;
  const end = source + <usize>to;
  let at = source + <usize>from;
  escapes &= ~BACKSPACE;
  beginHidden(source, escapes);
  outEnd = <usize>length;
  nestedEnd = NESTED;
  // What is found in a text must not depend on the one before.
  if ((level | length) === 0) {
    patience = 0;
    wariness = WARY;
  }
  while (at < end) {
    if (patience === 0 && end - at >= ROOM_FOR_BLOCK) {
      const start = at;
      at = decodeRow(area, source, at, end, escapes);
      if (end - at < ROOM_FOR_BLOCK) continue;
      // Behind a row there may be another one soon.
      const most = at > start ? BETWEEN_ROWS : BLOCK_STARTS;
      const done = decodeBlock(area, source, at, end - at, most, escapes);
      at += done;
      if (done >= WORTHWHILE || (most === BETWEEN_ROWS && done >= BETWEEN_ROWS)) {
        wariness = WARY;
        if (!isStopped) continue;
      } else {
        patience = wariness;
        wariness = min<usize>(2 * wariness, WARIEST);
      }
    }
    const next = decodeBytes(area, source, at, min(end, at + max<usize>(1, patience)), end, escapes);
    patience -= min(patience, next - at);
    at = next;
  }
  endRows();
  endHidden();
  v128.store(area + outEnd, i64x2.splat(0));
  store<u32>(COUNTS, <u32>((nestedEnd - NESTED) >> 1), 12);
  return <i32>outEnd;
}

/**
 * Decodes what begins in `[at, until)` of the `source`, which goes on up to `end`, one escape or some bytes between two at a
 * time; where that goes on.
 */
// @ts-ignore: decorator
@inline
function decodeSome(area: usize, source: usize, at: usize, until: usize, end: usize, escapes: i32, isFirst: bool): usize {
  const low = v128.and(v128.load(KINDS_LOW), v128.splat<u8>(<u8>escapes)), high = v128.load(KINDS_HIGH);
  let out = outEnd, nested = nestedEnd;
  while (at < until) {
    // Of what looks like an escape most is none by its second byte, which costs less to ask than to find out.
    const kind = <i32>(load<u8>(STARTS + <usize>load<u8>(at)) & load<u8>(SECONDS + <usize>load<u8>(at + 1))) & escapes;
    let stop = at + 1, byte = <i32>load<u8>(at), isEscaped = false;
    if (kind === 0) {
      // One byte between two escapes, or as many as there are up to the next one.
      if ((<i32>load<u8>(STARTS + <usize>load<u8>(at + 1)) & escapes) === 0) {
        const bytes = v128.load(at);
        const marked = (i8x16.bitmask(v128.eq<u8>(kinds(bytes, low, high), i64x2.splat(0))) ^ 0xffff) & 0xfffc;
        const count = min(<usize>ctz(marked | 0x10000), end - at);
        v128.store(area + out, bytes);
        copySources(area + (out << 1), source, at - source, isFirst);
        at += count;
        out += count;
        continue;
      }
    } else if (kind === BACKSLASH && isQuoting(at + 1, end)) {
      at++;
      continue;
    } else {
      const short = shortEscape(kind, at);
      isEscaped = true;
      if (short >= 0 && at + 6 <= end) {
        stop = at + <usize>(short >> 8);
        byte = short & 0xff;
      } else {
        stop = readEscape(kind, at, end);
        if ((kind & HIDING) !== 0) addHidden(at, stop);
        if (stop === at) {
          // None after all.
          isEscaped = false;
          stop++;
        } else byte = value;
      }
    }
    if (<u32>byte <= 0xff) {
      store<u16>(nested, <u16>out);
      nested += <usize>(isEscaped && load<u8>(STARTS + <usize>byte) !== 0) << 1;
      store<u8>(area + out, <u8>byte);
      putSource(area + (out << 1), source, at - source, stop - source, isFirst);
      out++;
    } else if (byte !== NOTHING) {
      const next = putPoint(area, out);
      store<u16>(nested, <u16>out);
      nested += <usize>(load<u8>(STARTS + <usize>load<u8>(area + out)) !== 0) << 1;
      for (; out < next; out++) putSource(area + (out << 1), source, at - source, stop - source, isFirst);
    }
    at = stop;
  }
  outEnd = out;
  nestedEnd = nested;
  return at;
}

/** See {@link decodeSome}, of which there are two: the source is the text itself, or not. */
function decodeBytes(area: usize, source: usize, at: usize, until: usize, end: usize, escapes: i32): usize {
  if (area === DECODED) return decodeSome(area, source, at, until, end, escapes, true);
  return decodeSome(area, source, at, until, end, escapes, false);
}

/** Puts the code point that was read last out as UTF-8, than which every escape of one is longer; where the next byte goes. */
function putPoint(area: usize, out: usize): usize {
  let rest = value - POINT;
  const size = rest < 0x800 ? 2 : rest < 0x10000 ? 3 : 4;
  const next = out + <usize>size;
  for (let at = next - 1; at > out; at--) {
    store<u8>(area + at, <u8>(0x80 | (rest & 0x3f)));
    rest >>= 6;
  }
  store<u8>(area + out, <u8>((0xf00 >> size) | rest));
  return next;
}

/** Set in what is to be noted when it is not to be noted where what comes out stands in the text; whether it is to be. */
const UNPLACED: i32 = 4;
let isPlaced: bool = true;

/** Notes at `to` that what came out stands for `[first, stop)` of the source, which is the text itself when it `isFirst`. */
// @ts-ignore: decorator
@inline
function putSource(to: usize, source: usize, first: usize, stop: usize, isFirst: bool): void {
  if (!isPlaced) return;
  store<u16>(to + FROM_OF, isFirst ? <u16>first : load<u16>(source + FROM_OF + (first << 1)));
  store<u16>(to + TO_OF, isFirst ? <u16>stop : load<u16>(source + TO_OF + (stop << 1) - 2));
}

/** The same for sixteen bytes from `first` on that stand for themselves. */
// @ts-ignore: decorator
@inline
function copySources(to: usize, source: usize, first: usize, isFirst: bool): void {
  if (!isPlaced) return;
  if (isFirst) {
    const eight = v128.splat<u16>(8), one = v128.splat<u16>(1);
    const low = v128.add<u16>(v128.splat<u16>(<u16>first), v128.load(EIGHTS)), high = v128.add<u16>(low, eight);
    v128.store(to + FROM_OF, low);
    v128.store(to + FROM_OF, high, 16);
    v128.store(to + TO_OF, v128.add<u16>(low, one));
    v128.store(to + TO_OF, v128.add<u16>(high, one), 16);
  } else {
    const from = source + (first << 1);
    v128.store(to + FROM_OF, v128.load(from + FROM_OF));
    v128.store(to + FROM_OF, v128.load(from + FROM_OF, 16), 16);
    v128.store(to + TO_OF, v128.load(from + TO_OF));
    v128.store(to + TO_OF, v128.load(from + TO_OF, 16), 16);
  }
}
