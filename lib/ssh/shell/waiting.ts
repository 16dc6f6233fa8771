/** Waiting for a shell: until it has settled, or until its output shows something. */
import type { Pattern } from "./pattern.ts";
import type { InputMark, ShellIo } from "./shell_io.ts";
import type { Situation } from "./situation.ts";

/** Why a wait ended. */
export type WaitReason = "prompt" | "input" | "fullscreen" | "matched" | "quiet" | "timeout" | "closed" | "finished";

/** Longest look at a situation that a pattern is not given up for. */
const ASKED_MS = 300;

/** How long the prompt behind the end of a command is waited for. */
const PROMPT_MS = 60;

/** What limits a wait. */
export interface WaitLimits {
  /** Longest quiet, in milliseconds. */
  quietMs: number;
  /** Longest wait, in milliseconds. */
  limitMs: number;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

/**
 * Waits until the shell shows a prompt or a question, or has been quiet.
 *
 * @param mark where output begins to count
 * @param stop ends the wait as `finished` when true
 */
export async function settled(
  io: ShellIo,
  mark: InputMark,
  limits: WaitLimits,
  stop: () => boolean = () => false,
): Promise<WaitReason> {
  const began = performance.now();
  while (true) {
    if (io.ended !== undefined) return "closed";
    if (stop()) return "finished";
    const now = performance.now();
    const quiet = now - Math.max(io.lastDataAt, mark.at);
    let wait = Math.min(limits.quietMs - quiet, limits.limitMs - (now - began));
    if (io.idle && io.raw.end > mark.offset) {
      const { state, settleMs, doubtful } = io.situation();
      if (state !== "running" && quiet >= settleMs) {
        if (doubtful !== true) return state;
        await io.askHost(limits.signal);
        continue;
      }
      if (state !== "running") wait = Math.min(wait, settleMs - quiet);
    }
    if (now - began >= limits.limitMs) return quiet >= limits.quietMs ? "quiet" : "timeout";
    if (quiet >= limits.quietMs && io.idle) return "quiet";
    await io.changed(Math.max(1, wait), limits.signal);
  }
}

/** Waits for the prompt that comes right behind the end of a command, and learns it. */
export async function promptBehindEnd(io: ShellIo, signal?: AbortSignal): Promise<void> {
  const mark = { ...io.mark, offset: -1, at: performance.now() };
  const reason = await settled(io, mark, { quietMs: PROMPT_MS, limitMs: PROMPT_MS * 3, signal });
  if (reason === "prompt" || reason === "quiet") io.learnPrompt();
}

/**
 * Waits until output shows `pattern`, until no more output can be expected, or until the limit.
 *
 * @param watch looks for the pattern; without one any output will do
 */
export async function awaited(io: ShellIo, watch: Watch, limits: WaitLimits, stop: () => boolean): Promise<WaitReason> {
  const began = performance.now();
  try {
    while (true) {
      if (watch.found()) return "matched";
      if (io.ended !== undefined) return "closed";
      if (stop()) return "finished";
      const now = performance.now();
      const quiet = now - Math.max(io.lastDataAt, began);
      if (now - began >= limits.limitMs) return "timeout";
      const situation = io.situation();
      const enough = patience(situation, limits.quietMs);
      if (io.idle && quiet >= enough) {
        if (situation.doubtful !== true) return situation.state === "input" ? "input" : "quiet";
        await io.askHost(limits.signal);
        continue;
      }
      const wait = Math.min(limits.limitMs - (now - began), Math.max(1, enough - quiet));
      await io.changed(Math.min(wait, 2 ** 30), limits.signal);
    }
  } finally {
    watch.end();
  }
}

/** How long a quiet ends the wait for a pattern: a running command may be silent for as long as it likes. */
function patience({ state, waitingFor, settleMs }: Situation, quietMs: number): number {
  if (state === "running" || state === "fullscreen") return Infinity;
  if (waitingFor === "answer") return Math.max(quietMs, settleMs);
  if (state === "prompt" || waitingFor === "repl" || waitingFor === "more input") return quietMs;
  return Math.min(quietMs, ASKED_MS);
}

/** Looks for a pattern in output as it is shown; what the far end echoes of the input does not count. */
export class Watch {
  readonly #io: ShellIo;
  readonly #pattern: Pattern;
  readonly #mark: InputMark | undefined;
  readonly #forget: () => void;
  #row: number;
  #foundInDropped = false;

  /**
   * Looks for a pattern from now on.
   *
   * @param io the shell's output
   * @param pattern what is looked for
   * @param from number of the row to begin with
   * @param mark the input whose echo does not count
   */
  constructor(io: ShellIo, pattern: Pattern, from: number, mark?: InputMark) {
    this.#io = io;
    this.#pattern = pattern;
    this.#mark = mark;
    this.#row = from;
    this.#forget = io.onDropped((text) => {
      this.#foundInDropped ||= text.split("\n").some((line) => pattern.matches(line));
    });
  }

  /** True when the pattern has been shown. */
  found(): boolean {
    if (this.#foundInDropped) return true;
    const { screen } = this.#io;
    if (this.#row > screen.cursor().row) this.#row = screen.top;
    const lines = [...screen.lines(this.#row)];
    const texts = lines.map(({ row, text }) => this.#withoutEcho(row, text));
    const { lines: span } = this.#pattern;
    if (span > 1 ? this.#pattern.matches(texts.join("\n")) : texts.some((text) => this.#pattern.matches(text))) {
      return true;
    }
    // What is on the screen may still change; what has left it cannot.
    const next = Math.max(this.#row, Math.min(screen.top, lines.at(-1)?.row ?? 0) - span);
    this.#row = next;
    return false;
  }

  /** Stops looking. */
  end(): void {
    this.#forget();
  }

  #withoutEcho(row: number, text: string): string {
    const mark = this.#mark;
    if (mark === undefined) return text;
    if (row === mark.row && text.startsWith(mark.text.trimEnd())) {
      const rest = text.slice(mark.text.length);
      const [first = ""] = mark.typed;
      if (rest.startsWith(first)) return rest.slice(first.length);
      return first.startsWith(rest.trimEnd()) ? "" : rest;
    }
    const echoed = mark.typed.find((line) =>
      text.trimEnd().endsWith(line) && /^[^\n]{0,200}[$#%>❯➜λ»›:] $/.test(text.trimEnd().slice(0, -line.length))
    );
    return echoed === undefined ? text : "";
  }
}
