/**
 * Cuts the server's bytes into answers as they come.
 *
 * File content goes straight from the chunk that brought it to where the reader wants it, without being assembled
 * first: at hundreds of megabytes a second each copy counts.
 */
import { MalformedPacket, Reply } from "./wire.ts";

/** Longest answer that is not file content. OpenSSH sends at most 256 KiB. */
const MAX_BODY_BYTES = 1024 * 1024;

/** Whoever is told. */
export interface ReplyListener {
  /** Where the content of a DATA answer to request `id` goes; undefined when nobody waits for it. */
  sink(id: number): Uint8Array | undefined;
  /** A DATA answer has arrived whole: `length` bytes are in the sink. */
  data(id: number, length: number): void;
  /** Any other answer; for VERSION the id is the version. `body` may be kept. */
  reply(type: number, id: number, body: Uint8Array): void;
}

/** The state machine. */
export class ReplyParser {
  readonly #listener: ReplyListener;
  /** length, type, id; with DATA the content's length, too. */
  readonly #header = new Uint8Array(13);
  readonly #view = new DataView(this.#header.buffer);
  #headerLength = 0;
  #headerWanted = 9;
  #target: Uint8Array | undefined;
  #filled = 0;
  #bodyLength = 0;

  constructor(listener: ReplyListener) {
    this.#listener = listener;
  }

  /** Takes the next bytes. @throws {MalformedPacket} when they are not SFTP */
  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length || this.#isComplete()) {
      if (this.#headerLength < this.#headerWanted) {
        const count = Math.min(this.#headerWanted - this.#headerLength, chunk.length - at);
        this.#header.set(chunk.subarray(at, at + count), this.#headerLength);
        this.#headerLength += count;
        at += count;
        if (this.#headerLength === this.#headerWanted) this.#headerRead();
      } else if (this.#isComplete()) {
        this.#deliver();
      } else {
        const count = Math.min(this.#bodyLength - this.#filled, chunk.length - at);
        this.#target?.set(chunk.subarray(at, at + count), this.#filled);
        this.#filled += count;
        at += count;
      }
    }
  }

  #isComplete(): boolean {
    return this.#headerLength === this.#headerWanted && this.#filled === this.#bodyLength;
  }

  #headerRead(): void {
    const length = this.#view.getUint32(0);
    const type = this.#header[4];
    if (length < 5) throw new MalformedPacket("the SFTP server sent a packet that is too short");
    if (type !== Reply.DATA) {
      if (length - 5 > MAX_BODY_BYTES) throw new MalformedPacket(`the SFTP server sent a packet of ${length} bytes`);
      this.#bodyLength = length - 5;
      this.#target = new Uint8Array(this.#bodyLength);
      return;
    }
    if (this.#headerWanted === 9) {
      if (length < 9) throw new MalformedPacket("the SFTP server sent a packet that is too short");
      this.#headerWanted = 13;
      return;
    }
    this.#bodyLength = this.#view.getUint32(9);
    if (this.#bodyLength !== length - 9) throw new MalformedPacket("the SFTP server sent content of a wrong length");
    this.#target = this.#listener.sink(this.#view.getUint32(5));
    if (this.#target !== undefined && this.#bodyLength > this.#target.length) {
      throw new MalformedPacket("the SFTP server sent more content than was asked for");
    }
  }

  #deliver(): void {
    const type = this.#header[4] ?? 0;
    const id = this.#view.getUint32(5);
    const [target, length] = [this.#target, this.#bodyLength];
    this.#headerLength = this.#filled = this.#bodyLength = 0;
    this.#headerWanted = 9;
    this.#target = undefined;
    if (type === Reply.DATA) this.#listener.data(id, length);
    else this.#listener.reply(type, id, target ?? new Uint8Array(0));
  }
}
