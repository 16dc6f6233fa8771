import assert from "node:assert/strict";
import { ensureProgram } from "../support/run.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

Deno.test("a REPL keeps its state from send to send, and its prompt is told", async () => {
  await ensureProgram("python3");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const started = await shell.send("python3 -q", { wait: 10 });
  assert.deepEqual([started.state, started.waiting_for], ["input", "repl"]);
  await shell.send("x = 6");
  assert.match((await shell.send("print(x * 7)")).output, /\n42\n>>> $/);
  const left = await shell.press("d");
  assert.equal(left.state, "prompt");
});

Deno.test("vim opens, edits and saves a file", async () => {
  await ensureProgram("vim");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ width: 80, height: 24 });
  const opened = await shell.send("vim -u NONE note.txt", { wait: 5 });
  assert.equal(opened.state, "fullscreen");
  await shell.shows(/~\n~\n/);
  await shell.send("iwritten with vim", { press_enter: false });
  await shell.press("escape");
  await shell.shows(/^written with vim/);
  await shell.send(":wq");
  const saved = await shell.until("prompt");
  assert.doesNotMatch(saved.output, /^~$/m);
  assert.equal(await Deno.readTextFile(`${shell.user.home}/note.txt`), "written with vim\n");
});

Deno.test("top draws its screen and leaves it", async () => {
  await ensureProgram("top", "procps");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ width: 100, height: 20 });
  await shell.send("top", { wait: 5 });
  const shown = await shell.shows(/load average[^]*PID USER/);
  assert.ok(shown.output.split("\n").length <= 20);
  await shell.send("q", { press_enter: false });
  await shell.until("prompt");
});

Deno.test("pagers, any-key prompts, confirmations and unfinished commands are told, not waited out", async () => {
  await ensureProgram("less");
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const asked = async (command: string): Promise<[string, string | undefined]> => {
    const { state, waiting_for } = await shell.send(command, { wait: 60 });
    return [state, waiting_for];
  };
  const quit = async (): Promise<void> => {
    await shell.send("q", { press_enter: false });
    await shell.until("prompt");
  };
  assert.deepEqual(await asked("seq 1 500 | less"), ["input", "pager"]);
  await quit();
  await Deno.writeTextFile(`${shell.user.home}/notes.txt`, "a line\n".repeat(500));
  for (const less of ["less notes.txt", "less -M notes.txt", "less -X notes.txt", "LESS=FRSXMK less notes.txt"]) {
    assert.deepEqual(await asked(less), ["input", "pager"], less);
    const { waiting_for } = await shell.send(" ", { press_enter: false, wait: 60 });
    assert.equal(waiting_for, "pager", less);
    await quit();
  }
  assert.deepEqual(await asked("seq 1 500 | more"), ["input", "pager"]);
  await quit();
  assert.deepEqual(await asked("read -n1 -p 'Press any key to continue . . . '"), ["input", "key"]);
  await shell.press("enter");
  assert.deepEqual(await asked("read -p 'Do you want to continue? [Y/n] ' answer"), ["input", "confirmation"]);
  const waiting = await shell.wait("never", { timeout: 60 });
  assert.deepEqual([waiting.reason, waiting.waiting_for], ["input", "confirmation"]);
  await shell.send("y");
  assert.deepEqual(await asked("read -s -p 'Enter your token: ' answer"), ["input", "password"]);
  await shell.send("x");
  assert.deepEqual(await asked("select answer in one two; do break; done"), ["input", "answer"]);
  assert.equal((await shell.send("2")).state, "prompt");
  const running = await shell.run("read -p 'What is its name? ' answer; (exit 3)");
  assert.deepEqual([running.state, running.waiting_for, running.exit_code], ["input", "answer", null]);
  const never = await shell.wait("never", { timeout: 60 });
  assert.deepEqual([never.reason, never.waiting_for], ["input", "answer"]);
  assert.equal((await shell.send("it")).exit_code, 3);
  assert.deepEqual(await asked("echo 'not closed"), ["input", "more input"]);
  assert.match((await shell.send("now'")).output, /not closed\nnow\n/);
});

Deno.test("a prompt that looks like that for the rest of a command is known for what it is", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ name: "set" });
  await shell.send("PS1='> '", { name: "set" });
  assert.equal((await shell.fail("send", { data: "true", await_exit: true, name: "set" })).code, "invalid_argument");
  assert.equal((await shell.press("c", { name: "set" })).state, "prompt");
  assert.equal((await shell.run("(exit 3)", { name: "set" })).exit_code, 3);
  await Deno.writeTextFile(`${shell.user.home}/.bash_profile`, "PS1='> '\n");
  assert.equal((await shell.open()).state, "prompt");
  assert.equal((await shell.run("(exit 4)")).exit_code, 4);
});

Deno.test("sudo's password prompt is told, and is answered from a secret that is never shown", async () => {
  await using sshd = await startSshd();
  const password = "Kx9-tr4gedy-Umbr4-77";
  await using shell = await ShellUser.login(sshd, await shellPath("bash"), { password, sudo: "password" });
  await shell.load(`SUDO_PASSWORD=${password}\n`);
  await shell.open();
  const asked = await shell.run("sudo -k; sudo -p 'Password: ' id -un");
  assert.deepEqual([asked.state, asked.waiting_for, asked.exit_code], ["input", "password", null]);
  const answered = await shell.send(password, { wait: 10 });
  assert.match(answered.output, /\nroot/);
  assert.equal(answered.exit_code, 0);
  const piped = await shell.run(
    "sudo -k; printf '%s\\n' \"$SUDO_PASSWORD\" | sudo -S -p '' id -un; echo $SUDO_PASSWORD",
  );
  assert.equal(piped.output, "root\n***");
});

Deno.test("tmux and screen are used by hand", async () => {
  await using sshd = await startSshd();
  for (const program of ["tmux", "screen"]) {
    await ensureProgram(program);
    await using shell = await ShellUser.login(sshd, await shellPath("bash"));
    await shell.open({ width: 90, height: 25 });
    const inside = await shell.send(program === "tmux" ? "tmux new -s work" : "screen -S work -c /dev/null", {
      wait: 5,
    });
    assert.equal(inside.state, "fullscreen", program);
    await shell.send("echo inside-$((40+2))");
    await shell.shows(/inside-42/);
    await shell.press(program === "tmux" ? "b" : "a");
    await shell.send("d", { press_enter: false });
    const outside = await shell.until("prompt");
    assert.match(outside.output, /detached/);
    await shell.send(program === "tmux" ? "tmux attach -t work" : "screen -r work", { wait: 5 });
    assert.equal((await shell.shows(/inside-42/)).state, "fullscreen");
  }
});

Deno.test("wide characters, combining marks and a prompt in colour are shown as they are", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ width: 20, height: 6 });
  await shell.send("PS1='\\[\\033[32m\\]λ \\[\\033[0m\\]'");
  const text = "日本語のとても長い行が折り返される e\u0301 ñ";
  const { output } = await shell.run(`printf '%s\\n' '${text}'`);
  assert.equal(output, text);
});
