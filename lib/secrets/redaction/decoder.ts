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
    const { data: out, starts, ends } = this;
    let at = this.length;
    for (let i = from; i < to;) {
      const byte = data[i] as number;
      const kind = (ESCAPE_STARTS[byte] as number) & kinds;
      const value = kind === 0 ? -1 : pairValue(kind, data, i, to);
      if (value >= 0) {
        if (ESCAPE_STARTS[value] !== 0) this.nested.at[this.nested.count++] = at;
        out[at] = value;
        starts[at] = i;
        ends[at++] = i += kind === ESCAPE.backslash ? 4 : 3;
        continue;
      }
      if (kind !== 0) {
        // A soft line end, of which wrapped text has many, leaves nothing.
        if (kind === ESCAPE.quotedPrintable && data[i + 1] === 0x0a && i + 1 < to) {
          i += 2;
          continue;
        }
        this.length = at;
        const next = this.#escape(kind, data, i, to);
        at = this.length;
        if (next > i) {
          i = next;
          continue;
        }
      }
      // What is no escape is copied up to the next one: a loop without a call in it takes half the time.
      do {
        out[at] = data[i] as number;
        starts[at] = i;
        ends[at++] = ++i;
      } while (i < to && ((ESCAPE_STARTS[data[i] as number] as number) & kinds) === 0);
    }
    this.length = at;
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
    }
    this.nested.count = 0;
    if (this.length > 0) {
      this.breaks.at[this.breaks.count++] = this.length;
      this.data.fill(0, this.length, this.length + BREAK_LENGTH);
      this.length += BREAK_LENGTH;
    }
    this.start = this.length;
  }

  /** Undoes the escape at `at`; where it ends, or `at` when it is none after all. */
  #escape(kind: number, data: Uint8Array, at: number, to: number): number {
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
      case ESCAPE.backspace:
        if (this.length > this.start) this.length--;
        return at + 1;
      case ESCAPE.tag:
        return tagEnd(data, at, to);
      default:
        return this.#wide(data, at, to);
    }
  }

  #percent(data: Uint8Array, at: number, to: number): number {
    if (at + 1 < to && ((data[at + 1] as number) | 0x20) === 0x75) {
      const unit = hexNumber(data, at + 2, 4, to);
      if (unit >= 0) return this.#emit(unit, at, at + 6);
    }
    const byte = hexNumber(data, at + 1, 2, to);
    return byte < 0 ? at : this.#emitByte(byte, at, at + 3);
  }

  #backslash(data: Uint8Array, at: number, to: number): number {
    let next = at + 1;
    while (next < to && data[next] === 0x5c) next++;
    if (next >= to) return to;
    const byte = data[next] as number;
    if (byte >= 0x30 && byte <= 0x37) return this.#octal(data, at, next, to);
    switch (BACKSLASHED[byte]) {
      case BACKSLASH.hex: {
        if (data[next + 1] === 0x7b) return this.#unicode(data, at, next, to);
        const value = hexNumber(data, next + 1, 2, to);
        return value < 0 ? next : this.#emitByte(value, at, next + 3);
      }
      case BACKSLASH.unicode:
        return this.#unicode(data, at, next, to);
      case BACKSLASH.long: {
        const value = hexNumber(data, next + 1, 8, to);
        return value < 0 ? next : this.#emit(value, at, next + 9);
      }
      case BACKSLASH.control:
        return this.#emitByte(0x0a, at, next + 1);
      case BACKSLASH.lineEnd:
        return next + 1;
      default:
        return next;
    }
  }

  #octal(data: Uint8Array, at: number, next: number, to: number): number {
    const longest = data[next] === 0x30 ? 4 : 3;
    let value = 0;
    let end = next;
    while (end < to && end < next + longest && ((data[end] as number) & 0xf8) === 0x30) {
      const more = value * 8 + (data[end] as number) - 0x30;
      if (more > 255) break;
      value = more;
      end++;
    }
    return this.#emitByte(value, at, end);
  }

  #unicode(data: Uint8Array, at: number, next: number, to: number): number {
    if (data[next + 1] === 0x7b) {
      let end = next + 2;
      while (end < to && end < next + 9 && data[end] !== 0x7d) end++;
      const value = hexNumber(data, next + 2, end - next - 2, to);
      return value < 0 || data[end] !== 0x7d ? next : this.#emit(value, at, end + 1);
    }
    const unit = hexNumber(data, next + 1, 4, to);
    if (unit < 0) return next;
    const end = next + 5;
    if (unit >= 0xd800 && unit < 0xdc00) {
      let low = end;
      while (low < to && data[low] === 0x5c) low++;
      const second = low > end && data[low] === 0x75 ? hexNumber(data, low + 1, 4, to) : -1;
      if (second >= 0xdc00 && second < 0xe000) {
        return this.#emit(0x10000 + ((unit - 0xd800) << 10) + (second - 0xdc00), at, low + 5);
      }
    }
    return this.#emit(unit, at, end);
  }

  #entity(data: Uint8Array, at: number, to: number): number {
    let end = at + 1;
    while (end < to && end < at + 12 && data[end] !== 0x3b && data[end] !== 0x26) end++;
    if (end >= to || data[end] !== 0x3b || end === at + 1) return at;
    if (data[at + 1] === 0x23) {
      const hex = ((data[at + 2] as number) | 0x20) === 0x78;
      const value = hex ? hexNumber(data, at + 3, end - at - 3, to) : decimalNumber(data, at + 2, end);
      return value < 0 ? at : this.#emit(value, at, end + 1);
    }
    const value = entityMark(data, at + 1, end);
    return value < 0 ? at : this.#emitByte(value, at, end + 1);
  }

  #quotedPrintable(data: Uint8Array, at: number, to: number): number {
    if (data[at + 1] === 0x0a) return at + 2;
    if (data[at + 1] === 0x0d && data[at + 2] === 0x0a) return at + 3;
    const byte = hexNumber(data, at + 1, 2, to);
    return byte < 0 ? at : this.#emitByte(byte, at, at + 3);
  }

  #wide(data: Uint8Array, at: number, to: number): number {
    const point = codePointAt(data, at, to);
    if (point.size === 0) return at;
    const plain = narrow(point.value);
    if (plain < 0) return at;
    return plain === 0 ? at + point.size : this.#emitByte(plain, at, at + point.size);
  }

  #emitByte(byte: number, start: number, end: number): number {
    const at = this.length++;
    this.data[at] = byte;
    this.starts[at] = start;
    this.ends[at] = end;
    if (ESCAPE_STARTS[byte] !== 0) this.nested.at[this.nested.count++] = at;
    return end;
  }

  /** Emits a code point as UTF-8; every escape of one is at least as long as that. */
  #emit(point: number, start: number, end: number): number {
    if (point < 0x80) return this.#emitByte(point, start, end);
    if (point > 0x10ffff) return end;
    if (point < 0x800) {
      this.#emitByte(0xc0 | (point >> 6), start, end);
    } else {
      if (point < 0x10000) this.#emitByte(0xe0 | (point >> 12), start, end);
      else {
        this.#emitByte(0xf0 | (point >> 18), start, end);
        this.#emitByte(0x80 | ((point >> 12) & 0x3f), start, end);
      }
      this.#emitByte(0x80 | ((point >> 6) & 0x3f), start, end);
    }
    return this.#emitByte(0x80 | (point & 0x3f), start, end);
  }
}

/** The byte that two hexadecimal digits behind `%`, `=` or `\\x` stand for, -1 when there are none. */
function pairValue(kind: number, data: Uint8Array, at: number, to: number): number {
  let digits = at + 1;
  if (at + 3 > to) return -1;
  if (kind === ESCAPE.backslash) {
    if (((data[digits++] as number) | 0x20) !== 0x78 || at + 4 > to) return -1;
  } else if ((kind & (ESCAPE.percent | ESCAPE.quotedPrintable)) === 0) return -1;
  const high = HEX_VALUES[data[digits] as number] as number;
  const low = HEX_VALUES[data[digits + 1] as number] as number;
  return high < 0 || low < 0 ? -1 : 16 * high + low;
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

function decimalNumber(data: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = (data[i] as number) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return to > from ? value : -1;
}

function codePointAt(data: Uint8Array, at: number, to: number): { value: number; size: number } {
  const lead = data[at] as number;
  const size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (at + size > to) return { value: 0, size: 0 };
  let value = lead & (0x7f >> size);
  for (let i = 1; i < size; i++) {
    const byte = data[at + i] as number;
    if ((byte & 0xc0) !== 0x80) return { value: 0, size: 0 };
    value = (value << 6) | (byte & 0x3f);
  }
  return { value, size };
}

/** The ASCII character that looks like `point`; 0 when nothing is to be seen of it, -1 when it is a character itself. */
export function narrow(point: number): number {
  if (point >= 0xff01 && point <= 0xff5e) return point - 0xfee0;
  if (point >= 0x1d400 && point <= 0x1d6a3) {
    const letter = (point - 0x1d400) % 52;
    return letter < 26 ? 0x41 + letter : 0x47 + letter;
  }
  if (point >= 0x1d7ce && point <= 0x1d7ff) return 0x30 + ((point - 0x1d7ce) % 10);
  if (point >= 0x24b6 && point <= 0x24e9) return point < 0x24d0 ? point - 0x2475 : point - 0x246f;
  if (point >= 0x300 && point <= 0x36f) return 0;
  if ((point >= 0x200b && point <= 0x200f) || (point >= 0x2060 && point <= 0x2064)) return 0;
  if (point === 0xad || point === 0xfeff || (point >= 0xfe00 && point <= 0xfe0f)) return 0;
  return point === 0xa0 || point === 0x3000 || (point >= 0x2000 && point <= 0x200a) ? 0x20 : -1;
}
