/** The two sides of a directory on its way: where an entry stands on each, and what a failure there means. */
import type { Session } from "../session.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain } from "../sftp/failure.ts";
import { joinPath } from "../sftp/names.ts";
import { localFailure } from "./local_failure.ts";

/** What is moved between. */
export interface Ends {
  session: Session;
  client: FileClient;
  /** A real path on this machine. */
  localDir: string;
  remoteDir: string;
  /** What is done to the host's side; the other is done here. */
  doing: "reading" | "writing";
}

/** The same relative path on both sides; "" is the top. */
export class TreeEnds {
  readonly #ends: Ends;

  constructor(ends: Ends) {
    this.#ends = ends;
  }

  /** Where an entry stands here. */
  local(path: string): string {
    return path === "" ? this.#ends.localDir : `${this.#ends.localDir}/${path}`;
  }

  /** Where an entry stands on the host. */
  remote(path: string): string {
    return path === "" ? this.#ends.remoteDir : joinPath(this.#ends.remoteDir, path);
  }

  /**
   * Does `work` about one entry.
   *
   * @param name how a failure here names the entry
   * @throws {ToolError} what failed, explained, whichever side it was on
   */
  async explained<T>(path: string, name: string, work: () => Promise<T>): Promise<T> {
    const { session, client, doing } = this.#ends;
    try {
      return await work();
    } catch (error) {
      const here = localFailure(error, doing === "reading" ? "writing" : "reading", name);
      throw await explain(here, { session, client, doing, path: this.remote(path) });
    }
  }
}
