/** Serves clients over streamable HTTP at one address of this machine, both eras of the protocol. */
import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  type McpServer,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import { createHash, timingSafeEqual } from "node:crypto";
import { ToolError } from "../../errors.ts";
import { denied, holds } from "../../sandbox.ts";
import type { App } from "../app.ts";
import { createMcpServer } from "../server.ts";
import { HttpSessions } from "./http_sessions.ts";
import type { Serving } from "./serving.ts";

/** Where the protocol is spoken; there is nothing else. */
const PATH = "/mcp";
/** Longest request that is read: above the largest argument of any tool, escaped. */
const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** Holds a token of the user's own choice. */
const TOKEN_VARIABLE = "MCP_REMOTE_SSH_TOKEN";
const MIN_TOKEN_CHARACTERS = 16;

/** Where to listen. */
export interface HttpAddress {
  /** A name or an address of this machine. */
  host: string;
  /** 0 for any free port. */
  port: number;
}

type Fetch = (request: Request) => Promise<Response>;

/**
 * Serves MCP at `http://host:port/mcp`. Who reaches it has every session, so clients must show a token: the one in the
 * environment, where that may be read, else one made anew and told on stderr.
 *
 * @throws {ToolError} `permission_denied_locally`, `port_in_use` or `invalid_argument`
 */
export function serveOverHttp(app: App, address: HttpAddress): Serving {
  const chosen = chosenToken();
  const token = chosen ?? newToken();
  const endpoint = new Endpoint(app, address);
  const stop = new AbortController();
  const fetch = behindToken(token, (request) => endpoint.fetch(request));
  const port = listen(address, fetch, stop.signal, (error) => app.egress.log(`http: ${error}`));
  console.error(announcement({ ...address, port }, chosen === undefined ? token : `the value of ${TOKEN_VARIABLE}`));
  const { promise: done, resolve } = Promise.withResolvers<void>();
  return {
    done,
    close: async () => {
      await endpoint.close();
      stop.abort();
      resolve();
    },
  };
}

/** Both eras of the protocol behind one URL. */
class Endpoint {
  readonly #app: App;
  /** Names by which this machine may be meant: a page in a browser that rebinds its own name to it is not let in. */
  readonly #names: string[] | undefined;
  readonly #legacy: HttpSessions;
  readonly #modern: ReturnType<typeof createMcpHandler>;

  constructor(app: App, { host }: HttpAddress) {
    this.#app = app;
    this.#names = isLoopback(host) ? localhostAllowedHostnames() : undefined;
    this.#legacy = new HttpSessions(app, MAX_BODY_BYTES);
    this.#modern = createMcpHandler(() => guardedServer(app), {
      legacy: "reject",
      // Deno hears of a client that has gone only when the answer has begun, where a request came in several reads.
      responseMode: "sse",
      maxRequestBodySize: MAX_BODY_BYTES,
      onerror: (error) => app.egress.log(`protocol: ${error.message}`),
    });
  }

  async fetch(request: Request): Promise<Response> {
    const rejected = (this.#names && hostHeaderValidationResponse(request, this.#names)) ??
      originValidationResponse(request, localhostAllowedOrigins());
    if (rejected !== undefined) return await this.#cleaned(rejected);
    const legacy = await isLegacyRequest(request, undefined, { maxRequestBodySize: MAX_BODY_BYTES });
    return await this.#cleaned(legacy ? await this.#legacy.fetch(request) : await this.#modern.fetch(request));
  }

  async close(): Promise<void> {
    await Promise.all([this.#legacy.close(), this.#modern.close()]);
  }

  /** What the library answers past its transports may quote what the client sent. */
  async #cleaned(response: Response): Promise<Response> {
    const { status, headers } = response;
    if (response.ok || headers.get("content-type")?.startsWith("application/json") !== true) return response;
    return new Response(JSON.stringify(this.#app.egress.clean(await response.json())), { status, headers });
  }
}

function guardedServer(app: App): McpServer {
  const mcp = createMcpServer(app);
  const connect = mcp.connect.bind(mcp);
  mcp.connect = (transport) => connect(app.egress.guard(transport));
  return mcp;
}

function behindToken(token: string, inner: Fetch): Fetch {
  const expected = digest(token);
  return async (request) => {
    if (new URL(request.url).pathname !== PATH) return new Response(null, { status: 404 });
    const [, shown = ""] = /^bearer +(.*)$/i.exec(request.headers.get("authorization") ?? "") ?? [];
    if (timingSafeEqual(digest(shown), expected)) return await inner(request);
    return new Response(null, { status: 401, headers: { "www-authenticate": "Bearer" } });
  };
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** @throws {ToolError} `invalid_argument` when it could be guessed */
function chosenToken(): string | undefined {
  if (!holds({ name: "env", variable: TOKEN_VARIABLE })) return undefined;
  const token = Deno.env.get(TOKEN_VARIABLE);
  if (token === undefined || token.length >= MIN_TOKEN_CHARACTERS) return token;
  throw new ToolError("invalid_argument", `${TOKEN_VARIABLE} has fewer than ${MIN_TOKEN_CHARACTERS} characters`, {
    hint: "take a random one, or leave it out and a new one is made at every start",
  });
}

function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @returns the port */
function listen(
  { host, port }: HttpAddress,
  fetch: Fetch,
  signal: AbortSignal,
  log: (error: unknown) => void,
): number {
  // Deno would print it past the egress.
  const onError = (error: unknown): Response => {
    log(error);
    return new Response(null, { status: 500 });
  };
  try {
    return Deno.serve({ hostname: host, port, signal, onError, onListen: () => {} }, fetch).addr.port;
  } catch (error) {
    const place = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    if (error instanceof Deno.errors.NotCapable) throw denied({ name: "net", host: place }, `listening on ${place}`);
    if (error instanceof Deno.errors.AddrInUse) {
      throw new ToolError("port_in_use", `${place} is already in use on this machine`, {
        hint: "choose another --port, or 0 for a free one",
      });
    }
    throw new ToolError("invalid_argument", `cannot listen on ${place} (${error})`, {
      hint: "--host must be an address of this machine, and a --port below 1024 needs root",
    });
  }
}

function announcement({ host, port }: HttpAddress, token: string): string {
  const place = host.includes(":") ? `[${host}]` : host;
  const lines = [`serving http://${place}:${port}${PATH}`, `clients send the header Authorization: Bearer ${token}`];
  if (!isLoopback(host)) lines.push("not encrypted: others on the network can read what passes, and the token");
  return lines.join("\n");
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || host.startsWith("127.");
}
