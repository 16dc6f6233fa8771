/** A way in beside a connection whose channels are all taken (sshd_config(5), MaxSessions). */
import type { Connection } from "../connection.ts";
import type { Deadline } from "../deadline.ts";

/** One more connection to the same host, made when it is first needed and closed when the last has done with it. */
export class SecondConnection {
  readonly #connect: (timeoutMs: number) => Promise<Connection>;
  #connection: Promise<Connection> | undefined;
  #users = 0;

  /** @param connect makes the connection, within milliseconds */
  constructor(connect: (timeoutMs: number) => Promise<Connection>) {
    this.#connect = connect;
  }

  /**
   * Does `work` over it.
   *
   * @param deadline of this wait for the connection
   * @throws {ToolError} when it cannot be made, and what `work` throws
   */
  async use<T>(deadline: Deadline, work: (connection: Connection) => Promise<T>): Promise<T> {
    this.#users++;
    const connecting = this.#connection ??= this.#connect(deadline.remainingMs);
    try {
      return await work(await deadline.race(connecting, () => "second connection"));
    } finally {
      if (--this.#users === 0) {
        this.#connection = undefined;
        connecting.then((connection) => connection.close(), () => {});
      }
    }
  }
}
