/**
 * The forms of a value that are looked up as they stand. What varies from one encoder to the next (percent-encoding,
 * escapes, terminal control) is undone in escapes/ instead; both meet in the same grams.
 */
import * as encode from "../../encodings.ts";
import { DENSE } from "../symbols.ts";
import type { Weighted } from "./weights.ts";

/** How a form came about, which decides how much of it has to be met before it counts. */
export const KIND = {
  /** The value in the plain view. */
  literal: 0,
  /** A form full of marks, looked up in the plain view: rot47, Ascii85, uuencode. */
  marked: 1,
  /** The value in the dense view, whatever stands between its characters. */
  loose: 2,
  reversed: 3,
  rotated: 4,
  stranded: 5,
  base64: 6,
  base64Nested: 7,
  base32: 8,
  hex: 9,
  hexWords: 10,
  decimal: 11,
  octal: 12,
  ebcdic: 13,
  nested: 14,
} as const;

/** Set in a pool's kind when the view drops some of the value's characters, so that gaps are to be expected. */
export const HAS_GAPS = 16;

/** A bit for each kind in which the first and the last character may hold bits of the value and of what stands beside it. */
export const PACKED_KINDS: number = (1 << KIND.base64) | (1 << KIND.base64Nested) | (1 << KIND.base32);

/** A bit for each kind in which bytes are numbers, most of them of several digits. */
const NUMBER_KINDS = (1 << KIND.hex) | (1 << KIND.hexWords) | (1 << KIND.decimal) | (1 << KIND.octal) |
  (1 << KIND.ebcdic) | (1 << KIND.nested);

/** The first of the kinds of which a run counts as one of `kind` does, and is masked alike. */
export function metAs(kind: number): number {
  if (((1 << kind) & PACKED_KINDS) !== 0) return KIND.base64;
  return ((1 << kind) & NUMBER_KINDS) === 0 ? kind : KIND.hex;
}

/** One of {@linkcode KIND}. */
export type Kind = typeof KIND[keyof typeof KIND];

/** A form of a value. */
export interface Form extends Weighted {
  /** How it came about. */
  readonly kind: Kind;
}

/**
 * Bytes up to which a value gets every form. The grams of a longer one would fill the tables, and where one character is
 * several symbols, any text in such a form would be made of grams that are in them.
 */
export const EVERY_FORM = 400;
/** Bytes up to which a value gets the forms that standard tools make. */
export const USUAL_FORMS = 8192;

/** What most often stands between characters, of what the plain view keeps. */
const SEPARATORS = ",-.;:|_/+";

/** Letters and digits that a value has at least for a form in which zeros stand between them. */
const FEWEST_BESIDE_ZEROS = 4;

/** All forms of `value`, fewer of them for a long one. */
export function* formsOf(value: Weighted): Generator<Form> {
  yield { ...value, kind: KIND.literal };
  yield { ...value, kind: KIND.loose };
  yield* packed(value, encode.BASE64, KIND.base64);
  yield* packed(value, encode.BASE16, KIND.hex);
  if (value.bytes.length > USUAL_FORMS) return;
  yield* usualForms(value);
  if (value.bytes.length > EVERY_FORM) return yield* fewRareForms(value);
  yield* rareForms(value);
  yield* characterForms(value);
  yield* nestedForms(value);
  yield* markedForms(value);
}

function hex2(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}

function* packed(value: Weighted, packing: encode.Packing, kind: Kind): Generator<Form> {
  for (let phase = 0; phase < packing.phases; phase++) yield { ...encode.pack(value, packing, phase), kind };
}

function* usualForms(value: Weighted): Generator<Form> {
  yield* packed(value, encode.BASE32, KIND.base32);
  yield* packed(encode.utf16(value, true), encode.BASE64, KIND.base64);
  yield* packed(encode.substitute(value, encode.ebcdic), encode.BASE16, KIND.ebcdic);
  yield { ...encode.reversed(value), kind: KIND.reversed };
  yield { ...encode.reversed(encode.pack(value, encode.BASE16, 0)), kind: KIND.hex };
  yield* packed(encode.substitute(value, encode.swapNibbles), encode.BASE16, KIND.hex);
  for (const form of packed(value, encode.BASE64, KIND.base64)) yield { ...encode.reversed(form), kind: form.kind };
  for (let phase = 0; phase < 2; phase++) {
    yield { ...encode.littleEndianWords(value, 2, 16, phase), kind: KIND.hexWords };
  }
}

/** Of the others those that are met most often, for a value that is too long for all. */
function* fewRareForms(value: Weighted): Generator<Form> {
  yield { ...encode.substitute(value, (byte) => encode.rot13(byte, false)), kind: KIND.rotated };
  yield { ...encode.substitute(value, (byte) => encode.rot13(byte, true)), kind: KIND.rotated };
  yield { ...encode.perByte(value, hex2, () => "0x"), kind: KIND.hex };
  for (const inner of packed(value, encode.BASE64, KIND.base64)) {
    yield* packed(inner, encode.BASE64, KIND.base64Nested);
    yield* packed(inner, encode.BASE16, KIND.nested);
  }
}

function* rareForms(value: Weighted): Generator<Form> {
  const perByte = (kind: Kind, text: (byte: number) => string, prefix?: string): Form => ({
    ...encode.perByte(value, text, prefix === undefined ? undefined : () => prefix),
    kind,
  });
  const decimal = (byte: number): string => byte.toString();
  const octal = (byte: number): string => byte.toString(8);
  // Marks by their numbers, behind whatever tells that: `sk=2Dlive`, `sk_2dlive`.
  if (value.bytes.some((byte) => DENSE[byte] === 0)) {
    yield perByte(KIND.loose, (byte) => DENSE[byte] === 0 ? hex2(byte) : String.fromCharCode(byte));
  }
  yield* packed(value, encode.BASE32_HEX, KIND.base32);
  yield { ...encode.substitute(value, (byte) => encode.rot13(byte, false)), kind: KIND.rotated };
  yield { ...encode.substitute(value, (byte) => encode.rot13(byte, true)), kind: KIND.rotated };
  // `tr a-z n-za-m` leaves capital letters as they are.
  const isSmall = (byte: number): boolean => byte >= 0x61 && byte <= 0x7a;
  yield {
    ...encode.substitute(value, (byte) => isSmall(byte) ? encode.rot13(byte, false) : byte),
    kind: KIND.rotated,
  };
  yield { ...encode.substitute(value, (byte) => isSmall(byte) ? encode.shifted(byte, 1) : byte), kind: KIND.rotated };
  yield { ...encode.substitute(value, (byte) => isSmall(byte) ? encode.atbash(byte) : byte), kind: KIND.rotated };
  yield { ...encode.substitute(value, encode.atbash), kind: KIND.rotated };
  for (const by of [1, 25, 3, 23]) {
    yield { ...encode.substitute(value, (byte) => encode.shifted(byte, by)), kind: KIND.rotated };
  }
  for (const by of [1, -1]) yield { ...encode.substitute(value, (byte) => byte + by), kind: KIND.rotated };
  yield { ...encode.substitute(value, encode.rot5), kind: KIND.rotated };
  const turned = encode.substitute(value, (byte) => encode.rot13(byte, false));
  yield { ...encode.reversed(turned), kind: KIND.reversed };
  yield perByte(KIND.stranded, (byte) => String.fromCharCode(byte, byte));
  yield { ...encode.perByte(value, (byte) => encode.ebcdic(byte).toString()), kind: KIND.decimal };
  yield perByte(KIND.hex, hex2, "x");
  yield perByte(KIND.decimal, decimal);
  yield perByte(KIND.decimal, (byte) => byte.toString().padStart(3, "0"));
  yield perByte(KIND.octal, (byte) => byte.toString(8).padStart(3, "0"));
  yield perByte(KIND.octal, octal);
  yield perByte(KIND.hex, hex2, "0x");
  yield perByte(KIND.hex, hex2, "u00");
  yield perByte(KIND.hex, hex2, "x00");
  // UTF-16 with its zeros in octal: what stands between them may be digits. Of marks nothing is left but the zeros.
  if (value.bytes.filter((byte) => DENSE[byte] !== 0 && byte !== 0x30).length >= FEWEST_BESIDE_ZEROS) {
    yield perByte(KIND.octal, (byte) => `${String.fromCharCode(byte)}000`);
  }
  yield perByte(KIND.decimal, decimal, "chr");
  yield perByte(KIND.decimal, decimal, "char");
  yield perByte(KIND.octal, octal, "0");
  yield perByte(KIND.octal, octal, "0o");
  yield* hexWords(value);
  for (const [size, base] of [[4, 8], [4, 10], [8, 8], [8, 10]] as const) {
    const kind = base === 8 ? KIND.octal : KIND.decimal;
    yield { ...encode.littleEndianWords(value, size, base, 0), kind };
    yield { ...encode.littleEndianWords(encode.swappedGroups(value, size), size, base, 0), kind };
  }
  for (let phase = 0; phase < 4; phase++) {
    yield { ...encode.strand(value, 4, phase), kind: KIND.stranded };
    if (phase < 3) yield { ...encode.strand(value, 3, phase), kind: KIND.stranded };
    if (phase > 1) continue;
    for (const pairs of [value, encode.swappedPairs(value, phase)]) {
      yield { ...encode.littleEndianWords(pairs, 2, 10, phase), kind: KIND.decimal };
      yield { ...encode.littleEndianWords(pairs, 2, 8, phase), kind: KIND.octal };
    }
    yield { ...encode.strand(value, 2, phase), kind: KIND.stranded };
    yield { ...encode.swappedPairs(value, phase), kind: KIND.stranded };
  }
  for (let phase = 0; phase < 2; phase++) {
    yield { ...encode.reversed(encode.strand(value, 2, phase)), kind: KIND.stranded };
  }
  yield { ...encode.base58(value), kind: KIND.base32 };
  yield { ...encode.bigNumber(value), kind: KIND.decimal };
}

/** What takes characters, not bytes, and so differs from the other forms where there is more than ASCII; and UTF-7. */
function* characterForms(value: Weighted): Generator<Form> {
  if (value.bytes.some((byte) => encode.isShifted(byte))) yield { ...encode.utf7(value), kind: KIND.nested };
  if (value.bytes.every((byte) => byte < 0x80)) return;
  yield { ...encode.perByte(value, encode.visible), kind: KIND.literal };
  const characters = encode.characters(value);
  // The dense view has nothing of characters beyond ASCII, and the plain one keeps most of what may separate them.
  for (const kind of [KIND.reversed, KIND.literal]) {
    yield { ...encode.joined(characters.toReversed(), ({ text }) => text), kind };
  }
  for (const mark of SEPARATORS) yield { ...encode.joined(characters, ({ text }) => text + mark), kind: KIND.literal };
  yield { ...encode.joined(characters, ({ text }) => `${text.codePointAt(0)}`), kind: KIND.decimal };
  yield { ...encode.joined(characters, ({ text }) => text.toUpperCase()), kind: KIND.literal };
  yield { ...encode.joined(characters, ({ text }) => text.toLowerCase()), kind: KIND.literal };
}

/** Words of several bytes as dumps and debuggers show them, with and without `0x`, wherever in a word the value begins. */
function* hexWords(value: Weighted): Generator<Form> {
  for (const size of [2, 4, 8]) {
    for (let phase = 0; phase < Math.min(size, 4); phase++) {
      const prefixes = size === 2 ? ["0x"] : ["", "0x"]; // the short ones without prefix are usual
      for (const prefix of prefixes) {
        yield { ...encode.littleEndianWords(value, size, 16, phase, prefix), kind: KIND.hexWords };
      }
      const before = (at: number): string => at % size === phase ? "0x" : "";
      yield { ...encode.perByte(value, hex2, before), kind: KIND.hexWords };
    }
  }
}

/** One encoding over another. */
function* nestedForms(value: Weighted): Generator<Form> {
  const backwards = encode.reversed(value);
  const turned = encode.substitute(value, (byte) => encode.rot13(byte, false));
  for (const inner of [backwards, turned, encode.utf16(value, false), ...dialects(value)]) {
    yield* packed(inner, encode.BASE64, KIND.base64Nested);
    yield* packed(inner, encode.BASE16, KIND.nested);
  }
  yield* packed(encode.substitute(value, encode.ebcdic), encode.BASE64, KIND.ebcdic);
  yield* packed(encode.utf16(value, true), encode.BASE16, KIND.hex);
  const hex = encode.pack(value, encode.BASE16, 0);
  yield* packed(hex, encode.BASE64, KIND.base64Nested);
  yield* packed(hex, encode.BASE16, KIND.nested);
  for (const inner of packed(value, encode.BASE64, KIND.base64)) {
    yield* packed(inner, encode.BASE64, KIND.base64Nested);
    yield* packed(inner, encode.BASE16, KIND.nested);
    yield { ...encode.substitute(inner, (byte) => encode.rot13(byte, false)), kind: KIND.nested };
  }
  yield* packed(encode.pack(value, encode.BASE32, 0), encode.BASE64, KIND.base64Nested);
  yield* packed(encode.pack(value, encode.BASE64, 0), encode.BASE32, KIND.base32);
  const twice = encode.pack(encode.pack(value, encode.BASE64, 0), encode.BASE64, 0);
  yield { ...encode.pack(twice, encode.BASE64, 0), kind: KIND.base64Nested };
  for (const littleEndian of [true, false]) {
    yield* packed(encode.utf32(value, littleEndian), encode.BASE16, KIND.nested);
  }
}

/** The value as other programs would have written it before it was encoded once more; only what differs from it. */
function* dialects(value: Weighted): Generator<Weighted> {
  const lower = encode.substitute(value, (byte) => byte >= 0x41 && byte <= 0x5a ? byte + 32 : byte);
  const upper = encode.substitute(value, (byte) => byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte);
  const swapped = encode.substitute(value, (byte) => /[a-z]/i.test(String.fromCharCode(byte)) ? byte ^ 0x20 : byte);
  const json = encode.perByte(value, (byte) => {
    if (byte < 0x80) return JSON.stringify(String.fromCharCode(byte)).slice(1, -1);
    return String.fromCharCode(byte);
  });
  const percent = encode.perByte(value, (byte) => {
    const char = String.fromCharCode(byte);
    return byte < 0x80 ? encodeURIComponent(char) : `%${byte.toString(16).toUpperCase()}`;
  });
  for (const dialect of [lower, upper, swapped]) {
    if (dialect.bytes.some((byte, i) => byte !== value.bytes[i])) yield dialect;
  }
  for (const dialect of [json, percent]) {
    if (dialect.bytes.length !== value.bytes.length) yield dialect;
  }
}

function* markedForms(value: Weighted): Generator<Form> {
  yield { ...encode.substitute(value, encode.rot47), kind: KIND.marked };
  yield* packed(value, encode.UUENCODE, KIND.marked);
  for (const alphabet of [encode.ASCII85, encode.BASE85, encode.Z85]) {
    yield { ...encode.base85(value, alphabet, 0), kind: KIND.marked };
  }
}
