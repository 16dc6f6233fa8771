/** The program without a client library: lines in, lines out. */
import { programArgs, programEnvironment, type ProgramOptions } from "./program.ts";

/** One JSON-RPC message. */
// deno-lint-ignore no-explicit-any -- tests look into messages of every shape
export type Message = any;

/** The program's process, spoken to line by line. */
export class RawProgram implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #nextId = 1;
  /** What the program wrote to stdout, line by line. */
  readonly lines: string[] = [];

  /** Starts the program. */
  constructor(options: ProgramOptions = {}) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: programArgs(options),
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
      clearEnv: true,
      env: programEnvironment(options),
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    void this.#read();
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends bytes or text as they are. */
  async send(data: string | Uint8Array): Promise<void> {
    await this.#input.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** Sends a request and waits for its answer. */
  request(method: string, params: Record<string, unknown> = {}): Promise<Message> {
    const id = this.#nextId++;
    const { promise, resolve } = Promise.withResolvers<Message>();
    this.#waiting.set(id, resolve);
    void this.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n");
    return promise;
  }

  /** The 2025 handshake. */
  async initialize(protocolVersion = "2025-11-25"): Promise<Message> {
    const answer = await this.request("initialize", {
      protocolVersion,
      capabilities: {},
      clientInfo: { name: "raw", version: "1" },
    });
    await this.send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }) + "\n");
    return answer;
  }

  /** Closes stdin. */
  async endInput(): Promise<void> {
    await this.#input.close();
  }

  /** Sends a signal to the program. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Resolves with the exit code, and how long that took from now on. */
  async exited(): Promise<{ code: number; ms: number }> {
    const start = performance.now();
    const { code } = await this.#child.status;
    return { code, ms: performance.now() - start };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {});
    await this.#child.status;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        this.lines.push(line);
        const message = JSON.parse(line) as Message;
        this.#waiting.get(message.id)?.(message);
      }
    }
  }
}
