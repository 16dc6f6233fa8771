/** Reading and appending to a known_hosts file that other programs write to as well. */
import { ToolError } from "../../errors.ts";
import { denied, flag, holds } from "../../sandbox.ts";

/** A file beyond this is no known_hosts file. */
const maxBytes = 10 * 1024 * 1024;

/** What reading gave. */
export type ReadResult =
  | { state: "read"; text: string }
  /** There is no such file yet. */
  | { state: "missing" }
  /** It may be there, and is not for us to read; the error says why, with the flag to add where that is the cure. */
  | { state: "unreadable"; error: ToolError };

/** Reads a file whole. */
export async function readKnownHosts(path: string): Promise<ReadResult> {
  const power = { name: "read", path } as const;
  if (!holds(power)) return { state: "unreadable", error: denied(power, "reading the known hosts") };
  try {
    const info = await Deno.stat(path);
    // A device such as /dev/null is a way to say "no file"; anything else that is not a file could block when read.
    if (info.isCharDevice) return { state: "missing" };
    if (!info.isFile || info.size > maxBytes) return { state: "unreadable", error: malformed(path, info) };
    return { state: "read", text: new TextDecoder().decode(await Deno.readFile(path)) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { state: "missing" };
    }
    if (error instanceof Deno.errors.NotCapable) {
      return { state: "unreadable", error: denied(power, "reading the known hosts", error) };
    }
    const message = "the file of known hosts cannot be read";
    const hint = "give another file with --known-hosts, or make this one readable";
    return {
      state: "unreadable",
      error: new ToolError("known_hosts_malformed", message, { hint, data: { file: path }, cause: error }),
    };
  }
}

function malformed(path: string, info: Deno.FileInfo): ToolError {
  const why = info.isFile ? `has ${info.size} bytes and the limit is ${maxBytes}` : "is not a regular file";
  return new ToolError("known_hosts_malformed", `the file of known hosts ${why}`, {
    hint: "give another file with --known-hosts",
    data: { file: path },
  });
}

/**
 * Appends a line, in one write at the end of the file whatever others write meanwhile; makes the file (mode 0600) and
 * its directory (mode 0700) where they are missing.
 *
 * @param line ends with a line end
 * @returns why it could not be stored, for people, or undefined when it was
 */
export async function appendKnownHost(path: string, line: string): Promise<string | undefined> {
  const power = { name: "write", path } as const;
  if (!holds(power)) return `to store it, start the server with ${flag(power)}`;
  try {
    using file = await openToAppend(path);
    const info = await file.stat();
    if (!info.isFile) return "the file of known hosts is not a regular file";
    const bytes = new TextEncoder().encode(await endsInLine(file, info.size) ? line : "\n" + line);
    const written = await file.write(bytes);
    return written === bytes.length ? undefined : "the file of known hosts took only a part of the line";
  } catch (error) {
    return `the file of known hosts cannot be written (${error instanceof Error ? error.name : "unknown error"})`;
  }
}

/** The directory is looked at only when it is missing: the file alone may be what the sandbox allows. */
async function openToAppend(path: string): Promise<Deno.FsFile> {
  const options = { read: true, append: true, create: true, mode: 0o600 };
  try {
    return await Deno.open(path, options);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound) || !path.includes("/")) throw error;
    await Deno.mkdir(path.slice(0, Math.max(path.lastIndexOf("/"), 1)), { mode: 0o700 });
    return await Deno.open(path, options);
  }
}

/** A last line without its end would swallow ours. */
async function endsInLine(file: Deno.FsFile, size: number): Promise<boolean> {
  if (size === 0) return true;
  const last = new Uint8Array(1);
  await file.seek(size - 1, Deno.SeekMode.Start);
  await file.read(last);
  return last[0] === 0x0a;
}

const queues = new Map<string, Promise<unknown>>();

/** Runs `work` when all earlier work for the same path is done, so that two first connections do not both store. */
export async function exclusively<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = queues.get(path) ?? Promise.resolve();
  const mine = before.then(work, work);
  queues.set(path, mine);
  try {
    return await mine;
  } finally {
    if (queues.get(path) === mine) queues.delete(path);
  }
}
