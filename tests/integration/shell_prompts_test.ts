import assert from "node:assert/strict";
import { onlyWith, startHost } from "../support/only_with.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

const PROMPTS = [
  "Password: ",
  "--More--",
  ">>> ",
  "Continue? [y/N] ",
  "Press any key to continue",
  "What now? ",
];

const SHELLS = ["bash", "dash", "ash", "zsh", "ksh93", "mksh"] as const;

/** What a program asks, word for word as the shell's prompt. */
function asking(question: string): string {
  return `sh -c 'printf "%s" "${question}"; read answer; echo "answered $answer"'`;
}

Deno.test("ssh_shell_send() tells a shell's prompt from a question, whatever it looks like", async () => {
  await using sshd = await startSshd();
  await Promise.all(SHELLS.map(async (name) => {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    for (const prompt of PROMPTS) await tellsApart(shell, prompt, `${prompt} of ${name}`);
  }));
});

async function tellsApart(shell: ShellUser, prompt: string, label: string): Promise<void> {
  await shell.send(`PS1='${prompt}'`);
  assert.deepEqual(await ranIn(shell, "echo out; (exit 7)"), ["out", 7, undefined], label);
  const after = await shell.send("echo by hand");
  assert.deepEqual([after.state, after.waiting_for], ["prompt", undefined], `${label} ${after.output}`);

  const asked = await shell.send(asking(prompt), { wait: 10 });
  assert.equal(asked.state, "input", label);
  assert.notEqual(asked.waiting_for, undefined, label);
  assert.match((await shell.fail("send", { data: "true", await_exit: true })).message, /waits for/, label);
  const answered = await shell.send("yes", { wait: 10 });
  assert.match(answered.output, /answered yes/, label);
  assert.equal(answered.state, "prompt", label);
  const within = await shell.run(asking(prompt), { timeout: 20 });
  assert.equal(within.state, "input", label);
  assert.match((await shell.send("no", { wait: 10 })).output, /answered no/, label);
}

Deno.test("ssh_shell_send() tells what a shell's own read asks from its prompt", async () => {
  await using sshd = await startSshd();
  for (const name of SHELLS) {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    await shell.send("PS1='Password: '");
    const asked = await shell.send("printf 'Password: '; read answer");
    assert.deepEqual([asked.state, asked.waiting_for], ["input", "password"], name);
    assert.equal((await shell.send("secret word")).state, "prompt", name);
    assert.deepEqual(await ranIn(shell, 'echo "$answer"'), ["secret word", 0, undefined], name);
  }
});

Deno.test("ssh_shell_send() with await_exit types nothing into what a function of the shell's asks", async () => {
  await using sshd = await startSshd();
  for (const name of SHELLS) {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    await shell.open();
    await shell.send("ask() { for n in 1 2; do printf 'Password: '; read -r x; echo \"got $x\"; done; }");
    const first = await shell.run("ask", { timeout: 10 });
    assert.deepEqual([first.state, first.waiting_for, first.exit_code], ["input", "password", null], name);
    const second = await shell.send("one");
    assert.deepEqual([second.state, second.waiting_for], ["input", "password"], name);
    const last = await shell.send("two");
    assert.match(last.output, /got two/, name);
    assert.equal(last.exit_code, 0, name);
  }
});

Deno.test("ssh_shell_send() tells the prompt of a shell in the shell from a question", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send(await shellPath("dash"));
  await shell.send("PS1='>>> '");
  assert.deepEqual(await ranIn(shell, "echo in dash; (exit 3)"), ["in dash", 3, undefined]);
  const python = await shell.send("python3 -q", { wait: 10 });
  assert.deepEqual([python.state, python.waiting_for], ["input", "repl"]);
  assert.equal((await shell.send("exit()")).state, "prompt");
});

Deno.test("ssh_shell_send() asks for the right one of several shells", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("dash"));
  const names = ["one", "two", "three"];
  for (const name of names) {
    await shell.open({ name });
    await shell.send("PS1='>>> '", { name });
  }
  await shell.send("python3 -q", { name: "two", wait: 10 });
  const states = async (): Promise<string[]> => {
    const answers = [];
    for (const name of names) answers.push(await shell.read({ name }));
    return answers.map(({ state }) => state);
  };
  assert.deepEqual(await states(), ["prompt", "input", "prompt"]);
  await shell.send("exit", { name: names.shift() });
  assert.deepEqual(await states(), ["input", "prompt"]);
});

Deno.test("ssh_shell_send() tells the prompt of a persistent shell from a question, whatever it lives in", async () => {
  await using host = await startHost();
  for (const [program, without] of [["tmux", ""], ["screen", ""], ["dtach", ""], ["dtach", "script"]] as const) {
    await using shell = await onlyWith(program, host, "dash", without);
    await shell.open({ persist: true });
    await shell.send("PS1='Password: '");
    assert.deepEqual(await ranIn(shell, "echo out; (exit 7)"), ["out", 7, undefined], program + without);
    const asked = await shell.send(asking("Password: "), { wait: 5 });
    assert.deepEqual([asked.state, asked.waiting_for], ["input", "password"], program + without);
    assert.equal((await shell.send("yes")).state, "prompt", program + without);
    await shell.send("exit");
  }
});

Deno.test("ssh_shell_send() takes what looks like a question for one where the host has no channel to be asked on", async () => {
  await using sshd = await startSshd({ config: ["MaxSessions 1"] });
  await using shell = await ShellUser.login(sshd, await shellPath("dash"));
  await shell.open();
  for (const _time of [1, 2, 3]) {
    const answer = await shell.send("PS1='Password: '");
    assert.deepEqual([answer.state, answer.waiting_for], ["input", "password"]);
  }
});

async function ranIn(
  shell: ShellUser,
  command: string,
): Promise<[string, number | null | undefined, string | undefined]> {
  const { output, exit_code, waiting_for } = await shell.run(command);
  return [output, exit_code, waiting_for];
}
