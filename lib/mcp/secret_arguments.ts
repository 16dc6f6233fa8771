/** Passwords that reach a tool: by the name of a variable, or from the agent itself. */
import { ToolError } from "../errors.ts";
import { unknownVariable } from "../secrets/vault.ts";
import type { App } from "./app.ts";
import { readEnvFile } from "./env_files.ts";

/** Variables by name; a name has several values where sessions disagree about it. */
export type Choices = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * The variables that a parameter like `password_var` may name: those of `envFile`, which are masked from now on, or,
 * without one, those that any session has loaded.
 *
 * @throws {ToolError} when the file cannot be read or parsed
 */
export async function variablesToChooseFrom(app: App, envFile: string | undefined): Promise<Choices> {
  const choices = new Map<string, Set<string>>();
  const add = (name: string, value: string): void => {
    choices.set(name, (choices.get(name) ?? new Set()).add(value));
  };
  if (envFile === undefined) {
    for (const session of app.sessions) app.vault.variablesFor(session.id).forEach((value, name) => add(name, value));
  } else {
    const { variables } = await readEnvFile(app, envFile);
    await app.vault.maskAll(variables);
    for (const { name, value } of variables) add(name, value);
  }
  return choices;
}

/**
 * The value of a parameter that is given either itself, and is masked from now on, or by the name of a variable.
 *
 * @param what the parameter's name, e.g. `password`
 * @throws {ToolError} `invalid_argument` when both are given or the name has several values, `unknown_variable`
 */
export function chosen(
  app: App,
  choices: Choices,
  what: string,
  value: string | undefined,
  name: string | undefined,
): string | undefined {
  if (value !== undefined && name !== undefined) {
    throw new ToolError("invalid_argument", `${what} and ${what}_var are both given`, { hint: "give one of them" });
  }
  if (value !== undefined) {
    app.vault.mask(value);
    return value;
  }
  if (name === undefined) return undefined;
  const values = [...choices.get(name) ?? []];
  if (values.length > 1) {
    throw new ToolError("invalid_argument", `sessions have different values of ${name} loaded`, {
      hint: "say with env_file which file is meant",
    });
  }
  if (values[0] === undefined) throw unknownVariable(name, choices.keys());
  return values[0];
}
