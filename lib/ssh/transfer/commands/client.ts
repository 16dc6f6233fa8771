/**
 * The SFTP client's requests, made with the commands of the host's shell: for hosts without an SFTP server.
 *
 * All that is built on that client (names beside the target, comparing, resuming, directories) holds over commands just
 * as it does over SFTP. A flush is sync(1) where the host has it; a rename over a link to a directory takes two steps.
 */
import { Buffer } from "node:buffer";
import { ToolError } from "../../../errors.ts";
import type { Session } from "../../session.ts";
import type { Attributes } from "../../sftp/attributes.ts";
import type { DirectoryEntry, FileSystemRoom, Handle, Limits } from "../../sftp/client.ts";
import type { FileClient } from "../../sftp/file_client.ts";
import { decodeName } from "../../sftp/names.ts";
import { Status, StatusError } from "../../sftp/status.ts";
import { OpenFlag } from "../../sftp/wire.ts";
import type { WritePacket } from "../../sftp/write_packet.ts";
import { runScript } from "../remote_script.ts";
import { OpenDirectory } from "./directory.ts";
import { OpenFile, type Runner } from "./open_file.ts";
import { ATTRIBUTES, LIST, MAKE, MAKE_LINK, readFacts, RENAME, REPLACE, setAttributes } from "./scripts.ts";

const REQUEST_BYTES = 256 * 1024;
const MAX_ANSWER_BYTES = 64 * 1024;
/** Each may have two channels at a time, one of them for its content. */
const FILES_AT_ONCE = 4;

/** The files of one host, through its shell. */
export class CommandClient implements FileClient {
  readonly limits: Limits = { readBytes: REQUEST_BYTES, writeBytes: REQUEST_BYTES };
  readonly filesAtOnce: number = FILES_AT_ONCE;
  readonly pipelines: boolean = false;
  readonly roundTripMs: number = 0;
  readonly #session: Session;
  readonly #files = new Map<number, OpenFile>();
  readonly #directories = new Map<number, OpenDirectory>();
  #lastHandle = 0;
  readonly #runScript: Runner = (script, options) => runScript(this.#session, script, options);

  /** @param session whose host it is */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Why nothing can be asked any more; undefined while it can. */
  get ended(): unknown {
    return this.#session.ended;
  }

  /** Whether an extension of SFTP has its like here. */
  offers(name: string): boolean {
    return name === "posix-rename@openssh.com" || name === "fsync@openssh.com";
  }

  /** Opens a file; what is written goes to its end. */
  async open(path: string, flags: number, { mode }: Attributes = {}): Promise<Handle> {
    const isNew = mode === undefined ? "" : `umask 077; chmod=${mode.toString(8)}; `;
    await this.#run(isNew + MAKE[flags & OpenFlag.READ ? "read" : kindOf(flags)], path);
    return this.#keep(this.#files, new OpenFile(this.#runScript, asPath(path)));
  }

  /** Closes a file or directory. */
  async closeHandle(handle: Handle): Promise<void> {
    const id = idOf(handle);
    const open = this.#files.get(id) ?? this.#directories.get(id);
    this.#files.delete(id);
    this.#directories.delete(id);
    await open?.close();
  }

  /** Reads at `offset` into `sink`. @returns how many bytes came; 0 at the end of the file */
  read(handle: Handle, offset: number, sink: Uint8Array): Promise<number> {
    return this.#file(handle).read(offset, sink);
  }

  /** Writes what the packet was sealed with; each write must follow on the one before. */
  write(packet: WritePacket): Promise<void> {
    return this.#file(packet.handle).write(packet.sealed);
  }

  /** Attributes of an open file. */
  async fstat(handle: Handle): Promise<Attributes> {
    return await this.stat(await this.#settled(handle));
  }

  /** Attributes of what a path leads to. */
  async stat(path: string): Promise<Attributes> {
    return readFacts(await this.#run(`o=L; ${ATTRIBUTES}`, path));
  }

  /** Attributes of what stands at a path, a link included. */
  async lstat(path: string): Promise<Attributes> {
    return readFacts(await this.#run(`o=; ${ATTRIBUTES}`, path));
  }

  /** Sets attributes of what a path leads to. */
  async setstat(path: string, attributes: Attributes): Promise<void> {
    await this.#run(setAttributes(attributes), path);
  }

  /** Sets attributes of an open file. */
  async fsetstat(handle: Handle, attributes: Attributes): Promise<void> {
    await this.setstat(await this.#settled(handle), attributes);
  }

  /** Opens a directory for {@linkcode readdir}. */
  opendir(path: string): Promise<Handle> {
    return Promise.resolve(this.#keep(this.#directories, new OpenDirectory(this.#runScript, asPath(path), LIST)));
  }

  /** The next entries of a directory; undefined after the last. */
  async readdir(handle: Handle): Promise<DirectoryEntry[] | undefined> {
    return await this.#directories.get(idOf(handle))?.next();
  }

  /** Removes a file or link. */
  async remove(path: string): Promise<void> {
    await this.#run('rm "$f"', path);
  }

  /** Makes a directory. */
  async mkdir(path: string, { mode }: Attributes = {}): Promise<void> {
    await this.#run(`mkdir ${mode === undefined ? "" : `-m ${mode.toString(8)}`} "$f"`, path);
  }

  /** The absolute path, links resolved. */
  async realpath(path: string): Promise<string> {
    return nameIn(await this.#run('readlink -f "$f" || { echo "No such file or directory" >&2; exit 1; }', path));
  }

  /** Where a link leads, as it was written. */
  async readlink(path: string): Promise<string> {
    return nameIn(await this.#run('readlink "$f"', path));
  }

  /** Makes a link. */
  async symlink(target: string, path: string): Promise<void> {
    await this.#run(MAKE_LINK, path, target);
  }

  /** Renames; fails when something has the new name already. */
  async rename(from: string, to: string): Promise<void> {
    await this.#run(RENAME, from, asPath(to));
  }

  /** Renames over whatever has the new name. */
  async posixRename(from: string, to: string): Promise<void> {
    await this.#run(REPLACE, from, asPath(to));
  }

  /** Waits until the file is on disk. */
  async fsync(handle: Handle): Promise<void> {
    const path = await this.#settled(handle);
    await this.#run('sync "$f"', path).catch((error) => {
      throw error instanceof StatusError ? new StatusError(Status.OP_UNSUPPORTED, error.serverText) : error;
    });
  }

  /** Not offered. */
  statvfs(): Promise<FileSystemRoom> {
    return Promise.reject(new StatusError(Status.OP_UNSUPPORTED, ""));
  }

  #keep<T>(open: Map<number, T>, item: T): Handle {
    open.set(++this.#lastHandle, item);
    return new Uint8Array(new Uint32Array([this.#lastHandle]).buffer);
  }

  #file(handle: Handle): OpenFile {
    const file = this.#files.get(idOf(handle));
    if (file === undefined) throw new Error("a file was used after it was closed");
    return file;
  }

  /** The path of an open file, once the host has taken all that was written. */
  async #settled(handle: Handle): Promise<string> {
    const file = this.#file(handle);
    await file.settle();
    return file.path;
  }

  /** Runs a script with its paths in `$f` and `$g`; gives what it printed. */
  async #run(script: string, path: string, other?: string): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    let length = 0;
    const sink = (piece: Uint8Array): void => {
      if ((length += piece.length) > MAX_ANSWER_BYTES) throw tooMuch();
      pieces.push(piece);
    };
    await this.#runScript(script, { path: asPath(path), other, sink });
    return Buffer.concat(pieces, length);
  }
}

function kindOf(flags: number): "fresh" | "append" | "empty" | "existing" {
  if (flags & OpenFlag.EXCLUSIVE) return "fresh";
  if (flags & OpenFlag.CREATE) return "append";
  return flags & OpenFlag.TRUNCATE ? "empty" : "existing";
}

/** Never taken for an option, nor for the home directory of somebody. */
function asPath(path: string): string {
  return path.startsWith("/") ? path : `./${path}`;
}

function idOf(handle: Handle): number {
  return new Uint32Array(handle.slice().buffer)[0] ?? 0;
}

/** A name that was printed with a newline after it, whatever the name itself ends with. */
function nameIn(output: Buffer): string {
  if (output.at(-1) !== 10) throw new StatusError(Status.FAILURE, "a name was cut");
  return decodeName(output.subarray(0, -1));
}

function tooMuch(): ToolError {
  return new ToolError("remote_file_error", `the host printed more than ${MAX_ANSWER_BYTES} bytes about a file`);
}
