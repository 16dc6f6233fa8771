/** Stretches of text that are read one after the other, and a number beside each. */

/** A list of stretches in memory that is used again. */
export class Stretches {
  /** Where each stretch begins. */
  readonly from: Uint16Array;
  /** Where each stretch ends. */
  readonly to: Uint16Array;
  /** The number beside each. */
  readonly numbers: Float64Array;
  /** How many stretches there are. */
  count = 0;

  /** A list of as many stretches as there is room for in `from` and in `to`. */
  constructor(from: Uint16Array, to: Uint16Array) {
    this.from = from;
    this.to = to;
    this.numbers = new Float64Array(from.length);
  }

  /** Bytes in all stretches. */
  get size(): number {
    let size = 0;
    for (let i = 0; i < this.count; i++) size += (this.to[i] as number) - (this.from[i] as number);
    return size;
  }

  /** Forgets all stretches. */
  clear(): void {
    this.count = 0;
  }

  /** Adds a stretch. */
  push(from: number, to: number, number: number): void {
    this.from[this.count] = from;
    this.to[this.count] = to;
    this.numbers[this.count++] = number;
  }

  /** Puts the stretches in the order of their numbers; false when that is theirs, or no order. */
  sort(): boolean {
    const { count } = this;
    let isSorted = true;
    for (let at = 1; at < count; at++) {
      const step = (this.numbers[at] as number) - (this.numbers[at - 1] as number);
      if (step === 0) return false; // the most common, with no number at all
      if (step < 0) isSorted = false;
    }
    if (isSorted) return false;
    const place = new Map<number, number>();
    for (let i = 0; i < count; i++) {
      const number = this.numbers[i] as number;
      // Met long before all are in order, where numbers come again.
      if (place.has(number)) return false;
      place.set(number, i);
    }
    this.numbers.subarray(0, count).sort();
    const [from, to] = [this.from.slice(0, count), this.to.slice(0, count)];
    for (let i = 0; i < count; i++) {
      const source = place.get(this.numbers[i] as number) as number;
      this.from[i] = from[source] as number;
      this.to[i] = to[source] as number;
    }
    return true;
  }
}
