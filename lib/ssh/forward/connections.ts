/** The connections of one forward: counted, limited, and ended together. */
import { ToolError } from "../../errors.ts";

/** How many connections one forward carries at a time. */
export const MAX_CONNECTIONS = 1000;

/** What a forward has carried; bytes as they went over SSH. */
export interface Traffic {
  /** Connections that are open, or being opened. */
  connectionsNow: number;
  /** All connections ever accepted, the refused ones among them. */
  connectionsTotal: number;
  /** Connections that came to nothing: refused at their target, by the server, by us. */
  connectionsFailed: number;
  /** Bytes given to channels. */
  bytesToRemote: number;
  /** Bytes that channels gave. */
  bytesFromRemote: number;
  /** Why the last of the failed ones failed. */
  lastError: string | undefined;
}

/** One connection's place among those of its forward. */
export interface Place {
  /** Notes why the connection came to nothing. */
  fail(reason: string): void;
  /** Gives the place back; may be called more than once. */
  leave(): void;
}

/** The connections of one forward. */
export class Connections {
  readonly #traffic: Traffic = {
    connectionsNow: 0,
    connectionsTotal: 0,
    connectionsFailed: 0,
    bytesToRemote: 0,
    bytesFromRemote: 0,
    lastError: undefined,
  };
  readonly #aborts = new Set<() => void>();
  readonly #limit: number;
  #closed = false;

  /** None at first, and at most `limit` at a time. */
  constructor(limit: number = MAX_CONNECTIONS) {
    this.#limit = limit;
  }

  /** The counts as they are now. */
  get traffic(): Readonly<Traffic> {
    return this.#traffic;
  }

  /**
   * Takes a place for a new connection, or undefined when there is none: the caller then ends the connection.
   *
   * @param abort ends the connection at once, from {@linkcode abortAll}
   */
  enter(abort: () => void): Place | undefined {
    const traffic = this.#traffic;
    traffic.connectionsTotal++;
    const fail = (reason: string): void => {
      traffic.connectionsFailed++;
      traffic.lastError = reason;
    };
    if (this.#closed || this.#aborts.size >= this.#limit) {
      fail(this.#closed ? "the forward is closed" : `${this.#limit} connections are open, which is the most`);
      return undefined;
    }
    this.#aborts.add(abort);
    traffic.connectionsNow++;
    return {
      fail,
      leave: () => {
        if (this.#aborts.delete(abort)) traffic.connectionsNow--;
      },
    };
  }

  /** Counts bytes that went out. */
  sent(bytes: number): void {
    this.#traffic.bytesToRemote += bytes;
  }

  /** Counts bytes that came in. */
  received(bytes: number): void {
    this.#traffic.bytesFromRemote += bytes;
  }

  /** Notes a failure that is not one connection's, e.g. of accepting. */
  note(reason: string): void {
    this.#traffic.lastError = reason;
  }

  /** Ends every connection and takes no more. */
  abortAll(): void {
    this.#closed = true;
    for (const abort of [...this.#aborts]) abort();
  }
}

/** The reason that a {@linkcode ToolError} or any other failure gives for the listing. */
export function reasonOf(error: unknown): string {
  if (error instanceof ToolError) return error.message;
  return error instanceof Error ? error.message : String(error);
}
