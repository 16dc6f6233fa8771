/**
 * The first questions about every few symbols, asked in loops without a branch that depends on the text, since such a
 * branch is what costs time. Each loop leaves the places at which the answer may be yes.
 */
import type { GramSieves } from "./gram_sieves.ts";
import { gramHash, PROBE, probeHash, wideHash, wordOf } from "./grams.ts";
import { laneBits, type Sieve, sieveBit } from "./sieve.ts";
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

/** Places at which grams may begin, in the order in which to look them up. */
export interface Candidates {
  /** The places. */
  readonly at: Uint16Array;
  /** Whether it is a wide gram that may begin there, as 1. */
  readonly isWide: Uint8Array;
}

/** Notes in `found` where grams may begin that hold the five symbols at the first `count` words in `hits`; how many. */
export function findGrams(
  words: Int32Array,
  { probes, grams, wide }: Pick<GramSieves, "probes" | "grams" | "wide">,
  hits: Uint16Array,
  count: number,
  found: Candidates,
): number {
  const candidates = findCandidates(words, probes, hits, count, found);
  const { at: places, isWide } = found;
  let kept = 0;
  for (let i = 0; i < candidates; i++) {
    const at = places[i] as number;
    const hash = gramHash(wordOf(words, at), wordOf(words, at + 4));
    const bit = isWide[i] === 0
      ? sieveBit(grams.bits, grams.shift, hash)
      : sieveBit(wide.bits, wide.shift, wideHash(hash, wordOf(words, at + 8), wordOf(words, at + 12)));
    places[kept] = at;
    isWide[kept] = isWide[i] as number;
    kept += bit & 1;
  }
  return kept;
}

/** Goes by the lanes of the five symbols, which costs one look for all grams that may hold them. */
function findCandidates(
  words: Int32Array,
  { bits, shift }: Readonly<Sieve>,
  hits: Uint16Array,
  count: number,
  { at: places, isWide }: Candidates,
): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const word = hits[i] as number;
    const lanes = laneBits(bits, shift, probeHash(words[word] as number, (words[word + 1] as number) & 0xff));
    const at = 4 * word;
    // Before the first symbol no gram begins.
    const before = word === 0 ? 0 : lanes;
    places[found] = at - 3;
    isWide[found] = 0;
    found += (before >>> 21) & 1;
    places[found] = at - 2;
    isWide[found] = 0;
    found += (before >>> 14) & 1;
    places[found] = at - 1;
    isWide[found] = 0;
    found += (before >>> 7) & 1;
    places[found] = at;
    isWide[found] = 0;
    found += lanes & 1;
    places[found] = at;
    isWide[found] = 1;
    found += (lanes >>> 28) & 1;
  }
  return found;
}
