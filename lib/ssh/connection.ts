/** A promise face on ssh2's Client: connect, channels, keepalive, drop and close. */
import type { Buffer } from "node:buffer";
import { ToolError } from "../errors.ts";
import { clientAlgorithms } from "./transport/algorithms.ts";
import { Authenticator, type Credentials } from "./authentication/authentication.ts";
import { ChannelGate, type ChannelOpener } from "./channels/channel_gate.ts";
import { Deadline } from "./deadline.ts";
import { endedEarly, type HandshakeEvidence, handshakeFailure } from "./transport/handshake_failure.ts";
import { type HostKey, hostKeyFromBlob, type HostKeyVerdict, type KnownHosts } from "./host_keys/known_hosts.ts";
import { OpeningBytes } from "./transport/opening_bytes.ts";
import { SecondConnection } from "./channels/second_connection.ts";
import {
  type Client,
  type ClientChannel,
  type ClientError,
  loadSsh2,
  type NegotiatedAlgorithms,
  type PseudoTtyOptions,
} from "./ssh2.ts";
import { execOn, openSessionChannel, ReserveChannel } from "./channels/reserve_channel.ts";
import { habitsOf, keepQuiet, SpreadChannels } from "./channels/spread_channels.ts";
import { type Address, connectTcp } from "./transport/tcp.ts";
import type { TcpStream } from "./transport/tcp_stream.ts";
import type { TurnLimits } from "./turns.ts";

const KEEPALIVE_INTERVAL_MS = 15_000;
const KEEPALIVE_MISSES = 3;
const CLOSE_LIMIT_MS = 500;
const RESERVE_LIMIT_MS = 10_000;
/** Servers that are known to take a channel on which nothing runs as what it is. */
const KEEPS_RESERVE = /^OpenSSH_/;

/** What a connection is made with. */
export interface ConnectOptions extends Address {
  username: string;
  credentials: Credentials;
  knownHosts: KnownHosts;
  /** Limit of the whole way to a usable connection, in milliseconds. */
  timeoutMs: number;
  /** The limit, when it runs already. @default one of `timeoutMs`, from now on */
  deadline?: Deadline | undefined;
  signal?: AbortSignal | undefined;
}

/** What is known of a connection once it stands. */
export interface ConnectionFacts extends Address {
  username: string;
  /** The server's software version, e.g. `OpenSSH_9.2p1` (RFC 4253 §4.2); untrusted text. */
  serverVersion: string;
  hostKey: HostKey;
  /** How the key came to be accepted. */
  hostKeyVerdict: HostKeyVerdict;
  /** Negotiated key exchange method. */
  kex: string;
  /** Negotiated cipher, client to server. */
  cipher: string;
}

/** What limits the opening of a channel. */
export interface ChannelOptions {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
  /** Does not wait in line: `channel_refused` at once where the server has no room. @default false */
  urgent?: boolean | undefined;
  /**
   * Has to see to what was started when nobody waits for it any more: the request was on its way when the time was over.
   * @default closes the channel
   */
  onLate?: (() => void) | undefined;
}

/** Sees a channel before anything can happen on it. */
export type OnOpen = (channel: ClientChannel) => void;

/** Starts something on a new channel of `client`. */
type ChannelStart = (client: Client, callback: Parameters<ChannelOpener<ClientChannel>>[0]) => void;

/** One authenticated SSH connection. */
export class Connection {
  /** What is known of the connection. */
  readonly facts: ConnectionFacts;
  /** For what cannot wait until this connection has room for another channel. */
  readonly second: SecondConnection;
  readonly #client: Client;
  readonly #socket: TcpStream;
  readonly #shortageListeners = new Set<() => void>();
  readonly #gate = new ChannelGate(() => this.#shortageListeners.forEach((listener) => listener()));
  readonly #reserve: ReserveChannel;
  /** Where this connection is not to have all channels itself. */
  readonly #spread: SpreadChannels<Connection> | undefined;
  readonly #closeListeners = new Set<(reason: ToolError) => void>();
  #ended: ToolError | undefined;

  private constructor(client: Client, socket: TcpStream, facts: ConnectionFacts, options: ConnectOptions) {
    this.#client = client;
    this.#socket = socket;
    this.facts = facts;
    this.second = new SecondConnection((timeoutMs) => {
      return Connection.connect({ ...options, timeoutMs, deadline: undefined, signal: undefined });
    });
    const habits = habitsOf(facts.serverVersion);
    if (habits !== undefined) {
      const connect = (limits: TurnLimits): Promise<Connection> => Connection.connect({ ...options, ...limits });
      this.#spread = new SpreadChannels<Connection>(this, habits, connect);
    }
    if (habits === "one channel a connection") this.onEnd(keepQuiet(client));
    this.#reserve = new ReserveChannel(() => {
      const limits = { deadline: new Deadline(RESERVE_LIMIT_MS), urgent: true };
      return this.#gate.open(openSessionChannel(client), limits);
    });
    this.onShortage(() => this.#reserve.giveUp());
    client.on("error", (error: ClientError) => this.#end(dropped(facts, error)));
    client.on("close", () => this.#end(dropped(facts)));
  }

  /**
   * Connects, checks the host key and authenticates.
   *
   * @throws {ToolError} with a code for each way in which that can fail; `timed_out` at `timeoutMs`, whatever stage hangs
   */
  static async connect(options: ConnectOptions): Promise<Connection> {
    const deadline = options.deadline ?? new Deadline(options.timeoutMs);
    const { Client } = await loadSsh2();
    const knownTypes = await options.knownHosts.knownKeyTypes(options.host, options.port);
    const handshake = new Handshake(new Client(), options, clientAlgorithms(knownTypes));
    try {
      const { facts, socket } = await deadline.race(handshake.run(), () => handshake.stage, options.signal);
      return new Connection(handshake.client, socket, facts, options);
    } catch (error) {
      handshake.abort();
      throw error;
    }
  }

  /** ssh2's client, for this folder. */
  get client(): Client {
    return this.#client;
  }

  /** Why the connection is no longer usable; undefined while it is. */
  get ended(): ToolError | undefined {
    return this.#ended;
  }

  /**
   * Calls `listener` once when the connection ends, for whatever reason, at once when it has ended already.
   *
   * @returns takes the listener away again
   */
  onEnd(listener: (reason: ToolError) => void): () => void {
    if (this.#ended !== undefined) listener(this.#ended);
    else this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /**
   * Opens a session channel and starts `command` on it (RFC 4254 §6.5).
   *
   * @param onOpen called with the channel before anything can happen on it: what a server sends together with its
   * consent, an exit status say, is lost to listeners that are added later
   * @throws {ToolError} `channel_refused`, `timed_out`, `cancelled` or `session_dropped`
   */
  async exec(command: string, options: ChannelOptions, onOpen?: OnOpen): Promise<ClientChannel> {
    const onStart: OnOpen = (channel) => {
      if (KEEPS_RESERVE.test(this.facts.serverVersion)) {
        channel.once("close", () => setTimeout(() => this.#prepareReserve()));
      }
      onOpen?.(channel);
    };
    const reserve = this.#reserve.take();
    const channel = reserve && await this.#execOn(reserve, command, options, onStart);
    return channel ?? await this.#open(options, onStart, (client, callback) => client.exec(command, callback));
  }

  /**
   * Opens a session channel with a terminal and starts the login shell on it (RFC 4254 §6.2, §6.5); with a `command`,
   * that instead of the shell.
   */
  shell(
    terminal: PseudoTtyOptions,
    options: ChannelOptions,
    onOpen?: OnOpen,
    command?: string,
  ): Promise<ClientChannel> {
    return this.#open(options, onOpen, (client, callback) => {
      if (command === undefined) client.shell(terminal, callback);
      else client.exec(command, { pty: terminal }, callback);
    });
  }

  /**
   * Opens a session channel and starts a subsystem on it (RFC 4254 §6.5).
   *
   * @throws {ToolError} as {@linkcode exec}; `channel_refused` also when the server has no such subsystem
   */
  subsystem(name: string, options: ChannelOptions, onOpen?: OnOpen): Promise<ClientChannel> {
    return this.#open(options, onOpen, (client, callback) => {
      client.subsys(name, (error, channel) => {
        if (error !== undefined) closeUnstarted(client);
        callback(error, channel);
      });
    });
  }

  /**
   * Asks the server to send a signal to what runs on `channel` (RFC 4254 §6.9); there is no answer, and OpenSSH does
   * nothing for root. ssh2's own signal() does nothing once the input of the command has been ended, as ours has been.
   */
  signal(channel: ClientChannel, name: "TERM" | "KILL"): void {
    type Internals = {
      _client: { _protocol: { signal(id: number, name: string): void } };
      outgoing: { id: number; state: string };
    };
    const { _client: client, outgoing } = channel as unknown as Internals;
    if (this.#ended !== undefined || outgoing.state === "closed" || outgoing.state === "closing") return;
    client._protocol.signal(outgoing.id, name);
  }

  /**
   * Calls `listener` whenever a channel has to wait because the server allows no more, so that one kept in reserve can
   * be given up.
   *
   * @returns takes the listener away again
   */
  onShortage(listener: () => void): () => void {
    this.#shortageListeners.add(listener);
    return () => this.#shortageListeners.delete(listener);
  }

  /**
   * Waits for `promise`, but no longer than the connection lives.
   *
   * @throws {ToolError} `session_dropped` when the connection ends first
   */
  async whileUp<T>(promise: Promise<T>): Promise<T> {
    const { promise: end, reject } = Promise.withResolvers<never>();
    const forget = this.onEnd(reject);
    promise.catch(() => {});
    try {
      return await Promise.race([promise, end]);
    } finally {
      forget();
    }
  }

  /** Says goodbye and closes; waits for the server's side half a second at most. */
  async close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wasUp = this.#ended === undefined;
    this.#end(new ToolError("session_dropped", "the session was closed", { hint: "connect again with ssh_connect" }));
    if (!wasUp) return;
    this.#client.once("close", resolve);
    this.#client.end();
    const timer = setTimeout(resolve, CLOSE_LIMIT_MS);
    await promise;
    clearTimeout(timer);
    this.#socket.destroy(); // ssh2's own destroy() leaves a socket open that has been ended
  }

  /** Starts a command on the channel in reserve; undefined when that turns out to be of no use. */
  async #execOn(
    reserve: Promise<ClientChannel | undefined>,
    command: string,
    options: ChannelOptions,
    onStart: OnOpen,
  ): Promise<ClientChannel | undefined> {
    let abandoned = false;
    const started = reserve.then((channel) => {
      if (!abandoned) return channel && execOn(this.#client, channel, command, onStart);
      channel?.close();
      return undefined;
    });
    try {
      return await this.whileUp(options.deadline.race(started, () => "start of the command", options.signal));
    } catch (error) {
      abandoned = true;
      started.then((channel) => channel && options.onLate ? options.onLate() : channel?.close(), () => {});
      throw error;
    }
  }

  /** Only when the answer that the command's end belongs to is on its way, and nobody waits for a channel. */
  #prepareReserve(): void {
    if (this.#ended === undefined && this.#gate.idle) this.#reserve.prepare();
  }

  #open(options: ChannelOptions, onOpen: OnOpen | undefined, start: ChannelStart): Promise<ClientChannel> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#spread === undefined) return this.#openHere(options, onOpen, start);
    return this.whileUp(this.#spread.open(options, (connection, watch) => {
      const onWatched: OnOpen = (channel) => {
        watch(channel);
        onOpen?.(channel);
      };
      return connection.#openHere(options, onWatched, start);
    }));
  }

  #openHere(options: ChannelOptions, onOpen: OnOpen | undefined, start: ChannelStart): Promise<ClientChannel> {
    const opener: ChannelOpener<ClientChannel> = (callback) => {
      start(this.#client, (error, channel) => {
        if (error === undefined) onOpen?.(channel);
        callback(error, channel);
      });
    };
    return this.whileUp(this.#gate.open(opener, options)).catch((error) => {
      throw isOfLostConnection(error) ? this.#ended ?? dropped(this.facts) : error;
    });
  }

  #end(reason: ToolError): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    void this.#spread?.close();
    for (const listener of this.#closeListeners) listener(reason);
    this.#closeListeners.clear();
  }
}

/** One attempt at a connection, up to the moment it is usable. */
class Handshake {
  readonly client: Client;
  stage = "TCP connection";
  readonly #options: ConnectOptions;
  readonly #givenUp = new AbortController();
  #socket: TcpStream | undefined;
  readonly #evidence: HandshakeEvidence;
  #hostKey: { key: HostKey; verdict: HostKeyVerdict | undefined } | undefined;
  #hostKeyKept: Promise<void> = Promise.resolve();
  #verdict: unknown;

  constructor(client: Client, options: ConnectOptions, algorithms: HandshakeEvidence["offered"]) {
    this.client = client;
    this.#options = options;
    this.#evidence = {
      address: options,
      opening: new OpeningBytes(),
      authenticator: new Authenticator(options.username, options.credentials),
      offered: algorithms,
    };
  }

  async run(): Promise<{ facts: ConnectionFacts; socket: TcpStream }> {
    const socket = await connectTcp(this.#options, this.#givenUp.signal);
    this.#socket = socket;
    if (this.#givenUp.signal.aborted) socket.destroy(); // given up in between
    this.#givenUp.signal.throwIfAborted();
    this.stage = "SSH banner from the server";
    const negotiated = await this.#negotiate(socket);
    const inside = this.client as unknown as { _protocol?: { _decipher?: { keepsNothing?: true } } };
    socket.lend(() => inside._protocol?._decipher?.keepsNothing === true);
    this.#evidence.opening.release();
    if (this.#hostKey?.verdict === undefined) throw new Error("ssh2 became ready without a host key check");
    const { host, port, username } = this.#options;
    const serverVersion = (this.client as unknown as { _remoteVer?: string })._remoteVer ?? "";
    const { key: hostKey, verdict: hostKeyVerdict } = this.#hostKey;
    const { kex, cs } = negotiated;
    return { facts: { host, port, username, serverVersion, hostKey, hostKeyVerdict, kex, cipher: cs.cipher }, socket };
  }

  abort(): void {
    this.#evidence.opening.release();
    this.client.on("error", () => {}); // nobody is left to tell
    this.client.destroy();
    this.#givenUp.abort();
    this.#socket?.on("error", () => {}).destroy();
  }

  #negotiate(socket: TcpStream): Promise<NegotiatedAlgorithms> {
    const { promise, resolve, reject } = Promise.withResolvers<NegotiatedAlgorithms>();
    let negotiated: NegotiatedAlgorithms | undefined;
    const onHandshake = (result: NegotiatedAlgorithms): void => {
      negotiated = result;
      this.stage = "answer to authentication";
      this.#hostKeyKept = this.#keepHostKey();
      this.#hostKeyKept.catch(reject);
    };
    const onReady = (): void => {
      if (negotiated === undefined) reject(new Error("ssh2 became ready without a handshake"));
      else resolve(negotiated);
    };
    const onError = (error: ClientError): void => {
      // ssh2 goes on to the next key or method.
      if (error.level === "agent") this.#evidence.authenticator.agentFailed(error);
      else reject(this.#verdict ?? handshakeFailure(error, this.#evidence));
    };
    const onClose = (): void => reject(this.#verdict ?? endedEarly(this.#evidence));
    const { client } = this;
    client.once("handshake", onHandshake).once("ready", onReady).on("error", onError).once("close", onClose);
    client.connect({
      sock: socket,
      username: this.#options.username,
      algorithms: this.#evidence.offered,
      authHandler: (left, partial, callback) => {
        // Who is refused hears no password; the refusal has been told by then.
        this.#hostKeyKept.then(() => this.#evidence.authenticator.next(left, partial, callback), () => {});
      },
      hostVerifier: this.#verifyHostKey,
      readyTimeout: 0, // the deadline of connect() covers every stage
      keepaliveInterval: KEEPALIVE_INTERVAL_MS,
      keepaliveCountMax: KEEPALIVE_MISSES,
    });
    this.#evidence.opening.watch(socket);
    socket.once("data", () => this.stage = "end of the key exchange");
    return promise.finally(() => {
      client.off("handshake", onHandshake).off("ready", onReady).off("error", onError).off("close", onClose);
    });
  }

  /** The key exchange is done, so the server has proved to hold the key that it showed; before, nothing is kept. */
  async #keepHostKey(): Promise<void> {
    const shown = this.#hostKey;
    if (shown === undefined || shown.verdict !== undefined) return;
    const { host, port, knownHosts } = this.#options;
    shown.verdict = await knownHosts.accept(host, port, shown.key);
  }

  #verifyHostKey = (blob: Buffer, accept: (valid: boolean) => void): void => {
    // A new key exchange of a connection that stands, after 1 GB say: answered at once, since ssh2 1.17 (kex.js, a
    // "partial" finish) sends broken packets when the verdict comes after the server's NEWKEYS.
    if (this.#hostKey !== undefined) return accept(blob.equals(this.#hostKey.key.blob));
    this.stage = "verdict on the host key";
    const key = hostKeyFromBlob(blob);
    const { host, port, knownHosts } = this.#options;
    knownHosts.judge(host, port, key).then((verdict) => {
      this.stage = "end of the key exchange";
      this.#hostKey = { key, verdict };
      accept(true);
    }, (error) => {
      this.#verdict = error;
      accept(false);
    });
  };
}

/**
 * Closes the session channels on which nothing was started: ssh2 1.17 (client.js, reqSubsystem) leaves a channel open
 * when the server has no such subsystem, and each counts against MaxSessions.
 */
function closeUnstarted(client: Client): void {
  type Started = ClientChannel & { type?: string; subtype?: string; _callbacks?: unknown[] };
  const { _chanMgr: manager } = client as unknown as { _chanMgr?: { _channels: Record<string, Started | true> } };
  for (const channel of Object.values(manager?._channels ?? {})) {
    if (channel === true || channel.type !== "session" || channel.subtype !== undefined) continue;
    if (channel._callbacks?.length === 0) channel.close();
  }
}

/** ssh2 1.17 (client.js) says so, before it says that the connection is closed. */
function isOfLostConnection(error: unknown): boolean {
  if (!(error instanceof ToolError) || error.code !== "channel_refused") return false;
  return error.cause instanceof Error && /^(Not connected|No response from server)$/.test(error.cause.message);
}

function dropped(facts: ConnectionFacts, cause?: ClientError): ToolError {
  const why = cause === undefined
    ? "the server or the network closed the connection"
    : cause.message === "Keepalive timeout"
    ? "the server no longer answers"
    : "the connection broke";
  return new ToolError("session_dropped", `the session's connection is gone: ${why}`, {
    hint: `connect again with ssh_connect (host ${facts.host}, port ${facts.port}, username ${facts.username})`,
    cause,
  });
}
