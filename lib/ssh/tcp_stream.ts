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
/** Most bytes that are sent at once: eight packets of 32 KiB and what is around them. */
const BLOCK_BYTES = 260 * 1024;
/** Bytes written, and not sent yet, from which a write asks for a pause. */
const WRITE_MARK_BYTES = 64 * 1024;

/** What {@linkcode TcpStream} needs of a connection. */
export type TcpConnection = Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close">;

/** A duplex stream that owns a TCP connection. The far end's end of file ends it as a whole, as with node:net. */
export class TcpStream extends Duplex {
  readonly #connection: TcpConnection;
  readonly #ring = Buffer.allocUnsafeSlow(RING_BYTES);
  #ringEnd = 0;
  #lends = false;
  /** What is to be sent, in order; the last one is still being filled. */
  readonly #blocks: Block[] = [];
  /** For what is written next: one block is filled while the other is sent. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #unsent = 0;
  #sending = false;
  #asksToPause = false;
  readonly #onSent: Array<() => void> = [];

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

  /** Bytes written, and not sent yet. */
  get unsentBytes(): number {
    return this.#unsent;
  }

  /**
   * Takes `chunk` for itself: large ones are empty afterwards. Calls back, where asked to, once all is sent that has been
   * written by then.
   */
  override write(chunk: Uint8Array, ...rest: unknown[]): boolean {
    const onSent = rest.at(-1);
    if (typeof onSent === "function") this.#onSent.push(() => onSent());
    const goOn = this.append(chunk);
    spend(chunk);
    return goOn;
  }

  /**
   * Sends a copy of `chunk`. What is written in one go is collected and sent as one: ssh2 writes packets one by one, each
   * would be a system call and, with Nagle's algorithm off, a segment of its own.
   *
   * @returns false to ask for a pause until `drain`
   */
  append(chunk: Uint8Array): boolean {
    if (this.destroyed) return false;
    if (this.#unsent === 0 && !this.#sending) {
      this.#sending = true;
      queueMicrotask(() => void this.#send().catch((error) => this.destroy(error)));
    }
    for (let start = 0; start < chunk.length;) {
      let block = this.#blocks.at(-1);
      if (block === undefined || block.filled === BLOCK_BYTES) {
        block = { bytes: this.#spare ?? new Uint8Array(BLOCK_BYTES), filled: 0 };
        this.#spare = undefined;
        this.#blocks.push(block);
      }
      const part = chunk.subarray(start, start + BLOCK_BYTES - block.filled);
      block.bytes.set(part, block.filled);
      block.filled += part.length;
      start += part.length;
    }
    this.#unsent += chunk.length;
    if (this.#unsent >= WRITE_MARK_BYTES) this.#asksToPause = true;
    return !this.#asksToPause;
  }

  override end(...last: unknown[]): this {
    if (last[0] instanceof Uint8Array) this.append(last[0]);
    return super.end();
  }

  override _read(): void {
    this.#receive().catch((error) => this.destroy(error));
  }

  /**
   * Says the end once all is sent. A far end that is gone makes this fail; it makes the read that is under way fail as
   * well, which says it all.
   */
  override _final(done: () => void): void {
    const end = (): void => void this.#connection.closeWrite().then(() => done(), () => done());
    if (this.#sending) this.#onSent.push(end);
    else end();
  }

  /** Closing ends the reads and writes under way; their failures come after the stream's end, where nobody hears. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#connection.close();
    done(error);
  }

  /**
   * Reads until the stream takes no more: what is lent goes straight to the listeners, past the stream's own queue, which
   * takes longer than they do with a small packet.
   */
  async #receive(): Promise<void> {
    while (true) {
      if (RING_BYTES - this.#ringEnd < MIN_ROOM) this.#ringEnd = 0;
      const start = this.#ringEnd;
      const count = await this.#connection.read(this.#ring.subarray(start, start + READ_BYTES));
      if (this.destroyed) return;
      if (count === null) return void this.push(null);
      this.#ringEnd = start + count;
      const bytes = this.#ring.subarray(start, start + count);
      if (!this.#lends || !this.#passesOn) return void this.push(Buffer.from(bytes)); // the stream asks for more when it may
      this.emit("data", bytes);
      if (this.destroyed) return;
    }
  }

  /** True when the listeners are to have what comes now. */
  get #passesOn(): boolean {
    return this.readableFlowing === true && this.readableLength === 0 && this.listenerCount("data") > 0;
  }

  async #send(): Promise<void> {
    for (let block; !this.destroyed && (block = this.#blocks.shift()) !== undefined;) {
      const { bytes, filled } = block;
      for (let sent = 0; sent < filled;) sent += await this.#connection.write(bytes.subarray(sent, filled));
      this.#unsent -= filled;
      if (this.#spare === undefined) this.#spare = bytes;
      else bytes.buffer.transfer(0);
    }
    this.#sending = false;
    if (this.destroyed) return;
    for (const tell of this.#onSent.splice(0)) tell();
    if (!this.#asksToPause) return;
    this.#asksToPause = false;
    this.emit("drain");
  }
}

/** Bytes on their way out. */
interface Block {
  bytes: Uint8Array<ArrayBuffer>;
  filled: number;
}
