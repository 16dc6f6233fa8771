/** Code run by a Deno of its own, with exactly the permissions a test names. */
import { run } from "./run.ts";

const root = new URL("../../", import.meta.url);

/**
 * Runs TypeScript that may import this project's modules by their path from its root, as in `import … from
 * "project:lib/quote.ts"`, and gives what it printed.
 *
 * @param flags permissions, e.g. ["--allow-read=/tmp/x"]
 * @param environment variables that differ from ours
 * @throws {Error} with what it wrote to stderr when it fails
 */
export async function runSandboxed(
  flags: string[],
  code: string,
  environment: Record<string, string> = {},
): Promise<string> {
  const script = code.replaceAll('"project:', `"${root.href}`);
  const args = ["run", "--no-prompt", "--no-check", "--quiet", "--config", new URL("deno.json", root).pathname];
  const result = await run(Deno.execPath(), [...args, ...flags, "-"], script, environment);
  if (result.code !== 0) throw new Error(`the script failed: ${result.stderr}`);
  return result.stdout.trim();
}
