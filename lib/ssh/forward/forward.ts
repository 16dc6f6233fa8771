/** What every forward is, whatever its direction. */
import type { Connections, Traffic } from "./connections.ts";

/** Where connections come from and where they go: as ssh -L, -R and -D. */
export type Direction = "local" | "remote" | "dynamic";

/** What is known of a forward. */
export interface ForwardStatus extends Readonly<Traffic> {
  /** Unique in this process. */
  id: string;
  /** Which way it leads. */
  direction: Direction;
  /** Closed is what it is after its connection was lost. */
  state: "open" | "closed";
  /** Why it is closed, when it did not ask to be. */
  reason: string | undefined;
  /** The address listened on: of this machine, or of the remote one for direction "remote". */
  listen: { host: string; port: number };
  /** Where connections lead; undefined where each connection says so itself. */
  target: string | undefined;
}

/** How a forward is described when it is made. */
export interface ForwardDescription {
  /** Which way it leads. */
  direction: Direction;
  /** The address listened on. */
  listen: { host: string; port: number };
  /** Where connections lead; undefined where each connection says so itself. */
  target: string | undefined;
}

let made = 0;

/** One forward: a listening end, and the connections that came through it. */
export class Forward {
  /** Unique in this process. */
  readonly id: string = `fwd-${++made}`;
  readonly #description: ForwardDescription;
  readonly #connections: Connections;
  readonly #stopListening: () => void | Promise<void>;
  #closing: Promise<void> | undefined;
  #reason: string | undefined;

  /**
   * Open from the start.
   *
   * @param description addresses, with the real port
   * @param connections those of this forward
   * @param stopListening frees the port that is listened on
   */
  constructor(
    description: ForwardDescription,
    connections: Connections,
    stopListening: () => void | Promise<void>,
  ) {
    this.#description = description;
    this.#connections = connections;
    this.#stopListening = stopListening;
  }

  /** True until it is closed. */
  get open(): boolean {
    return this.#closing === undefined;
  }

  /** What is known of it now. */
  get status(): ForwardStatus {
    return {
      id: this.id,
      ...this.#description,
      state: this.open ? "open" : "closed",
      reason: this.#reason,
      ...this.#connections.traffic,
    };
  }

  /**
   * Stops listening and breaks off every connection; the port is free afterwards.
   *
   * @throws {ToolError} `timed_out` when a server that listens does not confirm that it has stopped
   */
  close(reason?: string): Promise<void> {
    return this.#closing ??= this.#close(reason);
  }

  async #close(reason: string | undefined): Promise<void> {
    this.#reason = reason;
    const stopped = this.#stopListening();
    this.#connections.abortAll();
    await stopped;
  }
}
