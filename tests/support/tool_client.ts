/** A client of the server in the same process: calls tools by name, and gives what they answer. */
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import assert from "node:assert/strict";
import { App, type AppOptions } from "../../lib/mcp/app.ts";
import { createMcpServer } from "../../lib/mcp/server.ts";
import type { Sshd } from "./sshd.ts";

/** What a tool answered. */
export type Answer = Record<string, unknown>;

/** The error in a tool's answer. */
export interface AnsweredError {
  code: string;
  message: string;
  hint?: string;
}

/** A client and the server it talks to. */
export class ToolClient implements AsyncDisposable {
  readonly app: App;
  readonly #client: Client;

  private constructor(app: App, client: Client) {
    this.app = app;
    this.#client = client;
  }

  /** Starts a server and connects a client to it. */
  static async start(options: AppOptions = {}): Promise<ToolClient> {
    const app = new App({ hostKeyPolicy: "insecure", ...options });
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
    await createMcpServer(app).connect(serverSide);
    const client = new Client({ name: "test", version: "0" });
    await client.connect(clientSide);
    return new ToolClient(app, client);
  }

  /** Calls a tool, which must succeed. */
  async call<T = Answer>(name: string, args: Answer): Promise<T> {
    const result = await this.#client.callTool({ name, arguments: args }, { timeout: 120_000 });
    assert.notEqual(result.isError, true, `${name} failed: ${JSON.stringify(result.structuredContent)}`);
    return result.structuredContent as T;
  }

  /** Calls a tool, which must fail. */
  async fail(name: string, args: Answer): Promise<AnsweredError> {
    const result = await this.#client.callTool({ name, arguments: args }, { timeout: 120_000 });
    assert.equal(result.isError, true, `${name} did not fail: ${JSON.stringify(result.structuredContent)}`);
    return (result.structuredContent as { error: AnsweredError }).error;
  }

  /** Opens a session. @returns its id */
  async connect(sshd: Sshd, username = sshd.user): Promise<string> {
    const { session_id } = await this.call<{ session_id: string }>("ssh_connect", {
      host: sshd.host,
      port: sshd.port,
      username,
      key_path: sshd.clientKeyPath,
    });
    return session_id;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.close();
    await this.app.close();
  }
}
