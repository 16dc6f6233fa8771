/** Parameters that several tools share, with their bounds. */
import { z } from "zod";

/** A session_id, as ssh_connect gave it. */
export const sessionId = z.string().min(1).max(64);

/** Seconds that a call may take. */
export function timeoutSeconds(defaultSeconds: number): z.ZodDefault<z.ZodNumber> {
  return z.number().positive().max(86_400).default(defaultSeconds);
}

/** A remote command. */
export const command = z.string().min(1).refine((text) => text.trim() !== "", "the command is empty");

/** A host name or address: one word. */
export const hostName = z.string().min(1).max(255).regex(
  /^[^\s\p{Cc}\p{Cf}/@]+$/u,
  "must be a host name or an IP address",
);

/** The name of a remote user. */
export const userName = z.string().min(1).max(255).regex(/^\P{Cc}+$/u, "must not hold control characters");

/** A TCP port. */
export const port = z.int().min(1).max(65_535);

/** The name of a variable. */
export const variableName = z.string().max(255).regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable");
