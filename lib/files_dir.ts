/** The one directory that transfers touch on this machine. */
import { isAbsolute, normalize, relative, resolve } from "node:path";
import { quoteUntrusted, ToolError } from "./errors.ts";
import { denied, holds } from "./sandbox.ts";

/** As many as Linux follows (path_resolution(7)). */
const MAX_LINKS = 40;

/** What a transfer does with the directory. */
export type Access = "read" | "write";

/**
 * Keeps local paths inside `--files-dir` and out of `--secrets-dir`. Real paths are compared, so neither `..` nor a
 * link leads out, whatever the process may read or write.
 */
export class FilesDir {
  readonly #directory: string | undefined;
  readonly #secretsDir: string | undefined;

  /**
   * @param directory the value of `--files-dir`
   * @param secretsDir the value of `--secrets-dir`
   * @throws {ToolError} `invalid_argument` when one lies in the other, as far as that can be seen now
   */
  constructor(directory: string | undefined, secretsDir: string | undefined) {
    this.#directory = directory === "" ? undefined : directory;
    this.#secretsDir = secretsDir === "" ? undefined : secretsDir;
    if (this.#directory === undefined || this.#secretsDir === undefined) return;
    for (const look of [absolute, realOrGiven]) {
      if (overlap(look(this.#directory), look(this.#secretsDir))) throw overlapping();
    }
  }

  /**
   * The real path of a local file or directory that exists.
   *
   * @param localPath relative to the directory, or absolute inside it
   * @throws {ToolError} `files_dir_missing`, `outside_files_dir`, `permission_denied_locally`, `local_file_error`
   */
  async source(localPath: string): Promise<string> {
    const directory = await this.#real("read");
    return await this.#inside(directory, this.#wanted(directory, localPath), localPath);
  }

  /**
   * The real path of a local file or directory to be written: one that exists, or a free name in a directory that does.
   *
   * @param localPath relative to the directory, or absolute inside it
   * @throws {ToolError} as {@linkcode source}
   */
  async target(localPath: string): Promise<string> {
    const directory = await this.#real("write");
    const wanted = this.#wanted(directory, localPath);
    const isThere = await Deno.lstat(wanted).then(() => true, () => false);
    if (isThere) return await this.#inside(directory, wanted, localPath);
    const { parent, name } = split(wanted);
    if (name === "" || name === "." || name === "..") throw outside(localPath);
    return `${await this.#inside(directory, parent, localPath)}/${name}`;
  }

  /**
   * Whether a link at `linkPath` may lead to `target`: only to what is inside as well, now and whatever other links that
   * may be made come to stand on its way. So `..` is taken only at the start, where the directories are real.
   */
  async allowsLink(linkPath: string, target: string): Promise<boolean> {
    const directory = await this.#real("read");
    return await leadsInside(directory, linkPath, target, MAX_LINKS).catch(() => false);
  }

  async #real(access: Access): Promise<string> {
    const directory = this.#directory;
    if (directory === undefined) throw missing();
    this.#require(access, directory);
    let real: string;
    try {
      real = await Deno.realPath(directory);
    } catch (cause) {
      throw noDirectory(directory, cause);
    }
    this.#require(access, real);
    if (this.#secretsDir !== undefined && overlap(real, realOrGiven(this.#secretsDir))) throw overlapping();
    return real;
  }

  /** Writing needs reading, too: what may be replaced has to be looked at first. */
  #require(access: Access, path: string): void {
    const purpose = access === "read" ? "reading from --files-dir" : "writing to --files-dir";
    if (!holds({ name: "read", path })) throw denied({ name: "read", path }, purpose);
    if (access === "write" && !holds({ name: "write", path })) throw denied({ name: "write", path }, purpose);
  }

  // Joined by hand: join() would take `link/..` away by its letters, and the system takes it by what the link means.
  #wanted(directory: string, localPath: string): string {
    if (localPath === "" || localPath.includes("\0")) throw outside(localPath);
    return isAbsolute(localPath) ? localPath : `${directory}/${localPath}`;
  }

  async #inside(directory: string, wanted: string, localPath: string): Promise<string> {
    let real: string;
    try {
      real = await Deno.realPath(wanted);
    } catch (cause) {
      const looksInside = inside(directory, resolve(wanted)) ||
        inside(absolute(this.#directory ?? ""), resolve(wanted));
      if (!looksInside || cause instanceof Deno.errors.NotCapable) throw outside(localPath);
      throw new ToolError("local_file_error", `${quoteUntrusted(localPath)} is not there in --files-dir`, {
        hint: "check the path; it is relative to --files-dir, and directories on the way must exist",
        cause,
      });
    }
    if (!inside(directory, real)) throw outside(localPath);
    return real;
  }
}

/** @throws {Error} when what is on the way cannot be looked at */
async function leadsInside(directory: string, linkPath: string, target: string, linksLeft: number): Promise<boolean> {
  if (target === "" || isAbsolute(target) || linksLeft === 0) return false;
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  let at = await Deno.realPath(split(linkPath).parent);
  for (; names[0] === ".."; names.shift()) at = split(at).parent;
  if (!inside(directory, at) || names.includes("..")) return false;
  for (const name of names) {
    const path = `${at}/${name}`;
    const there = await Deno.lstat(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
    if (there === undefined) return true;
    if (there.isSymlink && !await leadsInside(directory, path, await Deno.readLink(path), linksLeft - 1)) return false;
    at = there.isSymlink ? await Deno.realPath(path).catch(() => path) : path;
  }
  return true;
}

function inside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way === "" || (way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way));
}

function overlap(one: string, other: string): boolean {
  return inside(one, other) || inside(other, one);
}

function realOrGiven(path: string): string {
  try {
    return Deno.realPathSync(path);
  } catch {
    return absolute(path); // not there, or not to be read: its letters have to do
  }
}

/** Against the working directory, where that may be known. */
function absolute(path: string): string {
  try {
    return resolve(path);
  } catch {
    return normalize(path);
  }
}

function split(path: string): { parent: string; name: string } {
  const trimmed = path.replace(/\/+$/, "");
  const slash = trimmed.lastIndexOf("/");
  return { parent: trimmed.slice(0, slash) || "/", name: trimmed.slice(slash + 1) };
}

function missing(): ToolError {
  return new ToolError("files_dir_missing", "the server was started without a directory for files", {
    hint: "start the server with --files-dir=DIR --allow-read=DIR --allow-write=DIR, where DIR holds the files",
  });
}

function noDirectory(directory: string, cause: unknown): ToolError {
  return new ToolError("files_dir_missing", `--files-dir=${directory} is not a directory that can be read`, {
    hint: "create the directory, or start the server with another --files-dir",
    cause,
  });
}

function overlapping(): ToolError {
  return new ToolError("invalid_argument", "--files-dir and --secrets-dir overlap: secrets could be uploaded", {
    hint: "give two directories of which neither lies in the other",
  });
}

function outside(localPath: string): ToolError {
  return new ToolError("outside_files_dir", `${quoteUntrusted(localPath)} is not inside --files-dir`, {
    hint: "give a path relative to --files-dir; links and .. must not lead out of it",
  });
}
