/** Interactive shells: open, send, read, send a control key, wait. */
import { z } from "zod";
import { ToolError } from "../../errors.ts";
import { Deadline } from "../../ssh/deadline.ts";
import type { Situation } from "../../ssh/shell/situation.ts";
import type { WaitReason } from "../../ssh/shell/waiting.ts";
import { MAX_INPUT_CHARACTERS } from "../../ssh/shell/limits.ts";
import type { Shell } from "../../ssh/shell.ts";
import { type Call, defineTool, type Tool } from "../define_tool.ts";
import { maskEnvFiles } from "../env_files.ts";
import { sessionId, timeoutSeconds } from "../fields.ts";
import { checkedName, maskedTail, type ShellText, shellText, type Wanted } from "../shell_text.ts";

/** A send that never gets quiet answers after so many times its `wait`. */
const NEVER_QUIET = 3;

/** A bound that is checked without being listed. */
function within(least: number, most: number): [(value: number) => boolean, string] {
  return [(value) => value >= least && value <= most, `must be from ${least} to ${most}`];
}

const name = z.string().default("main");
const lines = z.int().refine(...within(1, 100_000)).default(100);
const since = z.string().max(60).optional();
const raw = z.boolean().default(false).describe("Bytes, not the screen");
const columns = z.int().refine(...within(10, 1000));
const rows = z.int().refine(...within(2, 500));
const quiet = z.number().refine(...within(0, 3600));

/** What every answer has; what else may be in it is in {@linkcode Answer}: the listing is paid for on every run. */
const output = { output: z.string(), cursor: z.string(), state: z.string() };

/** What a shell tool answers. */
interface Answer extends ShellText {
  /** For `since`: the place where this answer ends. */
  cursor: string;
  state: Situation["state"] | "closed";
  /** What kind of answer a program waits for. */
  waiting_for?: string;
  /** Of a command that was sent with await_exit; null while it runs. */
  exit_code?: number | null;
  cwd?: string;
  note?: string;
}

const changes = { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true };
const reads = { readOnlyHint: true, openWorldHint: true };

const open = defineTool({
  name: "ssh_shell_open",
  title: "Open shell",
  description: "Open an interactive shell in a terminal; cwd, variables and jobs persist. Open already: no-op.",
  input: {
    session_id: sessionId,
    name,
    term: z.string().min(1).max(64).default("xterm"),
    width: columns.default(200),
    height: rows.default(50),
    persist: z.boolean().default(false).describe("In tmux, screen or dtach: outlives the connection"),
  },
  output: { ...output, opened: z.boolean() },
  annotations: { ...changes, destructiveHint: false, idempotentHint: true },
  async run({ session_id, name, term, width, height, persist }, call) {
    const session = call.session(session_id);
    const { signal } = call;
    const size = { width, height };
    if (persist) await maskEnvFiles(call.app, signal); // what an earlier run loaded is still in there
    const { shell, opened } = await session.shells.ensure(checkedName(name), { term, size, persist, signal });
    const notes = opened ? [] : [`the shell ${name} was open already`];
    const variables = call.app.vault.variablesFor(session.id);
    if (opened && variables.size > 0) {
      const { exportLines } = await import("../../secrets/injection.ts");
      await shell.source(exportLines(variables), { signal }).catch((error) => {
        if (!(error instanceof ToolError)) throw error;
        notes.push(`the loaded variables are not in this shell: ${error.message}`);
      });
    }
    const { name: keptAs, lacks } = shell.keeper ?? {};
    if (keptAs !== undefined) notes.push(`persistent as ${keptAs}`);
    if (lacks !== undefined) notes.push(lacks);
    return { ...await answer(shell, call, { lines: 100 }, notes), opened };
  },
});

const send = defineTool({
  name: "ssh_shell_send",
  title: "Type into shell",
  description: "Type into a shell; answers at the next prompt or question, or after wait seconds of quiet. " +
    "await_exit: data is one command; answers at its end with its output, exit_code and cwd.",
  input: {
    session_id: sessionId,
    data: z.string(),
    press_enter: z.boolean().default(true),
    wait: quiet.default(1),
    read_lines: lines,
    name,
    await_exit: z.boolean().default(false),
    timeout: timeoutSeconds(120).describe("Of await_exit"),
    raw,
    width: columns.optional(),
    height: rows.optional(),
  },
  output: { ...output, exit_code: z.int().nullable().optional(), cwd: z.string().optional() },
  annotations: changes,
  async run(args, call) {
    const shell = openShell(args, call);
    if (args.data.length > MAX_INPUT_CHARACTERS) throw tooLong(args.data.length);
    if (args.width !== undefined || args.height !== undefined) {
      await shell.resize({ width: args.width ?? shell.size.width, height: args.height ?? shell.size.height });
    }
    if (args.await_exit) return await runCommand(shell, args, call);
    const mark = await shell.send(args.data, args.press_enter);
    return await settledAnswer(shell, call, mark, { waitMs: args.wait * 1000, lines: args.read_lines, raw: args.raw });
  },
});

const read = defineTool({
  name: "ssh_shell_read",
  title: "Read shell",
  description: "What a shell shows: the last lines, or with since only what is new.",
  input: { session_id: sessionId, lines, name, since: since.describe("cursor of an earlier answer"), raw },
  output,
  annotations: reads,
  async run(args, call) {
    const shell = openShell(args, call);
    return await answer(shell, call, {
      lines: args.lines,
      since: args.since,
      raw: args.raw ? { fromOffset: 0 } : undefined,
    });
  },
});

const sendControl = defineTool({
  name: "ssh_shell_send_control",
  title: "Press key",
  description:
    "Press a key in a shell: a letter means Ctrl with it (c interrupts); or a name: enter, tab, escape, up, f1, …",
  input: { session_id: sessionId, key: z.string().min(1).max(40), name },
  output,
  annotations: changes,
  async run(args, call) {
    const shell = openShell(args, call);
    const mark = await shell.press(args.key);
    return await settledAnswer(shell, call, mark, { waitMs: 1000, lines: 100, raw: false });
  },
});

const wait = defineTool({
  name: "ssh_shell_wait",
  title: "Wait for shell",
  description:
    "Wait until output since the last send shows pattern (since: output behind that cursor); ends early at a " +
    "question, or at a prompt after poll_interval seconds of quiet. Without pattern: until quiet.",
  input: {
    session_id: sessionId,
    pattern: z.string().optional(),
    timeout: timeoutSeconds(300),
    poll_interval: quiet.default(2),
    lines,
    name,
    regex: z.boolean().default(false),
    since,
  },
  output: { ...output, reason: z.string() },
  annotations: reads,
  async run(args, call) {
    const shell = openShell(args, call);
    const limits = { quietMs: args.poll_interval * 1000, limitMs: args.timeout * 1000, signal: call.signal };
    const from = args.since === undefined
      ? undefined
      : shell.rowBehind(shell.placeOf(args.since)) ?? shell.position.row;
    const { compilePattern } = await import("../../ssh/shell/pattern.ts");
    const pattern = args.pattern === undefined ? undefined : await compilePattern(args.pattern, args.regex);
    const stop = reportProgress(call, args.timeout);
    let reason: WaitReason;
    try {
      reason = pattern ? await shell.waitFor(pattern, limits, from) : await shell.waitQuiet(limits);
    } finally {
      stop();
    }
    const fromRow = from ?? shell.rowOf(shell.lastInput);
    return { ...await answer(shell, call, { lines: args.lines, since: args.since, fromRow }), reason };
  },
});

/** The tools of this family, in order. */
export const shellTools: readonly Tool[] = [open, send, read, sendControl, wait];

/** @throws {ToolError} `shell_not_open`, or `shell_closed` with the end of what it showed */
function openShell(args: { session_id: string; name: string }, call: Call): Shell {
  const shell = call.session(args.session_id).shells.find(checkedName(args.name));
  if (shell.ended === undefined) return shell;
  const { output } = shellText(shell, call.app.redactor, { lines: 20 });
  throw new ToolError("shell_closed", `the shell ${shell.name} is closed: ${shell.ended}`, {
    hint: "open another with ssh_shell_open",
    data: { last_output: output },
  });
}

function tooLong(characters: number): ToolError {
  return new ToolError(
    "invalid_argument",
    `data has ${characters} characters, and at most ${MAX_INPUT_CHARACTERS} are typed at once`,
    { hint: "write it to a file with ssh_write_remote_file" },
  );
}

async function settledAnswer(
  shell: Shell,
  call: Call,
  mark: Parameters<Shell["settle"]>[0],
  options: { waitMs: number; lines: number; raw: boolean },
): Promise<Answer> {
  const { waitMs, lines } = options;
  await shell.settle(mark, { quietMs: waitMs, limitMs: waitMs * NEVER_QUIET, signal: call.signal });
  const raw = options.raw ? { fromOffset: mark.offset } : undefined;
  return await answer(shell, call, { lines, fromRow: shell.rowOf(mark), raw });
}

async function runCommand(
  shell: Shell,
  args: { session_id: string; data: string; timeout: number; read_lines: number },
  call: Call,
): Promise<Answer> {
  const deadline = new Deadline(args.timeout * 1000);
  await call.session(args.session_id).loginShell.requirePosix("await_exit", { deadline, signal: call.signal });
  const stop = reportProgress(call, args.timeout);
  const outcome = await shell.run(args.data, deadline.remainingMs, call.signal).finally(stop);
  const { reason, end, shown } = outcome;
  if (reason === "finished" && end !== undefined && shown !== undefined) {
    const text = maskedTail(shown, call.app.redactor, args.read_lines);
    return {
      ...text,
      exit_code: end.exitCode,
      cwd: end.cwd,
      cursor: shell.cursor(),
      ...await stateOf(shell, call.signal),
    };
  }
  const notes = reason === "timeout"
    ? [`still running after ${args.timeout} s; a later answer tells its exit_code`]
    : reason === "input"
    ? ["still running: answer it with ssh_shell_send; a later answer tells its exit_code"]
    : [];
  const told = await answer(shell, call, { lines: args.read_lines, fromRow: outcome.startRow }, notes);
  return {
    ...told,
    exit_code: told.exit_code ?? shell.exitCode ?? null,
    ...(reason === "input" && { state: "input" as const, waiting_for: outcome.waitingFor ?? "input" }),
  };
}

/** A shell's answer: the part of its output that is wanted, and what it is doing. */
async function answer(shell: Shell, call: Call, wanted: Wanted, notes: string[] = []): Promise<Answer> {
  const end = await shell.takeEnd(call.signal);
  const state = await stateOf(shell, call.signal);
  const note = [...notes, ...(shell.ended === undefined ? [] : [`the shell is closed: ${shell.ended}`])].join("; ");
  return {
    ...shellText(shell, call.app.redactor, wanted),
    cursor: shell.cursor(),
    ...state,
    ...(end !== undefined && { exit_code: end.exitCode, cwd: end.cwd }),
    ...(note !== "" && { note }),
  };
}

async function stateOf(shell: Shell, signal: AbortSignal | undefined): Promise<Pick<Answer, "state" | "waiting_for">> {
  if (shell.ended !== undefined) return { state: "closed" };
  const { state, waitingFor } = await shell.situation(signal);
  return { state, ...(waitingFor !== undefined && { waiting_for: waitingFor }) };
}

function reportProgress(call: Call, totalSeconds: number): () => void {
  const { progress } = call;
  if (progress === undefined) return () => {};
  const began = performance.now();
  const timer = setInterval(() => {
    const seconds = Math.round((performance.now() - began) / 1000);
    progress({ progress: seconds, total: totalSeconds, message: `waiting for ${seconds} s` });
  }, 1000);
  return () => clearInterval(timer);
}
