/**
 * What runs at the far end for a terminal in dtach, which itself keeps nothing: in it runs script(1), which copies what
 * the shell writes into a FIFO, and a keeper reads that into files of bounded size. They hold whatever the terminal shows,
 * so that they are in memory (tmpfs), in a directory that only the user can look into, and go when the shell does.
 */
import { quoteWord, scriptCommand } from "../../quote.ts";
import type { TerminalSize } from "./screen.ts";

/** Most of what was shown that is handed out, in bytes. */
export const MAX_KEPT_BYTES = 500_000;
/** The keeper has two files: a full one, and one that becomes full. A copy that is asked for lets one grow beyond. */
const FILE_BYTES = 300_000;
const MAX_FILE_BYTES = 4_000_000;

/** Where the session's socket is, and beside it the link to what is kept. */
const PLACE = "s=${XDG_RUNTIME_DIR:-$HOME}/.$1; k=$s.kept";
const IN_MEMORY = `in_memory() { [ -n "$1" ] && [ -w "$1" ] && case $(df -P "$1" 2>/dev/null | tail -n 1) in
tmpfs*|ramfs*) ;; *) false;; esac; }`;
/** What the keeper needs besides a shell. */
const TOOLS = "script df tail mktemp mkfifo ln rm rmdir dd wc mv tr sed grep cat sleep stty tty";

/** Says `keeps` where the host has what it takes to keep what is shown in dtach. */
export const KEEPS_PROBE = `${IN_MEMORY}
keeps() { for c in ${TOOLS}; do command -v $c >/dev/null 2>&1 || return; done
in_memory "\${XDG_RUNTIME_DIR-}" || in_memory /dev/shm || return
case $(SHELL=/bin/sh script -qfc 'echo ke''pt' /dev/null </dev/null 2>/dev/null) in *kept*) echo keeps;; esac; }`;

/**
 * Reads what is shown until the terminal is gone. dd writes what it has read at once. When a file is dropped, what it
 * switched of the terminal's modes is kept: the screen that is shown, arrow keys, and a line editor's wait.
 */
const KEEP = `keep() { umask 077; exec 8<"$d/raw" 9>&-
while :; do
said=$(LC_ALL=C dd bs=4096 count=64 <&8 2>&1 >>"$d/new") || { rm -f "$d/old"; : >"$d/new"; sleep 0.1 2>/dev/null || sleep 1; }
case $said in 0+0*) break;; esac
n=$(wc -c <"$d/new") || n=0
[ "$n" -gt ${FILE_BYTES} ] || continue
[ -e "$d/hold" ] && [ "$n" -lt ${MAX_FILE_BYTES} ] && continue
[ -f "$d/old" ] && { { cat "$d/modes"; LC_ALL=C tr '\\033' '\\n' <"$d/old" |
LC_ALL=C sed -n -e 's/^\\(\\[?1[hl]\\).*/\\1/p' -e 's/^\\(\\[?10*4[79][hl]\\).*/\\1/p' -e 's/^\\(\\[?2004[hl]\\).*/\\1/p'
} | tail -n 12 >"$d/modes.new"; mv "$d/modes.new" "$d/modes"; }
mv "$d/new" "$d/old"; : >"$d/new"
done
[ "$(cat "$k/pid")" = "$(cat "$d/pid")" ] && rm -f "$k"
clear_kept "$d"; }
start_keeper() { ( (trap '' HUP INT QUIT TERM TSTP; keep) </dev/null >/dev/null 2>&1 & echo $! >"$d/keeper"); }
clear_kept() { (cd "$1/" && rm -f raw new old modes modes.new tty hold client keeper pid && rmdir "$(pwd -P)"); } 2>/dev/null`;

/** Writes a marker of ours, which says how large the terminal was until then, to the terminal that is kept. */
const MARK = `mark() { y=$(cat "$k/tty") && z=$(stty size <"$y") &&
printf '\\033]7717;%s;K;%s;%s;%s\\007' "$1" "\${z#* }" "\${z% *}" "$1" >"$y"; }
soon() { "$@" </dev/null >/dev/null 2>&1 & m=$!; (sleep 2; kill $m) </dev/null >/dev/null 2>&1 & w=$!
wait $m; kill $w; } 2>/dev/null
pause() { sleep 0.02 2>/dev/null || sleep 1; t=$((t+1)); [ $t -lt $1 ]; }`;

/** In script(1): the shell. */
const IN_SCRIPT = `exec 9>&-; stty rows "$KEPT_ROWS" cols "$KEPT_COLUMNS"; [ -z "$KEPT_IN" ] || tty >"$KEPT_IN/tty"
printf '\\033]7717;kept\\007'; SHELL=$KEPT_SHELL; unset KEPT_ROWS KEPT_COLUMNS KEPT_IN KEPT_SHELL
case $SHELL in */zsh) exec "$SHELL" -g;; esac; exec "\${SHELL:-/bin/sh}"`;

/**
 * In dtach: script, of which somebody reads whatever happens to the keeper, so that nothing but the shell's end ends it.
 * The keeper is no child of its: script waits for all its children.
 * Of a session that died with its host, what was kept is gone.
 */
const IN_DTACH = `s=$1; k=$s.kept; d=
${IN_MEMORY}
${KEEP}
for m in "\${XDG_RUNTIME_DIR-}" /dev/shm; do in_memory "$m" && d=$(mktemp -d "$m/.mcp-ssh.XXXXXXXX") && break; done
clear_kept "$k"; rm -f "$k"
export KEPT_IN="$d" KEPT_SHELL="$SHELL" KEPT_COLUMNS="$2" KEPT_ROWS="$3"
[ -n "$d" ] && mkfifo "$d/raw" && ln -s "$d" "$k" || exec /bin/sh -c ${quoteWord(IN_SCRIPT)}
echo $$ >"$d/pid"; echo "$4" >"$d/client"; : >"$d/new"; : >"$d/modes"
start_keeper
SHELL=/bin/sh; export SHELL; exec 9<>"$d/raw"; exec script -qfc ${quoteWord(IN_SCRIPT)} "$d/raw"`;

/** An earlier terminal of ours that may be dead makes the session wait, and what it is sent is lost to others. */
const ATTACH = `${PLACE}
${KEEP}
${MARK}
alive() { p=$(cat "$k/$1") && kill -0 "$p"; } 2>/dev/null
if alive pid; then
d=$(cd "$k/" && pwd -P); alive keeper || start_keeper
alive client && grep -qF -e "$s" "/proc/$p/cmdline" 2>/dev/null && kill -9 "$p"; echo $$ >"$k/client"
soon mark resized
else clear_kept "$k"; rm -f "$k"; fi
exec dtach -A "$s" -E -z -r winch /bin/sh -c ${quoteWord(IN_DTACH)} sh "$s" "$2" "$3" $$`;

/** Marks the place up to which it hands out what was shown, behind a line with the token and the modes before that. */
const HAND_OUT = `${PLACE}
${MARK}
t=0; until [ -s "$k/tty" ]; do pause 250 || exit; done
trap 'rm -f "$k/hold"' EXIT; trap 'exit 1' HUP TERM
: >"$k/hold"; soon mark "$2" >/dev/null & t=0
until LC_ALL=C grep -q ";$2;K;" "$k/new" "$k/old" 2>/dev/null; do pause 150 || break; done
printf '\\n%s %s\\n' "$2" "$(tr '\\n' ' ' <"$k/modes")"
cat "$k/old" "$k/new" 2>/dev/null | tail -c ${MAX_KEPT_BYTES}`;

const RESIZED = `${PLACE}
${MARK}
soon mark "$2"`;

/** The command that attaches a terminal of that size to the session, or makes it. */
export function attachKept(session: string, { width, height }: TerminalSize): string {
  return scriptCommand(ATTACH, session, String(width), String(height));
}

/** Sets `parent` to the process that has started the session's shell. */
export function findParent(session: string): string {
  return `set -- ${quoteWord(session)}; ${PLACE}; read -r parent <"$k/pid"`;
}

/** The command that hands out what the session has shown, with markers of `token` there and in the terminal. */
export function handOut(session: string, token: string): string {
  return scriptCommand(HAND_OUT, session, token);
}

/** The command to run before the terminal's size changes: it marks the place. */
export function markSize(session: string, token: string): string {
  return scriptCommand(RESIZED, session, token);
}
