/** Hosts that belong to an attacker, against the whole program. */
import assert from "node:assert/strict";
import { hostileSshServer } from "../support/hostile_ssh_server.ts";
import { faultyServer } from "../support/faulty_server.ts";
import { Program } from "../support/program.ts";
import { tempDir } from "../support/temp_dir.ts";

const LOGIN = { username: "user", password: "one-that-is-known-1" };

Deno.test("ssh_execute and ssh_sudo_execute end at their timeout when the login shell never answers", async () => {
  await using server = await hostileSshServer({ onExec: () => {} });
  await using program = await Program.start();
  const { session_id } = await program.ok("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  for (const tool of ["ssh_execute", "ssh_sudo_execute"]) {
    const error = await program.fails(tool, { session_id, command: "true", timeout: 0.5 });
    assert.equal(error.code, "timed_out");
    assert.match(error.message, /within 0\.5 s/);
  }
});

Deno.test("a shell opens on a host that answers no command, and what needs one says so at the call's own timeout", async () => {
  const onShell = (channel: { write(data: string): unknown; on(event: "data", listener: () => void): unknown }) => {
    channel.write("router> ");
    channel.on("data", () => channel.write("% Unknown command\r\nrouter> "));
  };
  for (const onExec of [undefined, () => {}]) {
    await using server = await hostileSshServer({ onShell, ...(onExec && { onExec }) });
    await using program = await Program.start();
    const { session_id } = await program.ok("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
    const opened = await program.ok("ssh_shell_open", { session_id });
    assert.deepEqual([opened.state, opened.output], ["prompt", "router> "]);
    const sent = await program.ok("ssh_shell_send", { session_id, data: "help" });
    assert.match(sent.output, /Unknown command/);
    const error = await program.fails("ssh_shell_send", { session_id, data: "x", await_exit: true, timeout: 0.5 });
    assert.deepEqual([error.code, /within 0\.5 s/.test(error.message)], ["timed_out", true]);
  }
});

Deno.test("a refusal that lists thousands of methods, escapes among them, makes a small answer of plain names", async () => {
  const methods = ["publickey", ...Array.from({ length: 2000 }, (_, index) => `\u001b[31m${index}`)];
  await using server = await hostileSshServer({ refuseWith: methods });
  await using program = await Program.start();
  const answer = await program.call("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  assert.equal(answer.value.error.code, "authentication_failed");
  assert.deepEqual(answer.value.error.offered, ["publickey"]);
  assert.ok(answer.text.length < 1000, String(answer.text.length));
});

Deno.test("what a server that does not speak SSH says is masked in letters of any alphabet", async () => {
  const secret = "тайный-пароль-зимой";
  await using server = await faultyServer((socket) => socket.end(`${secret}\r\n`));
  await using secrets = await tempDir();
  await Deno.writeTextFile(`${secrets.path}/app.env`, `MOTTO='${secret}'\n`, { mode: 0o600 });
  await using program = await Program.start({
    permissions: ["--allow-net", `--allow-read=${secrets.path}`],
    flags: [`--secrets-dir=${secrets.path}`],
  });
  const { host, port } = server;
  const answer = await program.call("ssh_connect", { host, port, env_file: "app.env", password_var: "MOTTO" });
  assert.equal(answer.value.error.code, "not_an_ssh_server");
  assert.match(answer.value.error.message, /it said "\*\*\*/);
});

Deno.test("a key whose holder never proved to have it is not stored among the known hosts", async () => {
  await using server = await hostileSshServer({ breakSignature: true });
  await using dir = await tempDir();
  const file = `${dir.path}/known_hosts`;
  await using program = await Program.start({
    permissions: ["--allow-net", `--allow-read=${dir.path}`, `--allow-write=${dir.path}`],
    flags: [`--known-hosts=${file}`],
  });
  const error = await program.fails("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  assert.equal(error.code, "connection_lost");
  assert.match(error.message, /signature verification failed/);
  assert.equal(await Deno.readTextFile(file).catch(() => ""), "");
  // Nor remembered: the host itself, which has another key, is let in afterwards.
  await server.changeKey();
  const connected = await program.ok("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  assert.equal(connected.host_key.status, "new_stored");
  assert.match(await Deno.readTextFile(file), /ssh-ed25519/);
});

Deno.test("a server that disconnects right after the login is called gone, and not one that refuses", async () => {
  await using server = await hostileSshServer({ disconnects: true });
  await using program = await Program.start();
  const { session_id } = await program.ok("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  const error = await program.fails("ssh_execute", { session_id, command: "true" });
  assert.equal(error.code, "session_dropped");
  assert.match(error.hint ?? "", /connect again with ssh_connect/);
});

Deno.test("ssh_sudo_execute gives what the command says on stderr, and not the lecture, when all comes at once", async () => {
  await using server = await hostileSshServer({
    onExec: (channel, command) => {
      const token = /echo (mcp[0-9a-f]{24})L/.exec(command)?.[1];
      if (token === undefined) channel.write("mcp-posix-42\n");
      else channel.stderr.write(`${token}L11\nWe trust you have received the usual lecture.\n${token}R12\nsaid\n`);
      channel.exit(token === undefined ? 0 : 3);
      channel.end();
    },
  });
  await using program = await Program.start();
  const { session_id } = await program.ok("ssh_connect", { ...LOGIN, host: server.host, port: server.port });
  const result = await program.ok("ssh_sudo_execute", { session_id, command: "true" });
  assert.deepEqual([result.stderr, result.exit_code], ["said\n", 3]);
});
