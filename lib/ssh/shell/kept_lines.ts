/** Our own lines where a terminal, or a shell that was not ours, has kept them. */
import { awaitLine, sourceLine, statusLine } from "./shell_line.ts";

/** How a line begins that runs a command; in what stands behind is {@linkcode COMMAND_END}. */
const RUN = " { __mcp_s=$?; __mcp_w=";
const COMMAND_END = "; __mcp_c=;";
/** The line, or what is left of one: from a later word on, one that runs nothing, what is behind the command. */
const START =
  /(?<run> \{ __mcp_s=\$\?; __mcp_w=)|(?<words> ?; __mcp_w=\$__mcp_w)|(?<idle> \{ (?:__mcp_s=\$\?; )?case \$\{BASH_VERSION-\} in)| ?__mcp_s=\$\?; \{ printf /g;
const WHOLE_STARTS = [RUN, " { __mcp_s=$?; case ", " { case ${BASH_VERSION-} in"] as const;
/** What a shell without a line editor asks for the next line with: it may stand wherever the echo was when it asked. */
const ASKED = "> ";
const RUN_END = withinEcho('__mcp_c; (exit $__mcp_s)"; } 2>/dev/null&&:');
const ENDS = [RUN_END, withinEcho("unset __mcp_ok; } >/dev/tty 2>/dev/null")] as const;
const TOKEN = /mcp[0-9a-f]{16}/;

/** What a terminal may have put in between, in characters. */
const SLACK = 60;
const ANY_TOKEN = "mcp" + "0".repeat(24);
const LONGEST_PATH = "/".repeat(300);
/** How far behind its beginning the end of a line that is whole may be. */
const MOST = {
  behindCommand: lengthFrom(COMMAND_END) + SLACK,
  behindRun: lengthFrom(" __mcp_s=$?; { printf ") + SLACK,
  idle: Math.max(sourceLine(LONGEST_PATH, ANY_TOKEN).length, statusLine(ANY_TOKEN).length) + SLACK,
};

function lengthFrom(words: string): number {
  const line = awaitLine("", ANY_TOKEN);
  return line.length - line.lastIndexOf(words);
}

/** `text`, with each line of ours replaced by the command that it ran. */
export function withoutOurLines(text: string): string {
  if (!text.includes("__mcp_")) return text;
  const places = new Places(text);
  let shown = "";
  let from = 0;
  for (const start of text.matchAll(START)) {
    if (start.index < from) continue;
    const body = start.index + start[0].length;
    const end = places.endOf(body, start.groups ?? {}) ?? places.endOfDamaged(start.index);
    if (end === undefined) continue;
    const echo = text.slice(body, end);
    const line = echo.replaceAll(ASKED, "");
    shown += text.slice(from, start.index) + (start.groups?.run === undefined ? "" : commandIn(line));
    from = end;
    if (text[end] !== "\n") continue;
    const toAsk = line.split("\\\n").length - echo.split(ASKED).length;
    let behind = end + 1;
    for (let asked = 0; asked < toAsk && text.startsWith(ASKED, behind); asked++) behind += ASKED.length;
    shown += "\n";
    from = behind;
  }
  return shown + text.slice(from);
}

/** Where lines of ours end; asked in order, so that no part of the text is looked at again and again. */
class Places {
  readonly #text: string;
  #commandEnd = -1;
  #nextRun = -1;
  #notOurs = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** The end of a line that is whole behind `body`; undefined when none is near enough to be its own. */
  endOf(body: number, { run, words, idle }: Record<string, string | undefined>): number | undefined {
    if (run === undefined && words === undefined) {
      return endNear(this.#text, body, idle === undefined ? MOST.behindRun : MOST.idle, ENDS);
    }
    if (this.#commandEnd < body) this.#commandEnd = this.#next(COMMAND_END, body);
    if (this.#nextRun < body) this.#nextRun = this.#next(RUN, body);
    if (this.#nextRun <= this.#commandEnd) return undefined;
    const end = endNear(this.#text, this.#commandEnd, MOST.behindCommand, [RUN_END]);
    return end !== undefined && this.#nextRun < end ? undefined : end;
  }

  /**
   * The end of what is left of a line whose end the terminal has overwritten: of the line in which it begins, and of
   * those that it goes on in. Undefined when nothing in it is ours alone.
   */
  endOfDamaged(start: number): number | undefined {
    if (start < this.#notOurs) return undefined;
    let end = start;
    do end = this.#text.indexOf("\n", end + 1); while (end >= 0 && /\\(?:> )?$/.test(this.#text.slice(end - 3, end)));
    if (end < 0) end = this.#text.length;
    if (TOKEN.test(this.#text.slice(start, end))) return end;
    this.#notOurs = end;
    return undefined;
  }

  #next(words: string, from: number): number {
    const at = this.#text.indexOf(words, from);
    return at < 0 ? Infinity : at;
  }
}

/** True when in `text` a line of ours begins before `at` in such a way that only what is behind can tell it. */
export function beginsOurLine(text: string, at: number): boolean {
  return WHOLE_STARTS.some((start) => {
    const found = text.indexOf(start, Math.max(0, at - start.length + 1));
    return found >= 0 && found < at;
  });
}

/** True when a line of ours ends in `text`. */
export function closesOurLine(text: string): boolean {
  return endNear(text, 0, Infinity, ENDS) !== undefined;
}

/** True when `text` ends in the middle of a line of ours. */
export function endsInOurLine(text: string): boolean {
  const start = Math.max(...WHOLE_STARTS.map((begin) => text.lastIndexOf(begin)));
  return start >= 0 && endNear(text, start, Infinity, ENDS) === undefined;
}

/** Finds `words` in an echo, also where the shell has asked for the next line in between. */
function withinEcho(words: string): RegExp {
  const asked = `(?:${ASKED})*`;
  return new RegExp(words.replaceAll(/[^]/g, (character) => character.replace(/[^\w ]/, "\\$&") + asked));
}

/** Where the first of the `ends` ends that is in the next `most` characters. */
function endNear(text: string, from: number, most: number, ends: readonly RegExp[]): number | undefined {
  const window = text.slice(from, from + most);
  const found = ends.map((end) => end.exec(window)).filter((match) => match !== null);
  return found.length === 0 ? undefined : from + Math.min(...found.map(({ index, 0: end }) => index + end.length));
}

/** The command that a line runs, in what stands behind its beginning. */
function commandIn(line: string): string {
  const words = line.slice(0, Math.max(0, line.indexOf(COMMAND_END)));
  const escapes = words.match(/'[^']*'/g)?.map((word) => word.slice(1, -1)).join("") ?? "";
  const bytes = escapes.replace(/\\0([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))).trimStart();
}
