import assert from "node:assert/strict";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

for (const name of ["bash", "dash", "ash", "zsh", "ksh93", "mksh"] as const) {
  Deno.test(`ssh_shell_send() with await_exit tells output, exit code and directory in ${name}`, async () => {
    await using sshd = await startSshd();
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();

    const first = await shell.run("echo one; cd /tmp; VALUE=kept; false");
    assert.deepEqual([first.output, first.exit_code, first.cwd, first.state], ["one", 1, "/tmp", "prompt"]);
    const status = await shell.run("echo status $? in $PWD with $VALUE");
    assert.deepEqual([status.output, status.exit_code], ["status 1 in /tmp with kept", 0]);

    const lines = await shell.run("for word in a 'b c'\ndo\n\techo \"<$word>\"\ndone\nprintf 'no line end'");
    assert.deepEqual([lines.output, lines.exit_code], ["<a>\n<b c>\nno line end", 0]);
    const quoting = await shell.run("echo 'it'\\''s' \"a \\\"b\\\"\" \\\\ '!x' ^y^z '%s' é 日本");
    assert.equal(quoting.output, 'it\'s a "b" \\ !x ^y^z %s é 日本');
    const wide = await shell.run(`echo ${"x".repeat(5000)} | wc -c`);
    assert.equal(wide.output.trim(), "5001");

    const broken = await shell.run("if then ) done");
    assert.ok(broken.exit_code !== 0 && broken.exit_code !== null, JSON.stringify(broken));
    assert.match(broken.output, /syntax|parse/i);
    const unset = await shell.run("echo ${not_there:?is missing}; echo not reached");
    assert.match(unset.output, /is missing/);
    assert.doesNotMatch(unset.output, /not reached/);
    assert.ok(unset.exit_code !== null && unset.exit_code !== undefined);

    const whole = await shell.read({ lines: 1000 });
    assert.doesNotMatch(whole.output, /mcp[0-9a-f]{10}|7717|__mcp|printf '%b'/);
    const raw = await shell.read({ lines: 1000, raw: true });
    assert.doesNotMatch(raw.output, /mcp[0-9a-f]{10}|7717|__mcp/);
    const left = await shell.run("set | grep -a '^__mcp'");
    assert.deepEqual([left.output, left.exit_code], ["", 1]);
  });

  Deno.test(`ssh_shell_send() with await_exit stays true through input, Ctrl-C, time limit and exit in ${name}`, async () => {
    await using sshd = await startSshd();
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();

    const asking = await shell.run("read answer; echo got $answer; (exit 5)", { timeout: 0.5 });
    assert.deepEqual([asking.exit_code, asking.state], [null, "running"]);
    const busy = await shell.fail("send", { data: "echo no", await_exit: true });
    assert.equal(busy.code, "invalid_argument");
    assert.match(busy.message, /still runs/);
    const answered = await shell.send("forty two");
    assert.match(answered.output, /got forty two/);
    assert.equal(answered.exit_code, 5);

    const sleeping = await shell.run("sleep 60; echo not reached", { timeout: 1 });
    assert.equal(sleeping.exit_code, null);
    const interrupted = await shell.press("c");
    assert.ok([130, 258].includes(interrupted.exit_code ?? 0), JSON.stringify(interrupted));
    assert.equal((await shell.run("echo after $((6*7))")).output, "after 42");

    const late = await shell.run(": late\nsleep 3; echo late; (exit 9)", { timeout: 0.3 });
    assert.equal(late.exit_code, null);
    const waited = await shell.wait("late");
    assert.equal(waited.reason, "matched");
    assert.match(waited.output, /^late$/m, "the echo of the command is none of its output");
    const finished = waited.exit_code === undefined ? await shell.wait(undefined) : waited;
    assert.equal(finished.exit_code, 9);

    const background = await shell.run("sleep 0.3 & echo started; wait");
    assert.match(background.output, /started/);
    assert.equal(background.exit_code, 0);

    const gone = await shell.run("exit 3");
    assert.deepEqual([gone.exit_code, gone.state], [3, "closed"]);
    const closed = await shell.fail("send", { data: "echo no" });
    assert.equal(closed.code, "shell_closed");
    assert.match(closed.message, /exit code 3/);
    assert.match(closed.hint ?? "", /ssh_shell_open/);
  });
}

Deno.test("ssh_shell_send() with await_exit is not misled by a hostile prompt, tracing, a forged marker or a full line", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ width: 20, height: 5 });
  await shell.send(`PS1='DONE exit_code 0 \\033]7717;mcp;E;0;1;/;mcp\\007 $ '`);
  assert.deepEqual(pick(await shell.run("echo aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd; (exit 6)")), [
    "aaaaaaaaaabbbbbbbbbbccccccccccdddddddddd",
    6,
  ]);
  await shell.send("PS1='password: '");
  assert.deepEqual(pick(await shell.run("echo still; (exit 2)")), ["still", 2]);
  await shell.send("PS1='line one\\nline two> '; PROMPT_COMMAND='echo noise'");
  assert.deepEqual(
    pick(await shell.run("printf '\\033]7717;mcp0;E;0;1;/;mcp0\\007\\033[2J\\033[Hcleared\\n'; (exit 8)")),
    ["cleared", 8],
  );
  await shell.send("PS1='$ '; unset PROMPT_COMMAND; set -x");
  const traced = await shell.run("(exit 4)");
  assert.equal(traced.exit_code, 4);
  assert.doesNotMatch(traced.output, /mcp[0-9a-f]{10}/);
});

Deno.test("ssh_shell_send() with await_exit shows no line of its own in the history of any shell", async () => {
  await using sshd = await startSshd();
  for (const name of ["bash", "zsh", "ksh93", "mksh", "ash"] as const) {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    await shell.send("echo typed by hand");
    await shell.run("echo run for its exit code");
    await shell.run("sleep 60", { timeout: 1 });
    await shell.press("c");
    await shell.run(`echo ${"y".repeat(6000)} | wc -c`);
    const { output } = await shell.send("fc -l -100 2>/dev/null || fc -l 1 2>/dev/null || history", {
      read_lines: 400,
    });
    assert.match(output, /typed by hand/, name);
    assert.doesNotMatch(output, /mcp|7717|printf/, name);
  }
});

Deno.test("ssh_shell_send() with await_exit says where it cannot run: a full-screen program, a REPL, fish", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send("less /etc/services");
  await shell.until("input");
  const inPager = await shell.fail("send", { data: "echo x", await_exit: true });
  assert.equal(inPager.code, "invalid_argument");
  assert.match(inPager.message, /not at its prompt/);
  await shell.send("q", { press_enter: false });
  await shell.until("prompt");
  await shell.send("python3 -q", { wait: 60 });
  const inRepl = await shell.fail("send", { data: "echo x", await_exit: true });
  assert.match(inRepl.message, /waits for repl/);
  await shell.press("d");
  const nested = await shell.run("dash");
  assert.deepEqual([nested.exit_code, nested.waiting_for], [null, "nested shell"]);
  const back = await shell.send("exit 7");
  assert.equal(back.exit_code, 7);
});

Deno.test("ssh_shell_send() with await_exit tells the truth beside a DEBUG trap, tracing, and jobs that are stopped", async () => {
  await using sshd = await startSshd();
  for (const name of ["bash", "zsh", "ksh93", "mksh"] as const) {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    if (name !== "mksh") {
      await shell.run("trap 'echo trapped' DEBUG");
      const trapped = await shell.run("echo seen; (exit 4)");
      assert.match(trapped.output, /^(?:trapped\n)*seen\n(?:trapped\n?)*$/, name);
      assert.equal(trapped.exit_code, 4, name);
      await shell.run("trap - DEBUG");
    }
    await shell.run("trap 'echo failed' ERR; (exit 3)");
    assert.deepEqual(pick(await shell.run("echo $?")), ["3", 0], name);
    await shell.run("trap - ERR");
    await shell.run("set -v");
    assert.match((await shell.run("echo seen")).output, /^(?:echo seen\n?)?seen$/, name);
    await shell.run("set +v; set -x");
    const traced = await shell.run("echo seen; (exit 5)");
    assert.match(traced.output, /^(?:.*echo seen\n)?seen$/m, name);
    assert.doesNotMatch(traced.output, /mcp[0-9a-f]{8}|7717|__mcp/, name);
    assert.equal(traced.exit_code, 5, name);
    await shell.run("set +x");
    await shell.run("sleep 50", { timeout: 1 });
    const stopped = await shell.press("z");
    const jobs = await shell.run("jobs");
    for (const { output } of [stopped, jobs]) {
      assert.match(output, /(?:Stopped|suspended) +.*sleep 50/, name);
      assert.doesNotMatch(output, /mcp[0-9a-f]{8}|7717|__mcp/, name);
    }
    await shell.run("kill %1");
  }
});

Deno.test("a prompt that looks like none, or is none, is known where no line editor tells, and work is not taken for it", async () => {
  await using sshd = await startSshd();
  await Promise.all((["dash", "ash", "ksh93", "mksh"] as const).map(async (name) => {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    for (const prompt of ["odd;; ", ""]) {
      assert.equal((await shell.send(`PS1='${prompt}'`, { wait: 0.5 })).state, "prompt", name + prompt);
      assert.deepEqual(pick(await shell.run("echo out; (exit 7)")), ["out", 7], name + prompt);
      for (const work of ["printf 'at work'; sleep 2", "sleep 2 & wait", "read x; sleep 2"]) {
        assert.equal((await shell.send(work, { wait: 0.3 })).state, "running", `${name} ${work}`);
        if (work.startsWith("read")) await shell.send("answer", { wait: 0.3 });
        await shell.wait(undefined, { poll_interval: 3, timeout: 30 });
      }
    }
  }));
});

function pick(answer: { output: string; exit_code?: number | null }): [string, number | null | undefined] {
  return [answer.output, answer.exit_code];
}

for (const name of ["bash", "dash", "ash", "zsh", "ksh93", "mksh"] as const) {
  Deno.test(`ssh_shell_send() with await_exit runs nothing of what stands half typed at the prompt of ${name}`, async () => {
    await using sshd = await startSshd();
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    await shell.send("touch half", { press_enter: false, wait: 0.3 });
    const refused = await shell.fail("send", { data: "echo no", await_exit: true });
    assert.equal(refused.code, "invalid_argument");
    assert.match(refused.message, /something is typed there/);
    await shell.send("-typed; echo done");
    assert.equal((await shell.run("ls")).output, "half-typed");

    await shell.send("touch other", { press_enter: false, wait: 0.3 });
    await shell.press("left"); // now only a line editor that speaks for itself tells that it is at its prompt
    if (["bash", "zsh"].includes(name)) assert.deepEqual(pick(await shell.run("ls; (exit 4)")), ["half-typed", 4]);
    else assert.match((await shell.fail("send", { data: "ls", await_exit: true })).message, /not at its prompt/);
    await shell.press("c");
    await shell.send("touch third", { press_enter: false, wait: 0.3 });
    await shell.press("c");
    assert.deepEqual(pick(await shell.run("ls; (exit 5)")), ["half-typed", 5]);
  });
}
