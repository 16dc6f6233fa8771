/** The last bytes of a stream, each known by its place in the whole. */

/** A ring of bytes with absolute offsets. */
export class RawBuffer {
  readonly #maxBytes: number;
  #ring: Uint8Array = new Uint8Array(4096);
  #end = 0;

  /**
   * An empty ring.
   *
   * @param maxBytes how many of the last bytes are kept
   */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Offset behind the last byte: how many bytes came in all. */
  get end(): number {
    return this.#end;
  }

  /** Offset of the oldest byte that is kept. */
  get start(): number {
    return Math.max(0, this.#end - this.#maxBytes);
  }

  /** Takes the next bytes; they are copied. */
  push(chunk: Uint8Array): void {
    const kept = chunk.subarray(Math.max(0, chunk.length - this.#maxBytes));
    this.#grow(this.#end + chunk.length);
    let at = (this.#end + chunk.length - kept.length) % this.#ring.length;
    this.#end += chunk.length;
    for (let from = 0; from < kept.length;) {
      const part = kept.subarray(from, from + this.#ring.length - at);
      this.#ring.set(part, at);
      from += part.length;
      at = (at + part.length) % this.#ring.length;
    }
  }

  /** A ring that goes on for itself. */
  copy(): RawBuffer {
    const copy = new RawBuffer(this.#maxBytes);
    copy.#ring = this.#ring.slice();
    copy.#end = this.#end;
    return copy;
  }

  /** A copy of what is kept from `offset` on. */
  from(offset: number): Uint8Array {
    const first = Math.min(Math.max(offset, this.start), this.#end);
    const bytes = new Uint8Array(this.#end - first);
    const at = first % this.#ring.length;
    const head = this.#ring.subarray(at, Math.min(this.#ring.length, at + bytes.length));
    bytes.set(head);
    bytes.set(this.#ring.subarray(0, bytes.length - head.length), head.length);
    return bytes;
  }

  /** Until the ring has its full size, nothing wraps: byte n stands at n. */
  #grow(needed: number): void {
    if (needed <= this.#ring.length || this.#ring.length === this.#maxBytes) return;
    const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#ring.length * 2)));
    grown.set(this.#ring.subarray(0, this.#end));
    this.#ring = grown;
  }
}
