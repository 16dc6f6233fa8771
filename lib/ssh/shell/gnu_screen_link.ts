/**
 * A terminal inside GNU screen. screen draws what runs in it anew; what the program itself wrote is in screen's log, and
 * that is what is shown here. The terminal that is attached is for what is typed, and for its size.
 */
import { Buffer } from "node:buffer";
import { ToolError } from "../../errors.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import type { ClientChannel } from "../ssh2.ts";
import type { ShellProcess } from "./foreground.ts";
import { attachCommand, feedCommand, firstRow, MAX_KEPT_BYTES } from "./gnu_screen_script.ts";
import { drawnAlternate, drawnScreen, type KeptScreen, linesAbove } from "./kept_screen.ts";
import { type LinkListener, type LinkOptions, openTerminal, type TerminalLink } from "./link.ts";
import type { TerminalSize } from "./screen.ts";

const NEWLINE = 10;
const OPEN_LIMIT_MS = 30_000;
/** What start-up files say before the script does. */
const MAX_SAID_BYTES = 64 * 1024;
/** screen's `info`: the cursor's column and row, columns and rows, and what else it knows, `app` among it. */
const INFO = /\((\d+),(\d+)\)\/\((\d+),(\d+)\)(.*)/;
/** The row that a session begins with is not below this one, wherever a larger terminal has put it. */
const MAX_FIRST_ROW = 1000;
/** How long a session is given to learn its new size. */
const RESIZE_LIMIT_MS = 1000;
/** What screen writes to its terminal as its last words when the session ends, not when it is attached elsewhere. */
const TERMINATING = /\[screen is terminating\]\s*$/;
/** How long what was written last may take behind the end of the terminal. */
const LAST_OUTPUT_MS = 1000;

/**
 * Opens a terminal in the screen session `name`, new or as it was left.
 *
 * @throws {ToolError} as {@linkcode Connection.exec}, `multiplexer_missing` when screen gives no session
 */
export async function openScreen(
  connection: Connection,
  name: string,
  options: LinkOptions,
  listener: LinkListener,
): Promise<TerminalLink> {
  const deadline = new Deadline(OPEN_LIMIT_MS);
  const within = <T>(promise: Promise<T>): Promise<T> =>
    connection.whileUp(deadline.race(promise, () => "terminal of screen", options.signal));
  const feed = new Feed(name, listener);
  let terminal: TerminalLink | undefined;
  try {
    const limits = { deadline, signal: options.signal };
    await connection.exec(
      feedCommand(name, feed.token, options.size),
      limits,
      (channel) => feed.listen(connection, channel),
    );
    const wholeName = await within(feed.found);
    // What a terminal without an alternate screen is sent costs the least; nobody looks at it.
    const attach = { ...options, term: "vt100", command: attachCommand(wholeName) };
    terminal = await openTerminal(connection, attach, {
      onData: (bytes) => feed.attached(bytes),
      onEnd: (reason) => feed.endSoon(reason),
    });
    await within(feed.begun);
    return new ScreenLink(terminal, feed, { find: `parent=${Number.parseInt(wholeName)}` });
  } catch (error) {
    terminal?.close();
    feed.close();
    throw error;
  }
}

/** What is typed goes to the terminal, what comes is from the feed. */
class ScreenLink implements TerminalLink {
  readonly #terminal: TerminalLink;
  readonly #feed: Feed;
  readonly shell: ShellProcess;

  constructor(terminal: TerminalLink, feed: Feed, shell: ShellProcess) {
    this.#terminal = terminal;
    this.#feed = feed;
    this.shell = shell;
  }

  write(data: string): void {
    this.#terminal.write(data);
  }

  /** screen has the new size from a signal, which what is typed may overtake; it draws its terminal anew once it knows. */
  async resize(size: TerminalSize): Promise<void> {
    const { promise: drawn, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, RESIZE_LIMIT_MS);
    this.#feed.onDrawn(resolve);
    await this.#terminal.resize(size);
    await drawn;
    clearTimeout(timer);
  }

  hold(paused: boolean): void {
    this.#feed.hold(paused);
  }

  close(): void {
    this.#terminal.close();
    this.#feed.close();
  }
}

/** What the script at the far end says, and then what the session writes. */
class Feed {
  /** Stands between what was shown and what comes. */
  readonly token: string = "mcp" + crypto.getRandomValues(new Uint8Array(12)).toHex();
  readonly #name: string;
  readonly #listener: LinkListener;
  readonly #found = Promise.withResolvers<string>();
  readonly #begun = Promise.withResolvers<void>();
  #channel: ClientChannel | undefined;
  #pending: Buffer = Buffer.alloc(MAX_SAID_BYTES);
  #pendingBytes = 0;
  /** Of the script's own words, all told. */
  #saidBytes = 0;
  /** Up to where no token begins. */
  #searchedTo = 0;
  #state: "searching" | "found" | "keeping" | "live" | "ended" = "searching";
  #said = "";
  #terminating = false;
  #onDrawn = (): void => {};
  #endReason = "screen's log of it ended";

  constructor(name: string, listener: LinkListener) {
    this.#name = name;
    this.#listener = listener;
    this.#found.promise.catch(() => {}); // whoever waits for them gets it
    this.#begun.promise.catch(() => {});
  }

  /** Resolves to the session's whole name when it is there. */
  get found(): Promise<string> {
    return this.#found.promise;
  }

  /** Resolves when what was shown has been shown here. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Calls `listener` when the terminal that is attached shows something, or is gone. */
  onDrawn(listener: () => void): void {
    this.#onDrawn = listener;
  }

  listen(connection: Connection, channel: ClientChannel): void {
    this.#channel = channel;
    const forget = connection.onEnd((reason) => this.#end(reason.message));
    channel.on("data", (bytes: Buffer) => this.#take(bytes));
    channel.stderr.on("data", (bytes: Buffer) => this.#said = (this.#said + bytes.toString("utf8")).slice(0, 400));
    channel.on("error", () => {}); // what it means is in the close that follows
    channel.once("end", () => this.#end(this.#endReason));
    channel.once("close", () => {
      forget();
      this.#end(this.#endReason);
    });
  }

  /** The terminal that is attached shows something: what was shown before is wanted. */
  attached(bytes: Uint8Array): void {
    this.#terminating = TERMINATING.test(new TextDecoder().decode(bytes.subarray(-200)));
    this.#onDrawn();
    if (this.#state !== "found") return;
    this.#state = "keeping";
    this.#channel?.write("go\n");
  }

  hold(paused: boolean): void {
    if (paused) this.#channel?.pause();
    else this.#channel?.resume();
  }

  /** The terminal is gone; what was written last may still come. */
  endSoon(reason: string): void {
    this.#onDrawn();
    if (this.#state === "ended") return;
    const why = this.#terminating ? "its screen session ended" : `screen let go of it: ${reason}`;
    this.#endReason = why;
    if (this.#channel?.writable) this.#channel.write("end\n");
    setTimeout(() => this.#end(why), LAST_OUTPUT_MS);
  }

  /** Ends the script, which takes away what it has made. */
  close(): void {
    this.#channel?.end();
    this.#channel?.resume();
  }

  #take(bytes: Buffer): void {
    if (this.#state === "live") return this.#listener.onData(bytes);
    if (this.#state === "ended") return;
    this.#hold(bytes);
    if (this.#saidBytes > MAX_KEPT_BYTES + MAX_SAID_BYTES) return this.#end("it said too much");
    if (this.#state !== "searching") this.#takeKept(this.#pending.subarray(0, this.#pendingBytes));
    else if (bytes.includes(NEWLINE)) this.#takeLines(this.#pending.subarray(0, this.#pendingBytes));
  }

  /** Keeps a copy; whoever sends byte by byte makes no work that grows with what there is. */
  #hold(bytes: Buffer): void {
    const length = this.#pendingBytes + bytes.length;
    if (length > this.#pending.length) {
      const larger = Buffer.alloc(2 * length);
      this.#pending.copy(larger, 0, 0, this.#pendingBytes);
      this.#pending = larger;
    }
    bytes.copy(this.#pending, this.#pendingBytes);
    this.#pendingBytes = length;
    this.#saidBytes += bytes.length;
  }

  #takeLines(said: Buffer): void {
    const end = said.lastIndexOf(NEWLINE) + 1;
    const name = /^screen=(\d+\.[\w-]+)\n/m.exec(said.toString("latin1", 0, end))?.[1];
    if (name === undefined) {
      this.#pendingBytes = said.copy(this.#pending, 0, end);
      return;
    }
    this.#pendingBytes = this.#saidBytes = 0;
    this.#state = "found";
    this.#found.resolve(name);
  }

  #takeKept(said: Buffer): void {
    const mark = `\n${this.token} `;
    const at = said.indexOf(mark, this.#searchedTo, "latin1");
    this.#searchedTo = at < 0 ? Math.max(0, said.length - mark.length) : at;
    const end = at < 0 ? -1 : said.indexOf(NEWLINE, at + 1);
    if (end < 0) return;
    this.#pending = Buffer.alloc(0);
    const kept = keptScreen(said.toString("utf8", 0, at), said.toString("latin1", at, end), firstRow(this.#name));
    if (kept === undefined) return this.#end("screen did not say what it shows");
    this.#state = "live";
    this.#show(kept);
    if (said.length > end + 1) this.#listener.onData(said.subarray(end + 1));
    this.#begun.resolve();
  }

  #show({ kept, alternate, applicationKeys }: Kept): void {
    const drawn = alternate ? drawnAlternate(kept) : drawnScreen(kept);
    this.#listener.onData(Buffer.from(drawn + (applicationKeys ? "\x1b[?1h\x1b=" : "")));
  }

  #end(reason: string): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    const missing = new ToolError("multiplexer_missing", "screen gave no session", {
      hint: "screen must be able to start on the host; or open the shell without persist",
      data: { said: this.#said },
    });
    this.#found.reject(missing);
    this.#begun.reject(missing);
    this.close();
    this.#listener.onEnd(reason);
  }
}

/** What screen said of itself. */
interface Kept {
  kept: KeptScreen;
  /** True when a full-screen program has the screen. */
  alternate: boolean;
  /** True when it wants the arrow keys as SS3 sequences. */
  applicationKeys: boolean;
}

function keptScreen(text: string, info: string, first: string): Kept | undefined {
  const [, x, y, width, height, others = ""] = INFO.exec(info) ?? [];
  if (height === undefined) return undefined;
  const lines = text.split("\n");
  // Above it are at most rows that a session never had.
  const own = lines.slice(0, MAX_FIRST_ROW).findIndex((line) => line.trimEnd() === first) + 1;
  const kept = {
    lines: lines.slice(own),
    cursor: { x: Number(x) - 1, y: Number(y) - 1 },
    size: { width: Number(width), height: Number(height) },
  };
  // In the screen of such a program, and only there, screen has a history without any text.
  const above = lines.slice(0, linesAbove({ ...kept, lines }));
  const alternate = own === 0 && above.length > 0 && above.every((line) => line.trim() === "");
  return { kept, alternate, applicationKeys: / app\b/.test(others) };
}
