/** What a person would see: a terminal emulator fed with a shell's output. */
import type { Terminal } from "@xterm/headless";
import { boundWork, MarkBound, sliceOf } from "./emulator_bounds.ts";
import type { Row, RowLog } from "./row_log.ts";
import { StringBound } from "./string_bound.ts";

const SCROLLBACK = 1024;
/** How much text before what is asked for a rendering holds, for whoever must see what a window cuts. */
const CONTEXT_CHARACTERS = 32 * 1024;

/** Where a terminal's size is held. */
export interface TerminalSize {
  /** Columns. */
  width: number;
  /** Rows. */
  height: number;
}

/** A part of what is rendered. */
export interface Rendering {
  /** Text that holds the part at its end, and some of what stands before it. */
  text: string;
  /** Where in `text` the part begins. */
  start: number;
  /** True when earlier text was left out of `text`. */
  openStart: boolean;
}

/** What stands around the terminal's cursor. */
export interface CursorView {
  /** Number of the row, in the count of {@linkcode Screen}, in which the cursor's line begins. */
  row: number;
  /** The line up to the cursor, wrapped rows joined. */
  before: string;
  /** The line behind the cursor, without trailing blanks. */
  after: string;
  /** True when all that stands before the cursor in its row stands out, as in inverse video. */
  standout: boolean;
  /** True while a full-screen program shows its own screen. */
  alternate: boolean;
  /** The lowest row that is not blank. */
  bottom: string;
}

let loading: Promise<typeof Terminal> | undefined;

/** The emulator's class, imported when a first shell needs it. */
function loadTerminal(): Promise<typeof Terminal> {
  loading ??= import("@xterm/headless").then((module) => {
    const { default: whole } = module as unknown as { default: { Terminal: typeof Terminal } };
    return whole.Terminal;
  });
  return loading;
}

/**
 * A terminal and its scrollback. Rows are counted from the first that was ever shown: row n of the screen is row
 * `top + n`.
 */
export class Screen {
  readonly #terminal: Terminal;
  readonly #log: RowLog;
  readonly #marks = new MarkBound();
  readonly #strings = new StringBound();
  /** Stands on the last row that is in the log, as long as the emulator still holds it. */
  #anchor: ReturnType<Terminal["registerMarker"]>;
  /** How many rows below the anchor are in the log, too. */
  #beyondAnchor = 0;
  #promptSignals = 0;
  #clears = 0;
  #moves = 0;
  #rowOnLeaving = 0;
  #scrollsWhole = true;
  #lossRow = -1;

  private constructor(terminal: Terminal, log: RowLog) {
    this.#terminal = terminal;
    this.#log = log;
    boundWork(terminal);
    terminal.parser.registerCsiHandler({ prefix: "?", final: "h" }, (parameters) => {
      if (parameters.includes(2004)) this.#promptSignals++;
      if (parameters.some((mode) => mode === 1049 || mode === 1047 || mode === 47)) this.#leaveNormal();
      return false;
    });
    terminal.parser.registerCsiHandler({ final: "H" }, () => {
      this.#moves++;
      return false;
    });
    terminal.parser.registerCsiHandler({ final: "r" }, ([top, bottom]) => {
      const last = Number(bottom ?? 0);
      this.#scrollsWhole = Number(top ?? 0) <= 1 && (last === 0 || last >= terminal.rows);
      return false;
    });
    terminal.parser.registerEscHandler({ final: "c" }, () => {
      this.#clears++;
      this.#scrollsWhole = true;
      return false;
    });
    terminal.parser.registerCsiHandler({ final: "J" }, ([part]) => {
      const { cursorX, cursorY } = terminal.buffer.active;
      if (part === 2 || (part === 0 && cursorX === 0 && cursorY === 0)) this.#clears++;
      return false;
    });
  }

  /**
   * Makes a terminal.
   *
   * @param size columns and rows
   * @param log where what scrolls out goes
   */
  static async open(size: TerminalSize, log: RowLog): Promise<Screen> {
    const Emulator = await loadTerminal();
    const terminal = new Emulator({
      cols: size.width,
      rows: size.height,
      scrollback: SCROLLBACK,
      allowProposedApi: true,
      logLevel: "off",
    });
    return new Screen(terminal, log);
  }

  /** Calls `listener` with what the terminal answers to questions of a program, e.g. for the cursor's position. */
  onAnswer(listener: (data: string) => void): void {
    this.#terminal.onData(listener);
  }

  /** How often a line editor has said that it waits for input, by asking for bracketed paste (DECSET 2004). */
  get promptSignals(): number {
    return this.#promptSignals;
  }

  /** How often the cursor was put somewhere on the screen (CUP), as programs do that draw it. */
  get moves(): number {
    return this.#moves;
  }

  /** Number of the row in which the cursor stood when a full-screen program took the screen. */
  get rowOnLeaving(): number {
    return this.#rowOnLeaving;
  }

  /** How often the whole screen has been cleared. */
  get clears(): number {
    return this.#clears;
  }

  /** The row from which on the screen shows what came after the cursor's line began in `row`. */
  rowAfter(row: number, clearsThen: number): number {
    return this.#clears > clearsThen || this.cursor().row < row ? Math.min(row, this.top) : row;
  }

  /** True while a line editor waits for input, as far as it says so. */
  get pasteMode(): boolean {
    return this.#terminal.modes.bracketedPasteMode;
  }

  /** True while a program wants the arrow keys as SS3 sequences (DECCKM). */
  get applicationCursorKeys(): boolean {
    return this.#terminal.modes.applicationCursorKeysMode;
  }

  /** Columns and rows. */
  get size(): TerminalSize {
    return { width: this.#terminal.cols, height: this.#terminal.rows };
  }

  /** Number of the oldest row that is kept. */
  get first(): number {
    return this.#log.first;
  }

  /** Number of the screen's top row. */
  get top(): number {
    return this.#log.end;
  }

  /** How many of `bytes` {@linkcode Screen.write} may get at once. */
  slice(bytes: Uint8Array): number {
    return sliceOf(bytes, this.size);
  }

  /** Shows at most {@linkcode Screen.slice} bytes; resolves when they are on the screen. */
  write(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      if (typeof bytes === "string") this.#strings.reset();
      const bounded = typeof bytes === "string" ? bytes : this.#marks.take(this.#strings.take(bytes));
      this.#terminal.write(bounded, () => {
        this.#harvest();
        resolve();
      });
    });
  }

  /**
   * A copy of the scrollback, with what is on the screen behind it, up to row `limit`; of what a full-screen program
   * covers, not of that.
   */
  wholeLog(limit = Infinity): RowLog {
    this.#harvest();
    const log = this.#log.copy();
    const { normal } = this.#terminal.buffer;
    let end = normal.length;
    while (end > normal.baseY && (normal.getLine(end - 1)?.translateToString(true) ?? "").trim() === "") end--;
    end = Math.min(end, normal.baseY + limit - this.#log.end);
    for (let y = normal.baseY; y < end; y++) {
      const line = normal.getLine(y);
      if (line) log.push({ text: line.translateToString(true), wrapped: line.isWrapped });
    }
    return log;
  }

  /** True when lines that reach the bottom push the top row into the scrollback. */
  get scrollsWhole(): boolean {
    return this.#scrollsWhole && this.#terminal.buffer.active.type === "normal";
  }

  /** True when the cursor stands at the start of a row. */
  get atLineStart(): boolean {
    return this.#terminal.buffer.active.cursorX === 0;
  }

  /**
   * Shows whole lines, more than the screen has rows, with the cursor at the start of a row: all but the last go into
   * the scrollback without being drawn first.
   */
  async writeLines(lines: readonly string[]): Promise<void> {
    const { active } = this.#terminal.buffer;
    for (let y = 0; y < active.cursorY; y++) {
      const line = active.getLine(active.baseY + y);
      if (line) this.#log.push({ text: line.translateToString(true), wrapped: line.isWrapped });
    }
    const drawn = lines.length - this.#terminal.rows;
    for (let at = 0; at < drawn; at++) this.#log.push({ text: lines[at] ?? "", wrapped: false });
    await this.write("\x1b[H\x1b[0J" + lines.slice(drawn).join("\r\n") + "\r\n");
    this.#moves--; // that one is ours
  }

  /** Remembers that what comes next is not shown. */
  noteLoss(): void {
    this.#lossRow = this.cursor().row;
  }

  /** True when some of what came behind row `row` is not kept, or was never shown. */
  lostBehind(row: number): boolean {
    return row < this.first || row <= this.#lossRow;
  }

  /** Changes the size; what has scrolled out stays as it was. */
  resize({ width, height }: TerminalSize): void {
    this.#harvest();
    // Without scrollback nothing that is in the log already comes back onto a higher screen.
    this.#terminal.options.scrollback = 0;
    this.#terminal.options.scrollback = SCROLLBACK;
    this.#anchor?.dispose();
    this.#anchor = undefined;
    this.#beyondAnchor = 0;
    this.#terminal.resize(width, height);
    this.#scrollsWhole = true;
    this.#harvest();
  }

  /**
   * The lines from row `from` on, wrapped rows joined, each with the number of its first row; a line that begins above
   * `from` is whole.
   */
  *lines(from: number): Generator<{ row: number; text: string }> {
    let first = Math.max(this.first, from);
    while (first > this.first && this.#row(first)?.wrapped) first--;
    let text = "";
    for (let number = first; number < this.#end(); number++) {
      const row = this.#row(number);
      if (row === undefined) continue;
      if (number > first && !row.wrapped) {
        yield { row: first, text };
        text = "";
        first = number;
      }
      text += row.text;
    }
    yield { row: first, text };
  }

  /** What stands in the screen's rows, and the cursor's column and row there, from 0. */
  rows(): { rows: string[]; cursor: { x: number; y: number } } {
    const { active } = this.#terminal.buffer;
    const rows = Array.from(
      { length: this.#terminal.rows },
      (_none, y) => active.getLine(active.baseY + y)?.translateToString(true) ?? "",
    );
    return { rows, cursor: { x: active.cursorX, y: active.cursorY } };
  }

  /** What stands around the cursor. */
  cursor(): CursorView {
    const { active } = this.#terminal.buffer;
    const at = active.baseY + active.cursorY;
    let first = at;
    while (first > active.baseY && active.getLine(first)?.isWrapped) first--;
    let before = "";
    for (let row = first; row < at; row++) before += active.getLine(row)?.translateToString(true) ?? "";
    const line = active.getLine(at);
    before += line?.translateToString(false, 0, active.cursorX) ?? "";
    const after = line?.translateToString(true, active.cursorX).trimEnd() ?? "";
    return {
      row: this.#log.end + first - active.baseY,
      before,
      after,
      standout: standsOut(line, active.cursorX),
      alternate: active.type === "alternate",
      bottom: this.#bottom(),
    };
  }

  /** Number of the row in which the line begins that is `lines - 1` lines above the last one. */
  rowOfTail(lines: number): number {
    let row = this.#end() - 1;
    for (let found = 0; row > this.first; row--) {
      if (!this.#row(row)?.wrapped && ++found >= lines) break;
    }
    return Math.max(row, this.first);
  }

  /**
   * What is shown from row `from` on, wrapped rows joined to the lines they are of. While a full-screen program shows
   * its own screen, that screen, whatever `from` is.
   */
  render(from: number): Rendering {
    if (this.#terminal.buffer.active.type === "alternate") {
      return { text: this.#joined(this.top), start: 0, openStart: false };
    }
    const start = Math.max(this.first, from);
    let contextRow = start;
    for (let characters = 0; contextRow > this.first && characters < CONTEXT_CHARACTERS; contextRow--) {
      characters += (this.#row(contextRow - 1)?.text.length ?? 0) + 1;
    }
    const context = this.#joined(contextRow, start);
    const separator = start > contextRow && !this.#row(start)?.wrapped ? "\n" : "";
    const text = context + separator + this.#joined(start);
    return { text, start: context.length + separator.length, openStart: contextRow > 0 };
  }

  /** Frees the emulator. */
  dispose(): void {
    this.#terminal.dispose();
  }

  /** Rows `from` to `to` as lines. */
  #joined(from: number, to = this.#end()): string {
    const parts: string[] = [];
    for (let number = from; number < to; number++) {
      const row = this.#row(number);
      if (row === undefined) continue;
      if (number > from && !row.wrapped) parts.push("\n");
      parts.push(row.text);
    }
    return parts.join("");
  }

  /** Number behind the last row that shows something or holds the cursor. */
  #end(): number {
    const { active } = this.#terminal.buffer;
    let y = this.#terminal.rows - 1;
    while (y > active.cursorY && (active.getLine(active.baseY + y)?.translateToString(true) ?? "").trim() === "") y--;
    return this.#log.end + y + 1;
  }

  #row(number: number): Row | undefined {
    if (number < this.#log.end) return this.#log.at(number);
    const { active } = this.#terminal.buffer;
    const line = active.getLine(active.baseY + number - this.#log.end);
    return line && { text: line.translateToString(true), wrapped: line.isWrapped };
  }

  #bottom(): string {
    const { active } = this.#terminal.buffer;
    for (let y = this.#terminal.rows - 1; y >= 0; y--) {
      const text = active.getLine(active.baseY + y)?.translateToString(true).trimEnd() ?? "";
      if (text !== "") return text;
    }
    return "";
  }

  #leaveNormal(): void {
    const { active } = this.#terminal.buffer;
    if (active.type === "alternate") return;
    this.#harvest();
    this.#rowOnLeaving = this.#log.end + active.cursorY;
  }

  /** Takes what has left the screen into the log. */
  #harvest(): void {
    const { active, normal } = this.#terminal.buffer;
    const anchorLine = this.#anchor === undefined ? -1 : this.#anchor.line;
    // A program that erases the scrollback (ED 3) takes the anchor with it.
    if (this.#anchor?.isDisposed) this.#beyondAnchor = 0;
    const from = anchorLine + 1 + this.#beyondAnchor;
    for (let y = from; y < normal.baseY; y++) {
      const line = normal.getLine(y);
      if (line) this.#log.push({ text: line.translateToString(true), wrapped: line.isWrapped });
    }
    this.#beyondAnchor += Math.max(0, normal.baseY - from);
    if (active.type === "alternate") return; // a marker can only be set in the buffer that is shown
    this.#anchor?.dispose();
    this.#anchor = normal.baseY === 0 ? undefined : this.#terminal.registerMarker(-(normal.cursorY + 1));
    this.#beyondAnchor = 0;
  }
}

/** True when the first `columns` cells of a row are in inverse video, or in italics: TERM=screen stands out that way. */
function standsOut(row: ReturnType<Terminal["buffer"]["active"]["getLine"]>, columns: number): boolean {
  for (let x = 0; x < columns; x++) {
    const cell = row?.getCell(x);
    if (!cell?.isInverse() && !cell?.isItalic()) return false;
  }
  return columns > 0;
}
