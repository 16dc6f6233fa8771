/**
 * The first questions about every few symbols, asked in loops without a branch that depends on the text, since such a
 * branch is what costs time. Each loop leaves the places at which the answer may be yes.
 */
import { gramHash, PROBE, probeHash } from "./gram_index.ts";
import { rehash, type Sieve } from "./sieve.ts";
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
export function probeFives(words: Int32Array, length: number, sieve: Readonly<Sieve>, hits: Uint16Array): number {
  const { bits, shift } = sieve;
  let count = 0;
  let next = words[0] as number;
  for (let word = 0; 4 * word + PROBE <= length; word++) {
    const current = next;
    next = words[word + 1] as number;
    const bit = probeHash(current, next & 0xff) >>> shift;
    hits[count] = word;
    count += ((bits[bit >>> 5] as number) >>> (bit & 31)) & 1;
  }
  return keepSure(words, sieve, hits, count);
}

/** Of the first `count` hits, keeps those for which the second bit is set too. */
function keepSure(words: Int32Array, { bits, shift }: Readonly<Sieve>, hits: Uint16Array, count: number): number {
  let kept = 0;
  for (let i = 0; i < count; i++) {
    const word = hits[i] as number;
    const bit = rehash(probeHash(words[word] as number, (words[word + 1] as number) & 0xff)) >>> shift;
    hits[kept] = word;
    kept += ((bits[bit >>> 5] as number) >>> (bit & 31)) & 1;
  }
  return kept;
}

/**
 * Of the first `count` words in `hits`, keeps those near which eight symbols may be in a form: from up to three symbols
 * before the word on in `grams`, or from the word on in `sparse`.
 */
export function keepGrams(
  words: Int32Array,
  { bits: grams, shift }: Readonly<Sieve>,
  { bits: sparse, shift: sparseShift }: Readonly<Sieve>,
  hits: Uint16Array,
  count: number,
): number {
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
    const any = bothBits(grams, shift, here) | bothBits(grams, shift, one) | bothBits(grams, shift, two) |
      bothBits(grams, shift, three) | bothBits(sparse, sparseShift, here);
    hits[kept] = word;
    kept += any & 1;
  }
  return kept;
}

/** The lowest bit is set when both bits of `hash` are. */
function bothBits(bits: Int32Array, shift: number, hash: number): number {
  const first = hash >>> shift;
  const second = rehash(hash) >>> shift;
  return ((bits[first >>> 5] as number) >>> (first & 31)) & ((bits[second >>> 5] as number) >>> (second & 31));
}
