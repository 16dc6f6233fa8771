/** A terminal inside dtach, which passes everything as it is; what was shown before is from a keeper beside it. */
import { Buffer } from "node:buffer";
import { ToolError } from "../../errors.ts";
import { quoteWord, scriptCommand } from "../../quote.ts";
import { askBytes } from "../commands/ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { attachKept, findParent, handOut, markSize, MAX_KEPT_BYTES } from "./dtach_script.ts";
import { redrawn } from "./kept_bytes.ts";
import { type LinkListener, type LinkOptions, openTerminal, type TerminalLink } from "./link.ts";
import { MarkerFilter } from "./marker_filter.ts";

const OPEN_LIMIT_MS = 15_000;
/** How long the terminal may take to show what the far end has kept already. */
const SYNC_LIMIT_MS = 3000;
const MARK_LIMIT_MS = 3000;
const DRAW_LIMIT_MS = 10_000;
/** What start-up files say before a script does. */
const MAX_SAID_BYTES = 64 * 1024;
const NEWLINE = 10;
const FAREWELL = Buffer.from("\x1b[999H\r\n[EOF - dtach terminating]");
// deno-lint-ignore no-control-regex -- it shows the cursor
const FAREWELL_END = /^(?:\r\n)?(?:\x1b\[\?25h)?$/;

/** Why a shell is no more when it has ended itself. */
export const SESSION_ENDED = "its dtach session ended";

/**
 * Attaches to the session, or makes it. A full-screen program draws anew when it is told of a new size, a line editor when
 * Ctrl-L is pressed; any other program would take that as input, so that it is pressed only where the session's shell has
 * the terminal to itself.
 */
const DTACH = `s=\${XDG_RUNTIME_DIR:-$HOME}/.$1; r=winch; case $SHELL in */bash|*/zsh|*/mksh)
ps -A -o pid= -o ppid= -o tpgid= -o args= 2>/dev/null | awk -v s="$s" '{ parent[$1] = $2; front[$1] = $3 }
/^[^a-z]*dtach -A/ && index($0, s " ") { masters[$1] }
END { for (p in parent) if (parent[p] in masters && front[p] == p) exit 3 }'; [ $? = 3 ] && r=ctrl_l;; esac
exec dtach -A "$s" -E -z -r $r /bin/sh -c 'case $SHELL in */zsh) exec "$SHELL" -g;; esac; exec "\${SHELL:-/bin/sh}"'`;

/** Sets `parent` to the process of dtach that has no terminal: it has started the session's shell. */
function findMaster(session: string): string {
  return `set -- ${quoteWord(session)}; s=\${XDG_RUNTIME_DIR:-$HOME}/.$1; parent=$(ps -A -o pid= -o tty= -o args= |
awk -v s="$s" '$2 == "?" && /^[^a-z]*dtach -A/ && index($0, s " ") { print $1 }')`;
}

/** Opens a terminal in the dtach session `session`, new or as it was left, where nothing keeps what it shows. */
export async function openDtach(
  connection: Connection,
  session: string,
  options: LinkOptions,
  listener: LinkListener,
): Promise<TerminalLink> {
  const command = scriptCommand(DTACH, session);
  const terminal = await openTerminal(connection, { ...options, command }, new Farewell(listener));
  return { ...terminal, shell: { find: findMaster(session) } };
}

/**
 * The same, with what it has shown. A marker that is written to the terminal comes both ways: in what is kept, all before
 * it has been shown; in what the terminal sends, all behind it is new.
 */
export async function openKeptDtach(
  connection: Connection,
  session: string,
  options: LinkOptions,
  listener: LinkListener,
): Promise<TerminalLink> {
  const deadline = new Deadline(OPEN_LIMIT_MS);
  const { signal, size } = options;
  const feed = new Feed(listener);
  const command = attachKept(session, size);
  const terminal = await openTerminal(connection, { ...options, command }, new Farewell(feed));
  feed.hold = (paused) => terminal.hold(paused);
  try {
    await connection.whileUp(deadline.race(feed.attached, () => "terminal of dtach", signal));
    const said = await askBytes(
      connection,
      handOut(session, feed.token),
      { deadline, signal },
      MAX_KEPT_BYTES + MAX_SAID_BYTES,
    );
    await feed.markedWithin(SYNC_LIMIT_MS);
    const drawn = await drawnOf(said, feed.token, options).catch((error) => {
      if (error instanceof ToolError && error.code === "timed_out") return ""; // it was made to take so long
      throw error;
    });
    feed.goOn(drawn);
  } catch (error) {
    terminal.close();
    throw error;
  }
  return {
    shell: { find: findParent(session) },
    write: (data) => terminal.write(data),
    hold: (paused) => terminal.hold(paused),
    close: () => terminal.close(),
    resize: async (size) => {
      const deadline = new Deadline(MARK_LIMIT_MS);
      await askBytes(connection, markSize(session, feed.token), { deadline }).catch((error) => {
        if (!(error instanceof ToolError)) throw error; // the shell is usable all the same
      });
      await terminal.resize(size);
    },
  };
}

/** When its session ends, and only then, dtach puts its last words below the screen, or what is seen of it is its code 0. */
class Farewell implements LinkListener {
  readonly #listener: LinkListener;
  #said = false;

  constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  onData(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    const at = text.lastIndexOf(FAREWELL);
    const rest = text.subarray(at < 0 ? 0 : at + FAREWELL.length);
    // A dtach that runs within says the same, and more follows.
    this.#said = (at >= 0 || this.#said) && rest.length < 20 && FAREWELL_END.test(rest.toString("latin1"));
    this.#listener.onData(this.#said ? text.subarray(0, Math.max(0, at)) : bytes);
  }

  onEnd(reason: string): void {
    const letGo = /^it (?:ended with|was ended)/.test(reason) ? `dtach let go of it: ${reason}` : reason;
    this.#listener.onEnd(this.#said || reason === "it ended with exit code 0" ? SESSION_ENDED : letGo);
  }
}

/** What the terminal sends, from the marker on. */
class Feed implements LinkListener {
  /** Stands in the marker. */
  readonly token: string;
  /** Makes the far end wait, or go on. */
  hold: (paused: boolean) => void = () => {};
  readonly #listener: LinkListener;
  readonly #filter = new MarkerFilter();
  readonly #attached = Promise.withResolvers<void>();
  readonly #marked = Promise.withResolvers<void>();
  #state: "before" | "behind" | "live" = "before";
  #behind: Uint8Array[] = [];
  #ended: string | undefined;

  constructor(listener: LinkListener) {
    this.#listener = listener;
    this.token = this.#filter.expect();
    this.#filter.mute();
  }

  /** Resolves when the terminal shows something, or has ended. */
  get attached(): Promise<void> {
    return this.#attached.promise;
  }

  /** Waits for the marker, that long at most. */
  async markedWithin(ms: number): Promise<void> {
    const timer = setTimeout(this.#marked.resolve, ms);
    await this.#marked.promise;
    clearTimeout(timer);
  }

  onData(bytes: Uint8Array): void {
    this.#attached.resolve();
    this.#filter.push(bytes, (output) => {
      if (output instanceof Uint8Array) this.#pass(output);
      else if (this.#state === "before") this.#stop();
    });
  }

  onEnd(reason: string): void {
    this.#ended = reason;
    this.#attached.resolve();
    this.#marked.resolve();
    if (this.#state === "live") this.#listener.onEnd(reason);
  }

  /** Shows what was shown before, and then what comes; what the far end has not kept is shown as far as it is here. */
  goOn(before: string): void {
    this.#listener.onData(Buffer.from(before));
    if (this.#state === "before") this.#listener.onData(this.#filter.unmute());
    for (const bytes of this.#behind) this.#listener.onData(bytes);
    this.#behind = [];
    this.#state = "live";
    this.hold(false);
    if (this.#ended !== undefined) this.#listener.onEnd(this.#ended);
  }

  #stop(): void {
    this.#state = "behind";
    this.#filter.unmute();
    this.hold(true);
    this.#marked.resolve();
  }

  #pass(bytes: Uint8Array): void {
    if (this.#state === "live") this.#listener.onData(bytes);
    else this.#behind.push(Uint8Array.from(bytes));
  }
}

/** What {@linkcode handOut} gives, drawn anew; nothing where the session keeps nothing. */
async function drawnOf(said: Buffer, token: string, { size, signal }: LinkOptions): Promise<string> {
  const head = `\n${token} `;
  const at = said.indexOf(head, 0, "latin1");
  const end = at < 0 ? -1 : said.indexOf(NEWLINE, at + 1);
  if (end < 0) return "";
  const modes = said.toString("latin1", at + head.length, end).split(" ").filter((mode) => /^\[\?\d+[hl]$/.test(mode));
  return await redrawn({ bytes: said.subarray(end + 1), token, modes }, size, {
    deadline: new Deadline(DRAW_LIMIT_MS),
    signal,
  });
}
