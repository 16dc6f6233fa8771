/** Files: upload, download, read, write, list. */
import { z } from "zod";
import { ToolError } from "../../errors.ts";
import { RemoteFiles } from "../../ssh/transfer/files.ts";
import type { Window } from "../../ssh/transfer/read_window.ts";
import type { TransferOptions, TransferResult } from "../../ssh/transfer/transfer.ts";
import type { TreeResult } from "../../ssh/transfer/tree.ts";
import type { Change } from "../../ssh/transfer/write_file.ts";
import { type Call, defineTool, type Tool } from "../define_tool.ts";
import { sessionId } from "../fields.ts";
import { substitute } from "../placeholders.ts";
import { SecretWatch } from "../secret_watch.ts";
import { byteProgress } from "../throttle.ts";

/** Most that one read gives. */
const MAX_READ_BYTES = 10_000_000;
/** What is read around a window, so that a secret that stands across its edge is seen whole. */
const MARGIN_BYTES = 64 * 1024;

const SECRET_NOTE = "a loaded secret stands in what was downloaded, as it is: keep it as safe as the secret";

const path = z.string().min(1).max(4096);
const mode = z.string().regex(/^[0-7]{3,4}$/, "must be octal, e.g. 0644").optional();

const transferInput = {
  recursive: z.boolean().default(false).describe("A directory, made the same there"),
  overwrite: z.boolean().default(true),
  resume: z.boolean().default(false),
  verify: z.boolean().default(false).describe("Compare SHA-256"),
  mode,
};

const transferOutput = {
  local_path: z.string(),
  remote_path: z.string(),
  bytes: z.int(),
  duration_ms: z.int(),
  resumed_from: z.int().optional(),
  sha256: z.string().optional(),
  files: z.int().optional(),
  directories: z.int().optional(),
  links: z.int().optional(),
  unchanged: z.int().optional(),
  failed: z.int().optional(),
  failures: z.array(z.looseObject({ path: z.string() })).optional(),
  note: z.string().optional(),
};

const writes = { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true };
const reads = { readOnlyHint: true, openWorldHint: true };

const upload = defineTool({
  name: "ssh_upload_file",
  title: "Upload",
  description: "Upload a file from --files-dir over SFTP, whole or not at all.",
  input: { session_id: sessionId, local_path: path, remote_path: path, ...transferInput },
  output: transferOutput,
  annotations: writes,
  async run(args, call) {
    const session = call.session(args.session_id);
    const local = await call.app.files.source(args.local_path);
    const started = performance.now();
    const options = transferOptions(args, call);
    const files = new RemoteFiles(session);
    if (args.recursive) return treeAnswer(args, await files.uploadTree(local, args.remote_path, options), started);
    return transferAnswer(args, await files.upload(local, args.remote_path, options), started);
  },
});

const download = defineTool({
  name: "ssh_download_file",
  title: "Download",
  description: "Download a file to --files-dir over SFTP, whole or not at all.",
  input: { session_id: sessionId, remote_path: path, local_path: path, ...transferInput },
  output: transferOutput,
  annotations: writes,
  async run(args, call) {
    const session = call.session(args.session_id);
    const local = await call.app.files.target(args.local_path);
    const started = performance.now();
    let holdsSecret = false;
    const { redactor } = call.app;
    const watch = (): SecretWatch => new SecretWatch(redactor, () => holdsSecret = true);
    const options = { ...transferOptions(args, call), watch: redactor.active ? watch : undefined };
    const files = new RemoteFiles(session);
    if (args.recursive) {
      const mayLink = (path: string, target: string): Promise<boolean> => call.app.files.allowsLink(path, target);
      const result = await files.downloadTree(args.remote_path, local, { ...options, mayLink });
      if (holdsSecret) result.notes.push(SECRET_NOTE);
      return treeAnswer(args, result, started);
    }
    const result = await files.download(args.remote_path, local, options);
    if (holdsSecret) result.notes.push(SECRET_NOTE);
    return transferAnswer(args, result, started);
  },
});

const readFile = defineTool({
  name: "ssh_read_remote_file",
  title: "Read file",
  description: "Read text of a remote file (max_bytes 0: the most, 10 MB).",
  input: {
    session_id: sessionId,
    remote_path: path,
    max_bytes: z.int().min(0).default(1_000_000),
    offset: z.int().min(0).default(0).describe("Bytes"),
    tail_lines: z.int().min(1).max(1_000_000).optional(),
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
  },
  output: {
    content: z.string(),
    offset: z.int(),
    bytes: z.int(),
    size: z.int(),
    truncated: z.boolean(),
    next_offset: z.int().optional(),
    note: z.string().optional(),
  },
  annotations: reads,
  async run(args, call) {
    const { tail_lines, offset } = args;
    if (tail_lines !== undefined && offset > 0) {
      throw new ToolError("invalid_argument", "offset and tail_lines exclude each other", { hint: "give one of them" });
    }
    const session = call.session(args.session_id);
    const maxBytes = args.max_bytes === 0 ? MAX_READ_BYTES : Math.min(args.max_bytes, MAX_READ_BYTES);
    const options = { offset, maxBytes, tailLines: tail_lines, marginBytes: MARGIN_BYTES, signal: call.signal };
    const window = await new RemoteFiles(session).read(args.remote_path, options);
    return readAnswer(args, window, maxBytes, call);
  },
});

const writeTool = defineTool({
  name: "ssh_write_remote_file",
  title: "Write file",
  description: "Write content to a remote file in one step, append it, or replace one passage (edit).",
  input: {
    session_id: sessionId,
    remote_path: path,
    content: z.string().max(MAX_READ_BYTES).optional(),
    append: z.boolean().default(false),
    edit: z.object({ old_text: z.string().min(1), new_text: z.string() }).optional().describe(
      "Instead of content; old_text must stand there exactly once",
    ),
    mode,
    create_dirs: z.boolean().default(false),
    substitute_secrets: z.boolean().default(false).describe("Replace ${{NAME}} by the loaded variable"),
  },
  output: {
    remote_path: z.string(),
    bytes_written: z.int(),
    size: z.int(),
    note: z.string().optional(),
  },
  annotations: { ...writes, idempotentHint: false },
  async run(args, call) {
    const session = call.session(args.session_id);
    const change = changeOf(args, (text) => {
      return args.substitute_secrets ? substitute(text, (name) => call.app.vault.get(session.id, name)) : text;
    });
    const options = { mode: octal(args.mode), createDirs: args.create_dirs, signal: call.signal };
    const { written, size, notes } = await new RemoteFiles(session).write(args.remote_path, change, options);
    return { remote_path: args.remote_path, bytes_written: written, size, ...note(notes) };
  },
});

const listDir = defineTool({
  name: "ssh_list_remote_dir",
  title: "List directory",
  description: "Entries of a remote directory, directories first, then by name; at most 1000 from offset on.",
  input: {
    session_id: sessionId,
    remote_path: path.default("."),
    offset: z.int().min(0).max(1_000_000).default(0),
    glob: z.string().min(1).max(255).optional(),
  },
  output: {
    remote_path: z.string(),
    entries: z.array(z.looseObject({ name: z.string() })),
    total: z.int(),
    next_offset: z.int().optional(),
  },
  annotations: reads,
  async run(args, call) {
    const session = call.session(args.session_id);
    const { offset, glob } = args;
    const files = new RemoteFiles(session);
    const { entries, total } = await files.list(args.remote_path, { offset, glob, signal: call.signal });
    const next = offset + entries.length;
    return {
      remote_path: args.remote_path,
      entries: entries.map((entry) => ({ ...entry })),
      total,
      ...(next < total && { next_offset: next }),
    };
  },
});

/** The tools of this family, in order. */
export const fileTools: readonly Tool[] = [upload, download, readFile, writeTool, listDir];

function transferOptions(
  args: { overwrite: boolean; resume: boolean; verify: boolean; mode?: string | undefined },
  call: Call,
): TransferOptions {
  const { overwrite, resume, verify } = args;
  return {
    overwrite,
    resume,
    verify,
    mode: octal(args.mode),
    signal: call.signal,
    onProgress: byteProgress(call.progress),
  };
}

function transferAnswer(
  { local_path, remote_path }: { local_path: string; remote_path: string },
  { bytes, resumedFrom, sha256, notes }: TransferResult,
  started: number,
): z.input<z.ZodObject<typeof transferOutput>> {
  return {
    local_path,
    remote_path,
    bytes,
    duration_ms: Math.round(performance.now() - started),
    ...(resumedFrom > 0 && { resumed_from: resumedFrom }),
    ...(sha256 !== undefined && { sha256 }),
    ...note(notes),
  };
}

function treeAnswer(
  { local_path, remote_path }: { local_path: string; remote_path: string },
  { files, directories, links, unchanged, bytes, failed, failures, notes }: TreeResult,
  started: number,
): z.input<z.ZodObject<typeof transferOutput>> {
  return {
    local_path,
    remote_path,
    bytes,
    duration_ms: Math.round(performance.now() - started),
    files,
    directories,
    links,
    ...(unchanged > 0 && { unchanged }),
    failed,
    failures: failures.map((one) => ({ ...one })),
    ...note(
      failed > failures.length ? [...notes, `the first ${failures.length} of ${failed} failures are listed`] : notes,
    ),
  };
}

function readAnswer(
  args: { max_bytes: number; tail_lines?: number | undefined; encoding: "utf8" | "base64" },
  window: Window,
  maxBytes: number,
  call: Call,
): {
  content: string;
  offset: number;
  bytes: number;
  size: number;
  truncated: boolean;
  next_offset?: number;
  note?: string;
} {
  const { bytes, start, end, offset, size, more } = window;
  const count = end - start;
  const shown = call.app.redactor.redactWindow(bytes, start, end);
  const cutAtStart = args.tail_lines !== undefined && offset > 0 && count >= maxBytes - 3;
  const isBinary = args.encoding === "utf8" && looksBinary(bytes.subarray(start, end));
  return {
    content: args.encoding === "base64"
      ? shown.toBase64()
      : new TextDecoder("utf-8", { ignoreBOM: true }).decode(shown),
    offset,
    bytes: count,
    size,
    truncated: more || cutAtStart,
    ...(more && { next_offset: offset + count }),
    ...note([
      ...(isBinary
        ? ["the content is binary: what is not UTF-8 shows as U+FFFD; encoding base64 gives the bytes"]
        : []),
      ...(cutAtStart ? ["fewer lines than asked for: max_bytes was reached"] : []),
      ...(more && maxBytes === MAX_READ_BYTES ? ["one read gives at most 10 MB; go on at next_offset"] : []),
    ]),
  };
}

function looksBinary(bytes: Uint8Array): boolean {
  if (bytes.includes(0)) return true;
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return false;
  } catch {
    return true;
  }
}

function changeOf(
  args: { content?: string | undefined; append: boolean; edit?: { old_text: string; new_text: string } | undefined },
  prepared: (text: string) => string,
): Change {
  const { content, append, edit } = args;
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(prepared(text));
  if ((content === undefined) === (edit === undefined) || (edit !== undefined && append)) {
    throw new ToolError("invalid_argument", "give either content, with or without append, or edit", {
      hint: "content writes the whole text; edit replaces one passage",
    });
  }
  if (edit !== undefined) return { kind: "edit", oldText: bytes(edit.old_text), newText: bytes(edit.new_text) };
  return { kind: append ? "append" : "replace", content: bytes(content ?? "") };
}

function octal(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseInt(text, 8);
}

function note(notes: readonly string[]): { note?: string } {
  return notes.length === 0 ? {} : { note: notes.join("; ") };
}
