/**
 * The shared way out: the socket below all channels of a connection. ssh2 takes from a channel whatever the channel's
 * window allows, 2 MiB each, and queues it on that socket without looking, or in a list of its own as long as new keys are
 * being exchanged. When the network is slower than the local clients, and when the server takes its time with the keys,
 * the queue is bounded here, by not reading from them.
 */
import type { Client } from "../ssh2.ts";
import type { TcpStream } from "../transport/tcp_stream.ts";

/** Queued bytes above which nothing more is read for sending. */
const MAX_QUEUED_BYTES = 1024 * 1024;

/** What is taken from inside a client (ssh2 1.17, lib/client.js, lib/protocol/Protocol.js). */
interface Internals {
  _sock?: TcpStream;
  /** Holds our announcement of new keys from the moment it is sent until they are in use. */
  _protocol?: { _kexinit?: unknown };
}

/** Watches the queue of one connection. */
export class Uplink {
  readonly #client: Client;
  readonly #inside: Internals;
  readonly #waiting = new Set<() => void>();
  #listening = false;

  /** Finds the socket of a connected client. */
  constructor(client: Client) {
    this.#client = client;
    this.#inside = client as unknown as Internals;
  }

  /** True while the queue is too long to add to it, or does not move. */
  get congested(): boolean {
    return this.#exchangesKeys || (this.#inside._sock?.unsentBytes ?? 0) > MAX_QUEUED_BYTES;
  }

  /** Calls `resume` once the queue has drained. */
  whenClear(resume: () => void): void {
    this.#waiting.add(resume);
    this.#listen();
  }

  /** Takes back a {@linkcode whenClear}. */
  forget(resume: () => void): void {
    this.#waiting.delete(resume);
  }

  get #exchangesKeys(): boolean {
    return this.#inside._protocol?._kexinit !== undefined;
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    if (this.#exchangesKeys) this.#client.once("handshake", this.#onMove);
    else this.#inside._sock?.once("drain", this.#onMove);
  }

  #onMove = (): void => {
    this.#listening = false;
    if (this.congested) return this.#listen(); // what waited for the keys is in the socket's queue now
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resume of waiting) resume();
  };
}
