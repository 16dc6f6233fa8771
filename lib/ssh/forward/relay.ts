/**
 * Carries bytes between a local socket and an SSH channel, both ways, until both ways are done (RFC 4254 §5.3).
 *
 * The end of one side's stream becomes the end of the other's and leaves the way back open; what breaks on one side
 * breaks on the other. SSH has no word for a reset: a local one becomes a close without end-of-file, and a channel that
 * breaks off becomes a reset, so that nobody takes half an answer for a whole one.
 */
import type { Buffer } from "node:buffer";
import type net from "node:net";
import type { Channel } from "../ssh2.ts";
import type { Connections } from "./connections.ts";
import { GatheredWrites } from "./gathered_writes.ts";
import type { Uplink } from "./uplink.ts";

/** Bytes queued on a local socket above which its channel is not read. */
const MAX_QUEUED_BYTES = 256 * 1024;

/** What a relay works with. */
export interface RelayOptions {
  /** Where bytes are counted. */
  connections: Connections;
  /** What the channel is sent over. */
  uplink: Uplink;
  /** What the socket has already sent. */
  head?: Uint8Array | undefined;
  /** Called once, when both sides are closed or given up. */
  onDone: () => void;
}

/** One relay; made once the channel is open, it begins at once. */
export class Relay {
  readonly #socket: net.Socket;
  readonly #channel: Channel;
  readonly #options: RelayOptions;
  readonly #toSocket: GatheredWrites;
  #socketEnded = false;
  #socketClosed = false;
  #channelClosed = false;
  #windowFull = false;
  #done = false;

  /**
   * Begins to carry.
   *
   * @param socket a paused socket that allows half-open connections
   * @param channel a channel that was opened in this very tick
   */
  constructor(socket: net.Socket, channel: Channel, options: RelayOptions) {
    this.#socket = socket;
    this.#channel = channel;
    this.#options = options;
    this.#toSocket = new GatheredWrites(socket, this.#onSocketWritten);
    socket.on("error", () => {}); // the close that follows says it all
    channel.on("error", () => {});
    socket.on("data", this.#onSocketData).once("end", this.#onSocketEnd).once("close", this.#onSocketClose);
    channel.on("data", this.#onChannelData).once("end", this.#onChannelEnd).once("close", this.#onChannelClose);
    socket.on("drain", this.#onSocketDrain);
    if (socket.destroyed) this.#onSocketClose();
    else this.#begin();
  }

  /** Breaks both sides off at once. */
  abort(): void {
    this.#toSocket.drop();
    this.#socket.resetAndDestroy();
    this.#channel.off("data", this.#onChannelData).resume();
    this.#channel.close();
    this.#finish();
  }

  #begin(): void {
    const { head } = this.#options;
    this.#socket.resume(); // first, since the head may call for a pause
    if (head !== undefined && head.length > 0) this.#onSocketData(head);
    // The end of an empty stream is told even while it is paused, so it may have been told to nobody.
    if (this.#socket.readableEnded) this.#onSocketEnd();
  }

  #onSocketData = (chunk: Uint8Array): void => {
    const { connections, uplink } = this.#options;
    connections.sent(chunk.length);
    this.#channel.write(chunk, this.#onChannelWritten);
    // What ssh2 could not send within the channel's window stays in the stream's buffer: read no more until it has.
    if (this.#channel.writableLength > 0) {
      this.#windowFull = true;
      this.#socket.pause();
    } else if (uplink.congested) {
      this.#socket.pause();
      uplink.whenClear(this.#resumeSocket);
    }
  };

  #onChannelWritten = (): void => {
    if (!this.#windowFull || this.#channel.writableLength > 0) return;
    this.#windowFull = false;
    this.#resumeSocket();
  };

  #resumeSocket = (): void => {
    if (!this.#windowFull && !this.#done) this.#socket.resume();
  };

  #onChannelData = (chunk: Buffer): void => {
    this.#options.connections.received(chunk.length);
    this.#toSocket.write(chunk);
  };

  #onSocketWritten = (): void => {
    if (this.#socket.writableLength > MAX_QUEUED_BYTES) this.#channel.pause();
  };

  #onSocketDrain = (): void => {
    this.#channel.resume();
  };

  #onSocketEnd = (): void => {
    this.#socketEnded = true;
    this.#channel.end();
  };

  #onChannelEnd = (): void => {
    this.#toSocket.flush();
    this.#socket.end();
  };

  /** After both ends this is the regular close; before its own end, the local side has broken off. */
  #onSocketClose = (): void => {
    this.#socketClosed = true;
    this.#toSocket.drop();
    const channel = this.#channel;
    channel.off("data", this.#onChannelData);
    channel.resume(); // what is still under way is thrown away, or the channel would never be done
    // A local side that ended and went away has said all it had to say, and the far end is still to hear it.
    if (this.#socketEnded && !channel.writableFinished) channel.once("finish", () => channel.close());
    else channel.close();
    this.#finishWhenClosed();
  };

  /** The far end takes no more and sends no more: what is left for the local side is delivered, then it is closed. */
  #onChannelClose = (): void => {
    this.#channelClosed = true;
    this.#toSocket.flush();
    if (!this.#socketClosed) this.#socket.destroySoon();
    this.#finishWhenClosed();
  };

  #finishWhenClosed(): void {
    if (this.#socketClosed && this.#channelClosed) this.#finish();
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.uplink.forget(this.#resumeSocket);
    this.#options.onDone();
  }
}
