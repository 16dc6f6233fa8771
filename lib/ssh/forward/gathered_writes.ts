/**
 * Writes to a socket what comes for it in one go as one: a read from the server brings up to eight packets of 32 KiB, and
 * a system call for each would wake the local client eight times.
 */
import type net from "node:net";
import { spend } from "../spent.ts";

/** Most that is written at once; what one read brings fits. */
const BLOCK_BYTES = 256 * 1024;

/** A block that nobody uses now. Writes mostly end at once, so one serves all sockets. */
let spare: Uint8Array | undefined;

/** The writing side of one socket. */
export class GatheredWrites {
  readonly #socket: net.Socket;
  /** The only piece as yet: where no other follows, it is written as it is. */
  #single: Uint8Array | undefined;
  #block: Uint8Array | undefined;
  #filled = 0;
  readonly #onWritten: () => void;

  /** @param onWritten called each time that something was given to `socket`, which may be full now */
  constructor(socket: net.Socket, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Takes a chunk of a channel for itself, to be written in this turn of the event loop. */
  write(chunk: Uint8Array): void {
    if (this.#single === undefined && this.#block === undefined) {
      this.#single = chunk;
      queueMicrotask(() => this.flush());
      return;
    }
    const single = this.#single;
    this.#single = undefined;
    if (single !== undefined) this.#add(single);
    this.#add(chunk);
  }

  /** Writes at once what has been gathered. */
  flush(): void {
    const [single, block] = [this.#single, this.#block];
    this.#single = this.#block = undefined;
    if (single !== undefined) this.#send(single, () => spend(single));
    else if (block !== undefined) this.#send(block.subarray(0, this.#filled), () => spare ??= block);
    this.#filled = 0;
  }

  /** Forgets what has been gathered. */
  drop(): void {
    this.#single = this.#block = undefined;
    this.#filled = 0;
  }

  #add(chunk: Uint8Array): void {
    if (this.#filled + chunk.length > BLOCK_BYTES) this.flush();
    if (chunk.length > BLOCK_BYTES) return this.#send(chunk, () => spend(chunk));
    if (this.#block === undefined) {
      this.#block = spare ?? new Uint8Array(BLOCK_BYTES);
      spare = undefined;
    }
    this.#block.set(chunk, this.#filled);
    this.#filled += chunk.length;
    spend(chunk);
  }

  /** What could not be written may still be looked at, and is left to the garbage collector. */
  #send(bytes: Uint8Array, release: () => void): void {
    this.#socket.write(bytes, (error) => {
      if (!error) release();
    });
    this.#onWritten();
  }
}
