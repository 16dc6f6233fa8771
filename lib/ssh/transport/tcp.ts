/** The TCP connection below SSH: name lookup and connect, each failure told apart. */
import net from "node:net";
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { denied, holds } from "../../sandbox.ts";
import { lineOf } from "./tcp_line.ts";
import { TcpStream } from "./tcp_stream.ts";

/** The address to reach. */
export interface Address {
  /** Host name or IP address. */
  host: string;
  /** TCP port, 1 to 65535. */
  port: number;
}

/**
 * Connects. The connection has Nagle's algorithm off: SSH sends small packets and waits for the answer, which Nagle's
 * algorithm and delayed acknowledgements together hold up by 40 ms (RFC 896, RFC 1122 §4.2.3.2).
 *
 * @param address of a name with several addresses, each is tried (RFC 8305)
 * @param signal gives the attempt up; once it has aborted there is no connection, nor will there be one
 * @throws {ToolError} when it cannot be, by reason
 */
export async function connectTcp(address: Address, signal: AbortSignal): Promise<TcpStream> {
  try {
    const { host: hostname, port } = address;
    const connection = await Deno.connect({ hostname, port, autoSelectFamily: true, signal });
    if (signal.aborted) connection.close();
    signal.throwIfAborted();
    connection.setNoDelay(true);
    return new TcpStream(lineOf(connection));
  } catch (error) {
    throw socketError(error as Error, address);
  }
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
  switch (lookupFailed(error) ? "ENOTFOUND" : error.code) {
    case "EPERM":
    case "EACCES":
      return forbidden(address, error);
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

/** Deno's sandbox, or the operating system, a firewall of this machine say, does not let us connect. */
function forbidden(address: Address, cause: Error): ToolError {
  const power = { name: "net", host: netTarget(address) } as const;
  const place = `${quoteUntrusted(address.host)} port ${address.port}`;
  if (!holds(power)) return denied(power, `connecting to ${place}`, cause);
  return new ToolError("host_unreachable", `the operating system does not let this server connect to ${place}`, {
    hint: "check the firewall of the machine where this server runs",
    cause,
  });
}

/** True for what Deno.connect() throws for a name that has no address (no class of its own) or cannot be a name at all. */
function lookupFailed(error: Error): boolean {
  return error instanceof URIError || error.message.startsWith("failed to lookup address information");
}

/** The value of `--allow-net` that allows the address; IPv6 stands in brackets. */
function netTarget(address: Address): string {
  return `${net.isIPv6(address.host) ? `[${address.host}]` : address.host}:${address.port}`;
}
