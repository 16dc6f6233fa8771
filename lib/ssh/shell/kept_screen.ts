/** What a multiplexer has kept of a terminal, as what draws it again. */
import type { TerminalSize } from "./screen.ts";
import { beginsOurLine, closesOurLine, endsInOurLine, withoutOurLines } from "./kept_lines.ts";

/** Characters that take two columns: what Unicode calls East Asian wide, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** More than the end of a line of ours has. */
const ENDING_CHARACTERS = 100;
/** A line of ours in an editor that has one row, as mksh's: its end, and a sign that there is more to the left. */
const SCROLLED = /__mcp_.* <\s*$/;
/** The end of a line of ours that goes on in the next. */
const FOLDED = /\\(?:>? *)?$/;
const NO_COLUMN = /\p{M}|\p{Cf}/u;

/** A terminal's text and where its cursor is. */
export interface KeptScreen {
  /** The lines, wrapped rows joined, down to the screen's last row, blank or not. */
  lines: readonly string[];
  /** The cursor's column and row on the screen, from 0. */
  cursor: { x: number; y: number };
  /** Columns and rows of the screen. */
  size: TerminalSize;
}

/** What draws the lines anew, as they would look had the shell been ours alone, and puts the cursor at its place. */
export function drawnScreen({ lines, cursor: { x, y }, size }: KeptScreen): string {
  const clean = cleaned(lines, size.width);
  // Counted from below: lines that wrap, and ours, count above as others.
  let below = size.height - 1 - y;
  for (; below > 0 && clean.length > 1 && clean.at(-1) === ""; below--) clean.pop();
  const up = below > 0 ? `\x1b[${below}A` : "";
  // The blanks at the end of a prompt are written, as the shell wrote them.
  const blanks = below > 0 ? 0 : Math.max(0, x - columnsOf(clean.at(-1) ?? ""));
  return clean.join("\r\n") + " ".repeat(blanks) + "\r" + up + (x > 0 ? `\x1b[${x}C` : "");
}

/** What draws lines alone, on a terminal of that width. */
export function drawnLines(lines: readonly string[], width: number): string {
  return cleaned(lines, width).join("\r\n");
}

/** What draws the screen of a program that has all of it. */
export function drawnAlternate(kept: KeptScreen): string {
  const { cursor: { x, y } } = kept;
  const rows = kept.lines.slice(linesAbove(kept)).map((line) => line.trimEnd()).join("\r\n");
  return `\x1b[?1049h\x1b[H${rows}\x1b[${y + 1};${x + 1}H`;
}

/** How many of the lines have left the screen. */
export function linesAbove({ lines, size: { width, height } }: KeptScreen): number {
  let at = lines.length;
  for (let rows = 0; at > 0 && rows < height; at--) {
    rows += Math.max(1, Math.ceil(columnsOf((lines[at - 1] ?? "").trimEnd()) / width));
  }
  return at;
}

function cleaned(lines: readonly string[], width: number): string[] {
  const text = lines.join("\n");
  return (text.includes("__mcp_") ? withoutOurs(lines, width) : text).split("\n").map((line) => line.trimEnd());
}

/** Most line editors go on in the next row behind the last column, ksh93's before it. */
function withoutOurs(lines: readonly string[], width: number): string {
  const whole = lines.filter((line) => !SCROLLED.test(line));
  const clean = withoutOurLines(unbroken(whole, width, width));
  if (!clean.includes("__mcp_")) return clean;
  const before = withoutOurLines(unbroken(whole, width, width - 1));
  return before.includes("__mcp_") ? clean : before;
}

/** The lines as one text, in which those of ours are whole that a line editor breaks by itself behind `edge` columns. */
function unbroken(lines: readonly string[], width: number, edge: number): string {
  let text = "";
  let last = "";
  /** The end of the line of ours that has begun and not ended. */
  let open: string | undefined;
  for (const line of lines) {
    // A blank in the last column may have been cut off.
    const columns = columnsOf(last);
    const free: number = edge - (columns === 0 ? 0 : (columns - 1) % width + 1);
    const row: string = last + " ".repeat(free === 1 ? 1 : 0);
    if (free > 1 && !FOLDED.test(last)) open = undefined;
    const broken = free >= 0 && free <= 1 && (open !== undefined || beginsOurLine(row + line, row.length));
    const added: string = broken ? row.slice(last.length) + line : "\n" + line;
    const ours: string = open === undefined ? (broken ? row + line : line) : open + added;
    const ended = open !== undefined && closesOurLine(ours) && !endsInOurLine(ours);
    if (ended) open = undefined;
    else if (open !== undefined || endsInOurLine(ours)) open = ours.slice(-ENDING_CHARACTERS);
    text += added;
    last = line;
  }
  return text.slice(1);
}

function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    columns += character < "\u0300" ? 1 : WIDE.test(character) ? 2 : NO_COLUMN.test(character) ? 0 : 1;
  }
  return columns;
}
