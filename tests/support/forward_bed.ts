/** A real sshd, a session on it, and the small clients and servers that forwarding is tested with. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
// @ts-types="npm:@types/ssh2@1.15.6"
import type ssh2 from "ssh2";
import { Client } from "@modelcontextprotocol/client";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { App } from "../../lib/mcp/app.ts";
import { createMcpServer } from "../../lib/mcp/server.ts";
import type { Session } from "../../lib/ssh/session.ts";
import { hostileSshServer } from "./hostile_ssh_server.ts";
import { eventually } from "./processes.ts";
import { runOk } from "./run.ts";
import { type Sshd, type SshdOptions, startSshd } from "./sshd.ts";

/** What a tool answered. */
export interface Answer {
  isError: boolean;
  // deno-lint-ignore no-explicit-any -- the fields differ from tool to tool
  value: any;
}

/** What ssh_forward_port answers. */
export interface Opened {
  forward_id: string;
  local_port: number;
  /** Given for the directions that have one. */
  remote_port: number;
  listening: string;
  warning?: string;
}

/** An app with a session on some server, and the tools. */
export interface Bed extends AsyncDisposable {
  app: App;
  session: Session;
  /** Calls a tool of the catalogue, with the bed's session unless told. */
  call(name: string, args?: Record<string, unknown>): Promise<Answer>;
  /** Calls ssh_forward_port, which must succeed. */
  forward(args: Record<string, unknown>): Promise<Opened>;
  /** A local forward from a free port to `port` of loopback at the far end. */
  forwardTo(port: number): Promise<Opened>;
  /** A remote forward from a free port at the far end to `port` of loopback here. */
  forwardHome(port: number): Promise<Opened>;
  /** The listing of a forward. */
  // deno-lint-ignore no-explicit-any -- see Answer
  listing(forwardId: string): Promise<any>;
}

/** A {@linkcode Bed} on a real sshd. */
export interface SshdBed extends Bed {
  sshd: Sshd;
}

/** A session on a real sshd. */
export async function startBed(options: SshdOptions = {}): Promise<SshdBed> {
  const sshd = await startSshd(options);
  const { host, port, user: username, clientKeyPath: key_path } = sshd;
  const bed = await bedOn(sshd, { host, port, username, key_path });
  // A child that sshd forks, as for the question that every session begins with, holds what sshd listens on for a moment,
  // and so keeps a remote forward's port busy after sshd has given it up.
  await bed.session.loginShell.isPosix();
  return { ...bed, sshd };
}

/** A session on a server of an attacker's making. */
export async function hostileBed(onConnection: (connection: ssh2.Connection) => void): Promise<Bed> {
  const server = await hostileSshServer({ onConnection });
  const { host, port } = server;
  return await bedOn(server, { host, port, username: "me", password: "open sesame" });
}

async function bedOn(server: AsyncDisposable, login: Record<string, unknown>): Promise<Bed> {
  const app = new App({ hostKeyPolicy: "insecure" });
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair();
  await createMcpServer(app).connect(serverSide);
  const client = new Client({ name: "test", version: "0" });
  await client.connect(clientSide);
  const call = async (name: string, args: Record<string, unknown>): Promise<Answer> => {
    const result = await client.callTool({ name, arguments: args });
    return { isError: result.isError === true, value: result.structuredContent };
  };
  const connected = await call("ssh_connect", login);
  if (connected.isError) throw new Error(`the bed could not connect: ${JSON.stringify(connected.value)}`);
  const { session_id } = connected.value;
  const withSession: Bed["call"] = (name, args) => call(name, { session_id, ...args });
  const forward: Bed["forward"] = async (args) => {
    const { isError, value } = await withSession("ssh_forward_port", args);
    if (isError) throw new Error(`no forward: ${JSON.stringify(value)}`);
    return value;
  };
  return {
    app,
    session: app.sessions.find(session_id),
    call: withSession,
    forward,
    forwardTo: (port) => forward({ remote_port: port, remote_host: "127.0.0.1" }),
    forwardHome: (port) => forward({ direction: "remote", remote_port: 0, local_port: port }),
    async listing(forwardId) {
      const { value } = await withSession("ssh_list_forwards");
      return value.forwards.find((each: { forward_id: string }) => each.forward_id === forwardId);
    },
    async [Symbol.asyncDispose]() {
      await client.close();
      await app.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** A TCP server on loopback, gone with all its connections when disposed. */
export interface TestServer extends AsyncDisposable {
  port: number;
  /** Connections that are open now. */
  open(): number;
}

/** Serves every connection with `serve`; sockets allow half-open connections. */
export async function serve(onSocket: (socket: net.Socket) => void, host = "127.0.0.1"): Promise<TestServer> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.setNoDelay(true).on("error", () => {}).once("close", () => sockets.delete(socket));
    onSocket(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    open: () => sockets.size,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A server that sends back what it gets, to the end and with the end. */
export function serveEcho(): Promise<TestServer> {
  return serve((socket) => void socket.pipe(socket));
}

/** Connects to a port of loopback. */
export async function dial(port: number): Promise<net.Socket> {
  const socket = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  socket.setNoDelay(true).on("error", () => {});
  return socket;
}

/** Everything until the end of the stream, and the way back stays open; rejects when the connection breaks first. */
export function readAll(socket: net.Socket): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.once("end", () => resolve(Buffer.concat(chunks))).once("error", reject);
  socket.once("close", () => reject(new Error("the connection broke before its end")));
  socket.resume();
  return promise;
}

/** Reads exactly `bytes` bytes and pauses the socket. */
export function readExactly(socket: net.Socket, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let collected: Buffer = Buffer.alloc(0);
    const finish = (act: () => void): void => {
      socket.off("data", onData).off("close", onClose);
      socket.pause();
      act();
    };
    const onClose = (): void => finish(() => reject(new Error(`closed after ${collected.length} of ${bytes} bytes`)));
    const onData = (chunk: Buffer): void => {
      collected = Buffer.concat([collected, chunk]);
      if (collected.length < bytes) return;
      finish(() => {
        if (collected.length > bytes) socket.unshift(collected.subarray(bytes));
        resolve(collected.subarray(0, bytes));
      });
    };
    socket.on("data", onData).once("close", onClose).resume();
  });
}

/** How the connection ended, as its owner sees it. */
export function ending(socket: net.Socket): Promise<"end" | "reset"> {
  return new Promise((resolve) => {
    socket.once("end", () => resolve("end"));
    socket.once("error", () => resolve("reset"));
    socket.once("close", () => resolve("reset"));
    socket.resume();
  });
}

/** Sockets of the process `pid` in any state, as ss(8) lists them, that have `port` on either side. */
export async function socketsWithPort(port: number, pid: number = Deno.pid): Promise<string[]> {
  const listing = await runOk("ss", ["-tanpH"]);
  return listing.split("\n").filter((line) => line.includes(`:${port} `) && line.includes(`pid=${pid},`));
}

/**
 * Fails when `port` of loopback cannot be listened on, unless it is another program that has taken it by now.
 *
 * @param holders processes that should have let go of it
 */
export async function assertFree(port: number, holders: readonly number[] = [Deno.pid]): Promise<void> {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
  } catch (error) {
    const sockets = (await Promise.all(holders.map((pid) => socketsWithPort(port, pid)))).flat();
    const held = sockets.filter((line) => line.startsWith("LISTEN"));
    assert.ok(error instanceof Deno.errors.AddrInUse && held.length === 0, `${error} ${held}`);
  }
}

/**
 * Forwarded channels, open or being opened, that ssh2 still knows of on a session's connection (ssh2 1.17,
 * lib/utils.js, ChannelManager).
 */
export function channelsOf(session: Session): number {
  const client = session.connection.client as unknown as { _chanMgr: { _channels: Record<string, { type: string }> } };
  return Object.values(client._chanMgr._channels).filter((channel) => channel.type !== "session").length;
}

/** Waits until the session has no forwarded channel open. */
export async function noChannelsLeft(session: Session): Promise<void> {
  await eventually("every channel is closed", () => channelsOf(session) === 0);
}

/** Nothing of a forward's connections is left, on either side of it. */
export async function assertNothingLeft(bed: Bed, forwardId: string, port: number): Promise<void> {
  await eventually("the forward has no connection", async () => (await bed.listing(forwardId)).connections_now === 0);
  await noChannelsLeft(bed.session);
  await eventually("only the listening socket is left", async () => {
    const left = (await socketsWithPort(port)).filter((line) => !line.startsWith("LISTEN"));
    return left.length === 0;
  });
}
