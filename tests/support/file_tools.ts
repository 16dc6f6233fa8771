/** The file tools on a real connection, called as the server calls them. */
import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { App } from "../../lib/mcp/app.ts";
import type { Call } from "../../lib/mcp/define_tool.ts";
import type { ProgressUpdate } from "../../lib/mcp/egress.ts";
import { fileTools } from "../../lib/mcp/tools/files.ts";
import { Connection } from "../../lib/ssh/connection.ts";
import { Session } from "../../lib/ssh/session.ts";
import { loadSsh2 } from "../../lib/ssh/ssh2.ts";
import { eventually } from "./processes.ts";
import { type TempDir, tempDir } from "./temp_dir.ts";

/** Where to log in. */
export interface Login {
  host: string;
  port: number;
  user: string;
  /** Path of a private key. */
  clientKeyPath: string;
}

/** How a call is made. */
export interface CallOptions {
  signal?: AbortSignal;
  progress?: (update: ProgressUpdate) => void;
}

// deno-lint-ignore no-explicit-any -- what a tool answers is what the tests look into
type Answer = any;

/** A session with its own --files-dir. */
export class FileTools implements AsyncDisposable {
  readonly app: App;
  readonly local: TempDir;
  session: Session;
  readonly #login: Login;

  private constructor(app: App, local: TempDir, session: Session, login: Login) {
    this.app = app;
    this.local = local;
    this.session = session;
    this.#login = login;
  }

  /** Connects. */
  static async connect(login: Login, secretsDir?: string): Promise<FileTools> {
    const local = await tempDir("mcp-remote-ssh-files-");
    const app = new App({ filesDir: local.path, secretsDir, hostKeyPolicy: "insecure" });
    await app.ready();
    const session = await newSession(app, login);
    return new FileTools(app, local, session, login);
  }

  /** Connects once more, after the connection was lost. */
  async reconnect(): Promise<void> {
    await this.session.close();
    this.session = await newSession(this.app, this.#login);
  }

  /** Calls a tool that must succeed; gives its answer. */
  async ok(name: string, args: Record<string, unknown>, options: CallOptions = {}): Promise<Answer> {
    const { isError, value } = await this.#call(name, args, options);
    assert.equal(isError, false, JSON.stringify(value));
    return value;
  }

  /** Calls a tool that must fail with a code; gives the error. */
  async fails(code: string, name: string, args: Record<string, unknown>, options: CallOptions = {}): Promise<Answer> {
    const { isError, value } = await this.#call(name, args, options);
    assert.equal(isError, true, JSON.stringify(value));
    assert.equal(value.error.code, code, JSON.stringify(value));
    return value.error;
  }

  /** Names in a local directory, part files included. */
  async localNames(): Promise<string[]> {
    return await names(this.local.path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.app.close();
    await this.session.close();
    await this.local[Symbol.asyncDispose]();
  }

  async #call(name: string, args: Record<string, unknown>, options: CallOptions) {
    const tool = fileTools.find((candidate) => candidate.name === name);
    if (tool === undefined) throw new Error(`no tool ${name}`);
    const call: Call = {
      app: this.app,
      signal: options.signal ?? new AbortController().signal,
      progress: options.progress,
      person: { reachable: false, answer: undefined },
      session: () => {
        if (this.session.ended !== undefined) throw this.session.ended;
        return this.session;
      },
    };
    const result = await tool.call({ session_id: this.session.id, ...args }, call);
    return { isError: result.isError === true, value: result.structuredContent as Answer };
  }
}

/** Names in a directory, sorted. */
export async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name)).sort();
}

/** Waits until a directory holds just these: a call that was cancelled may answer before it has cleaned up. */
export async function leaves(directory: string, expected: string[]): Promise<void> {
  const wanted = expected.join("\n");
  await eventually(
    `nothing but ${wanted} is in ${directory}`,
    async () => (await names(directory)).join("\n") === wanted,
  );
}

/** Bytes that do not repeat and are the same every time. */
export function someBytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed >>> 0 || 1;
  for (let at = 0; at < words.length; at++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    words[at] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

/** A session of the tests' user. */
export async function newSession(app: App, login: Login): Promise<Session> {
  const { utils } = await loadSsh2();
  const privateKey = utils.parseKey(await Deno.readTextFile(login.clientKeyPath));
  if (privateKey instanceof Error) throw privateKey;
  const connection = await Connection.connect({
    host: login.host,
    port: login.port,
    username: login.user,
    credentials: { privateKey },
    knownHosts: await app.knownHosts(),
    timeoutMs: 20_000,
  });
  return new Session(connection);
}

/** Fails unless `promise` rejects with a ToolError of this code. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<ToolError> {
  const error = await promise.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ToolError, `expected a ToolError ${code}, got ${error}`);
  assert.equal(error.code, code, error.message);
  return error;
}
