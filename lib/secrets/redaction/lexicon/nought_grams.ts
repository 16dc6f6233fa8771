/**
 * Which grams consist of noughts and ones alone. There are so few symbols that five of them are in some form of a value
 * nearly always, so that texts of noughts and ones would be looked up at every place; and so few grams that a table says
 * for sure where none begins.
 */
import { GRAM, PROBE } from "./grams.ts";

/** Places before a five at which a gram may begin that holds it. */
const BEFORE = GRAM - PROBE;

/** A table for the symbols of one view. */
export class NoughtGrams {
  /**
   * For as many symbols as all grams have together that hold a five, the first one in the lowest bit: a bit for each place
   * where such a gram begins, the first of them lowest, and above these one for a wide gram that begins with the five.
   */
  readonly table: Uint8Array = new Uint8Array(2 ** (BEFORE + GRAM));
  /** The symbol that is a nought; the next one is a one. */
  readonly nought: number;

  /** No gram, of a view in which noughts are the symbol `nought`. */
  constructor(nought: number) {
    this.nought = nought;
  }

  /** Adds the gram at `at`, unless it has other symbols, for the five that it holds from the symbol `lane` on. */
  add(symbols: Uint8Array, at: number, lane: number): void {
    this.#set(symbols, at, BEFORE - lane, 1 << (BEFORE - lane));
  }

  /** The same for a wide gram, of which the first symbols are those of the others. */
  addWide(symbols: Uint8Array, at: number): void {
    this.#set(symbols, at, BEFORE, 1 << (BEFORE + 1));
  }

  /** Sets a bit for the gram at `at`, wherever it stands `from` symbols behind the first one of all. */
  #set(symbols: Uint8Array, at: number, from: number, bit: number): void {
    let gram = 0;
    for (let i = 0; i < GRAM; i++) {
      const digit = (symbols[at + i] as number) - this.nought;
      if (digit !== 0 && digit !== 1) return;
      gram |= digit << i;
    }
    for (let others = 0; others < 2 ** BEFORE; others++) {
      const low = others & ((1 << from) - 1);
      const place = low | (gram << from) | ((others >> from) << (from + GRAM));
      this.table[place] = (this.table[place] as number) | bit;
    }
  }
}
