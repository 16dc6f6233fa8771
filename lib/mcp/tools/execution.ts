/** Commands: execute, as the user and through sudo. */
import { z } from "zod";
import type { Environment } from "../../ssh/commands/exec.ts";
import type { RunOptions, RunResult } from "../../ssh/commands/remote_command.ts";
import { type Call, defineTool, type Tool } from "../define_tool.ts";
import { command, sessionId, timeoutSeconds, variableName } from "../fields.ts";
import { chosen } from "../secret_arguments.ts";

const contextFields = {
  stdin: z.string().max(10_000_000).optional(),
  cwd: z.string().min(1).max(4096).optional(),
  max_output_bytes: z.int().min(0).max(10_000_000).default(100_000).describe("Per stream; head and tail are kept"),
};

const output = {
  stdout: z.string(),
  stderr: z.string(),
  exit_code: z.int().nullable(),
  signal: z.string().optional(),
  duration_ms: z.int(),
  timed_out: z.boolean(),
  truncated: z.boolean(),
  process_gone: z.boolean().optional(),
  note: z.string().optional(),
};

const annotations = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };

const executeTool = defineTool({
  name: "ssh_execute",
  title: "Execute",
  description: "Run a command in the login shell, on a channel of its own: cwd and variables do not persist. " +
    "On timeout (seconds) its process group is ended; process_gone says if that is confirmed.",
  input: { session_id: sessionId, command, timeout: timeoutSeconds(120), ...contextFields },
  output,
  annotations,
  async run(args, call) {
    const session = call.session(args.session_id);
    const { cwd, stdin } = args;
    const environment = await environmentOf(call.app.vault.variablesFor(session.id));
    const { execute } = await import("../../ssh/commands/exec.ts");
    return answer(await execute(session, args.command, { cwd, stdin, environment }, options(args, call)));
  },
});

const sudoExecute = defineTool({
  name: "ssh_sudo_execute",
  title: "Execute as root",
  description: "Run a command as root with sudo, pipes and redirections included. Without sudo_password: sudo -n.",
  input: {
    session_id: sessionId,
    command,
    sudo_password: z.string().max(4096).optional(),
    sudo_password_var: variableName.optional().describe("Loaded variable that holds it"),
    timeout: timeoutSeconds(120),
    ...contextFields,
  },
  output,
  annotations,
  async run(args, call) {
    const session = call.session(args.session_id);
    const { sudo_password, sudo_password_var, cwd, stdin } = args;
    const loaded = call.app.vault.variablesFor(session.id);
    const choices = new Map([...loaded].map(([name, value]) => [name, new Set([value])]));
    const password = chosen(call.app, choices, "sudo_password", sudo_password, sudo_password_var);
    const environment = await environmentOf(loaded);
    const { executeWithSudo } = await import("../../ssh/commands/sudo.ts");
    const context = { cwd, stdin, environment };
    return answer(await executeWithSudo(session, args.command, password, context, options(args, call)));
  },
});

/** The tools of this family, in order. */
export const executionTools: readonly Tool[] = [executeTool, sudoExecute];

/** How loaded variables reach a command; undefined when none is loaded, so that it runs as it is. */
async function environmentOf(variables: ReadonlyMap<string, string>): Promise<Environment | undefined> {
  if (variables.size === 0) return undefined;
  const { environmentLine, injectingCommand } = await import("../../secrets/injection.ts");
  return { line: environmentLine(variables), wrap: injectingCommand };
}

function options(args: { timeout: number; max_output_bytes: number }, call: Call): RunOptions {
  const { progress } = call;
  return {
    timeoutMs: args.timeout * 1000,
    maxOutputBytes: args.max_output_bytes,
    filter: () => call.app.redactor.stream(),
    signal: call.signal,
    onProgress: progress && ((elapsedMs, bytes) => {
      progress({
        progress: Math.round(elapsedMs / 1000),
        total: args.timeout,
        message: `running for ${Math.round(elapsedMs / 1000)} s, ${bytes} bytes so far`,
      });
    }),
  };
}

function answer(result: RunResult): z.input<z.ZodObject<typeof output>> {
  const notes = [
    result.stdout.binary && "stdout is binary: invalid UTF-8 shows as U+FFFD",
    result.stderr.binary && "stderr is binary: invalid UTF-8 shows as U+FFFD",
    result.detached && "the command ended, but something it started still runs and holds its output open",
  ].filter((note) => note !== false);
  return {
    stdout: result.stdout.text,
    stderr: result.stderr.text,
    exit_code: result.exitCode,
    ...(result.signal !== undefined && { signal: result.signal }),
    duration_ms: result.durationMs,
    timed_out: result.timedOut,
    truncated: result.stdout.truncated || result.stderr.truncated,
    ...(result.processGone !== undefined && { process_gone: result.processGone }),
    ...(notes.length > 0 && { note: notes.join("; ") }),
  };
}
