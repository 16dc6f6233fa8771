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
import { failure } from "../sftp/failure.ts";
import { isKernelFile } from "../sftp/names.ts";
import { hasStatus, Status } from "../sftp/status.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { throwIfCancelled } from "./cancel.ts";
import { STALE_MS } from "./leftovers.ts";
import { freshPartPath, partPath } from "./part_name.ts";
import { absent, findTarget, KernelFile, type Target } from "./remote_target.ts";

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
  readonly #other: Opened["other"];
  readonly #client: FileClient;
  readonly #options: RemotePartOptions;
  #open = true;
  #synced: Promise<[Attributes, boolean, void]> | undefined;

  private constructor(
    client: FileClient,
    target: Target,
    opened: Opened,
    options: RemotePartOptions,
  ) {
    this.#client = client;
    this.target = target;
    this.path = opened.path;
    this.handle = opened.handle;
    this.found = opened.found;
    this.#other = opened.other;
    this.#options = options;
  }

  /**
   * Opens the part for what shall stand at `path`.
   *
   * @param known what stands there, where that is known already
   * @throws {ToolError} `already_exists` when `overwrite` is false and something is there; as {@linkcode findTarget}
   */
  static async open(
    client: FileClient,
    path: string,
    options: RemotePartOptions = {},
    known?: Target,
  ): Promise<RemotePart> {
    // What is found to resume must not be given up for a guess, and a name that must be free may well be taken.
    const guesses = options.overwrite !== false && known === undefined && client.pipelines && options.resume !== true &&
      !path.endsWith("/") && !isKernelFile(path);
    const { target, opened } = guesses
      ? await openAtOnce(client, path, options)
      : { target: known ?? await findTarget(client, path), opened: undefined };
    if (isKernelFile(target.path)) throw new KernelFile(target.path);
    if (target.existing !== undefined && options.overwrite === false) {
      throw failure("already_exists", { doing: "writing", path: target.path });
    }
    const mode = options.mode ?? target.existing?.mode;
    const opening = opened ?? openPart(client, target.path, mode, options).catch((error) => {
      throw notBeside(target, error);
    });
    return new RemotePart(client, target, await opening, options);
  }

  /** Cuts it. @param length what of it is of use, in bytes */
  async restart(length = 0): Promise<void> {
    await this.#client.fsetstat(this.handle, { size: length });
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

  /**
   * Removes other parts of the target, after the commit; how old one is goes by the clock of the host, which has just
   * written to this one.
   *
   * @param left those that nobody will resume
   */
  async clear(left: readonly string[]): Promise<void> {
    const [{ modified = 0 }] = await this.sync();
    const isStale = this.#other !== undefined && (modified - this.#other.modified) * 1000 > STALE_MS;
    const parts = new Set([...left, ...(isStale && this.#other !== undefined ? [this.#other.path] : [])]);
    parts.delete(this.path);
    await Promise.allSettled([...parts].map((path) => this.#client.remove(path)));
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
    if (this.#client.offers("posix-rename@openssh.com")) {
      return await this.#client.posixRename(this.path, to).catch((error) => {
        throw existing !== undefined && hasStatus(error, Status.FAILURE) ? irreplaceable(to, error) : error;
      });
    }
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

/** The error for a file that can be written, but not given another content under its name. */
function irreplaceable(path: string, cause: unknown): ToolError {
  const message = `${quoteUntrusted(path)} is untouched: its new content is whole, and the server refused to rename it`;
  return new ToolError("remote_file_error", message, {
    hint: "it may be a mount point, as /etc/hosts in a container is: upload beside it, then ssh_execute: cat new > it",
    cause,
  });
}

/** The error for a part that could not be made; the file itself may well be writable where its directory is not. */
function notBeside({ path, existing }: Target, error: unknown): unknown {
  if (existing === undefined || !hasStatus(error, Status.PERMISSION_DENIED)) return error;
  const message =
    `writing ${quoteUntrusted(path)} failed: the user may not make a file in its directory, where the new ` +
    "content stands until it is whole";
  return new ToolError("remote_permission_denied", message, {
    hint:
      "use another user, or ssh_sudo_execute; ssh_execute and append write in place, where the file itself allows it",
    cause: error,
  });
}

/** A part that was opened. */
interface Opened {
  path: string;
  handle: Handle;
  /** How many bytes it holds. */
  found: number;
  /** Permission bits, where they were asked for. */
  mode?: number | undefined;
  /** Another part of the same content, which was not to be resumed. */
  other?: { path: string; modified: number } | undefined;
}

/** The target and the part for it, looked for and opened at once: most often nothing speaks against that part. */
async function openAtOnce(
  client: FileClient,
  path: string,
  options: RemotePartOptions,
): Promise<{ target: Target; opened: Opened | undefined }> {
  const finding = findTarget(client, path);
  const [found, guess] = await Promise.allSettled([finding, openPart(client, path, options.mode, options, true)]);
  if (guess.status === "rejected") {
    const target = await finding;
    if (target.path === path) throw notBeside(target, guess.reason);
    return { target, opened: undefined };
  }
  const opened = guess.value;
  const mode = options.mode ?? (found.status === "fulfilled" ? found.value.existing?.mode : undefined);
  // Who may read the part must be allowed to read what it becomes; it is empty still, so that others have seen nothing.
  const isTooOpen = mode !== undefined && ((opened.mode ?? 0o777) & ~mode & 0o777) !== 0;
  if (found.status === "fulfilled" && found.value.path === path && !isTooOpen) return { target: found.value, opened };
  await discard(client, opened);
  return { target: await finding, opened: undefined };
}

/** What cannot be removed now is left behind, under a name that says what it is. */
async function discard(client: FileClient, { handle, path }: Opened): Promise<void> {
  await Promise.allSettled([client.closeHandle(handle), client.remove(path)]);
}

async function openPart(
  client: FileClient,
  target: string,
  mode: number | undefined,
  { identity, resume }: RemotePartOptions,
  looksAtMode = false,
): Promise<Opened> {
  const create = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.EXCLUSIVE;
  // Never more open than the file will be; the exact mode is set when it is whole.
  const attributes = mode === undefined ? {} : { mode: mode & 0o777 };
  const known = identity === undefined ? freshPartPath(target) : partPath(target, identity);
  const opening = client.open(known, create, attributes);
  const looking = looksAtMode ? client.lstat(known).catch(() => undefined) : undefined;
  try {
    return { path: known, handle: await opening, found: 0, mode: (await looking)?.mode };
  } catch (error) {
    if (identity === undefined || !hasStatus(error, Status.FAILURE, Status.FILE_ALREADY_EXISTS)) throw error;
    const there = await client.lstat(known).catch(() => undefined);
    // Gone again when another transfer of the same has just been done with it; what else may be wrong is wrong here, too.
    if (there === undefined || resume !== true || fileType(there.mode) !== "file") {
      const fresh = freshPartPath(target);
      const other = { path: known, modified: there?.modified ?? Infinity };
      return { path: fresh, handle: await client.open(fresh, create, attributes), found: 0, other };
    }
    return { path: known, handle: await client.open(known, OpenFlag.WRITE), found: there.size ?? 0 };
  }
}
