/** What keeps a shell alive between connections: tmux, screen or dtach, whichever the host has. */
import { ToolError } from "../../errors.ts";
import { scriptCommand } from "../../quote.ts";
import { ask } from "../commands/ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { openDtach, openKeptDtach } from "./dtach_link.ts";
import { KEEPS_PROBE } from "./dtach_script.ts";
import { openScreen } from "./gnu_screen_link.ts";
import type { LinkListener, LinkOptions, TerminalLink } from "./link.ts";
import { openTmux } from "./tmux_link.ts";

const LIMIT_MS = 15_000;
/**
 * Names what there is; a tmux before 3.0 cannot be sent keys by their codes, a screen before 4.1 does not say what it shows.
 * What start-up files have printed may have no line end.
 */
const PROBE = `${KEEPS_PROBE}
echo
t=$(tmux -V 2>/dev/null); case $t in 'tmux '[3-9]*|'tmux next'*|'tmux master') echo tmux; exit;; esac
s=$(screen -v 2>/dev/null); case $s in *'ersion 4.00'*|*'ersion 3'*) ;; *ersion*) echo screen; exit;; esac
command -v dtach >/dev/null 2>&1 && { echo dtach; keeps; }; :`;

const DTACH_LACKS =
  "dtach keeps nothing: what is shown while it is not open is lost, and all before it when this program is restarted: " +
  "install tmux on the host for that, or script (of util-linux)";

/** What keeps a shell alive between connections. */
export interface Keeper {
  /** What keeps it, and under which name, e.g. `tmux mcp-ssh-main`. */
  name: string;
  /** True when it is a terminal itself, which answers what programs ask of one. */
  answers: boolean;
  /** True when it keeps nothing of what was shown. */
  forgets: boolean;
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
  const found = (await ask(connection, scriptCommand(PROBE), { deadline, signal: options.signal })).split(
    "\n",
  );
  const session = `mcp-ssh-${name}`;
  if (found.includes("tmux")) {
    return {
      keeper: { name: `tmux ${session}`, answers: true, forgets: false, lacks: undefined },
      link: (listener) => openTmux(connection, session, options, listener),
    };
  }
  if (found.includes("screen")) {
    return {
      keeper: { name: `screen ${session}`, answers: true, forgets: false, lacks: undefined },
      link: (listener) => openScreen(connection, session, options, listener),
    };
  }
  if (found.includes("dtach")) {
    const forgets = !found.includes("keeps");
    const openSession = forgets ? openDtach : openKeptDtach;
    return {
      keeper: { name: `dtach ${session}`, answers: false, forgets, lacks: forgets ? DTACH_LACKS : undefined },
      link: (listener) => openSession(connection, session, options, listener),
    };
  }
  throw new ToolError(
    "multiplexer_missing",
    "this host has neither tmux (3.0 or later) nor screen (4.1 or later) nor dtach",
    { hint: "install tmux on the host, or open the shell without persist" },
  );
}
