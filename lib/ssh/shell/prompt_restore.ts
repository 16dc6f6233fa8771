/** Making a line of ours undone on the screen. */
import { plainText } from "./pattern.ts";
import type { ShellIo } from "./shell_io.ts";

const QUIET_MS = 25;
const LIMIT_MS = 400;

/**
 * Waits until a muted shell has shown its prompt again, and lets the screen stand as it stood before: with that prompt
 * once, and with whatever else came meanwhile.
 */
export async function restorePrompt(io: ShellIo, signal?: AbortSignal): Promise<void> {
  const began = performance.now();
  try {
    while (performance.now() - began < LIMIT_MS) {
      const quiet = performance.now() - Math.max(began, io.lastDataAt);
      if (quiet >= QUIET_MS) break;
      await io.changed(QUIET_MS - quiet, signal);
    }
  } finally {
    const before = io.screen.cursor().before.trimEnd();
    const muted = io.unmuteKeepingModes();
    const tail = muted.subarray(muted.lastIndexOf(10) + 1);
    // A prompt that counts is another each time; it stands in the place of the old one.
    if (!plainText(tail).trimEnd().endsWith(before)) io.show(`\r\x1b[K${new TextDecoder().decode(tail)}`);
  }
}
