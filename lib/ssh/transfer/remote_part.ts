/**
 * A remote file in the making: written beside its target, flushed, and renamed over it when it is whole.
 *
 * Where the server lacks posix-rename@openssh.com, the old file is renamed away first and back again when the second
 * rename fails: the target is then without a name for a moment, but never half.
 */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { type Attributes, fileType } from "../sftp/attributes.ts";
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { failure, isNotFound } from "../sftp/failure.ts";
import { hasStatus, Status } from "../sftp/status.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { throwIfCancelled } from "./cancel.ts";
import { freshPartPath, partPath } from "./part_name.ts";

/** How a part is made. */
export interface RemotePartOptions {
  /** What the content is known by; none when nobody will resume it. */
  identity?: string | undefined;
  /** Continue a part that an earlier transfer of the same content left. */
  resume?: boolean | undefined;
  /** Permission bits. @default those of the file it replaces, or what the umask leaves */
  mode?: number | undefined;
  /** False refuses to replace a file. @default true */
  overwrite?: boolean | undefined;
}

/** What is at the target now. */
export interface Target {
  /** The path, where it is a link the path it leads to. */
  path: string;
  /** Undefined when nothing is there. */
  existing: Attributes | undefined;
}

/** One file in the making. */
export class RemotePart {
  /** Where it stands now. */
  readonly path: string;
  /** What it will replace. */
  readonly target: Target;
  /** What to write to. */
  readonly handle: Handle;
  /** How many bytes it held when it was opened. */
  readonly found: number;
  /** What a person should know, e.g. that the owner could not be kept. */
  readonly notes: string[] = [];
  readonly #client: FileClient;
  readonly #options: RemotePartOptions;
  #open = true;
  #synced: Promise<[Attributes, boolean, void]> | undefined;

  private constructor(
    client: FileClient,
    target: Target,
    opened: { path: string; handle: Handle; found: number },
    options: RemotePartOptions,
  ) {
    this.#client = client;
    this.target = target;
    this.path = opened.path;
    this.handle = opened.handle;
    this.found = opened.found;
    this.#options = options;
  }

  /**
   * Opens the part for `target`.
   *
   * @throws {ToolError} `already_exists` when `overwrite` is false and something is there
   */
  static async open(client: FileClient, target: Target, options: RemotePartOptions = {}): Promise<RemotePart> {
    if (target.existing !== undefined && options.overwrite === false) {
      throw failure("already_exists", { doing: "writing", path: target.path });
    }
    const mode = options.mode ?? target.existing?.mode;
    // Never more open than the file will be; the exact mode is set when it is whole.
    const attributes = mode === undefined ? {} : { mode: mode & 0o777 };
    return new RemotePart(client, target, await openPart(client, target.path, attributes, options), options);
  }

  /** Empties it. */
  async restart(): Promise<void> {
    await this.#client.fsetstat(this.handle, { size: 0 });
  }

  /**
   * Asks for the flush and for what stands there after it, all that is written having been sent: requests for one file
   * keep their order at the server, so that its answer is on its way together with those to the writes.
   */
  sync(): Promise<[Attributes, boolean, void]> {
    const { mode } = this.#options;
    this.#synced ??= Promise.all([
      this.#client.fstat(this.handle),
      this.#flush(),
      mode === undefined ? Promise.resolve() : this.#client.fsetstat(this.handle, { mode: mode & 0o7777 }),
    ]);
    this.#synced.catch(() => {}); // told by the commit
    return this.#synced;
  }

  /**
   * Makes it the target: length checked, flushed, with mode and owner, in one step.
   *
   * @param length how many bytes it must have
   * @param signal lets it be until the moment when it gets its name
   * @throws {ToolError} `verification_failed` when it has another length
   */
  async commit(length: number, signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    const [now, flushed] = await this.sync();
    if (now.size !== undefined && now.size !== length) {
      throw new ToolError("verification_failed", `${length} bytes were sent, and the host has ${now.size} of them`, {
        hint: "try again",
      });
    }
    await this.#likeReplaced(now);
    throwIfCancelled(signal);
    // What is on disk cannot fail at the close any more; where it may, the name has to wait.
    if (flushed) await Promise.all([this.#close(), this.#rename()]);
    else {
      await this.#close();
      await this.#rename();
    }
  }

  /** Closes it; keeps what is there for a resume, or removes it. Does nothing where the connection is gone. */
  async abandon(keep: boolean): Promise<void> {
    if (this.#client.ended !== undefined) return;
    const steps = [this.#close(), ...(keep ? [] : [this.#client.remove(this.path)])];
    await Promise.allSettled(steps); // what cannot be removed now is left behind, under a name that says what it is
  }

  async #close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    await this.#client.closeHandle(this.handle);
  }

  /** @returns whether the content is known to be on disk */
  async #flush(): Promise<boolean> {
    if (!this.#client.offers("fsync@openssh.com")) return false;
    try {
      await this.#client.fsync(this.handle);
      return true;
    } catch (error) {
      // Some file systems have no flush; one that failed to flush says so with "failure".
      if (!hasStatus(error, Status.OP_UNSUPPORTED, Status.BAD_MESSAGE)) throw error;
      return false;
    }
  }

  /** Gives it the owner and the mode of what it replaces. */
  async #likeReplaced(now: Attributes): Promise<void> {
    const { uid, gid, mode } = this.target.existing ?? {};
    if (uid !== undefined && gid !== undefined && (uid !== now.uid || gid !== now.gid)) {
      try {
        await this.#client.fsetstat(this.handle, { uid, gid });
      } catch (error) {
        if (!hasStatus(error, Status.PERMISSION_DENIED, Status.FAILURE, Status.OP_UNSUPPORTED)) throw error;
        this.notes.push(`the owner of the replaced file (${uid}:${gid}) could not be kept`);
      }
    }
    // After the owner, since a change of owner takes some bits of the mode away.
    const wanted = this.#options.mode ?? mode;
    if (
      this.target.existing !== undefined && wanted !== undefined && (wanted & 0o7777) !== ((now.mode ?? -1) & 0o7777)
    ) {
      await this.#client.fsetstat(this.handle, { mode: wanted & 0o7777 });
    }
  }

  async #rename(): Promise<void> {
    const { path: to, existing } = this.target;
    if (this.#options.overwrite === false) return await this.#renameToFreeName(to);
    if (this.#client.offers("posix-rename@openssh.com")) return await this.#client.posixRename(this.path, to);
    if (existing === undefined) return await this.#client.rename(this.path, to);
    const aside = freshPartPath(to);
    await this.#client.rename(to, aside);
    try {
      await this.#client.rename(this.path, to);
    } catch (error) {
      await this.#client.rename(aside, to);
      throw error;
    }
    await this.#client.remove(aside);
  }

  /** A server says no more than "failure" to a name that was taken meanwhile. */
  async #renameToFreeName(to: string): Promise<void> {
    try {
      await this.#client.rename(this.path, to);
    } catch (error) {
      if (!hasStatus(error, Status.FAILURE) || await this.#client.lstat(to).catch(absent) === undefined) throw error;
      throw failure("already_exists", { doing: "writing", path: to }, error);
    }
  }
}

/**
 * What is at a path now, links followed.
 *
 * @throws {ToolError} `is_a_directory` or `not_a_regular_file` when it cannot be a file's target
 */
export async function findTarget(client: FileClient, path: string): Promise<Target> {
  const attempt = { doing: "writing", path };
  if (path.endsWith("/")) throw failure("is_a_directory", attempt);
  const there = await client.lstat(path).catch(absent);
  if (there === undefined) return { path, existing: undefined };
  if (fileType(there.mode) === "symlink") {
    const real = await client.realpath(path);
    return regular({ path: real, existing: await client.stat(real).catch(absent) }, path);
  }
  return regular({ path, existing: there }, path);
}

function regular(target: Target, path: string): Target {
  if (target.existing === undefined) return target;
  const type = fileType(target.existing.mode);
  if (type === "directory") throw failure("is_a_directory", { doing: "writing", path });
  if (type === "file" || target.existing.mode === undefined) return target;
  throw notRegular(path, type);
}

/** The error for a path that is no regular file. */
export function notRegular(path: string, type: string): ToolError {
  return new ToolError("not_a_regular_file", `${quoteUntrusted(path)} is a ${type.replace("_", " ")}, not a file`, {
    hint: "give the path of a regular file",
  });
}

function absent(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
  return undefined;
}

async function openPart(
  client: FileClient,
  target: string,
  attributes: Attributes,
  { identity, resume }: RemotePartOptions,
): Promise<{ path: string; handle: Handle; found: number }> {
  const create = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE;
  const known = identity === undefined ? freshPartPath(target) : partPath(target, identity);
  try {
    return { path: known, handle: await client.open(known, create, attributes), found: 0 };
  } catch (error) {
    if (identity === undefined || !hasStatus(error, Status.FAILURE, Status.FILE_ALREADY_EXISTS)) throw error;
    const there = await client.lstat(known).catch(() => undefined);
    // Gone again when another transfer of the same has just been done with it; what else may be wrong is wrong here, too.
    if (there === undefined || resume !== true || fileType(there.mode) !== "file") {
      const fresh = freshPartPath(target);
      return { path: fresh, handle: await client.open(fresh, create, attributes), found: 0 };
    }
    return { path: known, handle: await client.open(known, OpenFlag.WRITE), found: there.size ?? 0 };
  }
}
