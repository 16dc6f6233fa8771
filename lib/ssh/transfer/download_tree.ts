/**
 * A directory from the host to this machine.
 *
 * Nothing that the server says of names is trusted: a name is one component or it is refused, a directory that is a
 * link here is not entered, and a link is made only where it leads to what is inside.
 */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import { fileType } from "../sftp/attributes.ts";
import type { DirectoryEntry } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { failure } from "../sftp/failure.ts";
import { downloadFile } from "./download.ts";
import { hashLocal, remoteSha256, sha256 } from "./hash.ts";
import { eachEntry } from "./list_dir.ts";
import { localTaken } from "./local_part.ts";
import { freshPartPath, isPartName } from "./part_name.ts";
import { moveAll, requireInside, Tally, type TreeFile, type TreeOptions, type TreeResult } from "./tree.ts";
import { TreeEnds } from "./tree_ends.ts";

/** Deeper than any tree that people make; a server can make one without end. */
const MAX_DEPTH = 128;

/**
 * Makes `localDir` a copy of `remoteDir`; what is here and not there stays. Each file is whole or not at all, modes are
 * kept, links stay links.
 *
 * @param localDir a real path that may be written: free, or a directory
 * @throws {ToolError} when nothing more can be done; what fails for one entry only is in the result
 */
export async function downloadTree(
  session: Session,
  client: FileClient,
  remoteDir: string,
  localDir: string,
  options: TreeOptions,
): Promise<TreeResult> {
  const ends = new TreeEnds({ session, client, localDir, remoteDir, doing: "reading" });
  return await ends.explained("", localDir, () => new TreeDownload(session, client, ends, options).run());
}

class TreeDownload {
  readonly #session: Session;
  readonly #client: FileClient;
  readonly #ends: TreeEnds;
  readonly #options: TreeOptions;
  readonly #tally: Tally;
  readonly #files: TreeFile[] = [];
  readonly #links: string[] = [];
  readonly #modes: { path: string; mode: number }[] = [];

  constructor(session: Session, client: FileClient, ends: TreeEnds, options: TreeOptions) {
    this.#session = session;
    this.#client = client;
    this.#ends = ends;
    this.#options = options;
    this.#tally = new Tally(session, options);
  }

  async run(): Promise<TreeResult> {
    const remoteDir = this.#ends.remote("");
    const top = await this.#client.stat(remoteDir);
    if (fileType(top.mode) !== "directory") {
      const hint = "leave recursive out to download one file";
      throw failure("not_a_directory", { doing: "reading", path: remoteDir, hint });
    }
    await this.#directory("", top.mode ?? 0o755, 0);
    this.#tally.expect(this.#files);
    await moveAll(this.#files, this.#client.filesAtOnce, (file) => this.#download(file));
    for (const path of this.#links) await this.#link(path);
    // Last, and the deepest first: a directory may be one that nothing can be put into.
    for (const { path, mode } of this.#modes.reverse()) {
      await this.#step(path, () => Deno.chmod(this.#ends.local(path), mode));
    }
    return this.#tally.result;
  }

  async #directory(path: string, mode: number, depth: number): Promise<void> {
    this.#tally.count();
    await this.#step(path, async () => {
      if (depth > MAX_DEPTH) throw new ToolError("limit_reached", `deeper than ${MAX_DEPTH} directories`);
      await this.#makeDirectory(path, mode);
      const entries: DirectoryEntry[] = [];
      await eachEntry(this.#client, this.#ends.remote(path), (entry) => {
        if (isPartName(entry.name)) return;
        this.#tally.count();
        entries.push(entry);
      });
      for (const entry of entries) await this.#visit(path, entry, depth);
    });
  }

  async #visit(directory: string, entry: DirectoryEntry, depth: number): Promise<void> {
    const { name, attributes: { mode = 0, size = 0 } } = entry;
    const path = directory === "" ? name : `${directory}/${name}`;
    if (!isSafe(name)) {
      const message = `the name ${quoteUntrusted(name)} cannot be used on this machine`;
      return this.#tally.fail(path, new ToolError("invalid_argument", message));
    }
    await this.#tally.attempt(path, async () => {
      const type = fileType(mode);
      if (type === "directory") await this.#directory(path, mode, depth + 1);
      else if (type === "symlink") this.#links.push(path);
      else if (type === "file") this.#files.push({ path, size, mode: mode & 0o777 });
      else throw new ToolError("not_a_regular_file", `${quoteUntrusted(path)} is neither file, directory nor link`);
    });
  }

  /** A new one gets its mode at the end. */
  async #makeDirectory(path: string, mode: number): Promise<void> {
    const local = this.#ends.local(path);
    const there = await Deno.lstat(local).catch(() => undefined);
    if (there === undefined) {
      await Deno.mkdir(local, { mode: 0o700 });
      this.#modes.push({ path, mode: mode & 0o777 });
    } else if (!there.isDirectory) {
      throw new ToolError("not_a_directory", `${quoteUntrusted(local)} is no directory on this machine`, {
        hint: "choose another local_path",
      });
    }
    this.#tally.result.directories++;
  }

  async #download(file: TreeFile): Promise<void> {
    const [local, remote] = [this.#ends.local(file.path), this.#ends.remote(file.path)];
    await this.#tally.attempt(file.path, async () => {
      const there = await Deno.lstat(local).catch(() => undefined);
      if (there !== undefined && !there.isFile) {
        throw new ToolError("not_a_regular_file", `${quoteUntrusted(file.path)} is no file on this machine`);
      }
      if (this.#options.resume && there?.size === file.size && await this.#isHere(file)) {
        this.#tally.result.unchanged++;
        return;
      }
      const options = { ...this.#options, mode: this.#options.mode ?? file.mode, onProgress: this.#tally.progress() };
      const { bytes } = await downloadFile(this.#session, this.#client, remote, local, options);
      this.#tally.result.files++;
      this.#tally.result.bytes += bytes;
    });
  }

  async #isHere(file: TreeFile): Promise<boolean> {
    const { signal } = this.#options;
    const there = await remoteSha256(this.#session, this.#ends.remote(file.path), file.size, signal);
    const hash = sha256();
    await hashLocal(hash, this.#ends.local(file.path), file.size, signal);
    return there === hash.digest("hex");
  }

  async #link(path: string): Promise<void> {
    await this.#step(path, async () => {
      const target = await this.#client.readlink(this.#ends.remote(path));
      const local = this.#ends.local(path);
      await requireInside(this.#options, { path, link: local, target });
      const there = await Deno.lstat(local).catch(() => undefined);
      if (there !== undefined && !this.#options.overwrite) throw localTaken(local);
      if (there?.isDirectory) throw new ToolError("is_a_directory", `${quoteUntrusted(path)} is a directory here`);
      const fresh = freshPartPath(local);
      await Deno.symlink(target, fresh);
      await Deno.rename(fresh, local);
      this.#tally.result.links++;
    });
  }

  /** A step about one entry; its failure is noted, explained. */
  async #step(path: string, step: () => Promise<void>): Promise<boolean> {
    return await this.#tally.attempt(path, () => this.#ends.explained(path, path, step));
  }
}

/** Whether a name is one component, and a name that this machine can have. */
function isSafe(name: string): boolean {
  const isOne = name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
  return isOne && name.isWellFormed() && (Deno.build.os !== "windows" || !/[\\:]/.test(name));
}
