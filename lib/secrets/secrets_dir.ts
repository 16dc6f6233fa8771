/** Reading files from the one directory whose files the agent may use and never see. */
import { constants, promises as fs } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { quoteUntrusted, ToolError, type ToolErrorOptions } from "../errors.ts";
import { quoteWord } from "../quote.ts";
import { denied, holds } from "../sandbox.ts";

/** A text file of the secrets directory. */
export interface SecretsFile {
  /** The real path, every link resolved. */
  path: string;
  /** The whole text. */
  text: string;
  /** What a person should know about the file, e.g. that others can read it. */
  warnings: string[];
}

/** How many bytes a file of the secrets directory may have. */
export const MAX_SECRETS_FILE_BYTES = 1_048_576;

/** O_NONBLOCK: a FIFO swapped in at the last moment cannot hold the process up. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Reads a text file under the secrets directory. Real paths are compared, so neither `..` nor a link leads out,
 * whatever the process could read; and what was opened is compared with what was checked, so a file or directory
 * swapped in between is refused.
 *
 * @param secretsDir the value of `--secrets-dir`
 * @param filePath relative to the secrets directory, absolute inside it, or `~/…` where HOME may be read
 * @throws {ToolError} `secrets_dir_missing` when the server was started without one or it is not there,
 * `outside_secrets_dir` when the path leads elsewhere, `permission_denied_locally` when a flag is missing,
 * `env_file_unreadable` when there is no such regular file or it is not UTF-8, `limit_reached` when it is larger than
 * {@linkcode MAX_SECRETS_FILE_BYTES}
 */
export async function readSecretsFile(secretsDir: string | undefined, filePath: string): Promise<SecretsFile> {
  const directory = await realSecretsDir(secretsDir);
  const path = await realPathInside(directory, secretsDir!, filePath);
  await regularFile(path, filePath);
  const file = await open(path, filePath);
  try {
    const opened = await file.stat({ bigint: true });
    if (!opened.isFile()) throw notRegular(filePath);
    await sameAsChecked(directory, path, filePath, opened);
    const text = decode(await readBounded(file, filePath), filePath);
    return { path, text, warnings: modeWarnings(path, Number(opened.mode)) };
  } finally {
    await file.close();
  }
}

/**
 * The files under the secrets directory, `most` of them at most, by their absolute paths; none without one. Links are not
 * followed: what they lead to inside is found where it is.
 */
export async function secretsFiles(secretsDir: string | undefined, most: number): Promise<string[]> {
  const files: string[] = [];
  const directories: string[] = [];
  await realSecretsDir(secretsDir).then((real) => directories.push(real), () => {});
  for (const directory of directories) {
    const entries = await Array.fromAsync(Deno.readDir(directory)).catch(() => []);
    for (const { name, isFile, isDirectory } of entries) {
      if (isDirectory && directories.length < most) directories.push(`${directory}/${name}`);
      if (isFile && files.push(`${directory}/${name}`) >= most) return files;
    }
  }
  return files;
}

async function realSecretsDir(secretsDir: string | undefined): Promise<string> {
  if (secretsDir === undefined || secretsDir === "") {
    throw new ToolError("secrets_dir_missing", "the server was started without a directory for secrets", {
      hint: "start the server with --allow-read=DIR and --secrets-dir=DIR, where DIR holds the env files",
    });
  }
  if (!holds({ name: "read", path: secretsDir })) {
    throw denied({ name: "read", path: secretsDir }, "reading the secrets directory");
  }
  try {
    const real = await Deno.realPath(secretsDir);
    if (!holds({ name: "read", path: real })) {
      throw denied({ name: "read", path: real }, "reading the directory that --secrets-dir is a link to");
    }
    if ((await Deno.stat(real)).isDirectory) return real;
  } catch (cause) {
    throw cause instanceof ToolError ? cause : missingDirectory(secretsDir, cause);
  }
  throw missingDirectory(secretsDir);
}

function missingDirectory(secretsDir: string, cause?: unknown): ToolError {
  return new ToolError("secrets_dir_missing", `--secrets-dir=${secretsDir} is not a directory that can be read`, {
    hint: "create the directory, or start the server with another --secrets-dir",
    cause,
  });
}

/** The file's real path; an outside path gets the same answer whether or not something is there. */
async function realPathInside(directory: string, secretsDir: string, filePath: string): Promise<string> {
  if (filePath === "" || filePath.includes("\0")) {
    throw new ToolError("invalid_argument", "the path of an env file must be a name without NUL", {
      hint: "give the file's name inside the secrets directory",
    });
  }
  const wanted = expand(directory, filePath);
  const looksInside = inside(directory, wanted) || inside(secretsDir, wanted);
  let real: string;
  try {
    real = await Deno.realPath(wanted);
  } catch (cause) {
    if (!looksInside || cause instanceof Deno.errors.NotCapable) throw outside(filePath);
    if (!(cause instanceof Deno.errors.NotFound)) throw unreachable(filePath, cause);
    throw unreadable(`there is no file ${quoteUntrusted(filePath)} in the secrets directory`, { cause });
  }
  if (!inside(directory, real)) throw outside(filePath);
  return real;
}

function expand(directory: string, filePath: string): string {
  if (filePath === "~" || filePath.startsWith("~/")) {
    if (!holds({ name: "env", variable: "HOME" })) {
      throw denied({ name: "env", variable: "HOME" }, "finding the home directory for ~");
    }
    const home = Deno.env.get("HOME");
    if (!home) throw unreadable("~ means nothing here: HOME is not set");
    return home + filePath.slice(1);
  }
  // Joined by hand: join() would take `link/..` away by its letters, and the system takes it by what the link means.
  return isAbsolute(filePath) ? filePath : `${directory}/${filePath}`;
}

function inside(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== "" && way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way);
}

/** Looks before opening: opening a device can have effects, and opening a FIFO can wait for a writer. */
async function regularFile(path: string, filePath: string): Promise<void> {
  const info = await Deno.lstat(path).catch((cause) => {
    throw unreachable(filePath, cause);
  });
  if (!info.isFile) throw notRegular(filePath);
}

async function open(path: string, filePath: string): Promise<fs.FileHandle> {
  try {
    return await fs.open(path, OPEN_FLAGS);
  } catch (cause) {
    throw unreadable(`${quoteUntrusted(filePath)} cannot be opened`, {
      hint: "check that the user who runs the server may read the file",
      cause,
    });
  }
}

/** The path must still lead, inside, to the very file that is open; looked at from both sides of the comparison. */
async function sameAsChecked(
  directory: string,
  path: string,
  filePath: string,
  opened: { dev: bigint; ino: bigint },
): Promise<void> {
  const isSame = async () => {
    const now = await fs.lstat(path, { bigint: true });
    return now.isFile() && now.dev === opened.dev && now.ino === opened.ino;
  };
  try {
    if (await isSame() && await Deno.realPath(path) === path && await isSame() && inside(directory, path)) return;
  } catch (cause) {
    throw unreadable(`${quoteUntrusted(filePath)} changed while it was being opened`, { cause });
  }
  throw outside(filePath);
}

async function readBounded(file: fs.FileHandle, filePath: string): Promise<Uint8Array> {
  const buffer = new Uint8Array(MAX_SECRETS_FILE_BYTES + 1);
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await file.read(buffer, length, buffer.length - length, null);
    if (bytesRead === 0) return buffer.subarray(0, length);
    length += bytesRead;
  }
  throw new ToolError(
    "limit_reached",
    `${quoteUntrusted(filePath)} is larger than ${MAX_SECRETS_FILE_BYTES} bytes, the bound for an env file`,
    { hint: "keep only the variables in it, or split it into several files" },
  );
}

function decode(bytes: Uint8Array, filePath: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw unreadable(`${quoteUntrusted(filePath)} is not UTF-8 text`, { hint: "save the file as UTF-8", cause });
  }
}

function modeWarnings(path: string, mode: number): string[] {
  if (Deno.build.os === "windows" || (mode & 0o066) === 0) return [];
  const octal = (mode & 0o777).toString(8).padStart(3, "0");
  return [
    `other users of this machine can read or change the file (mode ${octal}); chmod 600 ${
      quoteWord(path)
    } keeps them out`,
  ];
}

function outside(filePath: string): ToolError {
  return new ToolError("outside_secrets_dir", `${quoteUntrusted(filePath)} is not inside the secrets directory`, {
    hint: "give a path relative to --secrets-dir; links and .. must not lead out of it",
  });
}

function unreachable(filePath: string, cause: unknown): ToolError {
  return unreadable(`${quoteUntrusted(filePath)} cannot be reached`, { cause });
}

function notRegular(filePath: string): ToolError {
  return unreadable(`${quoteUntrusted(filePath)} is not a regular file`);
}

function unreadable(message: string, options: ToolErrorOptions = {}): ToolError {
  return new ToolError("env_file_unreadable", message, {
    hint: "give the name of a file in the secrets directory",
    ...options,
  });
}
