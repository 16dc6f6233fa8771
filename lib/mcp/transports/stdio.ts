/** Serves one client over stdin and stdout. */
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { once } from "node:events";
import process from "node:process";
import type { App } from "../app.ts";
import { createMcpServer } from "../server.ts";
import { LineBound } from "./line_bound.ts";
import type { Serving } from "./serving.ts";
import { flushed, openStdout } from "./stdout.ts";

/** Longest line that is read: above the largest argument of any tool, escaped. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;
/** Answers that a client has not read yet, from which its requests wait. */
const MAX_UNSENT_BYTES = 64 * 1024 * 1024;
/** How long a client that is left may take for one of the answers that are on their way. */
const FLUSH_REST_MS = 500;

/**
 * Serves MCP over this process's stdin and stdout until stdin ends. Closing lets the client read the answers that are
 * on their way, until it has read none of them for half a second; main.ts bounds the whole.
 */
export function serveOverStdio(app: App): Serving {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const output = openStdout(MAX_UNSENT_BYTES).setMaxListeners(0); // each answer that waits has two
  const input = new LineBound(MAX_LINE_BYTES, {
    onTooLong: () => app.egress.log(`protocol: dropped a line of more than ${MAX_LINE_BYTES} bytes`),
    pause: () => output.writableNeedDrain ? once(output, "drain") : undefined,
  });
  process.stdin.pipe(input);
  const transport = app.egress.guard(
    new StdioServerTransport(input, output, { maxBufferSize: 2 * MAX_LINE_BYTES }),
  );
  const handle = serveStdio(() => createMcpServer(app), {
    transport,
    onerror: (error) => app.egress.log(`protocol: ${error.message}`),
  });
  const onclose = transport.onclose;
  transport.onclose = () => {
    onclose?.();
    resolve();
  };
  return {
    done,
    async close(): Promise<void> {
      await handle.close();
      await flushed(output, FLUSH_REST_MS);
    },
  };
}
