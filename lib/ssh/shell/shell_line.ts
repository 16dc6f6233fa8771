/** The lines that are typed into a shell for our own purposes. */
import { quoteWord } from "../../quote.ts";

/**
 * Longest line: busybox's line editor takes 1023 characters, a terminal without one 4095 (termios(3) on Linux). Most
 * commands should go on one line: between two, the terminal itself may echo what comes, before the line editor does.
 */
const MAX_LINE_CHARACTERS = 1000;
const MAX_WORD_CHARACTERS = 400;

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
 * The command travels as octal escapes, so that no line editor takes a tab, a quote or an exclamation mark for its own;
 * bash and zsh decode them without a subshell, into whose output a DEBUG trap would write. It is evaluated in the shell
 * itself, after `$?` has been put back to what it was, and where a syntax error would take the rest of the line with it
 * (dash), through `command`, which forbids that (POSIX.1-2017, command). What is done around it is done without its
 * being traced (`set -x`). In a list that goes on, no ERR trap takes the old `$?` for a failure.
 *
 * @param command any text
 * @param token as {@linkcode MarkerFilter.expect} gave it
 */
export function awaitLine(command: string, token: string): string {
  return folded([
    " { __mcp_s=$?; __mcp_w=",
    ...escapedWords("\n" + command).map((word, at) => (at === 0 ? "" : "; __mcp_w=$__mcp_w") + word),
    "; __mcp_c=; case ${BASH_VERSION-}${ZSH_VERSION-} in ?*) printf -v __mcp_c '%b' \"$__mcp_w\" || :;; esac; " +
    "case $__mcp_c in '') __mcp_c=$(printf '%b' \"$__mcp_w\");; esac; ",
    // zsh looks for what follows `command` among the programs only.
    `__mcp_e=\${ZSH_VERSION:+builtin}; ${forgetLine(token)}; ${marker(token, "B", '"$$"')}; } >/dev/tty 2>/dev/null; `,
    '${__mcp_e:-command} eval "unset __mcp_c __mcp_e __mcp_w __mcp_s; (exit $__mcp_s)&&:$__mcp_c"; ',
    // Not in the group: in ksh93 a DEBUG trap comes between, and changes it.
    `__mcp_s=$?; { ${endMarker(token)}; } >/dev/tty 2>/dev/null; ${RESTORE_STATUS}`,
  ]) + "\r";
}

/** A line of a command's output that is the trace of one of ours: some shells cannot be kept from it. */
export function isOurTrace(line: string, token: string): boolean {
  return line.includes(token) ||
    /(?:^|\s)__mcp_s=\d{1,3}\s*$|^(?:\+\S* |\[[\d.]+\] )?(?:command |builtin )?(?:eval [$'"]*)?unset __mcp_c __mcp_e __mcp_w/
      .test(line);
}

/** What is typed to ask a shell that is back at its prompt how its last command ended. */
export function statusLine(token: string): string {
  return folded([
    ` { __mcp_s=$?; ${forgetLine(token)}; `,
    `${endMarker(token)}; } >/dev/tty 2>/dev/null; ${RESTORE_STATUS}`,
  ]) + "\r";
}

/**
 * What is typed to make a shell evaluate what a FIFO gives. The end marker has `1` as its first field when the FIFO's
 * last words, {@linkcode SOURCED}, were evaluated.
 */
export function sourceLine(path: string, token: string): string {
  return folded([
    ` { ${forgetLine(token)}; } >/dev/tty 2>/dev/null; { eval "$(command cat ${quoteWord(path)})"; } 2>/dev/null; `,
    `{ ${marker(token, "E", '"${__mcp_ok-0}" "$$" "$PWD"')}; unset __mcp_ok; } >/dev/tty 2>/dev/null`,
  ]) + "\r";
}

/** What the text behind {@linkcode sourceLine} ends with. */
export const SOURCED = "\n__mcp_ok=1\n";

/** Puts `$?` back to what it was, as above. */
const RESTORE_STATUS = '{ eval "unset __mcp_s __mcp_c; (exit $__mcp_s)"; } 2>/dev/null&&:';

/** Prints a marker of that kind with these words as its fields. */
function marker(token: string, kind: string, fields: string): string {
  const format = `\\033]7717;%s;${kind}${";%s".repeat(fields.split(" ").length)};%s\\007`;
  return `printf '${format}' ${token} ${fields} ${token}`;
}

/** Tells the exit status, the shell's process id and its directory. */
function endMarker(token: string): string {
  return marker(token, "E", '"$__mcp_s" "$$" "$PWD"');
}

/** Takes the line out of bash's history; other shells are told to leave out lines that begin with a blank. */
function forgetLine(token: string): string {
  return "case ${BASH_VERSION-} in ?*) case $(history 1) in *" + token.slice(0, 12) +
    "*) history -d $(set -f; set -- $(history 1); echo ${1%\\*});; esac;; esac";
}

/**
 * The parts of one command line, on as many lines as it takes for every terminal to take them. mksh keeps all but
 * the first of them in its history, whatever they begin with.
 */
function folded(parts: readonly string[]): string {
  let lines = "";
  let length = 0;
  for (const part of parts) {
    if (length > 0 && length + part.length > MAX_LINE_CHARACTERS) {
      lines += "\\\r ";
      length = 1;
    }
    lines += part;
    length += part.length;
  }
  return lines;
}

/** `text` as single-quoted words for `printf %b`. */
function escapedWords(text: string): string[] {
  const words: string[] = [];
  let word = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    word += /[A-Za-z0-9 _./,=:+@-]/.test(character) ? character : "\\0" + byte.toString(8).padStart(3, "0");
    if (word.length < MAX_WORD_CHARACTERS) continue;
    words.push(`'${word}'`);
    word = "";
  }
  return word === "" ? words : [...words, `'${word}'`];
}
