/** Stretches of a text put one after the other, as texts of their own, in the memory of the kernel. */
import { Stretches } from "./stretches.ts";
import type { Lines } from "./text_kernel.ts";
import type { Places, View } from "./view.ts";

/** Where in the memory what lies, see gather.as, and how many elements there is room for. */
const AT = { data: 0x1d2000, starts: 0x1db000, ends: 0x1ed000, breaks: 0x1ff000, from: 0x256000, to: 0x268000, counts: 0x27a000 };
const ROOM = { bytes: 0x8c00, breaks: 0x2800, stretches: 0x9000 } as const;

/** As `LINE.tail` in text_kernel.ts. */
const TAIL = 2;

/** What has to be done before further columns are found, as in columns.as. */
export const ASK = {
  /** Nothing: there are no further ones. */
  done: 0,
  /** What was gathered has to be looked at, and forgotten. */
  room: 1,
  /** Lines are the rows of a dump, and looked at as such. */
  dump: 2,
  /** Lines may be numbered by what touches the column. */
  counted: 3,
  /** A column has to be gathered that is not in the order of the numbers before its stretches. */
  sortedByHead: 4,
  /** The same, of those behind them. */
  sortedByTail: 5,
} as const;

/** What something has to be done with. */
export interface Asked {
  /** The first line. */
  readonly start: number;
  /** The line after the last one. */
  readonly end: number;
  /** How many stretches there are in {@linkcode Gathered.column}. */
  readonly count: number;
}

/** What gather.as and columns.as export. */
export interface GatherExports {
  /** The memory. */
  memory: WebAssembly.Memory;
  /** Bytes in so many stretches. */
  sizeOf(count: number): number;
  /** Whether there is room for a text of so many bytes. */
  hasRoom(size: number): number;
  /** Makes a text of so many stretches. */
  gather(count: number): void;
  /** Begins with some lines. */
  beginColumns(
    table: number,
    room: number,
    count: number,
    groups: number,
    seen: number,
    length: number,
    isContinued: number,
  ): void;
  /** Gathers columns up to where something has to be done, and tells what. */
  nextColumns(): number;
}

/** A list of such texts. */
export class Gathered implements View {
  readonly data: Uint8Array;
  readonly starts: Uint16Array;
  readonly ends: Uint16Array;
  readonly breaks: Readonly<Places>;
  /** The stretches that {@linkcode Gathered.gather} is about: whoever looks for some puts them here. */
  readonly column: Stretches;
  readonly #counts: Uint32Array;
  readonly #exports: GatherExports;

  /** What the kernel gathers that has these `exports`. */
  constructor(exports: GatherExports) {
    this.#exports = exports;
    const { buffer } = exports.memory;
    const counts = this.#counts = new Uint32Array(buffer, AT.counts, 5);
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

  /** Makes a text of the stretches of {@linkcode Gathered.column}; false when there has to be made room for it first. */
  gather(): boolean {
    const { count } = this.column;
    if (this.#exports.hasRoom(this.#exports.sizeOf(count)) === 0) return false;
    this.#exports.gather(count);
    return true;
  }

  /** Gathers the columns of some lines of a text of so many bytes, and calls `onAsk` for what has to be done meanwhile. */
  findColumns(
    lines: Lines,
    length: number,
    isContinued: boolean,
    onAsk: (what: number, asked: Asked) => void,
  ): void {
    const { from, flags, count, groupCount, seen } = lines;
    if (groupCount === 0 && (seen & TAIL) === 0) return;
    const exports = this.#exports;
    exports.beginColumns(from.byteOffset, flags.length, count, groupCount, seen, length, Number(isContinued));
    for (let what = exports.nextColumns(); what !== ASK.done; what = exports.nextColumns()) {
      const [start, end, stretches] = this.#counts.subarray(2) as unknown as [number, number, number];
      onAsk(what, { start, end, count: stretches });
    }
  }
}
