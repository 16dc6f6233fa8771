/** The real program as a child process, with exactly the README's flags, and a real MCP client that talks to it. */
import { Client, type ClientOptions } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { fileURLToPath } from "node:url";

/** Path of main.ts. */
export const MAIN: string = fileURLToPath(new URL("../../main.ts", import.meta.url));

/** Powers that the program must never need; denied in every end-to-end test. */
export const DENIED: readonly string[] = ["--deny-run", "--deny-ffi", "--deny-sys"];

/** How the program is started. */
export interface ProgramOptions {
  /** Deno's permission flags. @default only --allow-net */
  permissions?: string[];
  /** The program's own flags. */
  flags?: string[];
  client?: ClientOptions;
  /** Environment of the program. @default only PATH and HOME */
  env?: Record<string, string>;
}

/** Longer than any call of the tests may take. */
const CLIENT_TIMEOUT_MS = 10 * 60_000;

/** What a tool answered. */
export interface Answer {
  isError: boolean;
  // deno-lint-ignore no-explicit-any -- tests look into results of every shape
  value: any;
  text: string;
}

/** A client that calls tools. */
export class Caller {
  readonly client: Client;

  constructor(client: Client) {
    this.client = client;
  }

  /** Calls a tool, whatever comes of it. */
  async call(name: string, args: Record<string, unknown> = {}): Promise<Answer> {
    // The program keeps the time itself.
    const result = await this.client.callTool({ name, arguments: args }, { timeout: CLIENT_TIMEOUT_MS });
    const [content] = result.content as Array<{ text: string }>;
    return { isError: result.isError === true, value: result.structuredContent, text: content?.text ?? "" };
  }

  /** Calls a tool that must succeed. */
  // deno-lint-ignore no-explicit-any -- as above
  async ok(name: string, args: Record<string, unknown> = {}): Promise<any> {
    const answer = await this.call(name, args);
    if (answer.isError) throw new Error(`${name} failed: ${answer.text}`);
    return answer.value;
  }

  /** Calls a tool that must fail. */
  async fails(
    name: string,
    args: Record<string, unknown> = {},
  ): Promise<{ code: string; message: string; hint?: string }> {
    const answer = await this.call(name, args);
    if (!answer.isError) throw new Error(`${name} should have failed: ${answer.text}`);
    return answer.value.error;
  }
}

/** The program and its client. */
export class Program extends Caller implements AsyncDisposable {
  readonly transport: StdioClientTransport;
  #stderr = "";

  private constructor(client: Client, transport: StdioClientTransport) {
    super(client);
    this.transport = transport;
    transport.stderr?.on("data", (chunk: Uint8Array) => this.#stderr += new TextDecoder().decode(chunk));
  }

  /** Starts the program and connects. */
  static async start(options: ProgramOptions = {}): Promise<Program> {
    const transport = new StdioClientTransport({
      command: Deno.execPath(),
      args: programArgs(options),
      env: programEnvironment(options),
      stderr: "pipe",
    });
    const client = new Client({ name: "test", version: "1" }, options.client);
    const program = new Program(client, transport);
    await client.connect(transport);
    return program;
  }

  /** What the program wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** The environment of the program: what a test gives it, and where the runtime leaves coverage, which needs no power. */
export function programEnvironment({ env = {} }: ProgramOptions): Record<string, string> {
  const coverage = Deno.env.get("DENO_COVERAGE_DIR");
  return coverage === undefined ? env : { ...env, DENO_COVERAGE_DIR: coverage };
}

/** The command line of the program, after `deno`. */
export function programArgs({ permissions = ["--allow-net"], flags = [] }: ProgramOptions): string[] {
  return ["run", "--no-prompt", "--quiet", ...DENIED, ...permissions, MAIN, ...flags];
}
