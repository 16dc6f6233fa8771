/** So many at a time; the others wait their turn. */
import type { Deadline } from "./deadline.ts";

/** What limits the wait for a turn. */
export interface TurnLimits {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
}

/** Turns, first come, first served. */
export class Turns {
  #free: number;
  #waiting: Array<() => void> = [];

  /** @param most how many at a time */
  constructor(most: number) {
    this.#free = most;
  }

  /**
   * Waits for a turn, which has to be given back.
   *
   * @param describe what is waited for
   * @throws {ToolError} `timed_out` or `cancelled`
   */
  async take({ deadline, signal }: TurnLimits, describe: () => string): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    try {
      await deadline.race(promise, describe, signal);
    } catch (error) {
      if (this.#waiting.includes(resolve)) this.#waiting = this.#waiting.filter((other) => other !== resolve);
      else this.give(); // it came too late
      throw error;
    }
  }

  /** Gives a turn back. */
  give(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}
