/** Port forwarding over one connection: local, remote and dynamic forwards, made, listed and closed. */
import { quoteUntrusted, ToolError } from "../errors.ts";
import { ensure } from "../sandbox.ts";
import type { Connection } from "./connection.ts";
import { Connections } from "./forward/connections.ts";
import { type Destination, hostAndPort, placeName } from "./forward/far_end.ts";
import { Forward, type ForwardDescription, type ForwardStatus } from "./forward/forward.ts";
import { carryHome, RemoteListeners } from "./forward/incoming.ts";
import { Listener, type LocalAddress } from "./forward/listener.ts";
import { type Carrier, carryBySocks, carryTo } from "./forward/outgoing.ts";
import { Uplink } from "./forward/uplink.ts";
import type { Address } from "./transport/tcp.ts";

export type { Destination } from "./forward/far_end.ts";
export type { Direction, ForwardStatus } from "./forward/forward.ts";

const MAX_FORWARDS = 100;

/** What to forward. */
export type ForwardRequest =
  /** As ssh -L: listen here, lead to `to` as the server sees it. */
  | { direction: "local"; listen: LocalAddress; to: Destination }
  /** As ssh -D: listen here, lead to wherever each SOCKS client asks, as the server sees it. */
  | { direction: "dynamic"; listen: LocalAddress }
  /** As ssh -R: let the server listen, lead to `to` as this machine sees it. */
  | { direction: "remote"; listen: Address; to: Address };

/** The forwards of one session, in the order of their making. */
export class Forwards {
  readonly #connection: Connection;
  readonly #forwards = new Map<string, Forward>();
  #shared: { uplink: Uplink; remote: RemoteListeners } | undefined;
  #making = 0;

  /**
   * None at first.
   *
   * @param connection what they run over; when it ends, they close, and stay listed with the reason
   */
  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onEnd((reason) => void this.#closeAll(reason.message));
  }

  /** How many are open. */
  get active(): number {
    return [...this.#forwards.values()].filter((forward) => forward.open).length;
  }

  /**
   * Makes a forward: once this resolves, its port is listened on.
   *
   * @param signal gives up while the server is being asked
   * @throws {ToolError} `port_in_use`, `permission_denied_locally`, `forward_refused`, `limit_reached`,
   * `invalid_argument`, `session_dropped`
   */
  async open(request: ForwardRequest, signal?: AbortSignal): Promise<ForwardStatus> {
    if (this.#connection.ended !== undefined) throw this.#connection.ended;
    if (this.active + this.#making >= MAX_FORWARDS) {
      throw new ToolError("limit_reached", `${MAX_FORWARDS} forwards are open on this session, which is the most`, {
        hint: "close one with ssh_close_forward",
      });
    }
    this.#making++;
    try {
      const forward = request.direction === "remote"
        ? await this.#openRemote(request, signal)
        : await this.#openLocal(request);
      // It may have ended during the last step, when this forward was not yet there to be closed.
      if (this.#connection.ended !== undefined) {
        await forward.close(); // cannot fail without a connection
        throw this.#connection.ended;
      }
      this.#forwards.set(forward.id, forward);
      return forward.status;
    } finally {
      this.#making--;
    }
  }

  /** All forwards, those that closed with the connection among them. */
  list(): ForwardStatus[] {
    return [...this.#forwards.values()].map((forward) => forward.status);
  }

  /**
   * Closes a forward with its connections and forgets it. Its port is free when this resolves.
   *
   * @returns what it was at last
   * @throws {ToolError} `unknown_forward`; `timed_out` when the server does not say that it has stopped listening
   */
  async closeForward(id: string): Promise<ForwardStatus> {
    const forward = this.#forwards.get(id);
    if (forward === undefined) {
      const open = [...this.#forwards.keys()].join(", ");
      throw new ToolError("unknown_forward", `this session has no forward ${quoteUntrusted(id, 64)}`, {
        hint: open === "" ? "it has none at all" : `its forwards: ${open}`,
      });
    }
    try {
      await forward.close();
    } finally {
      this.#forwards.delete(id);
    }
    return forward.status;
  }

  /**
   * Closes all of them, for a connection that is about to be closed: what listens here is free when this returns, what
   * listens at the server is when the connection is.
   */
  close(): void {
    void this.#closeAll();
  }

  async #closeAll(reason?: string): Promise<void> {
    await Promise.allSettled([...this.#forwards.values()].map((forward) => forward.close(reason)));
  }

  async #openLocal(request: Exclude<ForwardRequest, { direction: "remote" }>): Promise<Forward> {
    const { direction, listen } = request;
    const carrier = this.#carrier();
    const { connections } = carrier;
    const listener = await Listener.open(
      listen,
      (local) => "to" in request ? carryTo(request.to, local, carrier) : carryBySocks(local, carrier),
      (error) => connections.note(`a connection could not be accepted: ${error.message}`),
    );
    const target = "to" in request ? placeName(request.to) : undefined;
    const description: ForwardDescription = { direction, listen: { ...listen, port: listener.port }, target };
    return new Forward(description, connections, () => listener.close());
  }

  async #openRemote(
    { direction, listen, to }: Extract<ForwardRequest, { direction: "remote" }>,
    signal?: AbortSignal,
  ): Promise<Forward> {
    const target = hostAndPort(to.host, to.port);
    ensure({ name: "net", host: target }, `connecting to ${quoteUntrusted(to.host, 255)} port ${to.port}`);
    const carrier = this.#carrier();
    const { remote } = this.#sharing();
    const { port, stop } = await remote.open(listen, (arrival) => void carryHome(to, arrival, carrier), signal);
    return new Forward({ direction, listen: { ...listen, port }, target }, carrier.connections, stop);
  }

  #carrier(): Carrier {
    return { connection: this.#connection, connections: new Connections(), uplink: this.#sharing().uplink };
  }

  #sharing(): { uplink: Uplink; remote: RemoteListeners } {
    const connection = this.#connection;
    return this.#shared ??= { uplink: new Uplink(connection.client), remote: new RemoteListeners(connection) };
  }
}
