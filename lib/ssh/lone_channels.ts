/**
 * Servers that serve one channel for each connection and end it with the channel (TinySSH): every channel gets a
 * connection of its own, and the session's own connection has none.
 */
import type { Deadline } from "./deadline.ts";
import { ToolError } from "../errors.ts";
import type { Client, ClientChannel } from "./ssh2.ts";

/** Servers of that kind, by their software version. They answer no keepalives either. */
export const SERVES_ONE_CHANNEL: RegExp = /^tinyssh/;
/** Below the interval of ssh2's keepalives. */
const QUIET_INTERVAL_MS = 5000;

/** What limits the way to a channel. */
interface Limits {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
}

/** As much of a connection as is used here. */
interface Closable {
  close(): Promise<void>;
}

/** The channels of one session on such a server. */
export class LoneChannels<C extends Closable> {
  readonly #connect: (limits: Limits) => Promise<C>;
  readonly #open = new Set<C>();
  #closed = false;

  /** @param connect makes a connection like the session's own */
  constructor(connect: (limits: Limits) => Promise<C>) {
    this.#connect = connect;
  }

  /**
   * Opens a channel on a connection of its own, which lives as long as the channel.
   *
   * @param open opens the channel on it
   * @throws {ToolError} what connecting and `open` throw
   */
  async open(limits: Limits, open: (connection: C) => Promise<ClientChannel>): Promise<ClientChannel> {
    const connection = await this.#connect({ deadline: limits.deadline, signal: limits.signal });
    this.#open.add(connection);
    const close = (): void => {
      this.#open.delete(connection);
      void connection.close();
    };
    try {
      if (this.#closed) throw new ToolError("session_dropped", "the session was closed");
      const channel = await open(connection);
      channel.once("close", close);
      return channel;
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Closes the connections of all channels. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map((connection) => connection.close()));
  }
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
