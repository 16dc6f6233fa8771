/**
 * SOCKS as a pure function of the bytes a client has sent so far: version 5 without authentication (RFC 1928), 4 and
 * 4a (the protocol notes by Ying-Da Lee), CONNECT only.
 */

/** More than any whole handshake needs: 4a with a user name, of no use here, and a host name of 255 bytes. */
const MAX_HANDSHAKE_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/** Version of the protocol. */
export type SocksVersion = 4 | 5;

/** How a request was answered, from which both versions' reply codes follow (RFC 1928 §6). */
export type SocksOutcome =
  | "granted"
  | "general_failure"
  | "not_allowed"
  | "network_unreachable"
  | "host_unreachable"
  | "connection_refused"
  | "command_not_supported"
  | "address_type_not_supported";

/** What to do next. */
export type SocksStep =
  /** Wait for more bytes. */
  | { kind: "more" }
  /** Send `reply`, take `used` bytes away and go on, `greeted`. */
  | { kind: "greet"; reply: Uint8Array; used: number }
  /** Connect, then answer with {@linkcode socksReply}; the bytes after `used` are the client's data. */
  | { kind: "connect"; version: SocksVersion; host: string; port: number; used: number }
  /** Send `reply`, which may be empty, and end the connection. */
  | { kind: "refuse"; reply: Uint8Array; reason: string };

/**
 * The next step of a handshake.
 *
 * @param bytes what the client has sent since the last step that used bytes
 * @param greeted true once version 5's choice of method has been answered
 */
export function nextSocksStep(bytes: Uint8Array, greeted: boolean): SocksStep {
  const step = greeted ? request5(bytes) : opening(bytes);
  if (step.kind === "more" && bytes.length > MAX_HANDSHAKE_BYTES) return silent("the SOCKS handshake is too long");
  return step;
}

/** The reply to a request; its bound address is zero, since the far end's is not known. */
export function socksReply(version: SocksVersion, outcome: SocksOutcome): Uint8Array {
  if (version === 4) return Uint8Array.of(0, outcome === "granted" ? 0x5a : 0x5b, 0, 0, 0, 0, 0, 0);
  return Uint8Array.of(5, REPLY_CODES[outcome], 0, 1, 0, 0, 0, 0, 0, 0);
}

const REPLY_CODES: Record<SocksOutcome, number> = {
  granted: 0,
  general_failure: 1,
  not_allowed: 2,
  network_unreachable: 3,
  host_unreachable: 4,
  connection_refused: 5,
  command_not_supported: 7,
  address_type_not_supported: 8,
};

const MORE: SocksStep = { kind: "more" };

function opening(bytes: Uint8Array): SocksStep {
  switch (bytes[0]) {
    case undefined:
      return MORE;
    case 4:
      return request4(bytes);
    case 5:
      return greeting5(bytes);
    default:
      return silent(`the client does not speak SOCKS (its first byte is 0x${hex(bytes[0])})`);
  }
}

/** RFC 1928 §3: version, number of methods, methods. Method 0 is "no authentication". */
function greeting5(bytes: Uint8Array): SocksStep {
  const methods = bytes[1];
  if (methods === undefined || bytes.length < 2 + methods) return MORE;
  const used = 2 + methods;
  if (bytes.subarray(2, used).includes(0)) return { kind: "greet", reply: Uint8Array.of(5, 0), used };
  return { kind: "refuse", reply: Uint8Array.of(5, 0xff), reason: "the SOCKS client insists on authentication" };
}

/** RFC 1928 §4: version, command, reserved, address type, address, port. */
function request5(bytes: Uint8Array): SocksStep {
  if (bytes.length > 0 && bytes[0] !== 5) return silent("the SOCKS request has another version than its greeting");
  if (bytes.length < 5) return MORE;
  const [, command, , type, first] = bytes as unknown as [number, number, number, number, number];
  if (command !== 1) return refuse(5, "command_not_supported", `SOCKS command ${command} is not supported`);
  const end = 4 + (type === 1 ? 4 : type === 4 ? 16 : 1 + first);
  if (type !== 1 && type !== 3 && type !== 4) {
    return refuse(5, "address_type_not_supported", `SOCKS address type ${type} is not supported`);
  }
  if (bytes.length < end + 2) return MORE;
  const address = bytes.subarray(type === 3 ? 5 : 4, end);
  const host = type === 1 ? ipv4(address) : type === 4 ? ipv6(address) : hostName(address);
  return connect(5, host, bytes, end, end + 2);
}

/** Version, command, port, address, user id and NUL; in 4a, for an address 0.0.0.x, a host name and NUL. */
function request4(bytes: Uint8Array): SocksStep {
  if (bytes.length < 9) return MORE;
  if (bytes[1] !== 1) return refuse(4, "command_not_supported", `SOCKS command ${bytes[1]} is not supported`);
  const userEnd = bytes.indexOf(0, 8);
  if (userEnd === -1) return MORE;
  const address = bytes.subarray(4, 8);
  const named = address[0] === 0 && address[1] === 0 && address[2] === 0 && address[3] !== 0;
  if (!named) return connect(4, ipv4(address), bytes, 2, userEnd + 1);
  const nameEnd = bytes.indexOf(0, userEnd + 1);
  if (nameEnd === -1) return MORE;
  return connect(4, hostName(bytes.subarray(userEnd + 1, nameEnd)), bytes, 2, nameEnd + 1);
}

function connect(
  version: SocksVersion,
  host: string | undefined,
  bytes: Uint8Array,
  portAt: number,
  used: number,
): SocksStep {
  if (host === undefined) return refuse(version, "general_failure", "the SOCKS client asked for a malformed host name");
  return { kind: "connect", version, host, port: new DataView(bytes.buffer, bytes.byteOffset).getUint16(portAt), used };
}

function refuse(version: SocksVersion, outcome: SocksOutcome, reason: string): SocksStep {
  return { kind: "refuse", reply: socksReply(version, outcome), reason };
}

/** For a peer that would not understand a reply. */
function silent(reason: string): SocksStep {
  return { kind: "refuse", reply: new Uint8Array(), reason };
}

function ipv4(bytes: Uint8Array): string {
  return bytes.join(".");
}

/** All eight groups, uncompressed: every reader of addresses takes that. */
function ipv6(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  return Array.from({ length: 8 }, (_, group) => view.getUint16(group * 2).toString(16)).join(":");
}

/** A name of printable ASCII, or undefined: nothing else is a name that a resolver would know. */
function hostName(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) return undefined;
  return bytes.every((byte) => byte > 0x20 && byte < 0x7f) ? new TextDecoder().decode(bytes) : undefined;
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
