/** Loaded variables in the interactive shells that are open. */
import { ToolError } from "../errors.ts";
import type { Session } from "../ssh/session.ts";

/** How long a shell that is busy may keep a call waiting. */
const PROMPT_LIMIT_MS = 1500;

/**
 * Has every open shell of a session evaluate `script`, with nothing of it shown or kept.
 *
 * @param what what the shells are given, for the warning about one that could not take it
 * @returns a warning for each shell that could not
 */
export async function tellShells(
  session: Session,
  script: string,
  what: string,
  signal: AbortSignal,
): Promise<string[]> {
  const shells = [...session.shells];
  const warnings = await Promise.all(shells.map(async (shell) => {
    try {
      await shell.source(script, { promptMs: PROMPT_LIMIT_MS, signal });
      return undefined;
    } catch (error) {
      if (!(error instanceof ToolError)) throw error;
      return `${what} in the open shell ${shell.name}: ${error.message}`;
    }
  }));
  return warnings.filter((warning) => warning !== undefined);
}
