/** Listing a remote directory in bounded memory. */
import type { Session } from "../session.ts";
import { type FileType, fileType, permissions } from "../sftp/attributes.ts";
import type { DirectoryEntry } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain, failure } from "../sftp/failure.ts";
import { expandHome, joinPath } from "../sftp/names.ts";
import { StatusError } from "../sftp/status.ts";
import { throwIfCancelled } from "./cancel.ts";
import { matchesGlob } from "./glob.ts";

/** Entries of one answer. */
export const MAX_ENTRIES = 1000;

/** What to list. */
export interface ListOptions {
  /** How many entries to leave out at the start. */
  offset: number;
  /** Only names that match. */
  glob?: string | undefined;
  signal?: AbortSignal | undefined;
}

/** One entry. */
export interface ListedEntry {
  name: string;
  type: FileType;
  is_dir: boolean;
  size: number;
  /** ISO 8601, UTC. */
  modified: string;
  /** Seconds since 1970. */
  modified_epoch: number;
  /** Permission bits, four octal digits. */
  mode: string;
  owner: string;
  group: string;
  /** Where a link leads, as it was written. */
  link_target?: string;
}

/** One page of a directory. */
export interface Listing {
  entries: ListedEntry[];
  /** How many entries there are, or match. */
  total: number;
  /** What a person should know. */
  notes: string[];
}

/**
 * A page of a directory, directories first, then by name in the order of its characters' codes.
 *
 * @throws {ToolError} `no_such_file`, `not_a_directory`, `remote_permission_denied`, …
 */
export async function listDirectory(
  session: Session,
  client: FileClient,
  remotePath: string,
  options: ListOptions,
): Promise<Listing> {
  const path = expandHome(remotePath);
  const page = new Page(options.offset + MAX_ENTRIES);
  try {
    await eachEntry(client, path, (entry) => {
      throwIfCancelled(options.signal);
      if (options.glob === undefined || matchesGlob(entry.name, options.glob)) page.add(entry);
    });
    const shown = page.sorted().slice(options.offset);
    const entries = await Promise.all(shown.map((entry) => describe(client, path, entry)));
    return { entries, total: page.total, notes: [] };
  } catch (error) {
    if (error instanceof StatusError) await requireDirectory(client, path);
    throw await explain(error, { session, client, doing: "listing", path });
  }
}

/** Servers call a file that is opened as a directory missing. @throws {ToolError} `not_a_directory` */
async function requireDirectory(client: FileClient, path: string): Promise<void> {
  const there = await client.stat(path).catch(() => undefined);
  if (there?.mode === undefined || fileType(there.mode) === "directory") return;
  throw failure("not_a_directory", { doing: "listing", path, hint: "read a file with ssh_read_remote_file" });
}

/** Calls `visit` with each entry of a directory but `.` and `..`, in the server's order. */
export async function eachEntry(
  client: FileClient,
  path: string,
  visit: (entry: DirectoryEntry) => void,
): Promise<void> {
  const handle = await client.opendir(path);
  try {
    // An answer without entries is the end as well: a server could give those for ever.
    for (let batch = await client.readdir(handle); batch?.length; batch = await client.readdir(handle)) {
      for (const entry of batch) {
        if (entry.name !== "." && entry.name !== "..") visit(entry);
      }
    }
  } finally {
    if (client.ended === undefined) await client.closeHandle(handle);
  }
}

/** How many times as many entries as are wanted are kept before those that are too many go. */
const KEPT_RATIO = 1.25;

/** Keeps the first entries of an order, whatever order they come in. */
class Page {
  total = 0;
  readonly #size: number;
  #kept: DirectoryEntry[] = [];
  /** The last that had a place when that was looked at. */
  #last: DirectoryEntry | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  add(entry: DirectoryEntry): void {
    this.total++;
    // What has no place any more is not kept even for a while: it would make the garbage collector's work longer.
    if (this.#last !== undefined && byKindAndName(entry, this.#last) >= 0) return;
    this.#kept.push(entry);
    if (this.#kept.length < this.#size * KEPT_RATIO) return;
    this.#kept = this.sorted();
    this.#last = this.#kept.at(-1);
  }

  sorted(): DirectoryEntry[] {
    return this.#kept.sort(byKindAndName).slice(0, this.#size);
  }
}

function byKindAndName(one: DirectoryEntry, other: DirectoryEntry): number {
  const kinds = Number(isDirectory(other)) - Number(isDirectory(one));
  return kinds !== 0 ? kinds : one.name < other.name ? -1 : one.name > other.name ? 1 : 0;
}

function isDirectory(entry: DirectoryEntry): boolean {
  return fileType(entry.attributes.mode) === "directory";
}

async function describe(client: FileClient, directory: string, entry: DirectoryEntry): Promise<ListedEntry> {
  const { mode = 0, size = 0, modified = 0, uid, gid } = entry.attributes;
  const type = fileType(mode);
  const [, owner, group] = /^\S+\s+\S+\s+(\S+)\s+(\S+)\s/.exec(entry.longName) ?? [];
  const target = type === "symlink" ? await linkTarget(client, joinPath(directory, entry.name)) : undefined;
  return {
    name: entry.name,
    type,
    is_dir: type === "directory",
    size,
    modified: new Date(modified * 1000).toISOString().replace(".000Z", "Z"),
    modified_epoch: modified,
    mode: permissions(mode),
    owner: owner ?? String(uid ?? ""),
    group: group ?? String(gid ?? ""),
    ...(target !== undefined && { link_target: target }),
  };
}

async function linkTarget(client: FileClient, path: string): Promise<string | undefined> {
  try {
    return await client.readlink(path);
  } catch (error) {
    if (client.ended !== undefined) throw error;
    return undefined; // gone since, or not to be read
  }
}
