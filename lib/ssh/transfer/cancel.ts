/** The end that the client asked for. */
import { ToolError } from "../../errors.ts";

/** @throws {ToolError} `cancelled` once the signal is aborted */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw cancelled();
}

/** How long a call that was cancelled may clean up before it answers. */
const CLEAN_UP_MS = 150;

/**
 * Waits for work that ends soon after it was cancelled, but no longer than that: a server that says nothing holds its
 * requests up, whatever is asked.
 *
 * @throws {ToolError} `cancelled`
 */
export async function untilCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = (): void => void (timer = setTimeout(() => reject(cancelled()), CLEAN_UP_MS));
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work, late]);
  } finally {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
    work.catch(() => {}); // a late failure has nobody left to tell
  }
}

/** The error for a transfer that the client cancelled. */
export function cancelled(): ToolError {
  return new ToolError("cancelled", "the transfer was cancelled");
}
