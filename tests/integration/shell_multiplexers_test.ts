import assert from "node:assert/strict";
import { leaveOnly, MULTIPLEXERS, onlyWith, startHost } from "../support/only_with.ts";
import { eventually, killAll, processes } from "../support/processes.ts";
import { ensureProgram } from "../support/run.ts";
import { ShellUser } from "../support/shell_user.ts";

function pick(answer: { output: string; exit_code?: number | null }): [string, number | null | undefined] {
  return [answer.output, answer.exit_code];
}

Deno.test("a persistent shell in dtach on a host without script has what it showed in the same run of the program", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host, "bash", "script");
  const opened = await shell.open({ persist: true });
  assert.match(opened.note ?? "", /persistent as dtach mcp-ssh-main; dtach .*: install tmux .*, or script/);
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
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
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

Deno.test("a pager is told, whatever the shell lives in and however its terminal stands out", async () => {
  await using host = await startHost();
  for (const program of MULTIPLEXERS) {
    await using shell = await onlyWith(program, host);
    await shell.open({ persist: true, width: 80, height: 24 });
    await Deno.writeTextFile(`${shell.user.home}/notes.txt`, "a line\n".repeat(500));
    const paged = await shell.send("less notes.txt", { wait: 60 });
    assert.deepEqual([paged.state, paged.waiting_for], ["input", "pager"], program);
    await shell.send("q", { press_enter: false });
    await shell.until("prompt");
    await shell.send("exit");
  }
});

Deno.test("what a program asks of its terminal is answered once, whatever the shell lives in", async () => {
  await ensureProgram("tmux");
  await using host = await startHost();
  const question =
    "stty -icanon -echo; printf '\\033[6n'; sleep 0.5; dd bs=100 count=1 2>/dev/null | tr -d '\\033'; stty sane";
  for (const program of ["tmux", "screen", "dtach"] as const) {
    await using shell = await onlyWith(program, host);
    await shell.open({ persist: true });
    assert.match((await shell.run(question)).output, /^\[\d+;\d+R$/, program);
    await shell.send("exit");
  }
});

Deno.test("a persistent shell goes on in screen with its scrollback, exit codes and loaded variables", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("screen", host);
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
  await shell.send("printf '\\033[6n'; cat -v", { wait: 0.5 });
  await shell.shows(/^\^\[\[\d+;1R$/m);
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
  await using host = await startHost();
  await using shell = await onlyWith("screen", host);
  await shell.open({ persist: true, width: 80, height: 24 });
  assert.equal((await shell.send("seq -f 'line %g' 1 500 | less", { wait: 60 })).waiting_for, "pager");
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  const back = await shell.open({ persist: true, width: 80, height: 24 });
  assert.deepEqual([back.state, back.waiting_for], ["input", "pager"]);
  assert.match(back.output, /^line 1\nline 2\n/);
  await shell.send("q", { press_enter: false });
  await shell.until("prompt");
  assert.deepEqual(pick(await shell.run("echo after; (exit 3)")), ["after", 3]);
  await shell.send("exit");
});

Deno.test("persistent shells in screen whose names begin alike are apart", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("screen", host);
  await shell.open({ persist: true, name: "build2" });
  await shell.run("where=build2", { name: "build2" });
  await shell.open({ persist: true, name: "build" });
  assert.equal((await shell.run("echo [$where]", { name: "build" })).output, "[]");
  assert.equal((await shell.run("echo [$where]", { name: "build2" })).output, "[build2]");
  for (const name of ["build", "build2"]) await shell.send("exit", { name });
});

Deno.test("a persistent shell in screen is picked up while the dead connection before it still takes nothing", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("screen", host);
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

for (const program of MULTIPLEXERS) {
  Deno.test(`a persistent shell in ${program} runs commands and goes on, whatever the login shell is`, async () => {
    await using host = await startHost();
    for (const login of ["bash", "dash", "ash", "zsh", "ksh93", "mksh"] as const) {
      await using shell = await onlyWith(program, host, login);
      const opened = await shell.open({ persist: true });
      assert.match(opened.note ?? "", new RegExp(`^persistent as ${program} mcp-ssh-main`), login);
      const ran = await shell.run("kept=yes; cd /usr; echo one; (exit 6)");
      assert.deepEqual([ran.output, ran.exit_code, ran.cwd, ran.state], ["one", 6, "/usr", "prompt"], login);
      await shell.load("TOKEN=Vw83-nt5Lq-90zPe\n");
      assert.equal((await shell.run("echo ${#TOKEN}")).output, "16", login);
      await shell.client.call("ssh_close_session", { session_id: shell.session });
      await shell.connect();
      assert.equal((await shell.open({ persist: true })).state, "prompt", login);
      assert.deepEqual(pick(await shell.run("echo $kept $PWD; (exit 3)")), ["yes /usr", 3], login);
      const history = await shell.send("fc -l -100 2>/dev/null || fc -l 1 2>/dev/null || history");
      assert.doesNotMatch(history.output, /mcp|7717|printf/, login);
      const whole = await shell.read({ lines: 1000 });
      assert.match(whole.output, /^one$/m, `${login}: ${whole.output}`);
      assert.doesNotMatch(whole.output, /mcp|7717|printf/, `${login}: ${whole.output}`);
      const ended = await shell.send("exit");
      assert.equal(ended.note, `the shell is closed: its ${program} session ended`, login);
    }
  });
}

Deno.test("start-up files that print without a line end keep nothing of a persistent shell away", async () => {
  await using host = await startHost();
  for (const program of MULTIPLEXERS) {
    await using shell = await onlyWith(program, host);
    for (const file of [".bashrc", ".profile"]) {
      await Deno.writeTextFile(`${shell.user.home}/${file}`, "printf noise\n", { append: true });
    }
    assert.match((await shell.open({ persist: true })).note ?? "", new RegExp(`^persistent as ${program} `));
    await shell.load("TOKEN=Vw83-nt5Lq-90zPe\n");
    assert.equal((await shell.run("echo ${#TOKEN}")).output, "16", program);
    // Only the host can tell that this is no password prompt.
    assert.equal((await shell.send("PS1='Password: '")).state, "prompt", program);
    assert.equal((await shell.send("exit")).state, "closed", program);
  }
});

Deno.test("what runs in a persistent shell makes files with the permissions that they have elsewhere", async () => {
  await using host = await startHost();
  for (const program of MULTIPLEXERS) {
    await using shell = await onlyWith(program, host);
    await shell.open({ name: "plain" });
    const plain = await shell.run("umask; env | grep -c KEPT_", { name: "plain" });
    await shell.open({ persist: true });
    assert.equal((await shell.run("umask; env | grep -c KEPT_")).output, plain.output, program);
    await shell.send("exit");
  }
});

for (const program of MULTIPLEXERS) {
  Deno.test(`a persistent shell in ${program} opens and goes on where the login shell is fish or tcsh`, async () => {
    await using host = await startHost();
    for (const login of ["fish", "tcsh"]) {
      await using shell = await ShellUser.login(host, await ensureProgram(login));
      await leaveOnly(program, shell.user.home);
      await shell.client.call("ssh_close_session", { session_id: shell.session });
      await shell.connect();
      const opened = await shell.open({ persist: true });
      assert.deepEqual([opened.note, opened.state], [`persistent as ${program} mcp-ssh-main`, "prompt"], login);
      assert.match((await shell.send("cd /usr; echo 'it is kept!'")).output, /\nit is kept!/, login);
      await shell.client.call("ssh_close_session", { session_id: shell.session });
      await shell.connect();
      const again = await shell.open({ persist: true });
      assert.match(again.output, /\nit is kept!/, login);
      assert.match((await shell.send("echo in $PWD")).output, /\nin \/usr/, login);
      assert.equal((await shell.send("exit")).state, "closed", login);
    }
  });
}
