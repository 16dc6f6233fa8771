/** Opening a channel to a place that the SSH server reaches, and what its refusals mean. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Connection } from "../connection.ts";
import type { Channel } from "../ssh2.ts";

/** A server that tries a dead address waits for its own TCP limit, about 130 s on Linux. */
const OPEN_LIMIT_MS = 150_000;

/** A place as the server sees it: a host (a name is resolved there) and port, or the path of a Unix socket. */
export type Destination = { host: string; port: number } | { socketPath: string };

/** Who connected, as the channel-open message tells it (RFC 4254 §7.2). */
export interface Originator {
  /** IP address. */
  address: string;
  /** TCP port. */
  port: number;
}

/** The server's refusal of one channel. */
export class OpenRefused extends ToolError {
  /** Reason code of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 §5.1); undefined when no answer came. */
  readonly reason: number | undefined;
  /** The server's words; untrusted. */
  readonly description: string;

  /**
   * Reads the refusal.
   *
   * @param error as ssh2 gives it: its message ends in the server's words
   */
  constructor(destination: Destination, error: Error & { reason?: unknown }) {
    const reason = typeof error.reason === "number" ? error.reason : undefined;
    const description = error.message.replace(/^\(SSH\) Channel open failure: /, "");
    super(
      "forward_refused",
      `${placeName(destination)}: ${refusal(reason, destination)}, ${quoteUntrusted(description)}`,
      {
        cause: error,
      },
    );
    this.reason = reason;
    this.description = description;
  }
}

/** A destination for people. */
export function placeName(destination: Destination): string {
  return "socketPath" in destination
    ? quoteUntrusted(destination.socketPath, 255).slice(1, -1)
    : hostAndPort(quoteUntrusted(destination.host, 255).slice(1, -1), destination.port);
}

/** An address in one word; IPv6 stands in brackets. */
export function hostAndPort(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Opens a channel to `destination`. `done` is called exactly once and, when it gets a channel, in the very tick in
 * which that opened.
 *
 * @returns gives the attempt up: `done` is not called any more, and a channel that still comes is closed
 */
export function openFarEnd(
  connection: Connection,
  destination: Destination,
  originator: Originator,
  done: (error: ToolError | undefined, channel?: Channel) => void,
): () => void {
  let settled = false;
  const settle = (error: ToolError | undefined, channel?: Channel): void => {
    if (settled) return channel && discard(channel);
    settled = true;
    clearTimeout(timer);
    done(error, channel);
  };
  const timer = setTimeout(() => {
    const message = `${placeName(destination)}: no answer from the server within ${OPEN_LIMIT_MS / 1000} s`;
    settle(new ToolError("timed_out", message));
  }, OPEN_LIMIT_MS);
  const answered = (error: Error | undefined, channel: Channel): void => {
    if (error) settle(new OpenRefused(destination, error));
    else settle(undefined, channel);
  };
  try {
    start(connection, destination, originator, answered);
  } catch (error) {
    // ssh2 throws when its socket is already closed, a moment before it says so.
    queueMicrotask(() => settle(connection.ended ?? new OpenRefused(destination, error as Error)));
  }
  return () => {
    settled = true;
    clearTimeout(timer);
  };
}

function start(
  { client }: Connection,
  destination: Destination,
  originator: Originator,
  answered: (error: Error | undefined, channel: Channel) => void,
): void {
  if ("socketPath" in destination) {
    client.openssh_forwardOutStreamLocal(destination.socketPath, answered);
  } else {
    client.forwardOut(originator.address, originator.port, destination.host, destination.port, answered);
  }
}

function discard(channel: Channel): void {
  channel.on("error", () => {}).resume();
  channel.close();
}

function refusal(reason: number | undefined, destination: Destination): string {
  const isSocket = "socketPath" in destination;
  switch (reason) {
    case 1:
      return `forbidden by the server (${isSocket ? "AllowStreamLocalForwarding" : "AllowTcpForwarding, PermitOpen"})`;
    case 2:
      // OpenSSH's sshd gives this reason for a Unix socket in either case.
      return `the server could not connect${isSocket ? ", or may not (AllowStreamLocalForwarding)" : ""}`;
    case 3:
      return "not supported by the server";
    case 4:
      return "the server is short of resources";
    default:
      return "the server refused";
  }
}
