/** Copies of the sets that the kernel asks about symbols, in its memory, which has to be all that its loops reach for. */
import type { GramSieves } from "./gram_sieves.ts";

/** Sets of which there is a copy: those of both views, of two lexicons that are used in turns. */
const MOST_COPIES = 4;

/** Bytes in a page of memory. */
const PAGE = 65536;

/** Bytes of what tells where the sets are: two numbers for each of four. */
const HEAD = 32;

interface Copy {
  readonly sieves: GramSieves;
  readonly at: number;
  revision: number;
}

/** The copies, from some place in the memory on, which grows as they need. */
export class SieveCopies {
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
   * Where the copy of some sets is told, see probes.as; it is made when there is none, or an old one.
   *
   * @throws {RangeError} when the memory cannot grow as much
   */
  of(sieves: GramSieves): number {
    let copy = this.#copies.find((each) => each.sieves === sieves);
    if (copy === undefined) {
      if (this.#copies.length === MOST_COPIES) {
        this.#copies = [];
        this.#end = this.#start;
      }
      copy = { sieves, at: this.#end, revision: -1 };
      this.#copies.push(copy);
    }
    if (copy.revision !== sieves.revision) this.#write(copy);
    return copy.at;
  }

  #write(copy: Copy): void {
    const { probes, grams, wide, wholes, revision } = copy.sieves;
    const sets = [probes, grams, wide, wholes];
    const end = copy.at + HEAD + sets.reduce((sum, { bits }) => sum + bits.byteLength, 0);
    const missing = end - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE));
    const { buffer } = this.#memory;
    const head = new Uint32Array(buffer, copy.at, HEAD / 4);
    let at = copy.at + HEAD;
    for (const [i, { bits, shift }] of sets.entries()) {
      head.set([shift, at], 2 * i);
      new Int32Array(buffer, at, bits.length).set(bits);
      at += bits.byteLength;
    }
    copy.revision = revision;
    this.#end = Math.max(this.#end, end);
  }
}
