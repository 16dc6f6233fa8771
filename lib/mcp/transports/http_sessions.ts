/** Clients of the protocol's 2025 era over HTTP: each has a session of the protocol, by the Mcp-Session-Id header. */
import { WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import type { App } from "../app.ts";
import { createMcpServer } from "../server.ts";

/** Clients at a time; whoever was heard of longest ago makes room for one more, and has to initialize again. */
const MAX_CLIENTS = 100;

/** The clients that have initialized. They share the SSH sessions and the secrets of one App. */
export class HttpSessions {
  readonly #app: App;
  readonly #maxBodyBytes: number;
  readonly #clients = new Map<string, WebStandardStreamableHTTPServerTransport>();

  /** @param maxBodyBytes the longest request body that is read */
  constructor(app: App, maxBodyBytes: number) {
    this.#app = app;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Answers one HTTP request. */
  async fetch(request: Request): Promise<Response> {
    const id = request.headers.get("mcp-session-id");
    const client = id === null ? await this.#newClient() : this.#client(id);
    if (client === undefined) return unknownClient();
    try {
      return await client.handleRequest(request);
    } finally {
      // What did not initialize has not become a client.
      if (client.sessionId === undefined) await client.close();
    }
  }

  /** Closes every client's session. */
  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.close()));
  }

  async #newClient(): Promise<WebStandardStreamableHTTPServerTransport> {
    const client: WebStandardStreamableHTTPServerTransport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => crypto.randomUUID(),
      onsessioninitialized: (id) => this.#admit(id, client),
      maxRequestBodySize: this.#maxBodyBytes,
    });
    await createMcpServer(this.#app).connect(this.#app.egress.guard(client));
    const { onclose } = client;
    client.onclose = () => {
      if (client.sessionId !== undefined) this.#clients.delete(client.sessionId);
      onclose?.();
    };
    return client;
  }

  async #admit(id: string, client: WebStandardStreamableHTTPServerTransport): Promise<void> {
    this.#clients.set(id, client);
    const [oldest] = this.#clients.values();
    if (this.#clients.size > MAX_CLIENTS) await oldest?.close();
  }

  /** The client of that id, who has just been heard of. */
  #client(id: string): WebStandardStreamableHTTPServerTransport | undefined {
    const client = this.#clients.get(id);
    if (client === undefined) return undefined;
    this.#clients.delete(id);
    this.#clients.set(id, client);
    return client;
  }
}

/** MCP 2025-11-25, "Session Management": the client has to initialize again. */
function unknownClient(): Response {
  const error = { code: -32001, message: "Session not found: initialize again" };
  return Response.json({ jsonrpc: "2.0", error, id: null }, { status: 404 });
}
