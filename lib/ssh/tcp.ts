/** The TCP connection below SSH: name lookup and connect, each failure told apart. */
import { Buffer } from "node:buffer";
import net from "node:net";
import { quoteUntrusted, ToolError } from "../errors.ts";
import { denied } from "../sandbox.ts";

/** The address to reach. */
export interface Address {
  /** Host name or IP address. */
  host: string;
  /** TCP port, 1 to 65535. */
  port: number;
}

/**
 * Starts a TCP connection. The socket has Nagle's algorithm off: SSH sends small packets and waits for the answer,
 * which Nagle's algorithm and delayed acknowledgements together hold up by 40 ms (RFC 896, RFC 1122 §4.2.3.2).
 */
export function openSocket(address: Address): net.Socket {
  const socket = net.connect({ host: address.host, port: address.port });
  // Deno 2.9 takes the noDelay option of connect() without a word and without an effect.
  socket.once("connect", () => socket.setNoDelay(true));
  gatherWrites(socket);
  return socket;
}

/** From here on a run of pieces is sent, even if more come. */
const ENOUGH_BYTES = 64 * 1024;
/** What a buffer for a run holds: enough, and one packet more (RFC 4253 §6.1). */
const BUFFER_BYTES = ENOUGH_BYTES + 35_000;
/** How many buffers are kept for the next runs. */
const MAX_SPARE_BUFFERS = 4;

/**
 * Sends what is written in one go as one segment: ssh2 1.17 (protocol/crypto.js) writes the length, the payload and the
 * MAC of each packet by themselves, each a system call and, with Nagle's algorithm off, a segment of its own.
 */
function gatherWrites(socket: net.Socket): void {
  const write = socket.write.bind(socket);
  const spare: Buffer[] = [];
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  const flush = (): void => {
    const [together, total] = [pieces, bytes];
    pieces = [];
    bytes = 0;
    if (total === 0 || !socket.writable) return;
    if (together.length === 1) return void write(together[0] as Uint8Array);
    if (total > BUFFER_BYTES) return void write(Buffer.concat(together, total));
    const buffer = spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    let at = 0;
    for (const piece of together) {
      buffer.set(piece, at);
      at += piece.length;
    }
    write(buffer.subarray(0, total), () => {
      if (spare.length < MAX_SPARE_BUFFERS) spare.push(buffer);
    });
  };
  socket.write = (...args: unknown[]): boolean => {
    const [piece] = args;
    if (args.length > 1 || !(piece instanceof Uint8Array)) {
      flush();
      return Reflect.apply(write, undefined, args);
    }
    if (pieces.length === 0) queueMicrotask(flush);
    pieces.push(piece);
    bytes += piece.length;
    if (bytes >= ENOUGH_BYTES) flush();
    return true;
  };
  const end = socket.end.bind(socket);
  socket.end = (...args: unknown[]): net.Socket => {
    flush();
    return Reflect.apply(end, undefined, args);
  };
}

/** Resolves once `socket` is connected. @throws {ToolError} when it cannot be, by reason */
export function connected(socket: net.Socket, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      socket.off("connect", finish).off("error", finish);
      if (error === undefined) resolve();
      else reject(socketError(error, address));
    };
    socket.once("connect", () => finish()).once("error", finish);
  });
}

/** Says which of the ways a TCP connection can fail this was. */
export function socketError(error: Error & { code?: string; syscall?: string }, address: Address): ToolError {
  const place = `${quoteUntrusted(address.host)} port ${address.port}`;
  switch (error.code) {
    case "EPERM":
    case "EACCES":
      return denied({ name: "net", host: netTarget(address) }, `connecting to ${place}`, error);
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EAI_NONAME":
    case "EAI_FAIL":
    case "ENODATA":
      return new ToolError("name_not_resolved", `the host name ${quoteUntrusted(address.host)} could not be resolved`, {
        hint: "check the spelling, or give the IP address",
        cause: error,
      });
    case "ECONNREFUSED":
      return new ToolError("connection_refused", `nothing accepts connections at ${place}`, {
        hint: "check that the SSH server runs and that the port is right",
        cause: error,
      });
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "EHOSTDOWN":
      return new ToolError("host_unreachable", `there is no route to ${place}`, {
        hint: "check the network, VPN or firewall between here and the host",
        cause: error,
      });
    case "ETIMEDOUT":
      return new ToolError("timed_out", `the system gave up connecting to ${place}`, {
        hint: "check that the host is up and that no firewall drops the packets",
        cause: error,
      });
    default:
      if (error.name === "NotCapable") {
        return denied({ name: "net", host: netTarget(address) }, `connecting to ${place}`, error);
      }
      return new ToolError("connection_lost", `the connection to ${place} broke (${error.code ?? error.name})`, {
        hint: "try again",
        cause: error,
      });
  }
}

/** The value of `--allow-net` that allows the address; IPv6 stands in brackets. */
function netTarget(address: Address): string {
  return `${net.isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
