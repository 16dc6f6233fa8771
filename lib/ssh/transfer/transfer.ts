/** What uploads and downloads have in common. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import type { FileClient } from "../sftp/file_client.ts";

/** How one file is moved. */
export interface TransferOptions {
  /** False refuses to replace a file. */
  overwrite: boolean;
  /** Continue what an earlier transfer of the same source left. */
  resume: boolean;
  /** Compare SHA-256 of both ends. */
  verify: boolean;
  /** Permission bits. @default those of the file it replaces, or what the umask leaves */
  mode?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Told of bytes that have arrived; `total` is undefined where the size is not known. */
  onProgress?: ((bytes: number, total: number | undefined) => void) | undefined;
  /** Makes what sees the content of one file as it passes, in order. */
  watch?: (() => ContentWatch) | undefined;
}

/** Sees the content of one file as it passes. */
export interface ContentWatch {
  /** The next bytes, which are only lent. */
  push(bytes: Uint8Array): void;
  /** There are no more. */
  end(): void;
}

/** What was done. */
export interface TransferResult {
  /** Bytes of the file. */
  bytes: number;
  /** Where a resumed transfer went on; 0 when all was moved now. */
  resumedFrom: number;
  /** Of both ends, when they were compared. */
  sha256: string | undefined;
  /** What a person should know. */
  notes: string[];
}

/** How long after its SFTP channel a connection that broke is known to be gone, in milliseconds. */
const SETTLE_MS = 50;

/** Whether what was moved so far is worth keeping after this failure: the way to the host is gone, or stuck. */
export function isResumable(client: FileClient, error: unknown): boolean {
  return client.ended !== undefined || (error instanceof ToolError && error.code === "timed_out");
}

/** The failure, with what remains of the transfer. */
export async function interrupted(error: unknown, session: Session, part: string, bytes: number): Promise<unknown> {
  // The channel ends a moment before the connection that it ends with, whose reason says more.
  if (session.ended === undefined) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const reason = session.ended ?? error;
  if (!(reason instanceof ToolError)) return reason;
  return new ToolError(reason.code, `${reason.message}; the target is untouched, ${bytes} bytes are kept beside it`, {
    hint: `${reason.hint ?? "try again"}; then call again with resume: true`,
    data: { ...reason.data, part_path: part, bytes_moved: bytes },
    cause: error,
  });
}

/** The error for a source that is not what it was when the transfer began. */
export function sourceChanged(path: string, how: string): ToolError {
  return new ToolError("source_changed", `${quoteUntrusted(path)} changed while it was read: ${how}`, {
    hint: "nothing was replaced; try again when nothing writes to it, or copy it there first",
  });
}

/** The error for two ends that differ. */
export function endsDiffer(path: string, what: string): ToolError {
  return new ToolError("verification_failed", `what arrived of ${quoteUntrusted(path)} is not what was sent: ${what}`, {
    hint: "nothing was replaced; try again",
  });
}

/** Most bytes that are read of a file that says it is empty, as those of /proc do: one that never ends says so, too. */
export const MAX_UNSIZED_BYTES = 256 * 1024 * 1024;

/** The error for a file that says it is empty, and whose end does not come. */
export function withoutEnd(): ToolError {
  const most = `${MAX_UNSIZED_BYTES / 1024 / 1024} MiB`;
  return new ToolError("limit_reached", `the file says it has 0 bytes, and has not ended after ${most}`, {
    hint: "read its start with ssh_read_remote_file and max_bytes, or with ssh_execute and head -c",
  });
}

/** The note where a hash was asked for and the host cannot compute one. */
export const NO_REMOTE_HASH = "the host has no command for SHA-256, so its file was read back to compare";
