/** Stretches of a text put one after the other, as texts of their own, in the memory of the kernel. */
import { Stretches } from "./stretches.ts";
import type { Places, View } from "../view.ts";

/** Where in the memory what lies, see gather.as, and how many elements there is room for. */
const AT = {
  data: 0x1d2000,
  starts: 0x1db000,
  ends: 0x1ed000,
  breaks: 0x1ff000,
  from: 0x256000,
  to: 0x268000,
  plainOnly: 0x254a00,
  counts: 0x27a000,
};
const ROOM = { bytes: 0x8c00, breaks: 0x2800, stretches: 0x9000 } as const;
/** Which of the numbers at `AT.counts` says how long the shortest text is, in which views nothing was met, and in which something. */
const FEWEST = 5;
const QUIET = 6;
const HEARD = 7;
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
  readonly plainOnly = AT.plainOnly;
  /** The stretches that {@linkcode Gathered.gather} is about: whoever looks for some puts them here. */
  readonly column: Stretches;
  readonly #counts: Uint32Array;
  readonly #exports: GatherExports;

  /** What the kernel gathers that has these `exports`. */
  constructor(exports: GatherExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    const counts = this.#counts = new Uint32Array(buffer, AT.counts, HEARD + 1);
    this.data = new Uint8Array(buffer, AT.data, ROOM.bytes);
    this.starts = new Uint16Array(buffer, AT.starts, ROOM.bytes);
    this.ends = new Uint16Array(buffer, AT.ends, ROOM.bytes);
    this.breaks = {
      at: new Uint16Array(buffer, AT.breaks, ROOM.breaks),
      get count(): number {
        return counts[1] as number;
      },
    };
    const places = (at: number): Uint16Array => new Uint16Array(buffer, at, ROOM.stretches);
    this.column = new Stretches(places(AT.from), places(AT.to));
  }

  /** Bytes in all texts. */
  get length(): number {
    return this.#counts[0] as number;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#counts.fill(0, 0, 2);
  }

  /** Bytes of the shortest text in which anything can be found; shorter ones are left out. */
  set fewest(bytes: number) {
    this.#counts[FEWEST] = bytes;
  }

  /** Says that the text as it stands will be looked up. */
  listen(): void {
    this.#counts[HEARD] = 0;
  }

  /**
   * Says that it has been: what was gathered need not be looked up in a view in which nothing was met, where it has the symbols of
   * the text in a row. Rows of the text that were left out `areMissing`, and it `hasShort` patterns in the plain view.
   */
  trust(areMissing: boolean, hasShort: boolean): void {
    const heard = this.#counts[HEARD] as number;
    this.#counts[QUIET] = areMissing ? 0 : (IN_PLAIN | IN_DENSE) & ~heard & ~(hasShort ? IN_PLAIN : 0);
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
