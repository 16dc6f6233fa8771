/** The files of a session's host: over SFTP, and where the host has no SFTP server, with commands. */
import { ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import type { SftpClient } from "../sftp/client.ts";
import { expandHome } from "../sftp/names.ts";
import { NoSftpServer } from "../sftp.ts";
import {
  downloadByCommands,
  listByCommands,
  readByCommands,
  uploadByCommands,
  writeByCommands,
} from "./by_commands.ts";
import { downloadFile } from "./download.ts";
import { downloadTree } from "./download_tree.ts";
import { listDirectory, type Listing, type ListOptions } from "./list_dir.ts";
import { readWindow, type Window, windowAt, windowOfLines, type WindowOptions } from "./read_window.ts";
import type { TransferOptions, TransferResult } from "./transfer.ts";
import type { TreeOptions, TreeResult } from "./tree.ts";
import { uploadFile } from "./upload.ts";
import { uploadTree } from "./upload_tree.ts";
import { type Change, writeFile, type WriteOptions, type WriteResult } from "./write_file.ts";

/** What can be done with the files of one session's host. */
export class RemoteFiles {
  readonly #session: Session;

  /** @param session whose host it is */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Uploads one file, whole or not at all. @throws {ToolError} by what went wrong */
  upload(localPath: string, remotePath: string, options: TransferOptions): Promise<TransferResult> {
    const [session, path] = [this.#session, expandHome(remotePath)];
    return this.#either(
      (client) => uploadFile(session, client, localPath, path, options),
      () => uploadByCommands(session, localPath, path, options),
      options.signal,
    );
  }

  /** Downloads one file, whole or not at all. @throws {ToolError} by what went wrong */
  download(remotePath: string, localPath: string, options: TransferOptions): Promise<TransferResult> {
    const [session, path] = [this.#session, expandHome(remotePath)];
    return this.#either(
      (client) => downloadFile(session, client, path, localPath, options),
      () => downloadByCommands(session, path, localPath, options),
      options.signal,
    );
  }

  /** Uploads a directory. @throws {ToolError} when nothing more can be done */
  uploadTree(localDir: string, remoteDir: string, options: TreeOptions): Promise<TreeResult> {
    return this.#either(
      (client) => uploadTree(this.#session, client, localDir, expandHome(remoteDir), options),
      () => Promise.reject(needsSftp()),
      options.signal,
    );
  }

  /** Downloads a directory. @throws {ToolError} when nothing more can be done */
  downloadTree(remoteDir: string, localDir: string, options: TreeOptions): Promise<TreeResult> {
    return this.#either(
      (client) => downloadTree(this.#session, client, expandHome(remoteDir), localDir, options),
      () => Promise.reject(needsSftp()),
      options.signal,
    );
  }

  /** Reads a part of a file. @throws {ToolError} by what went wrong */
  read(remotePath: string, options: WindowOptions): Promise<Window> {
    return this.#either(
      (client) => readWindow(this.#session, client, remotePath, options),
      () => this.#readByCommands(expandHome(remotePath), options),
      options.signal,
    );
  }

  /** Writes text. @throws {ToolError} by what went wrong */
  write(remotePath: string, change: Change, options: WriteOptions): Promise<WriteResult> {
    return this.#either(
      (client) => writeFile(this.#session, client, remotePath, change, options),
      () => writeByCommands(this.#session, remotePath, change, options),
      options.signal,
    );
  }

  /** A page of a directory. @throws {ToolError} by what went wrong */
  list(remotePath: string, options: ListOptions): Promise<Listing> {
    return this.#either(
      (client) => listDirectory(this.#session, client, remotePath, options),
      () => listByCommands(this.#session, remotePath, options),
      options.signal,
    );
  }

  async #either<T>(
    overSftp: (client: SftpClient) => Promise<T>,
    byCommands: () => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    try {
      return await this.#session.sftp.use(overSftp, signal);
    } catch (error) {
      if (error instanceof NoSftpServer) return await byCommands();
      throw error;
    }
  }

  async #readByCommands(path: string, options: WindowOptions): Promise<Window> {
    const { offset, maxBytes, tailLines, marginBytes, exact, signal } = options;
    if (tailLines === undefined) {
      const from = Math.max(0, offset - marginBytes);
      const read = await readByCommands(this.#session, path, { from, atMost: maxBytes + 2 * marginBytes, signal });
      return windowAt({ ...read, from: Math.min(from, read.size) }, offset, maxBytes, exact);
    }
    const atMost = maxBytes + marginBytes;
    const read = await readByCommands(this.#session, path, { from: atMost, atMost, fromEnd: true, signal });
    return windowOfLines({ ...read, from: Math.max(0, read.size - read.bytes.length) }, tailLines, maxBytes, exact);
  }
}

function needsSftp(): ToolError {
  return new ToolError("remote_file_error", "the host has no SFTP server, and directories need one", {
    hint: "pack the directory with tar, and move that file",
  });
}
