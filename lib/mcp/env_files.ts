/** Env files on their way into the vault. */
import type { EnvFile } from "../secrets/env_file.ts";
import type { App } from "./app.ts";

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
