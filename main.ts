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
import { HELP, parseCommandLine, UsageError } from "./lib/command_line.ts";
import { ToolError } from "./lib/errors.ts";
import { App, type AppOptions } from "./lib/mcp/app.ts";
import { serveOverStdio } from "./lib/mcp/transports/stdio.ts";
import { VERSION } from "./lib/version.ts";

export { createServer, type ProtocolTransport, type RemoteSshServer, type SessionSummary } from "./lib/mcp/server.ts";
export type { AppOptions } from "./lib/mcp/app.ts";
export type { PublicEgress } from "./lib/mcp/egress.ts";
export type { HostKeyPolicy } from "./lib/ssh/known_hosts.ts";
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
  const app = newApp(flags);
  const serving = serveOverStdio(app);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) Deno.addSignalListener(signal, stop);
  await Promise.race([serving.done, stopped]);
  const limit = setTimeout(() => Deno.exit(0), SHUTDOWN_LIMIT_MS);
  await Promise.all([serving.close(), app.close()]);
  clearTimeout(limit);
  return 0;
}

/** @throws {UsageError} when the directories that the flags name overlap */
function newApp(flags: AppOptions): App {
  try {
    return new App(flags);
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    throw new UsageError(`${error.message}; ${error.hint}`, { cause: error });
  }
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${HELP}`);
    Deno.exit(2);
  }
}
