/** A directory from this machine to the host. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import { fileType } from "../sftp/attributes.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { failure, isNotFound } from "../sftp/failure.ts";
import { parentPath } from "../sftp/names.ts";
import { hashLocal, remoteSha256, sha256 } from "./hash.ts";
import { localFailure } from "./local_failure.ts";
import { freshPartPath, isPartName } from "./part_name.ts";
import { inParallel, moveAll, requireInside, Tally, type TreeFile, type TreeOptions, type TreeResult } from "./tree.ts";
import { TreeEnds } from "./tree_ends.ts";
import { uploadFile } from "./upload.ts";
import { makeDirectories } from "./write_file.ts";

/**
 * Makes `remoteDir` a copy of `localDir`; what is there and not here stays. Each file is whole or not at all, modes are
 * kept, links stay links.
 *
 * @param localDir a real path that may be read
 * @throws {ToolError} when nothing more can be done; what fails for one entry only is in the result
 */
export async function uploadTree(
  session: Session,
  client: FileClient,
  localDir: string,
  remoteDir: string,
  options: TreeOptions,
): Promise<TreeResult> {
  const ends = new TreeEnds({ session, client, localDir, remoteDir, doing: "writing" });
  return await ends.explained("", localDir, () => new TreeUpload(session, client, ends, options).run());
}

interface Directory {
  path: string;
  mode: number;
}

class TreeUpload {
  readonly #session: Session;
  readonly #client: FileClient;
  readonly #ends: TreeEnds;
  readonly #options: TreeOptions;
  readonly #tally: Tally;
  readonly #directories: Directory[] = [];
  readonly #files: TreeFile[] = [];
  readonly #links: string[] = [];
  /** Directories that did not exist: nothing can stand in the way there. */
  readonly #new = new Set<string>();

  constructor(session: Session, client: FileClient, ends: TreeEnds, options: TreeOptions) {
    this.#session = session;
    this.#client = client;
    this.#ends = ends;
    this.#options = options;
    this.#tally = new Tally(session, options);
  }

  async run(): Promise<TreeResult> {
    const { result } = this.#tally;
    const localDir = this.#ends.local("");
    const top = await Deno.stat(localDir);
    if (!top.isDirectory) {
      throw new ToolError("not_a_directory", `${quoteUntrusted(localDir)} on this machine is no directory`, {
        hint: "leave recursive out to upload one file",
      });
    }
    await this.#walk("", top.mode ?? 0o755);
    this.#tally.expect(this.#files);
    await makeDirectories(this.#client, parentPath(this.#ends.remote("")));
    for (const level of levels(this.#directories)) {
      await inParallel(level, this.#client.filesAtOnce, (directory) => this.#makeDirectory(directory));
    }
    await moveAll(this.#files, this.#client.filesAtOnce, (file) => this.#upload(file));
    await inParallel(this.#links, this.#client.filesAtOnce, (path) => this.#link(path));
    // Last, and the deepest first: a directory may be one that nothing can be put into.
    for (const level of levels(this.#directories).reverse()) {
      await inParallel(level, this.#client.filesAtOnce, (directory) => this.#setMode(directory));
    }
    return result;
  }

  async #walk(path: string, mode: number): Promise<void> {
    this.#tally.count();
    this.#directories.push({ path, mode: mode & 0o777 });
    const entries = await Array.fromAsync(Deno.readDir(this.#ends.local(path)));
    for (const entry of entries.sort((one, other) => one.name < other.name ? -1 : 1)) {
      if (isPartName(entry.name)) continue;
      await this.#visit(path === "" ? entry.name : `${path}/${entry.name}`);
    }
  }

  async #visit(path: string): Promise<void> {
    await this.#tally.attempt(path, async () => {
      const info = await Deno.lstat(this.#ends.local(path)).catch((error) => {
        throw isLossy(path, error) ? noSuchName(path) : localFailure(error, "reading", path);
      });
      if (info.isDirectory) return await this.#walk(path, info.mode ?? 0o755);
      this.#tally.count();
      if (info.isSymlink) this.#links.push(path);
      else if (info.isFile) this.#files.push({ path, size: info.size, mode: (info.mode ?? 0o644) & 0o777 });
      else throw new ToolError("not_a_regular_file", `${quoteUntrusted(path)} is neither file, directory nor link`);
    });
  }

  async #makeDirectory({ path }: Directory): Promise<void> {
    const remote = this.#ends.remote(path);
    await this.#step(path, async () => {
      const there = await this.#client.stat(remote).catch((error) => {
        if (!isNotFound(error)) throw error;
      });
      if (there === undefined) {
        await this.#client.mkdir(remote, { mode: 0o700 });
        this.#new.add(path);
      } else if (fileType(there.mode) !== "directory") {
        throw failure("not_a_directory", { doing: "writing", path: remote });
      }
      this.#tally.result.directories++;
    });
  }

  async #upload(file: TreeFile): Promise<void> {
    const remote = this.#ends.remote(file.path);
    await this.#tally.attempt(file.path, async () => {
      if (this.#options.resume && await this.#isThere(file, remote)) {
        this.#tally.result.unchanged++;
        return;
      }
      const options = { ...this.#options, mode: this.#options.mode ?? file.mode, onProgress: this.#tally.progress() };
      const isNew = this.#new.has(parentOf(file.path));
      const target = isNew ? { path: remote, existing: undefined } : undefined;
      const local = this.#ends.local(file.path);
      const { bytes } = await uploadFile(this.#session, this.#client, local, remote, options, target);
      this.#tally.result.files++;
      this.#tally.result.bytes += bytes;
    });
  }

  /** Whether an earlier transfer has brought the file there: same size, same hash. */
  async #isThere(file: TreeFile, remote: string): Promise<boolean> {
    if (this.#new.has(parentOf(file.path))) return false;
    const there = await this.#client.stat(remote).catch(() => undefined);
    if (there === undefined || there.size !== file.size) return false;
    const { signal } = this.#options;
    const remoteHash = await remoteSha256(this.#session, remote, file.size, signal);
    const hash = sha256();
    await hashLocal(hash, this.#ends.local(file.path), file.size, signal);
    return remoteHash === hash.digest("hex");
  }

  async #link(path: string): Promise<void> {
    await this.#step(path, async () => {
      const target = await Deno.readLink(this.#ends.local(path));
      await requireInside(this.#options, { path, link: this.#ends.local(path), target });
      const remote = this.#ends.remote(path);
      const there = await this.#client.lstat(remote).catch(() => undefined);
      if (there !== undefined && !this.#options.overwrite) {
        throw failure("already_exists", { doing: "linking", path: remote });
      }
      if (there === undefined) {
        await this.#client.symlink(target, remote);
      } else {
        const fresh = freshPartPath(remote);
        await this.#client.symlink(target, fresh);
        await this.#client.posixRename(fresh, remote).catch(async (error) => {
          await this.#client.remove(fresh);
          throw error;
        });
      }
      this.#tally.result.links++;
    });
  }

  async #setMode({ path, mode }: Directory): Promise<void> {
    if (!this.#new.has(path)) return;
    await this.#step(path, () => this.#client.setstat(this.#ends.remote(path), { mode }));
  }

  /** A step about one entry; its failure is noted, explained. */
  async #step(path: string, step: () => Promise<void>): Promise<boolean> {
    return await this.#tally.attempt(path, () => this.#ends.explained(path, path, step));
  }
}

/** A name that is not UTF-8 was listed with U+FFFD in the place of its bytes, and is not found under that. */
function isLossy(path: string, error: unknown): boolean {
  return error instanceof Deno.errors.NotFound && path.includes("\ufffd");
}

function noSuchName(path: string): ToolError {
  return new ToolError("local_file_error", `the name of ${quoteUntrusted(path)} on this machine is not UTF-8`);
}

/** Directories by depth, the top first. */
function levels<T extends { path: string }>(directories: readonly T[]): T[][] {
  const found: T[][] = [];
  for (const directory of directories) {
    const depth = directory.path === "" ? 0 : directory.path.split("/").length;
    (found[depth] ??= []).push(directory);
  }
  return found;
}

function parentOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}
