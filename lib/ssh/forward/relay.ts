/**
 * Carries bytes between a local socket and an SSH channel, both ways, until both ways are done (RFC 4254 §5.3).
 *
 * The end of one side's stream becomes the end of the other's and leaves the way back open; what breaks on one side
 * breaks on the other. SSH has no word for a reset: a local one becomes a close without end-of-file, and a channel that
 * breaks off becomes a reset, so that nobody takes half an answer for a whole one.
 */
import type net from "node:net";
import type { Channel } from "../ssh2.ts";
import { DirectChannel } from "../channels/direct_channel.ts";
import type { Connections } from "./connections.ts";
import { GatheredWrites } from "./gathered_writes.ts";
import type { TcpSocket } from "../transport/tcp_socket.ts";
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
  readonly #local: TcpSocket;
  readonly #socket: net.Socket;
  readonly #channel: DirectChannel;
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
   * @param local paused
   * @param channel opened in this very tick
   */
  constructor(local: TcpSocket, channel: Channel, options: RelayOptions) {
    const { socket } = local;
    this.#local = local;
    this.#socket = socket;
    this.#options = options;
    this.#toSocket = new GatheredWrites(local, this.#onSocketWritten);
    this.#channel = new DirectChannel(channel, {
      onData: this.#onChannelData,
      onEnd: this.#onChannelEnd,
      onSent: this.#onChannelSent,
      onClose: this.#onChannelClose,
    });
    local.onBytes = this.#onSocketData;
    local.onDrain = this.#onSocketDrain;
    socket.once("end", this.#onSocketEnd).once("close", this.#onSocketClose);
    if (socket.destroyed) this.#onSocketClose();
    else this.#begin();
  }

  /** Breaks both sides off at once. */
  abort(): void {
    this.#toSocket.drop();
    this.#socket.resetAndDestroy();
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

  #onSocketData = (bytes: Uint8Array): void => {
    const { connections, uplink } = this.#options;
    connections.sent(bytes.length);
    if (!this.#channel.send(bytes)) {
      this.#windowFull = true;
      this.#socket.pause();
    } else if (uplink.congested) {
      this.#socket.pause();
      uplink.whenClear(this.#resumeSocket);
    }
  };

  #onChannelSent = (): void => {
    this.#windowFull = false;
    this.#resumeSocket();
  };

  #resumeSocket = (): void => {
    if (!this.#windowFull && !this.#done) this.#socket.resume();
  };

  #onChannelData = (bytes: Uint8Array): void => {
    this.#options.connections.received(bytes.length);
    this.#toSocket.write(bytes);
  };

  #onSocketWritten = (): void => {
    if (this.#local.queuedBytes > MAX_QUEUED_BYTES) this.#channel.hold();
  };

  #onSocketDrain = (): void => {
    this.#channel.release();
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
    this.#channel.release(); // what is still under way is thrown away, or the channel would never be done
    // A local side that ended and went away has said all it had to say, and the far end is still to hear it.
    if (this.#socketEnded) this.#channel.closeAfterAll();
    else this.#channel.close();
    this.#finishWhenClosed();
  };

  /** The far end takes no more and sends no more: what is left for the local side is delivered, then it is closed. */
  #onChannelClose = (broken: boolean): void => {
    this.#channelClosed = true;
    if (broken) {
      this.#toSocket.drop();
      this.#socket.resetAndDestroy();
    } else {
      this.#toSocket.flush();
      if (!this.#socketClosed) this.#socket.destroySoon();
    }
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
