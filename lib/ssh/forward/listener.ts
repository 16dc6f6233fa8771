/** A local listening socket: bound before anyone is told, its failures told apart. */
import net from "node:net";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { denied, ensure } from "../../sandbox.ts";
import { hostAndPort } from "./far_end.ts";
import { TcpSocket } from "../transport/tcp_socket.ts";

/** How many connections may wait to be accepted. */
const BACKLOG = 511;
/** How soon accepting goes on after it has failed. */
const REARM_INTERVAL_MS = 1000;

/** A local address to listen on. */
export interface LocalAddress {
  /** An IP address. */
  host: string;
  /** 0 for any free port. */
  port: number;
}

/** A local listening socket. */
export class Listener {
  /** The port that is listened on. */
  readonly port: number;
  readonly #server: net.Server;
  readonly #rearming: ReturnType<typeof setInterval>;

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as net.AddressInfo).port;
    this.#rearming = setInterval(() => rearm(server), REARM_INTERVAL_MS);
  }

  /**
   * Listens on `address`.
   *
   * @param onSocket gets every accepted socket
   * @param onError hears of connections that could not be accepted, e.g. for want of file descriptors
   * @throws {ToolError} `port_in_use`, `permission_denied_locally` with the flag to add, `invalid_argument` when it is
   * no address of this machine
   */
  static async open(
    address: LocalAddress,
    onSocket: (local: TcpSocket) => void,
    onError: (error: Error) => void,
  ): Promise<Listener> {
    ensure({ name: "net", host: hostAndPort(address.host, address.port) }, listening(address));
    const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      onSocket(TcpSocket.accepted(socket));
    });
    await bound(server, address);
    server.on("error", onError);
    return new Listener(server);
  }

  /** Stops listening: when this returns, the port is free. Accepted sockets are their owner's. */
  close(): void {
    clearInterval(this.#rearming);
    // Its callback would wait for the accepted sockets as well; the port itself is free at once.
    this.#server.close();
  }
}

/**
 * Deno 2.9 (node:net) accepts nothing more, and does not say so, once accepting has failed for want of file descriptors.
 * Listening anew on the socket that listens already, which listen(2) allows, makes it go on.
 */
function rearm(server: net.Server): void {
  const { _handle: handle } = server as unknown as { _handle?: { listen?(backlog: number): number } | null };
  handle?.listen?.(BACKLOG);
}

function bound(server: net.Server, address: LocalAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => {
      server.close();
      reject(bindError(error, address));
    };
    server.once("error", onError);
    try {
      server.listen({ host: address.host, port: address.port, backlog: BACKLOG }, () => {
        server.off("error", onError);
        resolve();
      });
    } catch (error) {
      onError(error as Error);
    }
  });
}

function bindError(error: Error & { code?: string }, address: LocalAddress): ToolError {
  const place = hostAndPort(quoteUntrusted(address.host, 64).slice(1, -1), address.port);
  if (error.name === "NotCapable") return denied({ name: "net", host: place }, listening(address), error);
  switch (error.code) {
    case "EADDRINUSE":
      return new ToolError("port_in_use", `${place} is already in use on this machine`, {
        hint: "choose another local_port, or 0 for a free one",
        cause: error,
      });
    case "EACCES":
    case "EPERM":
      return new ToolError("permission_denied_locally", `the system does not let this user listen on ${place}`, {
        hint: "choose a local_port from 1024 up, or 0 for a free one",
        cause: error,
      });
    default:
      return new ToolError("invalid_argument", `cannot listen on ${place} (${error.code ?? error.name})`, {
        hint: "bind_address must be an address of this machine",
        cause: error,
      });
  }
}

function listening({ host, port }: LocalAddress): string {
  return `listening on ${quoteUntrusted(host, 64).slice(1, -1)} port ${port}`;
}
