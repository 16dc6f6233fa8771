/** A map from 32-bit integers to small numbers, for lookups that `Map` would make a heap number of. */

const SMALLEST = 1024;

/** Open addressing with linear probing, at most half full. */
export class IntMap {
  /** Two numbers for each slot: one more than the number of a key, 0 where nothing is, and the key. */
  #slots: Int32Array = new Int32Array(2 * SMALLEST);
  #count = 0;

  /** The memory of the map, for the kernel to look numbers up in: see numberOf() of runs.as. */
  get slots(): Int32Array {
    return this.#slots;
  }

  /** The number of `key`, -1 when it has none. */
  get(key: number): number {
    return (this.#slots[slotOf(this.#slots, key)] as number) - 1;
  }

  /** Gives `key`, an integer of 32 bits with a sign, the number `value`, which is not negative. */
  set(key: number, value: number): void {
    if (4 * this.#count >= this.#slots.length) { for (const _ of this.#grow(2 * this.#slots.length)); }
    const slot = slotOf(this.#slots, key);
    if (this.#slots[slot] === 0) this.#count++;
    this.#slots[slot] = value + 1;
    this.#slots[slot + 1] = key;
  }

  /** Makes room for `more` keys, bit by bit; none may be added until it is done, but all are found meanwhile. */
  *reserve(more: number): Generator<void> {
    let length = this.#slots.length;
    while (4 * (this.#count + more) > length) length *= 2;
    if (length > this.#slots.length) yield* this.#grow(length);
  }

  *#grow(length: number): Generator<void> {
    const old = this.#slots;
    const slots = new Int32Array(length);
    for (let from = 0; from < old.length; from += 2) {
      if (from % SLICE === 0) yield;
      if (old[from] === 0) continue;
      const slot = slotOf(slots, old[from + 1] as number);
      slots[slot] = old[from] as number;
      slots[slot + 1] = old[from + 1] as number;
    }
    this.#slots = slots;
  }
}

/** Numbers that are dealt with in one go. */
const SLICE = 1 << 17;

/** The slot that has `key`, or the one where it belongs. */
function slotOf(slots: Int32Array, key: number): number {
  const mask = slots.length - 1;
  let slot = (Math.imul(key ^ (key >>> 15), 0x2c1b3c6d) >>> 8) & mask & ~1;
  while (slots[slot] !== 0 && slots[slot + 1] !== key) slot = (slot + 2) & mask;
  return slot;
}
