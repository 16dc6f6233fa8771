/** Short tokens of a text that are something else in base64, base32 or hexadecimal, each by itself, or in rows of numbers. */
import { BASE32, BASE64, type Packing } from "../../encodings.ts";
import { DENSE, HEX_VALUES } from "../symbols.ts";

/** Bytes of the shortest piece. */
const FEWEST_BYTES = 3;
/** Decimal or octal numbers in a row that may be meant as characters, and what stands between two of them at most. */
const FEWEST_NUMBERS = 3;
const LONGEST_NUMBER = 3;
const MOST_BETWEEN = 4;
/** The same with the character itself in quotes, as debuggers show it: `115 's'`, a tab, `45 '-'`. */
const MOST_BETWEEN_QUOTED = 8;
const QUOTE = 0x27;
const BLANK = 0x20;
const LINE_END = 0x0a;
const PADDING = 0x3d;

/** A text, and behind it what its tokens stand for. */
export interface WithDecoded {
  readonly text: Uint8Array;
  /** For each place behind the text itself where that begins in it which stands for the byte there, and where it ends. */
  readonly from: Uint16Array;
  readonly to: Uint16Array;
  /** Bytes of both. */
  length: number;
}

/** The values of the characters of a packing, by their codes; 255 for others. */
const tableOf = ({ alphabet }: Packing): Uint8Array =>
  Uint8Array.from({ length: 256 }, (_, code) => alphabet.indexOf(String.fromCharCode(code)) & 0xff);

const PACKINGS = [BASE64, BASE32].map((packing) => ({ bits: packing.bits, digits: tableOf(packing) }));
const IN_TOKENS = (PACKINGS[0] as typeof PACKINGS[0]).digits;

/** Adds to `into` what tokens of its text, `length` bytes, stand for when that is printable. */
export function addDecoded(into: WithDecoded, length: number): void {
  const { text } = into;
  // Where a token ends, its padding too, that may go on in the next line.
  let wrappedAt = -1;
  for (let at = 0; at < length;) {
    if (IN_TOKENS[text[at] as number] === 255) {
      at++;
      continue;
    }
    const start = at;
    while (at < length && IN_TOKENS[text[at] as number] !== 255) at++;
    let padded = at;
    while (padded < length && text[padded] === PADDING) padded++;
    const fewest = padded > at ? 1 : FEWEST_BYTES;
    const isContinued = start === wrappedAt + 1 && text[wrappedAt] === LINE_END;
    let isText = false;
    for (const { bits, digits } of PACKINGS) {
      if ((at - start) * bits >= 8 * fewest && unpack(into, start, at, bits, digits, isContinued)) isText = true;
    }
    wrappedAt = isText ? padded : -1;
    if (at - start < 2) continue;
    const mayBeNumber = at - start <= LONGEST_NUMBER;
    const decimalEnd = mayBeNumber ? readNumbers(into, start, length, 10) : at;
    const octalEnd = mayBeNumber ? readNumbers(into, start, length, 8) : at;
    const digits = start + prefixSize(text, start);
    const end = hexEnd(text, digits, at) === at ? readHex(into, digits, length) : at;
    at = Math.max(at, decimalEnd, octalEnd, end);
  }
}

/**
 * Adds what `[start, end)` stands for, right behind what was added last when it `isContinued`; false when that is nothing, or
 * what nobody would write.
 */
function unpack(
  into: WithDecoded,
  start: number,
  end: number,
  bits: number,
  digits: Uint8Array,
  isContinued: boolean,
): boolean {
  const before = into.length;
  let [held, count] = [0, 0];
  let isText = isContinued || add(into, 0, start, end);
  for (let at = start; at < end && isText; at++) {
    const digit = digits[into.text[at] as number] as number;
    held = ((held << bits) | digit) & 0xffff;
    count += bits;
    if (digit === 255) isText = false;
    if (count < 8) continue;
    count -= 8;
    const byte = (held >> count) & 0xff;
    isText &&= isWritten(byte) && add(into, byte, start, end);
  }
  if (!isText) into.length = before;
  return isText;
}

/** Adds what pairs of digits from `start` on stand for, blanks between them or not; where they end. */
function readHex(into: WithDecoded, start: number, length: number): number {
  const { text } = into;
  const before = into.length;
  let isText = add(into, 0, start, start);
  let at = start;
  for (let end = start; isText; at = end, end = nextPair(text, end)) {
    const group = hexEnd(text, end, length);
    if (group === end || (group - end) % 2 !== 0 || (group < length && IN_TOKENS[text[group] as number] !== 255)) break;
    for (; end < group && isText; end += 2) {
      const byte = 16 * (HEX_VALUES[text[end] as number] as number) +
        (HEX_VALUES[text[end + 1] as number] as number);
      isText = isWritten(byte) && add(into, byte, end, end + 2);
    }
  }
  if (!isText || into.length - before <= FEWEST_BYTES) into.length = before;
  return isText ? at : start;
}

/** Bytes of the `0x` at `at`. */
const prefixSize = (text: Uint8Array, at: number): number =>
  text[at] === 0x30 && ((text[at + 1] as number) | 0x20) === 0x78 ? 2 : 0;

/** Where the digits go on behind `end`: at once, behind blanks, or behind marks when `0x` tells so. */
function nextPair(text: Uint8Array, end: number): number {
  let next = end;
  while (next - end < MOST_BETWEEN && text[next] === BLANK) next++;
  const behindBlanks = next;
  while (next - end < MOST_BETWEEN && DENSE[text[next] as number] === 0) next++;
  const size = next > end ? prefixSize(text, next) : 0;
  return size > 0 ? next + size : behindBlanks;
}

/** Adds what numbers of `base` from `start` on stand for, blanks or marks between them; where they end. */
function readNumbers(into: WithDecoded, start: number, length: number, base: number): number {
  const { text } = into;
  const before = into.length;
  let isText = add(into, 0, start, start);
  let count = 0;
  let at = start;
  for (let next = start; isText; count++) {
    let number = 0;
    let end = next;
    for (let digit; end < length && (digit = (text[end] as number) - 0x30) >= 0 && digit < base; end++) {
      number = base * number + digit;
    }
    if (end === next || end - next > LONGEST_NUMBER || !isWritten(number)) break;
    isText = add(into, number, next, end);
    at = next = end;
    next = nextNumber(text, end, length);
    if (next === end) break;
  }
  if (isText && count >= FEWEST_NUMBERS) return at;
  into.length = before;
  return start;
}

/** Where the next number may begin behind one that ends at `end`. */
function nextNumber(text: Uint8Array, end: number, length: number): number {
  const skip = (next: number, limit: number): number => {
    while (next < Math.min(length, limit) && DENSE[text[next] as number] === 0) next++;
    return next;
  };
  const quote = text[end] === BLANK ? end + 1 : end;
  return text[quote] === QUOTE && text[quote + 2] === QUOTE
    ? skip(quote + 3, end + MOST_BETWEEN_QUOTED)
    : skip(end, end + MOST_BETWEEN);
}

function hexEnd(text: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && (HEX_VALUES[text[at] as number] as number) >= 0) at++;
  return at;
}

/** Adds a byte; false when there is no room for it. */
function add(into: WithDecoded, byte: number, from: number, to: number): boolean {
  if (into.length >= into.text.length) return false;
  into.from[into.length] = from;
  into.to[into.length] = to;
  into.text[into.length++] = byte;
  return true;
}

/** Whether text has a byte: none but printable ones, line ends, tabs, what begins a colour, and those of UTF-16. */
const isWritten = (byte: number): boolean =>
  (byte >= 0x20 && byte < 0x7f) || byte === 0 || (byte >= 0x09 && byte <= 0x0d) || byte === 0x1b;
