/** One after the other: two edits of one file at a time would each undo what the other did. */
import { throwIfCancelled, untilCancelled } from "./cancel.ts";

/** When all work on each thing that has been begun has ended. */
const last = new Map<string, Promise<unknown>>();

/**
 * Does `work` when all that was begun on the same thing before has ended.
 *
 * @param name of the thing
 * @throws {ToolError} `cancelled` when the signal is aborted before its turn
 */
export async function inTurn<T>(name: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const before = last.get(name) ?? Promise.resolve();
  const mine = (async (): Promise<T> => {
    await untilCancelled(before, signal);
    throwIfCancelled(signal);
    return await work();
  })();
  // Who gives up waiting lets nobody pass those before him.
  const ended = Promise.allSettled([before, mine]);
  last.set(name, ended);
  void ended.then(() => last.get(name) === ended && last.delete(name));
  return await mine;
}
