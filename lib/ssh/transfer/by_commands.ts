/**
 * What the SFTP client does, with `cat`, `wc`, `mv` and `stat` in the host's shell, for hosts without an SFTP server.
 *
 * Files are as whole as before: content goes to a name beside the target, its length is compared, then it is renamed.
 * What is missing is the flush, the resume, and directories.
 */
import { Buffer } from "node:buffer";
import { ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import { type FileType, fileType, permissions } from "../sftp/attributes.ts";
import { expandHome } from "../sftp/names.ts";
import { spend } from "../spent.ts";
import { matchesGlob } from "./glob.ts";
import { type ListedEntry, type Listing, type ListOptions, MAX_ENTRIES } from "./list_dir.ts";
import { localFailure } from "./local_failure.ts";
import { LocalPart, localTaken, requireReplaceable } from "./local_part.ts";
import { LocalReader } from "./local_reader.ts";
import type { Source } from "./pipeline.ts";
import { BY_COMMANDS, runScript } from "./remote_script.ts";
import { endsDiffer, sourceChanged, type TransferOptions, type TransferResult } from "./transfer.ts";
import { type Change, MAX_EDIT_BYTES, replacedOnce, type WriteOptions, type WriteResult } from "./write_file.ts";

const MAX_LISTING_BYTES = 32 * 1024 * 1024;

/** Fails like the tools do for what is no regular file. */
const REGULAR = 'if [ -d "$f" ]; then echo "Is a directory" >&2; exit 1; fi; ' +
  'if [ -e "$f" ] && [ ! -f "$f" ]; then echo "not a regular file" >&2; exit 1; fi; ';

/** Downloads one file. @throws {ToolError} by what went wrong */
export async function downloadByCommands(
  session: Session,
  remotePath: string,
  localPath: string,
  options: TransferOptions,
): Promise<TransferResult> {
  const there = await Deno.lstat(localPath).catch(() => undefined);
  requireReplaceable(localPath, there);
  if (there !== undefined && !options.overwrite) throw localTaken(localPath);
  const settings = {
    identity: crypto.randomUUID(),
    resume: false,
    overwrite: options.overwrite,
    mode: options.mode,
    replaces: there,
  };
  try {
    const part = await LocalPart.open(localPath, settings);
    const watch = options.watch?.();
    const sink = async (bytes: Uint8Array): Promise<void> => {
      watch?.push(bytes);
      await part.write(bytes);
      spend(bytes);
      options.onProgress?.(part.length, undefined);
    };
    try {
      const { signal } = options;
      await runScript(session, REGULAR + 'cat < "$f"', { path: remotePath, doing: "reading", sink, signal });
      watch?.end();
      await part.commit();
    } catch (error) {
      await part.abandon(false);
      throw error;
    }
    return { bytes: part.length, resumedFrom: 0, sha256: undefined, notes: [BY_COMMANDS] };
  } catch (error) {
    throw localFailure(error, "writing", localPath);
  }
}

/** Uploads one file. @throws {ToolError} by what went wrong */
export async function uploadByCommands(
  session: Session,
  localPath: string,
  remotePath: string,
  options: TransferOptions,
): Promise<TransferResult> {
  try {
    if (!(await Deno.stat(localPath)).isFile) throw new Deno.errors.NotSupported("not a regular file");
    using file = await Deno.open(localPath, { read: true });
    const size = file.statSync().size;
    const reader = new LocalReader(file);
    let sent = 0;
    const source: Source = async (buffer) => {
      const count = await reader.fill(buffer.subarray(0, Math.min(buffer.length, size - sent)));
      sent += count;
      options.onProgress?.(sent, size);
      return count;
    };
    const { overwrite, mode, signal } = options;
    await replace(session, remotePath, { source, size, overwrite, mode, signal });
    if (sent < size) throw sourceChanged(localPath, `it shrank from ${size} to ${sent} bytes`);
    return { bytes: size, resumedFrom: 0, sha256: undefined, notes: [BY_COMMANDS] };
  } catch (error) {
    throw localFailure(error, "reading", localPath);
  }
}

/** Writes as the tool says. @throws {ToolError} by what went wrong */
export async function writeByCommands(
  session: Session,
  remotePath: string,
  change: Change,
  { mode, createDirs, signal }: WriteOptions,
): Promise<WriteResult> {
  const path = expandHome(remotePath);
  if (change.kind === "append") {
    const source = sourceOf(change.content);
    const script = REGULAR + directories(createDirs) + 'cat >> "$f"';
    await runScript(session, script, { path, doing: "writing", source, signal });
    const size = (await readByCommands(session, path, { from: 0, atMost: 0, signal })).size;
    return { written: change.content.length, size, notes: [BY_COMMANDS] };
  }
  let content: Uint8Array = change.kind === "replace" ? change.content : new Uint8Array();
  if (change.kind === "edit") {
    const { bytes, size } = await readByCommands(session, path, { from: 0, atMost: MAX_EDIT_BYTES, signal });
    if (size > MAX_EDIT_BYTES) throw new ToolError("limit_reached", `edit takes up to ${MAX_EDIT_BYTES} bytes`);
    content = replacedOnce(Buffer.from(bytes), change.oldText, change.newText);
  }
  const size = content.length;
  await replace(session, path, { source: sourceOf(content), size, overwrite: true, mode, createDirs, signal });
  const written = change.kind === "edit" ? change.newText.length : size;
  return { written, size, notes: [BY_COMMANDS] };
}

/** A piece of a file, and how long the file is. @throws {ToolError} by what went wrong */
export async function readByCommands(
  session: Session,
  path: string,
  { from, atMost, fromEnd, signal }: {
    from: number;
    atMost: number;
    /** Counts `from` back from the end. */
    fromEnd?: boolean;
    signal?: AbortSignal | undefined;
  },
): Promise<{ bytes: Uint8Array; size: number }> {
  const start = fromEnd ? `-c ${from}` : `-c +${from + 1}`;
  const script = REGULAR +
    `[ -r "$f" ] || { cat < "$f"; exit 1; }; wc -c < "$f"; tail ${start} < "$f" | head -c ${atMost}`;
  const output = await collect(session, script, path, atMost + 100, signal);
  const newline = output.indexOf(10);
  return { bytes: output.subarray(newline + 1), size: Number(output.subarray(0, newline).toString("latin1").trim()) };
}

/** A page of a directory. @throws {ToolError} by what went wrong */
export async function listByCommands(session: Session, remotePath: string, options: ListOptions): Promise<Listing> {
  const format = "%f %s %Y %U %G %n/";
  // A name never holds a slash, so a slash before a newline ends an entry, whatever newlines the name has.
  const script = 'if [ ! -d "$f" ]; then ls -d -- "$f" >/dev/null || exit 1; echo "Not a directory" >&2; exit 1; fi; ' +
    'cd -- "$f" || exit 1; for n in .* *; do case $n in .|..) continue;; esac; ' +
    '[ -e "$n" ] || [ -L "$n" ] || continue; ' +
    `stat -c '${format}' -- "$n" || exit 1; if [ -L "$n" ]; then printf 'link %s//\\n' "$(readlink -- "$n")"; fi; done`;
  const text = (await collect(session, script, expandHome(remotePath), MAX_LISTING_BYTES, options.signal)).toString();
  const entries = parseListing(text).filter(({ name }) =>
    options.glob === undefined || matchesGlob(name, options.glob)
  );
  entries.sort((one, other) => Number(other.is_dir) - Number(one.is_dir) || (one.name < other.name ? -1 : 1));
  return { entries: entries.slice(options.offset, options.offset + MAX_ENTRIES), total: entries.length };
}

function parseListing(text: string): ListedEntry[] {
  const entries: ListedEntry[] = [];
  const pattern = /([0-9a-f]+) (\d+) (\d+) (\S+) (\S+) ([^/]+)\/\n(?:link ([\s\S]*?)\/\/\n)?/g;
  for (const [, mode = "0", size, time, owner = "", group = "", name = "", target] of text.matchAll(pattern)) {
    const bits = parseInt(mode, 16);
    const type: FileType = fileType(bits);
    entries.push({
      name,
      type,
      is_dir: type === "directory",
      size: Number(size),
      modified: new Date(Number(time) * 1000).toISOString().replace(".000Z", "Z"),
      modified_epoch: Number(time),
      mode: permissions(bits),
      owner,
      group,
      ...(target !== undefined && { link_target: target }),
    });
  }
  return entries;
}

async function collect(
  session: Session,
  script: string,
  path: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const sink = (piece: Uint8Array): void => {
    length += piece.length;
    if (length > maxBytes) throw new ToolError("limit_reached", `the host sent more than ${maxBytes} bytes`);
    pieces.push(piece);
  };
  await runScript(session, script, { path, doing: "reading", sink, signal });
  return Buffer.concat(pieces, length);
}

async function replace(
  session: Session,
  path: string,
  { source, size, overwrite, mode, createDirs, signal }: {
    source: Source;
    size: number;
    overwrite: boolean;
    mode: number | undefined;
    createDirs?: boolean;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const part = `p=\${f%/*}/.\${f##*/}.${crypto.randomUUID().slice(0, 8)}.mcp-part; `;
  const free = overwrite ? "" : 'if [ -e "$f" ] || [ -L "$f" ]; then echo "File exists" >&2; exit 1; fi; ';
  // A link stays, and what it leads to is replaced.
  const follow = 'if [ -L "$f" ]; then t=$(readlink -f -- "$f") && f=$t; fi; ';
  const chmod = mode === undefined
    ? 'm=; if [ -e "$f" ]; then m=$(stat -c %a -- "$f" 2>/dev/null); fi; if [ -n "$m" ]; then chmod "$m" "$p"; fi'
    : `chmod ${mode.toString(8)} "$p"`;
  const rename = overwrite ? 'mv -f -- "$p" "$f"' : 'ln -- "$p" "$f" && rm -f -- "$p"';
  const script = REGULAR + follow + free + directories(createDirs ?? false) + part +
    `{ cat > "$p" && [ "$(wc -c < "$p")" -eq ${size} ] && ${chmod} && ${rename}; } || { rm -f -- "$p"; exit 1; }`;
  try {
    await runScript(session, script, { path, doing: "writing", source, signal });
  } catch (error) {
    const isSilent = error instanceof ToolError && error.code === "remote_file_error" &&
      /failed: ""$/.test(error.message);
    throw isSilent ? endsDiffer(path, "it has another length") : error;
  }
}

function directories(create: boolean): string {
  return create ? 'mkdir -p -- "${f%/*}" || exit 1; ' : "";
}

function sourceOf(content: Uint8Array): Source {
  let at = 0;
  return (buffer) => {
    const piece = content.subarray(at, at + buffer.length);
    buffer.set(piece);
    at += piece.length;
    return Promise.resolve(piece.length);
  };
}
