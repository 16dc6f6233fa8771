/** What one session_id owns: a connection and everything that runs over it. */
import type { Connection } from "./connection.ts";
import type { ToolError } from "../errors.ts";
import { Forwards } from "./forward.ts";
import { LoginShell } from "./commands/login_shell.ts";
import { LeftOutputs } from "./shell/left_output.ts";
import { Shells } from "./shell/shells.ts";
import { Sftp } from "./sftp.ts";

/** Something that lives no longer than its session. */
export interface Owned {
  /** Ends it and frees what it holds; must not throw. */
  close(): Promise<void> | void;
}

/** One SSH session, from ssh_connect to ssh_close_session. */
export class Session {
  /** The session_id: 128 random bits in hexadecimal. */
  readonly id: string = randomId();
  /** The connection, up or down. */
  readonly connection: Connection;
  /** What the user's login shell understands. */
  readonly loginShell: LoginShell;
  /** Its port forwards. */
  readonly forwards: Forwards;
  /** Its interactive shells. */
  readonly shells: Shells;
  /** The SFTP channel, opened when first needed. */
  readonly sftp: Sftp;
  readonly #openedAt = performance.now();
  readonly #owned = new Set<Owned>();

  /**
   * A session without anything in it.
   *
   * @param connection an authenticated connection, which the session owns from now on
   * @param left what the shells of earlier sessions have left
   */
  constructor(connection: Connection, left: LeftOutputs = new LeftOutputs()) {
    this.connection = connection;
    this.loginShell = new LoginShell(connection);
    this.forwards = new Forwards(connection);
    this.own(this.forwards);
    this.shells = new Shells(connection, this.loginShell, left);
    this.own(this.shells);
    this.sftp = new Sftp(connection);
    this.own(this.sftp);
  }

  /** Seconds since the session was opened. */
  get uptimeSeconds(): number {
    return Math.round((performance.now() - this.#openedAt) / 1000);
  }

  /** Why the session is no longer usable; undefined while it is. */
  get ended(): ToolError | undefined {
    return this.connection.ended;
  }

  /**
   * Makes the session responsible for closing `owned`.
   *
   * @returns call it when `owned` has ended by itself
   */
  own(owned: Owned): () => void {
    this.#owned.add(owned);
    return () => this.#owned.delete(owned);
  }

  /** Closes all that the session owns, then its connection. */
  async close(): Promise<void> {
    await Promise.allSettled([...this.#owned].map((owned) => owned.close()));
    this.#owned.clear();
    await this.connection.close();
  }
}

function randomId(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}
