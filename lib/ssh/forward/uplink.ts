/**
 * The shared way out: the socket below all channels of a connection. ssh2 takes from a channel whatever the channel's
 * window allows, 2 MiB each, and queues it on that socket without looking; when the network is slower than the local
 * clients, the queue is bounded here, by not reading from them.
 */
import type { Client } from "../ssh2.ts";
import type { TcpStream } from "../tcp_stream.ts";

/** Queued bytes above which nothing more is read for sending. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** Watches the queue of one connection. */
export class Uplink {
  readonly #socket: TcpStream | undefined;
  readonly #waiting = new Set<() => void>();
  #listening = false;

  /** Finds the socket of a connected client (`_sock`: ssh2 1.17, lib/client.js). */
  constructor(client: Client) {
    this.#socket = (client as unknown as { _sock?: TcpStream })._sock;
  }

  /** True while the queue is too long to add to it. */
  get congested(): boolean {
    return this.#socket !== undefined && this.#socket.writableLength > MAX_QUEUED_BYTES;
  }

  /** Calls `resume` once the queue has drained. */
  whenClear(resume: () => void): void {
    this.#waiting.add(resume);
    if (this.#listening) return;
    this.#listening = true;
    this.#socket?.once("drain", this.#onDrain);
  }

  /** Takes back a {@linkcode whenClear}. */
  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  #onDrain = (): void => {
    this.#listening = false;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  };
}
