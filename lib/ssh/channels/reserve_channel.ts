/**
 * One session channel that is open before it is needed. A command otherwise waits two round trips until it starts, one
 * for the channel and one for itself (RFC 4254 §5.1 and §6.5); on a channel in reserve it waits one.
 */
import { ToolError } from "../../errors.ts";
import type { ChannelOpener } from "./channel_gate.ts";
import type { Client, ClientChannel } from "../ssh2.ts";

/** How long nothing is tried after the server had no room. */
const PAUSE_MS = 1000;

/** What ssh2 1.17 (client.js, openChannel and reqExec) does in one step, and is done in two here. */
interface Internals {
  _chanMgr: { add(onAnswer: OnAnswer): number };
  _protocol: {
    session(id: number, windowBytes: number, packetBytes: number): void;
    exec(id: number, command: string, wantReply: boolean): void;
  };
}
type OnAnswer = Parameters<ChannelOpener<ClientChannel>>[0] & { type?: string };
type ChannelInternals = {
  incoming: { state: string };
  outgoing: { id: number; state: string };
  subtype?: string;
  _callbacks: Array<(failed: unknown) => void>;
};

/** What ssh2 takes for granted of every channel (Channel.js). */
const WINDOW_BYTES = 2 * 1024 * 1024;
const PACKET_BYTES = 32 * 1024;

/** The channel in reserve of one connection. */
export class ReserveChannel {
  readonly #open: () => Promise<ClientChannel>;
  #channel: Promise<ClientChannel | undefined> | undefined;
  #pausedUntil = -Infinity;

  /** @param open opens a session channel at once, or fails where the server has no room */
  constructor(open: () => Promise<ClientChannel>) {
    this.#open = open;
  }

  /** Opens one, where there is none. */
  prepare(): void {
    if (this.#channel !== undefined || performance.now() < this.#pausedUntil) return;
    const forget = (): void => {
      if (this.#channel === opening) this.#channel = undefined;
    };
    const opening = this.#open().then((channel) => {
      channel.once("close", forget).on("error", () => {}); // what an error means is in the close that follows
      channel.resume(); // ssh2 tells of a channel's close only once its end has been read
      return channel;
    }, () => {
      this.#pause();
      forget();
      return undefined;
    });
    this.#channel = opening;
  }

  /** Gives the channel away, also while it is being opened; undefined when there is none, or comes to be none. */
  take(): Promise<ClientChannel | undefined> | undefined {
    const channel = this.#channel;
    this.#channel = undefined;
    return channel;
  }

  /** Gives the channel up, for another that needs its place. */
  giveUp(): void {
    this.#pause();
    this.take()?.then((channel) => channel?.close());
  }

  #pause(): void {
    this.#pausedUntil = performance.now() + PAUSE_MS;
  }
}

/** Opens a session channel on which nothing runs yet. */
export function openSessionChannel(client: Client): ChannelOpener<ClientChannel> {
  return (callback) => {
    const { _chanMgr: manager, _protocol: protocol } = client as unknown as Internals;
    const onAnswer: OnAnswer = (error, channel) => {
      // Taken for one on which something runs already, as far as ssh2 and the closing of such channels care.
      if (error === undefined) (channel as unknown as ChannelInternals).subtype = "exec";
      callback(error, channel);
    };
    onAnswer.type = "session";
    const id = manager.add(onAnswer);
    if (id < 0) callback(new Error("no channel number is free"), undefined as never);
    else protocol.session(id, WINDOW_BYTES, PACKET_BYTES);
  };
}

/**
 * Starts a command on a channel that {@linkcode openSessionChannel} has opened.
 *
 * @param onStarted called before anything can happen on the channel, as with ssh2's own exec()
 * @returns the channel; undefined when the command was not started, since the channel is closed or the server refused
 * @throws {ToolError} `channel_refused` when the server closed the channel at the same moment, so that nobody knows
 */
export function execOn(
  client: Client,
  channel: ClientChannel,
  command: string,
  onStarted: (channel: ClientChannel) => void,
): Promise<ClientChannel | undefined> {
  const { incoming, outgoing, _callbacks: callbacks } = channel as unknown as ChannelInternals;
  if (outgoing.state !== "open") return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    callbacks.push((failed) => {
      if (failed && incoming.state === "closed") return reject(fateUnknown());
      if (failed) channel.close();
      else onStarted(channel);
      resolve(failed ? undefined : channel);
    });
    (client as unknown as Internals)._protocol.exec(outgoing.id, command, true);
  });
}

function fateUnknown(): ToolError {
  return new ToolError("channel_refused", "the server closed the channel on which the command was being started", {
    hint: "whether it ran is not known: look first, then run it again",
  });
}
