/**
 * Sockets of node:net that are used below their streams, which take longer than the system's own part with a small
 * packet: all of them are read into memory that they share, so that an idle one holds none, and written to directly.
 * Where a runtime lets nobody do either, the streams are used.
 */
import net from "node:net";
import process from "node:process";
import { inOneGo } from "./one_go.ts";

/** Most bytes that are read at once. */
const READ_BYTES = 256 * 1024;

/** What is read lies here until its reader returns. */
let shared: Uint8Array | undefined;

/** How node:net reads without a stream: into `buffer`, then calls back; the option is as of Node.js 12.10. */
interface OnRead {
  buffer: Uint8Array;
  callback: (bytes: number, buffer: Uint8Array) => boolean;
}

/** What a write is known by that goes on after the call (Deno 2.9, ext/node/ops/stream_wrap.rs). */
interface WriteRequest {
  /** Kept from the garbage collector, since the system looks at it. */
  buffer: Uint8Array;
  oncomplete: (status: number) => void;
}

/** What lies below the stream of a socket. */
interface Handle {
  /** Answers other than 0 when it fails. */
  writeBuffer?(request: WriteRequest, bytes: Uint8Array): number;
}

/** In {@linkcode stateOfWrites}: 0 when the last write is done, 1 when it goes on. */
const LAST_WRITE_GOES_ON = 3;

/** A socket, its reader and its writer. */
export class TcpSocket {
  /** Paused at first; half-open connections are allowed, and Nagle's algorithm is off. */
  readonly socket: net.Socket;
  /** Gets what is read, which is to be copied where it is kept. */
  onBytes: (bytes: Uint8Array) => void = () => {};
  /** Called when all is written of what the system could not take at once. */
  onDrain: () => void = () => {};
  #queuedBytes = 0;

  /** @param make a paused socket */
  private constructor(make: (onread: OnRead) => net.Socket) {
    this.socket = make({
      buffer: shared ??= new Uint8Array(READ_BYTES),
      callback: (bytes, buffer) => {
        this.#read(buffer.subarray(0, bytes));
        return true;
      },
    });
    // Where a runtime knows no `onread`, or has no handle to take over, the stream tells of what it reads.
    this.socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    this.socket.on("error", () => {}); // the close that follows says it all
  }

  /** Takes over a socket that a server of node:net has accepted, paused. */
  static accepted(socket: net.Socket): TcpSocket {
    const inside = socket as unknown as { _handle?: object | null };
    const handle = inside._handle;
    const accepted = handle ? TcpSocket.above(handle) : new TcpSocket(() => socket);
    inside._handle = null;
    accepted.socket.setNoDelay(true);
    return accepted;
  }

  /** Begins to connect. */
  static connecting({ host, port }: { host: string; port: number }): TcpSocket {
    const connecting = new TcpSocket((onread) => {
      return net.connect({ host, port, allowHalfOpen: true, onread } as net.NetConnectOpts).pause();
    });
    const { socket } = connecting;
    socket.once("connect", () => socket.setNoDelay(true));
    return connecting;
  }

  /** Takes over a connected handle of node:net's. */
  static above(handle: object): TcpSocket {
    return new TcpSocket((onread) => {
      const options = { handle, allowHalfOpen: true, onread, pauseOnCreate: true };
      return new net.Socket(options as net.SocketConstructorOpts);
    });
  }

  /** Bytes written that the system has not taken yet. */
  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /**
   * Writes `bytes` behind all that was written before.
   *
   * @param onWritten called later, when what could not be written at once is, or with `false` when it has failed
   * @returns true when the system has taken all, and the memory is the caller's again
   */
  write(bytes: Uint8Array, onWritten: (whole: boolean) => void): boolean {
    const { socket } = this;
    const { _handle: handle } = socket as unknown as { _handle?: Handle | null };
    // What waits in the stream comes first. An empty array has no memory that the system could look at.
    if (lastWrite === undefined || !handle?.writeBuffer || socket.writableLength > 0 || bytes.length === 0) {
      return this.#writeToStream(bytes, onWritten);
    }
    const request = { buffer: bytes, oncomplete: (status: number) => this.#written(bytes, onWritten, status >= 0) };
    if (handle.writeBuffer(request, bytes) !== 0) {
      socket.destroy();
      return true;
    }
    if (lastWrite[LAST_WRITE_GOES_ON] === 0) return true;
    this.#queuedBytes += bytes.length;
    return false;
  }

  #writeToStream(bytes: Uint8Array, onWritten: (whole: boolean) => void): boolean {
    this.#queuedBytes += bytes.length;
    this.socket.write(bytes, (error) => this.#written(bytes, onWritten, !error));
    return false;
  }

  #written(bytes: Uint8Array, onWritten: (whole: boolean) => void, whole: boolean): void {
    this.#queuedBytes -= bytes.length;
    onWritten(whole);
    if (!whole) this.socket.destroy();
    else if (this.#queuedBytes === 0) this.onDrain();
  }

  #read(bytes: Uint8Array): void {
    inOneGo(this.onBytes, bytes);
  }
}

const lastWrite = stateOfWrites();

/** Where node:net itself looks what became of a write; undefined where nobody else can. */
function stateOfWrites(): Int32Array | undefined {
  try {
    const { binding } = process as unknown as { binding(name: string): { streamBaseState?: unknown } };
    const { streamBaseState: state } = binding("stream_wrap");
    return state instanceof Int32Array ? state : undefined;
  } catch {
    return undefined;
  }
}
