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
   * For as many symbols as all grams have together that hold a five, the first one in the lowest bit, 1 when there is such a
   * gram among them.
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
    let gram = 0;
    for (let i = 0; i < GRAM; i++) {
      const bit = (symbols[at + i] as number) - this.nought;
      if (bit !== 0 && bit !== 1) return;
      gram |= bit << i;
    }
    const from = BEFORE - lane;
    for (let others = 0; others < 2 ** BEFORE; others++) {
      const low = others & ((1 << from) - 1);
      this.table[low | (gram << from) | ((others >> from) << (from + GRAM))] = 1;
    }
  }
}
