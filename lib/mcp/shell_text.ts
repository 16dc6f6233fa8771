/** A shell's output as a client may see it: masked as a whole first, cut to what was asked for afterwards. */
import type { Redactor } from "../secrets/redactor.ts";
import { quoteUntrusted, ToolError } from "../errors.ts";
import type { Rendering } from "../ssh/shell/screen.ts";
import { withoutOurLines } from "../ssh/shell/kept_lines.ts";
import type { Shell } from "../ssh/shell.ts";

/** What part of a shell's output is wanted. */
export interface Wanted {
  /** At most this many of the last lines. */
  lines: number;
  /** Only what came behind this cursor. */
  since?: string | undefined;
  /** Only what is shown from this row on. */
  fromRow?: number | undefined;
  /** The bytes as text instead of what they look like; from this offset on. */
  raw?: { fromOffset: number } | undefined;
}

/** A part of a shell's output. */
export interface ShellText {
  /** The text. */
  output: string;
  /** Lines above `output` that were left out because of the limit. */
  omitted_lines?: number;
  /** True when some of what came since is no longer kept. */
  lost?: boolean;
}

const NOTHING: ShellText = { output: "" };

/** What is wanted of a shell's output. @throws {ToolError} `invalid_argument` for a cursor that is none of this shell */
export function shellText(shell: Shell, redactor: Redactor, wanted: Wanted): ShellText {
  const place = wanted.since === undefined ? undefined : shell.placeOf(wanted.since);
  if (wanted.raw !== undefined) return rawText(shell, redactor, place?.offset ?? wanted.raw.fromOffset, wanted.lines);
  if (place === undefined) return renderedText(shell, redactor, wanted.fromRow ?? 0, wanted.lines);
  if (place.offset === shell.position.offset) return NOTHING;
  const lost = shell.lostBehind(place.row);
  const from = shell.rowBehind(place);
  const text = from === undefined ? NOTHING : renderedText(shell, redactor, from, wanted.lines);
  return { ...text, ...(lost && { lost }) };
}

/** The last `lines` lines of a rendering, masked. */
export function maskedTail(rendering: Rendering, redactor: Redactor, lines: number): ShellText {
  const { openStart } = rendering;
  // What a shell says of its jobs and of its history is not in our words.
  const text = rendering.text.slice(0, rendering.start) + withoutOurLines(rendering.text.slice(rendering.start));
  const start = tailStart(text, rendering.start, lines);
  const omitted = countLineEnds(text, rendering.start, start);
  // Blanks that a program wrote to clear a line are nothing that a person sees; one marks the end of a prompt.
  const output = maskedFrom(redactor, text, start, openStart).replace(/[^\S\n]+$/gm, "").trimEnd();
  return {
    output: output !== "" && text.endsWith(" ") ? output + " " : output,
    ...(omitted > 0 && { omitted_lines: omitted }),
  };
}

function renderedText(shell: Shell, redactor: Redactor, from: number, lines: number): ShellText {
  const first = Math.max(from, shell.rowOfTail(lines));
  return maskedTail(shell.render(first), redactor, lines);
}

function rawText(shell: Shell, redactor: Redactor, from: number, lines: number): ShellText {
  const { bytes, offset } = shell.bytes();
  const text = new TextDecoder().decode(bytes);
  const first = new TextDecoder().decode(bytes.subarray(0, Math.max(0, from - offset))).length;
  const start = tailStart(text, Math.min(first, text.length), lines);
  const omitted = countLineEnds(text, first, start);
  return {
    output: maskedFrom(redactor, text, start, offset > 0),
    ...(omitted > 0 && { omitted_lines: omitted }),
    ...(from < offset && { lost: true }),
  };
}

/** `text` from `start` on, with every value masked that begins before `start`, too. */
function maskedFrom(redactor: Redactor, text: string, start: number, openStart: boolean): string {
  if (!redactor.active) return text.slice(start);
  let shown = "";
  let at = start;
  for (const span of redactor.findInText(new Set([text, undrawn(text)]), { openStart, openEnd: true })) {
    if (span.end <= start) continue;
    shown += text.slice(at, Math.max(at, span.start)) + "***";
    at = Math.max(at, span.end);
  }
  return shown + text.slice(at);
}

/** What a terminal draws in place of "`" to "~" when a program has chosen so: "Special Graphics" of DEC's VT100. */
const GRAPHICS = "◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

/** `text` with the characters that a program wrote where the terminal has drawn others. */
function undrawn(text: string): string {
  return text.replace(/[\xa3-\uffff]/g, (drawn) => {
    const index = GRAPHICS.indexOf(drawn);
    return index < 0 ? drawn : String.fromCharCode(0x60 + index);
  });
}

/** Where the last `lines` lines begin, not before `from`. */
function tailStart(text: string, from: number, lines: number): number {
  let at = text.length;
  for (let found = 0; found < lines; found++) {
    const lineEnd = at === 0 ? -1 : text.lastIndexOf("\n", at - 1);
    if (lineEnd < from) return from;
    at = lineEnd;
  }
  return at + 1;
}

function countLineEnds(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

/** `name`, which is fit for a shell. @throws {ToolError} `invalid_argument` when it is not */
export function checkedName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,40}$/.test(name)) return name;
  throw new ToolError("invalid_argument", `name ${quoteUntrusted(name, 60)} is none for a shell`, {
    hint: "take 1 to 40 letters, digits, _ and -",
  });
}
