/** A server program that a test owns: started, watched by what it logs, stopped with all it started. */
import { descendants, eventually, killAll } from "./processes.ts";

const maxLogCharacters = 1_000_000;
/** How long the last words of a process that has ended are waited for, which what it started may hold back for ever. */
const LAST_WORDS_MS = 5000;

/** One running server program. */
export class Daemon {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #log = "";
  #ended = false;

  constructor(command: string, args: string[], options: { env?: Record<string, string>; clearEnv?: boolean } = {}) {
    const streams = { stdin: "null", stdout: "null", stderr: "piped" } as const;
    this.#child = new Deno.Command(command, { args, ...streams, ...options }).spawn();
    this.#reader = this.#child.stderr.getReader();
    this.#reading = this.#read();
    this.#child.status.then(() => this.#ended = true);
  }

  /** The process id of the listener. */
  get pid(): number {
    return this.#child.pid;
  }

  /** The last million characters it wrote to stderr. */
  get log(): string {
    return this.#log;
  }

  /** Resolves with the exit code once the process has ended. */
  get exited(): Promise<number> {
    return this.#child.status.then(({ code }) => code);
  }

  /** True once the process has ended. */
  get ended(): boolean {
    return this.#ended;
  }

  /** True when the log shows `text`, false when the process ended before it did. */
  async logs(text: string): Promise<boolean> {
    await eventually(`log of pid ${this.pid} shows ${text}`, () => this.#ended || this.#log.includes(text));
    // Its end may be known before its last words are read, and a caller tells of them.
    if (this.#ended) await this.#lastWords();
    return this.#log.includes(text);
  }

  /** Ends it and everything below it, at once, as a power cut would. */
  async kill(): Promise<void> {
    // Stopped first: a listener that lives could start one more child after the listing.
    if (!this.#ended) killAll([this.pid], "SIGSTOP");
    const children = (await descendants(this.pid)).map((child) => child.pid);
    // Stopped too: a server that saw the end of what it had started would still tell of it.
    killAll(children, "SIGSTOP");
    killAll(this.#ended ? children : [this.pid, ...children]);
    await this.#child.status;
    // Whatever escaped the tree still holds the pipe open, so reading ends here and not at end of file.
    await this.#reader.cancel().catch(() => {});
    await this.#reading;
  }

  async #lastWords(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([this.#reading, new Promise((resolve) => timer = setTimeout(resolve, LAST_WORDS_MS))]);
    clearTimeout(timer);
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    while (true) {
      const { done, value } = await this.#reader.read();
      if (done) return;
      this.#log = (this.#log + decoder.decode(value, { stream: true })).slice(-maxLogCharacters);
    }
  }
}
