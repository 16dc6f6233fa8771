/** The interactive shells of one session, by name. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Connection } from "../connection.ts";
import { Shell } from "../shell.ts";
import { Deadline } from "../deadline.ts";
import type { LoginShell } from "../commands/login_shell.ts";
import type { LeftOutputs } from "./left_output.ts";
import { type LinkListener, openTerminal } from "./link.ts";
import { persistentShell } from "./multiplexer.ts";
import type { TerminalSize } from "./screen.ts";

const MAX_SHELLS = 20;
/** How long the opening of a shell waits to know what shell it is. */
const KIND_LIMIT_MS = 1500;

/** How a shell is opened. */
export interface OpenShellOptions {
  /** Value of TERM. */
  term: string;
  /** The terminal's size. */
  size: TerminalSize;
  /** Whether it is to live on when the connection ends. */
  persist: boolean;
  /** Ends the wait. */
  signal?: AbortSignal | undefined;
}

/** The shells of a session. */
export class Shells {
  readonly #connection: Connection;
  readonly #loginShell: LoginShell;
  readonly #left: LeftOutputs;
  readonly #shells = new Map<string, Shell>();
  readonly #opening = new Map<string, Promise<Shell>>();

  /**
   * No shells yet.
   *
   * @param connection over which they run
   * @param loginShell what they are
   * @param left what shells have left that live on
   */
  constructor(connection: Connection, loginShell: LoginShell, left: LeftOutputs) {
    this.#left = left;
    this.#connection = connection;
    this.#loginShell = loginShell;
  }

  /** How many are open. */
  get open(): number {
    return [...this.#shells.values()].filter((shell) => shell.ended === undefined).length;
  }

  /** All that are open. */
  [Symbol.iterator](): Iterator<Shell> {
    return [...this.#shells.values()].filter((shell) => shell.ended === undefined).values();
  }

  /**
   * Opens a shell, or gives the one that is open under that name.
   *
   * @throws {ToolError} `limit_reached`, and as {@linkcode Shell.open}
   */
  async ensure(name: string, options: OpenShellOptions): Promise<{ shell: Shell; opened: boolean }> {
    const existing = this.#shells.get(name);
    if (existing !== undefined && existing.ended === undefined) return { shell: existing, opened: false };
    const opening = this.#opening.get(name);
    if (opening !== undefined) return { shell: await opening, opened: false };
    if (this.open + this.#opening.size >= MAX_SHELLS) {
      throw new ToolError("limit_reached", `${MAX_SHELLS} shells are open in this session, which is the most`, {
        hint: "end one by sending exit to it",
      });
    }
    const promise = this.#openNew(name, options);
    this.#opening.set(name, promise);
    try {
      const shell = await promise;
      existing?.dispose();
      this.#shells.set(name, shell);
      return { shell, opened: true };
    } finally {
      this.#opening.delete(name);
    }
  }

  /**
   * The shell of that name, open or closed.
   *
   * @throws {ToolError} `shell_not_open` when there never was one
   */
  find(name: string): Shell {
    const shell = this.#shells.get(name);
    if (shell !== undefined) return shell;
    const names = [...this].map((open) => open.name);
    throw new ToolError("shell_not_open", `no shell ${quoteUntrusted(name, 64)} is open in this session`, {
      hint: names.length > 0 ? `open shells: ${names.join(", ")}` : "open one with ssh_shell_open",
    });
  }

  /** Hangs up all. */
  close(): void {
    for (const shell of this.#shells.values()) {
      shell.close();
      shell.dispose();
    }
    this.#shells.clear();
  }

  async #openNew(name: string, options: OpenShellOptions): Promise<Shell> {
    const { size, signal } = options;
    if (options.persist) {
      const kept = await persistentShell(this.#connection, name, options);
      const left = kept.keeper.forgets ? this.#left.of(this.#connection.facts, name) : undefined;
      return await Shell.open(this.#connection, { name, size, signal, left, ...kept });
    }
    const command = await this.#commandOfLoginShell(signal);
    const link = (listener: LinkListener) => openTerminal(this.#connection, { ...options, command }, listener);
    return await Shell.open(this.#connection, { name, size, signal, link });
  }

  /**
   * zsh must be told at its start to keep lines that begin with a blank, ours, out of its history. A host that does not
   * say in time what its login shell is, or runs no commands, gets that shell all the same.
   */
  async #commandOfLoginShell(signal: AbortSignal | undefined): Promise<string | undefined> {
    const limits = { deadline: new Deadline(KIND_LIMIT_MS), signal };
    const kind = await this.#loginShell.kind(limits).catch(() => "other");
    return kind === "zsh" ? 'exec "$SHELL" -g -l' : undefined;
  }
}
