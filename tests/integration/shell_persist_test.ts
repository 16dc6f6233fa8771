import assert from "node:assert/strict";
import { eventually, killAll, processes } from "../support/processes.ts";
import { ensureProgram, run } from "../support/run.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { type Sshd, startSshd } from "../support/sshd.ts";

/** What a host has besides. */
const TOOLS = "sh bash mktemp mkfifo rm rmdir cat sleep ls sed head tail grep printf less stty ps awk dd tr seq".split(
  " ",
);

function pick(answer: { output: string; exit_code?: number | null }): [string, number | null | undefined] {
  return [answer.output, answer.exit_code];
}

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
  await shell.send("ihalf done", { press_enter: false });
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  const back = await shell.open({ persist: true, width: 80, height: 24 });
  assert.equal(back.state, "fullscreen");
  assert.match(back.output, /^half done/);
  await shell.press("escape");
  await shell.send(":wq");
  assert.equal(await Deno.readTextFile(`${shell.user.home}/left.txt`), "half done\n");
  await shell.send("exit");
});

/** A user on a host whose only multiplexer is that one. */
async function onlyWith(program: "tmux" | "screen" | "dtach", sshd: Sshd, login = "bash" as const): Promise<ShellUser> {
  const path = await ensureProgram(program);
  const shell = await ShellUser.login(sshd, await shellPath(login));
  const bin = `${shell.user.home}/bin`;
  await Deno.mkdir(bin);
  await Deno.symlink(path, `${bin}/${program}`);
  for (const tool of TOOLS) await linkTool(bin, tool);
  for (const file of [".bashrc", ".profile"]) await Deno.writeTextFile(`${shell.user.home}/${file}`, `PATH=${bin}\n`);
  return shell;
}

Deno.test("a persistent shell goes on in dtach, in the same run of the program with what it had shown", async () => {
  await using sshd = await startSshd();
  await using shell = await onlyWith("dtach", sshd);
  const opened = await shell.open({ persist: true });
  assert.match(opened.note ?? "", /persistent as dtach mcp-ssh-main; dtach .*: install tmux/);
  assert.equal((await shell.run("kept=yes; seq 1 300; (exit 6)")).exit_code, 6);
  const before = await shell.send("echo before it");
  // Not by restarting the server: that also kills what dtach leaves below it.
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  const again = await shell.open({ persist: true });
  assert.deepEqual([again.opened, again.state], [true, "prompt"]);
  assert.match((await shell.send("echo kept=$kept")).output, /\nkept=yes\n/);
  const { output } = await shell.read({ lines: 1000 });
  const numbers = Array.from({ length: 300 }, (_none, at) => `${at + 1}\n`).join("");
  assert.ok(output.includes(numbers), output);
  assert.match(output, /\nbefore it\n[^]*\nkept=yes\n/);
  assert.equal(output.split("before it").length, 3);
  const since = await shell.read({ since: before.cursor });
  assert.equal(since.lost, true);
  assert.match(since.output, /kept=yes/);
  assert.doesNotMatch(since.output, /before it/);
  assert.match((await shell.read({ raw: true, lines: 1000 })).output, /\n300\r\n[^]*kept=yes\r\n/);
  const ended = await shell.run("exit 4");
  assert.deepEqual([ended.exit_code, ended.note], [null, "the shell is closed: its dtach session ended"]);
  assert.doesNotMatch((await shell.open({ persist: true })).output, /kept=yes/);
  await shell.send("exit");
});

Deno.test("a persistent shell in dtach types nothing into the program that runs in it when it is opened again", async () => {
  await using sshd = await startSshd();
  await using shell = await onlyWith("dtach", sshd);
  await shell.open({ persist: true });
  await shell.send("cat >typed.txt", { wait: 0.3 });
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  await shell.open({ persist: true });
  await shell.send("a line", { wait: 0.3 });
  assert.equal((await shell.press("d")).state, "prompt");
  assert.equal(await Deno.readTextFile(`${shell.user.home}/typed.txt`), "a line\n");
  await shell.send("exit");
});

Deno.test("what a program asks of its terminal is answered once, whatever the shell lives in", async () => {
  await ensureProgram("tmux");
  await using sshd = await startSshd();
  const question =
    "stty -icanon -echo; printf '\\033[6n'; sleep 0.5; dd bs=100 count=1 2>/dev/null | tr -d '\\033'; stty sane";
  for (const program of ["tmux", "screen", "dtach"] as const) {
    await using shell = await onlyWith(program, sshd);
    await shell.open({ persist: true });
    assert.match((await shell.run(question)).output, /^\[\d+;\d+R$/, program);
    await shell.send("exit");
  }
});

Deno.test("a persistent shell goes on in screen with its scrollback, exit codes and loaded variables", async () => {
  await using sshd = await startSshd();
  await using shell = await onlyWith("screen", sshd);
  const size = { width: 80, height: 24 };
  const opened = await shell.open({ persist: true, ...size });
  assert.equal(opened.note, "persistent as screen mcp-ssh-main");
  const ran = await shell.run("cd /usr; kept=yes; printf 'é 日本語 😀 %s\\n' $(seq 1 300); (exit 4)", {
    read_lines: 1000,
  });
  assert.deepEqual([ran.exit_code, ran.cwd], [4, "/usr"]);
  assert.ok(ran.output.startsWith("é 日本語 😀 1\n") && ran.output.endsWith("\né 日本語 😀 300"), ran.output);
  await shell.load("TOKEN=Vw83-nt5Lq-90zPe\n");
  assert.equal((await shell.run("echo $TOKEN ${#TOKEN}")).output, "*** 16");
  await shell.send("cho typed", { press_enter: false });
  await shell.press("a"); // screen's own key
  assert.match((await shell.send("e")).output, /\ntyped\n/);
  const asked = await shell.send("printf '\\033[6n'; cat -v", { wait: 0.5 });
  assert.match(asked.output, /^\^\[\[\d+;1R$/m);
  await shell.press("c");
  assert.match((await shell.send("stty size", { width: 100, height: 30 })).output, /\n30 100\n/);
  await shell.send(`echo ${"w".repeat(250)}; for part in 1 2 3; do echo part $part; sleep 0.5; done; echo built`, {
    wait: 0.2,
  });

  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  assert.equal((await shell.open({ persist: true, ...size })).opened, true);
  assert.equal((await shell.wait("built\n", { since: "0" })).reason, "matched");
  const { output } = await shell.read({ lines: 1000 });
  const characters = Array.from({ length: 300 }, (_none, at) => `é 日本語 😀 ${at + 1}\n`).join("");
  assert.ok(output.includes(characters), output);
  assert.match(output, /\n\*\*\* 16\n[^]*\nw{250}\npart 1\npart 2\npart 3\nbuilt\n[^\n]*\$ $/);
  assert.doesNotMatch(output, /mcp[0-9a-f]{10}|7717|__mcp|mcp-ssh-main/);
  assert.equal((await shell.run("echo $kept $PWD ${#TOKEN}; (exit 7)")).output, "yes /usr 16");
  const ended = await shell.send("exit");
  assert.deepEqual([ended.state, ended.note], ["closed", "the shell is closed: its screen session ended"]);
  await eventually("nothing is left behind", async () => {
    const names = (await Array.fromAsync(Deno.readDir(shell.user.home))).map(({ name }) => name);
    return !names.some((name) => name.startsWith(".mcp"));
  });
});

Deno.test("a full-screen program in screen is as it was left, and what it covered comes back", async () => {
  await ensureProgram("less");
  await using sshd = await startSshd();
  await using shell = await onlyWith("screen", sshd);
  await shell.open({ persist: true, width: 80, height: 24 });
  assert.equal((await shell.send("seq -f 'line %g' 1 500 | less", { wait: 5 })).waiting_for, "pager");
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  const back = await shell.open({ persist: true, width: 80, height: 24 });
  assert.deepEqual([back.state, back.waiting_for], ["input", "pager"]);
  assert.match(back.output, /^line 1\nline 2\n/);
  const left = await shell.send("q", { press_enter: false });
  assert.equal(left.state, "prompt");
  assert.deepEqual(pick(await shell.run("echo after; (exit 3)")), ["after", 3]);
  await shell.send("exit");
});

Deno.test("persistent shells in screen whose names begin alike are apart", async () => {
  await using sshd = await startSshd();
  await using shell = await onlyWith("screen", sshd);
  await shell.open({ persist: true, name: "build2" });
  await shell.run("where=build2", { name: "build2" });
  await shell.open({ persist: true, name: "build" });
  assert.equal((await shell.run("echo [$where]", { name: "build" })).output, "[]");
  assert.equal((await shell.run("echo [$where]", { name: "build2" })).output, "[build2]");
  for (const name of ["build", "build2"]) await shell.send("exit", { name });
});

Deno.test("a persistent shell in screen is picked up while the dead connection before it still takes nothing", async () => {
  await using sshd = await startSshd();
  await using shell = await onlyWith("screen", sshd);
  await shell.open({ persist: true });
  const { uid: id } = shell.user;
  const readers = (await processes()).filter(({ uid, command }) => uid === id && command === "cat");
  assert.ok(readers.length > 0);
  for (const { pid } of readers) Deno.kill(pid, "SIGSTOP");
  await shell.send("seq 1 50000; echo all the way", { wait: 1 });
  await shell.connect();
  await shell.open({ persist: true });
  assert.equal((await shell.wait("all the way\n", { since: "0" })).reason, "matched");
  assert.deepEqual(pick(await shell.run("(exit 9)")), ["", 9]);
  await shell.send("exit");
  killAll(readers.map(({ pid }) => pid));
});

Deno.test("ssh_shell_open() with persist says what to install when the host has nothing for it", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const bin = `${shell.user.home}/bin`;
  await Deno.mkdir(bin);
  await linkTool(bin, "sh");
  await Deno.writeTextFile(`${shell.user.home}/.bashrc`, `PATH=${bin}\n`);
  const missing = await shell.fail("open", { persist: true });
  assert.equal(missing.code, "multiplexer_missing");
  assert.match(missing.hint ?? "", /install tmux/);
});

async function linkTool(directory: string, tool: string): Promise<void> {
  const { stdout } = await run("sh", ["-c", `command -v ${tool}`]);
  await Deno.symlink(stdout.trim(), `${directory}/${tool}`);
}
