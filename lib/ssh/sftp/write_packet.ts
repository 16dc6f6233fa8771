/** A WRITE request whose content is read straight into it: file to packet without a copy. */
import type { Handle } from "./client.ts";
import { HEADER_BYTES, Request } from "./wire.ts";

/** One reusable WRITE request (draft-ietf-secsh-filexfer-02 §6.4). */
export class WritePacket {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly #view: DataView<ArrayBuffer>;
  readonly #offsetAt: number;
  /** The file. */
  readonly handle: Handle;
  #length = 0;

  /** @param handle the file @param capacity how much content one request carries */
  constructor(handle: Handle, capacity: number) {
    this.handle = handle;
    this.#offsetAt = HEADER_BYTES + 4 + handle.length;
    this.#bytes = new Uint8Array(this.#offsetAt + 12 + capacity);
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[4] = Request.WRITE;
    this.#view.setUint32(HEADER_BYTES, handle.length);
    this.#bytes.set(handle, HEADER_BYTES + 4);
  }

  /** Where the content goes. */
  get content(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#offsetAt + 12);
  }

  /** Makes the packet ready: `length` bytes of the content, for `offset`. */
  seal(offset: number, length: number): void {
    this.#length = this.#offsetAt + 12 + length;
    this.#view.setUint32(0, this.#length - 4);
    this.#view.setBigUint64(this.#offsetAt, BigInt(offset));
    this.#view.setUint32(this.#offsetAt + 8, length);
  }

  /** The content as it was sealed. */
  get sealed(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(this.#offsetAt + 12, this.#length);
  }

  /** The packet as it was sealed. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }
}
