/** The first bytes that a server sends, kept for the messages of a connection that fails. */
import type net from "node:net";

/** Keeps the first bytes that arrive on a socket, up to a bound, without consuming them. */
export class OpeningBytes {
  static readonly #maxBytes = 16 * 1024;
  #bytes = new Uint8Array(0);

  /** @param socket whose first bytes to keep; other listeners see them all the same */
  constructor(socket: net.Socket) {
    const keep = (chunk: Uint8Array): void => {
      const room = OpeningBytes.#maxBytes - this.#bytes.length;
      const joined = new Uint8Array(this.#bytes.length + Math.min(room, chunk.length));
      joined.set(this.#bytes);
      joined.set(chunk.subarray(0, room), this.#bytes.length);
      this.#bytes = joined;
      if (joined.length === OpeningBytes.#maxBytes) socket.off("data", keep);
    };
    socket.on("data", keep);
    this.release = (): void => {
      socket.off("data", keep);
      this.#bytes = new Uint8Array(0);
    };
  }

  /** Stops keeping and forgets what was kept. */
  readonly release: () => void;

  /** What came so far. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  /** What came so far as text, each byte one character. */
  get text(): string {
    return new TextDecoder("latin1").decode(this.#bytes);
  }
}
