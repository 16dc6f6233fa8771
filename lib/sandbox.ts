/** What Deno lets this program do, and the exact flag to add when it does not. */
import { resolve } from "node:path";
import { ToolError } from "./errors.ts";
import { quoteWord } from "./quote.ts";

/** A power that one flag gives. */
export type Power =
  | { name: "net"; host: string }
  | { name: "read"; path: string }
  | { name: "write"; path: string }
  | { name: "env"; variable: string };

/** True when the power is held now; never prompts. */
export function holds(power: Power): boolean {
  return Deno.permissions.querySync(descriptor(power)).state === "granted";
}

/**
 * Does nothing when the power is held.
 *
 * @throws {ToolError} `permission_denied_locally`, whose hint is the flag to add, when it is not
 */
export function ensure(power: Power, purpose: string): void {
  if (!holds(power)) throw denied(power, purpose);
}

/** The error for a power that is missing, with the flag that gives it, ready to paste. */
export function denied(power: Power, purpose: string, cause?: unknown): ToolError {
  return new ToolError("permission_denied_locally", `${purpose} is not allowed by Deno's sandbox`, {
    hint: target(power).includes(",")
      ? "give the file a path without a comma, at which Deno's flags divide a list"
      : `start the server with ${flag(power)}`,
    cause,
  });
}

/** The whole flag for a power, quoted for a shell where it must be; a path in it is absolute. */
export function flag(power: Power): string {
  return quoteWord(`--allow-${power.name}=${target(power)}`);
}

function target(power: Power): string {
  switch (power.name) {
    case "net":
      return power.host;
    case "env":
      return power.variable;
    default:
      return resolve(power.path);
  }
}

function descriptor(power: Power): Deno.PermissionDescriptor {
  return power.name === "net" ? { name: "net", host: power.host } : power;
}
