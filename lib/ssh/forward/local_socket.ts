/** Sockets of this machine that are read into memory which all of them share, so that an idle one holds none. */
import net from "node:net";
import type { Address } from "../tcp.ts";

/** Most bytes that are read at once. */
const READ_BYTES = 256 * 1024;

/** What is read lies here until its reader returns. */
let shared: Uint8Array | undefined;

/** How node:net reads without a stream: into `buffer`, then calls back; the option is as of Node.js 12.10. */
interface OnRead {
  buffer: Uint8Array;
  callback: (bytes: number, buffer: Uint8Array) => boolean;
}

/** A socket and its reader. */
export class LocalSocket {
  /** Paused at first; half-open connections are allowed, and Nagle's algorithm is off. */
  readonly socket: net.Socket;
  /** Gets what is read, which is to be copied where it is kept. */
  onBytes: (bytes: Uint8Array) => void = () => {};

  /** @param make a paused socket */
  private constructor(make: (onread: OnRead) => net.Socket) {
    this.socket = make({
      buffer: shared ??= new Uint8Array(READ_BYTES),
      callback: (bytes, buffer) => {
        this.onBytes(buffer.subarray(0, bytes));
        return true;
      },
    });
    // Where a runtime knows no `onread`, or has no handle to take over, the stream tells of what it reads.
    this.socket.on("data", (chunk: Uint8Array) => this.onBytes(chunk));
    this.socket.on("error", () => {}); // the close that follows says it all
  }

  /** Takes over a socket that a server of node:net has accepted, paused. */
  static accepted(socket: net.Socket): LocalSocket {
    const accepted = new LocalSocket((onread) => {
      const inside = socket as unknown as { _handle?: object | null };
      if (!inside._handle) return socket;
      const options = { handle: inside._handle, allowHalfOpen: true, onread, pauseOnCreate: true };
      inside._handle = null;
      return new net.Socket(options as net.SocketConstructorOpts);
    });
    accepted.socket.setNoDelay(true);
    return accepted;
  }

  /** Begins to connect. */
  static connecting({ host, port }: Address): LocalSocket {
    const connecting = new LocalSocket((onread) => {
      return net.connect({ host, port, allowHalfOpen: true, onread } as net.NetConnectOpts).pause();
    });
    const { socket } = connecting;
    socket.once("connect", () => socket.setNoDelay(true));
    return connecting;
  }
}
