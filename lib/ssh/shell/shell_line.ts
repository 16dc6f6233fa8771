/** The lines that are typed into a shell for our own purposes. */
import { quoteWord } from "../../quote.ts";

/** Longest line: busybox's line editor takes 1023 characters, a terminal without one 4095 (termios(3) on Linux). */
const MAX_LINE_CHARACTERS = 900;

/**
 * Ctrl-E and Ctrl-U: takes what stands in a line editor, or in the terminal's own line, out of it. Typed before each line
 * of ours, so that nothing runs together with it.
 */
export const EMPTY_LINE = "\x05\x15";

/** Longest command that is run for its exit code, in bytes. */
export const MAX_AWAITED_BYTES = 32_000;

/**
 * What is typed to run `command` and mark where it begins and how it ended.
 *
 * The command travels as octal escapes, so that no line editor takes a tab, a quote or an exclamation mark for its own.
 * It is evaluated in the shell itself, after `$?` has been put back to what it was, and where a syntax error would take
 * the rest of the line with it (dash), through `command`, which forbids that (POSIX.1-2017, command).
 *
 * @param command any text
 * @param token as {@linkcode MarkerFilter.expect} gave it
 */
export function awaitLine(command: string, token: string): string {
  const words = escapedWords("\n" + command);
  return ` __mcp_s=$?; { ${beginMarker(token)}; ${forgetLine(token)}; } >/dev/tty 2>/dev/null; ` +
    `__mcp_c=$(printf '%b' ${words}); case \${ZSH_VERSION-} in '') ` +
    `command eval "unset __mcp_c __mcp_s; (exit $__mcp_s)$__mcp_c";; ` +
    `*) eval "unset __mcp_c __mcp_s; (exit $__mcp_s)$__mcp_c";; esac; ` +
    `${endGroup(token)}\r`;
}

/** What is typed to ask a shell that is back at its prompt how its last command ended. */
export function statusLine(token: string): string {
  return ` ${endGroup(token)}\r`;
}

/**
 * What is typed to make a shell evaluate what a FIFO gives. The end marker has `1` as its first field when the FIFO's
 * last words, {@linkcode SOURCED}, were evaluated.
 */
export function sourceLine(path: string, token: string): string {
  return ` { ${beginMarker(token)}; ${forgetLine(token)}; } >/dev/tty 2>/dev/null; ` +
    `{ eval "$(command cat ${quoteWord(path)})"; } 2>/dev/null; ` +
    `{ printf '\\033]7717;%s;E;%s;%s;%s;%s\\007' ${token} "\${__mcp_ok-0}" "$$" "$PWD" ${token}; unset __mcp_ok; } ` +
    `>/dev/tty 2>/dev/null\r`;
}

/** What the text behind {@linkcode sourceLine} ends with. */
export const SOURCED = "\n__mcp_ok=1\n";

function beginMarker(token: string): string {
  return `printf '\\033]7717;%s;B;%s;%s\\007' ${token} "$$" ${token}`;
}

/** Tells `$?`, the shell's process id and its directory, and leaves `$?` as it was. */
function endGroup(token: string): string {
  return `__mcp_s=$?; { printf '\\033]7717;%s;E;%s;%s;%s;%s\\007' ${token} "$__mcp_s" "$$" "$PWD" ${token}; ` +
    `${forgetLine(token)}; } >/dev/tty 2>/dev/null; eval "unset __mcp_s __mcp_c; (exit $__mcp_s)"`;
}

/** Takes the line out of bash's history; other shells are told to leave out lines that begin with a blank. */
function forgetLine(token: string): string {
  return "case ${BASH_VERSION-} in ?*) case $(history 1) in *" + token.slice(0, 12) +
    "*) history -d $(set -f; set -- $(history 1); echo ${1%\\*});; esac;; esac";
}

/** `text` as single-quoted words for `printf %b`, broken into lines that every terminal takes. */
function escapedWords(text: string): string {
  let line = "'";
  let lines = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    line += /[A-Za-z0-9 _./,=:+@-]/.test(character) ? character : "\\0" + byte.toString(8).padStart(3, "0");
    if (line.length < MAX_LINE_CHARACTERS - 450 * Number(lines === "")) continue;
    lines += line + "'\\\r";
    line = "'";
  }
  return lines + line + "'";
}

/** Our lines as a terminal that was not ours has kept them, and what the command in them looked like. */
const KEPT_LINES =
  / __mcp_s=\$\?; \{ printf '\\033\]7717;[^]*?printf '%b' ([^]*?)\); case [^]*?eval "unset __mcp_s __mcp_c; \(exit \$__mcp_s\)"| (?:__mcp_s=\$\?; )?\{ printf '\\033\]7717;[^]{0,2000}?(?:\(exit \$__mcp_s\)"|unset __mcp_ok; \} >\/dev\/tty 2>\/dev\/null)/g;

/** `text`, with each line of ours replaced by the command that it ran. */
export function withoutOurLines(text: string): string {
  if (!text.includes("__mcp_")) return text;
  return text.replace(KEPT_LINES, (_line, words: string | undefined) => words === undefined ? "" : commandIn(words));
}

/** The command that {@linkcode escapedWords} has escaped. */
function commandIn(words: string): string {
  const escapes = words.replace(/'\\\r?\n[^']*'/g, "").replaceAll("'", "");
  const bytes = escapes.replace(/\\0([0-7]{3})/g, (_escape, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return new TextDecoder().decode(Uint8Array.from(bytes, (character) => character.charCodeAt(0))).trimStart();
}
