/** `${{NAME}}` in text that the agent writes: loaded variables it can use and never see. */
import { ToolError } from "../errors.ts";

const PLACEHOLDER = /\$\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}/g;

/**
 * The text with each placeholder replaced by the variable's value.
 *
 * @param lookup the value of a loaded variable
 * @throws {ToolError} `unknown_variable` when one is not loaded
 */
export function substitute(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => {
    const value = lookup(name);
    if (value !== undefined) return value;
    throw new ToolError("unknown_variable", `there is no loaded variable ${name}; nothing was written`, {
      hint: "load the env file that has it with ssh_load_env_file, or correct the name",
    });
  });
}
