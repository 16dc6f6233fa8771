/**
 * The first questions about every few symbols, asked in the WebAssembly of kernel.as: where grams and short patterns may
 * begin. One instance serves all redactors; it has copies of the sets that were asked last.
 */
import type { GramSieves } from "./gram_sieves.ts";
import type { ShortPatterns } from "./short_patterns.ts";
import { type KernelExports, newKernel } from "./text_kernel.ts";

/** Where in the memory what lies, see kernel.as. */
const AT = { symbols: 0x2000, found: 0x30000, sets: 0xc0000 } as const;
/** Symbols of the longest text, with the zeros behind it, and the places that may be left of it. */
const ROOM = 0x9000;
const MOST_FOUND = (AT.sets - AT.found) >> 2;
/** Bytes of sets that are kept when others are asked: a hundred values have less than two million, a thousand ten. */
const KEPT = 1 << 24;
const PAGE = 1 << 16;

/** Sets, and how often they have grown. */
interface Versioned {
  readonly version: number;
}

/** Where the copies of sets lie. */
interface Copy {
  version: number;
  /** Where each begins, and its shift. */
  readonly places: number[];
}

/** Set in what was found, see {@linkcode Prober.found}. */
export const WIDE = 1;
/** The same. */
export const WHOLE = 2;

/** Asks whether symbols are in sets. */
export class Prober {
  /**
   * What was found last: of {@linkcode Prober.findGrams} four times the place where a gram may begin, with {@linkcode WIDE}
   * when it may be a wide one, {@linkcode WHOLE} when it may begin what has to be met as a whole; of
   * {@linkcode Prober.findThrees} the places.
   */
  found: Uint32Array;
  static #shared: Prober | undefined;
  readonly #exports: KernelExports;
  #symbols: Uint8Array;
  /** The sets whose copies are known, as long as someone else has them. */
  #copies: WeakMap<Versioned, Copy> = new WeakMap();
  #length = 0;
  /** Where the last copy ends. */
  #end: number = AT.sets;

  private constructor(exports: KernelExports) {
    this.#exports = exports;
    exports.prepare();
    const { buffer } = exports.memory;
    this.#symbols = new Uint8Array(buffer, AT.symbols, ROOM);
    this.found = new Uint32Array(buffer, AT.found, MOST_FOUND);
  }

  /** The prober of all redactors. */
  static shared(): Prober {
    return Prober.#shared ??= new Prober(newKernel());
  }

  /** Takes the first `length` of `symbols`, which have zeros behind them, to be asked about. */
  read(symbols: Uint8Array, length: number): void {
    this.#symbols.set(symbols.subarray(0, length + ZEROS));
    this.#length = length;
  }

  /** Finds where grams may begin; how many. */
  findGrams(sieves: GramSieves): number {
    const places = this.#placesOf(sieves, [sieves.probes, sieves.grams, sieves.wide, sieves.wholes]);
    return this.#exports.findGrams(this.#length, ...places);
  }

  /** Finds where short patterns may be; how many. */
  findThrees(short: ShortPatterns): number {
    const [at] = this.#placesOf(short, [short]) as [number];
    return this.#exports.findThrees(this.#length, at, short.step);
  }

  /** Where the copies of `sets` lie, which belong to `owner`. */
  #placesOf(owner: Versioned, sets: readonly { bits: Int32Array; shift?: number }[]): number[] {
    const copy = this.#copies.get(owner);
    if (copy?.version === owner.version) return copy.places;
    const places = copy?.places ?? this.#reserve(sets);
    const { buffer } = this.#exports.memory;
    sets.forEach(({ bits }, nth) => new Int32Array(buffer, places[2 * nth], bits.length).set(bits));
    this.#copies.set(owner, { version: owner.version, places });
    return places;
  }

  /** Makes room for sets; others may have to be forgotten. */
  #reserve(sets: readonly { bits: Int32Array; shift?: number }[]): number[] {
    const size = sets.reduce((sum, { bits }) => sum + bits.byteLength, 0);
    const { memory } = this.#exports;
    if (this.#end + size > Math.max(AT.sets + Math.max(KEPT, TIMES * size), memory.buffer.byteLength)) {
      this.#copies = new WeakMap();
      this.#end = AT.sets;
    }
    const lacking = this.#end + size - memory.buffer.byteLength;
    if (lacking > 0) {
      memory.grow(Math.ceil(lacking / PAGE));
      this.#symbols = new Uint8Array(memory.buffer, AT.symbols, ROOM);
      this.found = new Uint32Array(memory.buffer, AT.found, MOST_FOUND);
    }
    return sets.flatMap(({ bits, shift = 0 }) => {
      this.#end += bits.byteLength;
      return [this.#end - bits.byteLength, shift];
    });
  }
}

/** Zeros behind the symbols that are looked at with them. */
const ZEROS = 16;
/** How many sets as large as the one that is asked are kept. */
const TIMES = 4;
