/** Copies of what texts are looked up in, in the memory of the kernel, which has to be all that its loops reach for. */
import type { GramIndex, IndexParts, Whole } from "../lexicon/gram_index.ts";

/** Indexes of which there is a copy: those of both views, of two lexicons that are used in turns. */
const MOST_COPIES = 4;

/** Bytes in a page of memory. */
const PAGE = 65536;

/** At a multiple of so many bytes each part begins. */
const ALIGNED = 16;

/** Bytes behind the last part that the loops may look at. */
const BEHIND = 64;

interface Copy {
  readonly index: GramIndex<Whole>;
  readonly at: number;
  readonly size: number;
  revision: number;
}

/** The copies, from some place in the memory on, which grows as they need. */
export class IndexCopies {
  readonly #memory: WebAssembly.Memory;
  readonly #start: number;
  #copies: Copy[] = [];
  #end: number;

  /** Copies from byte `start` of a shared memory on. */
  constructor(memory: WebAssembly.Memory, start: number) {
    this.#memory = memory;
    this.#start = this.#end = start;
  }

  /**
   * Where the copy of an index is told, see runs.as; it is made when there is none, or an old one.
   *
   * @throws {RangeError} when the memory cannot grow as much
   */
  of(index: GramIndex<Whole>): number {
    const copy = this.#copies.find((each) => each.index === index);
    return copy?.revision === index.revision ? copy.at : this.#write(index, copy);
  }

  #write(index: GramIndex<Whole>, old: Copy | undefined): number {
    const parts = partsOf(index.parts);
    const headSize = aligned(2 * parts.length * Uint32Array.BYTES_PER_ELEMENT);
    const size = parts.reduce((sum, { data }) => sum + aligned(data.byteLength), headSize);
    const copy = old?.size === size ? old : this.#place(index, size);
    const { buffer } = this.#memory;
    const head = new Uint32Array(buffer, copy.at, 2 * parts.length);
    let at = copy.at + headSize;
    for (const [i, { number, data }] of parts.entries()) {
      head.set([number, at], 2 * i);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      new Uint8Array(buffer, at, bytes.length).set(bytes);
      at += aligned(bytes.length);
    }
    copy.revision = index.revision;
    return copy.at;
  }

  /** Makes room for a copy; those that are in the way of one that has grown are made again when they are asked for. */
  #place(index: GramIndex<Whole>, size: number): Copy {
    const isKnown = this.#copies.some((each) => each.index === index);
    if (isKnown || this.#copies.length === MOST_COPIES) {
      this.#copies = [];
      this.#end = this.#start;
    }
    const copy = { index, at: this.#end, size, revision: -1 };
    const missing = copy.at + size + BEHIND - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    this.#copies.push(copy);
    this.#end += size;
    return copy;
  }
}

/**
 * A part, and the number that is told with where it is: of a set by how much hashes are shifted, of the table of noughts which
 * symbol is one, else how long it is.
 */
interface Part {
  readonly number: number;
  readonly data: Int32Array | Uint8Array | Uint16Array;
}

/** The parts in the order in which runs.as and probes.as expect them. */
function partsOf({ sieves, pool, facts, table, wide, wholes, wholeList, wholePool }: IndexParts): Part[] {
  const sets = [sieves.probes, sieves.grams, sieves.wide, sieves.wholes];
  return [
    ...sets.map(({ shift, bits }) => ({ number: shift, data: bits })),
    ...[pool, facts, table, wide.slots, wholes.slots, wholeList, wholePool].map((data) => ({
      number: data.length,
      data,
    })),
    { number: sieves.noughts.nought, data: sieves.noughts.table },
    { number: sieves.wholeHeads.shift, data: sieves.wholeHeads.bits },
  ];
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNED) * ALIGNED;
}
