import assert from "node:assert/strict";
import { eventually, isAlive } from "../support/processes.ts";
import { ensureProgram, isRoot, run } from "../support/run.ts";
import { sudoRulesOf } from "../support/sudo_rules.ts";
import { createTestUser, startDropbear, startSshd, startTinysshd } from "../support/sshd.ts";

/** What OpenSSH's own client makes of a server: the yardstick for these helpers. */
async function ssh(port: number, user: string, keyPath: string, command: string) {
  await ensureProgram("ssh", "openssh-client");
  return await run("ssh", [
    ...["-F", "none", "-i", keyPath, "-p", String(port), "-l", user, "-o", "IdentitiesOnly=yes", "-o", "BatchMode=yes"],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "127.0.0.1", command],
  ]);
}

Deno.test("startSshd() logs in the current user with its client key, again after restart, and never after disposal", async () => {
  let port = 0;
  let pid = 0;
  {
    await using sshd = await startSshd();
    ({ port, pid } = sshd);
    assert.equal((await ssh(port, sshd.user, sshd.clientKeyPath, "echo in")).stdout, "in\n");
    await sshd.restart();
    assert.notEqual(sshd.pid, pid);
    assert.equal(sshd.port, port);
    assert.equal((await ssh(port, sshd.user, sshd.clientKeyPath, "echo again")).stdout, "again\n");
    assert.match(sshd.log(), /Accepted publickey/);
    pid = sshd.pid;
  }
  assert.equal(await isAlive(pid), false);
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port }), Deno.errors.ConnectionRefused);
});

Deno.test("startSshd() ends what was started through it when disposed, whatever process group it is in", async () => {
  let started = 0;
  {
    await using sshd = await startSshd();
    const command = "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!";
    started = Number((await ssh(sshd.port, sshd.user, sshd.clientKeyPath, command)).stdout);
    assert.equal(await isAlive(started), true);
  }
  await eventually("what was started is gone", async () => !await isAlive(started));
});

if (isRoot()) {
  Deno.test("createTestUser() makes a user that logs in to OpenSSH, Dropbear and TinySSH and may sudo", async () => {
    await using sshd = await startSshd({ passwordAuthentication: true, hostKeyTypes: ["ed25519", "ecdsa-256"] });
    await using user = await createTestUser({ shell: "/bin/bash", password: "correct horse", sudo: "nopasswd" });
    await using dropbear = await startDropbear();
    await using tinysshd = await startTinysshd();
    await user.authorize(await Deno.readTextFile(`${sshd.clientKeyPath}.pub`));
    for (const port of [sshd.port, dropbear.port, tinysshd.port]) {
      const result = await ssh(port, user.name, sshd.clientKeyPath, "id -un; sudo -n id -un");
      assert.equal(result.stdout, `${user.name}\nroot\n`, result.stderr);
    }
    assert.equal(sshd.hostKeys.length, 2);
    for (const server of [sshd, dropbear, tinysshd]) assert.match(server.hostKeyFingerprint, /^SHA256:[\w+/]{43}$/);
  });

  Deno.test("createTestUser() leaves nothing behind when disposed", async () => {
    let name = "";
    let home = "";
    {
      await using user = await createTestUser({ password: "x", sudo: "password" });
      ({ name, home } = user);
      assert.equal((await run("id", ["-u", name])).stdout.trim(), String(user.uid));
      assert.equal((await run("sudo", ["-l", "-U", name])).stdout.includes("(ALL : ALL) ALL"), true);
    }
    assert.equal((await run("id", ["-u", name])).code, 1);
    await assert.rejects(Deno.stat(home), Deno.errors.NotFound);
    assert.equal(await sudoRulesOf(name), "");
  });
}
