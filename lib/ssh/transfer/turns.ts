/** One after the other: two edits of one file at a time would each undo what the other did. */
import { throwIfCancelled } from "./cancel.ts";

/** The last work on each thing that has been begun and has not ended. */
const last = new Map<string, Promise<unknown>>();

/**
 * Does `work` when all that was begun on the same thing before has ended.
 *
 * @param name of the thing
 * @throws {ToolError} `cancelled` when the signal is aborted before its turn
 */
export async function inTurn<T>(name: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const before = last.get(name);
  const mine = (async (): Promise<T> => {
    await before?.catch(() => {}); // told to whoever began it
    throwIfCancelled(signal);
    return await work();
  })();
  last.set(name, mine);
  try {
    return await mine;
  } finally {
    if (last.get(name) === mine) last.delete(name);
  }
}
