/** From this machine to the host. */
import type { Hash } from "node:crypto";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain } from "../sftp/failure.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { hashLocal, remoteSha256, sha256 } from "./hash.ts";
import { Lanes } from "./lanes.ts";
import { leave, takeLeft } from "./leftovers.ts";
import { localFailure } from "./local_failure.ts";
import { openReal } from "./local_open.ts";
import { LocalReader } from "./local_reader.ts";
import { readPipelined, writePipelined } from "./pipeline.ts";
import { RemotePart } from "./remote_part.ts";
import type { Target } from "./remote_target.ts";
import { endsDiffer, interrupted, isResumable, NO_REMOTE_HASH } from "./transfer.ts";
import { sourceChanged, type TransferOptions, type TransferResult } from "./transfer.ts";
import { SPREAD_BYTES } from "./writing.ts";

/**
 * Uploads one file, whole or not at all.
 *
 * @param localPath a real path that may be read
 * @param remotePath the file's name there; what a link leads to is replaced, not the link
 * @param target what stands there, where that is known already
 * @throws {ToolError} by what went wrong; `source_changed` when the file was rewritten meanwhile
 */
export async function uploadFile(
  session: Session,
  client: FileClient,
  localPath: string,
  remotePath: string,
  options: TransferOptions,
  target?: Target,
): Promise<TransferResult> {
  const attempt = { session, client, doing: "writing", path: remotePath };
  try {
    // Looked at before it is opened: opening a FIFO waits for a writer.
    const info = await Deno.stat(localPath);
    if (!info.isFile) throw notRegularHere(localPath, info);
    using file = await openReal(localPath, { read: true });
    return await new Upload(session, client, { path: localPath, file }, remotePath, options).run(target);
  } catch (error) {
    throw await explain(localFailure(error, "reading", localPath), attempt);
  }
}

class Upload {
  readonly #session: Session;
  readonly #client: FileClient;
  readonly #local: { path: string; file: Deno.FsFile };
  readonly #remotePath: string;
  readonly #options: TransferOptions;
  readonly #hash: Hash | undefined;
  readonly #notes: string[] = [];
  #sent = 0;
  #lanes: Lanes | undefined;

  constructor(
    session: Session,
    client: FileClient,
    local: { path: string; file: Deno.FsFile },
    remotePath: string,
    options: TransferOptions,
  ) {
    this.#session = session;
    this.#client = client;
    this.#local = local;
    this.#remotePath = remotePath;
    this.#options = options;
    this.#hash = options.verify ? sha256() : undefined;
  }

  async run(known: Target | undefined): Promise<TransferResult> {
    const { path, file } = this.#local;
    const before = file.statSync();
    const { overwrite, resume, mode } = this.#options;
    const identity = [path, before.size, before.mtime?.getTime()].join("\n");
    const partOptions = { identity, resume, mode, overwrite };
    const part = await RemotePart.open(this.#client, this.#remotePath, partOptions, known);
    try {
      const resumedFrom = await this.#takeUp(part, before.size);
      await this.#write(part, resumedFrom, before.size);
      this.#checkSource(before);
      const digest = await this.#compareHashes(part, before.size);
      await part.commit(before.size, this.#options.signal);
      await part.clear(takeLeft(this.#name(part)));
      return { bytes: before.size, resumedFrom, sha256: digest, notes: [...this.#notes, ...part.notes] };
    } catch (error) {
      const keep = isResumable(this.#client, error) || this.#lanes?.broken === true;
      this.#lanes?.giveUp();
      // Looked into before the part is removed: what it takes may be all the space there was.
      const attempt = { session: this.#session, client: this.#client, doing: "writing", path: this.#remotePath };
      const reason = keep ? error : await explain(error, attempt);
      // What is in flight comes first: on a slow line the removal takes a while, and the answer does not wait for it.
      await Promise.race([part.abandon(keep), new Promise((resolve) => setTimeout(resolve, 100))]);
      if (keep) leave(this.#name(part), part.path);
      throw keep ? await interrupted(error, this.#session, part.path, this.#sent) : reason;
    }
  }

  /** What the target is known by here. */
  #name({ target }: RemotePart): string {
    const { host, port, username } = this.#session.connection.facts;
    return [host, port, username, target.path].join("\n");
  }

  /** Goes on where an earlier transfer stopped, if what that left is the start of the file. */
  async #takeUp(part: RemotePart, size: number): Promise<number> {
    const { resume, signal } = this.#options;
    if (part.found === 0) {
      if (resume) this.#notes.push("there was nothing to resume");
      return 0;
    }
    // Where it was sent over several channels at once, its end may have gaps.
    const whole = await this.#isStart(part, part.found, size) ? part.found : part.found - SPREAD_BYTES;
    if (whole < part.found && (whole <= 0 || !await this.#isStart(part, whole, size))) {
      this.#notes.push("what an earlier transfer left could not be confirmed, so all was moved again");
      await part.restart();
      return 0;
    }
    if (whole < part.found) await part.restart(whole);
    if (this.#hash !== undefined) await hashLocal(this.#hash, this.#local.path, whole, signal);
    return whole;
  }

  /** Whether the first bytes of the part are the first of the file. */
  async #isStart(part: RemotePart, bytes: number, size: number): Promise<boolean> {
    if (bytes > size) return false;
    const hash = sha256();
    await hashLocal(hash, this.#local.path, bytes, this.#options.signal);
    return await this.#remoteHash(part, bytes) === hash.digest("hex");
  }

  async #write(part: RemotePart, offset: number, size: number): Promise<void> {
    const { file } = this.#local;
    const { signal, onProgress } = this.#options;
    if (offset > 0) await file.seek(offset, Deno.SeekMode.Start);
    this.#sent = offset;
    let left = size - offset;
    const reader = new LocalReader(file);
    const source = async (buffer: Uint8Array): Promise<number> => {
      const count = await reader.fill(buffer.subarray(0, Math.min(buffer.length, left)));
      left -= count;
      if (count > 0) this.#hash?.update(buffer.subarray(0, count));
      return count;
    };
    const onBytes = (count: number): void => {
      this.#sent += count;
      this.#lanes?.look(count, size - this.#sent);
      onProgress?.(this.#sent, size);
    };
    await writePipelined(this.#client, part.handle, { offset, size: size - offset }, source, {
      signal,
      onBytes,
      onSent: () => void part.sync(),
      onStart: (join) => this.#lanes = new Lanes(this.#session, this.#client, part, join),
    });
    void part.sync();
    await this.#lanes?.finish();
    if (left > 0) throw sourceChanged(this.#local.path, `it shrank from ${size} to ${size - left} bytes`);
  }

  #checkSource(before: Deno.FileInfo): void {
    const { path, file } = this.#local;
    const after = file.statSync();
    if (after.size < before.size) throw sourceChanged(path, `it shrank from ${before.size} to ${after.size} bytes`);
    if (after.size > before.size) {
      this.#notes.push(`the source grew to ${after.size} bytes while it was read; its first ${before.size} were sent`);
    } else if (after.mtime?.getTime() !== before.mtime?.getTime()) {
      throw sourceChanged(path, "its content was rewritten");
    }
  }

  async #compareHashes(part: RemotePart, size: number): Promise<string | undefined> {
    if (this.#hash === undefined) return undefined;
    const sent = this.#hash.digest("hex");
    await this.#client.fstat(part.handle); // answered when all that was written is there
    const there = await this.#remoteHash(part, size) ?? await this.#readBack(part, size);
    if (there !== sent) throw endsDiffer(this.#local.path, "the SHA-256 of the two differ");
    return sent;
  }

  #remoteHash(part: RemotePart, bytes: number): Promise<string | undefined> {
    return remoteSha256(this.#session, part.path, bytes, this.#options.signal);
  }

  async #readBack(part: RemotePart, size: number): Promise<string> {
    this.#notes.push(NO_REMOTE_HASH);
    const hash = sha256();
    const handle = await this.#client.open(part.path, OpenFlag.READ);
    try {
      const sink = (bytes: Uint8Array): void => void hash.update(bytes);
      await readPipelined(this.#client, handle, { from: 0, to: size }, sink, { signal: this.#options.signal });
    } finally {
      if (this.#client.ended === undefined) await this.#client.closeHandle(handle);
    }
    return hash.digest("hex");
  }
}

function notRegularHere(path: string, { isDirectory }: Deno.FileInfo): ToolError {
  if (isDirectory) {
    return new ToolError("is_a_directory", `${quoteUntrusted(path)} on this machine is a directory`, {
      hint: "set recursive: true to upload a directory",
    });
  }
  return new ToolError("not_a_regular_file", `${quoteUntrusted(path)} on this machine is not a regular file`, {
    hint: "give the path of a regular file",
  });
}
