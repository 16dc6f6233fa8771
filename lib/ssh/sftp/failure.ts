/** What a failed request means: SFTP's few status codes turned into errors that say what to do. */
import { type ErrorCode, quoteUntrusted, ToolError } from "../../errors.ts";
import { ask } from "../commands/ask.ts";
import { Deadline } from "../deadline.ts";
import type { Session } from "../session.ts";
import { fileType } from "./attributes.ts";
import type { FileClient } from "./file_client.ts";
import { baseName, encodeName, isKernelFile, joinPath, parentPath } from "./names.ts";
import { pathLine, withPath } from "./shell_path.ts";
import { hasStatus, Status, STATUS_WORDS, StatusError } from "./status.ts";
import { MalformedPacket } from "./wire.ts";

const PROBE_LIMIT_MS = 3000;
/** Less room than this on a file system counts as none. */
const NO_ROOM_BYTES = 64 * 1024;

/** What failed. */
export interface Attempt {
  session: Session;
  client: FileClient;
  /** What was being done, e.g. `writing`. */
  doing: string;
  path: string;
}

const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  [Status.PERMISSION_DENIED]: "remote_permission_denied",
  [Status.FILE_ALREADY_EXISTS]: "already_exists",
  [Status.WRITE_PROTECT]: "read_only",
  [Status.NO_SPACE_ON_FILESYSTEM]: "no_space",
  [Status.QUOTA_EXCEEDED]: "quota_exceeded",
  [Status.NOT_A_DIRECTORY]: "not_a_directory",
  [Status.INVALID_FILENAME]: "invalid_argument",
  [Status.CANNOT_DELETE]: "remote_permission_denied",
  [Status.FILE_IS_A_DIRECTORY]: "is_a_directory",
};

/** How strerror(3) says it, in what a server adds to a status or a shell prints. */
const CODE_OF_WORDS: readonly (readonly [RegExp, ErrorCode])[] = [
  [/no space left|disk full/i, "no_space"],
  [/quota/i, "quota_exceeded"],
  [/read-only file system/i, "read_only"],
  [/not a directory/i, "not_a_directory"],
  [/is a directory/i, "is_a_directory"],
  [/permission denied|operation not permitted/i, "remote_permission_denied"],
  [/no such file|directory nonexistent|nonexistent directory/i, "no_such_file"],
  [/file exists|cannot overwrite existing file/i, "already_exists"],
  [/file name too long/i, "invalid_argument"],
];

const SENTENCES: Partial<Record<ErrorCode, readonly [what: string, hint: string]>> = {
  no_such_file: ["there is no such file or directory", "look with ssh_list_remote_dir"],
  remote_permission_denied: ["the user may not do that", "use another user, or ssh_sudo_execute"],
  no_space: ["the file system has no space left", "free some space there and try again"],
  quota_exceeded: ["the user's disk quota is used up", "free some space there and try again"],
  read_only: ["the file system is read-only", "choose another path"],
  is_a_directory: ["it is a directory", "give the path of a file"],
  not_a_directory: ["it, or a part of its path, is not a directory", "correct the path"],
  already_exists: ["something has that name already", "choose another name, or overwrite"],
  invalid_argument: ["the name is too long, or not possible there", "choose another name"],
};

const PARENT_MISSING = [
  "the directory it is to be in does not exist",
  "make it first: create_dirs of ssh_write_remote_file, or ssh_execute: mkdir -p",
] as const;

/**
 * The error for whatever `error` is: a status is looked into, anything else passes.
 *
 * OpenSSH answers "failure" to most (sftp-server.c, errno_to_portable), so the file system is asked for room, and the
 * shell for its words.
 */
export async function explain(error: unknown, attempt: Attempt): Promise<unknown> {
  const { session } = attempt;
  if (error instanceof ToolError && error.data !== undefined) return error; // it says more than the connection's end
  if (session.connection.ended !== undefined) return session.connection.ended;
  if (error instanceof MalformedPacket) return new ToolError("remote_file_error", error.message, { cause: error });
  if (!(error instanceof StatusError)) return error;
  const code = await codeOf(error, attempt).catch(() => undefined) ?? CODE_OF_STATUS[error.status] ??
    (isNotFound(error) ? "no_such_file" : undefined);
  return failure(code, attempt, error);
}

/** The error for a code, in words. */
export function failure(
  code: ErrorCode | undefined,
  { doing, path, hint: better }: { doing: string; path: string; hint?: string },
  cause?: StatusError,
): ToolError {
  const isParentMissing = code === "no_such_file" && doing === "writing" && !isKernelFile(path);
  const [what, hint] = isParentMissing ? PARENT_MISSING : SENTENCES[code ?? "remote_file_error"] ??
    [STATUS_WORDS[cause?.status ?? Status.FAILURE] ?? "the server refused", "look with ssh_execute: ls -ld"];
  const said = code === undefined && cause?.serverText ? `: ${quoteUntrusted(cause.serverText, 100)}` : "";
  return new ToolError(code ?? "remote_file_error", `${doing} ${quoteUntrusted(path)} failed: ${what}${said}`, {
    hint: better ?? hint,
    cause,
  });
}

/** True for a status that says that nothing is there. */
export function isNotFound(error: unknown): boolean {
  return hasStatus(error, Status.NO_SUCH_FILE, Status.NO_SUCH_PATH);
}

async function codeOf(error: StatusError, attempt: Attempt): Promise<ErrorCode | undefined> {
  const { client, path } = attempt;
  if (isNotFound(error)) return await hasFileInTheWay(client, path) ? "not_a_directory" : "no_such_file";
  const known = CODE_OF_STATUS[error.status] ?? codeInWords(error.serverText);
  // OpenSSH says "bad message" to whatever it does not take, a name that is too long, say.
  const isPlain = error.status !== Status.BAD_MESSAGE && error.status in STATUS_WORDS;
  if (known !== undefined || isPlain) return known;
  const there = await client.lstat(path).catch(() => undefined);
  if (fileType(there?.mode) === "directory") return "is_a_directory";
  if (encodeName(baseName(path)).length > 255) return "invalid_argument";
  // What was only read has no need of room, and nothing is written beside it to find out more.
  if (attempt.doing === "reading" || attempt.doing === "listing" || isKernelFile(path)) return undefined;
  return await roomProblem(client, path) ?? await askShell(attempt);
}

/** The code for what strerror(3) says; after the last colon, where no name that is quoted before it can mislead. */
export function codeInWords(words: string): ErrorCode | undefined {
  const reasons = words.trim().split("\n").map((line) => line.slice(line.lastIndexOf(": ") + 1));
  const found = (text: string): ErrorCode | undefined => CODE_OF_WORDS.find(([pattern]) => pattern.test(text))?.[1];
  return found(reasons.join("\n")) ?? found(words);
}

/** Whether a directory of the path is a file: OpenSSH says "no such file" to that. */
async function hasFileInTheWay(client: FileClient, path: string): Promise<boolean> {
  for (let parent = parentPath(path); parent !== "." && parent !== "/"; parent = parentPath(parent)) {
    const there = await client.stat(parent).catch(() => undefined);
    if (there !== undefined) return fileType(there.mode) !== "directory";
  }
  return false;
}

async function roomProblem(client: FileClient, path: string): Promise<ErrorCode | undefined> {
  if (!client.offers("statvfs@openssh.com")) return undefined;
  const room = await client.statvfs(parentPath(path)).catch(() => undefined);
  if (room?.readOnly) return "read_only";
  return room !== undefined && (room.freeBytes < NO_ROOM_BYTES || room.freeFiles === 0) ? "no_space" : undefined;
}

/** Tries to write one byte beside the path and reads what the shell says about it. */
async function askShell({ session, path }: Attempt): Promise<ErrorCode | undefined> {
  const deadline = new Deadline(PROBE_LIMIT_MS);
  if (!await session.loginShell.isPosix({ deadline })) return undefined;
  const probe = joinPath(parentPath(path), `.mcp-probe-${crypto.randomUUID()}`);
  const script = withPath('{ echo x > "$f" && rm -f "$f"; } 2>&1');
  return codeInWords(await ask(session.connection, script, { deadline, stdin: pathLine(probe) }));
}
