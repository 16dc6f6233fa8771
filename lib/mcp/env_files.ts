/** Env files on their way into the vault. */
import { ToolError } from "../errors.ts";
import type { EnvFile } from "../secrets/env_file.ts";
import type { App } from "./app.ts";

/** Files of the secrets directory that are looked into at most. */
const MOST_FILES = 200;

/** An env file as it was read. */
export interface LoadedEnvFile extends EnvFile {
  /** Its real path. */
  path: string;
}

/**
 * Reads and parses one env file of the secrets directory.
 *
 * @throws {ToolError} when it is outside, cannot be read, or is malformed
 */
export async function readEnvFile(app: App, filePath: string): Promise<LoadedEnvFile> {
  const [{ parseEnvFile }, { readSecretsFile }] = await Promise.all([
    import("../secrets/env_file.ts"),
    import("../secrets/secrets_dir.ts"),
  ]);
  const { path, text, warnings } = await readSecretsFile(app.options.secretsDir, filePath);
  const parsed = parseEnvFile(text);
  return { path, variables: parsed.variables, warnings: [...warnings, ...parsed.warnings] };
}

/**
 * Masks what all env files of the secrets directory hold: an earlier run of this program may have loaded any of them into
 * what has outlived it. A file that cannot be loaded now is passed over.
 */
export async function maskEnvFiles(app: App, signal: AbortSignal): Promise<void> {
  const { secretsFiles } = await import("../secrets/secrets_dir.ts");
  for (const filePath of await secretsFiles(app.options.secretsDir, MOST_FILES)) {
    if (signal.aborted) return; // whoever called sees to that
    const file = await readEnvFile(app, filePath).catch((error) => {
      if (!(error instanceof ToolError)) throw error;
    });
    if (file !== undefined) await app.vault.maskAll(file.variables);
  }
}
