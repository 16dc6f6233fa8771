/** The channel that a connection keeps open before it is needed. */
import assert from "node:assert/strict";
import type net from "node:net";
import { newHostKey } from "../../demo/host_key.ts";
import { Connection } from "../../lib/ssh/connection.ts";
import { Deadline } from "../../lib/ssh/deadline.ts";
import { KnownHosts } from "../../lib/ssh/host_keys/known_hosts.ts";
import { eventually } from "../support/processes.ts";
import { startSshd } from "../support/sshd.ts";
import { loadSsh2 } from "../../lib/ssh/ssh2.ts";
import { readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";

/** One session channel as the server saw it. */
interface SeenChannel {
  commands: string[];
  closed: boolean;
  /** Closes it from the server's side. */
  close(): void;
}

interface Bed extends AsyncDisposable {
  channels: SeenChannel[];
  connection: Connection;
  /** Runs a command until its channel has closed. */
  run(command: string): Promise<void>;
}

/** A server that notes its channels and ends every command but `hang` at once, and a connection to it. */
async function bed(ident: string, refuses: (channel: number) => boolean = () => false): Promise<Bed> {
  const channels: SeenChannel[] = [];
  const module = await loadSsh2();
  const { Server } = module;
  const key = newHostKey(module);
  const server = new Server({ hostKeys: [key], ident }, (client) => {
    client.on("error", () => {}).on("authentication", (context) => context.accept());
    let asked = 0;
    client.on("session", (accept, reject) => {
      if (refuses(++asked)) return reject();
      const session = accept();
      const { _chanInfo: info } = session as unknown as { _chanInfo: { outgoing: { id: number } } };
      const { _protocol: protocol } = client as unknown as { _protocol: { channelClose(id: number): void } };
      const seen: SeenChannel = { commands: [], closed: false, close: () => protocol.channelClose(info.outgoing.id) };
      channels.push(seen);
      session.on("close", () => seen.closed = true);
      session.on("exec", (start, _refuse, { command }) => {
        seen.commands.push(command);
        const channel = start();
        if (command === "hang") return;
        channel.exit(0);
        channel.end();
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const connection = await connect((server.address() as net.AddressInfo).port);
  return {
    channels,
    connection,
    run: (command) => run(connection, command),
    async [Symbol.asyncDispose]() {
      await connection.close();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function connect(port: number, username = "anyone", keyPath?: string): Promise<Connection> {
  const privateKey = keyPath === undefined ? undefined : (await readPrivateKeyFile(keyPath)).parsed;
  return await Connection.connect({
    host: "127.0.0.1",
    port,
    username,
    credentials: privateKey === undefined ? { password: "any" } : { privateKey },
    knownHosts: new KnownHosts({ policy: "insecure" }),
    timeoutMs: 10_000,
  });
}

async function run(connection: Connection, command: string): Promise<void> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const channel = await connection.exec(command, { deadline: new Deadline(10_000) }, (opened) => {
    opened.resume();
    opened.stderr.resume();
    opened.once("close", resolve);
  });
  channel.end();
  await closed;
}

Deno.test("exec() starts a command on a channel that was opened before, and one is opened for the next", async () => {
  await using server = await bed("OpenSSH_9.9");
  await server.run("first");
  await eventually("a channel in reserve", () => server.channels.length === 2);
  assert.deepEqual(server.channels.map(({ commands }) => commands), [["first"], []]);
  await server.run("second");
  await eventually("another in reserve", () => server.channels.length === 3);
  assert.deepEqual(server.channels.map(({ commands }) => commands), [["first"], ["second"], []]);
});

Deno.test("exec() opens a channel of its own when the server has closed the one in reserve", async () => {
  await using server = await bed("OpenSSH_9.9");
  await server.run("first");
  await eventually("a channel in reserve", () => server.channels.length === 2);
  server.channels[1]!.close();
  await eventually("the answer to the close", () => server.channels[1]!.closed);
  await server.run("second");
  assert.deepEqual(server.channels.flatMap(({ commands }) => commands), ["first", "second"]);
});

Deno.test("exec() does not run a command twice when the server closes the channel as it is started", async () => {
  await using server = await bed("OpenSSH_9.9");
  await server.run("first");
  await eventually("a channel in reserve", () => server.channels.length === 2);
  await server.run("second");
  await eventually("another in reserve", () => server.channels.length === 3);
  server.channels[2]!.close(); // is not seen before the command is sent
  await assert.rejects(server.run("third"), {
    name: "ToolError",
    code: "channel_refused",
    message: /closed the channel/,
  });
  await server.run("fourth");
  const commands = server.channels.flatMap((channel) => channel.commands);
  assert.deepEqual(commands.filter((command) => command !== "third"), ["first", "second", "fourth"]);
  assert.ok(commands.filter((command) => command === "third").length <= 1);
});

Deno.test("exec() goes on without a reserve when the server refuses one", async () => {
  let refused = 0;
  await using server = await bed("OpenSSH_9.9", (channel) => channel === 2 && ++refused > 0);
  await server.run("first");
  await eventually("the refusal", () => refused > 0);
  await server.run("second");
  assert.deepEqual(server.channels.flatMap(({ commands }) => commands), ["first", "second"]);
});

Deno.test("exec() keeps no channel in reserve on a server that is not known to bear it", async () => {
  await using server = await bed("SomeSwitch_1.0");
  await server.run("first");
  await server.run("second");
  assert.equal(server.channels.length, 2);
});

Deno.test("exec() that was cancelled on a channel in reserve leaves the connection usable", async () => {
  await using server = await bed("OpenSSH_9.9");
  await server.run("first");
  await eventually("a channel in reserve", () => server.channels.length === 2);
  const gone = new AbortController();
  gone.abort();
  await assert.rejects(
    server.connection.exec("second", { deadline: new Deadline(10_000), signal: gone.signal }),
    { name: "ToolError", code: "cancelled" },
  );
  await server.run("third");
});

Deno.test("a channel in reserve is given up for a shell where the server allows one channel", async () => {
  await using sshd = await startSshd({ maxSessions: 1 });
  const connection = await connect(sshd.port, sshd.user, sshd.clientKeyPath);
  for (const round of [1, 2]) {
    await run(connection, `true ${round}`);
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const terminal = { term: "xterm", rows: 50, cols: 200, width: 0, height: 0 };
    const shell = await connection.shell(terminal, { deadline: new Deadline(10_000) }, (opened) => {
      opened.resume();
      opened.once("close", resolve);
    });
    shell.end("exit\n");
    await closed;
  }
  await connection.close();
});
