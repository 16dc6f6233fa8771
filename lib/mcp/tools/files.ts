/** Files: upload, download, read, write, list. */
import { z } from "zod";
import { ToolError } from "../../errors.ts";
import type { RemoteFiles } from "../../ssh/transfer/files.ts";
import type { Window } from "../../ssh/transfer/read_window.ts";
import type { TransferResult } from "../../ssh/transfer/transfer.ts";
import type { TreeOptions, TreeResult } from "../../ssh/transfer/tree.ts";
import type { Change } from "../../ssh/transfer/write_file.ts";
import type { Session } from "../../ssh/session.ts";
import { type Call, defineTool, type Tool } from "../define_tool.ts";
import { sessionId } from "../fields.ts";
import { substitute } from "../placeholders.ts";
import { SecretWatch } from "../secret_watch.ts";
import { byteProgress } from "../throttle.ts";

/** Most that one read gives. */
const MAX_READ_BYTES = 10_000_000;
/** What is read around a window, so that a secret that stands across its edge is seen whole. */
const MARGIN_BYTES = 64 * 1024;

/** All entries before the page have to be kept to find it. */
const MAX_LIST_OFFSET = 250_000;
const LIST_OFFSET_RULE = `must be 0 to ${MAX_LIST_OFFSET}: narrow the list with glob`;

const SECRET_NOTE = "a loaded secret stands in what was downloaded, as it is: keep it as safe as the secret";

// Bounds stand in refinements where no agent needs to read them: the schemas are paid for on every run.
const path = z.string().refine((text) => text.length > 0 && text.length <= 4096, "must have 1 to 4096 characters");
const localPath = path.refine((text) => text.isWellFormed(), "half of a surrogate pair has no bytes");
const mode = z.string().refine((text) => /^[0-7]{3,4}$/.test(text), "must be octal, e.g. 0644").optional()
  .describe("Octal");
const text = z.string().refine((text) => text.length <= MAX_READ_BYTES, "is too long")
  .refine((text) => text.isWellFormed(), "half of a surrogate pair has no bytes");
const count = z.int().refine((number) => number >= 0, "must not be negative");

const transferInput = {
  recursive: z.boolean().default(false),
  overwrite: z.boolean().default(true),
  resume: z.boolean().default(false),
  verify: z.boolean().default(false).describe("Compare SHA-256"),
  mode,
};

/** What is listed of an answer; it says more. */
const transferOutput = {
  bytes: z.int(),
  failed: z.int().optional(),
  failures: z.array(z.looseObject({})).optional(),
  note: z.string().optional(),
};

const writes = { readOnlyHint: false, destructiveHint: true, openWorldHint: true };
const reads = { readOnlyHint: true, openWorldHint: true };

const upload = defineTool({
  name: "ssh_upload_file",
  title: "Upload",
  description: "Upload a file, or with recursive a directory, from --files-dir; each file whole or not at all.",
  input: { session_id: sessionId, local_path: localPath, remote_path: path, ...transferInput },
  output: transferOutput,
  annotations: writes,
  async run(args, call) {
    const session = call.session(args.session_id);
    const local = await call.app.files.source(args.local_path);
    const options = transferOptions(args, call);
    return await transfer(session, args, {
      tree: (files) => files.uploadTree(local, args.remote_path, options),
      file: (files) => files.upload(local, args.remote_path, options),
    });
  },
});

const download = defineTool({
  name: "ssh_download_file",
  title: "Download",
  description: "Download a file, or with recursive a directory, to --files-dir; each file whole or not at all.",
  input: { session_id: sessionId, remote_path: path, local_path: localPath, ...transferInput },
  output: transferOutput,
  annotations: writes,
  async run(args, call) {
    const session = call.session(args.session_id);
    if (!args.recursive && args.local_path.endsWith("/")) throw namesDirectory();
    const local = await call.app.files.target(args.local_path);
    const late: string[] = [];
    const { redactor } = call.app;
    const watch = (): SecretWatch => new SecretWatch(redactor, () => late[0] = SECRET_NOTE);
    const options = { ...transferOptions(args, call), watch: redactor.active ? watch : undefined };
    return await transfer(session, args, {
      tree: (files) => files.downloadTree(args.remote_path, local, options),
      file: (files) => files.download(args.remote_path, local, options),
    }, late);
  },
});

const readFile = defineTool({
  name: "ssh_read_remote_file",
  title: "Read file",
  description: "Read text of a remote file (max_bytes 0: the most, 10 MB).",
  input: {
    session_id: sessionId,
    remote_path: path,
    max_bytes: count.default(1_000_000),
    offset: count.default(0).describe("Bytes"),
    tail_lines: z.int().refine((lines) => lines > 0 && lines <= 1_000_000, "must be 1 to 1000000").optional(),
    encoding: z.enum(["utf8", "base64"]).default("utf8"),
  },
  output: {
    content: z.string(),
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
    const exact = args.encoding === "base64";
    const options = { offset, maxBytes, tailLines: tail_lines, marginBytes: MARGIN_BYTES, exact, signal: call.signal };
    const window = await (await remoteFiles(session)).read(args.remote_path, options);
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
    content: text.optional(),
    append: z.boolean().default(false),
    edit: z.strictObject({ old_text: text, new_text: text }).optional().describe(
      "Instead of content; old_text must match exactly once",
    ),
    mode,
    create_dirs: z.boolean().default(false),
    substitute_secrets: z.boolean().default(false).describe("Fill in ${{NAME}}"),
  },
  output: { bytes_written: z.int(), size: z.int(), note: z.string().optional() },
  annotations: writes,
  async run(args, call) {
    const session = call.session(args.session_id);
    const change = changeOf(args, (text) => {
      return args.substitute_secrets ? substitute(text, (name) => call.app.vault.get(session.id, name)) : text;
    });
    const options = { mode: octal(args.mode), createDirs: args.create_dirs, signal: call.signal };
    const { written, size, notes } = await (await remoteFiles(session)).write(args.remote_path, change, options);
    return { bytes_written: written, size, ...note(notes) };
  },
});

const listDir = defineTool({
  name: "ssh_list_remote_dir",
  title: "List directory",
  description: "Entries of a remote directory, directories first, then by name; at most 1000 from offset on.",
  input: {
    session_id: sessionId,
    remote_path: path.default("."),
    offset: z.int().refine((number) => number >= 0 && number <= MAX_LIST_OFFSET, LIST_OFFSET_RULE).default(0),
    glob: z.string().refine((text) => text.length <= 255, "is too long").optional(),
  },
  output: { entries: z.array(z.looseObject({})), total: z.int(), next_offset: z.int().optional() },
  annotations: reads,
  async run(args, call) {
    const session = call.session(args.session_id);
    const { offset, glob } = args;
    const files = await remoteFiles(session);
    const { entries, total, notes } = await files.list(args.remote_path, { offset, glob, signal: call.signal });
    const next = offset + entries.length;
    return {
      remote_path: args.remote_path,
      entries: entries.map((entry) => ({ ...entry })),
      total,
      ...(next < total && { next_offset: next }),
      ...note(notes),
    };
  },
});

/** The tools of this family, in order. */
export const fileTools: readonly Tool[] = [upload, download, readFile, writeTool, listDir];

function namesDirectory(): ToolError {
  return new ToolError("is_a_directory", "local_path ends with /, as a directory does", {
    hint: "give the name that the file shall have",
  });
}

/** Makes one transfer, of a file or of a directory, and its answer. @param late notes that come about meanwhile */
async function transfer(
  session: Session,
  { local_path, remote_path, recursive }: { local_path: string; remote_path: string; recursive: boolean },
  { tree, file }: {
    tree: (files: RemoteFiles) => Promise<TreeResult>;
    file: (files: RemoteFiles) => Promise<TransferResult>;
  },
  late: readonly string[] = [],
): Promise<z.input<z.ZodObject<typeof transferOutput>>> {
  const started = performance.now();
  const files = await remoteFiles(session);
  const { notes, ...facts } = recursive ? treeFacts(await tree(files)) : fileFacts(await file(files));
  const duration_ms = Math.round(performance.now() - started);
  const answer = { local_path, remote_path, duration_ms, ...facts, ...note([...notes, ...late]) };
  return answer;
}

function transferOptions(
  args: { overwrite: boolean; resume: boolean; verify: boolean; mode?: string | undefined },
  call: Call,
): TreeOptions {
  const { overwrite, resume, verify } = args;
  return {
    overwrite,
    resume,
    verify,
    mode: octal(args.mode),
    signal: call.signal,
    onProgress: byteProgress(call.progress),
    mayLink: (path, target) => call.app.files.allowsLink(path, target),
  };
}

function fileFacts({ bytes, resumedFrom, sha256, notes }: TransferResult): { bytes: number; notes: string[] } {
  const facts = { ...(resumedFrom > 0 && { resumed_from: resumedFrom }), ...(sha256 !== undefined && { sha256 }) };
  return { bytes, ...facts, notes };
}

function treeFacts({ unchanged, failures, ...counts }: TreeResult): { bytes: number; notes: string[] } {
  const { failed } = counts;
  const facts = { ...(unchanged > 0 && { unchanged }), failures: failures.map((one) => ({ ...one })) };
  const unlisted = failed > failures.length ? [`the first ${failures.length} of ${failed} failures are listed`] : [];
  return { ...counts, ...facts, notes: [...counts.notes, ...unlisted] };
}

function readAnswer(
  args: { offset: number; tail_lines?: number | undefined; encoding: "utf8" | "base64" },
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
      ...window.notes,
      ...(isBinary
        ? ["the content is binary: what is not UTF-8 shows as U+FFFD; encoding base64 gives the bytes"]
        : []),
      ...(args.offset > offset ? ["the file ends before that offset"] : []),
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
  if (edit?.old_text === "") {
    throw new ToolError("invalid_argument", "edit.old_text is empty", { hint: "give the text to replace" });
  }
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

/** The files of a session's host; the code for them is loaded with the first call that needs it. */
async function remoteFiles(session: Session): Promise<RemoteFiles> {
  const { RemoteFiles } = await import("../../ssh/transfer/files.ts");
  return new RemoteFiles(session);
}
