/**
 * Turns for shells whose output comes faster than it is shown: however many they are, one works at a time, and behind it
 * everything else gets as much time. A shell that somebody waits for comes first.
 */

/** Longest rest behind a piece of work, in milliseconds. */
const MAX_REST_MS = 20;

interface Waiter {
  isUrgent: () => boolean;
  start: (give: () => void) => void;
}

/** The turns of all shells. */
export class FloodTurns {
  #waiting: Waiter[] = [];
  #taken = false;
  #restUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Waits for a turn.
   *
   * @param isUrgent true while somebody waits for this work, which then waits for no rest
   * @returns gives the turn back, once
   */
  take(isUrgent: () => boolean): Promise<() => void> {
    const { promise, resolve } = Promise.withResolvers<() => void>();
    this.#waiting.push({ isUrgent, start: resolve });
    this.#plan();
    return promise;
  }

  /** Remembers that somebody has worked for that long until now. */
  rest(workedMs: number): void {
    this.#restUntil = performance.now() + Math.min(workedMs, MAX_REST_MS);
  }

  #plan(): void {
    if (this.#taken || this.#waiting.length === 0) return;
    clearTimeout(this.#timer);
    const urgent = this.#waiting.some(({ isUrgent }) => isUrgent());
    this.#timer = setTimeout(() => this.#start(), urgent ? 0 : Math.max(0, this.#restUntil - performance.now()));
  }

  #start(): void {
    const urgent = this.#waiting.findIndex(({ isUrgent }) => isUrgent());
    const [next] = this.#waiting.splice(Math.max(0, urgent), 1);
    if (next === undefined) return;
    this.#taken = true;
    let given = false;
    next.start(() => {
      if (given) return;
      given = true;
      this.#taken = false;
      this.#plan();
    });
  }
}
