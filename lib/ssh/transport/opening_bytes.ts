/** The first bytes that a server sends, kept for the messages of a connection that fails. */
import type { TcpStream } from "./tcp_stream.ts";

/** Keeps the first bytes that arrive on a socket, up to a bound, without consuming them. */
export class OpeningBytes {
  static readonly #maxBytes = 16 * 1024;
  #bytes = new Uint8Array(0);
  #socket: TcpStream | undefined;

  /**
   * Starts keeping. To be called in the turn in which the reader of the socket is attached: a listener makes the
   * socket flow, and what flows before the reader is there is lost to it.
   */
  watch(socket: TcpStream): void {
    this.#socket = socket.on("data", this.#keep);
  }

  /** Stops keeping and forgets what was kept. */
  release(): void {
    this.#socket?.off("data", this.#keep);
    this.#bytes = new Uint8Array(0);
  }

  /** What came so far. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What came so far as text, each byte one character. */
  get text(): string {
    return new TextDecoder("latin1").decode(this.#bytes);
  }

  #keep = (chunk: Uint8Array): void => {
    const kept = chunk.subarray(0, OpeningBytes.#maxBytes - this.#bytes.length);
    const joined = new Uint8Array(this.#bytes.length + kept.length);
    joined.set(this.#bytes);
    joined.set(kept, this.#bytes.length);
    this.#bytes = joined;
    if (joined.length === OpeningBytes.#maxBytes) this.#socket?.off("data", this.#keep);
  };
}
