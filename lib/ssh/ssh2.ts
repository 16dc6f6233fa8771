/**
 * The one door to ssh2. Everything else in this folder takes its types from here and the library itself from
 * {@linkcode loadSsh2}, which reads it when a first connection needs it: listing the tools must not pay for it.
 */
import crypto from "node:crypto";
import type * as Ssh2 from "ssh2_types";
import { spend } from "./spent.ts";

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
  loading ??= finishingCiphers(() => import("ssh2")).then((module) => module.default);
  return loading;
}

/**
 * Loads a module that takes node:crypto's cipher functions for itself, and gives it some that finish what they begin.
 *
 * ssh2 makes three chacha20 ciphers for every packet, uses each once and never finishes it; Deno 2.9 frees a cipher
 * only when it is finished, and would lose 270 bytes for each: 25 MB for every gigabyte.
 */
async function finishingCiphers<T>(load: () => Promise<T>): Promise<T> {
  const { createCipheriv, createDecipheriv } = crypto;
  crypto.createCipheriv = oneShot(createCipheriv, true);
  crypto.createDecipheriv = oneShot(createDecipheriv, false);
  try {
    return await load();
  } finally {
    crypto.createCipheriv = createCipheriv;
    crypto.createDecipheriv = createDecipheriv;
  }
}

/**
 * The same function, but what it makes for chacha20 (ssh2 1.17, lib/protocol/crypto.js) ends with its first use; where it
 * `takes` what it is given, a packet, it gives its memory back.
 */
function oneShot<F extends typeof crypto.createCipheriv | typeof crypto.createDecipheriv>(
  create: F,
  takes: boolean,
): F {
  const wrapped = (...args: Parameters<typeof crypto.createCipheriv>): unknown => {
    const cipher = (create as typeof crypto.createCipheriv)(...args);
    if (args[0] !== "chacha20") return cipher;
    return {
      update(data: Uint8Array): Uint8Array {
        const result = cipher.update(data);
        cipher.final();
        if (takes) spend(data);
        return result;
      },
    };
  };
  return wrapped as F;
}
