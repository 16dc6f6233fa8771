/**
 * The SFTP channel of a session: opened when first needed, kept, opened again when it has died; and more of them for as
 * long as one large transfer has a use for them.
 */
import { ToolError } from "../errors.ts";
import type { Connection } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { SftpClient } from "./sftp/client.ts";

const OPEN_LIMIT_MS = 30_000;

/** The host has no SFTP server; files can still be moved through commands. */
export class NoSftpServer extends Error {
  override readonly name = "NoSftpServer";
}

/** Most channels at a time besides the one that is kept, of OpenSSH's ten for all that a session does. */
const MAX_MORE = 3;

/** The SFTP side of one connection. */
export class Sftp {
  readonly #connection: Connection;
  #opening: Promise<SftpClient> | undefined;
  #client: SftpClient | undefined;
  #missing: NoSftpServer | undefined;
  #users = 0;
  #more = 0;
  #wanted = false;

  /** @param connection where the channel is opened */
  constructor(connection: Connection) {
    this.#connection = connection;
    connection.onShortage(() => {
      this.#wanted = true;
      this.#giveUpIfIdle();
    });
  }

  /**
   * Works with the channel. While somebody does, it stays open; in between it is given up when the server has no room
   * for another channel.
   *
   * @throws {NoSftpServer} when the host has none
   * @throws {ToolError} `channel_refused`, `timed_out`, `cancelled` or `session_dropped` when it cannot be opened
   */
  async use<T>(work: (client: SftpClient) => Promise<T>, signal?: AbortSignal): Promise<T> {
    this.#users++;
    try {
      return await work(await this.#ready(signal));
    } catch (error) {
      // Of a channel that ended with its connection, the connection's reason says more.
      if (this.#connection.ended !== undefined && error === this.#client?.ended) throw this.#connection.ended;
      throw error;
    } finally {
      this.#users--;
      this.#giveUpIfIdle();
    }
  }

  /**
   * Opens one more channel, at once or not at all.
   *
   * @param work what it is for; the channel is closed when that has ended
   * @throws {ToolError} `channel_refused` where there is no room for it; what opening one may throw; what `work` throws
   */
  async useAnother<T>(work: (client: SftpClient) => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#more >= MAX_MORE) throw new ToolError("channel_refused", "as many SFTP channels are open as may be");
    this.#more++;
    let client: SftpClient | undefined;
    try {
      client = await this.#start({ urgent: true, signal });
      return await work(client);
    } finally {
      this.#more--;
      client?.end(new ToolError("remote_file_error", "the SFTP channel is not needed any more"));
    }
  }

  /** Closes the channel. */
  close(): void {
    this.#client?.end(new ToolError("session_dropped", "the session was closed"));
  }

  async #ready(signal: AbortSignal | undefined): Promise<SftpClient> {
    if (this.#missing !== undefined) throw this.#missing;
    if (this.#client !== undefined && this.#client.ended === undefined) return this.#client;
    this.#opening ??= this.#open().finally(() => this.#opening = undefined);
    return await new Deadline(OPEN_LIMIT_MS + 1000).race(this.#opening, () => "SFTP channel", signal);
  }

  async #open(): Promise<SftpClient> {
    try {
      this.#client = await this.#start();
    } catch (error) {
      if (this.#connection.ended !== undefined) throw this.#connection.ended;
      if (isMissing(error)) throw this.#missing = new NoSftpServer("the host has no SFTP server", { cause: error });
      throw error;
    }
    this.#wanted = false;
    return this.#client;
  }

  async #start(limits: { urgent?: boolean; signal?: AbortSignal } = {}): Promise<SftpClient> {
    const deadline = new Deadline(OPEN_LIMIT_MS);
    let client: SftpClient | undefined;
    try {
      await this.#connection.subsystem("sftp", { deadline, ...limits }, (channel) => client = new SftpClient(channel));
      if (client === undefined) throw new Error("a channel was opened without its listener");
      await this.#connection.whileUp(deadline.race(client.start(), () => "answer of the SFTP server", limits.signal));
      return client;
    } catch (error) {
      client?.end(error);
      throw error;
    }
  }

  #giveUpIfIdle(): void {
    if (!this.#wanted || this.#users > 0) return;
    this.#client?.end(new ToolError("remote_file_error", "the SFTP channel was given up for another"));
  }
}

/** A server without the subsystem refuses it; one whose program is not installed starts it and closes the channel. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof ToolError)) return false;
  if (error.code === "remote_file_error") return error.message.endsWith("ended");
  return error.code === "channel_refused" && error.cause instanceof Error &&
    error.cause.message.startsWith("Unable to start subsystem");
}
