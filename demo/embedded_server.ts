/** An SSH server in this process, on loopback, that runs commands in a real local shell as the current user. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import net from "node:net";
import type { Duplex } from "node:stream";
// @ts-types="npm:@types/ssh2@1.15.6"
import ssh2 from "ssh2";
import { newHostKey } from "./host_key.ts";

type AuthContext = ssh2.AuthContext;
type Connection = ssh2.Connection;
type ServerChannel = ssh2.ServerChannel;
type Session = ssh2.Session;

const SHELL = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
const SFTP_SERVERS = ["/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server", "/usr/libexec/sftp-server"];

/** A running server. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly host: "127.0.0.1";
  readonly port: number;
}

/**
 * Starts the server.
 *
 * @param username who may log in
 * @param password the one password it takes
 */
export async function startEmbeddedServer(username: string, password: string): Promise<EmbeddedServer> {
  const children = new Set<ChildProcess>();
  const server = new ssh2.Server(
    { hostKeys: [newHostKey(ssh2)], ident: "mcp-remote-ssh-demo" },
    (connection) => {
      connection.on("error", () => {}); // a client that goes away is no business of the demo's
      connection.on("authentication", (context) => authenticate(context, username, password));
      connection.on("ready", () => serve(connection, children));
    },
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  return {
    host: "127.0.0.1",
    port,
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function authenticate(context: AuthContext, username: string, password: string): void {
  if (context.method === "password" && context.username === username && context.password === password) {
    context.accept();
  } else {
    context.reject(["password"]);
  }
}

function serve(connection: Connection, children: Set<ChildProcess>): void {
  connection.on("session", (accept) => serveSession(accept(), children));
  connection.on("tcpip", (accept, reject, info) => {
    const socket = net.connect(info.destPort, info.destIP);
    socket.once("connect", () => relay(accept(), socket));
    socket.once("error", () => reject());
  });
}

function serveSession(session: Session, children: Set<ChildProcess>): void {
  let terminal: { cols: number; rows: number } | undefined;
  const run = (channel: ServerChannel, program: string, args: string[]): void => {
    const child = spawn(program, args, { detached: true, env: { ...environment(), TERM: "xterm" } });
    children.add(child);
    child.on("close", () => children.delete(child));
    connectChild(child, channel);
  };
  session.on("pty", (accept, _reject, info) => {
    terminal = info;
    accept?.();
  });
  session.on("window-change", (accept) => accept?.());
  session.on("env", (accept) => accept?.());
  session.on("exec", (accept, _reject, info) => run(accept(), SHELL, ["-c", info.command]));
  session.on("shell", (accept) => {
    const { cols = 80, rows = 24 } = terminal ?? {};
    // Without the user's start-up files, which may take seconds and show anything.
    const shell = SHELL.endsWith("bash") ? `${SHELL} --norc -i` : `${SHELL} -i`;
    const command = `stty cols ${cols} rows ${rows}; PS1='demo$ ' exec ${shell}`;
    run(accept(), "script", ["-qfec", command, "/dev/null"]);
  });
  session.on("subsystem", (accept, reject, info) => {
    const program = SFTP_SERVERS.find((path) => existsSync(path));
    if (info.name === "sftp" && program !== undefined) run(accept(), program, []);
    else reject();
  });
}

function environment(): Record<string, string> {
  return { ...Deno.env.toObject(), BASH_SILENCE_DEPRECATION_WARNING: "1" };
}

function connectChild(child: ChildProcess, channel: ServerChannel): void {
  channel.pipe(child.stdin as Duplex);
  child.stdin?.on("error", () => {}); // the command does not read its stdin
  child.stdout?.on("data", (chunk: Buffer) => channel.write(chunk));
  child.stderr?.on("data", (chunk: Buffer) => channel.stderr.write(chunk));
  child.once("error", (error) => channel.stderr.write(`${error.message}\n`));
  child.once("close", (code, signal) => {
    if (signal === null) channel.exit(code ?? 127);
    else channel.exit(signal.replace(/^SIG/, ""));
    channel.end();
  });
}

function relay(channel: ServerChannel, socket: net.Socket): void {
  channel.pipe(socket).pipe(channel);
  socket.on("error", () => channel.close());
  channel.on("error", () => socket.destroy());
}
