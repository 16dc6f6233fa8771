/** A command as another user through sudo(8), with the password on stdin and nowhere else. */
import { quoteUntrusted, ToolError } from "../errors.ts";
import { quoteWord } from "../quote.ts";
import { Deadline } from "./deadline.ts";
import { checkedLength, type CommandContext, prepared } from "./exec.ts";
import type { Marker } from "./marker_scanner.ts";
import { RemoteCommand, type RunOptions, type RunResult } from "./remote_command.ts";
import type { Session } from "./session.ts";

/**
 * Runs `command` as root, whole: pipes and redirections run elevated too.
 *
 * sudo asks with a prompt of ours, a marker; it gets the password then, once, and a second prompt means that it was
 * wrong. Only when the command itself has started, which another marker tells, does it get anything else on stdin.
 * None of this depends on sudo's language.
 *
 * @param password without one, sudo is run with -n and must not need any
 * @throws {ToolError} `sudo_missing`, `sudo_wrong_password`, `sudo_password_required`, `sudo_not_allowed`
 */
export async function executeWithSudo(
  session: Session,
  command: string,
  password: string | undefined,
  context: CommandContext,
  options: RunOptions,
): Promise<RunResult> {
  const limits = { deadline: new Deadline(options.timeoutMs), signal: options.signal };
  await session.loginShell.requirePosix("sudo", limits);
  const attempt = new SudoAttempt(password, context);
  const endPrefix = {
    words: password === undefined ? "sudo -n -- " : "sudo -S -p '' -- ",
    stdin: password === undefined ? "" : password + "\n",
  };
  const running = await RemoteCommand.start(
    session,
    (token) => checkedLength(sudoLine(token, prepared(command, context), password)),
    { ...options, ...limits, endPrefix },
    attempt.take,
  );
  const result = await running.finish();
  attempt.check(result);
  return result;
}

/** What the login shell is given. */
function sudoLine(token: string, command: string, password: string | undefined): string {
  const elevated = quoteWord(`echo ${token}R$$ >&2; ${command}`);
  const how = password === undefined ? "-n" : `-S -p ${token}P`;
  return `echo ${token}L$$ >&2; command -v sudo >/dev/null 2>&1 || { echo ${token}M >&2; exit 127; }; ` +
    `exec sudo ${how} -- "\${SHELL:-/bin/sh}" -c ${elevated}`;
}

/** One run of sudo, seen through its markers. */
class SudoAttempt {
  readonly #password: string | undefined;
  readonly #context: CommandContext;
  #prompts = 0;
  #missing = false;
  #started = false;
  #inputSent = false;

  constructor(password: string | undefined, context: CommandContext) {
    this.#password = password;
    this.#context = context;
  }

  take = (marker: Marker, running: RemoteCommand): void => {
    if (marker.kind === "missing") this.#missing = true;
    if (marker.kind === "prompt") {
      this.#prompts++;
      if (this.#prompts === 1) running.write(`${this.#password ?? ""}\n`);
      else running.endInput();
    }
    if (marker.kind === "run") {
      this.#started = true;
      running.stopScanning();
      running.takeStderr(); // sudo's lecture
      this.sendInput(running);
    }
  };

  /** Gives the command its variables and its standard input. */
  sendInput(running: RemoteCommand): void {
    if (this.#inputSent) return;
    this.#inputSent = true;
    if (this.#context.environment !== undefined) running.write(this.#context.environment.line);
    if (this.#context.stdin !== undefined) running.write(this.#context.stdin);
    running.endInput();
  }

  /** @throws {ToolError} when the command never started */
  check(result: RunResult): void {
    if (this.#started || result.timedOut) return;
    const said = quoteUntrusted(result.stderr.text.trim(), 400);
    if (this.#missing) {
      throw new ToolError("sudo_missing", "this host has no sudo in the user's PATH", {
        hint: "connect as root, or ask for sudo to be installed",
      });
    }
    if (this.#prompts > 1) {
      throw new ToolError("sudo_wrong_password", "sudo did not accept the password", {
        hint: "give the right sudo_password",
      });
    }
    if (this.#password === undefined) {
      throw new ToolError("sudo_password_required", `sudo -n did not run the command: ${said}`, {
        hint: "give sudo_password",
      });
    }
    throw new ToolError("sudo_not_allowed", `sudo did not run the command: ${said}`, {
      hint: "this user may not run it; ask for a rule in sudoers",
    });
  }
}
