/** Values as noughts and ones: eight digits for each byte, in groups or without a break. */
import { BREAK_LENGTH } from "./decoder.ts";
import type { TextKernel } from "./text_kernel.ts";
import type { View } from "./view.ts";

/** Digits of the shortest stretch that is decoded: eight characters of seven bits. */
const FEWEST_BITS = 56;
/** Bytes between two groups beyond which they do not belong together; a row of a dump ends and begins in less. */
const WIDEST_GAP = 40;

/** Digits of a group that is a byte; a longer one is a part of a run. */
const LONGEST_BYTE = 8;
/** Bytes between two parts of a run that was wrapped. */
const LINE_END = 2;

/** What is done with bytes that were read from noughts and ones, which are good during the call. */
export type OnBits = (bytes: View) => void;

/** Reads noughts and ones where the kernel has noted them. */
export class BitReader {
  readonly #kernel: TextKernel;
  readonly #capacity: number;
  #data: Uint8Array = new Uint8Array(0);
  #isAscii = false;
  #onBits: OnBits = () => {};

  /** A reader of texts of up to `capacity` bytes, whose places `kernel` notes. */
  constructor(capacity: number, kernel: TextKernel) {
    this.#capacity = capacity;
    this.#kernel = kernel;
  }

  /**
   * Calls `onBits` for stretches of noughts and ones in `data`, whose places were noted last, as bytes: groups of seven or
   * eight one by one, groups of another width and long runs put together, at every alignment. When all values are ASCII,
   * so is what is looked at in the latter, which leaves little of what stands at a wrong alignment.
   */
  find(data: Uint8Array, isAscii: boolean, onBits: OnBits): void {
    const { at: places, count } = this.#kernel.runs;
    if (count === 0) return;
    this.#data = data;
    this.#isAscii = isAscii;
    this.#onBits = onBits;
    this.#kernel.load(data);
    let first = 0;
    for (let run = 2; run < count; run += 2) {
      const gap = (places[run] as number) - (places[run - 1] as number);
      const isLong = (places[first + 1] as number) - (places[first] as number) > LONGEST_BYTE;
      const width = (places[run + 1] as number) - (places[run] as number);
      if (isLong ? gap <= LINE_END : gap <= WIDEST_GAP && width <= LONGEST_BYTE) continue;
      this.#readRuns(first, run);
      first = run;
    }
    this.#readRuns(first, count);
    this.#flush();
  }

  /** Reads a stretch: the runs whose places are those from `from` on to the one before `to`. */
  #readRuns(from: number, to: number): void {
    const { at: places } = this.#kernel.runs;
    const first = (places[from + 1] as number) - (places[from] as number);
    let digits = first;
    let isEven = first !== 7 && first !== LONGEST_BYTE;
    for (let run = from + 2; run < to; run += 2) {
      const width = (places[run + 1] as number) - (places[run] as number);
      digits += width;
      if (width !== first && run + 2 < to) isEven = false;
    }
    if (digits < FEWEST_BITS) return;
    const count = (to - from) >> 1;
    if (isEven || first > LONGEST_BYTE) this.#readAlignments(from >> 1, count);
    else {
      this.#makeRoom(count);
      this.#kernel.bits.addGroups(from >> 1, count);
    }
  }

  /** All runs put together, at each of the eight alignments. */
  #readAlignments(first: number, count: number): void {
    const { bits } = this.#kernel;
    const digits = bits.putTogether(first, count);
    for (let phase = 0; phase < 8; phase++) {
      // Every other byte may be the first of four that are ASCII, with a break before it.
      this.#makeRoom(digits >> 1);
      bits.addPhase(digits, phase, this.#isAscii);
    }
  }

  #makeRoom(bytes: number): void {
    if (this.#kernel.bits.length + BREAK_LENGTH + bytes <= this.#capacity) return;
    this.#flush();
    this.#kernel.load(this.#data);
  }

  #flush(): void {
    const { bits } = this.#kernel;
    if (bits.length > 0) this.#onBits(bits);
    bits.clear();
  }
}
