/** Every way in which a connection can fail has a code of its own, in time. */
import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { Connection, type ConnectOptions } from "../../lib/ssh/connection.ts";
import { clientAlgorithms } from "../../lib/ssh/transport/algorithms.ts";
import { Deadline } from "../../lib/ssh/deadline.ts";
import { KnownHosts } from "../../lib/ssh/host_keys/known_hosts.ts";
import { readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";
import { Session } from "../../lib/ssh/session.ts";
import { execute } from "../../lib/ssh/commands/exec.ts";
import { socketError } from "../../lib/ssh/transport/tcp.ts";
import {
  choppingRelay,
  disconnectPacket,
  faultyServer,
  freezableRelay,
  kexInitOf,
  unansweredPort,
} from "../support/faulty_server.ts";
import { socketsWithPort } from "../support/forward_bed.ts";
import { freePort } from "../support/free_port.ts";
import { eventually } from "../support/processes.ts";
import { createTestUser, makeKey, startDropbear, startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

function options(more: Partial<ConnectOptions> & { port: number }): ConnectOptions {
  return {
    host: "127.0.0.1",
    username: "nobody",
    credentials: { password: "none" },
    knownHosts: new KnownHosts({ policy: "insecure" }),
    timeoutMs: 20_000,
    ...more,
  };
}

async function failure(attempt: Promise<unknown>): Promise<ToolError> {
  const outcome = await attempt.then(() => undefined, (error) => error);
  assert.ok(outcome instanceof ToolError, `should have failed with a ToolError: ${outcome}`);
  return outcome;
}

/** True for a line of ss(8) about a connection that is not established yet. */
const isAttempt = (line: string): boolean => line.startsWith("SYN-SENT");

const quick = { filter: () => ({ push: (chunk: Uint8Array) => chunk, end: () => new Uint8Array(0) }) };

Deno.test("connect() says when a name does not resolve", async () => {
  const error = await failure(Connection.connect(options({ host: "no-such-host.invalid", port: 22 })));
  assert.equal(error.code, "name_not_resolved");
});

Deno.test("connect() says that a host does not resolve when it cannot be a name at all", async () => {
  for (const host of ["", "two words"]) {
    assert.equal((await failure(Connection.connect(options({ host, port: 22 })))).code, "name_not_resolved");
  }
});

Deno.test("connect() gives the attempt up when the network answers nothing until the timeout", async () => {
  await using server = await unansweredPort();
  const error = await failure(Connection.connect(options({ port: server.port, timeoutMs: 2000 })));
  assert.deepEqual([error.code, error.message], ["timed_out", "no TCP connection within 2 s"]);
  await eventually("no attempt is left", async () => !(await socketsWithPort(server.port)).some(isAttempt));
});

Deno.test("connect() gives the attempt up when it is cancelled before the network answers", async () => {
  await using server = await unansweredPort();
  const abort = new AbortController();
  const attempt = failure(Connection.connect(options({ port: server.port, signal: abort.signal })));
  await eventually("the attempt is made", async () => (await socketsWithPort(server.port)).some(isAttempt));
  abort.abort();
  assert.equal((await attempt).code, "cancelled");
  await eventually("no attempt is left", async () => !(await socketsWithPort(server.port)).some(isAttempt));
});

Deno.test("connect() says when nothing listens", async () => {
  const error = await failure(Connection.connect(options({ port: freePort() })));
  assert.equal(error.code, "connection_refused");
});

Deno.test("connect() times out at its timeout when the server accepts and never speaks", async () => {
  await using server = await faultyServer(() => {});
  const start = performance.now();
  const error = await failure(Connection.connect(options({ port: server.port, timeoutMs: 2000 })));
  assert.equal(error.code, "timed_out");
  assert.equal(error.message, "no SSH banner from the server within 2 s");
  assert.ok(performance.now() - start < 8000);
});

Deno.test("connect() times out when the server stops after its banner", async () => {
  await using server = await faultyServer((socket) => socket.write("SSH-2.0-Stalled\r\n"));
  const error = await failure(Connection.connect(options({ port: server.port, timeoutMs: 2000 })));
  assert.equal(error.code, "timed_out");
  assert.match(error.message, /end of the key exchange/);
});

Deno.test("connect() times out when a server drips bytes without end", async () => {
  await using server = await faultyServer((socket) => {
    const timer = setInterval(() => socket.write("."), 20);
    socket.on("close", () => clearInterval(timer));
  });
  assert.equal((await failure(Connection.connect(options({ port: server.port, timeoutMs: 2000 })))).code, "timed_out");
});

Deno.test("connect() quotes what a server that is no SSH server says, escaped", async () => {
  await using server = await faultyServer((socket) => socket.end("HTTP/1.1 400 \x1b[31mBad\x07 Request\r\n\r\n"));
  const error = await failure(Connection.connect(options({ port: server.port })));
  assert.equal(error.code, "not_an_ssh_server");
  assert.match(error.message, /HTTP\/1\.1 400 \\x1b\[31mBad\\x07 Request/);
});

Deno.test("connect() refuses SSH protocol 1 and a server that closes at once", async () => {
  await using old = await faultyServer((socket) => socket.end("SSH-1.5-Ancient\r\n"));
  assert.equal((await failure(Connection.connect(options({ port: old.port })))).code, "not_an_ssh_server");
  await using mute = await faultyServer((socket) => socket.end());
  const error = await failure(Connection.connect(options({ port: mute.port })));
  assert.equal(error.code, "not_an_ssh_server");
  assert.match(error.message, /without a word/);
});

Deno.test("connect() survives a flood of garbage instead of a banner", async () => {
  await using server = await faultyServer((socket) => {
    const junk = crypto.getRandomValues(new Uint8Array(65_536));
    const pour = (): void => {
      while (!socket.destroyed && socket.write(junk));
    };
    socket.on("drain", pour);
    pour();
  });
  const error = await failure(Connection.connect(options({ port: server.port, timeoutMs: 3000 })));
  assert.ok(["not_an_ssh_server", "timed_out"].includes(error.code), error.code);
});

Deno.test("connect() lists both sides when no algorithm is common, of whatever kind", async () => {
  const usual = ["curve25519-sha256", "ssh-ed25519", ...Array(2).fill("aes128-ctr"), ...Array(2).fill("hmac-sha2-256")];
  for (const [place, kind] of [[0, "key exchange"], [1, "host key"], [2, "cipher"], [4, "MAC"]] as const) {
    await using server = await faultyServer((socket) => {
      socket.write("SSH-2.0-Exotic\r\n");
      socket.write(kexInitOf([...usual.with(place, "one-from-mars"), "none", "none"]));
    });
    const error = await failure(Connection.connect(options({ port: server.port })));
    const ours = { ...clientAlgorithms() }[({ 0: "kex", 1: "serverHostKey", 2: "cipher", 4: "hmac" } as const)[place]];
    assert.equal(error.code, "no_common_algorithm");
    assert.deepEqual(error.data, { kind, server: ["one-from-mars"], client: ours });
    assert.ok(error.message.includes(`no ${kind} algorithm in common: the server offers one-from-mars; this client`));
  }
});

Deno.test("socketError() does not blame Deno's sandbox when the operating system forbids the connection", () => {
  for (const code of ["EPERM", "EACCES"]) {
    const error = socketError(Object.assign(new Error("no"), { code }), { host: "127.0.0.1", port: 22 });
    assert.deepEqual([error.code, /operating system/.test(error.message)], ["host_unreachable", true]);
  }
});

Deno.test("connect() quotes, escaped, the reason with which a server ends the connection", async () => {
  await using server = await faultyServer((socket) => {
    socket.write("SSH-2.0-Grumpy\r\n");
    socket.write(disconnectPacket("not \x1b[31mtoday"));
  });
  const error = await failure(Connection.connect(options({ port: server.port })));
  assert.equal(error.code, "connection_lost");
  assert.match(error.message, /"not \\x1b\[31mtoday"/);
});

Deno.test("connect() lists the methods tried and offered when authentication fails", async () => {
  await using sshd = await startSshd({ passwordAuthentication: true });
  const error = await failure(Connection.connect(options({ port: sshd.port, credentials: { password: "wrong" } })));
  assert.equal(error.code, "authentication_failed");
  assert.deepEqual(error.data?.tried, ["password"]);
  assert.ok((error.data?.offered as string[]).includes("publickey"));
  assert.ok(!error.message.includes("wrong"));
});

Deno.test("connect() answers a server that asks the password by keyboard-interactive", async () => {
  await using sshd = await startSshd({ keyboardInteractive: true });
  await using user = await createTestUser({ password: "kbd-pass-1" });
  const connection = await Connection.connect(
    options({ port: sshd.port, username: user.name, credentials: { password: "kbd-pass-1" } }),
  );
  await connection.close();
  const error = await failure(
    Connection.connect(
      options({ port: sshd.port, username: user.name, credentials: { password: "no" } }),
    ),
  );
  assert.deepEqual(error.data?.tried, ["keyboard-interactive"]);
});

Deno.test("connect() is cancelled by its signal and leaves no socket behind", async () => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  await using server = await faultyServer((socket) => socket.resume().on("close", () => resolve()));
  const abort = new AbortController();
  const attempt = Connection.connect(options({ port: server.port, signal: abort.signal }));
  setTimeout(() => abort.abort(), 100);
  assert.equal((await failure(attempt)).code, "cancelled");
  await closed;
});

Deno.test("a link that goes dead ends each pending call at its own timeout", async () => {
  await using sshd = await startSshd();
  await using relay = await freezableRelay(sshd.port);
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect(
    options({ port: relay.port, username: sshd.user, credentials: { privateKey: parsed } }),
  );
  const session = new Session(connection);
  await session.loginShell.isPosix();
  relay.freeze();
  const start = performance.now();
  const calls = [1000, 6000].map(async (timeoutMs) => {
    const error = await failure(execute(session, "true", {}, { timeoutMs, maxOutputBytes: 10, ...quick }));
    return [error.code, performance.now() - start < 5000];
  });
  assert.deepEqual(await Promise.all(calls), [["timed_out", true], ["timed_out", false]]);
  await session.close();
});

Deno.test("a session that is closed leaves no socket behind when the link is dead", async () => {
  await using sshd = await startSshd();
  await using relay = await freezableRelay(sshd.port);
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect(
    options({ port: relay.port, username: sshd.user, credentials: { privateKey: parsed } }),
  );
  relay.freeze();
  await connection.close();
  const ours = new RegExp(`:\\d+ +\\S+:${relay.port} `);
  await eventually(
    "the socket is closed",
    async () => !(await socketsWithPort(relay.port)).some((line) => ours.test(line)),
  );
});

Deno.test("every byte arrives when the network cuts packets inside their MAC", async () => {
  await using sshd = await startSshd();
  await using relay = await choppingRelay(sshd.port);
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect(
    options({ port: relay.port, username: sshd.user, credentials: { privateKey: parsed } }),
  );
  const session = new Session(connection);
  const command =
    "i=0; while [ $i -lt 20000 ]; do echo a line with the number $i; i=$((i+1)); done; sleep 0.1; echo end";
  const result = await execute(session, command, {}, { timeoutMs: 20_000, maxOutputBytes: 1_000_000, ...quick });
  const expected = Array.from({ length: 20_000 }, (_, index) => `a line with the number ${index}\n`).join("") + "end\n";
  assert.ok(result.stdout.text === expected, `${result.stdout.bytes} of ${expected.length} bytes`);
  await session.close();
});

Deno.test("a server with MaxSessions 1 runs calls one after the other, in order", async () => {
  await using sshd = await startSshd({ maxSessions: 1 });
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect(
    options({ port: sshd.port, username: sshd.user, credentials: { privateKey: parsed } }),
  );
  const session = new Session(connection);
  const order: number[] = [];
  const runs = Array.from({ length: 5 }, async (_, index) => {
    const result = await execute(session, `echo ${index}`, {}, { timeoutMs: 20_000, maxOutputBytes: 100, ...quick });
    order.push(Number(result.stdout.text));
  });
  await Promise.all(runs);
  assert.deepEqual(order, [0, 1, 2, 3, 4]);
  await session.close();
});

Deno.test("a server that allows no session at all is an error at once", async () => {
  await using sshd = await startSshd({ config: ["MaxSessions 0"] });
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect(
    options({ port: sshd.port, username: sshd.user, credentials: { privateKey: parsed } }),
  );
  const error = await failure(connection.exec("true", { deadline: new Deadline(20_000) }));
  assert.equal(error.code, "channel_refused");
  await connection.close();
});

Deno.test("commands on dropbear run, fail and are ended with their whole process group", async () => {
  await using dropbear = await startDropbear();
  await using user = await createTestUser();
  await using dir = await tempDir();
  const key = await makeKey(dir.path, "ed25519", "key");
  await user.authorize(key.publicKey);
  const { parsed } = await readPrivateKeyFile(key.path);
  const connection = await Connection.connect(
    options({ port: dropbear.port, username: user.name, credentials: { privateKey: parsed } }),
  );
  const session = new Session(connection);
  const limits = { timeoutMs: 10_000, maxOutputBytes: 1000, ...quick };
  const result = await execute(session, "echo out; echo err >&2; exit 5", {}, limits);
  assert.deepEqual([result.stdout.text, result.stderr.text, result.exitCode], ["out\n", "err\n", 5]);
  const ended = await execute(session, "sleep 6161 & sleep 6162", {}, { ...limits, timeoutMs: 4000 });
  assert.deepEqual([ended.timedOut, ended.processGone], [true, true]);
  await session.close();
});
