/** Forwards that listen here and lead to the far end: local (as ssh -L) and dynamic (as ssh -D). */
import type { Connection } from "../connection.ts";
import { type Connections, type Place, reasonOf } from "./connections.ts";
import { type Destination, openFarEnd } from "./far_end.ts";
import type { TcpSocket } from "../transport/tcp_socket.ts";
import { Relay } from "./relay.ts";
import { socksReply } from "./socks.ts";
import { farewell, outcomeOf, readSocksRequest, type SocksRequest } from "./socks_handshake.ts";
import type { Uplink } from "./uplink.ts";

/** What carries the connections of a forward. */
export interface Carrier {
  /** What the channels are opened on. */
  connection: Connection;
  /** Those of the forward. */
  connections: Connections;
  /** That of the connection. */
  uplink: Uplink;
}

/** Takes a socket that was accepted for a local forward to `destination`. */
export function carryTo(destination: Destination, local: TcpSocket, carrier: Carrier): void {
  const stage = new Stage(local, carrier);
  if (!stage.entered) return;
  stage.connect(destination, {
    onOpen: () => {},
    onFailure: () => local.socket.destroy(),
  });
}

/** Takes a socket that was accepted for a dynamic forward: the client says where to, in SOCKS. */
export function carryBySocks(local: TcpSocket, carrier: Carrier, limitMs?: number): void {
  const stage = new Stage(local, carrier);
  if (!stage.entered) return;
  readSocksRequest(local, {
    limitMs,
    onRequest: (request) => connectAsAsked(request, local, stage),
    onFailure: (reason) => stage.give(reason),
  });
}

function connectAsAsked({ version, host, port, head }: SocksRequest, local: TcpSocket, stage: Stage): void {
  stage.connect({ host, port }, {
    head,
    onOpen: () => local.socket.write(socksReply(version, "granted")),
    onFailure: (error) => farewell(local, socksReply(version, outcomeOf(error))),
  });
}

/** What happens around the opening of a channel. */
interface Opening {
  /** What the client has already sent for the far end. */
  head?: Uint8Array;
  /** Called before the first byte of the far end is passed on. */
  onOpen: () => void;
  /** Ends the socket. */
  onFailure: (error: Error) => void;
}

/** One accepted socket on its way to becoming a relay: whatever stage it is in, it can be broken off. */
class Stage {
  readonly #local: TcpSocket;
  readonly #carrier: Carrier;
  readonly #place: Place | undefined;
  #relay: Relay | undefined;
  #giveUp: (() => void) | undefined;
  #aborted = false;

  constructor(local: TcpSocket, carrier: Carrier) {
    this.#local = local;
    this.#carrier = carrier;
    this.#place = carrier.connections.enter(() => this.#abort());
    if (this.#place === undefined) local.socket.resetAndDestroy();
  }

  /** False when the forward takes no more connections; the socket is closed then. */
  get entered(): boolean {
    return this.#place !== undefined;
  }

  connect(destination: Destination, opening: Opening): void {
    const { socket } = this.#local;
    const { connection, connections, uplink } = this.#carrier;
    const originator = { address: socket.remoteAddress ?? "127.0.0.1", port: socket.remotePort ?? 0 };
    this.#giveUp = openFarEnd(connection, destination, originator, (error, channel) => {
      this.#giveUp = undefined;
      if (channel === undefined) {
        opening.onFailure(error as Error);
        return this.give(reasonOf(error));
      }
      opening.onOpen();
      this.#relay = new Relay(this.#local, channel, {
        connections,
        uplink,
        head: opening.head,
        onDone: () => this.#place?.leave(),
      });
    });
  }

  /** The connection came to nothing; when it was broken off, that is no failure. */
  give(reason: string): void {
    if (this.#aborted) return;
    this.#place?.fail(reason);
    const { socket } = this.#local;
    if (socket.destroyed) this.#place?.leave();
    else socket.once("close", () => this.#place?.leave()); // it may be hearing why
  }

  #abort(): void {
    this.#aborted = true;
    this.#giveUp?.();
    if (this.#relay !== undefined) this.#relay.abort();
    else this.#local.socket.resetAndDestroy();
    this.#place?.leave();
  }
}
