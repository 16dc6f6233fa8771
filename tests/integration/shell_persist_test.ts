import assert from "node:assert/strict";
import { ensureProgram } from "../support/run.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

Deno.test("a persistent shell goes on in tmux through a dropped connection, with its scrollback", async () => {
  await ensureProgram("tmux");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const opened = await shell.open({ persist: true, name: "build" });
  assert.match(opened.note ?? "", /persistent as tmux mcp-ssh-build/);
  const name = "build";
  const ran = await shell.run("cd /usr; kept=yes; (exit 4)", { name });
  assert.deepEqual([ran.exit_code, ran.cwd], [4, "/usr"]);
  await shell.send("seq 1 300; for part in 1 2 3 4; do echo part $part; sleep 0.5; done; echo built", {
    name,
    wait: 0.2,
  });
  await sshd.restart();
  assert.equal((await shell.fail("read", { name })).code, "session_dropped");

  await shell.connect();
  const again = await shell.open({ persist: true, name });
  assert.equal(again.opened, true);
  const waited = await shell.wait("built\n", { name, since: "0" });
  assert.equal(waited.reason, "matched");
  const all = await shell.read({ name, lines: 1000 });
  assert.match(all.output, /cd \/usr; kept=yes; \(exit 4\)\n/);
  assert.match(all.output, /\n1\n2\n3\n[^]*\n299\n300\npart 1\npart 2\npart 3\npart 4\nbuilt\n/);
  assert.doesNotMatch(all.output, /mcp[0-9a-f]{10}|7717|__mcp/);
  assert.equal((await shell.run("echo $kept $PWD", { name })).output, "yes /usr");

  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  await shell.open({ persist: true, name, width: 100, height: 30 });
  assert.match((await shell.run("echo $kept; stty size", { name })).output, /^yes\n30 100$/);
  const ended = await shell.send("exit", { name });
  assert.equal(ended.state, "closed");
});

Deno.test("a full-screen program in a persistent shell is as it was left", async () => {
  await ensureProgram("vim");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ persist: true, width: 80, height: 24 });
  await shell.send("vim -u NONE left.txt", { wait: 5 });
  await shell.shows(/^~$/m);
  await shell.send("ihalf done", { press_enter: false });
  await shell.shows(/^half done/);
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  const back = await shell.open({ persist: true, width: 80, height: 24 });
  assert.equal(back.state, "fullscreen");
  assert.match(back.output, /^half done/);
  await shell.press("escape");
  await shell.send(":wq");
  await shell.until("prompt");
  assert.equal(await Deno.readTextFile(`${shell.user.home}/left.txt`), "half done\n");
  await shell.send("exit");
});

Deno.test("ssh_shell_open() with persist says what to install when the host has nothing for it", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const bin = `${shell.user.home}/bin`;
  await Deno.mkdir(bin);
  await Deno.symlink(await ensureProgram("sh", "dash"), `${bin}/sh`);
  await Deno.writeTextFile(`${shell.user.home}/.bashrc`, `PATH=${bin}\n`);
  const missing = await shell.fail("open", { persist: true });
  assert.equal(missing.code, "multiplexer_missing");
  assert.match(missing.hint ?? "", /install tmux/);
});
