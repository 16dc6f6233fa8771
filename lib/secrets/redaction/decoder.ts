/**
 * Undoes what programs do to characters one at a time: percent-encoding, backslash escapes, HTML entities,
 * quoted-printable, terminal control, overstriking, full-width letters. The result is a view whose bytes know where
 * they came from. Encoders disagree on what they leave as it is, so all of them are undone wherever they occur.
 */
import { entityMark } from "./entities.ts";
import type { Stretches } from "./stretches.ts";
import { HEX_VALUES } from "./symbols.ts";
import type { Places, View } from "./view.ts";

/** The kinds of escape, as bits. */
export const ESCAPE = {
  /** `%41`, `%u0041` */
  percent: 1,
  /** `\x41`, `\101`, `\u0041`, `\n` */
  backslash: 2,
  /** `&#65;`, `&#x41;`, `&amp;` */
  entity: 4,
  /** `=41`, `=` at the end of a line */
  quotedPrintable: 8,
  /** CSI, OSC and the other sequences of ECMA-48 */
  terminal: 16,
  /** a backspace erases what stands before it */
  backspace: 32,
  /** full-width and mathematical letters, zero-width characters */
  wide: 64,
  /** markup around single characters */
  tag: 128,
} as const;

/** Every kind of escape. */
export const EVERY_ESCAPE = 255;

/** Byte to the kind of escape it may begin. */
export const ESCAPE_STARTS: Uint8Array = new Uint8Array(256);
ESCAPE_STARTS[0x25] = ESCAPE.percent;
ESCAPE_STARTS[0x5c] = ESCAPE.backslash;
ESCAPE_STARTS[0x26] = ESCAPE.entity;
ESCAPE_STARTS[0x3d] = ESCAPE.quotedPrintable;
ESCAPE_STARTS[0x1b] = ESCAPE.terminal;
ESCAPE_STARTS[0x08] = ESCAPE.backspace;
ESCAPE_STARTS[0x3c] = ESCAPE.tag;
for (const lead of [0xc2, 0xcc, 0xcd, 0xe2, 0xef, 0xf0]) ESCAPE_STARTS[lead] = ESCAPE.wide;

/** Byte to the kind of escape that it may begin and, times 256, to the kinds that it may be the second byte of. */
const PAIRS: Uint16Array = Uint16Array.from(ESCAPE_STARTS, (start, byte) => {
  const char = String.fromCharCode(byte);
  let kinds = ESCAPE.backslash | ESCAPE.backspace;
  if (/[0-9a-fu]/i.test(char)) kinds |= ESCAPE.percent;
  if (/[#a-z]/i.test(char)) kinds |= ESCAPE.entity;
  if (/[0-9a-f\r\n]/i.test(char)) kinds |= ESCAPE.quotedPrintable;
  if (byte >= 0x20 && byte <= 0x7e) kinds |= ESCAPE.terminal;
  if (byte >= 0x80 && byte <= 0xbf) kinds |= ESCAPE.wide;
  if (byte >= 0x20 && char !== "<") kinds |= ESCAPE.tag;
  return start | (kinds << 8);
});

/** What a byte means behind a backslash, besides an octal digit. */
export const BACKSLASH = { hex: 1, unicode: 2, long: 3, control: 4, lineEnd: 5 } as const;

/** Byte to what it means behind a backslash, 0 when it stands for itself. */
export const BACKSLASHED: Uint8Array = new Uint8Array(256);
BACKSLASHED[0x78] = BACKSLASHED[0x58] = BACKSLASH.hex;
BACKSLASHED[0x75] = BACKSLASH.unicode;
BACKSLASHED[0x55] = BACKSLASH.long;
BACKSLASHED[0x0a] = BACKSLASH.lineEnd;
for (const char of "nrtfvabe") BACKSLASHED[char.charCodeAt(0)] = BACKSLASH.control;

/** NULs between two stretches: as many as symbols may stand between them in a view. */
export const BREAK_LENGTH = 4;

/** Bytes up to which an operating system command or the like is taken for one; a longer one is text. */
const LONGEST_STRING = 1024;
const LONGEST_CSI = 64;
const LONGEST_TAG = 96;
const LONGEST_ENTITY = 12;

/** Bytes of the longest escape that is read without a call. */
const LONGEST_SHORT = 6;

/** What an escape stands for: a byte, a code point from U+0080 on by so much higher than it is, or nothing at all. */
const POINT = 0x100;
const NOTHING = -1;

/** Decodes stretches of bytes, one after the other, into one buffer that it owns. */
export class Decoder implements View {
  /** What came out. */
  data: Uint8Array = new Uint8Array(0);
  /** Where the source of each byte begins. */
  starts: Int32Array = new Int32Array(0);
  /** Where the source of each byte ends. */
  ends: Int32Array = new Int32Array(0);
  /** How many bytes came out. */
  length = 0;
  /** Where one stretch ends and the next one begins. */
  breaks: Places = { at: new Uint16Array(0), count: 0 };
  /** Where in what came out of the last stretch stands what may begin a further escape. */
  nested: Places = { at: new Uint16Array(0), count: 0 };
  /** Where the last stretch begins. */
  start = 0;
  readonly #capacity: number;
  /** Where in the source of the last stretch an escape may begin. */
  #places = new Uint16Array(0);
  /** What the escape that was read last stands for. */
  #value = NOTHING;

  /** A decoder for stretches of up to `capacity` bytes in all; it takes the memory when it is first used. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Forgets all stretches. */
  clear(): void {
    this.length = 0;
    this.breaks.count = 0;
  }

  /** Whether there is room for `size` more bytes; there always is for one stretch. */
  fits(size: number): boolean {
    return this.length + BREAK_LENGTH + size <= this.#capacity;
  }

  /** Decodes `[from, to)` of `data`, undoing the kinds of escape in `kinds`. */
  decode(data: Uint8Array, from: number, to: number, kinds: number): void {
    this.#begin();
    const { data: out, starts, ends, start, nested } = this;
    const places = this.#places;
    const count = this.#findPlaces(data, from, to, kinds);
    let at = start;
    let i = from;
    for (let n = 0; n <= count; n++) {
      const place = n < count ? places[n] as number : to;
      if (place < i) continue; // in the middle of an escape
      while (i < place) {
        out[at] = data[i] as number;
        starts[at] = i;
        ends[at++] = ++i;
      }
      if (n === count) break;
      const kind = (ESCAPE_STARTS[data[i] as number] as number) & kinds;
      if (kind === ESCAPE.backspace) {
        if (at > start) at--;
        i++;
        continue;
      }
      const short = i + LONGEST_SHORT <= to ? shortEscape(kind, data, i) : -1;
      const end = short >= 0 ? i + (short >> 8) : this.#read(kind, data, i, to);
      if (end === i) continue; // none after all, and copied with what follows
      const value = short >= 0 ? short & 0xff : this.#value;
      if (value > 0xff) at = this.#emitPoint(value - POINT, at, i, end);
      else if (value !== NOTHING) {
        if (ESCAPE_STARTS[value] !== 0) nested.at[nested.count++] = at;
        out[at] = value;
        starts[at] = i;
        ends[at++] = end;
      }
      i = end;
    }
    this.length = at;
  }

  /**
   * Notes where an escape of `kinds` may begin in `[from, to)`, going by two bytes: a loop without a branch, since in
   * text made of what looks like escapes each branch would be a surprise. How many places there are.
   */
  #findPlaces(data: Uint8Array, from: number, to: number, kinds: number): number {
    const places = this.#places;
    let count = 0;
    let kind = 0;
    for (let i = from; i < to; i++) {
      const byte = PAIRS[data[i] as number] as number;
      places[count] = i - 1;
      count += ((kind & (byte >> 8)) + 0xff) >> 8;
      kind = byte & kinds;
    }
    if (kind !== 0) places[count++] = to - 1;
    return count;
  }

  /** Puts stretches of `data` one after the other, as one. */
  gather(data: Uint8Array, stretches: Stretches): void {
    this.#begin();
    const { data: out, starts, ends } = this;
    let length = this.length;
    for (let i = 0; i < stretches.count; i++) {
      const to = stretches.to[i] as number;
      for (let from = stretches.from[i] as number; from < to; from++) {
        out[length] = data[from] as number;
        starts[length] = from;
        ends[length++] = from + 1;
      }
    }
    this.length = length;
  }

  /** Replaces the source positions of the last stretch, which are places in `inner`, by the places they came from. */
  compose(inner: { starts: Int32Array; ends: Int32Array }): void {
    for (let i = this.start; i < this.length; i++) {
      this.ends[i] = inner.ends[(this.ends[i] as number) - 1] as number;
      this.starts[i] = inner.starts[this.starts[i] as number] as number;
    }
  }

  #begin(): void {
    if (this.data.length === 0) {
      this.data = new Uint8Array(this.#capacity);
      this.starts = new Int32Array(this.#capacity);
      this.ends = new Int32Array(this.#capacity);
      this.breaks = { at: new Uint16Array(this.#capacity), count: 0 };
      this.nested = { at: new Uint16Array(this.#capacity), count: 0 };
      this.#places = new Uint16Array(this.#capacity);
    }
    this.nested.count = 0;
    if (this.length > 0) {
      this.breaks.at[this.breaks.count++] = this.length;
      this.data.fill(0, this.length, this.length + BREAK_LENGTH);
      this.length += BREAK_LENGTH;
    }
    this.start = this.length;
  }

  /** Reads the escape at `at`; where it ends, or `at` when it is none after all. What it stands for is `#value` then. */
  #read(kind: number, data: Uint8Array, at: number, to: number): number {
    this.#value = NOTHING;
    switch (kind) {
      case ESCAPE.percent:
        return this.#percent(data, at, to);
      case ESCAPE.backslash:
        return this.#backslash(data, at, to);
      case ESCAPE.entity:
        return this.#entity(data, at, to);
      case ESCAPE.quotedPrintable:
        return this.#quotedPrintable(data, at, to);
      case ESCAPE.terminal:
        return terminalEnd(data, at, to);
      case ESCAPE.tag:
        return tagEnd(data, at, to);
      default:
        return this.#wide(data, at, to);
    }
  }

  #percent(data: Uint8Array, at: number, to: number): number {
    if (at + 1 < to && ((data[at + 1] as number) | 0x20) === 0x75) {
      const unit = hexNumber(data, at + 2, 4, to);
      if (unit >= 0) return this.#point(unit, at + 6);
    }
    const byte = hexNumber(data, at + 1, 2, to);
    return byte < 0 ? at : this.#byte(byte, at + 3);
  }

  #backslash(data: Uint8Array, at: number, to: number): number {
    let next = at + 1;
    while (next < to && data[next] === 0x5c) next++;
    if (next >= to) return to;
    const byte = data[next] as number;
    if (byte >= 0x30 && byte <= 0x37) return this.#octal(data, next, to);
    switch (BACKSLASHED[byte]) {
      case BACKSLASH.hex: {
        if (data[next + 1] === 0x7b) return this.#unicode(data, next, to);
        const value = hexNumber(data, next + 1, 2, to);
        return value < 0 ? next : this.#byte(value, next + 3);
      }
      case BACKSLASH.unicode:
        return this.#unicode(data, next, to);
      case BACKSLASH.long: {
        const value = hexNumber(data, next + 1, 8, to);
        return value < 0 ? next : this.#point(value, next + 9);
      }
      case BACKSLASH.control:
        return this.#byte(0x0a, next + 1);
      case BACKSLASH.lineEnd:
        return next + 1;
      default:
        return next;
    }
  }

  #octal(data: Uint8Array, next: number, to: number): number {
    const limit = Math.min(to, next + (data[next] === 0x30 ? 4 : 3));
    let value = 0;
    let end = next;
    while (end < limit) {
      const digit = (data[end] as number) - 0x30;
      if (digit < 0 || digit > 7 || 8 * value + digit > 255) break;
      value = 8 * value + digit;
      end++;
    }
    return this.#byte(value, end);
  }

  #unicode(data: Uint8Array, next: number, to: number): number {
    if (data[next + 1] === 0x7b) {
      let end = next + 2;
      while (end < to && end < next + 9 && data[end] !== 0x7d) end++;
      const value = hexNumber(data, next + 2, end - next - 2, to);
      return value < 0 || data[end] !== 0x7d ? next : this.#point(value, end + 1);
    }
    const unit = hexNumber(data, next + 1, 4, to);
    if (unit < 0) return next;
    const end = next + 5;
    if (unit >= 0xd800 && unit < 0xdc00) {
      let low = end;
      while (low < to && data[low] === 0x5c) low++;
      const second = low > end && data[low] === 0x75 ? hexNumber(data, low + 1, 4, to) : -1;
      if (second >= 0xdc00 && second < 0xe000) {
        return this.#point(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00), low + 5);
      }
    }
    return this.#point(unit, end);
  }

  #entity(data: Uint8Array, at: number, to: number): number {
    const limit = Math.min(to, at + LONGEST_ENTITY);
    if (data[at + 1] === 0x23) {
      const isHex = at + 2 < to && ((data[at + 2] as number) | 0x20) === 0x78;
      const from = at + (isHex ? 3 : 2);
      const base = isHex ? 16 : 10;
      let value = 0;
      let end = from;
      for (; end < limit; end++) {
        const digit = HEX_VALUES[data[end] as number] as number;
        if (digit < 0 || digit >= base) break;
        value = base * value + digit;
      }
      return end === from || end >= to || data[end] !== 0x3b ? at : this.#point(value, end + 1);
    }
    let end = at + 1;
    while (end < limit && data[end] !== 0x3b && data[end] !== 0x26) end++;
    if (end >= to || data[end] !== 0x3b || end === at + 1) return at;
    const value = entityMark(data, at + 1, end);
    return value < 0 ? at : this.#byte(value, end + 1);
  }

  #quotedPrintable(data: Uint8Array, at: number, to: number): number {
    if (data[at + 1] === 0x0a) return at + 2;
    if (data[at + 1] === 0x0d && data[at + 2] === 0x0a) return at + 3;
    const byte = hexNumber(data, at + 1, 2, to);
    return byte < 0 ? at : this.#byte(byte, at + 3);
  }

  #wide(data: Uint8Array, at: number, to: number): number {
    const lead = data[at] as number;
    const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (at + size > to) return at;
    let point = lead & (0x7f >> size);
    for (let i = at + 1; i < at + size; i++) {
      const byte = data[i] as number;
      if ((byte & 0xc0) !== 0x80) return at;
      point = (point << 6) | (byte & 0x3f);
    }
    const plain = narrow(point);
    if (plain < 0) return at;
    return plain === 0 ? at + size : this.#byte(plain, at + size);
  }

  /** Says that an escape which ends at `end` stands for a byte. */
  #byte(byte: number, end: number): number {
    this.#value = byte;
    return end;
  }

  /** Says that an escape which ends at `end` stands for a code point, or for nothing when there is none so large. */
  #point(point: number, end: number): number {
    if (point <= 0x10ffff) this.#value = point < 0x80 ? point : point + POINT;
    return end;
  }

  /** Puts a code point out as UTF-8, than which every escape of one is longer; where the next byte goes. */
  #emitPoint(point: number, from: number, start: number, end: number): number {
    const size = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    let rest = point;
    for (let at = from + size - 1; at > from; at--) {
      this.data[at] = 0x80 | (rest & 0x3f);
      rest >>= 6;
    }
    const lead = ((0xf00 >> size) & 0xff) | rest;
    this.data[from] = lead;
    if (ESCAPE_STARTS[lead] !== 0) this.nested.at[this.nested.count++] = from;
    this.starts.fill(start, from, from + size);
    this.ends.fill(end, from, from + size);
    return from + size;
  }
}

/**
 * The usual escapes for one byte, read without a call: `%41`, `=41`, `\\x41`, `\\u0041`. Their length times 256 and the byte;
 * negative for everything else.
 */
function shortEscape(kind: number, data: Uint8Array, at: number): number {
  const second = data[at + 1] as number;
  if (kind !== ESCAPE.backslash) {
    if ((kind & (ESCAPE.percent | ESCAPE.quotedPrintable)) === 0) return -1;
    return 0x300 | ((HEX_VALUES[second] as number) << 4) | (HEX_VALUES[data[at + 2] as number] as number);
  }
  if ((second | 0x20) === 0x78) {
    return 0x400 | ((HEX_VALUES[data[at + 2] as number] as number) << 4) |
      (HEX_VALUES[data[at + 3] as number] as number);
  }
  // From U+0080 on it is more than a byte.
  if (second !== 0x75 || data[at + 2] !== 0x30 || data[at + 3] !== 0x30 || (data[at + 4] as number) > 0x37) return -1;
  return 0x600 | ((HEX_VALUES[data[at + 4] as number] as number) << 4) | (HEX_VALUES[data[at + 5] as number] as number);
}

/** Where the control sequence that begins at `at` ends (ECMA-48 §5.3 to §5.6, xterm's strings), `at` when it is none. */
export function terminalEnd(data: Uint8Array, at: number, to: number): number {
  const second = at + 1 < to ? data[at + 1] as number : 0;
  if (second === 0x5b) {
    let end = at + 2;
    const limit = Math.min(to, at + LONGEST_CSI);
    while (end < limit && (data[end] as number) >= 0x20 && (data[end] as number) <= 0x3f) end++;
    return end < limit && (data[end] as number) >= 0x40 && (data[end] as number) <= 0x7e ? end + 1 : at + 2;
  }
  if (second === 0x5d || second === 0x50 || second === 0x5f || second === 0x5e || second === 0x58) {
    const limit = Math.min(to, at + LONGEST_STRING);
    let end = at + 2;
    while (end < limit && ((data[end] as number) >= 0x20 || data[end] === 0x09)) end++;
    if (end < limit && data[end] === 0x07) return end + 1;
    return end + 1 < to && data[end] === 0x1b && data[end + 1] === 0x5c ? end + 2 : at + 2;
  }
  if (second >= 0x20 && second <= 0x2f) return Math.min(to, at + 3);
  return second >= 0x30 && second <= 0x7e ? at + 2 : at;
}

/** Where the tag of markup that begins at `at` ends, `at` when it is none. */
export function tagEnd(data: Uint8Array, at: number, to: number): number {
  const limit = Math.min(to, at + LONGEST_TAG);
  let end = at + 1;
  while (end < limit && (data[end] as number) >= 0x20 && data[end] !== 0x3c && data[end] !== 0x3e) end++;
  return end < limit && data[end] === 0x3e ? end + 1 : at;
}

/** The number that `count` hexadecimal digits at `at` make, -1 when they are not that. */
export function hexNumber(data: Uint8Array, at: number, count: number, to: number): number {
  if (at + count > to || count < 1) return -1;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = HEX_VALUES[data[i] as number] as number;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

/** The ASCII character that looks like `point`; 0 when nothing is to be seen of it, -1 when it is a character itself. */
export function narrow(point: number): number {
  if (point >= 0xff01 && point <= 0xff5e) return point - 0xfee0;
  if (point >= 0x1d400 && point <= 0x1d6a3) {
    const letter = (point - 0x1d400) % 52;
    return letter < 26 ? 0x41 + letter : 0x47 + letter;
  }
  if (point >= 0x1d7ce && point <= 0x1d7ff) return 0x30 + ((point - 0x1d7ce) % 10);
  if (point >= 0x1f130 && point <= 0x1f189) return squared(point - 0x1f130);
  if (point >= 0x1f1e6 && point <= 0x1f1ff) return point - 0x1f1e6 + 0x41;
  if (point >= 0x24b6 && point <= 0x24e9) return point < 0x24d0 ? point - 0x2475 : point - 0x246f;
  if (point >= 0x300 && point <= 0x36f) return 0;
  if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2060 && point <= 0x2064)) return 0;
  if (point === 0xad || point === 0xfeff || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  return point === 0xa0 || point === 0x3000 || (point >= 0x2000 && point <= 0x200a) ? 0x20 : -1;
}

/** The capital letter in a square or a circle, of which there are three kinds, 32 places apart. */
function squared(place: number): number {
  return (place & 31) < 26 ? 0x41 + (place & 31) : -1;
}
