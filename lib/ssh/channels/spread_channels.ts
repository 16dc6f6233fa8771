/**
 * Servers on which two session channels of one connection do not go together: each channel gets a connection to itself.
 */
import { ToolError } from "../../errors.ts";
import type { Client, ClientChannel } from "../ssh2.ts";
import { type TurnLimits, Turns } from "../turns.ts";

/** Channels at a time, as with OpenSSH's MaxSessions; the others wait their turn. */
const MAX_CHANNELS = 10;
/** Dropbear refuses the sixth connection from one address that has not authenticated yet (MAX_UNAUTH_PER_IP). */
const MAX_CONNECTING = 3;
const IDLE_LIMIT_MS = 30_000;
/** How long a channel that opens when nobody waits for it any more keeps its connection, to be seen to. */
const LATE_LIMIT_MS = 5000;
/** Below the interval of ssh2's keepalives. */
const QUIET_INTERVAL_MS = 5000;

/**
 * What is known of such servers: TinySSH serves one channel for each connection, ends it with the channel, and answers
 * no keepalives. Dropbear (2022.82 and later at least) closes a channel on which nothing runs yet when a command on
 * another ends, and may end the connection then.
 */
export type Habits = "one channel a connection" | "one channel at a time";

/** What is known of a server, by its software version. */
export function habitsOf(serverVersion: string): Habits | undefined {
  if (/^tinyssh/.test(serverVersion)) return "one channel a connection";
  return /^dropbear/.test(serverVersion) ? "one channel at a time" : undefined;
}

/** As much of a connection as is used here. */
interface Closable {
  readonly ended: ToolError | undefined;
  close(): Promise<void>;
}

/** Must be told of the channel before anything can happen on it. */
type Watch = (channel: ClientChannel) => void;

/** The channels of one session on such a server. */
export class SpreadChannels<C extends Closable> {
  readonly #own: C;
  readonly #habits: Habits;
  readonly #connect: (limits: TurnLimits) => Promise<C>;
  readonly #turns = new Turns(MAX_CHANNELS);
  readonly #connecting = new Turns(MAX_CONNECTING);
  /** Connections on which no channel is open, with what will close them. */
  readonly #idle = new Map<C, ReturnType<typeof setTimeout> | undefined>();
  readonly #busy = new Set<C>();
  #closed = false;

  /**
   * @param own the session's own connection, which outlives all
   * @param connect makes a connection like that
   */
  constructor(own: C, habits: Habits, connect: (limits: TurnLimits) => Promise<C>) {
    this.#own = own;
    this.#habits = habits;
    this.#connect = connect;
    if (habits === "one channel at a time") this.#idle.set(own, undefined);
  }

  /**
   * Opens a channel on a connection to itself.
   *
   * @param open opens the channel
   * @throws {ToolError} what connecting and `open` throw; `timed_out` or `cancelled` before it is this one's turn
   */
  async open(
    limits: TurnLimits & { urgent?: boolean | undefined },
    open: (connection: C, watch: Watch) => Promise<ClientChannel>,
  ): Promise<ClientChannel> {
    if (!limits.urgent) await this.#turns.take(limits, () => "free channel on the server");
    const giveTurn = (): void => limits.urgent ? undefined : this.#turns.give();
    const connection = await this.#take(limits).catch((error) => {
      giveTurn();
      throw error;
    });
    const release = once((ended: boolean) => {
      this.#release(connection, ended);
      giveTurn();
    });
    const watch: Watch = (channel) => {
      let ended = false;
      channel.once("exit", () => ended = true).once("close", () => release(ended));
    };
    try {
      return await open(connection, watch);
    } catch (error) {
      // Refused, nothing runs there; given up, it may still begin to.
      if (error instanceof ToolError && error.code === "channel_refused") release(true);
      else Deno.unrefTimer(setTimeout(() => release(false), LATE_LIMIT_MS));
      throw error;
    }
  }

  /** Closes all connections but the session's own. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const timer of this.#idle.values()) clearTimeout(timer);
    const all = [...this.#idle.keys(), ...this.#busy].filter((connection) => connection !== this.#own);
    await Promise.all(all.map((connection) => connection.close()));
  }

  async #take(limits: TurnLimits): Promise<C> {
    for (const [connection, timer] of this.#idle) {
      clearTimeout(timer);
      this.#idle.delete(connection);
      if (connection.ended !== undefined) continue;
      this.#busy.add(connection);
      return connection;
    }
    await this.#connecting.take(limits, () => "second connection");
    try {
      const connection = await this.#connect({ deadline: limits.deadline, signal: limits.signal });
      if (this.#closed) {
        void connection.close();
        throw new ToolError("session_dropped", "the session was closed", { hint: "connect again with ssh_connect" });
      }
      this.#busy.add(connection);
      return connection;
    } finally {
      this.#connecting.give();
    }
  }

  /** @param ended whether what ran on it has ended: the end of what was left running would harm the next channel */
  #release(connection: C, ended: boolean): void {
    this.#busy.delete(connection);
    if (ended && this.#habits === "one channel at a time" && connection.ended === undefined && !this.#closed) {
      const timer = connection === this.#own ? undefined : setTimeout(() => {
        this.#idle.delete(connection);
        void connection.close();
      }, IDLE_LIMIT_MS);
      this.#idle.set(connection, timer);
    } else if (connection !== this.#own) {
      void connection.close();
    }
  }
}

function once(act: (ended: boolean) => void): (ended: boolean) => void {
  let done = false;
  return (ended) => {
    if (!done) act(ended);
    done = true;
  };
}

/**
 * Keeps ssh2 from asking for signs of life.
 *
 * @returns ends that
 */
export function keepQuiet(client: Client): () => void {
  const { _resetKA: resetKeepalive } = client as unknown as { _resetKA(): void };
  const timer = setInterval(resetKeepalive, QUIET_INTERVAL_MS);
  return () => clearInterval(timer);
}
