/** Reading a part of a remote file, with what stands before and after it. */
import type { Session } from "../session.ts";
import type { Handle, SftpClient } from "../sftp/client.ts";
import { explain } from "../sftp/failure.ts";
import { expandHome } from "../sftp/names.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { requireFile } from "./download.ts";
import { readPipelined } from "./pipeline.ts";

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
  client: SftpClient,
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
  readonly #client: SftpClient;
  readonly #handle: Handle;
  readonly #size: number;
  readonly #options: WindowOptions;

  constructor(client: SftpClient, handle: Handle, size: number, options: WindowOptions) {
    this.#client = client;
    this.#handle = handle;
    this.#size = size;
    this.#options = options;
  }

  async forward(): Promise<Window> {
    const { offset, maxBytes, marginBytes } = this.#options;
    const from = Math.max(0, offset - marginBytes);
    const bytes = await this.#read(from, offset + maxBytes + marginBytes);
    const start = Math.min(offset - from, bytes.length);
    const end = Math.min(start + maxBytes, bytes.length);
    return this.#window(bytes, from, atCharacter(bytes, start), end);
  }

  /** From the end backwards, in growing steps, until there are enough lines or bytes. */
  async tail(lines: number): Promise<Window> {
    const { maxBytes, marginBytes } = this.#options;
    if (this.#size === 0) return await this.#tailOfUnknown(lines);
    for (let step = TAIL_STEP_BYTES;; step *= 4) {
      const reach = Math.min(step, maxBytes, this.#size);
      const from = Math.max(0, this.#size - reach - marginBytes);
      const bytes = await this.#read(from, Infinity, reach + 2 * marginBytes);
      const floor = Math.max(0, bytes.length - reach);
      const start = startOfLastLines(bytes, lines, floor);
      if (start > floor || reach === Math.min(maxBytes, this.#size)) {
        return this.#window(bytes, from, atCharacter(bytes, start), bytes.length);
      }
    }
  }

  async #tailOfUnknown(lines: number): Promise<Window> {
    const { maxBytes, marginBytes } = this.#options;
    const bytes = await this.#read(0, maxBytes + marginBytes);
    const floor = Math.max(0, bytes.length - maxBytes);
    return this.#window(bytes, 0, atCharacter(bytes, startOfLastLines(bytes, lines, floor)), bytes.length);
  }

  #window(bytes: Uint8Array, from: number, start: number, end: number): Window {
    const size = Math.max(this.#size, from + bytes.length);
    const last = from + end < size ? atCharacterEnd(bytes, start, end) : end;
    return { bytes, start, end: last, offset: from + start, size, more: from + last < size };
  }

  /** Reads `from` up to `to`, or `atMost` bytes, or to the end of the file. */
  async #read(from: number, to: number, atMost: number = to - from): Promise<Uint8Array> {
    if (this.#size === 0) return await this.#readUnknown(from, atMost);
    const last = Math.min(to, this.#size);
    const bytes = new Uint8Array(Math.max(0, last - from));
    let length = 0;
    const sink = (piece: Uint8Array): void => {
      bytes.set(piece, length);
      length += piece.length;
    };
    if (bytes.length > 0) await readPipelined(this.#client, this.#handle, { from, to: last }, sink, this.#options);
    return bytes.subarray(0, length);
  }

  /** A size of 0 may be that of a /proc file, which has to be read from its start and one piece after the other. */
  async #readUnknown(from: number, atMost: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(from + atMost);
    let length = 0;
    while (length < bytes.length) {
      this.#options.signal?.throwIfAborted();
      const room = bytes.subarray(length, length + this.#client.limits.readBytes);
      const count = await this.#client.read(this.#handle, length, room);
      if (count === 0) break;
      length += count;
    }
    return bytes.subarray(Math.min(from, length), length);
  }
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

/** The start, moved past the rest of a character that it stands in. */
function atCharacter(bytes: Uint8Array, start: number): number {
  let at = start;
  if (start === 0) return 0;
  while (at < start + 3 && isContinuation(bytes[at])) at++;
  return at;
}

/** The end, moved back before a character that it would cut. */
function atCharacterEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > end - 3 && at > start && isContinuation(bytes[at])) at--;
  // Moved only where it leads to a lead byte: in binary content every place is as good as any other.
  return at > start && at < end && (bytes[at] ?? 0) >= 0xc0 ? at : end;
}
