/**
 * The encodings that a value may be shown in, as functions from bytes to bytes that carry along what each byte proves.
 *
 * Where an encoding packs bits across byte borders (base64, base32), what comes before the value shifts it: such an
 * encoder takes a phase and gives the *core*, the symbols that depend on the value alone.
 */
import type { Weighted } from "./redaction/lexicon/weights.ts";

export type { Weighted } from "./redaction/lexicon/weights.ts";

/** Half bits from which fractions are carried on: a random character in three digits proves more in each. */
const LEAST_SHARE = 3;

/** Collects the bytes of a form and their weights. */
class Builder {
  #bytes: Uint8Array;
  #weights: Uint8Array;
  #length = 0;
  /** Half bits that rounding has taken from the bytes so far, or given to them. */
  #owed = 0;

  /** A collector for about `expected` bytes. */
  constructor(expected: number) {
    this.#bytes = new Uint8Array(expected);
    this.#weights = new Uint8Array(expected);
  }

  /** Adds the characters of `text`, which together prove `weight` half bits. */
  add(text: string, weight: number): void {
    const each = weight / text.length;
    for (let i = 0; i < text.length; i++) this.addShare(text.charCodeAt(i), each);
  }

  /**
   * Adds a byte that proves `weight` half bits, which need not be whole: the bytes before and after it make up for that,
   * so that seven characters do not seem to be eight. Where little is proved, as by words, each is rounded by itself.
   */
  addShare(byte: number, weight: number): void {
    if (weight < LEAST_SHARE) return this.addByte(byte, Math.round(weight));
    this.#owed += weight;
    const whole = Math.round(this.#owed);
    this.#owed -= whole;
    this.addByte(byte, whole);
  }

  addByte(byte: number, weight: number): void {
    if (this.#length === this.#bytes.length) {
      this.#bytes = doubled(this.#bytes);
      this.#weights = doubled(this.#weights);
    }
    this.#bytes[this.#length] = byte;
    this.#weights[this.#length++] = weight;
  }

  /** What was added so far, as views that hold as long as the builder is left alone. */
  done(): Weighted {
    return { bytes: this.#bytes.subarray(0, this.#length), weights: this.#weights.subarray(0, this.#length) };
  }
}

function doubled(array: Uint8Array): Uint8Array {
  const out = new Uint8Array(2 * array.length + 1);
  out.set(array);
  return out;
}

/** How an alphabet packs bits into characters. */
export interface Packing {
  /** One character for each value of `bits` bits. */
  readonly alphabet: string;
  /** Bits in a character. */
  readonly bits: number;
  /** Alignments: bytes after which the packing repeats. */
  readonly phases: number;
  /** Whether the lowest bit of a byte comes first. @default false */
  readonly lowFirst?: boolean;
}

const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS = "0123456789";

/** RFC 4648 §4; the URL alphabet of §5 differs in two marks only, which matching leaves out. */
export const BASE64: Packing = { alphabet: UPPER + UPPER.toLowerCase() + DIGITS + "+/", bits: 6, phases: 3 };
/** RFC 4648 §6. */
export const BASE32: Packing = { alphabet: UPPER + "234567", bits: 5, phases: 5 };
/** RFC 4648 §7. */
export const BASE32_HEX: Packing = { alphabet: DIGITS + UPPER.slice(0, 22), bits: 5, phases: 5 };
/** RFC 4648 §8. */
export const BASE16: Packing = { alphabet: "0123456789abcdef", bits: 4, phases: 1 };
/** uuencode (POSIX): 6 bits as a character from the blank on. */
export const UUENCODE: Packing = {
  alphabet: Array.from({ length: 64 }, (_, i) => String.fromCharCode(i === 0 ? 0x60 : 0x20 + i)).join(""),
  bits: 6,
  phases: 3,
};

/** The characters of the packing that depend on `value` alone when `phase` bytes come before it. */
export function pack(value: Weighted, packing: Packing, phase: number): Weighted {
  const { bits, alphabet, lowFirst } = packing;
  const total = value.bytes.length * 8;
  const out = new Builder(Math.ceil(total / bits));
  const first = (bits - ((phase * 8) % bits)) % bits;
  for (let at = first; at + bits <= total; at += bits) {
    let number = 0;
    let weight = 0;
    for (let bit = at; bit < at + bits; bit++) {
      const byte = value.bytes[bit >> 3] as number;
      const shift = lowFirst ? bit & 7 : 7 - (bit & 7);
      number = (number << 1) | ((byte >> shift) & 1);
      weight += (value.weights[bit >> 3] as number) / 8;
    }
    out.addShare(alphabet.charCodeAt(number), weight);
  }
  return out.done();
}

/**
 * Each byte as text of its own, e.g. `x73` or `163`, one after the other with nothing between but what `before` puts
 * there, which proves nothing.
 */
export function perByte(
  value: Weighted,
  encode: (byte: number) => string,
  before: (at: number) => string = () => "",
): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  value.bytes.forEach((byte, i) => {
    out.add(before(i), 0);
    out.add(encode(byte), value.weights[i] as number);
  });
  return out.done();
}

/** Each byte through a substitution of bytes, e.g. rot13. */
export function substitute(value: Weighted, map: (byte: number) => number): Weighted {
  return { bytes: value.bytes.map(map), weights: value.weights };
}

/**
 * The bytes as little-endian words of `size` bytes in `base`, as `od -x` and `hexdump` show them, from `phase` on; each
 * with `prefix` before it, which proves nothing of itself.
 */
export function littleEndianWords(value: Weighted, size: number, base: number, phase: number, prefix = ""): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  const width = base === 10 ? 0 : Math.ceil((size * 8) / Math.log2(base));
  for (let at = phase; at + size <= value.bytes.length; at += size) {
    let word = 0n;
    let weight = 0;
    for (let i = size - 1; i >= 0; i--) {
      word = (word << 8n) | BigInt(value.bytes[at + i] as number);
      weight += value.weights[at + i] as number;
    }
    out.add(prefix, 0);
    out.add(word.toString(base).padStart(width, "0"), weight);
  }
  return out.done();
}

/** Groups of four bytes as five characters (Ascii85, RFC 1924's alphabet, Z85), whole groups from `phase` on. */
export function base85(value: Weighted, alphabet: string, phase: number): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  for (let at = phase; at + 4 <= value.bytes.length; at += 4) {
    let number = 0;
    let weight = 0;
    for (let i = 0; i < 4; i++) {
      number = number * 256 + (value.bytes[at + i] as number);
      weight += value.weights[at + i] as number;
    }
    let text = "";
    for (let i = 0; i < 5; i++) {
      text = alphabet.charAt(number % 85) + text;
      number = Math.floor(number / 85);
    }
    out.add(text, weight);
  }
  return out.done();
}

/** Adobe's alphabet of Ascii85: the marks from `!` on. */
export const ASCII85: string = Array.from({ length: 85 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
/** The alphabet that git and Python's `b85encode` use. */
export const BASE85: string = DIGITS + UPPER + UPPER.toLowerCase() + "!#$%&()*+-;<=>?@^_`{|}~";
/** ZeroMQ's alphabet (RFC 32/Z85). */
export const Z85: string = DIGITS + UPPER.toLowerCase() + UPPER + ".-:+=^!/*?&<>()[]{}@%$#";

const BASE58_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The whole value as one number in base 58 (Bitcoin's alphabet); no piece of it can be told from outside. */
export function base58(value: Weighted): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  let number = value.bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let text = "";
  while (number > 0n) {
    text = BASE58_ALPHABET.charAt(Number(number % 58n)) + text;
    number /= 58n;
  }
  out.add(text, value.weights.reduce((sum, weight) => sum + weight, 0));
  return out.done();
}

/** The whole value as one decimal number, the first byte highest. */
export function bigNumber(value: Weighted): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  const number = value.bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  out.add(number.toString(), value.weights.reduce((sum, weight) => sum + weight, 0));
  return out.done();
}

/** UTF-8 as UTF-32, for which it is taken byte by byte; the bytes that are zero prove nothing. */
export function utf32(value: Weighted, littleEndian: boolean): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  value.bytes.forEach((byte, i) => {
    for (let place = 0; place < 4; place++) {
      const isByte = place === (littleEndian ? 0 : 3);
      out.addByte(isByte ? byte : 0, isByte ? value.weights[i] as number : 0);
    }
  });
  return out.done();
}

/** UTF-8 as UTF-16; the bytes that are zero prove nothing. */
export function utf16(value: Weighted, littleEndian: boolean): Weighted {
  const text = new TextDecoder().decode(value.bytes);
  const out = new Builder(8 + 4 * value.bytes.length);
  let at = 0;
  for (const char of text) {
    const point = char.codePointAt(0) as number;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    const weight = value.weights.subarray(at, at + size).reduce((sum, each) => sum + each, 0);
    at += size;
    for (let i = 0; i < char.length; i++) {
      const unit = char.charCodeAt(i);
      const pair = [unit & 0xff, unit >> 8];
      for (const byte of littleEndian ? pair : pair.reverse()) out.addByte(byte, byte === 0 ? 0 : Math.ceil(weight));
    }
  }
  return out.done();
}

/** One character of a value, and what it proves. */
export interface Character {
  readonly text: string;
  /** Half bits. */
  readonly weight: number;
}

/** The characters of a value in UTF-8. */
export function characters(value: Weighted): Character[] {
  let at = 0;
  return [...new TextDecoder("utf-8", { ignoreBOM: true }).decode(value.bytes)].map((text) => {
    const end = at + new TextEncoder().encode(text).length;
    const weight = value.weights.subarray(at, end).reduce((sum, each) => sum + each, 0);
    at = end;
    return { text, weight };
  });
}

/** The characters one after the other, each as `encode` writes it, in UTF-8. */
export function joined(of: readonly Character[], encode: (character: Character) => string): Weighted {
  const out = new Builder(8 + 4 * of.length);
  for (const character of of) {
    const bytes = new TextEncoder().encode(encode(character));
    for (const byte of bytes) out.addShare(byte, character.weight / bytes.length);
  }
  return out.done();
}

/** A byte as `cat -v` shows it, which leaves line ends and tabs as they are. */
export function visible(byte: number): string {
  if (byte >= 0x80) return `M-${visible(byte & 0x7f)}`;
  if (byte === 0x7f) return "^?";
  return byte >= 0x20 || byte === 0x09 || byte === 0x0a
    ? String.fromCharCode(byte)
    : `^${String.fromCharCode(byte + 64)}`;
}

/** Whether a byte is part of a character that UTF-7 (RFC 2152) does not show as it is. */
export function isShifted(byte: number): boolean {
  return byte >= 0x7e || byte === 0x5c ||
    (byte > 0x20 && /[!-&*;-@[-`{-}]/.test(String.fromCharCode(byte)) && byte !== 0x3f);
}

/** The value in UTF-7: what it does not show as it is as UTF-16 in base64 between `+` and `-`. */
export function utf7(value: Weighted): Weighted {
  const out = new Builder(8 + 4 * value.bytes.length);
  let shifted: number[] = [];
  let weight = 0;
  const unshift = (): void => {
    if (shifted.length === 0) return;
    const bytes = Uint8Array.from(shifted.flatMap((unit) => [unit >> 8, unit & 0xff]));
    out.add(`+${btoa(String.fromCharCode(...bytes)).replaceAll("=", "")}-`, weight);
    shifted = [];
    weight = 0;
  };
  for (const character of characters(value)) {
    const { text } = character;
    if (text !== "+" && (text.codePointAt(0) as number) < 0x80 && !isShifted(text.charCodeAt(0))) {
      unshift();
      out.add(text, character.weight);
    } else if (text === "+" && shifted.length === 0) out.add("+-", character.weight);
    else {
      for (let i = 0; i < text.length; i++) shifted.push(text.charCodeAt(i));
      weight += character.weight;
    }
  }
  unshift();
  return out.done();
}

/** Last byte first. */
export function reversed(value: Weighted): Weighted {
  return { bytes: value.bytes.slice().reverse(), weights: value.weights.slice().reverse() };
}

/** Every `step`th byte from `first` on: one strand of a value that was dealt out. */
export function strand(value: Weighted, step: number, first: number): Weighted {
  const keep = (_: number, i: number): boolean => i % step === first;
  return { bytes: value.bytes.filter(keep), weights: value.weights.filter(keep) };
}

/** Neighbours swapped in pairs, as `dd conv=swab` does, from `phase` on. */
export function swappedPairs(value: Weighted, phase: number): Weighted {
  const order = Array.from(value.bytes, (_, i) => i - phase < 0 ? i : phase + ((i - phase) ^ 1));
  const inside = order.filter((i) => i < value.bytes.length);
  const pick = (from: Uint8Array): Uint8Array => Uint8Array.from(inside, (i) => from[i] as number);
  return { bytes: pick(value.bytes), weights: pick(value.weights) };
}

/** Groups of `size` bytes from the last byte to the first; what is left over at the end is left out. */
export function swappedGroups(value: Weighted, size: number): Weighted {
  const length = value.bytes.length - (value.bytes.length % size);
  const swapped = (from: Uint8Array): Uint8Array =>
    Uint8Array.from({ length }, (_, i) => from[i - 2 * (i % size) + size - 1] as number);
  return { bytes: swapped(value.bytes), weights: swapped(value.weights) };
}

/** The two hexadecimal digits of a byte the other way round, as Perl's `unpack("h*")` writes them. */
export function swapNibbles(byte: number): number {
  return ((byte & 0x0f) << 4) | (byte >> 4);
}

/** rot13, with the digits turned by five too when `digits` is set. */
export function rot13(byte: number, digits: boolean): number {
  const lower = byte | 0x20;
  if (lower >= 0x61 && lower <= 0x7a && byte >= 0x41) return byte + (lower < 0x6e ? 13 : -13);
  if (digits && byte >= 0x30 && byte <= 0x39) return byte + (byte < 0x35 ? 5 : -5);
  return byte;
}

/** The letters `by` places further in the alphabet, for 1 to 25. */
export function shifted(byte: number, by: number): number {
  const lower = byte | 0x20;
  if (lower < 0x61 || lower > 0x7a || byte < 0x41) return byte;
  return byte - lower + 0x61 + ((lower - 0x61 + by) % 26);
}

/** The digits turned by half their number. */
export function rot5(byte: number): number {
  return byte >= 0x30 && byte <= 0x39 ? 0x30 + ((byte - 0x30 + 5) % 10) : byte;
}

/** rot47: the printable characters turned by half their number. */
export function rot47(byte: number): number {
  return byte > 0x20 && byte < 0x7f ? 0x21 + ((byte - 0x21 + 47) % 94) : byte;
}

/** The alphabet read backwards. */
export function atbash(byte: number): number {
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x7a && byte >= 0x41 ? (byte & 0x20 ? 0xdb : 0x9b) - byte : byte;
}

const EBCDIC_MARKS: ReadonlyMap<string, number> = new Map(Object.entries({
  " ": 0x40,
  ".": 0x4b,
  "<": 0x4c,
  "(": 0x4d,
  "+": 0x4e,
  "|": 0x4f,
  "&": 0x50,
  "!": 0x5a,
  "$": 0x5b,
  "*": 0x5c,
  ")": 0x5d,
  ";": 0x5e,
  "-": 0x60,
  "/": 0x61,
  ",": 0x6b,
  "%": 0x6c,
  "_": 0x6d,
  ">": 0x6e,
  "?": 0x6f,
  ":": 0x7a,
  "#": 0x7b,
  "@": 0x7c,
  "'": 0x7d,
  "=": 0x7e,
  '"': 0x7f,
}));

/** The EBCDIC byte for an ASCII one, as in code page 037 and `dd conv=ebcdic`; 0x6f for what they disagree on. */
export function ebcdic(byte: number): number {
  const lower = byte | 0x20;
  if (byte >= 0x30 && byte <= 0x39) return byte + 0xc0;
  if (byte < 0x41 || lower < 0x61 || lower > 0x7a) return EBCDIC_MARKS.get(String.fromCharCode(byte)) ?? 0x6f;
  const rest = lower - 0x61;
  const small = rest < 9 ? 0x81 + rest : rest < 18 ? 0x91 + rest - 9 : 0xa2 + rest - 18;
  return byte & 0x20 ? small : small + 0x40;
}
