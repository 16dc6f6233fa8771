/** The requests that are waiting for their answers, and the one stream both travel on. */
import { ToolError } from "../../errors.ts";
import type { ClientChannel } from "../ssh2.ts";
import { SftpChannel } from "./channel.ts";
import { widenReceiveWindow } from "./receive_window.ts";
import { ReplyParser } from "./reply_parser.ts";
import { MalformedPacket } from "./wire.ts";

/** How long a server may be silent while it owes an answer, in milliseconds. A flush of a large file is one answer. */
export const STALL_LIMIT_MS = 120_000;

/** One answer. */
export interface Answer {
  type: number;
  body: Uint8Array;
  /** With a DATA answer: how many bytes are in the sink. */
  length: number;
}

interface Pending {
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
  sink: Uint8Array | undefined;
  sentAt: number;
}

const NOTHING = new Uint8Array(0);
/** VERSION carries no id; it is the only answer before any id is given out. */
const VERSION_ID = -1;

/** Sends requests and matches the answers, in whatever order they come. */
export class Requests {
  readonly #channel: SftpChannel;
  readonly #stallLimitMs: number;
  readonly #pending = new Map<number, Pending>();
  readonly #parser: ReplyParser;
  readonly #openWindow: () => void;
  #lastId = 0;
  #roundTripMs = Infinity;
  #lastHeard = 0;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #ended: unknown;

  /**
   * @param channel a subsystem channel on which nothing has happened yet
   * @param stallLimitMs how long the server may be silent while it owes an answer
   */
  constructor(channel: ClientChannel, stallLimitMs: number = STALL_LIMIT_MS) {
    this.#stallLimitMs = stallLimitMs;
    this.#parser = new ReplyParser({
      sink: (id) => this.#pending.get(id)?.sink,
      data: (id, length) => this.#settle(id, { type: 103, body: NOTHING, length }),
      reply: (type, id, body) => this.#settle(type === 2 ? VERSION_ID : id, { type, body, length: 0 }),
    });
    this.#channel = new SftpChannel(channel, {
      onData: (bytes) => {
        this.#receive(bytes);
        this.#openWindow();
      },
      onClose: () => this.end(serverEnded()),
    });
    this.#openWindow = widenReceiveWindow(channel);
  }

  /** Why no more requests can be made; undefined while they can. */
  get ended(): unknown {
    return this.#ended;
  }

  /** True while no answer is awaited. */
  get idle(): boolean {
    return this.#pending.size === 0;
  }

  /** What the quickest answer took, which is how far away the host is, in milliseconds. */
  get roundTripMs(): number {
    return this.#roundTripMs;
  }

  /** Sends the one packet that has no id. */
  initialize(packet: Uint8Array): Promise<Answer> {
    return this.#enqueue(VERSION_ID, packet, undefined);
  }

  /**
   * Sends a request; its id is written into the packet.
   *
   * @param packet must stay as it is until the answer is there
   * @param sink where file content goes
   * @throws whatever ended the channel, when it ends first
   */
  send(packet: Uint8Array, sink?: Uint8Array): Promise<Answer> {
    const id = this.#lastId = (this.#lastId + 1) >>> 0;
    packet[5] = id >>> 24;
    packet[6] = id >>> 16;
    packet[7] = id >>> 8;
    packet[8] = id;
    return this.#enqueue(id, packet, sink);
  }

  /** Fails everything that waits, with `reason`, and closes the channel. */
  end(reason: unknown): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    clearTimeout(this.#watchdog);
    for (const waiting of this.#pending.values()) waiting.reject(reason);
    this.#pending.clear();
    this.#channel.close();
  }

  #enqueue(id: number, packet: Uint8Array, sink: Uint8Array | undefined): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sentAt = performance.now();
    if (this.#pending.size === 0) this.#lastHeard = sentAt;
    this.#pending.set(id, { resolve, reject, sink, sentAt });
    this.#channel.write(packet);
    if (this.#watchdog === undefined) this.#watch(this.#stallLimitMs);
    return promise;
  }

  #receive(chunk: Uint8Array): void {
    if (this.#ended !== undefined) return;
    this.#lastHeard = performance.now();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error;
      this.end(new ToolError("remote_file_error", error.message, { hint: "try again", cause: error }));
    }
  }

  #settle(id: number, answer: Answer): void {
    const waiting = this.#pending.get(id);
    if (waiting === undefined) return;
    this.#pending.delete(id);
    this.#roundTripMs = Math.min(this.#roundTripMs, this.#lastHeard - waiting.sentAt);
    waiting.resolve(answer);
  }

  #watch(ms: number): void {
    this.#watchdog = setTimeout(() => {
      this.#watchdog = undefined;
      if (this.#pending.size === 0) return;
      const silentMs = performance.now() - this.#lastHeard;
      if (silentMs >= this.#stallLimitMs - 1) this.end(stalled(this.#stallLimitMs));
      else this.#watch(this.#stallLimitMs - silentMs);
    }, ms);
  }
}

function serverEnded(): ToolError {
  return new ToolError("remote_file_error", "the SFTP server of the host ended", {
    hint: "try again; if it ends again, look at the host's log",
  });
}

function stalled(ms: number): ToolError {
  return new ToolError("timed_out", `the SFTP server did not answer for ${ms / 1000} s`, {
    hint: "the remote file system may hang; look with ssh_execute",
  });
}
