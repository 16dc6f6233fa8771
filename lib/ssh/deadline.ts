/** A limit in time that starts when it is made, before the wait it limits. */
import { ToolError } from "../errors.ts";

/** A point in time by which something must have happened. */
export class Deadline {
  /** The whole time given, in milliseconds. */
  readonly ms: number;
  readonly #end: number;

  /** @param ms the whole time given, in milliseconds, from now on */
  constructor(ms: number) {
    this.ms = ms;
    this.#end = performance.now() + ms;
  }

  /** Milliseconds left; 0 once past. */
  get remainingMs(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /**
   * Waits for `promise` until the deadline, or until `signal` aborts.
   *
   * @param promise what to wait for; when it settles too late, its outcome is ignored
   * @param describe says what was being waited for, e.g. `the server's banner`
   * @param signal ends the wait early
   * @throws {ToolError} `timed_out` when the deadline passes, `cancelled` when the signal aborts
   */
  async race<T>(promise: Promise<T>, describe: () => string, signal?: AbortSignal): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(new ToolError("cancelled", `waiting for ${describe()} was cancelled`));
    const timer = setTimeout(() => {
      reject(new ToolError("timed_out", `no ${describe()} within ${this.ms / 1000} s`));
    }, this.remainingMs);
    if (signal?.aborted) onAbort();
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.catch(() => {}); // a late failure has nobody left to tell
    try {
      return await Promise.race([promise, ended]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }
}
