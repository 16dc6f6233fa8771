/**
 * Writes to a socket what comes for it in one go as one: a read from the server brings up to eight packets of 32 KiB, and
 * a system call for each would wake the local client eight times.
 */
import { Buffer } from "node:buffer";
import type net from "node:net";

/** Most that is written at once; what one read brings fits. */
const BLOCK_BYTES = 256 * 1024;
/** Up to this size a copy costs less than a block that stays with a slow socket. */
const SMALL_BYTES = 32 * 1024;

/** A block that nobody uses now. Writes mostly end at once, so one serves all sockets. */
let spare: Uint8Array | undefined;

/** The writing side of one socket. */
export class GatheredWrites {
  readonly #socket: net.Socket;
  #block: Uint8Array | undefined;
  #filled = 0;
  readonly #onWritten: () => void;

  /** @param onWritten called each time that something was given to `socket`, which may be full now */
  constructor(socket: net.Socket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Takes a copy of `chunk`, to be written in this turn of the event loop. */
  write(chunk: Uint8Array): void {
    for (let start = 0; start < chunk.length;) {
      if (this.#filled === BLOCK_BYTES) this.flush();
      if (this.#block === undefined) {
        this.#block = spare ?? new Uint8Array(BLOCK_BYTES);
        spare = undefined;
        queueMicrotask(() => this.flush());
      }
      const part = chunk.subarray(start, start + BLOCK_BYTES - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      start += part.length;
    }
  }

  /** Writes at once what has been gathered. */
  flush(): void {
    const [block, filled] = [this.#block, this.#filled];
    if (block === undefined) return;
    this.#block = undefined;
    this.#filled = 0;
    const socket = this.#socket;
    if (filled <= SMALL_BYTES) {
      socket.write(Buffer.from(block.subarray(0, filled)));
      spare ??= block;
    } else {
      // A socket that keeps some of it may still look at it, so the block waits for the callback.
      socket.write(block.subarray(0, filled), (error) => {
        if (!error) spare ??= block;
      });
    }
    this.#onWritten();
  }

  /** Forgets what has been gathered. */
  drop(): void {
    if (this.#block !== undefined) spare ??= this.#block;
    this.#block = undefined;
    this.#filled = 0;
  }
}
