/** A server that serves one channel for each connection (TinySSH), through the whole program. */
import assert from "node:assert/strict";
import { accountBed } from "../support/account_bed.ts";
import { eventually, processes } from "../support/processes.ts";
import { Program } from "../support/program.ts";
import { startTinysshd } from "../support/sshd.ts";

const SECRET = "sk-live-4f9Qz7XbT2mLr8WcD";

async function tinyBed() {
  const bed = await accountBed({ user: { shell: "/bin/bash", sudo: "nopasswd" }, env: `API_TOKEN=${SECRET}\n` });
  await bed.user.authorize(await Deno.readTextFile(`${bed.sshd.clientKeyPath}.pub`));
  const tinysshd = await startTinysshd();
  const program = await Program.start(bed.least);
  const { session_id } = await program.ok("ssh_connect", { ...bed.target, port: tinysshd.port });
  return {
    ...bed,
    program,
    session_id,
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await tinysshd[Symbol.asyncDispose]();
      await bed[Symbol.asyncDispose]();
    },
  };
}

Deno.test("on a server with one channel a connection, commands run one after the other and at once, with secrets and sudo", async () => {
  await using bed = await tinyBed();
  const { program, session_id, user } = bed;
  const run = (command: string, more = {}) => program.ok("ssh_execute", { session_id, command, ...more });
  assert.equal((await run("id -un; exit 3")).stdout, `${user.name}\n`);
  assert.deepEqual([(await run("cat; exit 3", { stdin: "in" })).stdout, (await run("pwd", { cwd: "/" })).stdout], [
    "in",
    "/\n",
  ]);
  const answers = await Promise.all(Array.from({ length: 6 }, (_, index) => run(`sleep 0.2; echo ${index}`)));
  assert.deepEqual(answers.map(({ stdout }) => stdout), ["0\n", "1\n", "2\n", "3\n", "4\n", "5\n"]);
  await program.ok("ssh_load_env_file", { session_id, file_path: "app.env" });
  assert.equal((await run('echo "$API_TOKEN ${#API_TOKEN}"')).stdout, `*** ${SECRET.length}\n`);
  const sudo = await program.ok("ssh_sudo_execute", { session_id, command: "id -u" });
  assert.equal(sudo.stdout, "0\n");
});

Deno.test("on a server with one channel a connection, a command is ended at its timeout and nothing is left", async () => {
  await using bed = await tinyBed();
  const { program, session_id, user } = bed;
  const result = await program.ok("ssh_execute", {
    session_id,
    command: "echo started; sleep 7752 & sleep 7751",
    timeout: 5,
  });
  assert.deepEqual([result.stdout, result.timed_out, result.process_gone], ["started\n", true, true]);
  await program.ok("ssh_close_session", { session_id });
  const left = async () => (await processes()).filter(({ uid, state }) => uid === user.uid && state !== "Z");
  await eventually("nothing of the user's is left", async () => (await left()).length === 0);
});

Deno.test("on a server with one channel a connection, shells stay and files are moved", async () => {
  await using bed = await tinyBed();
  const { program, session_id } = bed;
  await program.ok("ssh_shell_open", { session_id });
  await program.ok("ssh_shell_send", { session_id, data: "cd /tmp; x=5" });
  const kept = await program.ok("ssh_shell_send", { session_id, data: "echo $x; false", await_exit: true });
  assert.deepEqual([kept.output, kept.exit_code, kept.cwd], ["5", 1, "/tmp"]);
  await program.ok("ssh_write_remote_file", { session_id, remote_path: "file", content: "one\ntwo\n" });
  const read = await program.ok("ssh_read_remote_file", { session_id, remote_path: "file" });
  assert.equal(read.content, "one\ntwo\n");
  const listing = await program.ok("ssh_list_remote_dir", { session_id });
  assert.ok(listing.entries.some(({ name }: { name: string }) => name === "file"));
  const { local_port } = await program.ok("ssh_forward_port", { session_id, remote_port: 9 });
  const socket = await Deno.connect({ hostname: "127.0.0.1", port: local_port });
  await socket.read(new Uint8Array(1)).catch(() => {});
  socket.close();
  const { forwards: [forward] } = await program.ok("ssh_list_forwards");
  assert.match(forward.last_error, /only one 'session' channel allowed/);
  assert.equal((await program.ok("ssh_execute", { session_id, command: "echo on" })).stdout, "on\n");
});
