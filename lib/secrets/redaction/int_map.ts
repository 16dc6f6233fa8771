/** A map from 32-bit integers to small numbers, for lookups that `Map` would make a heap number of. */

const SMALLEST = 1024;

/** Open addressing with linear probing, at most half full. */
export class IntMap {
  #keys: Int32Array = new Int32Array(SMALLEST);
  /** One more than the number, 0 where nothing is. */
  #values: Int32Array = new Int32Array(SMALLEST);
  #count = 0;

  /** The keys, and for each one more than its number, 0 where there is none; runs.as looks numbers up in them. */
  get slots(): { readonly keys: Int32Array; readonly values: Int32Array } {
    return { keys: this.#keys, values: this.#values };
  }

  /** The number of `key`, -1 when it has none. */
  get(key: number): number {
    return (this.#values[slotOf(this.#keys, this.#values, key)] as number) - 1;
  }

  /** Gives `key`, an integer of 32 bits with a sign, the number `value`, which is not negative. */
  set(key: number, value: number): void {
    if (2 * this.#count >= this.#keys.length) { for (const _ of this.#grow(2 * this.#keys.length)); }
    const slot = slotOf(this.#keys, this.#values, key);
    if (this.#values[slot] === 0) this.#count++;
    this.#keys[slot] = key;
    this.#values[slot] = value + 1;
  }

  /** Makes room for `more` keys, bit by bit; none may be added until it is done, but all are found meanwhile. */
  *reserve(more: number): Generator<void> {
    let length = this.#keys.length;
    while (2 * (this.#count + more) > length) length *= 2;
    if (length > this.#keys.length) yield* this.#grow(length);
  }

  *#grow(length: number): Generator<void> {
    const oldKeys = this.#keys;
    const oldValues = this.#values;
    const keys = new Int32Array(length);
    const values = new Int32Array(length);
    for (let old = 0; old < oldKeys.length; old++) {
      if (old % SLICE === 0) yield;
      if (oldValues[old] === 0) continue;
      const slot = slotOf(keys, values, oldKeys[old] as number);
      keys[slot] = oldKeys[old] as number;
      values[slot] = oldValues[old] as number;
    }
    this.#keys = keys;
    this.#values = values;
  }
}

/** Slots that are dealt with in one go. */
const SLICE = 1 << 16;

/** The slot that has `key`, or the one where it belongs. */
function slotOf(keys: Int32Array, values: Int32Array, key: number): number {
  const mask = keys.length - 1;
  let slot = (Math.imul(key ^ (key >>> 15), 0x2c1b3c6d) >>> 8) & mask;
  while (values[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
  return slot;
}
