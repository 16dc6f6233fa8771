/**
 * SSH for AI agents: an MCP server that runs inside Deno's sandbox. Run it as a program, or import it:
 *
 * ```ts
 * import { createServer } from "@mcp-remote-ssh/server";
 * import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
 *
 * const server = createServer({ secretsDir: "./secrets" });
 * await server.connect(new StdioServerTransport()); // or any other transport
 * ```
 *
 * @module
 */
import { type CommandLine, HELP, parseCommandLine, UsageError } from "./lib/command_line.ts";
import { ToolError } from "./lib/errors.ts";
import { App } from "./lib/mcp/app.ts";
import type { Serving } from "./lib/mcp/transports/serving.ts";
import { serveOverStdio } from "./lib/mcp/transports/stdio.ts";
import { VERSION } from "./lib/version.ts";

export { createServer, type ProtocolTransport, type RemoteSshServer, type SessionSummary } from "./lib/mcp/server.ts";
export type { AppOptions } from "./lib/mcp/app.ts";
export type { PublicEgress } from "./lib/mcp/egress.ts";
export type { HostKeyPolicy } from "./lib/ssh/host_keys/known_hosts.ts";
export { type ErrorCode, ToolError, type ToolErrorOptions } from "./lib/errors.ts";
/** Closing everything may take this long; then the program ends all the same. */
const SHUTDOWN_LIMIT_MS = 1500;

/** Runs the program until its client goes or a signal comes. @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const flags = parseCommandLine(args);
  if (flags.help || flags.version) {
    console.error(flags.help ? HELP : VERSION);
    return 0;
  }
  const app = new App(flags);
  const serving = await serve(app, flags);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.addSignalListener(signal, stop);
  await Promise.race([serving.done, stopped]);
  const limit = setTimeout(() => Deno.exit(0), SHUTDOWN_LIMIT_MS);
  await Promise.all([serving.close(), app.close()]);
  clearTimeout(limit);
  return 0;
}

async function serve(app: App, { transport, host, port }: CommandLine): Promise<Serving> {
  if (transport === "stdio") return serveOverStdio(app);
  const { serveOverHttp } = await import("./lib/mcp/transports/http.ts");
  return serveOverHttp(app, { host, port });
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${HELP}`);
    else if (error instanceof ToolError) console.error(`${error.message}; ${error.hint}`);
    else throw error;
    Deno.exit(2);
  }
}
