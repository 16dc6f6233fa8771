/** Forwards that listen at the far end and lead here (as ssh -R; RFC 4254 §7.1 and §7.2). */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { type Address, connected } from "../transport/tcp.ts";
import { Deadline } from "../deadline.ts";
import type { Connection } from "../connection.ts";
import type { Channel, TcpConnectionDetails } from "../ssh2.ts";
import { reasonOf } from "./connections.ts";
import { hostAndPort } from "./far_end.ts";
import { TcpSocket } from "../transport/tcp_socket.ts";
import type { Carrier } from "./outgoing.ts";
import { Relay } from "./relay.ts";

const CONNECT_LIMIT_MS = 30_000;
const REQUEST_LIMIT_MS = 30_000;
/** How long a server may take to say that it has stopped. */
const STOP_LIMIT_MS = 5_000;

/** Answers a connection that the server passed on. */
interface Arrival {
  accept: () => Channel;
  reject: () => void;
}

/** The listening ends of one connection at its server: one ear for all of them. */
export class RemoteListeners {
  readonly #connection: Connection;
  readonly #takers = new Map<string, (arrival: Arrival) => void>();
  #hearing = false;

  /** No listening end yet; `connection` is the one whose server is to listen. */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * Lets the server listen.
   *
   * @param address of the server's machine; port 0 for any free one
   * @param take gets every connection
   * @returns the port, and what ends the listening
   * @throws {ToolError} `forward_refused`, `timed_out`, `cancelled`, `session_dropped`
   */
  async open(
    address: Address,
    take: (arrival: Arrival) => void,
    signal?: AbortSignal,
  ): Promise<{ port: number; stop: () => Promise<void> }> {
    this.#hear();
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let abandoned = false;
    const answered = (error: Error | undefined, port: number): void => {
      const failure = error ? refused(address, error) : this.#falseGrant(address.host, port);
      if (failure !== undefined) return reject(failure);
      // Now and not after an await: the first connection may be in the very next packet.
      this.#takers.set(key(address.host, port), take);
      if (abandoned) this.#stop(address.host, port).catch(() => {}); // nobody is left to tell
      resolve(port);
    };
    try {
      this.#ask(() => this.#connection.client.forwardIn(address.host, address.port, answered), address);
      const answer = new Deadline(REQUEST_LIMIT_MS).race(promise, () => "answer to the request to listen", signal);
      const port = await this.#connection.whileUp(answer);
      return { port, stop: () => this.#stop(address.host, port) };
    } catch (error) {
      abandoned = true;
      throw error;
    }
  }

  /** What is wrong with a port that the server says it listens on (RFC 4254 §7.1). */
  #falseGrant(host: string, port: number): ToolError | undefined {
    if (port < 1 || port > 65_535) {
      return new ToolError("forward_refused", `the server listens on ${bare(host)}, and does not say on which port`, {
        hint: "ask for a port of your choice as remote_port",
      });
    }
    if (!this.#takers.has(key(host, port))) return undefined;
    return new ToolError("forward_refused", `the server grants port ${port} of ${bare(host)} to a second forward`, {
      hint: "close the first with ssh_close_forward, or ask for another remote_port",
    });
  }

  /** ssh2 throws when its socket is already closed, a moment before it says so. */
  #ask(request: () => void, address: Address): void {
    try {
      request();
    } catch (error) {
      throw this.#connection.ended ?? refused(address, error as Error);
    }
  }

  /** @throws {ToolError} `timed_out` when the server is silent; what it still sends is rejected */
  async #stop(host: string, port: number): Promise<void> {
    this.#takers.delete(key(host, port));
    if (this.#connection.ended !== undefined) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    try {
      // A refusal to stop says that the server does not listen there any more.
      this.#connection.client.unforwardIn(host, port, () => resolve());
      await this.#connection.whileUp(new Deadline(STOP_LIMIT_MS).race(promise, () => "answer"));
    } catch (error) {
      if (error instanceof ToolError && error.code === "timed_out") throw unconfirmed({ host, port }, error);
      // The connection is gone, and the listening end with it.
    }
  }

  #hear(): void {
    if (this.#hearing) return;
    this.#hearing = true;
    this.#connection.client.on("tcp connection", (details: TcpConnectionDetails, accept, reject) => {
      const take = this.#takers.get(key(details.destIP, details.destPort));
      if (take === undefined) reject();
      else take({ accept, reject });
    });
  }
}

/** Takes a connection that arrived for a remote forward: connects to `target` here, and only then accepts. */
export async function carryHome(target: Address, arrival: Arrival, carrier: Carrier): Promise<void> {
  const { connection, connections, uplink } = carrier;
  const connecting = new AbortController();
  let relay: Relay | undefined = undefined as Relay | undefined;
  const place = connections.enter(() => relay === undefined ? connecting.abort() : relay.abort());
  if (place === undefined) return arrival.reject();
  const local = TcpSocket.connecting(target);
  const { socket } = local;
  try {
    const deadline = new Deadline(CONNECT_LIMIT_MS);
    await deadline.race(connected(socket, target), () => `TCP connection to ${nameOf(target)}`, connecting.signal);
    connecting.signal.throwIfAborted();
    if (connection.ended !== undefined) throw connection.ended;
  } catch (error) {
    socket.destroy();
    if (!connecting.signal.aborted) place.fail(`${nameOf(target)}: ${reasonOf(error)}`);
    place.leave();
    if (connection.ended === undefined) arrival.reject();
    return;
  }
  relay = new Relay(local, arrival.accept(), { connections, uplink, onDone: () => place.leave() });
}

function nameOf({ host, port }: Address): string {
  return hostAndPort(bare(host), port);
}

function bare(host: string): string {
  return quoteUntrusted(host, 255).slice(1, -1);
}

function key(host: string, port: number): string {
  return `${host}:${port}`;
}

function refused({ host, port }: Address, cause: Error): ToolError {
  return new ToolError("forward_refused", `the server refuses to listen on ${nameOf({ host, port })}`, {
    hint: "the port may be in use there, below 1024 without root, or forbidden " +
      "(AllowTcpForwarding, PermitListen); 0 as remote_port lets the server pick a free one",
    cause,
  });
}

function unconfirmed({ host, port }: Address, cause: Error): ToolError {
  const what = `that it no longer listens on ${nameOf({ host, port })}`;
  return new ToolError("timed_out", `the server did not confirm within ${STOP_LIMIT_MS / 1000} s ${what}`, {
    hint: "nothing that it sends is accepted; ssh_close_session ends its listening for certain",
    cause,
  });
}
