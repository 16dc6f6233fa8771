/** An SFTP version 3 client: each method is one request (draft-ietf-secsh-filexfer-02, and OpenSSH's PROTOCOL §4). */
import { ToolError } from "../../errors.ts";
import type { ClientChannel } from "../ssh2.ts";
import { type Attributes, readAttributes, writeAttributes } from "./attributes.ts";
import { decodeName, encodeName } from "./names.ts";
import { type Answer, Requests } from "./requests.ts";
import { Status, StatusError } from "./status.ts";
import { MalformedPacket, PacketBuilder, PacketReader, Reply, Request } from "./wire.ts";
import type { WritePacket } from "./write_packet.ts";

/** What the server calls an open file. */
export type Handle = Uint8Array;

/** One entry of a directory. */
export interface DirectoryEntry {
  name: string;
  /** A line as `ls -l` prints it, which is where the names of owner and group are; untrusted text. */
  longName: string;
  attributes: Attributes;
}

/** How much the server takes in one request. */
export interface Limits {
  readBytes: number;
  writeBytes: number;
}

/** Room on a file system, from statvfs@openssh.com. */
export interface FileSystemRoom {
  /** Bytes that this user may still write. */
  freeBytes: number;
  /** Infinite where the file system has no limit of its own, as with the bytes. */
  freeFiles: number;
  readOnly: boolean;
}

/** OpenSSH's own maximum: a packet of 256 KiB less its header and then some. */
const MAX_REQUEST_BYTES = 261_120;
/** What every server must take (draft-ietf-secsh-filexfer-02 §3). */
const SAFE_REQUEST_BYTES = 32_768;

/** Further away than any host of the same building, in milliseconds. */
const FAR_MS = 10;

/** Longer than the longest path of any system. */
const MAX_NAME_BYTES = 32_768;
/** The longest name of one entry is 255 bytes nearly everywhere. */
const MAX_ENTRY_NAME_BYTES = 4096;

/** One SFTP channel. */
export class SftpClient {
  /** How much the server takes in one request. */
  limits: Limits = { readBytes: SAFE_REQUEST_BYTES, writeBytes: SAFE_REQUEST_BYTES };
  /** Whether a request that nobody may need costs no time, sent together with another. */
  readonly pipelines: boolean = true;
  readonly #requests: Requests;
  #extensions: ReadonlySet<string> = new Set();

  /**
   * @param channel a subsystem channel on which nothing has happened yet
   * @param stallLimitMs how long the server may be silent while it owes an answer
   */
  constructor(channel: ClientChannel, stallLimitMs?: number) {
    this.#requests = new Requests(channel, stallLimitMs);
  }

  /** Why the channel can no longer be used; undefined while it can. */
  get ended(): unknown {
    return this.#requests.ended;
  }

  /** How far away the host is, there and back, in milliseconds. */
  get roundTripMs(): number {
    return this.#requests.roundTripMs;
  }

  /** How many small files are best moved at a time: it is the way there and back that takes time. */
  get filesAtOnce(): number {
    return this.roundTripMs > FAR_MS ? 100 : 32;
  }

  /** True while the server owes no answer. */
  get idle(): boolean {
    return this.#requests.idle;
  }

  /** Agrees on the version and asks for the limits. Must come first. */
  async start(): Promise<void> {
    const init = new PacketBuilder(Request.INIT).finish();
    new DataView(init.buffer).setUint32(5, 3);
    const answer = await this.#requests.initialize(init);
    if (answer.type !== Reply.VERSION) throw unexpected(answer);
    const reader = new PacketReader(answer.body);
    const extensions = new Set<string>();
    while (reader.left > 0) {
      extensions.add(reader.text());
      reader.string(); // its version
    }
    this.#extensions = extensions;
    // Not waited for: what is moved comes after a file was opened, whose answer comes after this one.
    if (this.offers("limits@openssh.com")) this.#askLimits().catch(() => {}); // then the safe size stays
  }

  /** Closes the channel; what still waits fails with `reason`. */
  end(reason: unknown): void {
    this.#requests.end(reason);
  }

  /** Whether the server announced an extension (OpenSSH's PROTOCOL §4; each has had one version only). */
  offers(name: string): boolean {
    return this.#extensions.has(name);
  }

  /** Opens a file. @param flags see OpenFlag */
  async open(path: string, flags: number, attributes: Attributes = {}): Promise<Handle> {
    const packet = new PacketBuilder(Request.OPEN).string(encodeName(path)).u32(flags);
    return this.#handle(await this.#requests.send(writeAttributes(packet, attributes).finish()));
  }

  /** Closes a file or directory. */
  async closeHandle(handle: Handle): Promise<void> {
    await this.#done(new PacketBuilder(Request.CLOSE).string(handle));
  }

  /** Reads at `offset` into `sink`. @returns how many bytes came; 0 at the end of the file */
  async read(handle: Handle, offset: number, sink: Uint8Array): Promise<number> {
    const packet = new PacketBuilder(Request.READ, 64).string(handle).u64(offset).u32(sink.length).finish();
    const answer = await this.#requests.send(packet, sink);
    if (answer.type === Reply.DATA) return answer.length;
    const error = statusOf(answer);
    if (error?.status === Status.EOF) return 0;
    throw error ?? unexpected(answer);
  }

  /** Writes what the packet was sealed with. */
  async write(packet: WritePacket): Promise<void> {
    expectOk(await this.#requests.send(packet.bytes));
  }

  /** Attributes of an open file. */
  fstat(handle: Handle): Promise<Attributes> {
    return this.#attributes(new PacketBuilder(Request.FSTAT).string(handle));
  }

  /** Attributes of what a path leads to. */
  stat(path: string): Promise<Attributes> {
    return this.#attributes(new PacketBuilder(Request.STAT).string(encodeName(path)));
  }

  /** Attributes of what stands at a path, a link included. */
  lstat(path: string): Promise<Attributes> {
    return this.#attributes(new PacketBuilder(Request.LSTAT).string(encodeName(path)));
  }

  /** Sets attributes of what a path leads to. */
  async setstat(path: string, attributes: Attributes): Promise<void> {
    await this.#done(writeAttributes(new PacketBuilder(Request.SETSTAT).string(encodeName(path)), attributes));
  }

  /** Sets attributes of an open file. */
  async fsetstat(handle: Handle, attributes: Attributes): Promise<void> {
    await this.#done(writeAttributes(new PacketBuilder(Request.FSETSTAT).string(handle), attributes));
  }

  /** Opens a directory for {@linkcode readdir}. */
  async opendir(path: string): Promise<Handle> {
    return this.#handle(await this.#requests.send(pathPacket(Request.OPENDIR, path)));
  }

  /** The next entries of a directory, in the server's order, `.` and `..` among them; undefined after the last. */
  async readdir(handle: Handle): Promise<DirectoryEntry[] | undefined> {
    const answer = await this.#requests.send(new PacketBuilder(Request.READDIR).string(handle).finish());
    if (answer.type === Reply.NAME) return readNames(answer.body);
    const error = statusOf(answer);
    if (error?.status === Status.EOF) return undefined;
    throw error ?? unexpected(answer);
  }

  /** Removes a file or link. */
  async remove(path: string): Promise<void> {
    expectOk(await this.#requests.send(pathPacket(Request.REMOVE, path)));
  }

  /** Makes a directory. */
  async mkdir(path: string, attributes: Attributes = {}): Promise<void> {
    await this.#done(writeAttributes(new PacketBuilder(Request.MKDIR).string(encodeName(path)), attributes));
  }

  /** The absolute path, links resolved. */
  async realpath(path: string): Promise<string> {
    return this.#firstName(await this.#requests.send(pathPacket(Request.REALPATH, path)));
  }

  /** Where a link leads, as it was written. */
  async readlink(path: string): Promise<string> {
    return this.#firstName(await this.#requests.send(pathPacket(Request.READLINK, path)));
  }

  /** Makes a link. OpenSSH and all that follow it take the target first, against the draft (PROTOCOL §4.1). */
  async symlink(target: string, path: string): Promise<void> {
    const packet = new PacketBuilder(Request.SYMLINK).string(encodeName(target)).string(encodeName(path));
    await this.#done(packet);
  }

  /** Renames; fails when something has the new name already. */
  async rename(from: string, to: string): Promise<void> {
    await this.#done(new PacketBuilder(Request.RENAME).string(encodeName(from)).string(encodeName(to)));
  }

  /** Renames over whatever has the new name, in one step (PROTOCOL §4.3). */
  async posixRename(from: string, to: string): Promise<void> {
    await this.#done(extended("posix-rename@openssh.com").string(encodeName(from)).string(encodeName(to)));
  }

  /** Waits until the file is on disk (PROTOCOL §4.6). */
  async fsync(handle: Handle): Promise<void> {
    await this.#done(extended("fsync@openssh.com").string(handle));
  }

  /** Room on the file system that a path is on (PROTOCOL §4.4). */
  async statvfs(path: string): Promise<FileSystemRoom> {
    const answer = await this.#requests.send(extended("statvfs@openssh.com").string(encodeName(path)).finish());
    if (answer.type !== Reply.EXTENDED_REPLY) throw statusOf(answer) ?? unexpected(answer);
    const reader = new PacketReader(answer.body);
    // bsize, frsize, blocks, bfree, bavail, files, ffree, favail, fsid, flag, namemax
    const [, fragment = 0, blocks, , available = 0, files, , freeFiles = 0, , flags = 0] = Array.from(
      { length: 11 },
      () => reader.u64(),
    );
    // No blocks at all is what /proc has, no files at all is what Btrfs says.
    return {
      freeBytes: blocks === 0 ? Infinity : fragment * available,
      freeFiles: files === 0 ? Infinity : freeFiles,
      readOnly: (flags & 1) !== 0,
    };
  }

  async #askLimits(): Promise<void> {
    const answer = await this.#requests.send(extended("limits@openssh.com").finish());
    if (answer.type !== Reply.EXTENDED_REPLY) return; // announced and not there: the safe size stays
    const reader = new PacketReader(answer.body);
    reader.u64(); // longest packet, which the two that follow keep to
    this.limits = { readBytes: requestBytes(reader.u64()), writeBytes: requestBytes(reader.u64()) };
  }

  async #done(packet: PacketBuilder): Promise<void> {
    expectOk(await this.#requests.send(packet.finish()));
  }

  async #attributes(packet: PacketBuilder): Promise<Attributes> {
    const answer = await this.#requests.send(packet.finish());
    if (answer.type !== Reply.ATTRS) throw statusOf(answer) ?? unexpected(answer);
    return readAttributes(new PacketReader(answer.body));
  }

  #handle(answer: Answer): Handle {
    if (answer.type !== Reply.HANDLE) throw statusOf(answer) ?? unexpected(answer);
    return new PacketReader(answer.body).string();
  }

  #firstName(answer: Answer): string {
    if (answer.type !== Reply.NAME) throw statusOf(answer) ?? unexpected(answer);
    const reader = new PacketReader(answer.body);
    if (reader.u32() !== 1) throw unexpected(answer);
    return nameOf(reader, MAX_NAME_BYTES);
  }
}

function extended(name: string): PacketBuilder {
  return new PacketBuilder(Request.EXTENDED).string(name);
}

function pathPacket(type: number, path: string): Uint8Array {
  return new PacketBuilder(type).string(encodeName(path)).finish();
}

/** 0 stands for "no limit known". */
function requestBytes(serverLimit: number): number {
  return serverLimit === 0 ? MAX_REQUEST_BYTES : Math.max(1024, Math.min(serverLimit, MAX_REQUEST_BYTES));
}

function readNames(body: Uint8Array): DirectoryEntry[] {
  const reader = new PacketReader(body);
  const entries: DirectoryEntry[] = [];
  for (let count = reader.u32(); count > 0; count--) {
    const name = nameOf(reader, MAX_ENTRY_NAME_BYTES);
    entries.push({ name, longName: reader.text().slice(0, MAX_ENTRY_NAME_BYTES), attributes: readAttributes(reader) });
  }
  return entries;
}

/** A name, bounded: thousands of them are kept, and go into one answer. */
function nameOf(reader: PacketReader, maxBytes: number): string {
  const bytes = reader.string();
  if (bytes.length > maxBytes) throw new MalformedPacket(`the SFTP server sent a name of ${bytes.length} bytes`);
  return decodeName(bytes);
}

function statusOf(answer: Answer): StatusError | undefined {
  if (answer.type !== Reply.STATUS) return undefined;
  const reader = new PacketReader(answer.body);
  const status = reader.u32();
  return new StatusError(status, reader.left >= 4 ? reader.text() : "");
}

function expectOk(answer: Answer): void {
  // Looked at before an error is made of it: most answers are this one.
  if (answer.type === Reply.STATUS && new PacketReader(answer.body).u32() === Status.OK) return;
  throw statusOf(answer) ?? unexpected(answer);
}

function unexpected(answer: Answer): ToolError {
  return new ToolError("remote_file_error", `the SFTP server gave an answer of a wrong kind (${answer.type})`);
}
