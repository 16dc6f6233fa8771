/** Dropbear, on which two session channels of one connection do not go together. */
import assert from "node:assert/strict";
import { Connection } from "../../lib/ssh/connection.ts";
import { Deadline } from "../../lib/ssh/deadline.ts";
import { execute } from "../../lib/ssh/commands/exec.ts";
import { KnownHosts } from "../../lib/ssh/host_keys/known_hosts.ts";
import { readPrivateKeyFile } from "../../lib/ssh/authentication/private_key.ts";
import type { RunOptions } from "../../lib/ssh/commands/remote_command.ts";
import { Session } from "../../lib/ssh/session.ts";
import { socketsWithPort } from "../support/forward_bed.ts";
import { eventually } from "../support/processes.ts";
import { createTestUser, makeKey, startDropbear } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

async function dropbearBed() {
  const dropbear = await startDropbear();
  const user = await createTestUser();
  const dir = await tempDir();
  const key = await makeKey(dir.path, "ed25519", "key");
  await user.authorize(key.publicKey);
  const { parsed } = await readPrivateKeyFile(key.path);
  const session = new Session(
    await Connection.connect({
      host: dropbear.host,
      port: dropbear.port,
      username: user.name,
      credentials: { privateKey: parsed },
      knownHosts: new KnownHosts({ policy: "insecure" }),
      timeoutMs: 10_000,
    }),
  );
  const run = (command: string, more: Partial<RunOptions> = {}) => {
    const filter = () => ({ push: (chunk: Uint8Array) => chunk, end: () => new Uint8Array(0) });
    return execute(session, command, {}, { timeoutMs: 30_000, maxOutputBytes: 1000, filter, ...more });
  };
  return {
    session,
    run,
    connections: async () =>
      (await socketsWithPort(dropbear.port)).filter((socket) => socket.startsWith("ESTAB")).length,
    async [Symbol.asyncDispose]() {
      await session.close();
      await user[Symbol.asyncDispose]();
      await dropbear[Symbol.asyncDispose]();
      await dir[Symbol.asyncDispose]();
    },
  };
}

Deno.test("commands on Dropbear run side by side, whenever the others end", async () => {
  await using bed = await dropbearBed();
  for (let round = 0; round < 5; round++) {
    const results = await Promise.all(
      Array.from({ length: 32 }, (_, index) => bed.run(`echo out${index}; exit ${index}`)),
    );
    assert.deepEqual(
      results.map(({ stdout, exitCode }) => [stdout.text, exitCode]),
      results.map((_, index) => [`out${index}\n`, index]),
    );
  }
  assert.ok(await bed.connections() <= 10);
  await bed.session.close();
  await eventually("no connection is left", async () => await bed.connections() === 0);
});

Deno.test("commands on Dropbear run beside others that are ended at their timeout", async () => {
  await using bed = await dropbearBed();
  for (let round = 0; round < 3; round++) {
    const ended = bed.run("sleep 60", { timeoutMs: 4000 }); // it has a login of its own before it
    for (let index = 0; index < 10; index++) assert.equal((await bed.run(`echo ${index}`)).stdout.text, `${index}\n`);
    assert.deepEqual([(await ended).timedOut, (await ended).processGone], [true, true]);
    assert.equal((await bed.run("echo after")).stdout.text, "after\n");
  }
});

Deno.test("commands on Dropbear one after the other share one connection", async () => {
  await using bed = await dropbearBed();
  for (let index = 0; index < 10; index++) await bed.run("true");
  assert.equal(await bed.connections(), 1);
});

Deno.test("a channel that Dropbear refuses costs neither a connection nor a turn", async () => {
  await using bed = await dropbearBed();
  const limits = { deadline: new Deadline(30_000) };
  for (let index = 0; index < 20; index++) {
    await assert.rejects(bed.session.connection.subsystem("none", limits), { code: "channel_refused" });
  }
  assert.equal((await bed.run("echo on")).stdout.text, "on\n");
  assert.equal(await bed.connections(), 1);
});
