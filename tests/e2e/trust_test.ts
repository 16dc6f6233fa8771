/** Host keys and ways to authenticate, through the whole program and with exactly the flags that the README names. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Program } from "../support/program.ts";
import { run, runOk } from "../support/run.ts";
import { createTestUser, makeKey, startSshd } from "../support/sshd.ts";
import { startSshAgent } from "../support/ssh_agent.ts";
import { tempDir } from "../support/temp_dir.ts";
import { processes } from "../support/processes.ts";

Deno.test("an unknown host key is stored where --known-hosts may be written, then known, and refused when it changes", async () => {
  await using home = await tempDir();
  await using first = await startSshd();
  const file = `${home.path}/known_hosts`;
  const permissions = ["--allow-net", `--allow-read=${file},${first.clientKeyPath}`, `--allow-write=${file}`];
  const target = { host: first.host, port: first.port, username: first.user, key_path: first.clientKeyPath };
  await Deno.writeTextFile(file, "");
  {
    await using program = await Program.start({ permissions, flags: [`--known-hosts=${file}`] });
    assert.equal((await program.ok("ssh_connect", target)).host_key.status, "new_stored");
    assert.equal((await program.ok("ssh_connect", target)).host_key.status, "known");
  }
  const found = await runOk("ssh-keygen", ["-F", `[${first.host}]:${first.port}`, "-f", file]);
  assert.match(found, /ssh-ed25519/);

  await using dir = await tempDir();
  const other = await makeKey(dir.path, "ed25519", "other");
  const [type, blob] = other.publicKey.split(" ");
  await Deno.writeTextFile(file, `# a comment\n[${first.host}]:${first.port} ${type} ${blob}\n`);
  for (const policy of ["accept-new", "strict"]) {
    await using program = await Program.start({
      permissions,
      flags: [`--known-hosts=${file}`, `--host-keys=${policy}`],
    });
    const error = await program.fails("ssh_connect", target);
    assert.equal(error.code, "host_key_changed");
    const text = JSON.stringify(error);
    for (const part of [first.hostKeyFingerprint, other.fingerprint, file]) assert.ok(text.includes(part), text);
  }
  await using insecure = await Program.start({
    permissions,
    flags: [`--known-hosts=${file}`, "--host-keys=insecure"],
  });
  assert.equal((await insecure.ok("ssh_connect", target)).connected, true);
});

Deno.test("--host-keys=strict refuses an unknown host", async () => {
  await using home = await tempDir();
  await using sshd = await startSshd();
  const file = `${home.path}/known_hosts`;
  await Deno.writeTextFile(file, "");
  await using program = await Program.start({
    permissions: ["--allow-net", `--allow-read=${file},${sshd.clientKeyPath}`],
    flags: [`--known-hosts=${file}`, "--host-keys=strict"],
  });
  const target = { host: sshd.host, port: sshd.port, username: sshd.user, key_path: sshd.clientKeyPath };
  assert.equal((await program.fails("ssh_connect", target)).code, "host_key_unknown");
});

Deno.test("the ssh-agent logs in when neither password nor key_path is given, with the flags the README names", async () => {
  await using home = await tempDir();
  await using sshd = await startSshd();
  const socket = `${home.path}/agent`;
  await using agent = await startSshAgent(socket);
  await agent.add(sshd.clientKeyPath);
  await using program = await Program.start({
    permissions: ["--allow-net", "--allow-env=SSH_AUTH_SOCK", `--allow-read=${socket}`, `--allow-write=${socket}`],
    env: { SSH_AUTH_SOCK: socket },
  });
  const session = await program.ok("ssh_connect", { host: sshd.host, port: sshd.port, username: sshd.user });
  assert.equal(session.connected, true);
});

Deno.test("an ssh-agent that is not there, has no key that is accepted or too many keys is called just that", async () => {
  await using home = await tempDir();
  await using sshd = await startSshd({ config: ["MaxAuthTries 3"] });
  const socket = `${home.path}/agent`;
  await using program = await Program.start({
    permissions: ["--allow-net", "--allow-env=SSH_AUTH_SOCK", `--allow-read=${socket}`, `--allow-write=${socket}`],
    env: { SSH_AUTH_SOCK: socket },
  });
  const target = { host: sshd.host, port: sshd.port, username: sshd.user };
  const gone = await program.fails("ssh_connect", target);
  assert.equal(gone.code, "agent_unavailable");
  assert.ok(gone.message.includes(socket), gone.message);

  await using agent = await startSshAgent(socket);
  const empty = await program.fails("ssh_connect", target);
  assert.equal(empty.code, "authentication_failed");
  assert.match(empty.hint ?? "", /ssh-add -l/);
  for (let index = 0; index < 5; index++) await agent.add((await makeKey(home.path, "ed25519", `key${index}`)).path);
  const tooMany = await program.fails("ssh_connect", target);
  assert.equal(tooMany.code, "authentication_failed");
  assert.match(tooMany.message, /it ended the connection: "Too many authentication failures"/);
  assert.match(tooMany.hint ?? "", /MaxAuthTries.*key_path/);
});

Deno.test("an encrypted key opens with its passphrase, and says what is wrong without it", async () => {
  await using home = await tempDir();
  await using sshd = await startSshd();
  const key = `${home.path}/key`;
  await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "a passphrase 77", "-f", key]);
  await sshd.authorize(await Deno.readTextFile(`${key}.pub`));
  await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${home.path}`] });
  const target = { host: sshd.host, port: sshd.port, username: sshd.user };
  assert.equal((await program.fails("ssh_connect", { ...target, key_path: key })).code, "key_encrypted");
  const wrong = await program.fails("ssh_connect", { ...target, key_path: key, passphrase: "not this one" });
  assert.equal(wrong.code, "key_wrong_passphrase");
  const right = await program.ok("ssh_connect", { ...target, key_path: key, passphrase: "a passphrase 77" });
  assert.equal(right.connected, true);
  // With a hundred times the work nothing else is held up, and the call ends at its timeout.
  const pem = (await Deno.readTextFile(key)).trim().split("\n");
  const data = Buffer.from(pem.slice(1, -1).join(""), "base64");
  const rounds = data.indexOf(Buffer.from([0, 0, 0, 16]), data.indexOf("bcrypt") + 26);
  data.writeUInt32BE(9000, rounds);
  await home.write("slow", [pem[0], data.toString("base64"), pem.at(-1), ""].join("\n"));
  const args = { ...target, key_path: `${home.path}/slow`, passphrase: "a passphrase 77", timeout: 3 };
  const slow = program.fails("ssh_connect", args);
  const listed = program.ok("ssh_list_sessions").then(() => "listed");
  assert.equal(await Promise.race([slow, listed]), "listed", "a key being decrypted holds up other calls");
  assert.deepEqual([(await slow).code, (await slow).message], ["timed_out", "no end of reading the key within 3 s"]);
  const missing = await program.fails("ssh_connect", { ...target, key_path: `${home.path}/none` });
  assert.equal(missing.code, "key_not_found");
});

Deno.test("a command of root is ended at its timeout, though sshd ignores signals for root", async () => {
  await using sshd = await startSshd();
  await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${sshd.clientKeyPath}`] });
  const target = { host: sshd.host, port: sshd.port, username: sshd.user, key_path: sshd.clientKeyPath };
  const { session_id } = await program.ok("ssh_connect", target);
  const command = "echo started; sleep 5151 & sleep 5152";
  const result = await program.ok("ssh_execute", { session_id, command, timeout: 4 });
  assert.deepEqual([result.timed_out, result.process_gone, result.stdout], [true, true, "started\n"]);
  const left = (await processes()).filter((process) => /sleep 515/.test(process.command) && process.state !== "Z");
  assert.deepEqual(left, []);
});

Deno.test("where the login shell is fish or csh, commands run as they are, and what needs a POSIX shell says so", async () => {
  await using sshd = await startSshd();
  for (const shell of ["/usr/bin/fish", "/bin/tcsh"]) {
    await using user = await createTestUser({ shell });
    await using program = await Program.start({ permissions: ["--allow-net", `--allow-read=${sshd.clientKeyPath}`] });
    const target = { host: sshd.host, port: sshd.port, username: user.name, key_path: sshd.clientKeyPath };
    const { session_id } = await program.ok("ssh_connect", target);
    const plain = await program.ok("ssh_execute", { session_id, command: "echo hello" });
    assert.deepEqual([plain.stdout, plain.stderr, plain.exit_code], ["hello\n", "", 0], shell);
    const zeros = await program.ok("ssh_execute", { session_id, command: "printf 'a\\0b' >/dev/stderr" });
    assert.equal(zeros.stderr, "a\0b", shell);
    const error = await program.fails("ssh_execute", { session_id, command: "true", cwd: "/" });
    assert.equal(error.code, "shell_unsupported");
    assert.match(error.hint ?? "", /sh, bash/);
  }
});
