/** Stretches of text that are read one after the other, and a number beside each. */

/** Numbers that were met while looking for one that comes again, each in the place that its lowest bits say. */
const RECENT: Float64Array = new Float64Array(64);
const MOST_RECENT = RECENT.length - 1;

/** Stretches that are put in order one by one, in memory that is there: most lists of numbered lines are as short. */
const FEW = 32;
const ORDER: Uint8Array = new Uint8Array(FEW);
const FEW_FROM: Uint16Array = new Uint16Array(FEW);
const FEW_TO: Uint16Array = new Uint16Array(FEW);
const FEW_NUMBERS: Float64Array = new Float64Array(FEW);

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
    const { count, numbers } = this;
    if (count < 2 || numbers[0] === numbers[1]) return false;
    if (count <= FEW) return this.#sortFew();
    // Most are in order but for one that was cut off: what is in order is merged, two by two.
    let starts: number[] = [];
    RECENT.fill(NaN);
    for (let at = 0, before = Infinity; at < count; at++) {
      const number = numbers[at] as number;
      // The most common: no number at all, or a few that come again.
      if (number === RECENT[number & MOST_RECENT]) return false;
      RECENT[number & MOST_RECENT] = number;
      if (number < before) starts.push(at);
      before = number;
    }
    if (starts.length <= 1) return false;
    let [order, merged] = [new Uint16Array(count), new Uint16Array(count)];
    for (let i = 0; i < count; i++) order[i] = i;
    while (starts.length > 1) {
      for (let i = 0; i < starts.length; i += 2) {
        const bounds = { from: starts[i] as number, middle: starts[i + 1] ?? count, to: starts[i + 2] ?? count };
        if (!merge(numbers, order, merged, bounds)) return false;
      }
      [order, merged] = [merged, order];
      starts = starts.filter((_, i) => i % 2 === 0);
    }
    this.#arrange(order, this.from.slice(0, count), this.to.slice(0, count), numbers.slice(0, count));
    return true;
  }

  /** {@linkcode Stretches.sort} for at most {@linkcode FEW} stretches. */
  #sortFew(): boolean {
    const { count, numbers } = this;
    let isTheirs = true;
    for (let i = 0; i < count; i++) {
      const number = numbers[i] as number;
      let at = i;
      for (; at > 0; at--) {
        const step = number - (numbers[ORDER[at - 1] as number] as number);
        if (step === 0) return false;
        if (step > 0) break;
        ORDER[at] = ORDER[at - 1] as number;
      }
      ORDER[at] = i;
      if (at < i) isTheirs = false;
    }
    if (isTheirs) return false;
    for (let i = 0; i < count; i++) {
      FEW_FROM[i] = this.from[i] as number;
      FEW_TO[i] = this.to[i] as number;
      FEW_NUMBERS[i] = numbers[i] as number;
    }
    this.#arrange(ORDER, FEW_FROM, FEW_TO, FEW_NUMBERS);
    return true;
  }

  /** Puts the stretches in this order; the other lists are copies of what they are. */
  #arrange(order: Uint8Array | Uint16Array, from: Uint16Array, to: Uint16Array, numbers: Float64Array): void {
    for (let i = 0; i < this.count; i++) {
      const source = order[i] as number;
      this.from[i] = from[source] as number;
      this.to[i] = to[source] as number;
      this.numbers[i] = numbers[source] as number;
    }
  }
}

/** Merges two parts of `order`, each in the order of the numbers, into the same place of `out`; false when a number is in both. */
function merge(
  numbers: Float64Array,
  order: Uint16Array,
  out: Uint16Array,
  { from, middle, to }: { from: number; middle: number; to: number },
): boolean {
  let [one, other] = [from, middle];
  for (let at = from; at < to; at++) {
    if (one < middle && other < to) {
      const step = (numbers[order[one] as number] as number) - (numbers[order[other] as number] as number);
      if (step === 0) return false;
      out[at] = order[step < 0 ? one++ : other++] as number;
    } else out[at] = order[one < middle ? one++ : other++] as number;
  }
  return true;
}
