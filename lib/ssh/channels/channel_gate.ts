/**
 * Opens channels in order, and lets a call wait its turn where the server allows no more.
 *
 * A server that has reached its MaxSessions answers a channel-open with a failure (sshd_config(5), RFC 4254 §5.1). As
 * long as another channel of this connection is open, that is a reason to wait for it to close, not to fail.
 */
import type { Deadline } from "../deadline.ts";
import { ToolError } from "../../errors.ts";

/** The part of a channel that the gate watches. */
export interface GatedChannel {
  once(event: "close", listener: () => void): unknown;
}

/** Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE that another channel's end can cure (RFC 4254 §5.1). */
const CURABLE_REASONS: ReadonlySet<unknown> = new Set([1, 2, 4]);

/** How long a server may take to free the place of a channel that has closed. */
const LINGER_MS = 2000;
const RETRY_MS = 20;

/** How a gate starts an open: calls back with an error that may hold a numeric `reason`, or with the channel. */
export type ChannelOpener<C extends GatedChannel> = (
  callback: (error: (Error & { reason?: unknown }) | undefined, channel: C) => void,
) => void;

/** What limits the wait at the gate. */
export interface GateOptions {
  deadline: Deadline;
  signal?: AbortSignal | undefined;
  /** Goes before all who wait, and is refused where they would wait. @default false */
  urgent?: boolean | undefined;
  /** Has to see to a channel that opens when nobody waits for it any more. @default closes it */
  onLate?: ((channel: GatedChannel) => void) | undefined;
}

interface Waiter {
  /** Where it stands in line; a refused waiter goes back to its own place. */
  turn: number;
  attempt: () => Promise<"settled" | "refused">;
}

/** First come, first served access to the session channels of one connection. */
export class ChannelGate {
  #waiters: Waiter[] = [];
  #turns = 0;
  #open = 0;
  #opening = 0;
  /** Counts the events that may have made room on the server. */
  #released = 0;
  #full = false;
  #lastClose = -Infinity;
  readonly #onShortage: () => void;

  /** @param onShortage told whenever an open has to wait for another channel's end */
  constructor(onShortage: () => void = () => {}) {
    this.#onShortage = onShortage;
  }

  /** True when nobody waits for a channel, nor for the server's answer to the opening of one. */
  get idle(): boolean {
    return this.#waiters.length === 0 && this.#opening === 0;
  }

  /**
   * Opens a channel, waiting for its turn where the server has no room.
   *
   * @throws {ToolError} `channel_refused` when the server refuses and no other channel's end could change that,
   * `timed_out` at the deadline, `cancelled` by the signal
   */
  async open<C extends GatedChannel>(opener: ChannelOpener<C>, options: GateOptions): Promise<C> {
    const { promise, resolve, reject } = Promise.withResolvers<C>();
    const late = options.onLate ?? closeQuietly;
    let abandoned = false;
    let refusals = 0;
    let asked = false;
    const attempt = async (): Promise<"settled" | "refused"> => {
      if (abandoned) return "settled";
      this.#opening++;
      asked = true;
      const outcome = await attemptOpen(opener);
      asked = false;
      this.#opening--;
      if (!outcome.opened) {
        if (outcome.curable && !options.urgent && this.#roomMayCome()) {
          refusals++;
          return "refused";
        }
        reject(refused(outcome.error));
        if (!options.urgent) this.#release();
      } else {
        this.#watch(outcome.channel);
        if (abandoned) late(outcome.channel);
        else resolve(outcome.channel);
      }
      return "settled";
    };
    const unanswered = (): boolean => asked && refusals === 0;
    if (options.urgent) void attempt();
    else this.#waiters.push({ turn: this.#turns++, attempt });
    this.#pump();
    try {
      const describe = (): string => unanswered() ? "answer to the opening of a channel" : "free channel on the server";
      return await options.deadline.race(promise, describe, options.signal);
    } catch (error) {
      abandoned = true;
      promise.then(late, () => {});
      throw unanswered() ? error : withAdvice(error);
    }
  }

  #watch(channel: GatedChannel): void {
    this.#open++;
    channel.once("close", () => {
      this.#open--;
      this.#lastClose = performance.now();
      this.#release();
    });
  }

  /** True when another channel is open or was a moment ago: a server frees its place only after we saw it close. */
  #roomMayCome(): boolean {
    const lingers = performance.now() - this.#lastClose <= LINGER_MS;
    if (lingers) setTimeout(() => this.#release(), RETRY_MS);
    return lingers || this.#open + this.#opening > 0;
  }

  #release(): void {
    this.#released++;
    this.#full = false;
    this.#pump();
  }

  /** Starts the opens in order, many at once, until the server says that it is full. */
  #pump(): void {
    while (!this.#full) {
      const waiter = this.#waiters.shift();
      if (waiter === undefined) return;
      const releasedBefore = this.#released;
      void waiter.attempt().then((outcome) => {
        if (outcome === "settled") return;
        this.#waiters = [...this.#waiters, waiter].sort((one, other) => one.turn - other.turn);
        // What ended while the refusal was on its way has made room already.
        this.#full = this.#released === releasedBefore;
        if (this.#full) this.#onShortage();
        this.#pump();
      });
    }
  }
}

type Outcome<C> = { opened: true; channel: C } | { opened: false; error: Error; curable: boolean };

function attemptOpen<C extends GatedChannel>(opener: ChannelOpener<C>): Promise<Outcome<C>> {
  return new Promise((resolve) => {
    try {
      opener((error, channel) => {
        if (error) resolve({ opened: false, error, curable: CURABLE_REASONS.has(error.reason) });
        else resolve({ opened: true, channel });
      });
    } catch (error) {
      resolve({ opened: false, error: error instanceof Error ? error : new Error(String(error)), curable: false });
    }
  });
}

function refused(cause: Error): ToolError {
  if (cause instanceof ToolError) return cause;
  return new ToolError("channel_refused", "the server refused to open a channel", {
    hint: "close what else runs on this session, or ask for a higher MaxSessions in sshd_config",
    cause,
  });
}

/** What to do when the time is over and it never was this call's turn. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof ToolError) || error.code !== "timed_out") return error;
  return new ToolError(error.code, error.message, {
    hint: "commands, shells and transfers of this session, and what they left running with its output open, hold all " +
      "channels that the server allows (MaxSessions); end some, or open another session with ssh_connect",
    cause: error,
  });
}

function closeQuietly(channel: GatedChannel): void {
  const closable = channel as { close?: () => void; end?: () => void };
  if (closable.close) closable.close();
  else closable.end?.();
}
