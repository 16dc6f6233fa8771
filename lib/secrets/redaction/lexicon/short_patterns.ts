/** Patterns of four to seven symbols of the plain view, for which the grams of eight are too long. */
import { wordAt } from "./grams.ts";
import { IntMap } from "./int_map.ts";
import type { Pattern } from "./lexicon.ts";

/** Symbols in the shortest pattern. */
export const SHORTEST = 4;

/** Symbols from which a pattern is not short. */
const LONG = 8;

/** Symbols from which a pattern holds three in a row that begin at a multiple of four. */
const STRIDE_FROM = 6;

const NONE: readonly Pattern[] = [];

/** Short patterns, and a bit set that tells where they may be. */
export class ShortPatterns {
  /** Bits for three symbols, see {@linkcode shortHash}. */
  readonly bits: Int32Array = new Int32Array(512);
  readonly #byStart = new IntMap();
  readonly #lists: Pattern[][] = [];
  #step: 2 | 4 = 4;
  #shortest = LONG;

  /** How many different starts the patterns have. */
  get size(): number {
    return this.#lists.length;
  }

  /** How far apart the places are at which the bits have to be asked. */
  get step(): 2 | 4 {
    return this.#step;
  }

  /** Symbols of the shortest pattern, one more than a short one may have when there is none. */
  get shortest(): number {
    return this.#shortest;
  }

  /** Adds a pattern; one of fewer than four symbols is left out. */
  add(pattern: Pattern): void {
    const { symbols } = pattern;
    if (symbols.length < SHORTEST) return;
    if (symbols.length < STRIDE_FROM) this.#step = 2;
    this.#shortest = Math.min(this.#shortest, symbols.length);
    const key = wordAt(symbols, 0);
    const list = this.#byStart.get(key);
    if (list < 0) this.#byStart.set(key, this.#lists.push([pattern]) - 1);
    else (this.#lists[list] as Pattern[]).push(pattern);
    for (let at = 0; at < 4 && at + 3 <= symbols.length; at++) {
      const bit = shortHash(wordAt(symbols, at));
      this.bits[bit >>> 5] = (this.bits[bit >>> 5] as number) | (1 << (bit & 31));
    }
  }

  /** The patterns that begin with the four symbols. */
  startingWith(word: number): readonly Pattern[] {
    const list = this.#byStart.get(word);
    return list < 0 ? NONE : this.#lists[list] as Pattern[];
  }
}

/** The number of the bit for the first three symbols of a word. */
export function shortHash(word: number): number {
  return Math.imul(word & 0xffffff, 0x9e3779b1) >>> 18;
}
