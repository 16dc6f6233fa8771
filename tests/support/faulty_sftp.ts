/** An SSH server whose SFTP side is faulty on purpose. Its files are in memory. */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { loadSsh2 } from "../../lib/ssh/ssh2.ts";
import type { Login } from "./file_tools.ts";
import { makeKey } from "./sshd.ts";
import { tempDir } from "./temp_dir.ts";

/** What is wrong with the server. */
export interface Faults {
  /** Most bytes of one answer to a read. */
  shortReads?: number;
  /** Answers to reads come in another order. */
  reorder?: boolean;
  /** Added to the size that the server says a file has. */
  sizeLie?: number;
  /** Which write, counted from 1, fails. */
  failWrite?: number;
  /** Which write kills the whole connection. */
  dropAtWrite?: number;
  /** Which read, counted from 1, is never answered. */
  stallRead?: number;
  /** Flips a bit of everything that is written. */
  corrupt?: boolean;
  /** Names that a directory has besides its files. */
  names?: string[];
  /** Every read is answered in full, wherever the file ends. */
  endless?: boolean;
  /** What every write is answered with. */
  refuseWrites?: { status: number; text: string };
  /** Says neither size nor kind nor time of anything. */
  noAttributes?: boolean;
  /** Directories go on for ever, with nothing in them. */
  emptyListings?: boolean;
  /** Answers nothing any more but reads and writes. */
  silent?: boolean;
}

/** A running server. */
export interface FaultySftp extends AsyncDisposable {
  readonly login: Login;
  /** Content by path. */
  readonly files: Map<string, Buffer>;
  /** May be changed at any time. */
  readonly faults: Faults;
  /** Sizes that reads asked for, in order. */
  readonly readSizes: number[];
}

// deno-lint-ignore no-explicit-any -- the server side of ssh2's SFTP has no types
type Any = any;

const OK = 0;
const EOF = 1;
const NO_SUCH_FILE = 2;
const FAILURE = 4;
const OP_UNSUPPORTED = 8;
const FILE_MODE = 0o100644;
const DIRECTORY_MODE = 0o040755;

/** Starts a server; anyone may log in. */
export async function startFaultySftp(faults: Faults = {}): Promise<FaultySftp> {
  const { Server } = await loadSsh2();
  const home = await tempDir("mcp-remote-ssh-faulty-");
  const hostKey = await makeKey(home.path, "ed25519", "host");
  const clientKey = await makeKey(home.path, "ed25519", "client");
  const files = new Map<string, Buffer>();
  const readSizes: number[] = [];
  const connections = new Set<Any>();
  const server = new Server({ hostKeys: [await Deno.readTextFile(hostKey.path)] }, (connection: Any) => {
    connections.add(connection);
    connection._sock.setNoDelay(true);
    connection.on("authentication", (context: Any) => context.accept());
    connection.on("error", () => {});
    connection.on("close", () => connections.delete(connection));
    connection.on("session", (accept: Any) => {
      accept().on("sftp", (acceptSftp: Any) => serve(acceptSftp(), { files, faults, readSizes, connection }));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    login: { host: "127.0.0.1", port: (server.address() as Any).port, user: "any", clientKeyPath: clientKey.path },
    files,
    faults,
    readSizes,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.end();
      server.close();
      await once(server, "close");
      await home[Symbol.asyncDispose]();
    },
  };
}

interface Served {
  files: Map<string, Buffer>;
  faults: Faults;
  readSizes: number[];
  connection: Any;
}

function serve(sftp: Any, served: Served): void {
  const handles = new Map<string, { path: string; listed?: boolean }>();
  const opened = (id: number, path: string): void => {
    const handle = String(handles.size);
    handles.set(handle, { path });
    sftp.handle(id, Buffer.from(handle));
  };
  const pathOf = (handle: Buffer): string => handles.get(handle.toString())?.path ?? "";
  serveFiles(sftp, served, opened, pathOf);
  serveContent(sftp, served, pathOf);
  sftp.on("OPENDIR", (id: number, path: string) => void (served.faults.silent || opened(id, path)));
  sftp.on("READDIR", (id: number, handle: Buffer) => {
    const state = handles.get(handle.toString());
    if (served.faults.emptyListings) return sftp.name(id, []);
    if (state === undefined || state.listed) return sftp.status(id, EOF);
    state.listed = true;
    const names = [...served.files.keys()].map((path) => path.slice(path.lastIndexOf("/") + 1));
    const entries = [...names, ...served.faults.names ?? []].map((filename) => ({
      filename,
      longname: filename,
      attrs: served.faults.noAttributes ? {} : { mode: FILE_MODE, size: 1, uid: 0, gid: 0, atime: 0, mtime: 0 },
    }));
    sftp.name(id, entries);
  });
}

function serveFiles(
  sftp: Any,
  { files, faults }: Served,
  opened: (id: number, path: string) => void,
  pathOf: (handle: Buffer) => string,
): void {
  const attributes = (id: number, path: string): void => {
    const content = files.get(path);
    if (faults.silent) return;
    if (content === undefined && path !== "/dir") return sftp.status(id, NO_SUCH_FILE);
    const size = (content?.length ?? 0) + (content === undefined ? 0 : faults.sizeLie ?? 0);
    const mode = content === undefined ? DIRECTORY_MODE : FILE_MODE;
    if (faults.noAttributes && content !== undefined) return sftp.attrs(id, {});
    sftp.attrs(id, { mode, size, uid: 0, gid: 0, atime: 0, mtime: 0 });
  };
  sftp.on("OPEN", (id: number, path: string, flags: number) => {
    const isNew = !files.has(path);
    if (isNew && (flags & 8) === 0) return sftp.status(id, NO_SUCH_FILE);
    if (!isNew && (flags & 32) !== 0) return sftp.status(id, FAILURE);
    if (isNew || (flags & 16) !== 0) files.set(path, Buffer.alloc(0));
    opened(id, path);
  });
  for (const event of ["STAT", "LSTAT"]) sftp.on(event, attributes);
  sftp.on("FSTAT", (id: number, handle: Buffer) => attributes(id, pathOf(handle)));
  for (const event of ["SETSTAT", "FSETSTAT", "CLOSE"]) sftp.on(event, (id: number) => sftp.status(id, OK));
  sftp.on("EXTENDED", (id: number) => sftp.status(id, OP_UNSUPPORTED));
  sftp.on("REMOVE", (id: number, path: string) => sftp.status(id, files.delete(path) ? OK : NO_SUCH_FILE));
  sftp.on("RENAME", (id: number, from: string, to: string) => {
    const content = files.get(from);
    if (content === undefined) return sftp.status(id, NO_SUCH_FILE);
    if (files.has(to)) return sftp.status(id, FAILURE);
    files.set(to, content);
    files.delete(from);
    sftp.status(id, OK);
  });
}

function serveContent(
  sftp: Any,
  { files, faults, readSizes, connection }: Served,
  pathOf: (handle: Buffer) => string,
): void {
  let reads = 0;
  let writes = 0;
  sftp.on("READ", (id: number, handle: Buffer, offset: number, length: number) => {
    readSizes.push(length);
    if (++reads === faults.stallRead) return;
    const content = files.get(pathOf(handle)) ?? Buffer.alloc(0);
    if (faults.endless) return sftp.data(id, Buffer.alloc(length));
    const piece = content.subarray(offset, offset + Math.min(length, faults.shortReads ?? length));
    const answer = (): void => piece.length === 0 ? sftp.status(id, EOF) : sftp.data(id, piece);
    if (faults.reorder) setTimeout(answer, (reads % 5) * 3);
    else answer();
  });
  sftp.on("WRITE", (id: number, handle: Buffer, offset: number, data: Buffer) => {
    writes++;
    if (writes === faults.dropAtWrite) return connection._sock.destroy();
    if (faults.refuseWrites) return sftp.status(id, faults.refuseWrites.status, faults.refuseWrites.text);
    if (writes === faults.failWrite) return sftp.status(id, FAILURE);
    const path = pathOf(handle);
    const before = files.get(path) ?? Buffer.alloc(0);
    const after = Buffer.alloc(Math.max(before.length, offset + data.length));
    before.copy(after);
    data.copy(after, offset);
    if (faults.corrupt) after[offset]! ^= 1;
    files.set(path, after);
    sftp.status(id, OK);
  });
}
