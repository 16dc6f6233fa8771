/** From the host to this machine. */
import type { Hash } from "node:crypto";
import type { Session } from "../session.ts";
import { type Attributes, fileType } from "../sftp/attributes.ts";
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain, failure } from "../sftp/failure.ts";
import { isKernelFile } from "../sftp/names.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { hashLocal, remoteSha256, sha256 } from "./hash.ts";
import { leave, takeLeft } from "./leftovers.ts";
import { localFailure } from "./local_failure.ts";
import { LocalPart, localTaken, requireReplaceable } from "./local_part.ts";
import { readPipelined } from "./pipeline.ts";
import { notRegular } from "./remote_target.ts";
import { type ContentWatch, endsDiffer, interrupted, isResumable, MAX_UNSIZED_BYTES } from "./transfer.ts";
import { NO_REMOTE_HASH, sourceChanged, type TransferOptions, type TransferResult, withoutEnd } from "./transfer.ts";

/**
 * Downloads one file, whole or not at all.
 *
 * @param remotePath what to read; links are followed
 * @param localPath a real path that may be written: free, or a regular file
 * @throws {ToolError} by what went wrong; `source_changed` when the file was rewritten meanwhile
 */
export async function downloadFile(
  session: Session,
  client: FileClient,
  remotePath: string,
  localPath: string,
  options: TransferOptions,
): Promise<TransferResult> {
  const attempt = { session, client, doing: "reading", path: remotePath };
  try {
    const there = await requireFile(client, remotePath, "set recursive: true to download a directory");
    const before = isKernelFile(remotePath) ? { ...there, size: 0 } : there; // a page, whatever is in it, says /sys
    const handle = await client.open(remotePath, OpenFlag.READ);
    try {
      return await new Download(session, client, { path: remotePath, handle }, localPath, options).run(before);
    } finally {
      // The answer needs no waiting for; where the channel is gone, so is the handle.
      if (client.ended === undefined) void client.closeHandle(handle).catch(() => {});
    }
  } catch (error) {
    throw await explain(localFailure(error, "writing", localPath), attempt);
  }
}

/**
 * Looks before opening: a FIFO would hold the whole SFTP server up until somebody writes to it.
 *
 * @throws {ToolError} `is_a_directory` or `not_a_regular_file`
 */
export async function requireFile(client: FileClient, path: string, hint?: string): Promise<Attributes> {
  const attributes = await client.stat(path);
  const type = fileType(attributes.mode);
  if (type === "directory") {
    throw failure("is_a_directory", { doing: "reading", path, ...(hint !== undefined && { hint }) });
  }
  if (type !== "file" && attributes.mode !== undefined) throw notRegular(path, type);
  return attributes;
}

class Download {
  readonly #session: Session;
  readonly #client: FileClient;
  readonly #remote: { path: string; handle: Handle };
  readonly #localPath: string;
  readonly #options: TransferOptions;
  readonly #hash: Hash | undefined;
  readonly #watch: ContentWatch | undefined;
  readonly #notes: string[] = [];
  #arrived = 0;
  #end: Promise<[after: Attributes, beyond: number]> | undefined;

  constructor(
    session: Session,
    client: FileClient,
    remote: { path: string; handle: Handle },
    localPath: string,
    options: TransferOptions,
  ) {
    this.#session = session;
    this.#client = client;
    this.#remote = remote;
    this.#localPath = localPath;
    this.#options = options;
    this.#hash = options.verify ? sha256() : undefined;
    this.#watch = options.watch?.();
  }

  /** @param before what was seen of the file before it was opened; another one by now shows at the end */
  async run(before: Attributes): Promise<TransferResult> {
    const part = await this.#openPart(before);
    try {
      const resumedFrom = await this.#takeUp(part, before);
      await this.#read(part, before);
      const digest = await this.#check(part, before);
      await part.commit(this.#options.signal);
      await part.clear(takeLeft(this.#localPath));
      return { bytes: part.length, resumedFrom, sha256: digest, notes: [...this.#notes, ...part.notes] };
    } catch (error) {
      const keep = isResumable(this.#client, error) && part.length > 0;
      await part.abandon(keep);
      if (keep) leave(this.#localPath, part.path);
      throw keep ? await interrupted(error, this.#session, part.path, part.length) : error;
    }
  }

  async #openPart(before: Attributes): Promise<LocalPart> {
    const { overwrite, resume, mode } = this.#options;
    const there = await Deno.lstat(this.#localPath).catch(() => undefined);
    requireReplaceable(this.#localPath, there);
    if (there !== undefined && !overwrite) throw localTaken(this.#localPath);
    const { host, port, username } = this.#session.connection.facts;
    const identity = [host, port, username, this.#remote.path, before.size, before.modified].join("\n");
    return await LocalPart.open(this.#localPath, { identity, resume, overwrite, mode, replaces: there });
  }

  /** Goes on where an earlier transfer stopped, if what that left is the start of the file. */
  async #takeUp(part: LocalPart, before: Attributes): Promise<number> {
    if (part.length === 0) {
      if (this.#options.resume) this.#notes.push("there was nothing to resume");
      return 0;
    }
    const hash = sha256();
    await hashLocal(hash, part.path, part.length, this.#options.signal);
    const fits = part.length <= (before.size ?? 0);
    const remote = fits ? await this.#remoteHash(part.length) : undefined;
    if (remote === undefined || remote !== hash.digest("hex")) {
      this.#notes.push("what an earlier transfer left could not be confirmed, so all was moved again");
      await part.restart();
      return 0;
    }
    const update = (bytes: Uint8Array): void => {
      this.#hash?.update(bytes);
      this.#watch?.push(bytes);
    };
    if (this.#hash ?? this.#watch) await hashLocal({ update }, part.path, part.length, this.#options.signal);
    return part.length;
  }

  async #read(part: LocalPart, before: Attributes): Promise<void> {
    const { signal, onProgress } = this.#options;
    const total = before.size === undefined || before.size === 0 ? undefined : before.size;
    this.#arrived = part.length;
    const sink = async (bytes: Uint8Array): Promise<void> => {
      this.#watch?.push(bytes);
      this.#hash?.update(bytes);
      await part.write(bytes);
      if (total === undefined && part.length > MAX_UNSIZED_BYTES) throw withoutEnd();
    };
    const onBytes = (count: number): void => onProgress?.(this.#arrived += count, total);
    // Requests for one file keep their order at the server, so that this answer comes with those to the last reads.
    const onSent = (): void => {
      if (!this.#client.pipelines) return;
      this.#end = this.#lookAtEnd(before.size);
      this.#end.catch(() => {}); // told by the check
    };
    const onShort = (): void => void (this.#end = undefined);
    // A size of 0 is what /proc says of files that are not empty: those are read to their end.
    const range = { from: part.length, to: total ?? Infinity };
    await readPipelined(this.#client, this.#remote.handle, range, sink, { signal, onBytes, onSent, onShort });
    this.#watch?.end();
  }

  async #check(part: LocalPart, before: Attributes): Promise<string | undefined> {
    const { path } = this.#remote;
    const size = before.size ?? 0;
    const [after, beyond] = await (this.#end ?? this.#lookAtEnd(size));
    const sizeNow = isKernelFile(path) ? 0 : after.size ?? 0;
    if (size > 0 && part.length < size) {
      if (sizeNow < size) throw sourceChanged(path, `it shrank from ${size} to ${sizeNow} bytes`);
      throw endsDiffer(path, `the host says ${size} bytes and sent ${part.length}`);
    }
    if (sizeNow < size) throw sourceChanged(path, `it shrank from ${size} to ${sizeNow} bytes`);
    if (beyond > 0 && sizeNow === size) throw endsDiffer(path, `the host says ${size} bytes and has more`);
    if (sizeNow > part.length) {
      this.#notes.push(`the source grew to ${sizeNow} bytes while it was read; these are its first ${part.length}`);
    } else if (before.modified !== after.modified && size > 0) {
      throw sourceChanged(path, "its content was rewritten");
    }
    return await this.#compareHashes(part);
  }

  /** What the file is after it has been read, and whether anything stands behind what it said was its end. */
  #lookAtEnd(size = 0): Promise<[after: Attributes, beyond: number]> {
    const { handle } = this.#remote;
    return Promise.all([
      this.#client.fstat(handle),
      size === 0 ? 0 : this.#client.read(handle, size, new Uint8Array(1)),
    ]);
  }

  async #compareHashes(part: LocalPart): Promise<string | undefined> {
    if (this.#hash === undefined) return undefined;
    const arrived = this.#hash.digest("hex");
    const there = await this.#remoteHash(part.length) ?? await this.#readBack(part.length);
    if (there !== arrived) throw endsDiffer(this.#remote.path, "the SHA-256 of the two differ");
    return arrived;
  }

  #remoteHash(bytes: number): Promise<string | undefined> {
    return remoteSha256(this.#session, this.#remote.path, bytes, this.#options.signal);
  }

  async #readBack(bytes: number): Promise<string> {
    this.#notes.push(NO_REMOTE_HASH);
    const hash = sha256();
    const sink = (piece: Uint8Array): void => void hash.update(piece);
    const { signal } = this.#options;
    await readPipelined(this.#client, this.#remote.handle, { from: 0, to: bytes }, sink, { signal });
    return hash.digest("hex");
  }
}
