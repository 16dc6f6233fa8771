/** What shells had shown that live on, for the next connection that opens them, where nothing at the far end keeps it. */
import type { ConnectionFacts } from "../connection.ts";
import type { Cursors } from "./cursors.ts";
import type { RawBuffer } from "./raw_buffer.ts";
import type { RowLog } from "./row_log.ts";

/** Shells whose output is kept; each takes at most 1 MB. */
const MAX_LEFT = 16;

/** What one shell had shown. */
export interface LeftOutput {
  /** All rows, those of its last screen, too. */
  log: RowLog;
  /** What came. */
  raw: RawBuffer;
  /** What its cursors mean. */
  cursors: Cursors;
  /** The prompt at which it was left; undefined when something ran in it. */
  prompt: string | undefined;
}

/** Where one shell's output is left. */
export interface LeftPlace {
  /** What was left there. */
  readonly earlier: LeftOutput | undefined;
  /** Leaves it, or nothing: the shell is no more. */
  leave(output: LeftOutput | undefined): void;
}

/** What the shells of all sessions have left. */
export class LeftOutputs {
  readonly #outputs = new Map<string, LeftOutput>();

  /** The place of the shell of that name, of that user on that host. */
  of({ host, port, username, hostKey }: ConnectionFacts, name: string): LeftPlace {
    const key = JSON.stringify([host, port, username, hostKey.fingerprint, name]);
    return {
      earlier: this.#outputs.get(key),
      leave: (output) => {
        this.#outputs.delete(key);
        if (output === undefined) return;
        this.#outputs.set(key, output);
        for (const oldest of this.#outputs.keys()) {
          if (this.#outputs.size <= MAX_LEFT) break;
          this.#outputs.delete(oldest);
        }
      },
    };
  }
}
