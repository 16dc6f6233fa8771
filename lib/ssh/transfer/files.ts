/** The files of a session's host: over SFTP, and where the host has no SFTP server, with commands. */
import type { Session } from "../session.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { expandHome } from "../sftp/names.ts";
import { NoSftpServer } from "../sftp.ts";
import { untilCancelled } from "./cancel.ts";
import { CommandClient } from "./commands/client.ts";
import { downloadFile } from "./download.ts";
import { downloadTree } from "./download_tree.ts";
import { listDirectory, type Listing, type ListOptions } from "./list_dir.ts";
import { readWindow, type Window, type WindowOptions } from "./read_window.ts";
import { inTurn } from "./in_turn.ts";
import type { TransferOptions, TransferResult } from "./transfer.ts";
import type { TreeOptions, TreeResult } from "./tree.ts";
import { uploadFile } from "./upload.ts";
import { uploadTree } from "./upload_tree.ts";
import { type Change, writeFile, type WriteOptions, type WriteResult } from "./write_file.ts";

const BY_COMMANDS = "the host has no SFTP server, so this was done with commands in its shell";

/** One a session, with the files that are open in it. */
const clients = new WeakMap<Session, CommandClient>();

/** What can be done with the files of one session's host. */
export class RemoteFiles {
  readonly #session: Session;

  /** @param session whose host it is */
  constructor(session: Session) {
    this.#session = session;
  }

  /** Uploads one file, whole or not at all. @throws {ToolError} by what went wrong */
  upload(localPath: string, remotePath: string, options: TransferOptions): Promise<TransferResult> {
    const path = expandHome(remotePath);
    return this.#use((client) => uploadFile(this.#session, client, localPath, path, options), options.signal);
  }

  /** Downloads one file, whole or not at all. @throws {ToolError} by what went wrong */
  download(remotePath: string, localPath: string, options: TransferOptions): Promise<TransferResult> {
    const path = expandHome(remotePath);
    return this.#use((client) => downloadFile(this.#session, client, path, localPath, options), options.signal);
  }

  /** Uploads a directory. @throws {ToolError} when nothing more can be done */
  uploadTree(localDir: string, remoteDir: string, options: TreeOptions): Promise<TreeResult> {
    const path = expandHome(remoteDir);
    return this.#use((client) => uploadTree(this.#session, client, localDir, path, options), options.signal);
  }

  /** Downloads a directory. @throws {ToolError} when nothing more can be done */
  downloadTree(remoteDir: string, localDir: string, options: TreeOptions): Promise<TreeResult> {
    const path = expandHome(remoteDir);
    return this.#use((client) => downloadTree(this.#session, client, path, localDir, options), options.signal);
  }

  /** Reads a part of a file. @throws {ToolError} by what went wrong */
  read(remotePath: string, options: WindowOptions): Promise<Window> {
    return this.#use((client) => readWindow(this.#session, client, remotePath, options), options.signal);
  }

  /** Writes text. @throws {ToolError} by what went wrong */
  write(remotePath: string, change: Change, options: WriteOptions): Promise<WriteResult> {
    const { host, port } = this.#session.connection.facts;
    const work = (client: FileClient): Promise<WriteResult> => {
      const write = (): Promise<WriteResult> => writeFile(this.#session, client, remotePath, change, options);
      return inTurn([host, port, remotePath].join("\n"), write, options.signal);
    };
    return this.#use(work, options.signal);
  }

  /** A page of a directory. @throws {ToolError} by what went wrong */
  list(remotePath: string, options: ListOptions): Promise<Listing> {
    return this.#use((client) => listDirectory(this.#session, client, remotePath, options), options.signal);
  }

  #use<T extends { notes: string[] }>(
    work: (client: FileClient) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    return untilCancelled(this.#either(work, signal), signal);
  }

  async #either<T extends { notes: string[] }>(
    work: (client: FileClient) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    try {
      return await this.#session.sftp.use(work, signal);
    } catch (error) {
      if (!(error instanceof NoSftpServer)) throw error;
    }
    const result = await work(clientOf(this.#session));
    result.notes.push(BY_COMMANDS);
    return result;
  }
}

function clientOf(session: Session): CommandClient {
  const client = clients.get(session) ?? new CommandClient(session);
  clients.set(session, client);
  return client;
}
