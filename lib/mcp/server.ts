/** The MCP face: one catalogue of tools on one server, whatever era of the protocol the client speaks. */
import {
  McpServer,
  ProtocolError,
  ProtocolErrorCode,
  type ServerContext,
  type Transport,
} from "@modelcontextprotocol/server";
import { quoteUntrusted } from "../errors.ts";
import { VERSION } from "../version.ts";
import { App, type AppOptions } from "./app.ts";
import { catalogue } from "./catalogue.ts";
import type { Call } from "./define_tool.ts";
import type { ProgressUpdate, PublicEgress } from "./egress.ts";
import { personOf } from "./person.ts";

const NAME = "mcp-remote-ssh";

const INSTRUCTIONS = "SSH for agents. ssh_connect gives a session_id that the other tools take. " +
  "Values of loaded secrets are masked as *** in all output; use them on the remote host by variable name.";

/** A session, as an importing program sees it. */
export interface SessionSummary {
  /** The session_id. */
  id: string;
  /** Host name or address. */
  host: string;
  /** TCP port. */
  port: number;
  /** Remote user. */
  username: string;
  /** False once the connection is lost. */
  connected: boolean;
}

/** Any transport of @modelcontextprotocol/server, e.g. `InMemoryTransport` or `StdioServerTransport`. */
export interface ProtocolTransport {
  /** Starts to receive. */
  start(): Promise<void>;
  /** Sends one JSON-RPC message. */
  send(message: object): Promise<void>;
  /** Ends the connection. */
  close(): Promise<void>;
}

/** The server for an importing program. */
export interface RemoteSshServer extends AsyncDisposable {
  /** Serves one client over a transport of the protocol library; all clients share the sessions and the secrets. */
  connect(transport: ProtocolTransport): Promise<void>;
  /** The one door out: redacts whatever else the importing program shows to an agent. */
  readonly egress: PublicEgress;
  /** The open sessions, in the order of their opening. */
  sessions(): SessionSummary[];
  /** Closes every session. */
  close(): Promise<void>;
}

/**
 * Makes the server that the program runs, for a transport of your choice.
 *
 * @param options how it is set up; the command line has a flag for each
 */
export function createServer(options: AppOptions = {}): RemoteSshServer {
  const app = new App(options);
  const close = (): Promise<void> => app.close();
  return {
    connect: (transport) => createMcpServer(app).connect(app.egress.guard(transport as unknown as Transport)),
    egress: app.egress,
    sessions: () =>
      [...app.sessions].map(({ id, ended, connection: { facts: { host, port, username } } }) => {
        return { id, host, port, username, connected: ended === undefined };
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Makes an MCP server over `app`. A serving entry of the protocol library may ask for several: they share the
 * sessions and the secrets of `app`.
 *
 * @param app the shared state
 */
export function createMcpServer(app: App): McpServer {
  const mcp = new McpServer({ name: NAME, title: "Remote SSH", version: VERSION }, {
    capabilities: { tools: {} },
    instructions: INSTRUCTIONS,
  });
  const tools = new Map(catalogue.map((tool) => [tool.name, tool]));
  // Set on the protocol server itself: the high-level registration would answer invalid arguments past the egress.
  mcp.server.setRequestHandler("tools/list", () => {
    // While the agent reads the list; a call that finds it failed says so.
    app.ready().catch(() => {});
    return { tools: catalogue.map((tool) => tool.listing()) };
  });
  mcp.server.setRequestHandler("tools/call", (request, context) => {
    const { name, arguments: args } = request.params;
    const tool = tools.get(name);
    if (tool === undefined) {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `unknown tool ${quoteUntrusted(name, 64)}`);
    }
    return tool.call(args, newCall(app, context, mcp));
  });
  return mcp;
}

function newCall(app: App, context: ServerContext, mcp: McpServer): Call {
  const { signal, _meta } = context.mcpReq;
  const progressToken = _meta?.progressToken;
  return {
    app,
    signal,
    session: (id) => app.sessions.use(id),
    person: personOf(context, mcp.server.getClientCapabilities()),
    progress: progressToken === undefined ? undefined : (update: ProgressUpdate) => {
      const cleaned = app.egress.progress(update);
      if (cleaned === undefined) return;
      const params = { progressToken, ...cleaned };
      // A client that is gone cannot be told how far the call has come.
      context.mcpReq.notify({ method: "notifications/progress", params }).catch(() => {});
    },
  };
}
