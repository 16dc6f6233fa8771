/**
 * How much each character of a value proves when it is met in output, in half bits.
 *
 * Eight characters in a row of a random value are proof; ten letters of the word `production` are none. Adding up what
 * the characters prove, instead of counting them, is what lets one threshold hold for passwords, hexadecimal digests,
 * pass phrases and URLs.
 */
import { isKnownWord, readsAsWord } from "./ordinary.ts";
import { DENSE, isHexDigit } from "../symbols.ts";

/** Half bits that a letter or digit of a random value proves. */
export const RANDOM = 11;
const HEX = 8;
const DIGIT = 7;
const WORD = 3;
const KNOWN_WORD = 1;
const REPEATED = 2;
const COMMON_MARK = 2;
const JOINING_MARK = 4;
const MARK = 6;
const HIGH_BYTE = 5;

/** What marks prove in a password that is made of letters, digits and marks alike: there they are as random as the letters. */
const RANDOM_MARK = RANDOM;
const RANDOM_COMMON_MARK = 6;

/** Bytes of the longest value that may be such a password, the fewest different marks in it, and the share of words. */
const LONGEST_PASSWORD = 64;
const FEWEST_MARKS = 4;
const FEW_WORDS = 0.3;

/** The share of a stretch of letters and digits that words make up, if they are meant as words. */
const WORDY = 0.6;

/** Letters and digits of the longest stretch whose words may be there by chance, with a single letter before them. */
const LONGEST_CHANCE = 8;

/** Characters each side that decide whether a place in a value is made of digits or of hexadecimal digits only. */
const REACH = 4;

/** Bytes together with what each proves, in half bits. */
export interface Weighted {
  /** The bytes of the value or of a form of it. */
  readonly bytes: Uint8Array;
  /** Half bits, one for each byte. */
  readonly weights: Uint8Array;
}

/** One character for each byte, whatever the bytes are. */
const LATIN1 = new TextDecoder("latin1");

const COMMON_MARKS: ReadonlySet<number> = new Set([..." ./:@,=\r\n\t"].map((char) => char.charCodeAt(0)));

/** What the characters of `bytes` (UTF-8) prove when they are met in output. */
export function weigh(bytes: Uint8Array): Weighted {
  const weights = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) weights[i] = weighOne(bytes, i);
  const letters = discountWords(bytes, weights);
  if (isRandomMarks(bytes, letters)) raiseMarks(bytes, weights);
  discountTokens(bytes, weights);
  for (let i = 1; i < bytes.length; i++) {
    if (bytes[i] !== bytes[i - 1]) continue;
    // Two of a letter or digit are as likely as any other two; a third one is a pattern.
    if (DENSE[bytes[i] as number] === 0) weights[i] = 0;
    else if (bytes[i] === bytes[i - 2]) weights[i] = Math.min(weights[i] as number, REPEATED);
  }
  return { bytes, weights };
}

/** The sum of all that `value` proves, in half bits. */
export function totalWeight(value: Weighted): number {
  return value.weights.reduce((sum, weight) => sum + weight, 0);
}

/** What the characters would prove if words were not ordinary. */
export function weighRaw(bytes: Uint8Array): Weighted {
  return { bytes, weights: Uint8Array.from(bytes, (_, i) => weighOne(bytes, i)) };
}

/** What all characters would prove if words were not ordinary, in half bits: the measure for a whole value. */
export function rawWeight(bytes: Uint8Array): number {
  return totalWeight(weighRaw(bytes));
}

function weighOne(bytes: Uint8Array, at: number): number {
  const byte = bytes[at] as number;
  if (byte >= 0x80) return HIGH_BYTE;
  const mark = weighMark(byte);
  if (mark !== undefined) return mark;
  let digits = true;
  for (let i = Math.max(0, at - REACH); i <= Math.min(bytes.length - 1, at + REACH); i++) {
    const near = bytes[i] as number;
    if (DENSE[near] === 0) continue;
    if (!isHexDigit(near)) return RANDOM;
    if (near > 0x39) digits = false;
  }
  return digits ? DIGIT : HEX;
}

function weighMark(byte: number): number | undefined {
  if (byte >= 0x80 || DENSE[byte] !== 0) return undefined;
  if (byte === 0x2d || byte === 0x5f) return JOINING_MARK;
  return COMMON_MARKS.has(byte) || byte < 0x20 ? COMMON_MARK : MARK;
}

/** Whether the marks of a value of which so many `letters` are in words are random ones: those of URLs and of JSON are not. */
function isRandomMarks(bytes: Uint8Array, letters: number): boolean {
  if (bytes.length > LONGEST_PASSWORD || letters > FEW_WORDS * bytes.length) return false;
  const marks = new Set(bytes.filter((byte) => byte > 0x20 && byte < 0x7f && weighMark(byte) === MARK));
  return marks.size >= FEWEST_MARKS;
}

function raiseMarks(bytes: Uint8Array, weights: Uint8Array): void {
  for (const [i, byte] of bytes.entries()) {
    const weight = weighMark(byte);
    if (weight === MARK) weights[i] = RANDOM_MARK;
    else if (weight !== undefined && byte >= 0x20) weights[i] = RANDOM_COMMON_MARK;
  }
}

/**
 * Lowers the weights of the parts of a JSON Web Token that are JSON (RFC 7519): they prove what the JSON proves, and
 * `{"alg":"HS256","typ":"JWT"}` is the same in all of them.
 */
function discountTokens(bytes: Uint8Array, weights: Uint8Array): void {
  for (const match of LATIN1.decode(bytes).matchAll(/eyJ[A-Za-z0-9_-]+/g)) {
    const part = match[0].slice(0, match[0].length - (match[0].length % 4 === 1 ? 1 : 0));
    const json = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const quiet = json.replace(
      /"(alg|typ|kid|iss|sub|aud|exp|nbf|iat|jti|name|JWT|[HREP]S\d\d\d)"/g,
      (key) => " ".repeat(key.length),
    );
    for (let i = 0; i < part.length; i++) {
      const isRandom = /[A-Za-z0-9]/.test(quiet.charAt(Math.floor((i * 3) / 4)));
      if (!isRandom) weights[match.index + i] = 0;
    }
  }
}

/**
 * Lowers the weights of letters that form words; words end at a change from small to capital letters too. Letters that
 * happen to read as a word in the middle of `u9hIZATC2om0` form none: words make up most of what they stand in. Nor do
 * those of `tHiere`: nobody writes a word of one letter before another one.
 *
 * @returns how many letters are in words
 */
function discountWords(bytes: Uint8Array, weights: Uint8Array): number {
  let all = 0;
  for (const { 0: stretch, index } of LATIN1.decode(bytes).matchAll(/[A-Za-z0-9]+/g)) {
    const words = [...stretch.matchAll(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/g)]
      .map((match) => ({ at: index + match.index, letters: match[0].length, weight: wordWeight(match[0]) }))
      .filter(({ weight }) => weight !== undefined);
    const letters = words.reduce((sum, word) => sum + word.letters, 0);
    if (letters < WORDY * stretch.length) continue;
    if (letters < stretch.length && stretch.length <= LONGEST_CHANCE && /(?<![A-Za-z])[a-z][A-Z]/.test(stretch)) {
      continue;
    }
    all += letters;
    for (const { at, letters, weight } of words) weights.fill(weight as number, at, at + letters);
  }
  return all;
}

function wordWeight(letters: string): number | undefined {
  const word = letters.toLowerCase();
  if (word.length < 2) return undefined;
  return isKnownWord(word) ? KNOWN_WORD : readsAsWord(word) ? WORD : undefined;
}
