/** What the user's login shell understands. */
import { ask } from "./ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { ToolError } from "../../errors.ts";

/** Prints a line that only a POSIX shell can print, and whether it is zsh; see {@linkcode readProbe}. */
export const PROBE: string = `printf 'mcp-%s-%s%s\\n' "\${PPID:+posix}" "$((6*7))" "\${ZSH_VERSION:+-zsh}"`;
/** Each caller waits within its own limits; this is for what nobody waits for any more. */
const PROBE_LIMIT_MS = 600_000;

/** What commands run in: `zsh` is a POSIX shell, too. */
export type ShellKind = "posix" | "zsh" | "other";

/** How long a caller waits for the answer. */
export interface ProbeLimits {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
}

/**
 * What the login shell is that ran {@linkcode PROBE}: a POSIX shell (dash, bash, ash, ksh), zsh, or another (fish, csh,
 * tcsh, cmd.exe, PowerShell, a host that runs no command at all). Text around the answer, which a login shell's start-up
 * files may print, does not matter.
 *
 * @param stdout what the command printed
 */
export function readProbe(stdout: string): ShellKind {
  const answer = stdout.split(/\r?\n/).find((line) => /mcp-posix-42(?:-zsh)?$/.test(line));
  if (answer === undefined) return "other";
  return answer.endsWith("-zsh") ? "zsh" : "posix";
}

/**
 * Finds out once a session whether commands run in a POSIX shell (sh, dash, bash, ash, zsh, ksh), which our additions
 * to a command need. In any other (fish, csh, Windows, a forced command) commands run as they are.
 */
export class LoginShell {
  readonly #connection: Connection;
  #kind: Promise<ShellKind> | undefined;

  /** @param connection whose login shell this is about */
  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /**
   * What commands run in; asked of the host on the first call.
   *
   * @param limits of this wait; others may wait for the same answer longer
   */
  kind(limits?: ProbeLimits): Promise<ShellKind> {
    this.#kind ??= this.#probe().catch((error) => {
      this.#kind = undefined;
      throw error;
    });
    if (limits === undefined) return this.#kind;
    return limits.deadline.race(this.#kind, () => "answer of the login shell", limits.signal);
  }

  /** True when commands run in a POSIX shell; as {@linkcode LoginShell.kind}. */
  async isPosix(limits?: ProbeLimits): Promise<boolean> {
    return await this.kind(limits) !== "other";
  }

  /** @throws {ToolError} `shell_unsupported` when commands do not run in a POSIX shell */
  async requirePosix(purpose: string, limits: ProbeLimits): Promise<void> {
    if (await this.isPosix(limits)) return;
    throw new ToolError("shell_unsupported", `${purpose} needs a POSIX login shell, which this user does not have`, {
      hint: "use a user whose login shell is sh, bash, dash, ash, zsh or ksh (not fish, csh or Windows)",
    });
  }

  async #probe(): Promise<ShellKind> {
    return readProbe(await ask(this.#connection, PROBE, { deadline: new Deadline(PROBE_LIMIT_MS) }));
  }
}
