/**
 * The first questions about every few symbols, asked in loops without a branch that depends on the text, since such a
 * branch is what costs time. Each loop leaves the places at which the answer may be yes.
 */
import type { GramSieves } from "./gram_sieves.ts";
import { gramHash, PROBE, probeHash, wideHash } from "./grams.ts";
import { type Sieve, sieveBit } from "./sieve.ts";
import { shortHash, type ShortPatterns } from "./short_patterns.ts";

/** Notes the places at which three symbols may be in a short pattern. */
export function probeThrees(
  words: Int32Array,
  length: number,
  { bits, step }: ShortPatterns,
  hits: Uint16Array,
): number {
  let count = 0;
  let next = words[0] as number;
  for (let word = 0; 4 * word < length; word++) {
    const current = next;
    next = words[word + 1] as number;
    let bit = shortHash(current);
    hits[count] = 4 * word;
    count += ((bits[bit >>> 5] as number) >>> (bit & 31)) & 1;
    if (step === 4) continue;
    bit = shortHash((current >>> 16) | (next << 16));
    hits[count] = 4 * word + 2;
    count += ((bits[bit >>> 5] as number) >>> (bit & 31)) & 1;
  }
  return count;
}

/** Notes the words at which five symbols may be in a form, and says how many there are. */
export function probeFives(
  words: Int32Array,
  length: number,
  { bits, shift }: Readonly<Sieve>,
  hits: Uint16Array,
): number {
  let count = 0;
  let next = words[0] as number;
  for (let word = 0; 4 * word + PROBE <= length; word++) {
    const current = next;
    next = words[word + 1] as number;
    hits[count] = word;
    count += sieveBit(bits, shift, probeHash(current, next & 0xff)) & 1;
  }
  return count;
}

/** Set in the grams of a hit when a wide gram may begin at its word. */
export const WIDE_HIT = 16;

/**
 * Of the first `count` words in `hits`, keeps those near which a gram may be, and notes in `found` which ones: the bit of
 * value 1 for eight symbols from the word on, 2, 4 and 8 for those from one, two and three symbols before it on, and
 * {@linkcode WIDE_HIT}.
 */
export function keepGrams(
  words: Int32Array,
  sieves: Pick<GramSieves, "grams" | "wide">,
  hits: Uint16Array,
  count: number,
  found: Uint8Array,
): number {
  const { grams: { bits: grams, shift }, wide: { bits: wide, shift: wideShift } } = sieves;
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const word = hits[i] as number;
    const before = word === 0 ? 0 : words[word - 1] as number;
    const first = words[word] as number;
    const second = words[word + 1] as number;
    const here = gramHash(first, second);
    const one = gramHash((before >>> 24) | (first << 8), (first >>> 24) | (second << 8));
    const two = gramHash((before >>> 16) | (first << 16), (first >>> 16) | (second << 16));
    const three = gramHash((before >>> 8) | (first << 24), (first >>> 8) | (second << 24));
    const all = wideHash(here, words[word + 2] as number, words[word + 3] as number);
    const any = (sieveBit(grams, shift, here) & 1) | ((sieveBit(grams, shift, one) & 1) << 1) |
      ((sieveBit(grams, shift, two) & 1) << 2) | ((sieveBit(grams, shift, three) & 1) << 3) |
      ((sieveBit(wide, wideShift, all) & 1) << 4);
    hits[kept] = word;
    found[kept] = any;
    kept += any === 0 ? 0 : 1;
  }
  return kept;
}
