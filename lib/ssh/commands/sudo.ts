/** A command as another user through sudo(8), with the password on stdin and nowhere else. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import { Deadline } from "../deadline.ts";
import { checkedLength, type CommandContext, prepared } from "./exec.ts";
import type { Marker } from "./marker_scanner.ts";
import { RemoteCommand, type RunOptions, type RunResult } from "./remote_command.ts";
import type { Session } from "../session.ts";

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
  if (password !== undefined && /[\r\n]/.test(password)) {
    throw new ToolError("invalid_argument", "sudo_password holds a line end, and sudo reads one line", {
      hint: "give sudo_password without it",
    });
  }
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
  attempt.check(result, session.connection.facts.username);
  return result;
}

/** What root's shell says first. */
function runMarker(token: string): string {
  return `echo ${token}R$$ >&2; `;
}

/** What the login shell is given. */
function sudoLine(token: string, command: string, password: string | undefined): string {
  // By eval: zsh, for one, reads all of a line before it runs any of it, and would not say that it had come so far.
  const elevated = quoteWord(`${runMarker(token)}eval ${quoteWord(command)}`);
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
      running.forgetStderr(); // sudo's lecture
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
  check(result: RunResult, username: string): void {
    if (this.#started || result.timedOut) return;
    if (this.#missing) {
      throw new ToolError("sudo_missing", "this host has no sudo in the user's PATH", {
        hint: username === "root"
          ? "this user is root already: use ssh_execute"
          : "connect as root, or ask for sudo to be installed",
      });
    }
    throw this.#refusal(result.stderr.text.trim());
  }

  /** Sudo tells its reasons in words only: where they are not English, what it did has to tell them apart. */
  #refusal(said: string): ToolError {
    // Where the rules do not allow the user's shell, sudo quotes our part of what the shell was to run, too.
    const quoted = quoteUntrusted(said.replace(/echo mcp[0-9a-f]{24}R\$\$ >&2; eval /, ""), 400);
    if (this.#prompts > 1 || (this.#prompts === 1 && /incorrect password/.test(said))) {
      return new ToolError("sudo_wrong_password", "sudo did not accept the password", {
        hint: "give the right sudo_password",
      });
    }
    if (/\btty\b/.test(said)) {
      return new ToolError("sudo_not_allowed", `sudo did not run the command: ${quoted}`, {
        hint: "this host's sudo wants a terminal (requiretty): run it in a shell, opened with ssh_shell_open",
      });
    }
    if (this.#password === undefined) {
      return new ToolError("sudo_password_required", `sudo -n did not run the command: ${quoted}`, {
        hint: "give sudo_password",
      });
    }
    return new ToolError("sudo_not_allowed", `sudo did not run the command: ${quoted}`, {
      hint:
        "this user may not run a shell as root: ask for a rule in sudoers; a command that the rules allow by itself " +
        "runs as sudo -n COMMAND with ssh_execute",
    });
  }
}
