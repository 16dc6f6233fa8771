/** Serves one client over stdin and stdout. */
import { serveStdio, StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import process from "node:process";
import type { App } from "../app.ts";
import { createMcpServer } from "../server.ts";
import { LineBound } from "./line_bound.ts";

/** Longest line that is read: above the largest argument of any tool, escaped. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/** A client being served. */
export interface Serving {
  /** Resolves when the client has gone. */
  readonly done: Promise<void>;
  /** Stops serving. */
  close(): Promise<void>;
}

/** Serves MCP over this process's stdin and stdout until stdin ends. */
export function serveOverStdio(app: App): Serving {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const input = new LineBound(MAX_LINE_BYTES, () => {
    app.egress.log(`protocol: dropped a line of more than ${MAX_LINE_BYTES} bytes`);
  });
  process.stdin.pipe(input);
  const transport = app.egress.guard(
    new StdioServerTransport(input, process.stdout, { maxBufferSize: 2 * MAX_LINE_BYTES }),
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
  return { done, close: () => handle.close() };
}
