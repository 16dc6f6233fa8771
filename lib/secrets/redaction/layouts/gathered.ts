/** Stretches of a text put one after the other, as texts of their own, in the memory of the kernel. */
import { AT, LONGEST_TEXT, MOST_BREAKS, MOST_STRETCHES, numbersAt } from "../kernel/memory.ts";
import { SHORTEST } from "../lexicon/short_patterns.ts";
import { Stretches } from "./stretches.ts";
import type { Places, View } from "../view.ts";

/** The views, as bits. */
const IN_PLAIN = 1;
const IN_DENSE = 2;

/** What gather.as exports. */
export interface GatherExports {
  /** The memory. */
  memory: WebAssembly.Memory;
  /** Makes a text of so many stretches; 0 when there has to be made room for it first. */
  gather(count: number): number;
  /** Where something may recur at the same distance. */
  nextStride(word: number, look: number, length: number): number;
  /** Which places of a period are the same in stretches of the plain view. */
  fixedPlaces(from: number, to: number, period: number): number;
  /** Notes what stands at the others. */
  strideColumn(from: number, to: number, period: number, fixed: number): number;
}

/** A list of such texts. */
export class Gathered implements View {
  readonly data: Uint8Array;
  readonly starts: Uint16Array;
  readonly ends: Uint16Array;
  readonly breaks: Readonly<Places>;
  readonly plainOnly = AT.PLAIN_ONLY;
  /** The stretches that {@linkcode Gathered.gather} is about: whoever looks for some puts them here. */
  readonly column: Stretches;
  readonly #counts: Uint32Array;
  readonly #fewest: Uint32Array;
  readonly #quiet: Uint32Array;
  readonly #heard: Uint32Array;
  readonly #exports: GatherExports;

  /** What the kernel gathers that has these `exports`. */
  constructor(exports: GatherExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    const counts = this.#counts = numbersAt(Uint32Array, buffer, "GATHERED", 2);
    this.#fewest = numbersAt(Uint32Array, buffer, "FEWEST", 1);
    this.#quiet = numbersAt(Uint32Array, buffer, "QUIET", 1);
    this.#heard = numbersAt(Uint32Array, buffer, "HEARD", 1);
    this.data = numbersAt(Uint8Array, buffer, "BYTES", LONGEST_TEXT);
    this.starts = numbersAt(Uint16Array, buffer, "BYTE_STARTS", LONGEST_TEXT);
    this.ends = numbersAt(Uint16Array, buffer, "BYTE_ENDS", LONGEST_TEXT);
    this.breaks = {
      at: numbersAt(Uint16Array, buffer, "BYTE_BREAKS", MOST_BREAKS),
      get count(): number {
        return counts[1] as number;
      },
    };
    const places = (name: "STRETCH_FROM" | "STRETCH_TO"): Uint16Array =>
      numbersAt(Uint16Array, buffer, name, MOST_STRETCHES);
    this.column = new Stretches(places("STRETCH_FROM"), places("STRETCH_TO"));
  }

  /** Bytes in all texts. */
  get length(): number {
    return this.#counts[0] as number;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#counts.fill(0);
  }

  /**
   * Bytes of the shortest text in which anything can be found; shorter ones are left out.
   *
   * @throws {RangeError} when no pattern is as short: there is no room for so many texts
   */
  set fewest(bytes: number) {
    if (bytes < SHORTEST) throw new RangeError(`texts of ${bytes} bytes are too short to be gathered`);
    this.#fewest[0] = bytes;
  }

  /** Says that the text as it stands will be looked up. */
  listen(): void {
    this.#heard[0] = 0;
  }

  /**
   * Says that it has been: what was gathered need not be looked up in a view in which nothing was met, where it has the symbols of
   * the text in a row. Rows of the text that were left out `areMissing`, and it `hasShort` patterns in the plain view.
   */
  trust(areMissing: boolean, hasShort: boolean): void {
    const heard = this.#heard[0] as number;
    this.#quiet[0] = areMissing ? 0 : (IN_PLAIN | IN_DENSE) & ~heard & ~(hasShort ? IN_PLAIN : 0);
  }

  /** Makes a text of the stretches of {@linkcode Gathered.column}; false when there has to be made room for it first. */
  gather(): boolean {
    return this.#exports.gather(this.column.count) !== 0;
  }

  /**
   * The first word from `word` on, of those of a look at `length` symbols of the plain view, from which a symbol may recur often
   * enough, see strides.ts; -1 when there is none.
   */
  nextStride(word: number, look: number, length: number): number {
    return this.#exports.nextStride(word, look, length);
  }

  /** Which of the places of a period are the same in almost all periods of `[from, to)` of the plain view, as bits. */
  fixedPlaces(from: number, to: number, period: number): number {
    return this.#exports.fixedPlaces(from, to, period);
  }

  /**
   * Puts what stands at the others into {@linkcode Gathered.column}, once the places of the symbols have been found out; how
   * many symbols that is.
   */
  takeOthers(from: number, to: number, period: number, fixed: number): number {
    const taken = this.#exports.strideColumn(from, to, period, fixed);
    this.column.count = taken & 0xffff;
    return taken >>> 16;
  }
}
