/** What a timeout or a cancelled call leaves at the far end: nothing, on servers that give no room or no time to look. */
import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { Connection } from "../../lib/ssh/connection.ts";
import { execute } from "../../lib/ssh/commands/exec.ts";
import { KnownHosts } from "../../lib/ssh/host_keys/known_hosts.ts";
import { readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";
import type { RunOptions } from "../../lib/ssh/commands/remote_command.ts";
import { Session } from "../../lib/ssh/session.ts";
import { freezableRelay } from "../support/faulty_server.ts";
import { eventually, processes } from "../support/processes.ts";
import { createTestUser, type Sshd, startSshd } from "../support/sshd.ts";

async function sessionOn(sshd: Sshd, { username = sshd.user, port = sshd.port } = {}): Promise<Session> {
  const { parsed } = await readPrivateKeyFile(sshd.clientKeyPath);
  const connection = await Connection.connect({
    host: sshd.host,
    port,
    username,
    credentials: { privateKey: parsed },
    knownHosts: new KnownHosts({ policy: "accept-new", file: `${sshd.dir}/known_hosts` }),
    timeoutMs: 10_000,
  });
  const session = new Session(connection);
  await session.loginShell.isPosix();
  return session;
}

function options(more: Partial<RunOptions>): RunOptions {
  return {
    timeoutMs: 20_000,
    maxOutputBytes: 1000,
    filter: () => ({ push: (chunk: Uint8Array) => chunk, end: () => new Uint8Array(0) }),
    ...more,
  };
}

/** In so long even a busy machine has started a command. */
const TO_START_MS = 4000;

async function running(command: string): Promise<number> {
  return (await processes()).filter((process) => process.state !== "Z" && process.command === command).length;
}

/** How a command that runs beside the test ends, told and not thrown: what fails first is what the test reports. */
async function outcome(result: Promise<unknown>): Promise<string> {
  return await result.then(() => "ended", (error) => error instanceof ToolError ? error.code : String(error));
}

/** Seconds to sleep that no other test sleeps. */
const unlikely = (): string => `${100_000 + Math.floor(Math.random() * 900_000)}`;

for (const maxSessions of [1, 3]) {
  Deno.test(`execute() ends root's commands at their timeout when they hold all ${maxSessions} channels`, async () => {
    await using sshd = await startSshd({ maxSessions });
    const session = await sessionOn(sshd);
    const sleep = `sleep ${unlikely()}`;
    const results = await Promise.all(
      Array.from({ length: maxSessions }, () => execute(session, sleep, {}, options({ timeoutMs: TO_START_MS }))),
    );
    assert.deepEqual(results.map((result) => [result.timedOut, result.processGone]), results.map(() => [true, true]));
    assert.equal(await running(sleep), 0);
    assert.equal((await execute(session, "echo free", {}, options({}))).stdout.text, "free\n");
    await session.close();
    await eventually("no connection is left", async () => {
      const serving = (await processes()).filter(({ command, state }) => /^sshd: /.test(command) && state !== "Z");
      return serving.filter(({ parent }) => parent === sshd.pid).length === 0;
    });
  });
}

Deno.test("execute() ends a command whose process id it never learned when the user's shell takes signals", async () => {
  await using sshd = await startSshd();
  await using user = await createTestUser({ shell: "/usr/bin/fish" });
  const session = await sessionOn(sshd, { username: user.name });
  const sleep = `sleep ${unlikely()}`;
  const result = await execute(session, sleep, {}, options({ timeoutMs: TO_START_MS }));
  assert.equal(result.timedOut, true);
  await eventually("the command is gone", async () => await running(sleep) === 0);
  await session.close();
});

Deno.test("execute() has a channel at once when another command has just given one back", async () => {
  await using sshd = await startSshd({ maxSessions: 2 });
  const session = await sessionOn(sshd);
  const abort = new AbortController();
  const long = outcome(execute(session, `sleep ${unlikely()}`, {}, options({ signal: abort.signal })));
  for (let index = 0; index < 20; index++) {
    const result = await execute(session, `echo ${index}`, {}, options({ timeoutMs: 5000 }));
    assert.equal(result.stdout.text, `${index}\n`);
  }
  abort.abort();
  assert.equal(await long, "cancelled");
  await session.close();
});

Deno.test("execute() ends at its timeout, and not seconds later, when the link dies while the command runs", async () => {
  await using sshd = await startSshd();
  await using relay = await freezableRelay(sshd.port);
  const session = await sessionOn(sshd, { port: relay.port });
  let started = false;
  const push = (chunk: Uint8Array): Uint8Array => {
    started ||= chunk.length > 0;
    if (started) relay.freeze();
    return chunk;
  };
  const filter = () => ({ push, end: () => new Uint8Array(0) });
  // By then its process id, which comes another way, has been told.
  const command = `sleep 0.3; echo started; sleep ${unlikely()}`;
  const result = await execute(session, command, {}, options({ timeoutMs: TO_START_MS, filter }));
  assert.deepEqual([started, result.timedOut, result.processGone], [true, true, false]);
  assert.ok(result.durationMs < TO_START_MS + 7500, `after ${result.durationMs} ms`);
  await session.close();
});

Deno.test("execute() ends root's command on a host that answers only when nobody waits for that any more", async () => {
  const slowly = 'case $SSH_ORIGINAL_COMMAND in "echo here"*) sleep 8;; esac; exec sh -c "$SSH_ORIGINAL_COMMAND"';
  await using sshd = await startSshd({ config: [`ForceCommand ${slowly}`] });
  const session = await sessionOn(sshd);
  const sleep = `sleep ${unlikely()}`;
  const result = await execute(session, sleep, {}, options({ timeoutMs: TO_START_MS }));
  assert.deepEqual([result.timedOut, result.processGone], [true, false]);
  assert.equal(await running(sleep), 1, "the answer came later than the host's");
  await eventually("the command is gone", async () => await running(sleep) === 0);
  await session.close();
});

Deno.test("execute() ends a command that the server starts only when nobody waits for it any more", async () => {
  await using sshd = await startSshd();
  await using relay = await freezableRelay(sshd.port);
  const session = await sessionOn(sshd, { port: relay.port });
  const sleep = `sleep ${unlikely()}`;
  const started = (): number => sshd.log().split("Starting session: command").length;
  const before = started();
  relay.freeze();
  const error = await execute(session, sleep, {}, options({ timeoutMs: 300 })).catch((error) => error);
  assert.equal(error.code, "timed_out");
  assert.match(error.message, /^no (answer to the opening of a channel|start of the command) within 0\.3 s$/);
  relay.thaw();
  await eventually("the command was started, and is being ended", () => started() >= before + 2);
  await eventually("the command is gone", async () => await running(sleep) === 0);
  await session.close();
});

Deno.test("execute() says what holds the channels when its turn never comes", async () => {
  await using sshd = await startSshd({ maxSessions: 1 });
  const session = await sessionOn(sshd);
  const abort = new AbortController();
  const sleep = `sleep ${unlikely()}`;
  const long = outcome(execute(session, sleep, {}, options({ signal: abort.signal })));
  await eventually("the command runs", async () => await running(sleep) === 1);
  const error = await execute(session, "true", {}, options({ timeoutMs: 2500 })).catch((error) => error);
  assert.deepEqual([error.code, error.message], ["timed_out", "no free channel on the server within 2.5 s"]);
  assert.match(error.hint, /MaxSessions.*ssh_connect/);
  abort.abort();
  assert.equal(await long, "cancelled");
  await session.close();
});
