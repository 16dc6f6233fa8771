/** An interactive shell in a terminal, as a person has it. */
import { ToolError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { AwaitedCommand, type AwaitOutcome, type CommandEnd } from "./shell/awaited_command.ts";
import { Cursors, type Place } from "./shell/cursors.ts";
import { foregroundOf } from "./shell/foreground.ts";
import { keySequence } from "./shell/keys.ts";
import type { LinkListener, TerminalLink } from "./shell/link.ts";
import type { LeftPlace } from "./shell/left_output.ts";
import { SESSION_ENDED } from "./shell/dtach_link.ts";
import type { Keeper } from "./shell/multiplexer.ts";
import type { Pattern } from "./shell/pattern.ts";
import { restorePrompt } from "./shell/prompt_restore.ts";
import type { Rendering, TerminalSize } from "./shell/screen.ts";
import { secretFifo } from "./shell/secret_fifo.ts";
import { type InputMark, ShellIo } from "./shell/shell_io.ts";
import { EMPTY_LINE, SOURCED, sourceLine } from "./shell/shell_line.ts";
import type { Situation } from "./shell/situation.ts";
import { awaited, promptBehindEnd, settled, type WaitLimits, type WaitReason, Watch } from "./shell/waiting.ts";

/** How long a shell that has just started may be silent before it is taken as it is. */
const FIRST_PROMPT_MS = 3000;
const FIRST_QUIET_MS = 1500;
/** How long a shell that was left at its prompt may take to show it again. */
const LEFT_QUIET_MS = 500;
/** How long what a shell had shown before may take to be shown again. */
const KEPT_SHOWN_MS = 15_000;
const SOURCE_LIMIT_MS = 5000;
const INTERRUPT = "\x03";

/** How a shell is opened. */
export interface ShellOptions {
  /** What it is called in its session. */
  name: string;
  /** The terminal's size. */
  size: TerminalSize;
  /** Makes the way to its terminal. */
  link: (listener: LinkListener) => Promise<TerminalLink>;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
  /** What keeps the shell alive between connections. */
  keeper?: Keeper | undefined;
  /** Where what it showed is left, when nothing at the far end keeps that. */
  left?: LeftPlace | undefined;
}

/** A place in a shell's output, for reading on from there. */
export interface Position {
  /** Bytes that had come. */
  offset: number;
  /** Number of the row in which the cursor stood. */
  row: number;
}

/** One interactive shell. What it gives is as it came: redaction is for whoever lets it out. */
export class Shell {
  /** What it is called in its session. */
  readonly name: string;
  /** What keeps it alive between connections. */
  readonly keeper: Keeper | undefined;
  readonly #connection: Connection;
  readonly #io: ShellIo;
  readonly #cursors: Cursors;
  #command: AwaitedCommand | undefined;
  /** What the agent typed last, until a prompt behind it was seen. */
  #lastInput: InputMark | undefined;
  /** True when Ctrl-C was pressed last. */
  #interrupted = false;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(connection: Connection, io: ShellIo, options: ShellOptions) {
    this.#connection = connection;
    this.#io = io;
    this.name = options.name;
    this.keeper = options.keeper;
    this.#cursors = options.left?.earlier?.cursors ?? new Cursors();
  }

  /**
   * Opens a shell and waits for its first prompt, a few seconds at most.
   *
   * @throws {ToolError} as {@linkcode Connection.shell}
   */
  static async open(connection: Connection, options: ShellOptions): Promise<Shell> {
    const earlier = options.left?.earlier;
    const answers = options.keeper?.answers !== true;
    const io = await ShellIo.open(options.size, { log: earlier?.log.copy(), raw: earlier?.raw.copy(), answers });
    const shell = new Shell(connection, io, options);
    try {
      io.attach(await options.link(io), (process, signal) => foregroundOf(connection, process, signal));
      await shownSoon(io, options.signal);
      const reason = await settled(io, io.mark, {
        quietMs: earlier?.prompt === undefined ? FIRST_QUIET_MS : LEFT_QUIET_MS,
        limitMs: FIRST_PROMPT_MS,
        signal: options.signal,
      });
      if (reason === "quiet") await shell.#showLeft(earlier?.prompt);
      if (reason === "prompt" || reason === "quiet" || shell.#mustBePrompt()) io.learnPrompt();
      io.whenEnded((why) => shell.#leave(options.left, why));
      return shell;
    } catch (error) {
      shell.close();
      shell.dispose();
      throw error;
    }
  }

  /** Why the shell is no more; undefined while it is. */
  get ended(): string | undefined {
    return this.#io.ended;
  }

  /** What it is doing, as far as its screen and, where that leaves a doubt, its host tell. */
  async situation(signal?: AbortSignal): Promise<Situation> {
    const io = this.#io;
    if (io.ended === undefined && io.idle && io.situation().doubtful) await io.askHost(signal);
    return io.situation();
  }

  /** True while a command runs whose exit code was asked for. */
  get awaiting(): boolean {
    return this.#command !== undefined && !this.#command.finished;
  }

  /** The place of the last input. */
  get lastInput(): InputMark {
    return this.#io.mark;
  }

  /** Number of the row from which on the screen shows what came after an input. */
  rowOf(mark: InputMark): number {
    const { screen } = this.#io;
    const cursor = screen.cursor();
    // A full-screen program's rows are gone with it; what comes behind stands where it was started.
    if (mark.alternate && !cursor.alternate) return Math.min(screen.rowOnLeaving, cursor.row);
    return screen.rowAfter(mark.row, mark.clears);
  }

  /** The place up to which output has come. */
  get position(): Position {
    return { offset: this.#io.raw.end, row: this.#io.screen.cursor().row };
  }

  /** The exit code with which the shell ended, where it told one. */
  get exitCode(): number | undefined {
    const code = /exit code (\d+)$/.exec(this.#io.ended ?? "")?.[1];
    return code === undefined ? undefined : Number(code);
  }

  /** A cursor for the place up to which output has come. */
  cursor(): string {
    const { row, before, after } = this.#io.screen.cursor();
    return this.#cursors.issue({ offset: this.#io.raw.end, row, line: before + after });
  }

  /** The place of a cursor. @throws {ToolError} `invalid_argument` when it is none of this shell */
  placeOf(cursor: string): Place {
    return this.#cursors.resolve(cursor, this.#io.raw.end);
  }

  /** Number of the first row that shows something else than when a cursor's place was the last; undefined: none does. */
  rowBehind({ row, line }: Place): number | undefined {
    const { screen } = this.#io;
    const cursor = screen.cursor();
    if (cursor.row < row) return screen.top;
    if (cursor.alternate || line === undefined) return row;
    const [first, second] = screen.lines(row);
    return first?.text.trimEnd() === line.trimEnd() ? second?.row : row;
  }

  /** Columns and rows. */
  get size(): TerminalSize {
    return this.#io.screen.size;
  }

  /** Returns only when the shell is there. @throws {ToolError} `shell_closed` when it is no more */
  ensureOpen(): void {
    if (this.#io.ended === undefined) return;
    throw new ToolError("shell_closed", `the shell ${this.name} is closed: ${this.#io.ended}`, {
      hint: "open another with ssh_shell_open",
    });
  }

  /**
   * Types `data`; line ends are sent as the Enter key sends them.
   *
   * @throws {ToolError} `shell_closed`
   */
  async send(data: string, pressEnter: boolean): Promise<InputMark> {
    const typed = data.replace(/\r?\n/g, "\r") + (pressEnter ? "\r" : "");
    this.#interrupted = false;
    return await this.#inTurn(() => Promise.resolve(this.#lastInput = this.#io.type(typed)));
  }

  /** Presses a key. @throws {ToolError} `invalid_argument` for an unknown key, `shell_closed` */
  async press(key: string): Promise<InputMark> {
    const sequence = keySequence(key, this.#io.screen.applicationCursorKeys);
    const mark = await this.#inTurn(() => Promise.resolve(this.#lastInput = this.#io.type(sequence)));
    this.#interrupted = sequence === INTERRUPT;
    return mark;
  }

  /** Waits until the shell shows a prompt or a question, or has been quiet. */
  async settle(mark: InputMark, limits: WaitLimits): Promise<WaitReason> {
    const reason = await settled(this.#io, mark, limits, () => this.#newlyFinished());
    const isPrompt = reason === "prompt" || (this.#interrupted && this.#mustBePrompt());
    if (isPrompt || (reason === "quiet" && this.#shownAgain(mark))) this.#io.learnPrompt();
    if (reason === "finished") await promptBehindEnd(this.#io, limits.signal);
    return reason;
  }

  /** Waits until output shows `pattern`; from row `from` on, or what came after the last input. */
  async waitFor(pattern: Pattern, limits: WaitLimits, from?: number): Promise<WaitReason> {
    const { mark } = this.#io;
    const watch = from === undefined
      ? new Watch(this.#io, pattern, mark.outputRow ?? mark.row, mark)
      : new Watch(this.#io, pattern, from);
    return await awaited(this.#io, watch, limits, () => false);
  }

  /** Waits until the shell has settled, whenever its output came. */
  async waitQuiet(limits: WaitLimits): Promise<WaitReason> {
    return await this.settle({ ...this.#io.mark, offset: -1, at: 0 }, limits);
  }

  /**
   * Runs a command in the shell and waits for its end.
   *
   * @throws {ToolError} `shell_closed`, `shell_unsupported`, and `invalid_argument` when the shell is not at its prompt
   */
  async run(command: string, timeoutMs: number, signal?: AbortSignal): Promise<AwaitOutcome & { startRow: number }> {
    await this.#ensurePrompt(signal);
    const running = await this.#inTurn(async () => {
      await this.#answered(signal);
      return await AwaitedCommand.start(this.#io, command, signal);
    });
    this.#command = running;
    const outcome = await running.wait(timeoutMs, signal);
    if (outcome.reason === "finished") this.#command = undefined;
    return { ...outcome, startRow: running.startRow ?? 0 };
  }

  /** The end of a command that an earlier call did not wait for any longer; given once. */
  async takeEnd(signal?: AbortSignal): Promise<CommandEnd | undefined> {
    const command = this.#command;
    if (command === undefined) return undefined;
    if (!command.finished && await this.#atPrompt(signal)) {
      await this.#inTurn(() => command.askStatus(signal));
    }
    if (!command.finished) return undefined;
    this.#command = undefined;
    return command.end;
  }

  /**
   * Makes the shell evaluate `script` with nothing of it shown, in a file, in a command line or in the history. When no
   * prompt is shown, it is waited for.
   *
   * @throws {ToolError} `timed_out` when no prompt comes, `shell_unsupported` when the shell did not evaluate it
   */
  async source(script: string, options: { promptMs?: number; signal?: AbortSignal | undefined } = {}): Promise<void> {
    await this.#inTurn(async () => {
      await this.#promptWithin(options.promptMs ?? SOURCE_LIMIT_MS, options.signal);
      const fifo = await secretFifo(this.#connection, script + SOURCED);
      const done = await this.#sourceFrom(fifo.path, options.signal).finally(() => void fifo.remove().catch(() => {}));
      if (done) return;
      throw new ToolError("shell_unsupported", `the shell ${this.name} did not take the variables`, {
        hint: "it must be sh, bash, dash, ash, zsh or ksh at its prompt, on this host and as this user",
      });
    });
  }

  /** What is shown from row `from` on. */
  render(from: number): Rendering {
    return this.#io.screen.render(from);
  }

  /** True when some of what came behind row `row` is not kept, or was never rendered. */
  lostBehind(row: number): boolean {
    return this.#io.screen.lostBehind(row);
  }

  /** Number of the row in which the line begins that is `lines - 1` lines above the last one. */
  rowOfTail(lines: number): number {
    return this.#io.screen.rowOfTail(lines);
  }

  /** All bytes that are kept, and the offset of the first. */
  bytes(): { bytes: Uint8Array; offset: number } {
    const { raw } = this.#io;
    return { bytes: raw.from(0), offset: raw.start };
  }

  /** Changes the terminal's size; what runs in it is told. */
  async resize(size: TerminalSize): Promise<void> {
    await this.#io.resize(size);
  }

  /** Hangs up. A persistent shell lives on at the far end. */
  close(): void {
    this.#io.close();
  }

  /** Frees what a closed shell holds; nothing may be asked of it any more. */
  dispose(): void {
    this.#io.dispose();
  }

  /** Leaves what it showed for the next connection that opens it. */
  #leave(left: LeftPlace | undefined, why: string): void {
    if (why === SESSION_ENDED) left?.leave(undefined);
    else {
      const { screen, raw, halfTyped } = this.#io;
      const { before, row } = screen.cursor();
      const prompt = this.#io.situation().state === "prompt" && !halfTyped ? before : undefined;
      // The prompt will be shown again.
      const log = screen.wholeLog(prompt === undefined ? Infinity : row);
      left?.leave({ log, raw: raw.copy(), cursors: this.#cursors, prompt });
    }
  }

  /** A shell without a line editor does not show its prompt again, at which it still is. */
  async #showLeft(prompt: string | undefined): Promise<void> {
    const io = this.#io;
    if (prompt === undefined || io.screen.cursor().before !== "") return;
    io.show(prompt);
    await io.shown();
  }

  /** Where nothing has been begun, what looks like the prompt for its continuation is the prompt. */
  #mustBePrompt(): boolean {
    return this.#io.situation().waitingFor === "more input";
  }

  /** True when what stood before an input stands there again, below it, and is no question: it is a prompt. */
  #shownAgain({ text, row }: InputMark): boolean {
    const { before, row: now, after } = this.#io.screen.cursor();
    return now > row && before === text && after === "" && this.#io.situation().state === "running";
  }

  #newlyFinished(): boolean {
    return this.#command?.finished === true;
  }

  /** True when a line of ours would meet nothing but the prompt. */
  async #atPrompt(signal: AbortSignal | undefined): Promise<boolean> {
    const io = this.#io;
    const { state } = await this.situation(signal);
    return io.ended === undefined && io.idle && !io.halfTyped && state === "prompt";
  }

  async #ensurePrompt(signal: AbortSignal | undefined): Promise<void> {
    if (this.awaiting) await this.takeEnd(signal);
    if (this.awaiting) throw notAtPrompt("a command that was sent with await_exit still runs");
    await settled(this.#io, { ...this.#io.mark, offset: -1, at: 0 }, { quietMs: 1000, limitMs: 1500, signal });
    this.ensureOpen();
    if (this.#io.halfTyped) throw notAtPrompt("something is typed there that was not sent off");
    const { state, waitingFor } = await this.situation(signal);
    if (state === "prompt") return;
    if (state === "input") throw notAtPrompt(`what runs in it waits for ${waitingFor}`);
    if (state === "fullscreen") throw notAtPrompt("a full-screen program runs in it");
    throw notAtPrompt("it shows no prompt");
  }

  /** Waits for the prompt behind the agent's last input: the one that is shown may be older than that. */
  async #answered(signal: AbortSignal | undefined): Promise<void> {
    if (this.#lastInput === undefined) return;
    await settled(this.#io, this.#lastInput, { quietMs: 1000, limitMs: 1500, signal });
    this.#lastInput = undefined;
  }

  async #promptWithin(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    const began = performance.now();
    while (this.awaiting || !(await this.#atPrompt(signal))) {
      this.ensureOpen();
      const left = limitMs - (performance.now() - began);
      if (left <= 0) throw notAtPrompt("it shows no prompt", "timed_out");
      await this.#io.changed(Math.min(left, 250), signal);
    }
  }

  async #sourceFrom(path: string, signal: AbortSignal | undefined): Promise<boolean> {
    const io = this.#io;
    let done: boolean | undefined;
    const token = io.expect(({ kind, fields }) => {
      if (kind === "E") done = fields[0] === "1";
    });
    io.mute();
    io.typeQuietly(EMPTY_LINE + sourceLine(path, token));
    const began = performance.now();
    try {
      while (done === undefined && io.ended === undefined && performance.now() - began < SOURCE_LIMIT_MS) {
        await io.changed(20, signal);
      }
      if (done !== undefined) await restorePrompt(io, signal);
    } finally {
      io.forget(token);
      if (done === undefined) io.show(io.unmute());
    }
    return done === true;
  }

  /** One at a time types into the shell: an input of the agent's must not fall between two of ours. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(() => {
      this.ensureOpen();
      return action();
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }
}

/** What was shown before may be much; no host makes this take for ever. */
async function shownSoon(io: ShellIo, signal: AbortSignal | undefined): Promise<void> {
  await new Deadline(KEPT_SHOWN_MS).race(io.shown(), () => "picture of what was shown", signal).catch((error) => {
    if (!(error instanceof ToolError) || error.code !== "timed_out") throw error;
  });
}

function notAtPrompt(why: string, code: "invalid_argument" | "timed_out" = "invalid_argument"): ToolError {
  return new ToolError(code, `the shell is not at its prompt: ${why}`, {
    hint: "look with ssh_shell_read, answer or press a key (e.g. c) to get back to the prompt, then call again",
  });
}
