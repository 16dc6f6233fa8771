/**
 * Getting variables into a remote command's environment with nothing of them in any argument list or file.
 *
 * The command is wrapped in a few words of POSIX shell that the login shell runs: they read one line from the
 * channel's stdin, evaluate it, and evaluate the command in the same shell, whose stdin then holds whatever comes
 * after that line. `read` takes one byte at a time from a pipe, so it never takes more than its line (POSIX.1-2017,
 * read, "no data beyond the line").
 *
 * Measured, 64 KB of variables through `read`: dash 37 ms, mksh 48, ksh93 50, bash 58, busybox ash 90, zsh 460. A long
 * line is therefore a short one that fetches the rest with `head -c`, which costs one small process (about 2 ms) and
 * takes exactly the bytes it is told.
 */
import { quoteWord } from "../quote.ts";

/** Above this many bytes, starting `head` is cheaper than reading byte by byte in any of the measured shells. */
const READ_BYTEWISE_UP_TO = 4096;

/**
 * Names that some shell keeps for itself: setting one can end the shell (read-only in bash's POSIX mode, an array in
 * zsh, a number in dash or mksh) or change who runs (UID and its kin in zsh).
 */
const SHELL_OWNED_NAMES: ReadonlySet<string> = new Set(
  ("ARGC BASHOPTS BASH_VERSINFO EGID ERRNO EUID GID HISTCMD HISTSIZE KSH_VERSION LINENO OPTIND PIPESTATUS PPID RANDOM " +
    "SECONDS SHELLOPTS TTYIDLE UID USERNAME ZSH_EVAL_CONTEXT ZSH_SUBSHELL aliases argv builtins cdpath commands dirstack " +
    "fignore fpath funcfiletrace funcsourcetrace funcstack functions functrace galiases history historywords jobdirs " +
    "jobstates jobtexts keymaps mailpath manpath modules module_path nameddirs options parameters path patchars " +
    "pipestatus psvar reswords saliases signals status termcap terminfo userdirs usergroups watch widgets").split(" "),
);

/**
 * Names that some shell sets again without a word, or that carry the variables there: setting one harms nothing, and
 * commands may not see the value.
 */
const SHELL_SET_NAMES: ReadonlySet<string> = new Set(
  ("BASHPID BASH_ARGC BASH_ARGV BASH_COMMAND BASH_LINENO BASH_SOURCE BASH_SUBSHELL DIRSTACK EPOCHREALTIME EPOCHSECONDS " +
    "FUNCNAME GROUPS SRANDOM _ __mcp_env __mcp_nl").split(" "),
);

/** Ends a line of variables, so that its end can be known. */
const LAST_STATEMENT = ": __mcp_end";

/** True when some login shell keeps this name for itself, so that commands may not see the loaded value. */
export function isShellOwned(name: string): boolean {
  return SHELL_OWNED_NAMES.has(name) || SHELL_SET_NAMES.has(name);
}

/**
 * The command to run in place of `command` when its variables travel on stdin. The shell that runs it, its stdin after
 * {@linkcode environmentLine}, its exit status and its line numbers are those that `command` alone would have.
 *
 * @param command what the agent asked for, as it is
 */
export function injectingCommand(command: string): string {
  return `IFS= read -r __mcp_env || exit 255; eval "$__mcp_env"; unset __mcp_env; eval ${quoteAll(command)}`;
}

/**
 * What goes first on the stdin of {@linkcode injectingCommand}: one line that sets and exports the variables, or for
 * many bytes a short line and then a long one.
 *
 * @param variables names that a POSIX shell can hold, and values without NUL
 * @throws {TypeError} when a name is none or a value holds a NUL
 */
export function environmentLine(variables: ReadonlyMap<string, string>): Uint8Array {
  const encoder = new TextEncoder();
  const exports = [...variables].map(([name, value]) => exportStatement(name, value, quoteInLine));
  // A line cannot hold a newline, so values get theirs from a variable; $() takes newlines off the end, hence the x.
  const statements = [...variables.values()].some((value) => value.includes("\n"))
    ? ["__mcp_nl=$(echo; echo x)", "__mcp_nl=${__mcp_nl%x}", ...exports, "unset __mcp_nl"]
    : exports;
  const line = encoder.encode([...statements, LAST_STATEMENT].join("; ") + "\n");
  return line.length <= READ_BYTEWISE_UP_TO ? line : concatenate(encoder.encode(fetchLine(line.length)), line);
}

/** Fetches a line of so many bytes and checks that it is whole: a lost connection must not run half an environment. */
function fetchLine(length: number): string {
  return `__mcp_env=$(head -c ${length} 2>/dev/null) && [ -n "$__mcp_env" ] || IFS= read -r __mcp_env || exit 255; ` +
    `case $__mcp_env in *'${LAST_STATEMENT}') eval "$__mcp_env";; *) exit 255;; esac\n`;
}

/**
 * Lines that set and export the variables in a shell that sources them, e.g. from a FIFO.
 *
 * @param variables names that a POSIX shell can hold, and values without NUL
 * @throws {TypeError} when a name is none or a value holds a NUL
 */
export function exportLines(variables: ReadonlyMap<string, string>): string {
  return [...variables].map(([name, value]) => exportStatement(name, value, quoteAll) + "\n").join("");
}

/**
 * A line that unsets the variables in a shell that sources it, or an empty text when there are none.
 *
 * @throws {TypeError} when a name is none that a POSIX shell can hold
 */
export function unsetLine(names: Iterable<string>): string {
  const free: string[] = [], guarded: string[] = [];
  for (const name of names) {
    if (SHELL_OWNED_NAMES.has(checkName(name))) guarded.push(guard(`unset ${name}`));
    else free.push(name);
  }
  const all = free.length > 0 ? [`unset ${free.join(" ")}`, ...guarded] : guarded;
  return all.length > 0 ? all.join("; ") + "\n" : "";
}

function exportStatement(name: string, value: string, quote: (value: string) => string): string {
  if (value.includes("\0")) throw new TypeError(`the value of ${name} holds a NUL, which no environment can carry`);
  const statement = `export ${checkName(name)}=${quote(value)}`;
  return SHELL_OWNED_NAMES.has(name) ? guard(statement) : statement;
}

/** Runs a statement only where a try in a subshell survives it, and never in zsh, which acts on such names. */
function guard(statement: string): string {
  return `[ -n "\${ZSH_VERSION-}" ] || { (${statement}) >/dev/null 2>&1 && ${statement}; } || :`;
}

function checkName(name: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new TypeError("a variable's name is none that a shell can hold");
  return name;
}

/** As quoteWord, and quoted even where no quote is needed: `~` and `=` mean something in an assignment. */
function quoteAll(text: string): string {
  const word = quoteWord(text);
  return word.startsWith("'") ? word : `'${word}'`;
}

function quoteInLine(value: string): string {
  return value.split("\n").map(quoteAll).join('"$__mcp_nl"');
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
