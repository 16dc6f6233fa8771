/** The end that the client asked for. */
import { ToolError } from "../../errors.ts";

/** @throws {ToolError} `cancelled` once the signal is aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** The error for a transfer that the client cancelled. */
export function cancelled(): ToolError {
  return new ToolError("cancelled", "the transfer was cancelled");
}
