/** Connect, execute, list, close, through a real client with exactly the README's flags. */
import assert from "node:assert/strict";
import { programBed } from "../support/account_bed.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";
import { Program } from "../support/program.ts";
import { eventually, processes } from "../support/processes.ts";

Deno.test("program connects with a key of the secrets directory and says what it negotiated", async () => {
  await using setup = await programBed();
  const { program, target, sshd } = setup;
  const session = await program.ok("ssh_connect", target);
  assert.match(session.session_id, /^[0-9a-f]{32}$/);
  assert.equal(session.connected, true);
  assert.equal(session.username, target.username);
  assert.equal(session.host_key.fingerprint, sshd.hostKeyFingerprint);
  assert.equal(session.host_key.status, "new_for_this_process");
  assert.equal(session.cipher, "chacha20-poly1305@openssh.com");
  assert.match(session.server_version, /^OpenSSH/);
});

Deno.test("ssh_execute gives both streams, the exit code, the signal, and null for no exit status", async () => {
  await using setup = await programBed();
  const { program, target } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const run = (command: string, more = {}) => program.ok("ssh_execute", { session_id, command, ...more });

  const both = await run("echo out; echo err >&2; exit 3");
  assert.deepEqual([both.stdout, both.stderr, both.exit_code], ["out\n", "err\n", 3]);
  assert.equal((await run("exit 255")).exit_code, 255);
  const killed = await run("kill -KILL $$");
  assert.deepEqual([killed.exit_code, killed.signal], [null, "SIGKILL"]);
  assert.equal((await run("cat; pwd", { stdin: "wörld\n", cwd: "/tmp" })).stdout, "wörld\n/tmp\n");
  assert.match((await run("true", { cwd: "/no/such" })).stderr, /no\/such/);
  assert.equal((await run("pwd", { cwd: "~" })).stdout, `${setup.user.home}\n`);
  assert.equal((await run("mkdir -p 'a b'; cd 'a b'; pwd", { cwd: "~/" })).stdout, `${setup.user.home}/a b\n`);
  assert.equal((await run("pwd", { cwd: "~/a b" })).stdout, `${setup.user.home}/a b\n`);
  assert.match((await run("pwd", { cwd: "~$(id)" })).stderr, /~\$\(id\)/);
  assert.match((await run("echo 'unclosed")).stderr, /[Uu]nterminated|unexpected/);
  assert.equal((await run("printf '\\377\\376'")).note, "stdout is binary: invalid UTF-8 shows as U+FFFD");
  assert.equal((await run('echo "$0 $#"')).stdout, "sh 0\n");
});

Deno.test("ssh_execute keeps head and tail of long output and says how much it left out", async () => {
  await using setup = await programBed();
  const { program, target } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const long = await program.ok("ssh_execute", { session_id, command: "seq 1 200000" });
  assert.equal(long.truncated, true);
  assert.ok(long.stdout.startsWith("1\n2\n3\n"));
  assert.ok(long.stdout.endsWith("199999\n200000\n"));
  const whole = Array.from({ length: 200_000 }, (_, index) => `${index + 1}\n`).join("");
  const leftOut = Number(/\n\[(\d+) bytes left out here\]\n/.exec(long.stdout)?.[1]);
  assert.equal(leftOut, whole.length - 100_000);
  const euro = await program.ok("ssh_execute", {
    session_id,
    command: "i=0; while [ $i -lt 50 ]; do printf €; i=$((i+1)); done",
    max_output_bytes: 20,
  });
  assert.equal(euro.stdout, "€€€\n[130 bytes left out here]\n€€€");
});

Deno.test("ssh_execute ends the whole process group at its timeout and confirms it", async () => {
  await using setup = await programBed();
  const { program, target, user } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const result = await program.ok("ssh_execute", {
    session_id,
    command: "trap '' TERM; echo started; sleep 7771 & sleep 7772; sleep 7773",
    timeout: 4,
  });
  assert.equal(result.timed_out, true);
  assert.equal(result.stdout, "started\n");
  assert.equal(result.process_gone, true);
  const left = (await processes()).filter((process) => process.uid === user.uid && /sleep 777/.test(process.command));
  assert.deepEqual(left, []);
});

Deno.test("cancelling a call ends its command at the far end", async () => {
  await using setup = await programBed();
  const { program, target, user } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const abort = new AbortController();
  const call = program.client.callTool(
    { name: "ssh_execute", arguments: { session_id, command: "sleep 7781" } },
    { signal: abort.signal },
  );
  const sleeping = async () =>
    (await processes()).some((process) => process.uid === user.uid && process.command.includes("sleep 7781"));
  await eventually("the command runs", sleeping);
  abort.abort("enough");
  await assert.rejects(call);
  await eventually("the command is gone", async () => !await sleeping());
  assert.equal((await program.ok("ssh_execute", { session_id, command: "echo alive" })).stdout, "alive\n");
});

Deno.test("progress comes once a second while a command runs", async () => {
  await using setup = await programBed();
  const { program, target } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const seen: string[] = [];
  const began = performance.now();
  await program.client.callTool(
    { name: "ssh_execute", arguments: { session_id, command: "echo 12345; sleep 3.5" } },
    { onprogress: (update) => seen.push(update.message ?? "") },
  );
  const elapsed = (performance.now() - began) / 1000;
  assert.ok(seen.length >= 2 && seen.length <= elapsed, `${seen.length} updates in ${elapsed} s`);
  for (const message of seen) assert.match(message, /^running for [1-9]\d* s, [06] bytes so far$/);
  assert.match(seen.at(-1) ?? "", /, 6 bytes so far$/);
});

Deno.test("sessions are listed and closed, and an unknown one names those that are open", async () => {
  await using setup = await programBed();
  const { program, target } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const { sessions } = await program.ok("ssh_list_sessions");
  assert.equal(sessions.length, 1);
  assert.deepEqual(
    [sessions[0].session_id, sessions[0].connected, sessions[0].shell_open, sessions[0].active_forwards],
    [session_id, true, false, 0],
  );
  const unknown = await program.fails("ssh_execute", { session_id: "nope", command: "true" });
  assert.equal(unknown.code, "unknown_session");
  assert.match(unknown.hint ?? "", new RegExp(session_id));
  assert.equal((await program.ok("ssh_close_session", { session_id })).closed, true);
  assert.equal((await program.fails("ssh_close_session", { session_id })).code, "unknown_session");
});

Deno.test("a dropped session says so in the list and in every later call, with the way back", async () => {
  await using setup = await programBed();
  const { program, target, sshd, user } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const running = program.call("ssh_execute", { session_id, command: "echo before; sleep 6060" });
  await eventually(
    "the command sleeps",
    async () => (await processes()).some(({ uid, command }) => uid === user.uid && command === "sleep 6060"),
  );
  await program.ok("ssh_execute", { session_id, command: "true" });
  await sshd.kill();
  const dropped = await running;
  assert.equal(dropped.value.error.code, "session_dropped");
  assert.equal(dropped.value.error.stdout, "before\n");
  const { sessions } = await program.ok("ssh_list_sessions");
  assert.equal(sessions[0].connected, false);
  assert.match(sessions[0].lost, /ssh_connect/);
  const later = await program.fails("ssh_execute", { session_id, command: "true" });
  assert.equal(later.code, "session_dropped");
  assert.match(later.hint ?? "", /ssh_connect \(host 127\.0\.0\.1, port \d+, username/);
});

Deno.test("32 commands at once on one session all run, beyond MaxSessions too", async () => {
  await using setup = await programBed();
  const { program, target } = setup;
  const { session_id } = await program.ok("ssh_connect", target);
  const results = await Promise.all(
    Array.from(
      { length: 32 },
      (_, index) => program.ok("ssh_execute", { session_id, command: `sleep 0.1; echo ${index}` }),
    ),
  );
  assert.deepEqual(results.map((result) => result.stdout), results.map((_, index) => `${index}\n`));
});

Deno.test("50 sessions at once work", async () => {
  await using sshd = await startSshd({ config: ["MaxStartups 200"] });
  await using user = await createTestUser();
  await using program = await Program.start({ permissions: ["--allow-net", "--allow-read"] });
  const target = { host: sshd.host, port: sshd.port, username: user.name, key_path: sshd.clientKeyPath };
  const sessions = await Promise.all(Array.from({ length: 50 }, () => program.ok("ssh_connect", target)));
  assert.equal(new Set(sessions.map((session) => session.session_id)).size, 50);
  const answers = await Promise.all(
    sessions.map(({ session_id }, index) => program.ok("ssh_execute", { session_id, command: `echo ${index}` })),
  );
  assert.deepEqual(answers.map((answer) => answer.stdout), answers.map((_, index) => `${index}\n`));
});
