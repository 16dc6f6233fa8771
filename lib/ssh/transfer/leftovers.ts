/**
 * Parts that transfers left to be resumed, and which nobody has resumed when their target is whole at last, maybe with
 * other content by then. Those that this program left go at once; one of the same content that another left, when nothing
 * has been written to it for an hour. Any other stays: its name is in the error of its transfer and in the directory.
 */

/** A part that nothing was written to for so long belongs to no transfer under way, in milliseconds. */
export const STALE_MS: number = 60 * 60 * 1000;

/** Most targets that are remembered. */
const MAX_TARGETS = 1000;
/** Most parts of one of them. */
const MAX_PARTS = 20;

const left = new Map<string, Set<string>>();

/** Remembers a part. @param target what it was to be, by a name that no other target has */
export function leave(target: string, part: string): void {
  const parts = left.get(target) ?? new Set();
  if (parts.size < MAX_PARTS) parts.add(part);
  left.delete(target); // what was left last is kept longest
  left.set(target, parts);
  const [oldest] = left.keys();
  if (left.size > MAX_TARGETS && oldest !== undefined) left.delete(oldest);
}

/** The parts that nobody needs when `target` is whole; they are forgotten. */
export function takeLeft(target: string): string[] {
  const parts = [...left.get(target) ?? []];
  left.delete(target);
  return parts;
}
