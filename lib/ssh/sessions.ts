/** The registry of sessions. */
import { quoteUntrusted, ToolError } from "../errors.ts";
import { LeftOutputs } from "./shell/left_output.ts";
import type { Session } from "./session.ts";

/** The place of a session that is being opened. */
export interface Room extends Disposable {
  /** Aborts when all sessions are closed before it is open. */
  readonly signal: AbortSignal;
}

/** All sessions of one server, in the order of their opening. */
export class Sessions {
  static readonly #limit = 200;
  /** What shells have left that live on when their session is closed. */
  readonly leftOutputs: LeftOutputs = new LeftOutputs();
  readonly #sessions = new Map<string, Session>();
  #reserved = 0;
  #closing = new AbortController();
  readonly #onForget: (id: string) => void;

  /** @param onForget told of a session that was lost and makes room for another */
  constructor(onForget: (id: string) => void = () => {}) {
    this.#onForget = onForget;
  }

  /**
   * Holds a place for a session that is being opened, until disposed; where there is none left, the session that was
   * lost first is forgotten.
   *
   * @throws {ToolError} `limit_reached` when no further session may be opened
   */
  reserve(): Room {
    if (this.#sessions.size + this.#reserved >= Sessions.#limit) this.#forgetLost();
    if (this.#sessions.size + this.#reserved < Sessions.#limit) {
      this.#reserved++;
      return { signal: this.#closing.signal, [Symbol.dispose]: () => void this.#reserved-- };
    }
    throw new ToolError("limit_reached", `${Sessions.#limit} sessions are open, which is the most`, {
      hint: "close one with ssh_close_session",
    });
  }

  #forgetLost(): void {
    const lost = [...this.#sessions.values()].find((session) => session.ended !== undefined);
    if (lost === undefined) return;
    this.#sessions.delete(lost.id);
    this.#onForget(lost.id);
    void lost.close();
  }

  /** Adds a session under its own id. */
  add(session: Session): void {
    this.#sessions.set(session.id, session);
  }

  /**
   * The session of that id, up or down.
   *
   * @throws {ToolError} `unknown_session`, listing what is open
   */
  find(id: string): Session {
    const session = this.#sessions.get(id);
    if (session !== undefined) return session;
    throw new ToolError("unknown_session", `there is no session ${quoteUntrusted(id, 64)}`, { hint: this.#hint() });
  }

  /**
   * The session of that id, which must be usable.
   *
   * @throws {ToolError} `unknown_session`, or `session_dropped` with the way to reconnect
   */
  use(id: string): Session {
    const session = this.find(id);
    if (session.ended !== undefined) throw session.ended;
    return session;
  }

  /** Closes a session and forgets it. @throws {ToolError} `unknown_session` */
  async close(id: string): Promise<Session> {
    const session = this.find(id);
    this.#sessions.delete(id);
    await session.close();
    return session;
  }

  /** Closes every session, and lets none be that is being opened. */
  async closeAll(): Promise<void> {
    this.#closing.abort();
    this.#closing = new AbortController();
    const all = [...this.#sessions.values()];
    this.#sessions.clear();
    await Promise.allSettled(all.map((session) => session.close()));
  }

  /** Every session, in the order of their opening. */
  [Symbol.iterator](): Iterator<Session> {
    return this.#sessions.values();
  }

  #hint(): string {
    if (this.#sessions.size === 0) return "no session is open; open one with ssh_connect";
    const list = [...this.#sessions.values()].map((session) => {
      const { username, host, port } = session.connection.facts;
      return `${session.id} (${username}@${host}:${port})`;
    });
    return `open sessions: ${list.join(", ")}`;
  }
}
