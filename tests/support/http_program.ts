/** The real program as a child process that listens for HTTP, and real MCP clients that talk to it. */
import { Client, type ClientOptions, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Daemon } from "./daemon.ts";
import { Caller, DENIED, MAIN, programEnvironment, type ProgramOptions } from "./program.ts";

/** A client over HTTP. */
export class HttpClient extends Caller implements AsyncDisposable {
  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

/** The program's process. */
export class HttpProgram implements AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly daemon: Daemon;

  private constructor(daemon: Daemon, url: string, token: string) {
    this.daemon = daemon;
    this.url = url;
    this.token = token;
  }

  /** Starts the program on a free port; without a token of its own, it takes the one that the program makes. */
  static async start(
    { permissions = ["--allow-net"], flags = [], env = {} }: ProgramOptions = {},
  ): Promise<HttpProgram> {
    const run = ["run", "--no-prompt", "--quiet", ...DENIED, ...permissions, MAIN];
    const daemon = new Daemon(Deno.execPath(), [...run, "--transport=streamable-http", "--port=0", ...flags], {
      env: programEnvironment({ env }),
      clearEnv: true,
    });
    if (!await daemon.logs("Authorization: Bearer ")) throw new Error(daemon.log);
    const url = /serving (\S+)/.exec(daemon.log)?.[1] ?? "";
    const token = env["MCP_REMOTE_SSH_TOKEN"] ?? /Bearer (\S+)/.exec(daemon.log)?.[1] ?? "";
    return new HttpProgram(daemon, url, token);
  }

  /** Connects one more client. */
  async connect(options: ClientOptions = {}, token = this.token): Promise<HttpClient> {
    const client = new Client({ name: "test", version: "1" }, options);
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(this.url), { requestInit }));
    return new HttpClient(client);
  }

  /** Sends what a client library would not. */
  async post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return await fetch(this.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        ...headers,
      },
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.kill();
  }
}
