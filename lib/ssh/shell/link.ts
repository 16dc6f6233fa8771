/** The way to a terminal at the far end. */
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import type { ClientChannel } from "../ssh2.ts";
import type { ShellProcess } from "./foreground.ts";
import type { TerminalSize } from "./screen.ts";

/** Longest wait for the far end's consent to a terminal. */
const OPEN_LIMIT_MS = 30_000;

/** A terminal at the far end with something that runs in it. */
export interface TerminalLink {
  /** Sends what is typed. */
  write(data: string): void;
  /** Changes the terminal's size; what runs in it is told, before anything that is typed once this has resolved. */
  resize(size: TerminalSize): Promise<void> | void;
  /** Makes the far end wait with its output, or go on. */
  hold(paused: boolean): void;
  /** Hangs up. */
  close(): void;
  /** Where the shell in it is found; undefined where that is not known. */
  readonly shell?: ShellProcess;
}

/** The terminals of each connection that are open, in the order in which they were opened. */
const OPEN = new WeakMap<Connection, object[]>();

/** Who is told of what comes over a link. */
export interface LinkListener {
  /** Told of output. */
  onData(bytes: Uint8Array): void;
  /** Told once; `reason` is a clause such as `it ended with exit code 0`. */
  onEnd(reason: string): void;
}

/** How a link is opened. */
export interface LinkOptions {
  /** Value of TERM. */
  term: string;
  /** The terminal's size. */
  size: TerminalSize;
  /** What runs in the terminal. @default the login shell */
  command?: string | undefined;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

/**
 * Opens a terminal on a channel of its own (RFC 4254 §6.2).
 *
 * @throws {ToolError} as {@linkcode Connection.shell}
 */
export async function openTerminal(
  connection: Connection,
  options: LinkOptions,
  listener: LinkListener,
): Promise<TerminalLink> {
  const { width, height } = options.size;
  const terminal = { term: options.term, cols: width, rows: height, width: 0, height: 0 };
  const limits = { deadline: new Deadline(OPEN_LIMIT_MS), signal: options.signal };
  const channel = await connection.shell(
    terminal,
    limits,
    (opened) => listen(connection, opened, listener),
    options.command,
  );
  const open = OPEN.get(connection) ?? [];
  OPEN.set(connection, open);
  open.push(channel);
  channel.once("close", () => open.splice(open.indexOf(channel), 1));
  return {
    shell: { find: "parent=$PPID", among: () => ({ at: open.indexOf(channel), of: open.length }) },
    write: (data) => {
      if (channel.writable) channel.write(data);
    },
    resize: ({ width, height }) => {
      if (channel.writable) channel.setWindow(height, width, 0, 0);
    },
    hold: (paused) => {
      if (paused) channel.pause();
      else channel.resume();
    },
    close: () => channel.close(),
  };
}

function listen(connection: Connection, channel: ClientChannel, listener: LinkListener): void {
  let how = "the far end closed it";
  let ended = false;
  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    forget();
    listener.onEnd(reason);
  };
  const forget = connection.onEnd((reason) => end(reason.message));
  channel.on("data", (bytes: Uint8Array) => listener.onData(bytes));
  channel.stderr.on("data", (bytes: Uint8Array) => listener.onData(bytes));
  channel.on("exit", (code: number | null, signal?: string) => {
    how = code === null ? `it was ended by ${signal ?? "a signal"}` : `it ended with exit code ${code}`;
  });
  channel.on("error", () => {}); // what it means is in the close that follows
  // The stream's own end comes when all that was sent has been read, also while it is paused; close may come before.
  channel.once("end", () => channel.once("close", () => end(how)));
  channel.once("close", () => {
    channel.resume();
    setTimeout(() => end(how), 200);
  });
}
