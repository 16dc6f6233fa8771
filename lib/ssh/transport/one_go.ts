/** Work that is put off until what has been read is handled, so that what belongs together leaves together. */

const waiting: Array<() => void> = [];
let going = false;

/** Calls `handle` with `what`, and then whatever it has put off with {@linkcode atEndOfGo}, before it returns. */
export function inOneGo<T>(handle: (what: T) => void, what: T): void {
  if (going) return handle(what);
  going = true;
  try {
    handle(what);
  } finally {
    try {
      for (let next; (next = waiting.shift()) !== undefined;) next();
    } finally {
      going = false;
    }
  }
}

/** Calls `work` at the end of what is done {@linkcode inOneGo}; where nothing is, as soon as this turn's work is done. */
export function atEndOfGo(work: () => void): void {
  if (going) waiting.push(work);
  else queueMicrotask(() => inOneGo(work, undefined));
}
