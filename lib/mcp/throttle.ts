/** Progress of a transfer, told to the client at a rate it can bear. */
import type { ProgressUpdate } from "./egress.ts";

const LEAST_INTERVAL_MS = 250;

/**
 * Makes what a transfer reports its bytes to: at most four updates a second, each with the rate so far.
 *
 * @param progress sends an update; undefined when the client did not ask for any
 * @param now the clock, in milliseconds
 */
export function byteProgress(
  progress: ((update: ProgressUpdate) => void) | undefined,
  now: () => number = () => performance.now(),
): ((bytes: number, total: number | undefined) => void) | undefined {
  if (progress === undefined) return undefined;
  const started = now();
  let last = started;
  let first: number | undefined;
  return (bytes, total) => {
    first ??= bytes;
    const time = now();
    if (time - last < LEAST_INTERVAL_MS) return;
    last = time;
    const rate = (bytes - first) / 1e6 / ((time - started) / 1000);
    const of = total === undefined ? "" : ` of ${total}`;
    progress({
      progress: bytes,
      ...(total !== undefined && { total }),
      message: `${bytes}${of} bytes, ${rate.toFixed(1)} MB/s`,
    });
  };
}
