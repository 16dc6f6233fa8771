/**
 * A terminal inside tmux, spoken to in tmux's control mode (tmux(1), CONTROL MODE): what the program in it writes comes
 * as it was written, not as tmux would draw it, and what scrolled out while nobody was attached can be asked for.
 */
import { Buffer } from "node:buffer";
import { ToolError } from "../../errors.ts";
import { quoteWord, scriptCommand } from "../../quote.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";
import { spend } from "../spent.ts";
import type { ClientChannel } from "../ssh2.ts";
import type { ShellProcess } from "./foreground.ts";
import { drawnAlternate, drawnLines, drawnScreen } from "./kept_screen.ts";
import type { LinkListener, LinkOptions, TerminalLink } from "./link.ts";
import type { TerminalSize } from "./screen.ts";

const OPEN_LIMIT_MS = 30_000;
const HISTORY_LINES = 20_000;
/** Longest line of tmux's that is taken. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** How many characters one command sends; tmux takes long lines, but not any. */
const KEYS_PER_COMMAND = 400;
const FACTS = "#{pane_id} #{alternate_on} #{cursor_x} #{cursor_y} #{history_size}";

/**
 * Attaches to the session of that name, or makes it. zsh must be told at its start to keep lines that begin with a blank,
 * ours, out of its history.
 */
function attachCommand(name: string, { width, height }: TerminalSize): string {
  const script = "case $SHELL in */zsh) set -- 'exec \"$SHELL\" -g -l';; *) set --;; esac; " +
    `exec tmux -L mcp-ssh -f /dev/null -u -C start-server \\; set-option -g history-limit ${HISTORY_LINES} \\; ` +
    `set-option -g default-terminal screen-256color \\; ` +
    `new-session -A -s ${quoteWord(name)} -x ${width} -y ${height} "$@"`;
  return scriptCommand(script);
}

/**
 * Opens a terminal in the tmux session `name`, new or as it was left.
 *
 * @throws {ToolError} as {@linkcode Connection.exec}, `multiplexer_missing` when tmux gives no session
 */
export async function openTmux(
  connection: Connection,
  name: string,
  options: LinkOptions,
  listener: LinkListener,
): Promise<TerminalLink> {
  const deadline = new Deadline(OPEN_LIMIT_MS);
  const client = new TmuxClient(listener, options.size);
  const command = attachCommand(name, options.size);
  await connection.exec(command, { deadline, signal: options.signal }, (channel) => client.listen(connection, channel));
  try {
    await connection.whileUp(deadline.race(client.attached, () => "terminal of tmux", options.signal));
  } catch (error) {
    client.close();
    throw error;
  }
  return client;
}

/** One client in control mode. */
class TmuxClient implements TerminalLink {
  readonly #listener: LinkListener;
  readonly #attached = Promise.withResolvers<void>();
  readonly #answers: Buffer[][] = [];
  #size: TerminalSize;
  #channel: ClientChannel | undefined;
  #pending: Buffer[] = [];
  #block: Buffer[] | undefined;
  #pane: string | undefined;
  #said = "";
  #asked = false;
  #exitReason = "its tmux session ended";
  #ended = false;

  constructor(listener: LinkListener, size: TerminalSize) {
    this.#listener = listener;
    this.#size = size;
    this.#attached.promise.catch(() => {}); // whoever waits for it gets it
  }

  /** Resolves when what was on the screen has been shown. */
  get attached(): Promise<void> {
    return this.#attached.promise;
  }

  get shell(): ShellProcess {
    return { find: `pid=$(tmux -L mcp-ssh display-message -p -t '${this.#pane ?? ""}' '#{pane_pid}')` };
  }

  listen(connection: Connection, channel: ClientChannel): void {
    this.#channel = channel;
    const forget = connection.onEnd((reason) => this.#end(reason.message));
    channel.on("data", (bytes: Buffer) => this.#take(bytes));
    channel.stderr.on("data", (bytes: Buffer) => this.#said = (this.#said + bytes.toString("utf8")).slice(0, 400));
    channel.on("error", () => {}); // what it means is in the close that follows
    channel.once("close", () => {
      forget();
      this.#end(this.#exitReason);
    });
  }

  write(data: string): void {
    const bytes = Buffer.from(data, "utf8");
    for (let at = 0; at < bytes.length; at += KEYS_PER_COMMAND) {
      const keys = bytes.subarray(at, at + KEYS_PER_COMMAND).toString("hex").match(/../g)?.join(" ") ?? "";
      this.#command(`send-keys -t ${this.#pane ?? ""} -H ${keys}`);
    }
  }

  resize(size: TerminalSize): void {
    this.#size = size;
    this.#command(`refresh-client -C ${size.width},${size.height}`);
  }

  hold(paused: boolean): void {
    if (paused) this.#channel?.pause();
    else this.#channel?.resume();
  }

  close(): void {
    this.#channel?.close();
  }

  #command(line: string): void {
    if (this.#channel?.writable) this.#channel.write(line + "\n");
  }

  #take(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
      this.#pending.push(bytes.subarray(from, end));
      this.#line(this.#pending.length === 1 ? this.#pending[0] ?? bytes : Buffer.concat(this.#pending));
      this.#pending = [];
      from = end + 1;
    }
    if (from < bytes.length) this.#pending.push(Buffer.from(bytes.subarray(from)));
    spend(bytes);
    if (this.#pending.reduce((sum, part) => sum + part.length, 0) > MAX_LINE_BYTES) this.close();
  }

  #line(line: Buffer): void {
    if (this.#block !== undefined) {
      if (/^%(?:end|error) \d+ \d+ \d+\r?$/.test(line.toString("latin1", 0, 80))) this.#endBlock();
      else this.#block.push(Buffer.from(line));
    } else if (startsWith(line, "%begin ")) this.#block = [];
    else if (startsWith(line, "%output ")) this.#output(line);
    else if (startsWith(line, "%exit")) this.#exit(line.toString("utf8", 6).trim());
    else if (startsWith(line, "%session-changed ")) this.#ask();
  }

  /** What the first answers are to: the size, where the pane is and how it looks, its scrollback, its screen. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#answers.length = 0;
    this.resize(this.#size);
    this.#command(`display-message -p '${FACTS}' ; capture-pane -p -J -S - -E -1 ; capture-pane -p -J`);
  }

  #endBlock(): void {
    const block = this.#block ?? [];
    this.#block = undefined;
    if (!this.#asked || this.#pane !== undefined) return;
    this.#answers.push(block);
    const facts = this.#answers.findIndex(([line]) =>
      /^%\d+ [01] \d+ \d+ \d+\r?$/.test(line?.toString("latin1") ?? "")
    );
    if (facts < 0 || this.#answers.length < facts + 3) return;
    this.#show(
      this.#answers[facts]?.[0]?.toString("latin1") ?? "",
      this.#answers[facts + 1] ?? [],
      this.#answers[facts + 2] ?? [],
    );
    this.#answers.length = 0;
  }

  /** Draws what tmux kept: the scrollback, then the screen, then the cursor at its place. */
  #show(facts: string, history: Buffer[], screen: Buffer[]): void {
    const [pane, alternate, x = "0", y = "0", historySize] = facts.trim().split(" ");
    this.#pane = pane;
    const before = Number(historySize) > 0 ? texts(history) : [];
    const kept = { lines: [...before, ...texts(screen)], cursor: { x: Number(x), y: Number(y) }, size: this.#size };
    const drawn = alternate === "1"
      ? drawnLines(before, this.#size.width) + "\r\n" + drawnAlternate({ ...kept, lines: texts(screen) })
      : drawnScreen(kept);
    this.#listener.onData(Buffer.from(drawn));
    this.#attached.resolve();
  }

  #output(line: Buffer): void {
    const space = line.indexOf(32, 8);
    if (space < 0 || line.toString("latin1", 8, space) !== this.#pane) return;
    this.#listener.onData(unescaped(line.subarray(space + 1)));
  }

  #exit(reason: string): void {
    if (reason !== "") this.#exitReason = `tmux let go of it: ${reason.slice(0, 80)}`;
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#attached.reject(
      new ToolError("multiplexer_missing", "tmux gave no session", {
        hint: "tmux must be able to start on the host; or open the shell without persist",
        data: { said: this.#said },
      }),
    );
    this.#listener.onEnd(reason);
  }
}

function texts(rows: readonly Buffer[]): string[] {
  return rows.map((row) => row.toString("utf8"));
}

function startsWith(line: Buffer, text: string): boolean {
  return line.length >= text.length && line.toString("latin1", 0, text.length) === text;
}

/** tmux writes what is below a blank, and the backslash, as three octal digits. */
function unescaped(escaped: Buffer): Buffer {
  if (!escaped.includes(92)) return Buffer.from(escaped);
  const bytes = Buffer.alloc(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at++) {
    const byte = escaped[at] ?? 0;
    if (byte !== 92) bytes[length++] = byte;
    else {
      bytes[length++] = parseInt(escaped.toString("latin1", at + 1, at + 4), 8);
      at += 3;
    }
  }
  return bytes.subarray(0, length);
}
