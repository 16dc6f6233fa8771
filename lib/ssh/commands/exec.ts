/** One command on a channel of its own, in the user's login shell. */
import { ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import { Deadline } from "../deadline.ts";
import { RemoteCommand, type RunOptions, type RunResult } from "./remote_command.ts";
import type { Session } from "../session.ts";

/** Longest command line: Linux takes 128 KiB for one argument, and the login shell gets the command as one. */
export const MAX_COMMAND_BYTES = 120_000;

/** What a command needs besides itself. */
export interface CommandContext {
  /** Directory to run in. */
  cwd?: string | undefined;
  /** What the command reads from its standard input. */
  stdin?: string | Uint8Array | undefined;
  /** Variables that reach the command's environment over stdin. */
  environment?: Environment | undefined;
}

/** How variables reach a command without being in any command line: made in lib/secrets, used here. */
export interface Environment {
  /** What stdin starts with. */
  line: Uint8Array;
  /** The command that reads that line, and then runs `command` in the same shell. */
  wrap(command: string): string;
}

/**
 * Runs `command` in the login shell.
 *
 * @throws {ToolError} `invalid_argument` when it is too long for one command line, `shell_unsupported` when variables
 * or a cwd cannot be given to this login shell, and what {@linkcode RemoteCommand.finish} throws
 */
export async function execute(
  session: Session,
  command: string,
  context: CommandContext,
  options: RunOptions,
): Promise<RunResult> {
  const limits = { deadline: new Deadline(options.timeoutMs), signal: options.signal };
  if (context.environment !== undefined) await session.loginShell.requirePosix("using loaded variables", limits);
  if (context.cwd !== undefined) await session.loginShell.requirePosix("cwd", limits);
  const posix = await session.loginShell.isPosix(limits);
  const inner = prepared(command, context);
  let prefix = "";
  const running = await RemoteCommand.start(
    session,
    (token) => {
      prefix = posix ? `echo ${token}L$$ >&2; ` : "";
      return checkedLength(prefix + inner);
    },
    { ...options, ...limits },
    (_marker, started) => started.stopScanning(),
  );
  if (context.environment !== undefined) running.write(context.environment.line);
  if (context.stdin !== undefined) running.write(context.stdin);
  running.endInput();
  const result = await running.finish();
  // A shell that complains about the line it was given quotes our part of it, too.
  const { stderr } = result;
  return prefix === "" ? result : { ...result, stderr: { ...stderr, text: stderr.text.replaceAll(prefix, "") } };
}

/** The command with its directory and its variables. */
export function prepared(command: string, { cwd, environment }: CommandContext): string {
  const inDirectory = cwd === undefined ? command : `cd -- ${directoryWord(cwd)} || exit\n${command}`;
  return environment === undefined ? inDirectory : environment.wrap(inDirectory);
}

/** A directory as one word, `~` and what is below it by way of the shell. */
function directoryWord(path: string): string {
  return path === "~" || path.startsWith("~/")
    ? "~/" + (path.length > 2 ? quoteWord(path.slice(2)) : "")
    : quoteWord(path);
}

/** @throws {ToolError} `invalid_argument` when the line is too long */
export function checkedLength(line: string): string {
  const bytes = new TextEncoder().encode(line).length;
  if (bytes <= MAX_COMMAND_BYTES) return line;
  throw new ToolError(
    "invalid_argument",
    `the command is too long: ${bytes} bytes, and a command line holds ${MAX_COMMAND_BYTES}`,
    { hint: "write it to a file with ssh_write_remote_file and run that, or send the bulk as stdin" },
  );
}
