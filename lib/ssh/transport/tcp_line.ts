/** A TCP connection as the stream above it sees it, whichever of the runtime's two kinds of sockets carries it. */
import process from "node:process";
import { inOneGo } from "./one_go.ts";
import { TcpSocket } from "./tcp_socket.ts";

/** Most bytes that are read at once. */
const READ_BYTES = 256 * 1024;

/** A connected socket, paused at first. */
export interface TcpLine {
  /** Gets what is read, good until it returns. */
  onBytes: (bytes: Uint8Array) => void;
  /** The far end sends no more. */
  onEnd: () => void;
  /** The connection is gone; not told after {@linkcode close}. */
  onFailure: (error: Error | undefined) => void;
  /** Reads until {@linkcode pause}. */
  resume(): void;
  /** Reads no more, but for what is being read. */
  pause(): void;
  /**
   * Sends `bytes`, after all else.
   *
   * @param onSent called later, when they could not be sent at once and are
   * @returns true when they are sent, and the memory is the caller's again
   */
  send(bytes: Uint8Array, onSent: () => void): boolean;
  /** Says that no more is sent, once all is; calls `done` then, or when the connection is gone. */
  end(done: () => void): void;
  /** Closes at once. */
  close(): void;
}

/** What {@linkcode ConnectionLine} needs of a connection. */
export type TcpConnection = Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close">;

/**
 * Takes over a connection, in the way that takes least time: below the streams of node:net a small packet costs a sixth
 * less than by the promises of {@linkcode Deno.TcpConn}, which in turn finds the best of a host's addresses.
 */
export function lineOf(connection: Deno.TcpConn): TcpLine {
  const handle = handleOf(connection);
  return handle === undefined ? new ConnectionLine(connection) : new SocketLine(TcpSocket.above(handle), connection);
}

/** What a connection of Deno's and node:net have in common inside (Deno 2.9, ext/node/ops/tcp_wrap.rs). */
interface Handles {
  TCP: new (type: number) => { openFromRid?(rid: number): number };
  constants: { SOCKET: number };
}

/** A handle of node:net's on the socket of `connection`; undefined where a runtime does not let us make one. */
function handleOf(connection: object): object | undefined {
  const key = Object.getOwnPropertySymbols(connection).find((symbol) => symbol.description === "Deno.internal.rid");
  const rid: unknown = key && Reflect.get(connection, key);
  if (typeof rid !== "number") return undefined;
  try {
    const { binding } = process as unknown as { binding(name: string): Handles };
    const { TCP, constants } = binding("tcp_wrap");
    const handle = new TCP(constants.SOCKET);
    return handle.openFromRid?.(rid) === 0 ? handle : undefined;
  } catch {
    return undefined;
  }
}

/** By a handle of node:net's. */
class SocketLine implements TcpLine {
  onBytes: TcpLine["onBytes"] = () => {};
  onEnd: TcpLine["onEnd"] = () => {};
  onFailure: TcpLine["onFailure"] = () => {};
  readonly #above: TcpSocket;
  readonly #connection: Deno.TcpConn;

  /** @param connection the same, which says the end when it is closed, and is kept for that long */
  constructor(above: TcpSocket, connection: Deno.TcpConn) {
    this.#above = above;
    this.#connection = connection;
    let error: Error | undefined;
    above.onBytes = (bytes) => this.onBytes(bytes);
    const { socket } = above;
    socket.once("end", () => this.onEnd()).once("error", (cause) => error = cause);
    socket.once("close", () => {
      this.#free();
      // When both ends have been said, that is no failure.
      if (error !== undefined || !socket.readableEnded || !socket.writableFinished) this.onFailure(error);
    });
  }

  resume(): void {
    this.#above.socket.resume();
  }

  pause(): void {
    this.#above.socket.pause();
  }

  send(bytes: Uint8Array, onSent: () => void): boolean {
    return this.#above.write(bytes, (whole) => whole && onSent());
  }

  end(done: () => void): void {
    this.#above.socket.end(() => done());
  }

  close(): void {
    this.onFailure = () => {};
    this.#above.socket.destroy();
  }

  #free(): void {
    try {
      this.#connection.close();
    } catch {
      // Closed by itself.
    }
  }
}

/** By a connection of Deno's alone. */
export class ConnectionLine implements TcpLine {
  onBytes: TcpLine["onBytes"] = () => {};
  onEnd: TcpLine["onEnd"] = () => {};
  onFailure: TcpLine["onFailure"] = () => {};
  readonly #connection: TcpConnection;
  readonly #room = new Uint8Array(READ_BYTES);
  #reads = false;
  #wanted = false;
  #closed = false;

  /** Takes over `connection`. */
  constructor(connection: TcpConnection) {
    this.#connection = connection;
  }

  resume(): void {
    this.#wanted = true;
    if (!this.#reads) this.#receive().catch((error) => this.#fail(error));
  }

  pause(): void {
    this.#wanted = false;
  }

  send(bytes: Uint8Array, onSent: () => void): boolean {
    // A far end that is gone makes the read that is under way fail as well.
    this.#sendAll(bytes).then(onSent).catch((error) => this.#fail(error));
    return false;
  }

  end(done: () => void): void {
    this.#connection.closeWrite().then(done, done);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  async #receive(): Promise<void> {
    this.#reads = true;
    while (this.#wanted && !this.#closed) {
      const count = await this.#connection.read(this.#room);
      if (this.#closed) return;
      if (count === null) return this.onEnd();
      inOneGo(this.onBytes, this.#room.subarray(0, count));
    }
    this.#reads = false;
  }

  async #sendAll(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.onFailure(error);
  }
}
