/** The SOCKS handshake on a socket, with a limit in time. */
import { Buffer } from "node:buffer";
import { ToolError } from "../../errors.ts";
import type { TcpSocket } from "../transport/tcp_socket.ts";
import { nextSocksStep, type SocksOutcome, type SocksVersion } from "./socks.ts";
import { OpenRefused } from "./far_end.ts";

const HANDSHAKE_LIMIT_MS = 15_000;
/** How long a refused client may take to read why. */
const FAREWELL_LIMIT_MS = 1000;

/** What a client asked for. */
export interface SocksRequest {
  /** In which the client expects its answer. */
  version: SocksVersion;
  /** Name or address, for the far end to look up. */
  host: string;
  /** TCP port. */
  port: number;
  /** What it has sent after its request. */
  head: Uint8Array;
}

/** How a handshake is run. */
export interface SocksHandshakeOptions {
  /** Called once with the request; the socket is paused then. */
  onRequest: (request: SocksRequest) => void;
  /** Called once when there is none; the socket is being ended then. */
  onFailure: (reason: string) => void;
  /** Limit of the whole handshake in milliseconds. @default 15,000 */
  limitMs?: number | undefined;
}

/** Reads a client's request from a paused socket. */
export function readSocksRequest(local: TcpSocket, options: SocksHandshakeOptions): void {
  const { socket } = local;
  let bytes: Uint8Array = new Uint8Array();
  let greeted = false;
  const stop = (): void => {
    clearTimeout(timer);
    local.onBytes = () => {};
    socket.off("end", onEnd).off("close", onEnd);
  };
  const fail = (reason: string, reply: Uint8Array = new Uint8Array()): void => {
    stop();
    farewell(local, reply);
    options.onFailure(reason);
  };
  const onEnd = (): void => fail("the client ended during the SOCKS handshake");
  local.onBytes = (chunk) => {
    bytes = Buffer.concat([bytes, chunk]);
    while (true) {
      const step = nextSocksStep(bytes, greeted);
      if (step.kind === "more") return;
      if (step.kind === "refuse") return fail(step.reason, step.reply);
      bytes = bytes.subarray(step.used);
      if (step.kind === "greet") {
        greeted = true;
        socket.write(step.reply);
        continue;
      }
      stop();
      socket.pause();
      const { version, host, port } = step;
      return options.onRequest({ version, host, port, head: bytes });
    }
  };
  const limitMs = options.limitMs ?? HANDSHAKE_LIMIT_MS;
  const timer = setTimeout(() => fail(`no SOCKS request within ${limitMs / 1000} s`), limitMs);
  socket.once("end", onEnd).once("close", onEnd);
  socket.resume();
}

/**
 * Says a last word and closes. What the client still sends is read and thrown away: closing with unread bytes would
 * reset the connection and could take the last word with it.
 */
export function farewell({ socket }: TcpSocket, reply: Uint8Array): void {
  if (socket.destroyed) return;
  const timer = setTimeout(() => socket.destroy(), FAREWELL_LIMIT_MS);
  socket.once("close", () => clearTimeout(timer));
  socket.resume();
  socket.end(reply);
}

/** The reply that tells a SOCKS client why the far end could not be reached (RFC 1928 §6). */
export function outcomeOf(error: Error): SocksOutcome {
  if (error instanceof ToolError && error.code === "timed_out") return "host_unreachable";
  if (!(error instanceof OpenRefused)) return "general_failure";
  if (error.reason === 1) return "not_allowed";
  if (/refused/i.test(error.description)) return "connection_refused";
  if (/network is unreachable/i.test(error.description)) return "network_unreachable";
  if (/no route|unreachable|timed out|unknown host|name|resol/i.test(error.description)) return "host_unreachable";
  return "general_failure";
}
