/** What runs at the far end beside a terminal in GNU screen: it hands out what screen keeps, and what comes. */
import { quoteWord, scriptCommand } from "../../quote.ts";
import type { TerminalSize } from "./screen.ts";

/** Most of what screen has kept that is handed out, in bytes. */
export const MAX_KEPT_BYTES = 500_000;
/** Rows that screen keeps. */
const HISTORY_ROWS = 10_000;

/** How long the script may take to hand out what was shown, in seconds. */
const LIMIT_S = 40;

/**
 * Gives everything to whoever waits for it at the FIFO `raw` of a connection that may be dead: screen writes there and
 * waits. Nobody else can make such a directory in the user's own.
 */
const FREE_EARLIER =
  `o=; for f in "$b".????????/raw; do [ -p "$f" ] && { cat <>"$f" >/dev/null 2>&1 3<&- & o="$o $!"; }; done`;

/** A session of exactly that name: screen takes a longer one for it. */
const FIND = `find() { p=$(screen -ls "$1" 2>/dev/null 3<&- | ` +
  `sed -n "/[Dd]ead/d;s/^[[:space:]]*\\([0-9]*\\.$1\\)[[:space:]].*/\\1/p" | head -n 1); [ -n "$p" ]; }
pause() { sleep 0.1 2>/dev/null || sleep 1; t=$((t+1)); [ $t -lt 50 ]; }`;

/**
 * The terminal gets its size (xterm's control sequences, CSI 8 t). The first row names the session and is pushed out of
 * sight: then a history without any text is another screen's. The shell is not started before the terminal has its size:
 * bash misses some changes of it while it starts, and its line editor then takes the terminal for a narrower one.
 */
const IN_SESSION = `printf '\\033[8;%s;%st\\033[H%s\\033[999B\\n\\033[H' "$3" "$2" "$1"; ` +
  `t=0; command -v stty >/dev/null 2>&1 || t=40; until [ $t = 40 ] || [ "$(stty size)" = "$3 $2" ]; do ` +
  `t=$((t+1)); sleep 0.02 2>/dev/null || t=40; done; ` +
  `case $SHELL in */zsh) exec "$SHELL" -g -l;; esac; exec "\${SHELL:-/bin/sh}" -l`;
const CREATE = `find "$1" || { umask "$u"; screen -U -h ${HISTORY_ROWS} -c /dev/null -d -m -S "$1" ` +
  `/bin/sh -c ${
    quoteWord(IN_SESSION)
  } sh "[$1]" "$3" "$4" >/dev/null 2>&1 3<&-; umask 077; t=0; until find "$1"; do pause || break; done; }`;

/**
 * What screen is told: to take no key for itself, and to wait neither for messages nor for a terminal that is gone. In its
 * copy mode nothing moves any more, so that the cursor can be asked for.
 */
const STOP = [
  'escape ""',
  "altscreen on",
  "flow off",
  "defnonblock on",
  "nonblock on",
  "msgminwait 0",
  "msgwait 0",
  "copy",
];
/**
 * Copies all text, and begins to log what comes as it comes, at once, so that the log begins where the copy ends. Copied
 * text is in UTF-8, with wrapped rows joined; what `hardcopy` of 4.9 writes is in no encoding.
 */
const COPY = [
  'stuff "g G$ "',
  "writebuf -e UTF-8 '$d/copy'",
  "log off",
  "logfile flush 0",
  "logfile '$d/raw'",
  "log on",
];

function tell(commands: readonly string[]): string {
  const words = commands.map((command) => `"${command.replaceAll('"', '\\"')}"`).join(" ");
  return `screen -S "$p" -X eval ${words} >/dev/null 2>&1 3<&-`;
}

/**
 * The far end's part: says `screen=` and the session's whole name, waits for a line that says that a terminal is attached
 * to it, and gives what was shown, a line with the token and screen's `info`, and what the session writes from there on.
 * Once screen has begun to write the copy, which then ends when screen says so, the log is not read before the copy is,
 * and must not be waited for. screen may close its log and open it again at any time, so that only behind another line,
 * which says that the session has ended, an end of the log is one. It ends, and takes everything away, when its stdin
 * does.
 */
const SCRIPT = `u=$(umask); umask 077; unset STY; exec 3<&0 </dev/null
b=$HOME; [ -w "\${XDG_RUNTIME_DIR-}" ] && b=$XDG_RUNTIME_DIR; b=$b/.$1; r=
${FIND}
${FREE_EARLIER}
(sleep ${LIMIT_S}; kill $$) >/dev/null 2>&1 3<&- & w=$!
leave() { kill $o $r $w; rm -f "$d/copy" "$d/raw"; rmdir "$d"; exit; } 2>/dev/null
d=$(mktemp -d "$b.XXXXXXXX") && mkfifo "$d/copy" "$d/raw" || leave
case $d in *[\\'\\"\\\\%^\\$]*) leave;; esac
${CREATE}
printf '\\nscreen=%s\\n' "$p"; read go <&3 || leave
t=0; until screen -ls "$1" 2>/dev/null 3<&- | grep -F "$p" | grep -q Attached; do pause || break; done
exec 4<>"$d/copy" 5<>"$d/raw" 6<"$d/copy" 7<"$d/raw"
${tell(STOP)}
i=$(screen -S "$p" -Q info 2>/dev/null 3<&-)
{ ${tell(COPY)}; } 4>&- 5>&- 6<&- 7<&- &
dd bs=1 count=1 <&6 2>/dev/null 3<&- 4>&- 5>&-; exec 4>&-; tail -c ${MAX_KEPT_BYTES} <&6; printf '\\n%s %s\\n' "$2" "$i"
cat <&7 3<&- 5>&- 6<&- & r=$!
exec 6<&- 7<&- >/dev/null 2>&1; kill $o $w; o=
for x in "$b".????????; do [ "$x" != "$d" ] && [ -p "$x/raw" ] && rm -f "$x/copy" "$x/raw" && rmdir "$x"; done
read end <&3; exec 5>&-; cat <&3; leave`;

/**
 * The command that runs it. A login shell that waited for it would hold its output open.
 *
 * @param session name of the session
 * @param token stands between what was shown and what comes
 * @param size of the terminal, when there is no such session yet
 */
export function feedCommand(session: string, token: string, { width, height }: TerminalSize): string {
  return scriptCommand(SCRIPT, session, token, String(width), String(height));
}

/** The command that attaches a terminal to the session of that whole name, for what is typed. */
export function attachCommand(wholeName: string): string {
  return `exec screen -U -D -r ${quoteWord(wholeName)}`;
}

/** What the row that the session begins with shows. */
export function firstRow(session: string): string {
  return `[${session}]`;
}
