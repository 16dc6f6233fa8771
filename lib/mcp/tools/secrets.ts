/** Secrets: load an env file, clear what is loaded. */
import { createHmac, randomBytes } from "node:crypto";
import { z } from "zod";
import { readEnvFile } from "../env_files.ts";
import { defineTool, type Tool } from "../define_tool.ts";
import { sessionId } from "../fields.ts";
import { Question } from "../person.ts";
import { tellShells } from "../shell_variables.ts";

const loadEnvFile = defineTool({
  name: "ssh_load_env_file",
  title: "Load secrets",
  description: "Load an env file of the secrets directory: its variables are in the environment of this session's " +
    "commands and shells. Use them by name; their values are masked everywhere.",
  input: { session_id: sessionId, file_path: z.string().min(1).max(4096).describe("Relative to --secrets-dir") },
  output: { variables: z.array(z.string()), count: z.int(), warnings: z.array(z.string()).optional() },
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  async run({ session_id, file_path }, call) {
    const session = call.session(session_id);
    const file = await readEnvFile(call.app, file_path);
    await call.app.vault.maskAll(file.variables);
    const loaded = call.app.vault.load(session.id, file.path, file.variables);
    const { exportLines } = await import("../../secrets/injection.ts");
    const script = exportLines(call.app.vault.variablesFor(session.id));
    const busy = await tellShells(session, script, "the variables are not", call.signal);
    const warnings = [...file.warnings, ...loaded.warnings, ...busy];
    return { variables: loaded.names, count: loaded.names.length, ...(warnings.length > 0 && { warnings }) };
  },
});

const clearSecrets = defineTool({
  name: "ssh_clear_secrets",
  title: "Clear secrets",
  description: "Take the loaded variables out of this session's commands and shells. Masking stays until the " +
    "program ends, unless the person lifts it when asked.",
  input: { session_id: sessionId },
  output: {
    cleared: z.array(z.string()),
    count: z.int(),
    masking: z.enum(["on", "lifted"]),
    warnings: z.array(z.string()).optional(),
  },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  async run({ session_id }, { app, person, signal }) {
    const session = app.sessions.find(session_id);
    const variables = app.vault.variablesFor(session.id);
    const names = [...variables.keys()];
    const about = fingerprint(session.id, variables);
    if (names.length > 0 && person.reachable && person.answer === undefined) return new Question(ask(names), about);
    // While the person thinks, the agent can load more: a yes is good for what the question was about.
    const changed = person.answer === "yes" && person.about !== about;
    const lifted = names.length > 0 && person.answer === "yes" && !changed;
    app.vault.clear(session.id);
    if (lifted) app.redactor.lift(variables.values());
    const { unsetLine } = await import("../../secrets/injection.ts");
    const warnings = changed ? ["other variables were loaded while the person was asked, so the masking stays"] : [];
    if (names.length > 0 && session.ended === undefined) {
      warnings.push(...await tellShells(session, unsetLine(names), "the variables are still", signal));
    }
    return {
      cleared: names,
      count: names.length,
      masking: lifted ? "lifted" as const : "on" as const,
      ...(warnings.length > 0 && { warnings }),
    };
  },
});

/** The tools of this family, in order. */
export const secretTools: readonly Tool[] = [loadEnvFile, clearSecrets];

/** Of this process alone: what the client carries must tell nothing of a value. */
const FINGERPRINT_KEY = randomBytes(32);

/** Stands for the variables of a session, values included. */
function fingerprint(sessionId: string, variables: ReadonlyMap<string, string>): string {
  return createHmac("sha256", FINGERPRINT_KEY).update(JSON.stringify([sessionId, ...variables])).digest("hex");
}

/** The names stand last: many of them are cut, and the question must not be. */
function ask(names: readonly string[]): string {
  return "Do you want to lift the masking of a session's secrets, so that the agent can see their values from now " +
    `on? It clears them; without a yes their values stay masked. They are: ${names.join(", ")}`;
}
