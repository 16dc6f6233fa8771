/** An SSH server of an attacker's making: it speaks the protocol, and lies where a test wants it to. */
import { Buffer } from "node:buffer";
import type net from "node:net";
// @ts-types="npm:@types/ssh2@1.15.6"
import type ssh2 from "ssh2";
import { newHostKey } from "../../demo/host_key.ts";
import { loadSsh2 } from "../../lib/ssh/ssh2.ts";

/** Loaded as the program does: whoever is first decides on the ciphers. */
const module = await loadSsh2();
const { Server, utils } = module;

/** How it misbehaves. */
export interface HostileOptions {
  /** Told of each command; by default it is accepted and never answered. */
  onExec?: (channel: ssh2.ServerChannel, command: string) => void;
  /** Told of each shell, in a terminal or not; by default none is given. */
  onShell?: (channel: ssh2.ServerChannel) => void;
  /** Told of each connection, before anything happens on it. */
  onConnection?: (connection: ssh2.Connection) => void;
  /** Says that it disconnects as soon as the client is logged in, and leaves the rest to the client. */
  disconnects?: boolean;
  /** Refuses every login, and says that it takes these methods. */
  refuseWith?: string[];
  /** Shows a host key and signs with nothing, until {@linkcode HostileSshServer.changeKey}. */
  breakSignature?: boolean;
}

/** A running server. */
export interface HostileSshServer extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
  /** From now on it has another key, and signs with it as it should. */
  changeKey(): Promise<void>;
}

/** Starts a server on a free port of loopback. */
export async function hostileSshServer(options: HostileOptions): Promise<HostileSshServer> {
  let current = await listen(options, 0);
  const { port } = current.address() as net.AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    async changeKey() {
      await closed(current);
      current = await listen({ ...options, breakSignature: false }, port);
    },
    [Symbol.asyncDispose]: () => closed(current),
  };
}

const open = new WeakMap<ssh2.Server, Set<ssh2.Connection>>();

async function listen(options: HostileOptions, port: number): Promise<ssh2.Server> {
  const connections = new Set<ssh2.Connection>();
  const hostKeys = [{ key: newKey(options.breakSignature === true) as unknown as Buffer }];
  const server = new Server({ hostKeys }, (connection) => {
    connections.add(connection);
    connection.on("error", () => {}).on("close", () => connections.delete(connection));
    options.onConnection?.(connection);
    connection.on("authentication", (context) => authenticate(context, options.refuseWith));
    if (options.disconnects === true) connection.on("ready", () => disconnect(connection));
    connection.on("session", (accept) => {
      const session = accept().on("exec", (start, _refuse, { command }) => options.onExec?.(start(), command));
      const { onShell } = options;
      if (onShell) session.on("pty", (grant) => grant?.()).on("shell", (start) => onShell(start()));
    });
  });
  open.set(server, connections);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return server;
}

function authenticate(context: ssh2.AuthContext, refuseWith: string[] | undefined): void {
  if (refuseWith !== undefined) context.reject(refuseWith as ssh2.AuthenticationType[]);
  else if (context.method === "none") context.reject(["password"]);
  else context.accept();
}

/** A key of its own, which ssh2 takes parsed, too; broken, it signs with what is no signature. */
function newKey(broken: boolean): ssh2.ParsedKey {
  const key = utils.parseKey(newHostKey(module));
  if (key instanceof Error) throw key;
  if (broken) key.sign = () => Buffer.alloc(64);
  return key;
}

/** RFC 4253 §11.1, with reason 2, a protocol error. */
function disconnect(connection: ssh2.Connection): void {
  (connection as unknown as { _protocol: { disconnect(reason: number): void } })._protocol.disconnect(2);
}

async function closed(server: ssh2.Server): Promise<void> {
  for (const connection of open.get(server) ?? []) socketOf(connection).destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}

/** What a connection runs over (ssh2 1.17, lib/server.js); a test may pause it, and the server hears nothing any more. */
export function socketOf(connection: ssh2.Connection): net.Socket {
  return (connection as unknown as { _sock: net.Socket })._sock;
}
