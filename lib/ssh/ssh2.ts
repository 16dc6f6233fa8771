/**
 * The one door to ssh2. Everything else in this folder takes its types from here and the library itself from
 * {@linkcode loadSsh2}, which reads it when a first connection needs it: listing the tools must not pay for it.
 */
import type * as Ssh2 from "ssh2_types";
import type { Inbound, Outbound } from "./cipher/packet_ciphers.ts";

/** ssh2's client: one connection. */
export type Client = Ssh2.Client;
/** One channel of a connection: a command, a shell, a forwarded stream. */
export type ClientChannel = Ssh2.ClientChannel;
/** A duplex stream over a channel, as forwarding and subsystems give it. */
export type Channel = Ssh2.Channel;
/** What {@linkcode Client} emits as an error. */
export interface ClientError extends Error {
  /** Which stage failed, e.g. "client-socket", "client-authentication", "client-timeout", "handshake". */
  level?: string;
  /** More detail, for an error that the server described. */
  description?: string;
}
/** What a connection is made with. */
export type ConnectConfig = Ssh2.ConnectConfig;
/** The algorithm lists a client offers. */
export type Algorithms = Ssh2.Algorithms;
/** What the two sides agreed on, from the client's `handshake` event. */
export type NegotiatedAlgorithms = Ssh2.NegotiatedAlgorithms;
/** A key that ssh2 has parsed and can sign or verify with. */
export type ParsedKey = Ssh2.ParsedKey;
/** The face of an ssh-agent, real or made by us. */
export type BaseAgent = Ssh2.BaseAgent;
/** A question of keyboard-interactive authentication. */
export type Prompt = Ssh2.Prompt;
/** One authentication method with what it needs, as an `authHandler` answers it. */
export type AnyAuthMethod = Ssh2.AnyAuthMethod;
/** The name of an authentication method. */
export type AuthenticationType = Ssh2.AuthenticationType;
/** How a command's channel is opened. */
export type ExecOptions = Ssh2.ExecOptions;
/** The size and kind of a terminal. */
export type PseudoTtyOptions = Ssh2.PseudoTtyOptions;
/** The SFTP face of a connection. */
export type SFTPWrapper = Ssh2.SFTPWrapper;
/** A remote file's attributes, as read. */
export type SftpStats = Ssh2.Stats;
/** A remote file's attributes, as set. */
export type SftpAttributes = Ssh2.InputAttributes;
/** One entry of a remote directory, with its `ls -l` line. */
export type SftpFileEntry = Ssh2.FileEntryWithStats;
/** Details of a forwarded TCP connection that the server opened to us. */
export type TcpConnectionDetails = Ssh2.TcpConnectionDetails;

/** What this package uses of ssh2, as a value. */
export type Ssh2Module = Pick<
  typeof Ssh2,
  "BaseAgent" | "Client" | "OpenSSHAgent" | "Server" | "createAgent" | "utils"
>;

let loading: Promise<Ssh2Module> | undefined;

/** ssh2 1.17, imported on first use and once. */
export function loadSsh2(): Promise<Ssh2Module> {
  loading ??= lendCiphers().then(() => import("ssh2")).then((module) => module.default);
  return loading;
}

/** What ssh2 (lib/protocol/crypto.js) makes the ciphers of a connection with. */
interface CipherFactory {
  createCipher(config: { outbound: Outbound & { cipherInfo?: { sslName?: string } } }): unknown;
  createDecipher(config: { inbound: Inbound & { decipherInfo?: { sslName?: string } } }): unknown;
}

/**
 * Gives ssh2 our chacha20-poly1305, before the rest of it takes the functions that make ciphers for itself (kex.js). Its
 * own makes three ciphers of node:crypto for each packet, which Deno 2.9 never frees, and takes three times as long.
 */
async function lendCiphers(): Promise<void> {
  const { PacketKernel } = await import("./cipher/packet_kernel.ts");
  const { PacketOpener, PacketSealer } = await import("./cipher/packet_ciphers.ts");
  const kernel = PacketKernel.load();
  if (kernel === undefined) return;
  const factory: CipherFactory = (await import("ssh2/lib/protocol/crypto.js")).default;
  const { createCipher, createDecipher } = factory;
  factory.createCipher = (config) => {
    if (config.outbound.cipherInfo?.sslName !== "chacha20") return createCipher(config);
    return new PacketSealer(kernel, config.outbound);
  };
  factory.createDecipher = (config) => {
    if (config.inbound.decipherInfo?.sslName !== "chacha20") return createDecipher(config);
    return new PacketOpener(kernel, config.inbound);
  };
}
