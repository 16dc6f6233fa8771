/** One command in a shell that is used by hand, with its exit code. */
import { ToolError } from "../../errors.ts";
import type { ShellMarker } from "./marker_filter.ts";
import { restorePrompt } from "./prompt_restore.ts";
import type { Rendering } from "./screen.ts";
import type { InputMark, ShellIo } from "./shell_io.ts";
import { promptBehindEnd } from "./waiting.ts";
import { awaitLine, EMPTY_LINE, isOurTrace, MAX_AWAITED_BYTES, statusLine } from "./shell_line.ts";

/** Longest wait for the shell to take the line. */
const BEGIN_LIMIT_MS = 5000;
const STATUS_LIMIT_MS = 1500;
/** How long a prompt must stand before the shell is asked what became of the command. */
const BACK_AT_PROMPT_MS = 200;
/** How long a question must stand before it is told. */
const QUESTION_MS = 300;

/** How a command in a shell ended. */
export interface CommandEnd {
  /** Its exit code as the shell tells it. */
  exitCode: number;
  /** The shell's directory behind it. */
  cwd: string;
}

/** Why the wait for a command ended, and what is to be known of it. */
export interface AwaitOutcome {
  /** Why the wait ended. */
  reason: "finished" | "input" | "timeout" | "closed";
  /** How it ended, when it has. */
  end: CommandEnd | undefined;
  /** What the command showed, when it has ended. */
  shown: Rendering | undefined;
  /** What it waits for, when that is the reason. */
  waitingFor?: string | undefined;
}

/** A command that runs in a shell between two markers. */
export class AwaitedCommand {
  readonly #io: ShellIo;
  readonly #token: string;
  readonly #echo: string;
  #mark: InputMark | undefined;
  #shellPid: string | undefined;
  #startRow: number | undefined;
  #clearsAtStart = 0;
  #end: CommandEnd | undefined;
  #shown: Rendering | undefined;
  #askedAt = 0;
  #nested = false;
  #finished = false;

  private constructor(io: ShellIo, command: string) {
    this.#io = io;
    this.#echo = visible(command);
    this.#token = io.expect((marker) => this.#take(marker));
  }

  /**
   * Types `command`, and resolves once the shell has begun with it.
   *
   * @throws {ToolError} `invalid_argument` when it is too long, `shell_unsupported` when what runs in the shell does not
   * take it
   */
  static async start(io: ShellIo, command: string, signal?: AbortSignal): Promise<AwaitedCommand> {
    const bytes = new TextEncoder().encode(command).length;
    if (bytes > MAX_AWAITED_BYTES) {
      throw new ToolError(
        "invalid_argument",
        `the command has ${bytes} bytes, and await_exit takes ${MAX_AWAITED_BYTES}`,
        {
          hint: "write it to a file with ssh_write_remote_file and run that",
        },
      );
    }
    const running = new AwaitedCommand(io, command);
    io.mute();
    running.#mark = io.type(EMPTY_LINE + awaitLine(command, running.#token));
    io.commandAwaited = true;
    await running.#begun(signal);
    return running;
  }

  /** True when the end marker has come. */
  get finished(): boolean {
    return this.#finished;
  }

  /** How it ended, when it has. */
  get end(): CommandEnd | undefined {
    return this.#end;
  }

  /** Number of the row with which the command's output begins. */
  get startRow(): number | undefined {
    return this.#startRow;
  }

  /** Waits for the end, or for what keeps it from coming. */
  async wait(timeoutMs: number, signal?: AbortSignal): Promise<AwaitOutcome> {
    const io = this.#io;
    const began = performance.now();
    while (true) {
      if (this.#finished) {
        await promptBehindEnd(io, signal);
        return this.#outcome("finished");
      }
      if (io.ended !== undefined) return this.#outcome("closed");
      const left = timeoutMs - (performance.now() - began);
      if (left <= 0) return this.#outcome("timeout");
      const quiet = performance.now() - Math.max(io.lastDataAt, this.#askedAt);
      const situation = io.situation();
      const enough = situation.state === "prompt" ? BACK_AT_PROMPT_MS : Math.max(QUESTION_MS, situation.settleMs);
      const asks = situation.state === "input" || (situation.state === "prompt" && this.#startRow !== undefined);
      if (!asks || !io.idle) await io.changed(left, signal);
      else if (quiet < enough) await io.changed(Math.min(left, enough - quiet), signal);
      else if (situation.state === "input") return { ...this.#outcome("input"), waitingFor: situation.waitingFor };
      else if (this.#nested && this.#askedAt > io.lastDataAt) {
        return { ...this.#outcome("input"), waitingFor: "nested shell" };
      } else await this.askStatus(signal);
    }
  }

  /**
   * Asks a shell that shows its prompt although the end marker has not come: Ctrl-C and some errors take the rest of a
   * line with them. A shell that the command has started answers with another process id.
   */
  async askStatus(signal?: AbortSignal): Promise<void> {
    const io = this.#io;
    let answer: ShellMarker | undefined;
    const token = io.expect((marker) => answer = marker);
    const shown = this.#aboveCursorLine();
    io.mute();
    io.typeQuietly(EMPTY_LINE + statusLine(token));
    const began = performance.now();
    try {
      while (answer === undefined && io.ended === undefined && performance.now() - began < STATUS_LIMIT_MS) {
        await io.changed(20, signal);
      }
      await restorePrompt(io, signal);
    } finally {
      io.forget(token);
      if (answer === undefined) io.show(io.unmute());
      this.#askedAt = performance.now();
    }
    if (answer?.kind !== "E" || answer.fields[1] !== this.#shellPid) this.#nested = true;
    else {
      this.#take(answer, shown);
      while (!this.#finished && io.ended === undefined) await io.changed(20, signal);
    }
  }

  async #begun(signal: AbortSignal | undefined): Promise<void> {
    const io = this.#io;
    const began = performance.now();
    try {
      while (this.#startRow === undefined && io.ended === undefined) {
        const left = BEGIN_LIMIT_MS - (performance.now() - began);
        if (left <= 0) throw this.#notTaken();
        await io.changed(left, signal);
      }
    } catch (error) {
      if (this.#shellPid === undefined) {
        io.show(io.unmute());
        io.commandAwaited = false;
      }
      throw error;
    }
  }

  #notTaken(): ToolError {
    this.#io.forget(this.#token);
    this.#io.commandAwaited = false;
    return new ToolError("shell_unsupported", "what runs in the shell did not take the command within 5 s", {
      hint:
        "await_exit needs sh, bash, dash, ash, zsh or ksh at its prompt; look with ssh_shell_read, and send without await_exit",
    });
  }

  #take(marker: ShellMarker, shown?: Rendering): void {
    const io = this.#io;
    if (marker.kind === "B") {
      this.#shellPid = marker.fields[0] ?? "";
      io.unmuteKeepingModes();
      io.expectEditor();
      io.show(this.#echo);
      io.afterShown(() => {
        this.#startRow = io.screen.cursor().row;
        if (this.#mark !== undefined) this.#mark.outputRow = this.#startRow;
        this.#clearsAtStart = io.screen.clears;
      });
    } else if (marker.kind === "E" && this.#end === undefined) {
      const [status = "", , ...cwd] = marker.fields;
      io.forget(this.#token);
      io.commandAwaited = false;
      this.#end = { exitCode: Number(status), cwd: cwd.join(";") };
      io.afterShown(() => {
        this.#shown = shown ?? this.#rendered();
        this.#finished = true;
      });
    }
  }

  #rendered(): Rendering {
    const { screen } = this.#io;
    return this.#withoutTrace(screen.render(screen.rowAfter(this.#startRow ?? 0, this.#clearsAtStart)));
  }

  /** Without what a shell that traces its commands shows of ours. */
  #withoutTrace(rendering: Rendering): Rendering {
    const { text, start } = rendering;
    if (!text.includes("mcp", start)) return rendering;
    const lines = text.slice(start).split("\n").filter((line) => !isOurTrace(line, this.#token));
    return { ...rendering, text: text.slice(0, start) + lines.join("\n") };
  }

  /** What the command showed above the line in which the prompt stands now. */
  #aboveCursorLine(): Rendering {
    const rendering = this.#rendered();
    const { text, start } = rendering;
    return { ...rendering, text: text.slice(0, Math.max(start, text.lastIndexOf("\n"))) };
  }

  #outcome(reason: AwaitOutcome["reason"]): AwaitOutcome {
    return { reason, end: this.#end, shown: this.#shown };
  }
}

/** The command as a terminal echoes it. */
function visible(command: string): string {
  // deno-lint-ignore no-control-regex -- control characters are what is shown otherwise
  const caret = command.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (character) => {
    return "^" + String.fromCharCode(character.charCodeAt(0) ^ 0x40);
  });
  return caret.replaceAll("\n", "\r\n") + "\r\n";
}
