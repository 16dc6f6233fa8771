/** One command running on a channel of its own (RFC 4254 §6.5 to §6.10). */
import { ToolError } from "../../errors.ts";
import { BoundedOutput, type ByteFilter, type OutputText } from "./bounded_output.ts";
import { Deadline } from "../deadline.ts";
import { type Marker, MarkerScanner } from "./marker_scanner.ts";
import { type EndPrefix, endProcessGroups } from "./process_group.ts";
import type { Session } from "../session.ts";
import { spend } from "../spent.ts";
import type { ClientChannel } from "../ssh2.ts";

/** How long the output of a command that has exited must be quiet for it to count as ended. */
const DETACHED_QUIET_MS = 2000;
/** How long it is read at most after the exit, quiet or not. */
const DETACHED_LIMIT_MS = 20_000;
/** How long a host may take for a sign of life when its command is to be ended, besides twice the time that it took. */
const SIGN_OF_LIFE_MS = 1000;
/** How long a command whose process id is not known may take to end before it is killed. */
const GRACE_MS = 1000;

/** How a command ended. */
export interface Ending {
  /** Null when the far end reported none: that is not 0. */
  exitCode: number | null;
  /** Name of the signal that ended it, e.g. `SIGTERM`. */
  signal: string | undefined;
}

/** Told of a marker on a command's stderr. */
export type MarkerListener = (marker: Marker, command: RemoteCommand) => void;

/** What a command is run with. */
export interface RunOptions {
  timeoutMs: number;
  /** The limit in time, when it runs already. @default one of `timeoutMs`, from the start of the command */
  deadline?: Deadline | undefined;
  /** Bound of each output stream. */
  maxOutputBytes: number;
  /** Makes the filter that one output stream goes through before it is cut. */
  filter: () => ByteFilter;
  signal?: AbortSignal | undefined;
  /** Runs the script that ends it as someone else, e.g. with sudo. */
  endPrefix?: EndPrefix | undefined;
  /** Told about once a second, with bytes received so far. */
  onProgress?: ((elapsedMs: number, bytes: number) => void) | undefined;
}

/** What a command did. */
export interface RunResult extends Ending {
  stdout: OutputText;
  stderr: OutputText;
  durationMs: number;
  timedOut: boolean;
  /** Where it was ended by us: whether its whole process group is known to be gone. */
  processGone: boolean | undefined;
  /** True when the command has ended but something it started still holds its output open. */
  detached: boolean;
}

/** A running command: its output, its markers, its end. */
export class RemoteCommand {
  readonly #session: Session;
  readonly #options: RunOptions;
  readonly #deadline: Deadline;
  readonly #started = performance.now();
  readonly #stdout: BoundedOutput;
  readonly #scanner: MarkerScanner;
  readonly #ended = Promise.withResolvers<"closed" | "detached">();
  readonly #pids: number[] = [];
  #stderr: BoundedOutput;
  #channel!: ClientChannel;
  #ending: Ending = { exitCode: null, signal: undefined };
  #exitedAt: number | undefined;
  /** How long the host took to start it. */
  #startMs = 0;
  readonly #told = Promise.withResolvers<void>();
  /** Nobody waits for it any more. */
  #late = false;
  #quietTimer: ReturnType<typeof setTimeout> | undefined;

  private constructor(session: Session, options: RunOptions, onMarker: MarkerListener) {
    this.#session = session;
    this.#options = options;
    this.#deadline = options.deadline ?? new Deadline(options.timeoutMs);
    this.#stdout = this.#newOutput();
    this.#stderr = this.#newOutput();
    this.#scanner = new MarkerScanner((marker) => {
      if (marker.pid !== undefined) this.#pids.push(marker.pid);
      this.#startMs ||= performance.now() - this.#started;
      this.#told.resolve();
      if (!this.#late) onMarker(marker, this);
    });
  }

  /**
   * Starts a command.
   *
   * @param session where to run it
   * @param line what the login shell is given, made with the token that starts our markers on stderr
   * @param options limits, filter and progress
   * @param onMarker told of every marker, with the command
   */
  static async start(
    session: Session,
    line: (token: string) => string,
    options: RunOptions,
    onMarker: MarkerListener,
  ): Promise<RemoteCommand> {
    const command = new RemoteCommand(session, options, onMarker);
    const onLate = (): void => void command.#endLate();
    const limits = { deadline: command.#deadline, signal: options.signal, onLate };
    await session.connection.exec(line(command.#scanner.token), limits, (channel) => {
      command.#channel = channel;
      command.#listen();
    });
    return command;
  }

  /** Sends `data` to the command's standard input. */
  write(data: Uint8Array | string): void {
    if (this.#channel.writable) this.#channel.write(data);
  }

  /** Ends the command's standard input. */
  endInput(): void {
    this.#channel.end();
  }

  /** Forgets what came on stderr so far. */
  forgetStderr(): void {
    this.#scanner.forget();
    this.#stderr = this.#newOutput();
  }

  /** No more markers are expected: stderr passes as it comes from now on. */
  stopScanning(): void {
    this.#scanner.stop();
  }

  /**
   * Waits for the end, at most until the deadline; then ends the command at the far end.
   *
   * @throws {ToolError} `session_dropped`, with the output so far; `cancelled` once the command is ended
   */
  async finish(): Promise<RunResult> {
    const stopProgress = this.#reportProgress();
    const disown = this.#session.own({ close: () => this.#endAtFarEnd().then(() => {}) });
    try {
      const how = await this.#session.connection.whileUp(
        this.#deadline.race(this.#ended.promise, () => "end of the command", this.#options.signal),
      );
      if (how === "detached") this.#letRun();
      return this.#result({ detached: how === "detached" });
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      if (error.code === "session_dropped") throw this.#withOutput(error);
      if (error.code === "timed_out" && this.#exitedAt !== undefined) {
        this.#letRun();
        return this.#result({ detached: true });
      }
      const processGone = await this.#endAtFarEnd();
      this.abandon();
      if (error.code === "timed_out") return this.#result({ timedOut: true, processGone });
      throw error;
    } finally {
      disown();
      stopProgress();
    }
  }

  /** Closes the channel, whatever the command does then. */
  abandon(): void {
    clearTimeout(this.#quietTimer);
    this.#channel.close();
  }

  #newOutput(): BoundedOutput {
    return new BoundedOutput(this.#options.maxOutputBytes, this.#options.filter());
  }

  #listen(): void {
    const channel = this.#channel;
    channel.on("data", (chunk: Uint8Array) => {
      this.#stdout.push(chunk);
      spend(chunk);
      this.#awaitQuiet();
    });
    channel.stderr.on("data", (chunk: Uint8Array) => {
      const passed = this.#scanner.push(chunk); // first: a marker in it may begin stderr anew
      this.#stderr.push(passed);
      spend(chunk);
      this.#awaitQuiet();
    });
    channel.on("exit", (code: number | null, signal?: string) => {
      this.#ending = { exitCode: code, signal };
      this.#exitedAt = performance.now();
      this.#awaitQuiet();
    });
    channel.on("error", () => {}); // what it means is in the close that follows
    channel.once("close", () => {
      clearTimeout(this.#quietTimer);
      this.#stderr.push(this.#scanner.end());
      this.#ended.resolve("closed");
    });
  }

  /** A command that has exited while its output stays open has left something running; that is not waited for. */
  #awaitQuiet(): void {
    if (this.#exitedAt === undefined) return;
    clearTimeout(this.#quietTimer);
    const sinceExit = performance.now() - this.#exitedAt;
    const wait = Math.max(0, Math.min(DETACHED_QUIET_MS, DETACHED_LIMIT_MS - sinceExit));
    this.#quietTimer = setTimeout(() => this.#ended.resolve("detached"), wait);
  }

  /** Leaves the channel open, unread, for what still writes to it: closing it would break that. */
  #letRun(): void {
    const channel = this.#channel;
    channel.removeAllListeners("data").resume();
    channel.stderr.removeAllListeners("data").resume();
    const disown = this.#session.own({ close: () => channel.close() });
    channel.once("close", disown);
  }

  /** Ends the command's process groups. @returns whether they are known to be gone */
  async #endAtFarEnd(): Promise<boolean> {
    const { connection, ended } = this.#session;
    if (ended !== undefined) return false;
    connection.signal(this.#channel, "TERM"); // the one way where the process id is not known, and at once where it is
    if (this.#pids.length === 0) return await this.#killUnlessEnded();
    const patienceMs = SIGN_OF_LIFE_MS + 2 * this.#startMs;
    const { endPrefix: prefix } = this.#options;
    return await endProcessGroups(connection, this.#pids, { patienceMs, prefix }).catch(() => false);
  }

  /** Ends a command that has started after its caller had gone, as soon as it has told its process id. */
  async #endLate(): Promise<void> {
    this.#late = true;
    const told = Promise.race([this.#told.promise, this.#ended.promise]);
    const ending = new Deadline(GRACE_MS).race(told, () => "process id").catch(() => {})
      .then(() => this.#endAtFarEnd()).then(() => this.abandon());
    const disown = this.#session.own({ close: () => ending });
    await ending;
    disown();
  }

  /** @returns false: what else it had started is not known */
  async #killUnlessEnded(): Promise<boolean> {
    await new Deadline(GRACE_MS).race(this.#ended.promise, () => "end of the command").catch(() => {
      this.#session.connection.signal(this.#channel, "KILL");
    });
    return false;
  }

  #reportProgress(): () => void {
    const { onProgress } = this.#options;
    if (onProgress === undefined) return () => {};
    const timer = setInterval(() => {
      onProgress(performance.now() - this.#started, this.#stdout.bytes + this.#stderr.bytes);
    }, 1000);
    return () => clearInterval(timer);
  }

  #result(how: { timedOut?: boolean; processGone?: boolean; detached?: boolean }): RunResult {
    return {
      ...this.#ending,
      stdout: this.#stdout.finish(),
      stderr: this.#stderr.finish(),
      durationMs: Math.round(performance.now() - this.#started),
      timedOut: how.timedOut ?? false,
      processGone: how.processGone,
      detached: how.detached ?? false,
    };
  }

  #withOutput(error: ToolError): ToolError {
    const { stdout, stderr } = this.#result({});
    return new ToolError(error.code, `${error.message}, while a command ran; whether it still runs is not known`, {
      ...(error.hint !== undefined && { hint: error.hint }),
      data: { stdout: stdout.text, stderr: stderr.text },
      cause: error,
    });
  }
}
