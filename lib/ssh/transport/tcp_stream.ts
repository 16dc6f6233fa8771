/**
 * The stream over a TCP connection that ssh2 speaks through. It is made for few allocations: under Deno 2.9 a socket of
 * node:net allocates 64 KiB for every read, which with a fast server is hundreds of megabytes of garbage at a time.
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { atEndOfGo } from "./one_go.ts";
import { spend } from "../spent.ts";
import type { TcpLine } from "./tcp_line.ts";

/** Bytes read, and not taken, from which reading pauses. */
const READ_MARK_BYTES = 256 * 1024;
/** Memory for copies that are lent: three of the largest reads. */
const RING_BYTES = 768 * 1024;
/** Most bytes that are sent at once: eight packets of 32 KiB and what is around them. */
const BLOCK_BYTES = 260 * 1024;
/** Bytes written, and not sent yet, from which a write asks for a pause. */
const WRITE_MARK_BYTES = 64 * 1024;

/** A duplex stream that owns a TCP connection. The far end's end of file ends it as a whole, as with node:net. */
export class TcpStream extends Duplex {
  readonly #line: TcpLine;
  #keepsNothing: (() => boolean) | undefined;
  #ring: Buffer | undefined;
  #ringEnd = 0;
  /** What is to be sent, in order; the last one is still being filled. */
  readonly #blocks: Block[] = [];
  /** For what is written next: one block is filled while the other is sent. */
  #spare: Uint8Array<ArrayBuffer> | undefined;
  #unsent = 0;
  #willSend = false;
  #sentThisTurn = false;
  #sending = false;
  #asksToPause = false;
  readonly #onSent: Array<() => void> = [];

  /** Takes over `line`, which is closed together with the stream. */
  constructor(line: TcpLine) {
    super({ allowHalfOpen: false, readableHighWaterMark: READ_MARK_BYTES, writableHighWaterMark: WRITE_MARK_BYTES });
    this.#line = line;
    line.onBytes = this.#receive;
    line.onEnd = () => this.push(null);
    line.onFailure = (error) => this.destroy(error);
  }

  /**
   * From now on the listeners of `data` are given memory that is used again, where until now they were given copies of
   * their own: what has been read, good until they return, or, where `keepsNothing` is false, a copy that is good until
   * another 256 KiB have come.
   *
   * That is enough for ssh2 1.17 (lib/protocol/crypto.js) once a cipher is on: of what it was given it keeps nothing but
   * the rest of a packet, of 35,000 bytes at most, whose MAC has not come as a whole. It is not enough before, when the
   * messages of the key exchange are kept as they came.
   */
  lend(keepsNothing: () => boolean): void {
    this.#keepsNothing = keepsNothing;
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
    if (!this.#willSend && !this.#sending) this.#sendSoon();
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
    if (this.#unsent >= WRITE_MARK_BYTES && !this.#asksToPause) {
      this.#asksToPause = true;
      atEndOfGo(this.#send); // more would only wait
    }
    return !this.#asksToPause;
  }

  override end(...last: unknown[]): this {
    if (last[0] instanceof Uint8Array) this.append(last[0]);
    return super.end();
  }

  override _read(): void {
    this.#line.resume();
  }

  /** Says the end once all is sent. A far end that is gone is noticed by the reading, which says it all. */
  override _final(done: () => void): void {
    const end = (): void => this.#line.end(done);
    if (this.#unsent > 0) this.#onSent.push(end);
    else end();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#line.close();
    done(error);
  }

  /** What is lent goes to the listeners past the stream's own queue, which takes longer than they do with a small packet. */
  #receive = (bytes: Uint8Array): void => {
    if (this.destroyed) return;
    if (this.#keepsNothing !== undefined && this.#passesOn) {
      this.emit("data", this.#keepsNothing() ? bytes : this.#copied(bytes));
    } else if (!this.push(Buffer.from(bytes))) {
      this.#line.pause(); // the stream asks for more when it may
    }
  };

  /** True when the listeners are to have what comes now. */
  get #passesOn(): boolean {
    return this.readableFlowing === true && this.readableLength === 0 && this.listenerCount("data") > 0;
  }

  #copied(bytes: Uint8Array): Buffer {
    const ring = this.#ring ??= Buffer.allocUnsafeSlow(RING_BYTES);
    if (ring.length - this.#ringEnd < bytes.length) this.#ringEnd = 0;
    const copy = ring.subarray(this.#ringEnd, this.#ringEnd += bytes.length);
    copy.set(bytes);
    return copy;
  }

  /**
   * Sends at the end of what is done in one go, so that one request is on its way at once; what others add in the same
   * turn goes together at the turn's end.
   */
  #sendSoon(): void {
    this.#willSend = true;
    if (this.#sentThisTurn) return queueMicrotask(this.#send);
    this.#sentThisTurn = true;
    queueMicrotask(this.#endTurn);
    atEndOfGo(this.#send);
  }

  #endTurn = (): void => {
    this.#sentThisTurn = false;
  };

  #send = (): void => {
    this.#willSend = false;
    while (!this.destroyed && !this.#sending) {
      const block = this.#blocks.shift();
      if (block === undefined) return this.#tellSent();
      this.#sending = !this.#line.send(block.bytes.subarray(0, block.filled), () => {
        this.#sending = false;
        this.#free(block);
        this.#send();
      });
      if (!this.#sending) this.#free(block);
    }
  };

  #free({ bytes, filled }: Block): void {
    this.#unsent -= filled;
    if (this.#spare === undefined) this.#spare = bytes;
    else bytes.buffer.transfer(0);
  }

  #tellSent(): void {
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
