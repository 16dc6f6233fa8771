/** Grams, symbols in a row by which forms are looked up: how many there are in one, and their hashes. */
import { rehash } from "./sieve.ts";

/** Symbols in a gram that is looked up; shorter matches are chance. */
export const GRAM = 8;

/** Symbols that are asked about first. Eight in a row hold five that begin at a multiple of four. */
export const PROBE = 5;

/**
 * Symbols in a gram of a form that counts from so many symbols on that eight of them are two or three characters: of
 * that few there are so many in a hundred values that any text in such a form would consist of them.
 */
export const WIDE_GRAM = 16;

/** Four symbols as one number, the first one lowest, as a little-endian machine reads them. */
export function wordAt(symbols: Uint8Array, at: number): number {
  return (symbols[at] as number) | ((symbols[at + 1] as number) << 8) | ((symbols[at + 2] as number) << 16) |
    ((symbols[at + 3] as number) << 24);
}

/** The same in memory that is read four symbols at a time, wherever they begin. */
export function wordIn(memory: DataView, at: number): number {
  return memory.getInt32(at, true);
}

/** A view of the memory of `symbols` for {@linkcode wordIn}. */
export function memoryOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** The hash of five symbols, of which the top bits count. */
export function probeHash(word: number, fifth: number): number {
  return Math.imul(word, 0x9e3779b1) ^ Math.imul(fifth, 0x85ebca6b);
}

/** The hash of eight symbols, as two words, of which the top bits count. */
export function gramHash(first: number, second: number): number {
  return Math.imul(first, 0x9e3779b1) ^ Math.imul(second ^ (second >>> 15), 0x85ebca6b);
}

/** The hash of sixteen symbols: of the first eight by their hash, of the others as two words. */
export function wideHash(head: number, third: number, fourth: number): number {
  return gramHash(rehash(head), gramHash(third, fourth));
}

/** The hash of the sixteen symbols at `at`. */
export function wideHashAt(memory: DataView, at: number): number {
  return wideHash(
    gramHash(wordIn(memory, at), wordIn(memory, at + 4)),
    wordIn(memory, at + 8),
    wordIn(memory, at + 12),
  );
}
