/** What keeps a shell alive between connections: tmux, screen or dtach, whichever the host has. */
import { ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import { ask } from "../ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { type LinkListener, type LinkOptions, openTerminal, type TerminalLink } from "./link.ts";
import { openTmux } from "./tmux_link.ts";

const LIMIT_MS = 15_000;
/** Names what there is; a tmux before 3.0 cannot be sent keys by their codes. */
const PROBE = "t=$(tmux -V 2>/dev/null); case $t in 'tmux '[3-9]*|'tmux next'*|'tmux master') echo tmux;; esac; " +
  "for m in screen dtach; do command -v $m >/dev/null 2>&1 && echo $m; done; :";

/**
 * screen draws what runs in it anew, so that a marker does not come through; what it has kept it gives byte by byte of
 * no encoding (hardcopy of 4.9), in which a secret could not be told.
 */
const SCREEN_LACKS =
  "screen gives back its last screen, not what had scrolled out of it, and in it neither await_exit " +
  "nor loaded variables work: install tmux on the host for those";
const DTACH_LACKS =
  "dtach keeps nothing of what was shown before it is opened again: install tmux on the host for that";

/** What keeps a shell alive between connections. */
export interface Keeper {
  /** What keeps it, and under which name, e.g. `tmux mcp-ssh-main`. */
  name: string;
  /** True when what comes is drawn by the multiplexer, not by what runs in it. */
  redrawn: boolean;
  /** What cannot be had with it, in words; undefined when all can. */
  lacks: string | undefined;
}

/** A way to a shell that lives on. */
export interface PersistentShell {
  keeper: Keeper;
  /** Opens it, new or as it was left. */
  link: (listener: LinkListener) => Promise<TerminalLink>;
}

/**
 * Finds what keeps a shell of that name alive on this host.
 *
 * @throws {ToolError} `multiplexer_missing` when the host has neither tmux nor screen nor dtach
 */
export async function persistentShell(
  connection: Connection,
  name: string,
  options: LinkOptions,
): Promise<PersistentShell> {
  const deadline = new Deadline(LIMIT_MS);
  const found = (await ask(connection, `/bin/sh -c ${quoteWord(PROBE)}`, { deadline, signal: options.signal })).split(
    "\n",
  );
  const session = `mcp-ssh-${name}`;
  if (found.includes("tmux")) {
    return {
      keeper: { name: `tmux ${session}`, redrawn: false, lacks: undefined },
      link: (listener) => openTmux(connection, session, options, listener),
    };
  }
  const redrawn = found.includes("screen");
  if (redrawn || found.includes("dtach")) {
    const command = redrawn ? screenCommand(session) : dtachCommand(session);
    // A terminal without an alternate screen: what scrolls in it is scrollback for us.
    const term = redrawn ? "vt100" : options.term;
    const link = (listener: LinkListener): Promise<TerminalLink> => {
      return openTerminal(connection, { ...options, term, command }, listener);
    };
    const name = `${redrawn ? "screen" : "dtach"} ${session}`;
    return { keeper: { name, redrawn, lacks: redrawn ? SCREEN_LACKS : DTACH_LACKS }, link };
  }
  throw new ToolError("multiplexer_missing", "this host has neither tmux (3.0 or later) nor screen nor dtach", {
    hint: "install tmux on the host, or open the shell without persist",
  });
}

function screenCommand(session: string): string {
  return `exec screen -U -h 10000 -c /dev/null -D -RR -S ${quoteWord(session)}`;
}

/** dtach passes everything as it is, and keeps nothing. */
function dtachCommand(session: string): string {
  const socket = `"\${XDG_RUNTIME_DIR:-$HOME}/.${session}"`;
  // A line editor draws its prompt again when Ctrl-L is pressed; a shell without one would take it as input.
  return `umask 077; case $SHELL in */bash|*/zsh) r=ctrl_l;; *) r=winch;; esac; ` +
    `exec dtach -A ${socket} -E -z -r $r "\${SHELL:-/bin/sh}"`;
}
