/** A shell's two directions: what is typed, and what comes, through the marker filter onto the screen. */
import { ToolError } from "../../errors.ts";
import { type Foreground, type ShellProcess, shellWaits } from "./foreground.ts";
import type { TerminalLink } from "./link.ts";
import { MarkerFilter, modeSwitches, type ShellMarker } from "./marker_filter.ts";
import { OutputPump } from "./output_pump.ts";
import { plainText } from "./pattern.ts";
import { RawBuffer } from "./raw_buffer.ts";
import { RowLog } from "./row_log.ts";
import { Screen, type TerminalSize } from "./screen.ts";
import { type EditorSigns, looksAsked, type Situation, situationOf } from "./situation.ts";

/** How much of a shell's output is kept, in bytes as they came and in characters as they are shown. */
export const BUFFER_BYTES = 500_000;
/** Prompts that are remembered. */
const MAX_PROMPTS = 32;
/** A program that asks the terminal something has not written more than this before it. */
const MAX_ASKING_BYTES = 32 * 1024;
/** A program that has moved the cursor so often draws a screen; clearing one takes a single move. */
const DRAWING_MOVES = 2;
const BURST_GAP_MS = 50;
/** How long after an input its effect comes before everything else. */
const URGENT_MS = 1000;
/** A host that has not said so often in a row who has the terminal is not asked again. */
const MAX_SILENCES = 2;
const ENCODER = new TextEncoder();

/** A place in the output, and what was known when the output had come that far. */
export interface InputMark {
  /** Bytes that had come. */
  offset: number;
  /** Number of the row in which the cursor's line began. */
  row: number;
  /** What the cursor's line showed. */
  text: string;
  /** When, as of performance.now(). */
  at: number;
  /** How often the screen had been cleared. */
  clears: number;
  /** True when a full-screen program had the screen. */
  alternate: boolean;
  /** The lines that were typed then. */
  typed: readonly string[];
  /** True when it had a line end. */
  sent: boolean;
  /** True when it was typed at the shell's prompt, and not sent off with a line end. */
  unsent: boolean;
  /** Number of the row behind what is shown as its echo, once that is known. */
  outputRow?: number;
}

/** Asks the host who has a shell's terminal; undefined when it does not say. */
type AskForeground = (shell: ShellProcess, signal?: AbortSignal) => Promise<Foreground | undefined>;

/** What the host said of the shell, and when: it holds until something comes or is typed. */
interface Verdict {
  offset: number;
  inputAt: number;
  shellWaits: boolean | "unknown";
}

/** What a shell's two directions begin with. */
export interface IoOptions {
  /** Rows that were shown before. @default none */
  log?: RowLog | undefined;
  /** What came before. @default nothing */
  raw?: RawBuffer | undefined;
  /** Whether what programs ask of their terminal is answered here. @default true */
  answers?: boolean;
}

/** What comes from and goes to one shell. */
export class ShellIo {
  /** What is shown. */
  readonly screen: Screen;
  /** What came. */
  readonly raw: RawBuffer;
  /** True while a command runs whose end will be marked: until then nothing that looks like a question is the prompt. */
  commandAwaited = false;
  readonly #filter = new MarkerFilter();
  readonly #pump: OutputPump;
  readonly #prompts = new Set<string>();
  readonly #markerListeners = new Map<string, (marker: ShellMarker) => void>();
  readonly #dropListeners = new Set<(text: string) => void>();
  readonly #wakers = new Set<() => void>();
  #link: TerminalLink | undefined;
  #ended: string | undefined;
  #onEnded: (reason: string) => void = () => {};
  #lastDataAt = performance.now();
  /** What is shown when it is opened is waited for, too. */
  #lastInputAt = performance.now();
  /** Bytes that came without a pause. */
  #burstBytes = 0;
  #signalsAtEnter = 0;
  #movesAtInput = 0;
  #mark: InputMark;
  #foreground: AskForeground = () => Promise.resolve(undefined);
  #silences = 0;
  #verdict: Verdict | undefined;

  private constructor(screen: Screen, { raw, answers = true }: IoOptions) {
    this.screen = screen;
    this.raw = raw ?? new RawBuffer(BUFFER_BYTES);
    this.#mark = {
      offset: this.raw.end,
      row: screen.top,
      text: "",
      at: performance.now(),
      clears: 0,
      alternate: false,
      typed: [],
      sent: true,
      unsent: false,
    };
    this.#pump = new OutputPump({
      screen,
      hold: (paused) => this.#link?.hold(paused),
      isUrgent: () => performance.now() - this.#lastInputAt < URGENT_MS,
      onRendered: () => this.#wake(),
      onDropped: (bytes) => {
        for (const listener of this.#dropListeners) listener(plainText(bytes));
      },
    });
    if (!answers) return;
    screen.onAnswer((data) => {
      // A terminal that answers what comes in a flood types into whatever runs next.
      if (this.#burstBytes < MAX_ASKING_BYTES) this.#link?.write(data);
    });
  }

  /**
   * Makes the receiving side, before there is anything to receive from.
   *
   * @param size the terminal's size
   * @param options what it goes on with
   */
  static async open(size: TerminalSize, options: IoOptions = {}): Promise<ShellIo> {
    const io = new ShellIo(await Screen.open(size, options.log ?? new RowLog(BUFFER_BYTES)), options);
    if (options.log !== undefined) io.screen.noteLoss();
    return io;
  }

  /** Sends what is typed to `link` from now on, and asks `foreground` who has the terminal. */
  attach(link: TerminalLink, foreground: AskForeground): void {
    this.#link = link;
    this.#foreground = foreground;
  }

  /** Takes output. */
  onData = (bytes: Uint8Array): void => {
    const now = performance.now();
    if (now - this.#lastDataAt > BURST_GAP_MS) this.#burstBytes = 0;
    this.#burstBytes += bytes.length;
    this.#lastDataAt = now;
    this.#filter.push(bytes, (output) => {
      if (output instanceof Uint8Array) this.show(output);
      else this.#markerListeners.get(output.token)?.(output);
    });
  };

  /** Takes the end. */
  onEnd = (reason: string): void => {
    if (this.#filter.isMuted) this.show(this.#filter.unmute());
    this.#pump.after(() => {
      if (this.#ended === undefined) {
        this.#ended = reason;
        this.#onEnded(reason);
      }
      this.#wake();
    });
  };

  /** Calls `listener` at the end, when all that came is on the screen. */
  whenEnded(listener: (reason: string) => void): void {
    this.#onEnded = listener;
  }

  /** Why the shell is no more; undefined while it is. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** When output came last, as of performance.now(). */
  get lastDataAt(): number {
    return this.#lastDataAt;
  }

  /** True when all that came is on the screen. */
  get idle(): boolean {
    return this.#pump.idle;
  }

  /** The place of the last input. */
  get mark(): InputMark {
    return this.#mark;
  }

  /** Types `data`, which the agent gave, and marks the place. */
  type(data: string): InputMark {
    const { row, before: text, alternate } = this.screen.cursor();
    const typed = data.split(/[\r\n]+/).map((line) => line.trimEnd()).filter((line) => line !== "");
    const { clears } = this.screen;
    const sent = /[\r\n]/.test(data);
    const unsent = !sent && (this.#mark.unsent || this.situation().state === "prompt");
    this.#mark = { offset: this.raw.end, row, text, at: performance.now(), clears, alternate, typed, sent, unsent };
    this.#movesAtInput = this.screen.moves;
    if (sent) this.#signalsAtEnter = this.screen.promptSignals;
    this.typeQuietly(data);
    return this.#mark;
  }

  /** Types `data` for a purpose of ours: it is no input of the agent's. */
  typeQuietly(data: string): void {
    this.#lastInputAt = performance.now();
    this.#link?.write(data);
  }

  /** Shows bytes as if they had come. */
  show(bytes: Uint8Array | string): void {
    const output = typeof bytes === "string" ? ENCODER.encode(bytes) : bytes;
    if (output.length === 0) return;
    this.raw.push(output);
    this.#pump.push(output);
  }

  /** Calls `then` once all that came before is on the screen. */
  afterShown(then: () => void): void {
    this.#pump.after(() => {
      then();
      this.#wake();
    });
  }

  /** Resolves once all that has come is on the screen. */
  shown(): Promise<void> {
    return new Promise((resolve) => this.afterShown(resolve));
  }

  /** Makes a token, and tells `listener` of the markers that have it. */
  expect(listener: (marker: ShellMarker) => void): string {
    const token = this.#filter.expect();
    this.#markerListeners.set(token, listener);
    return token;
  }

  /** Stops looking for markers with that token. */
  forget(token: string): void {
    this.#filter.forget(token);
    this.#markerListeners.delete(token);
  }

  /** Shows nothing of what comes until {@linkcode ShellIo.unmute}. */
  mute(): void {
    this.#filter.mute();
  }

  /** Shows again what comes. @returns what was not shown */
  unmute(): Uint8Array {
    return this.#filter.unmute();
  }

  /** As {@linkcode ShellIo.unmute}, but the terminal modes that were switched meanwhile are switched. */
  unmuteKeepingModes(): Uint8Array {
    const muted = this.unmute();
    this.show(modeSwitches(muted));
    return muted;
  }

  /** A line editor must say anew that it waits before it is believed. */
  expectEditor(): void {
    this.#signalsAtEnter = this.screen.promptSignals;
  }

  /** What the shell is doing, as far as its screen tells, and what the host has said of it since. */
  situation(): Situation {
    const draws = this.screen.moves - this.#movesAtInput >= DRAWING_MOVES;
    const shellWaits = this.commandAwaited ? "unknown" : this.#standing?.shellWaits;
    const { sent } = this.#mark;
    return situationOf(this.screen.cursor(), { ...this.#editor, draws, known: this.#prompts, sent, shellWaits });
  }

  /** Asks the host whether what stands there is the shell's prompt; {@linkcode situation} knows it then. */
  async askHost(signal?: AbortSignal): Promise<Verdict["shellWaits"]> {
    if (this.commandAwaited) return "unknown";
    if (this.#standing !== undefined) return this.#standing.shellWaits;
    const { end: offset } = this.raw;
    const inputAt = this.#lastInputAt;
    const process = this.#link?.shell;
    const asked = process !== undefined && this.#silences < MAX_SILENCES;
    const foreground = asked ? await this.#foreground(process, signal) : undefined;
    this.#silences = foreground === undefined ? this.#silences + 1 : 0;
    const waits = foreground === undefined ? "unknown" : this.#waitsIn(foreground);
    this.#verdict = { offset, inputAt, shellWaits: waits };
    return waits;
  }

  /** True when the agent has typed something at the prompt that stands there and has not been sent off. */
  get halfTyped(): boolean {
    const { text, unsent, row } = this.#mark;
    if (!unsent) return false;
    const cursor = this.screen.cursor();
    return cursor.row === row && cursor.before.length > text.length && cursor.before.startsWith(text);
  }

  /** Remembers what the cursor's line shows as a prompt, unless programs ask like that. */
  learnPrompt(): void {
    const cursor = this.screen.cursor();
    const { before, alternate } = cursor;
    if (alternate || before.trim() === "" || looksAsked(cursor) || this.#prompts.size >= MAX_PROMPTS) return;
    this.#prompts.add(before);
  }

  /** Tells `listener` of text that is never rendered. @returns ends that */
  onDropped(listener: (text: string) => void): () => void {
    this.#dropListeners.add(listener);
    return () => this.#dropListeners.delete(listener);
  }

  /** Changes the size of both terminals. */
  async resize(size: TerminalSize): Promise<void> {
    this.screen.resize(size);
    await this.#link?.resize(size);
  }

  /**
   * Resolves when something is new, or after `ms`.
   *
   * @throws {ToolError} `cancelled` when `signal` aborts
   */
  async changed(ms: number, signal?: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, ms));
    this.#wakers.add(resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    try {
      if (!signal?.aborted) await promise;
    } finally {
      clearTimeout(timer);
      this.#wakers.delete(resolve);
    }
    if (signal?.aborted) throw new ToolError("cancelled", "the wait for the shell was cancelled");
  }

  /** Hangs up. */
  close(): void {
    this.#link?.close();
    this.onEnd("it was closed");
  }

  /** Frees the screen; nothing may be asked of it any more. */
  dispose(): void {
    this.#pump.stop();
    this.screen.dispose();
  }

  get #editor(): EditorSigns {
    const { pasteMode, promptSignals } = this.screen;
    return { editorWaits: pasteMode && promptSignals > this.#signalsAtEnter, editorSpeaks: promptSignals > 0 };
  }

  get #standing(): Verdict | undefined {
    const { offset, inputAt } = this.#verdict ?? {};
    return offset === this.raw.end && inputAt === this.#lastInputAt ? this.#verdict : undefined;
  }

  #waitsIn(foreground: Foreground): boolean {
    return shellWaits(foreground, this.#editor, { typed: this.#mark.typed, asks: looksAsked(this.screen.cursor()) });
  }

  #wake(): void {
    const wakers = [...this.#wakers];
    this.#wakers.clear();
    for (const wake of wakers) wake();
  }
}
