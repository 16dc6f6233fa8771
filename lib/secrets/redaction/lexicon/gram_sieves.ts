/** The sets that are asked about symbols of a text before they are looked up, since most texts hold nothing of a form. */
import { gramHash, memoryOf, probeHash, WIDE_GRAM, wideHashAt, wordAt } from "./grams.ts";
import { NoughtGrams } from "./nought_grams.ts";
import { LaneSieve, Sieve } from "./sieve.ts";

/** The lane of the fives with which sixteen symbols begin; those before it are for eight. */
export const WIDE_LANE = 4;

/** How many hashes belong into each set. */
export interface GramCounts {
  /** Of five symbols. */
  probes: number;
  /** Of eight symbols. */
  grams: number;
  /** Of sixteen symbols. */
  wide: number;
  /** Of eight symbols with which a form begins that has to be met as a whole. */
  wholes: number;
}

/** The sets for the forms in one view. */
export class GramSieves {
  /**
   * Five symbols that begin at a multiple of four, in the lane of how many symbols before them a gram begins, or in
   * {@linkcode WIDE_LANE}.
   */
  readonly probes: LaneSieve;
  /** Eight symbols that may begin anywhere. */
  readonly grams: Sieve;
  /** Sixteen symbols that begin at a multiple of four: those of the longest forms. */
  readonly wide: Sieve;
  /** The eight symbols with which a form begins that has to be met as a whole. */
  readonly wholes: Sieve;
  /** The sixteen symbols with which it begins; of a shorter one the complement of the hash of eight. */
  readonly wholeHeads: Sieve;
  /** Those of them all that begin with eight noughts and ones. */
  readonly noughts: NoughtGrams;

  /** Sets for as many hashes, of a view in which noughts are the symbol `nought`. */
  constructor({ probes, grams, wide, wholes }: GramCounts, nought: number) {
    this.noughts = new NoughtGrams(nought);
    this.probes = new LaneSieve(probes);
    this.grams = new Sieve(grams);
    this.wide = new Sieve(wide);
    this.wholes = new Sieve(wholes);
    this.wholeHeads = new Sieve(wholes);
  }

  /** Whether one of the sets is too small for so many hashes. */
  areFullWith({ probes, grams, wide, wholes }: GramCounts): boolean {
    return this.probes.isFullWith(probes) || this.grams.isFullWith(grams) || this.wide.isFullWith(wide) ||
      this.wholes.isFullWith(wholes);
  }

  /** Adds the eight symbols at `at`. */
  addGram(symbols: Uint8Array, at: number): void {
    this.grams.add(gramHash(wordAt(symbols, at), wordAt(symbols, at + 4)));
    for (let lane = 0; lane < WIDE_LANE; lane++) this.#addProbe(symbols, at + lane, lane);
  }

  /** Adds the sixteen symbols at `at`. */
  addWide(symbols: Uint8Array, memory: DataView, at: number): void {
    this.wide.add(wideHashAt(memory, at));
    this.#addProbe(symbols, at, WIDE_LANE);
  }

  /** Adds the beginning of a form that has to be met as a whole. */
  addWhole(symbols: Uint8Array): void {
    const hash = gramHash(wordAt(symbols, 0), wordAt(symbols, 4));
    this.wholes.add(hash);
    this.wholeHeads.add(symbols.length < WIDE_GRAM ? ~hash : wideHashAt(memoryOf(symbols), 0));
    this.addGram(symbols, 0);
  }

  #addProbe(symbols: Uint8Array, at: number, lane: number): void {
    if (lane === WIDE_LANE) this.noughts.addWide(symbols, at);
    else this.noughts.add(symbols, at - lane, lane);
    this.probes.addIn(probeHash(wordAt(symbols, at), symbols[at + 4] as number), lane);
  }
}
