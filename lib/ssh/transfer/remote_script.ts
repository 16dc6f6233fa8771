/** A small script on the host that moves file content: for hosts without an SFTP server. */
import { once } from "node:events";
import { ToolError } from "../../errors.ts";
import { Deadline } from "../deadline.ts";
import type { Session } from "../session.ts";
import { codeInWords } from "../sftp/failure.ts";
import { Status, StatusError } from "../sftp/status.ts";
import type { ClientChannel } from "../ssh2.ts";
import { cancelled } from "./cancel.ts";
import type { Source } from "./pipeline.ts";
import { pathLine, withPath } from "../sftp/shell_path.ts";

const OPEN_LIMIT_MS = 30_000;
/** How long nothing may move. */
const STALL_LIMIT_MS = 120_000;
const PIECE_BYTES = 256 * 1024;
const MAX_STDERR_CHARACTERS = 2000;

/** What a script works with. */
export interface ScriptOptions {
  /** In `$f`. */
  path: string;
  /** In `$g`, as it is. */
  other?: string | undefined;
  /** What it reads. */
  source?: Source | undefined;
  /** Takes what it writes, piece by piece; the channel waits for it. */
  sink?: ((bytes: Uint8Array) => Promise<void> | void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs a script to its end.
 *
 * @param script for sh; every step must fail the whole
 * @throws {StatusError} with what the script said on stderr, when it failed
 * @throws {ToolError} `cancelled`, `timed_out`, `session_dropped`, `shell_unsupported`
 */
export async function runScript(session: Session, script: string, options: ScriptOptions): Promise<void> {
  const limits = { deadline: new Deadline(OPEN_LIMIT_MS), signal: options.signal };
  await session.loginShell.requirePosix("moving files without an SFTP server", limits);
  const running = new Running(options);
  const command = withPath(script, options.other !== undefined);
  const channel = await session.connection.exec(command, limits, (opened) => running.listen(opened));
  try {
    const [code, complaint] = await session.connection.whileUp(running.finish(channel));
    if (code !== 0) throw scriptFailure(complaint);
  } finally {
    channel.close();
  }
}

class Running {
  readonly #options: ScriptOptions;
  readonly #end = Promise.withResolvers<void>();
  #taking: Promise<void> = Promise.resolve();
  #exitCode: number | null = null;
  #stderr = "";
  #movedAt = performance.now();

  constructor(options: ScriptOptions) {
    this.#options = options;
  }

  listen(channel: ClientChannel): void {
    channel.on("data", (piece: Uint8Array) => this.#take(channel, piece));
    channel.stderr.on("data", (piece: Uint8Array) => {
      if (this.#stderr.length < MAX_STDERR_CHARACTERS) this.#stderr += new TextDecoder().decode(piece);
    });
    channel.on("exit", (code: number | null) => this.#exitCode = code);
    channel.on("error", () => {}); // what it means is in the close that follows
    channel.once("close", () => this.#end.resolve());
  }

  /** @returns the exit code and what was said on stderr */
  async finish(channel: ClientChannel): Promise<[number | null, string]> {
    const { promise: stopped, reject } = Promise.withResolvers<never>();
    const { signal } = this.#options;
    const onAbort = (): void => reject(cancelled());
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    const watchdog = setInterval(() => {
      if (performance.now() - this.#movedAt < STALL_LIMIT_MS) return;
      reject(new ToolError("timed_out", `nothing moved for ${STALL_LIMIT_MS / 1000} s`));
    }, 1000);
    try {
      await Promise.race([Promise.all([this.#feed(channel), this.#end.promise]), stopped]);
      await this.#taking;
      return [this.#exitCode, this.#stderr];
    } finally {
      clearInterval(watchdog);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  #take(channel: ClientChannel, piece: Uint8Array): void {
    this.#movedAt = performance.now();
    channel.pause();
    this.#taking = this.#taking.then(() => this.#options.sink?.(piece)).then(() => void channel.resume());
    this.#taking.catch(() => this.#end.resolve());
  }

  async #feed(channel: ClientChannel): Promise<void> {
    channel.write(pathLine(this.#options.path, this.#options.other));
    const { source } = this.#options;
    while (source !== undefined && channel.writable) {
      const buffer = new Uint8Array(PIECE_BYTES);
      const count = await source(buffer);
      this.#movedAt = performance.now();
      if (count === 0) break;
      if (channel.write(buffer.subarray(0, count))) continue;
      await Promise.race([once(channel, "drain"), this.#end.promise]);
    }
    channel.end();
  }
}

/** The words become a status where SFTP has one of its own; the others go with "failure", as OpenSSH has it. */
function scriptFailure(complaint: string): StatusError {
  const code = codeInWords(complaint);
  const status = code === "no_such_file"
    ? Status.NO_SUCH_FILE
    : code === "remote_permission_denied"
    ? Status.PERMISSION_DENIED
    : Status.FAILURE;
  return new StatusError(status, complaint.trim());
}
