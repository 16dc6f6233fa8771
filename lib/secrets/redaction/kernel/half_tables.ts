/** Sets of bytes as the loops of the kernel look them up, see kernel.as. */

/** Sets of bytes by the halves of each: bytes whose high halves go with the same low ones share a bit. */
export class HalfTables {
  /** Sixteen bytes for the low halves, then sixteen for the high ones. */
  readonly bytes: Uint8Array = new Uint8Array(32);

  /** Adds the bytes whose entry in `table` is one that `isIn`. @throws {RangeError} when there are not enough free `bits` for them */
  add(table: Uint8Array, isIn: (entry: number) => boolean, bits: readonly number[]): void {
    const bitOf = new Map<string, number>();
    for (let high = 0; high < 16; high++) {
      const lows = Array.from({ length: 16 }, (_, low) => low).filter((low) => isIn(table[16 * high + low] as number));
      if (lows.length === 0) continue;
      const key = lows.join();
      const bit = bitOf.get(key) ?? bits[bitOf.size];
      if (bit === undefined) throw new RangeError("too many kinds of byte for one table");
      bitOf.set(key, bit);
      for (const low of lows) this.bytes[low] = (this.bytes[low] as number) | (1 << bit);
      this.bytes[16 + high] = (this.bytes[16 + high] as number) | (1 << bit);
    }
  }
}
