/** What a shell has shown, as bytes with marks of the terminal's size, brought onto a screen and drawn anew from there. */
import { Buffer } from "node:buffer";
import type { Deadline } from "../deadline.ts";
import { drawnAlternate, drawnLines, drawnScreen } from "./kept_screen.ts";
import type { Screen, TerminalSize } from "./screen.ts";
import { ShellIo } from "./shell_io.ts";

/** What begins what is kept, unless it has been dropped. */
const START = Buffer.from("\x1b]7717;kept\x07", "latin1");
// deno-lint-ignore no-control-regex -- markers begin and end with control characters
const MARK = /\x1b\]7717;(\w{1,64});K;(\d{1,4});(\d{1,4});\1\x07/g;
const LINE_FEED = 10;
/** Sizes of the terminal that are told apart; each costs a new layout of the screen. */
const MAX_PARTS = 100;
const WIDEST = 1000;
const HIGHEST = 500;

/** What was kept of a terminal. */
export interface KeptBytes {
  /** The bytes; behind each part of them stands a marker with the size that the terminal had then. */
  bytes: Buffer;
  /** The token of the marker at which they end. */
  token: string;
  /** The terminal modes that were switched before, as the ends of the sequences that do it. */
  modes: readonly string[];
}

/** What limits the work of drawing. */
export interface DrawLimits {
  deadline: Deadline;
  /** Ends the work. */
  signal?: AbortSignal | undefined;
}

/**
 * Draws anew what was shown.
 *
 * @param kept what was kept
 * @param size the terminal's size where no marker tells it, and the one that it is drawn for
 * @throws {ToolError} `timed_out` or `cancelled`
 */
export async function redrawn(kept: KeptBytes, size: TerminalSize, limits: DrawLimits): Promise<string> {
  const { parts, begins } = partsOf(kept, size);
  const io = await ShellIo.open(parts[0]?.size ?? size, { answers: false });
  try {
    if (!begins) io.onData(Buffer.from(kept.modes.map((mode) => `\x1b${mode}`).join("")));
    for (const part of parts) {
      io.screen.resize(part.size);
      io.onData(part.bytes);
      await limits.deadline.race(io.shown(), () => "picture of what was shown", limits.signal);
    }
    io.screen.resize(size);
    return drawn(io.screen);
  } finally {
    io.dispose();
  }
}

interface Part {
  bytes: Buffer;
  size: TerminalSize;
}

/** The bytes up to the last marker, by the size of the terminal. */
function partsOf({ bytes, token }: KeptBytes, size: TerminalSize): { parts: Part[]; begins: boolean } {
  const start = bytes.indexOf(START);
  // The line in whose middle bytes begin is no whole line.
  let from = start < 0 ? bytes.indexOf(LINE_FEED) + 1 : start + START.length;
  const parts: Part[] = [];
  const text = bytes.toString("latin1");
  MARK.lastIndex = from;
  for (let mark = MARK.exec(text); mark !== null; mark = MARK.exec(text)) {
    const [whole, name, width, height] = mark;
    if (parts.length >= MAX_PARTS && name !== token) continue;
    parts.push({ bytes: bytes.subarray(from, mark.index), size: possible(Number(width), Number(height)) ?? size });
    from = mark.index + whole.length;
    if (name === token) return { parts, begins: start >= 0 };
  }
  parts.push({ bytes: bytes.subarray(from), size });
  return { parts, begins: start >= 0 };
}

function possible(width: number, height: number): TerminalSize | undefined {
  return width >= 2 && height >= 2 && width <= WIDEST && height <= HIGHEST ? { width, height } : undefined;
}

function drawn(screen: Screen): string {
  const { size } = screen;
  const { cursor, rows } = screen.rows();
  const modes = (screen.applicationCursorKeys ? "\x1b[?1h\x1b=" : "") + (screen.pasteMode ? "\x1b[?2004h" : "");
  if (screen.cursor().alternate) {
    const above = drawnLines(screen.wholeLog().lines(), size.width);
    return above + "\r\n" + drawnAlternate({ lines: rows, cursor, size }) + modes;
  }
  const last = Math.max(cursor.y, rows.findLastIndex((row) => row.trim() !== ""));
  const lines = [...screen.lines(0)].map(({ text }) => text);
  return drawnScreen({ lines: [...lines, ...rows.slice(last + 1)], cursor, size }) + modes;
}
