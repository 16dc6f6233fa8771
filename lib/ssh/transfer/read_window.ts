/** Reading a part of a remote file, with what stands before and after it. */
import type { Session } from "../session.ts";
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { explain } from "../sftp/failure.ts";
import { expandHome, sequenceLength } from "../sftp/names.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { throwIfCancelled } from "./cancel.ts";
import { requireFile } from "./download.ts";
import { readPipelined } from "./pipeline.ts";
import { MAX_UNSIZED_BYTES, withoutEnd } from "./transfer.ts";

/** What to read. */
export interface WindowOptions {
  /** Where the window starts, in bytes. Not together with `tailLines`. */
  offset: number;
  /** How long it is at most, in bytes. */
  maxBytes: number;
  /** The last lines instead. */
  tailLines?: number | undefined;
  /** How much around the window is read as well, in bytes: what must be known to judge the window. */
  marginBytes: number;
  /** Every byte counts: the window is not moved to where characters start and end. */
  exact: boolean;
  signal?: AbortSignal | undefined;
}

/** A window, inside what was read around it. */
export interface Window {
  bytes: Uint8Array;
  /** Where the window starts in `bytes`. */
  start: number;
  /** Where it ends in `bytes`. */
  end: number;
  /** Where it starts in the file. */
  offset: number;
  /** Bytes of the file; where it says 0 but holds more, as in /proc, as much as was read. */
  size: number;
  /** Whether the file goes on after the window. */
  more: boolean;
  /** What a person should know. */
  notes: string[];
}

/** A piece of a file. */
interface Piece {
  bytes: Uint8Array;
  /** Where it starts in the file. */
  from: number;
  /** Bytes of the file, as far as it says. */
  size: number;
}

const NEWLINE = 10;
const TAIL_STEP_BYTES = 128 * 1024;

/**
 * Reads a window of a remote file. A window never ends inside a UTF-8 character, nor does it start in one.
 *
 * @throws {ToolError} `no_such_file`, `is_a_directory`, `not_a_regular_file`, `remote_permission_denied`, …
 */
export async function readWindow(
  session: Session,
  client: FileClient,
  remotePath: string,
  options: WindowOptions,
): Promise<Window> {
  const path = expandHome(remotePath);
  try {
    // Devices such as /dev/urandom are bounded by the window, but a FIFO would hold everything up.
    await requireFile(client, path);
    const handle = await client.open(path, OpenFlag.READ);
    try {
      const size = (await client.fstat(handle)).size ?? 0;
      const reader = new WindowReader(client, handle, size, options);
      return options.tailLines === undefined ? await reader.forward() : await reader.tail(options.tailLines);
    } finally {
      if (client.ended === undefined) void client.closeHandle(handle).catch(() => {});
    }
  } catch (error) {
    throw await explain(error, { session, client, doing: "reading", path });
  }
}

class WindowReader {
  readonly #client: FileClient;
  readonly #handle: Handle;
  readonly #size: number;
  readonly #options: WindowOptions;

  constructor(client: FileClient, handle: Handle, size: number, options: WindowOptions) {
    this.#client = client;
    this.#handle = handle;
    this.#size = size;
    this.#options = options;
  }

  async forward(): Promise<Window> {
    const { offset, maxBytes, marginBytes, exact } = this.#options;
    const from = Math.max(0, offset - marginBytes);
    return windowAt(await this.#read(from, offset + maxBytes + marginBytes - from), offset, maxBytes, exact);
  }

  /** From the end backwards, in growing steps, until there are enough lines or bytes. */
  async tail(lines: number): Promise<Window> {
    const { maxBytes, marginBytes, exact } = this.#options;
    const known = this.#size > 0;
    for (let step = known ? TAIL_STEP_BYTES : maxBytes;; step *= 4) {
      const reach = Math.min(step, maxBytes, known ? this.#size : maxBytes);
      const from = known ? Math.max(0, this.#size - reach - marginBytes) : 0;
      const piece = await this.#read(from, reach + 2 * marginBytes);
      const window = windowOfLines(piece, lines, reach, exact);
      const isEnough = window.start > Math.max(0, piece.bytes.length - reach);
      if (isEnough || !known || reach === Math.min(maxBytes, this.#size)) return window;
    }
  }

  /** Reads `atMost` bytes from `from` on, or up to the end of the file. */
  async #read(from: number, atMost: number): Promise<Piece> {
    if (this.#size === 0) return await this.#readUnknown(from, atMost);
    const size = this.#size;
    const to = Math.min(from + atMost, size);
    const bytes = new Uint8Array(Math.max(0, to - from));
    let length = 0;
    const sink = (piece: Uint8Array): void => {
      bytes.set(piece, length);
      length += piece.length;
    };
    if (bytes.length > 0) await readPipelined(this.#client, this.#handle, { from, to }, sink, this.#options);
    // Less than it said is what files of /sys have, and one that was cut meanwhile.
    if (length < bytes.length) return { bytes: bytes.subarray(0, length), from, size: from + length };
    return { bytes, from: Math.min(from, size), size };
  }

  /** A size of 0 may be that of a /proc file, which has to be read from its start and one piece after the other. */
  async #readUnknown(from: number, atMost: number): Promise<Piece> {
    const bytes = new Uint8Array(atMost);
    const buffer = new Uint8Array(this.#client.limits.readBytes);
    let at = 0;
    while (at < from + atMost) {
      throwIfCancelled(this.#options.signal);
      if (at > MAX_UNSIZED_BYTES) throw withoutEnd();
      const count = await this.#client.read(this.#handle, at, buffer.subarray(0, from + atMost - at));
      if (count === 0) break;
      if (at + count > from) bytes.set(buffer.subarray(Math.max(0, from - at), count), Math.max(0, at - from));
      at += count;
    }
    return { bytes: bytes.subarray(0, Math.max(0, at - from)), from: Math.min(from, at), size: at };
  }
}

/** The window of `maxBytes` at `offset` of the file; an empty one at the end of the file, when that comes before. */
function windowAt(piece: Piece, offset: number, maxBytes: number, exact: boolean): Window {
  const { bytes, from } = piece;
  const start = Math.min(offset - from, bytes.length);
  return cut(piece, exact ? start : atCharacter(bytes, start), Math.min(start + maxBytes, bytes.length), exact);
}

/** The window of the last lines, in the last `maxBytes`. */
function windowOfLines(piece: Piece, lines: number, maxBytes: number, exact: boolean): Window {
  const { bytes } = piece;
  const floor = Math.max(0, bytes.length - maxBytes);
  const start = startOfLastLines(bytes, lines, floor);
  return cut(piece, exact ? start : atCharacter(bytes, start), bytes.length, exact);
}

function cut({ bytes, from, size: said }: Piece, start: number, end: number, exact: boolean): Window {
  const size = Math.max(said, from + bytes.length);
  const last = !exact && from + end < size ? atCharacterEnd(bytes, start, end) : end;
  return { bytes, start, end: last, offset: from + start, size, more: from + last < size, notes: [] };
}

/** Where the last `lines` lines start, not before `floor`. A newline at the very end ends a line and starts none. */
function startOfLastLines(bytes: Uint8Array, lines: number, floor: number): number {
  let at = bytes.length;
  if (bytes[at - 1] === NEWLINE) at--;
  for (let left = lines; left > 0; left--) {
    const newline = at === 0 ? -1 : bytes.lastIndexOf(NEWLINE, at - 1);
    if (newline < floor) return floor;
    at = newline;
  }
  return at + 1;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** The start, moved past the rest of a character that began before it; in binary content every place is as good. */
function atCharacter(bytes: Uint8Array, start: number): number {
  let lead = start - 1;
  while (lead >= 0 && lead > start - 3 && isContinuation(bytes[lead])) lead--;
  const end = lead < 0 || (bytes[lead] ?? 0) < 0xc0 ? start : lead + sequenceLength(bytes[lead] ?? 0);
  let at = start;
  while (at < end && isContinuation(bytes[at])) at++;
  return at;
}

/** The end, moved back before a character that it would cut. */
function atCharacterEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > end - 3 && at > start && isContinuation(bytes[at])) at--;
  // Moved only where it leads to a lead byte: in binary content every place is as good as any other.
  return at > start && at < end && (bytes[at] ?? 0) >= 0xc0 ? at : end;
}
