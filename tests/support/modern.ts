/** What every message of a 2026-07-28 client carries, for tests that write one by hand. Source: the MCP specification. */

/** The version of the protocol that has no `initialize`. */
export const MODERN = "2026-07-28";

/** The parameters that such a message has in any case. */
export function envelope(): Record<string, unknown> {
  return {
    _meta: {
      "io.modelcontextprotocol/protocolVersion": MODERN,
      "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
      "io.modelcontextprotocol/clientCapabilities": {},
    },
  };
}
