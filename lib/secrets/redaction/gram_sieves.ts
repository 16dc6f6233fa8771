/** The sets that are asked about symbols of a text before they are looked up, since most texts hold nothing of a form. */
import { gramHash, probeHash, wideHashAt, wordAt } from "./grams.ts";
import { Sieve, sieveBit } from "./sieve.ts";

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
  /** Five symbols that begin at a multiple of four. */
  readonly probes: Sieve;
  /** Eight symbols that may begin anywhere. */
  readonly grams: Sieve;
  /** Sixteen symbols that begin at a multiple of four: those of the longest forms. */
  readonly wide: Sieve;
  /** The eight symbols with which a form begins that has to be met as a whole. */
  readonly wholes: Sieve;

  /** Sets for as many hashes. */
  constructor({ probes, grams, wide, wholes }: GramCounts) {
    this.probes = new Sieve(probes);
    this.grams = new Sieve(grams);
    this.wide = new Sieve(wide);
    this.wholes = new Sieve(wholes);
  }

  /** Whether one of the sets is too small for so many hashes. */
  areFullWith({ probes, grams, wide, wholes }: GramCounts): boolean {
    return this.probes.isFullWith(probes) || this.grams.isFullWith(grams) || this.wide.isFullWith(wide) ||
      this.wholes.isFullWith(wholes);
  }

  /** Adds the eight symbols at `at`; all fives before `probed` are in their set, and where that now ends is given back. */
  addGram(symbols: Uint8Array, at: number, probed: number): number {
    this.grams.add(gramHash(wordAt(symbols, at), wordAt(symbols, at + 4)));
    let next = Math.max(at, probed);
    while (next < at + 4) this.#addProbe(symbols, next++);
    return next;
  }

  /** Adds the sixteen symbols at `at`. */
  addWide(symbols: Uint8Array, at: number): void {
    this.wide.add(wideHashAt(symbols, at));
    this.#addProbe(symbols, at);
  }

  /** Adds the beginning of a form that has to be met as a whole. */
  addWhole(symbols: Uint8Array): void {
    const hash = gramHash(wordAt(symbols, 0), wordAt(symbols, 4));
    this.wholes.add(hash);
    this.grams.add(hash);
    for (let at = 0; at < 4; at++) this.#addProbe(symbols, at);
  }

  #addProbe(symbols: Uint8Array, at: number): void {
    this.probes.add(probeHash(wordAt(symbols, at), symbols[at + 4] as number));
  }
}

/** Whether `hash` may be in a set. */
export function holds({ bits, shift }: Sieve, hash: number): boolean {
  return (sieveBit(bits, shift, hash) & 1) !== 0;
}
