/** A local file in the making: written beside its target, flushed, and renamed over it when it is whole. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { throwIfCancelled } from "./cancel.ts";
import { STALE_MS } from "./leftovers.ts";
import { openReal } from "./local_open.ts";
import { freshPartPath, partPath } from "./part_name.ts";

/** After how many bytes written the disk is asked to catch up, beside the writing, so that the last flush is short. */
const FLUSH_EVERY_BYTES = 32 * 1024 * 1024;

/** How a part is made. */
export interface LocalPartOptions {
  /** What the content is known by; see {@linkcode partPath}. */
  identity: string;
  /** Continue a part that an earlier transfer of the same content left. */
  resume: boolean;
  /** Permission bits. @default those of the file it replaces, or what the umask leaves */
  mode: number | undefined;
  /** The file that it replaces, whose mode and owner it gets. */
  replaces?: Deno.FileInfo | undefined;
  /** False refuses to replace a file. */
  overwrite: boolean;
}

/** One file in the making. */
export class LocalPart {
  /** Where it stands now. */
  readonly path: string;
  /** How many bytes it holds. */
  length = 0;
  /** What a person should know, e.g. that the owner could not be kept. */
  readonly notes: string[] = [];
  readonly #mode: number | undefined;
  readonly #target: string;
  readonly #options: LocalPartOptions;
  readonly #file: Deno.FsFile;
  #stale: string | undefined;
  #flushed = 0;
  #flushing: Promise<void> | undefined;

  private constructor(path: string, target: string, file: Deno.FsFile, options: LocalPartOptions) {
    this.path = path;
    this.#target = target;
    this.#file = file;
    this.#options = options;
    this.#mode = modeOf(options);
  }

  /**
   * Opens the part for `target`. Whoever resumes finds `length` bytes in it, and must know whether they are right.
   *
   * @param target a real path, allowed and free of links
   */
  static async open(target: string, options: LocalPartOptions): Promise<LocalPart> {
    const known = partPath(target, options.identity);
    // Never more open than the file will be; the exact mode is set when it is whole.
    const bits = modeOf(options);
    const mode = bits === undefined ? {} : { mode: bits & 0o777 };
    const create = async (path: string): Promise<LocalPart> => {
      return new LocalPart(path, target, await openReal(path, { write: true, createNew: true, ...mode }), options);
    };
    const there = await Deno.lstat(known).catch(() => undefined);
    if (there === undefined) {
      return await create(known).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
        return create(freshPartPath(target)); // another transfer of the same was faster
      });
    }
    if (!options.resume || !there.isFile) {
      const fresh = await create(freshPartPath(target));
      if (there.isFile && Date.now() - (there.mtime?.getTime() ?? Infinity) > STALE_MS) fresh.#stale = known;
      return fresh;
    }
    const part = new LocalPart(known, target, await openReal(known, { write: true }), options);
    part.length = await part.#file.seek(0, Deno.SeekMode.End);
    return part;
  }

  /** Forgets what the part held. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    await this.#file.seek(0, Deno.SeekMode.Start);
    this.length = 0;
  }

  /** Appends. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length;) done += await this.#file.write(bytes.subarray(done));
    this.length += bytes.length;
    if (this.length - this.#flushed >= FLUSH_EVERY_BYTES) this.#flushBeside();
  }

  /** Makes it the target: flushed, with its mode, in one step. @throws {ToolError} `already_exists` */
  async commit(signal?: AbortSignal): Promise<void> {
    throwIfCancelled(signal);
    await this.#flushing;
    await this.#likeReplaced();
    await this.#file.syncData();
    throwIfCancelled(signal);
    this.#file.close();
    if (this.#options.overwrite) await Deno.rename(this.path, this.#target);
    else await this.#renameToFreeName();
  }

  /** Removes other parts of the target, after the commit. @param left those that nobody will resume */
  async clear(left: readonly string[]): Promise<void> {
    const parts = this.#stale === undefined ? left : [...left, this.#stale];
    for (const path of parts) {
      if (path !== this.path) await Deno.remove(path).catch(() => {}); // somebody has resumed or removed it
    }
  }

  /** Closes it; keeps what is there for a resume, or removes it. */
  async abandon(keep: boolean): Promise<void> {
    await this.#flushing;
    try {
      this.#file.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error; // closed by a commit that failed later
    }
    if (!keep) await Deno.remove(this.path).catch(() => {}); // gone already, or the directory is
  }

  /** The mode comes after the owner, since a change of owner takes some bits of the mode away. */
  async #likeReplaced(): Promise<void> {
    const { uid, gid } = this.#options.replaces ?? {};
    const now = this.#file.statSync();
    if (typeof uid === "number" && typeof gid === "number" && (uid !== now.uid || gid !== now.gid)) {
      await Deno.chown(this.path, uid, gid).catch((error) => {
        if (!(error instanceof Deno.errors.PermissionDenied)) throw error;
        this.notes.push(`the owner of the replaced file (${uid}:${gid}) could not be kept`);
      });
    }
    if (this.#mode !== undefined) await Deno.chmod(this.path, this.#mode);
  }

  /** A link fails where a name is taken, which a rename does not. */
  async #renameToFreeName(): Promise<void> {
    try {
      await Deno.link(this.path, this.#target);
    } catch (cause) {
      if (cause instanceof Deno.errors.AlreadyExists) throw localTaken(this.#target, cause);
      if (await Deno.lstat(this.#target).catch(() => undefined) !== undefined) throw localTaken(this.#target, cause);
      return await Deno.rename(this.path, this.#target); // a file system without links
    }
    await Deno.remove(this.path);
  }

  #flushBeside(): void {
    this.#flushed = this.length;
    this.#flushing ??= flush(this.path).finally(() => this.#flushing = undefined);
  }
}

function modeOf({ mode, replaces }: LocalPartOptions): number | undefined {
  return mode ?? (typeof replaces?.mode === "number" ? replaces.mode & 0o7777 : undefined);
}

/** Refuses to put a file where a directory or a device is. @throws {ToolError} `is_a_directory`, `not_a_regular_file` */
export function requireReplaceable(path: string, there: Deno.FileInfo | undefined): void {
  if (there === undefined || there.isFile) return;
  const hint = "give the name that the file shall have";
  const shown = quoteUntrusted(path);
  if (there.isDirectory) throw new ToolError("is_a_directory", `${shown} is a directory on this machine`, { hint });
  throw new ToolError("not_a_regular_file", `${shown} is no file on this machine`, { hint });
}

/** The error for a local name that must stay free. */
export function localTaken(path: string, cause?: unknown): ToolError {
  return new ToolError("already_exists", `${quoteUntrusted(path)} exists on this machine, and overwrite is false`, {
    hint: "choose another local_path, or set overwrite",
    cause,
  });
}

/** Over a handle of its own: operations on one handle wait for each other. What it cannot do the last flush does. */
async function flush(path: string): Promise<void> {
  try {
    using file = await Deno.open(path, { write: true });
    await file.syncData();
  } catch {
    return;
  }
}
