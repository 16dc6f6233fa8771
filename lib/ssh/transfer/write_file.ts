/** Writing text to a remote file: in its place, at its end, or one passage of it. */
import { Buffer } from "node:buffer";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import { fileType } from "../sftp/attributes.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain, isNotFound } from "../sftp/failure.ts";
import { expandHome, isKernelFile, parentPath } from "../sftp/names.ts";
import { hasStatus, Status } from "../sftp/status.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { throwIfCancelled } from "./cancel.ts";
import { requireFile } from "./download.ts";
import { readPipelined, type Source, writePipelined } from "./pipeline.ts";
import { RemotePart } from "./remote_part.ts";
import { findTarget, KernelFile } from "./remote_target.ts";
import { sourceChanged } from "./transfer.ts";

/** Largest file that a passage of can be edited. */
const MAX_EDIT_BYTES = 10_000_000;

/** What to write. */
export type Change =
  | { kind: "replace"; content: Uint8Array }
  | { kind: "append"; content: Uint8Array }
  | { kind: "edit"; oldText: Uint8Array; newText: Uint8Array };

/** How to write. */
export interface WriteOptions {
  /** Permission bits. @default those of the file it replaces, or what the umask leaves */
  mode?: number | undefined;
  /** Make the directories on the way. */
  createDirs: boolean;
  signal?: AbortSignal | undefined;
}

/** What was done. */
export interface WriteResult {
  /** Bytes of what was given to write. */
  written: number;
  /** Bytes of the file now. */
  size: number;
  notes: string[];
}

/**
 * Writes. A replaced or edited file changes in one step; an append that fails half-way is taken back where nothing else
 * was appended meanwhile.
 *
 * @throws {ToolError} by what went wrong; `edit_not_unique` when the old text does not stand there exactly once
 */
export async function writeFile(
  session: Session,
  client: FileClient,
  remotePath: string,
  change: Change,
  options: WriteOptions,
): Promise<WriteResult> {
  const path = expandHome(remotePath);
  const attempt = { session, client, doing: change.kind === "edit" ? "editing" : "writing", path };
  try {
    if (options.createDirs) await makeDirectories(client, parentPath(path));
    const writing = new FileWriting(client, path, options, (error) => explain(error, attempt));
    if (change.kind === "append") return await writing.append(change.content);
    return change.kind === "edit" ? await writing.edit(change) : await writing.replace(change.content);
  } catch (error) {
    throw await explain(error, attempt);
  }
}

/** Makes a directory and those above it that are not there. */
export async function makeDirectories(client: FileClient, path: string): Promise<void> {
  if (path === "." || path === "/") return;
  const there = await client.stat(path).catch((error) => {
    if (!isNotFound(error)) throw error;
  });
  if (there !== undefined) return; // if it is no directory, what follows fails and says so
  await makeDirectories(client, parentPath(path));
  await client.mkdir(path).catch(async (error) => {
    // Somebody else may have made it meanwhile.
    const now = await client.stat(path).catch(() => undefined);
    if (fileType(now?.mode) !== "directory") throw error;
  });
}

class FileWriting {
  readonly #client: FileClient;
  readonly #path: string;
  readonly #options: WriteOptions;
  /** Looks into a failure, before what it left is removed: that may take all the space there is. */
  readonly #explain: (error: unknown) => Promise<unknown>;

  constructor(
    client: FileClient,
    path: string,
    options: WriteOptions,
    explainFailure: (error: unknown) => Promise<unknown>,
  ) {
    this.#client = client;
    this.#path = path;
    this.#options = options;
    this.#explain = explainFailure;
  }

  async replace(content: Uint8Array, stillTheSame?: () => Promise<void>): Promise<WriteResult> {
    const client = this.#client;
    const opened = await RemotePart.open(client, this.#path, { mode: this.#options.mode }).catch((error) => {
      if (!(error instanceof KernelFile)) throw error;
    });
    if (opened === undefined) return await this.#inPlace(content);
    const part = opened;
    try {
      const { signal } = this.#options;
      await writePipelined(client, part.handle, { offset: 0, size: content.length }, from(content), { signal });
      await stillTheSame?.();
      throwIfCancelled(signal);
      await part.commit(content.length, signal);
    } catch (error) {
      const reason = await this.#explain(error);
      await part.abandon(false);
      throw reason;
    }
    return { written: content.length, size: content.length, notes: part.notes };
  }

  async append(content: Uint8Array): Promise<WriteResult> {
    const client = this.#client;
    await findTarget(client, this.#path); // refuses what is no file
    const { mode, signal } = this.#options;
    const flags = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.APPEND;
    const handle = await client.open(this.#path, flags, mode === undefined ? {} : { mode });
    try {
      const before = (await client.fstat(handle)).size ?? 0;
      let written = 0;
      const onBytes = (count: number): void => void (written += count);
      const range = { offset: before, size: content.length };
      try {
        await writePipelined(client, handle, range, from(content), { signal, onBytes });
        if (mode !== undefined) await client.fsetstat(handle, { mode });
        return { written, size: (await client.fstat(handle)).size ?? before + written, notes: [] };
      } catch (error) {
        const reason = await this.#explain(error);
        await this.#takeBack(handle, before, before + content.length);
        throw reason;
      }
    } finally {
      if (client.ended === undefined) await client.closeHandle(handle);
    }
  }

  async edit({ oldText, newText }: { oldText: Uint8Array; newText: Uint8Array }): Promise<WriteResult> {
    const client = this.#client;
    const before = await requireFile(client, this.#path);
    if ((before.size ?? 0) > MAX_EDIT_BYTES) throw tooLargeToEdit();
    const content = await this.#readAll();
    if (content.length > MAX_EDIT_BYTES) throw tooLargeToEdit();
    // A size of 0 is what /proc says of files that are not empty, and one of 4096 what /sys says of all.
    if (before.size && content.length !== before.size && !isKernelFile(this.#path)) {
      throw sourceChanged(this.#path, "it has another size by now");
    }
    const result = replacedOnce(content, oldText, newText);
    const stillTheSame = async (): Promise<void> => {
      const now = await client.stat(this.#path);
      if (now.size !== before.size || now.modified !== before.modified) {
        throw sourceChanged(this.#path, "somebody else wrote to it");
      }
    };
    const { size, notes } = await this.replace(result, stillTheSame);
    return { written: newText.length, size, notes };
  }

  async #readAll(): Promise<Buffer> {
    const handle = await this.#client.open(this.#path, OpenFlag.READ);
    const pieces: Uint8Array[] = [];
    let length = 0;
    try {
      const sink = (piece: Uint8Array): void => {
        pieces.push(piece.slice());
        length += piece.length;
      };
      const { signal } = this.#options;
      await readPipelined(this.#client, handle, { from: 0, to: MAX_EDIT_BYTES + 1 }, sink, { signal });
    } finally {
      if (this.#client.ended === undefined) await this.#client.closeHandle(handle);
    }
    return Buffer.concat(pieces, length);
  }

  async #inPlace(content: Uint8Array): Promise<WriteResult> {
    const client = this.#client;
    const handle = await client.open(this.#path, OpenFlag.WRITE | OpenFlag.TRUNCATE);
    try {
      await writePipelined(client, handle, { offset: 0, size: content.length }, from(content));
    } catch (error) {
      throw hasStatus(error, Status.FAILURE, Status.BAD_MESSAGE) ? refusedByKernel(this.#path, error) : error;
    } finally {
      if (client.ended === undefined) await client.closeHandle(handle);
    }
    return { written: content.length, size: content.length, notes: ["written in place: it is a file of the kernel"] };
  }

  async #takeBack(handle: Uint8Array, before: number, atMost: number): Promise<void> {
    if (this.#client.ended !== undefined) return;
    try {
      const size = (await this.#client.fstat(handle)).size ?? before;
      if (size > before && size < atMost) await this.#client.fsetstat(handle, { size: before });
    } catch (error) {
      if (!hasStatus(error, Status.FAILURE, Status.PERMISSION_DENIED, Status.OP_UNSUPPORTED)) throw error;
    }
  }
}

function from(content: Uint8Array): Source {
  let at = 0;
  return (buffer) => {
    const piece = content.subarray(at, at + buffer.length);
    buffer.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  };
}

function refusedByKernel(path: string, cause: unknown): ToolError {
  return new ToolError("remote_file_error", `the kernel did not take what was written to ${quoteUntrusted(path)}`, {
    hint: "look what it takes with ssh_read_remote_file",
    cause,
  });
}

function tooLargeToEdit(): ToolError {
  return new ToolError("limit_reached", `the file has more bytes than edit takes, which is ${MAX_EDIT_BYTES}`, {
    hint: "use ssh_execute with sed",
  });
}

/** The content with its one occurrence of a text replaced. @throws {ToolError} `edit_not_unique` */
function replacedOnce(content: Buffer, oldText: Uint8Array, newText: Uint8Array): Buffer {
  const at = onlyPlace(content, oldText);
  return Buffer.concat([content.subarray(0, at), newText, content.subarray(at + oldText.length)]);
}

/** Whether the text would be found with the line ends of Windows. */
function hasOtherLineEnds(content: Buffer, text: Uint8Array): boolean {
  const written = Buffer.from(text).toString("latin1").replaceAll(/\r?\n/g, "\r\n");
  return content.includes(Buffer.from(written, "latin1"));
}

/** Where the text stands. @throws {ToolError} `edit_not_unique` unless that is one place */
function onlyPlace(content: Buffer, text: Uint8Array): number {
  const at = content.indexOf(text);
  if (at >= 0 && content.indexOf(text, at + 1) < 0) return at;
  const found = at < 0 ? "does not stand in the file" : "stands in the file more than once";
  const copied = hasOtherLineEnds(content, text)
    ? "the lines of this file end with \\r\\n: give both texts so"
    : "read the file again and copy the passage exactly";
  throw new ToolError("edit_not_unique", `old_text ${found}; it must stand there exactly once`, {
    hint: at < 0 ? copied : "give more of the lines around it",
  });
}
