/** A map from 32-bit integers to small numbers, for lookups that `Map` would make a heap number of. */

const SMALLEST = 1024;

/** Open addressing with linear probing, at most half full. */
export class IntMap {
  #keys: Int32Array = new Int32Array(SMALLEST);
  /** One more than the number, 0 where nothing is. */
  #values: Int32Array = new Int32Array(SMALLEST);
  #count = 0;

  /** The number of `key`, -1 when it has none. */
  get(key: number): number {
    return (this.#values[this.#slot(key)] as number) - 1;
  }

  /** Gives `key`, an integer of 32 bits with a sign, the number `value`, which is not negative. */
  set(key: number, value: number): void {
    if (2 * this.#count >= this.#keys.length) this.#grow();
    const slot = this.#slot(key);
    if (this.#values[slot] === 0) this.#count++;
    this.#keys[slot] = key;
    this.#values[slot] = value + 1;
  }

  /** The slot that has `key`, or the one where it belongs. */
  #slot(key: number): number {
    const keys = this.#keys;
    const values = this.#values;
    const mask = keys.length - 1;
    let slot = (Math.imul(key ^ (key >>> 15), 0x2c1b3c6d) >>> 8) & mask;
    while (values[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) & mask;
    return slot;
  }

  #grow(): void {
    const [keys, values] = [this.#keys, this.#values];
    this.#keys = new Int32Array(2 * keys.length);
    this.#values = new Int32Array(2 * keys.length);
    for (let old = 0; old < keys.length; old++) {
      if (values[old] === 0) continue;
      const slot = this.#slot(keys[old] as number);
      this.#keys[slot] = keys[old] as number;
      this.#values[slot] = values[old] as number;
    }
  }
}
