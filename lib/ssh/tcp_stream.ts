/**
 * The stream over a TCP connection that ssh2 speaks through. It is made for few allocations: under Deno 2.9 a socket of
 * node:net allocates 64 KiB for every read, which with a fast server is hundreds of megabytes of garbage at a time.
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { spend } from "./spent.ts";

/** Most bytes that are read at once. */
const READ_BYTES = 256 * 1024;
/** Room below which reading starts over at the front of the ring. */
const MIN_ROOM = 64 * 1024;
/** Size of the ring that is read into. */
const RING_BYTES = 512 * 1024;
/** Most bytes that are sent at once, when there are several pieces to send. */
const SEND_BYTES = 128 * 1024;
/** Bytes written, and not sent yet, from which a write asks for a pause. */
const WRITE_MARK_BYTES = 64 * 1024;

/** What {@linkcode TcpStream} needs of a connection. */
export type TcpConnection = Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close">;

/** A duplex stream that owns a TCP connection. The far end's end of file ends it as a whole, as with node:net. */
export class TcpStream extends Duplex {
  readonly #connection: TcpConnection;
  readonly #ring: Buffer = Buffer.allocUnsafeSlow(RING_BYTES);
  #ringEnd = 0;
  #lends = false;
  #gathering = false;
  #outgoing: Uint8Array | undefined;

  /** Takes over `connection`, which is closed together with the stream. */
  constructor(connection: TcpConnection) {
    super({ allowHalfOpen: false, readableHighWaterMark: READ_BYTES, writableHighWaterMark: WRITE_MARK_BYTES });
    this.#connection = connection;
  }

  /**
   * From now on the listeners of `data` are given the memory that is read into, where until now they were given copies.
   * It keeps what it holds until another {@linkcode RING_BYTES} less {@linkcode READ_BYTES} and {@linkcode MIN_ROOM}
   * have come, 192 KiB.
   *
   * That is enough for ssh2 1.17 (lib/protocol/crypto.js) once a cipher is on: of what it was given it keeps nothing but
   * the rest of a packet, of 35,000 bytes at most, whose MAC has not come as a whole. It is not enough before, when the
   * messages of the key exchange are kept as they came.
   */
  lend(): void {
    this.#lends = true;
  }

  /**
   * Collects what is written in one go, and sends it as one: ssh2 writes the length, the payload and the MAC of each
   * packet by themselves, each would be a system call and, with Nagle's algorithm off, a segment of its own. The stream
   * takes what is written for itself: large pieces are empty once they are sent.
   */
  override write(...args: unknown[]): boolean {
    if (!this.#gathering) {
      this.#gathering = true;
      this.cork();
      queueMicrotask(() => {
        this.#gathering = false;
        this.uncork();
      });
    }
    return Reflect.apply(super.write, this, args);
  }

  override _read(): void {
    this.#receive().catch((error) => this.destroy(error));
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error) => void): void {
    this.#sendWhole(chunk).then(() => done(), done);
  }

  override _writev(pieces: Array<{ chunk: Uint8Array }>, done: (error?: Error) => void): void {
    this.#sendTogether(pieces).then(() => done(), done);
  }

  /** A far end that is gone makes this fail; it makes the read that is under way fail as well, which says it all. */
  override _final(done: () => void): void {
    this.#connection.closeWrite().then(() => done(), () => done());
  }

  /** Closing ends the reads and writes under way; their failures come after the stream's end, where nobody hears. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.close();
    done(error);
  }

  async #receive(): Promise<void> {
    if (RING_BYTES - this.#ringEnd < MIN_ROOM) this.#ringEnd = 0;
    const start = this.#ringEnd;
    const count = await this.#connection.read(this.#ring.subarray(start, start + READ_BYTES));
    if (this.destroyed) return;
    if (count === null) {
      this.push(null);
      return;
    }
    this.#ringEnd = start + count;
    const bytes = this.#ring.subarray(start, start + count);
    this.push(this.#lends && this.#passesOn ? bytes : Buffer.from(bytes));
  }

  /** True when what is pushed goes straight to the listeners and is not put into the stream's own queue. */
  get #passesOn(): boolean {
    return this.readableFlowing === true && this.readableLength === 0 && this.listenerCount("data") > 0;
  }

  async #sendTogether(pieces: Array<{ chunk: Uint8Array }>): Promise<void> {
    const outgoing = this.#outgoing ??= new Uint8Array(SEND_BYTES);
    let filled = 0;
    for (const { chunk } of pieces) {
      for (let start = 0; start < chunk.length;) {
        const part = chunk.subarray(start, start + SEND_BYTES - filled);
        outgoing.set(part, filled);
        filled += part.length;
        start += part.length;
        if (filled < SEND_BYTES) continue;
        await this.#sendWhole(outgoing);
        filled = 0;
      }
      spend(chunk);
    }
    await this.#sendWhole(outgoing.subarray(0, filled));
  }

  async #sendWhole(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }
}
