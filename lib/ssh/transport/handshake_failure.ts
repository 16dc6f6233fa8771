/** Turns the ways a handshake can fail into errors that say which it was. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Authenticator } from "../authentication/authentication.ts";
import { type KeyExchangeInit, parseServerKeyExchangeInit } from "./key_exchange_init.ts";
import type { OpeningBytes } from "./opening_bytes.ts";
import type { Algorithms, ClientError } from "../ssh2.ts";
import { type Address, socketError } from "./tcp.ts";

/** What is known of a handshake when it fails. */
export interface HandshakeEvidence {
  address: Address;
  opening: OpeningBytes;
  authenticator: Authenticator;
  offered: Algorithms;
}

/** Names the failure behind an error that ssh2 emitted before the connection was ready. */
export function handshakeFailure(
  error: ClientError & { code?: string | number },
  evidence: HandshakeEvidence,
): ToolError {
  if (error instanceof ToolError) return error;
  const { address, opening, authenticator } = evidence;
  const { code } = error;
  if (error.level === "client-authentication") return authenticator.failure(error);
  if (typeof code === "number") return disconnected(error, evidence);
  if (error.level === "client-socket" || code?.startsWith("E")) {
    return socketError(error as { code?: string } & Error, address);
  }
  if (!/(?:^|\n)SSH-(?:2\.0|1\.99)-/.test(opening.text)) return notSsh(evidence, error);
  if (error.message.includes("no matching")) return noCommonAlgorithm(error, evidence);
  return new ToolError("connection_lost", `the SSH handshake failed: ${quoteUntrusted(error.message)}`, {
    hint: "try again; if it stays, look at the SSH server's log",
    cause: error,
  });
}

/** The server said why it ends the connection (RFC 4253 §11.1): ssh2 gives the number of the reason as the code. */
function disconnected(error: Error, { authenticator }: HandshakeEvidence): ToolError {
  if (authenticator.hasTried) return authenticator.failure(error, error.message);
  return new ToolError("connection_lost", `the server ended the connection: ${quoteUntrusted(error.message)}`, {
    hint: "if it stays, look at the SSH server's log",
    cause: error,
  });
}

/** The error of a connection that ended, without an error of its own, before it was ready. */
export function endedEarly(evidence: HandshakeEvidence): ToolError {
  if (!/(?:^|\n)SSH-/.test(evidence.opening.text)) return notSsh(evidence);
  return new ToolError("connection_lost", "the server closed the connection during the SSH handshake", {
    hint: "try again later; the server may limit connections (MaxStartups) or block this address",
  });
}

function notSsh({ address, opening }: HandshakeEvidence, cause?: unknown): ToolError {
  const place = `${quoteUntrusted(address.host)} port ${address.port}`;
  const said = opening.bytes.length === 0
    ? "it closed the connection without a word"
    // As UTF-8, which most text is: read byte by byte, a secret of other letters could not be known and masked.
    : `it said ${quoteUntrusted(new TextDecoder().decode(opening.bytes))}`;
  return new ToolError("not_an_ssh_server", `what listens at ${place} does not speak SSH 2: ${said}`, {
    hint: "check the port",
    cause,
  });
}

const LIST_NAMES: ReadonlyArray<[words: string, theirs: keyof KeyExchangeInit, ours: keyof Algorithms]> = [
  ["key exchange", "kex", "kex"],
  ["host key", "serverHostKey", "serverHostKey"],
  ["cipher", "cipher", "cipher"],
  ["MAC", "mac", "hmac"],
];

function noCommonAlgorithm(error: Error, { opening, offered }: HandshakeEvidence): ToolError {
  const init = parseServerKeyExchangeInit(opening.bytes);
  const row = LIST_NAMES.find(([words]) => error.message.includes(words));
  if (init === undefined || row === undefined) {
    return new ToolError("no_common_algorithm", quoteUntrusted(error.message), { cause: error });
  }
  const [words, theirs, ours] = row;
  const our = offered[ours];
  const ourList = Array.isArray(our) ? our : [];
  const list = (names: readonly string[]): string => quoteUntrusted(names.join(", "), 600).slice(1, -1);
  return new ToolError(
    "no_common_algorithm",
    `no ${words} algorithm in common: the server offers ${list(init[theirs])}; this client offers ${list(ourList)}`,
    {
      hint: "allow one of this client's algorithms in the server's sshd_config",
      data: { kind: words, server: init[theirs], client: ourList },
      cause: error,
    },
  );
}
