/**
 * The channel that SFTP travels on: a {@linkcode DirectChannel}, since the streams of ssh2 1.17 (lib/Channel.js) copy each
 * packet of 32 KiB into memory of its own, on its way in and on its way out.
 */
import type { Buffer } from "node:buffer";
import { DirectChannel } from "../channels/direct_channel.ts";
import { spend } from "../spent.ts";
import type { ClientChannel } from "../ssh2.ts";

/** Who hears what happens on it. */
export interface SftpChannelEnd {
  /** Gets what the server sends, which is to be read before anything is sent. */
  onData: (bytes: Uint8Array) => void;
  /** The channel is closed. */
  onClose: () => void;
}

/** The channel of a subsystem. */
export class SftpChannel extends DirectChannel {
  /** ssh2's: that something runs on it. */
  readonly subtype = "subsystem";
  readonly #replaced: ClientChannel;
  /** What the window has no room for, in order. */
  readonly #waiting: Uint8Array[] = [];

  /**
   * Takes the place of `channel`, on which nothing has happened yet.
   *
   * @param channel started in this very tick
   */
  constructor(channel: ClientChannel, end: SftpChannelEnd) {
    super(channel, { ...end, onEnd: () => {}, onSent: () => {} });
    this.#replaced = channel;
  }

  /** Sends `bytes`, which must stay as they are until the server has answered them. */
  write(bytes: Uint8Array): void {
    this.#waiting.push(bytes);
    if (this.#waiting.length === 1) this.#flush();
  }

  /** ssh2's: data that came under another cipher, in memory of its own. */
  override push(data: Buffer | null): boolean {
    const goOn = super.push(data);
    if (data !== null) spend(data);
    return goOn;
  }

  /** ssh2's: who listens to the channel that this one replaces is told as well. */
  override emit(event: string, ...details: unknown[]): void {
    this.#replaced.emit(event, ...details);
    super.emit(event);
  }

  /** ssh2's: the window has grown. */
  override _chunkcb = (): void => this.#flush();

  #flush(): void {
    for (let bytes; (bytes = this.#waiting[0]) !== undefined;) {
      const part = bytes.subarray(0, this.outgoing.window);
      this.send(part);
      if (part.length < bytes.length) {
        this.#waiting[0] = bytes.subarray(part.length);
        this._waitWindow = true;
        return;
      }
      this.#waiting.shift();
    }
  }
}
