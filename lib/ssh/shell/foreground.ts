/**
 * Who has a terminal: its shell, or a program that the shell runs. No screen tells a prompt that looks like a question
 * from a question; the host knows which process group is in the foreground (POSIX.1-2017, tcgetpgrp), and a second
 * channel can ask it.
 */
import { ToolError } from "../../errors.ts";
import { scriptCommand } from "../../quote.ts";
import { ask } from "../commands/ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import type { EditorSigns } from "./situation.ts";

const LIMIT_MS = 1500;
/** Shells whose line editor says that it waits. */
const SPEAKING = /^(?:bash|zsh|fish)$/;
/** The shell's own command that reads a line, in what was typed. */
const READ = /(?<![A-Za-z_])read\b/;
/** Shells that may have no line editor. */
const WITHOUT_EDITOR = /^(?:sh|dash)$/;

/** How a shell's process is found at the far end. */
export interface ShellProcess {
  /** Words of a POSIX shell that set `parent`, the process that has started the shell, or `pid`, the shell's own. */
  find: string;
  /** Which of that parent's shells it is, counted from 0 in the order of their start, and of how many. @default the only */
  among?(): { at: number; of: number };
}

/** A shell that has its terminal to itself, and how it reads from it. */
export interface ForegroundShell {
  /** The program's name, e.g. `dash`. */
  name: string;
  /** `raw`: key by key; `cooked`: by lines, as the terminal edits them; `silent`: by lines that are not echoed. */
  reads: "raw" | "cooked" | "silent";
  /** True when it waits for the terminal just now, and not, e.g., for a process. */
  atTerminal: boolean;
}

/** Who has a terminal. */
export type Foreground = ForegroundShell | "program";

/**
 * Of each shell: when it was started, its process id, the name of the shell that has its terminal, or a slash when that
 * is none, how that reads, and in which function of the kernel it waits. A shell that was started from it, without a
 * script and with the terminal as its input, is one, too. What is asked for is in proc(5), field by field.
 */
const SCRIPT = `LC_ALL=C; export LC_ALL; echo
nested() { case $n in sh|dash|bash|ash|zsh|ksh|ksh93|mksh) ;; *) return 1;; esac
[ "$(tr '\\0' '\\n' <"/proc/$1/cmdline" | grep -vc ^-)" -le 1 ] && [ -t 0 ] <"/proc/$1/fd/0"; }
for f in /proc/[0-9]*/stat; do read -r l <"$f" || continue; p=\${l%% *}; set -- \${l##*) }
[ "$p" = "$4" ] && [ "$5" != 0 ] && [ "$1" != Z ] || continue
[ "$p" = "$pid" ] || [ "$2" = "$parent" ] || continue
read -r n <"/proc/$6/comm" || n=/; [ "$6" = "$3" ] || nested "$6" || n=/
case $(stty -a <"/proc/$p/fd/0") in *' -icanon'*) m=raw;; *' -echo '*) m=silent;; *) m=cooked;; esac
w=; read -r w <"/proc/$6/wchan"; echo "front \${20} $p $n $m $w"; done`;
const ANSWER = /^front (\d+) (\d+) (\S+) (raw|cooked|silent) ?(\S*)$/gm;
/** Where Linux waits for input from a terminal. */
const AT_TERMINAL = /tty|^wait_woken/;

/**
 * Asks the host which shell has the terminal.
 *
 * @returns `program` when a program has it; undefined when the host does not say
 */
export async function foregroundOf(
  connection: Connection,
  { find, among }: ShellProcess,
  signal?: AbortSignal,
): Promise<Foreground | undefined> {
  const { at, of } = among?.() ?? { at: 0, of: 1 };
  const limits = { deadline: new Deadline(LIMIT_MS), urgent: true, signal };
  const said = await ask(connection, scriptCommand(`parent= pid=; ${find}\n${SCRIPT}`), limits).catch((error) => {
    if (signal?.aborted || !(error instanceof ToolError)) throw error;
    return ""; // no channel, or no answer in time
  });
  const shells = [...said.matchAll(ANSWER)].sort((one, other) => {
    return Number(one[1]) - Number(other[1]) || Number(one[2]) - Number(other[2]);
  });
  const [, , , name, reads, wchan = ""] = shells[at] ?? [];
  if (shells.length !== of || name === undefined) return undefined;
  return name === "/"
    ? "program"
    : { name, reads: reads as ForegroundShell["reads"], atTerminal: AT_TERMINAL.test(wchan) };
}

/**
 * Whether the shell waits for a command. One that has the terminal may be asking for something itself (read, in POSIX),
 * or be at work itself, which shows in how it reads; where that looks alike, in what was typed and in what is shown.
 */
export function shellWaits(
  foreground: Foreground,
  editor: EditorSigns,
  screen: { typed: readonly string[]; asks: boolean },
): boolean {
  if (foreground === "program") return false;
  const { name, reads, atTerminal } = foreground;
  if (editor.editorWaits || (editor.editorSpeaks && SPEAKING.test(name))) return editor.editorWaits;
  const asCommands = reads === "raw" ||
    (reads === "cooked" && WITHOUT_EDITOR.test(name) && (screen.asks || atTerminal));
  return asCommands && !screen.typed.some((line) => READ.test(line));
}
