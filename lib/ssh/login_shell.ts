/** What the user's login shell understands. */
import { ask } from "./ask.ts";
import type { Connection } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { ToolError } from "../errors.ts";

const PROBE = "case x in x) echo mcp-posix-$((40+2));; esac";
const PROBE_LIMIT_MS = 15_000;

/** How long a caller waits for the answer. */
export interface ProbeLimits {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
}

/**
 * Finds out once a session whether commands run in a POSIX shell (sh, dash, bash, ash, zsh, ksh), which our additions
 * to a command need. In any other (fish, csh, Windows, a forced command) commands run as they are.
 */
export class LoginShell {
  readonly #connection: Connection;
  #posix: Promise<boolean> | undefined;

  /** @param connection whose login shell this is about */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * True when commands run in a POSIX shell; asked of the host on the first call.
   *
   * @param limits of this wait; others may wait for the same answer longer
   */
  isPosix(limits?: ProbeLimits): Promise<boolean> {
    this.#posix ??= this.#probe().catch((error) => {
      this.#posix = undefined;
      throw error;
    });
    if (limits === undefined) return this.#posix;
    return limits.deadline.race(this.#posix, () => "answer of the login shell", limits.signal);
  }

  /** @throws {ToolError} `shell_unsupported` when commands do not run in a POSIX shell */
  async requirePosix(purpose: string, limits?: ProbeLimits): Promise<void> {
    if (await this.isPosix(limits)) return;
    throw new ToolError("shell_unsupported", `${purpose} needs a POSIX login shell, which this user does not have`, {
      hint: "use a user whose login shell is sh, bash, dash, ash, zsh or ksh (not fish, csh or Windows)",
    });
  }

  async #probe(): Promise<boolean> {
    const answer = await ask(this.#connection, PROBE, { deadline: new Deadline(PROBE_LIMIT_MS) });
    return /(?:^|\n)mcp-posix-42\r?\n?$/.test(answer);
  }
}
