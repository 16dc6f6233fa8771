import assert from "node:assert/strict";
import { eventually } from "../support/processes.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

Deno.test("ssh_shell_send() answers at the prompt, long before wait is over, in bash, dash, ash and zsh", async () => {
  await using sshd = await startSshd();
  for (const name of ["bash", "dash", "ash", "zsh"] as const) {
    await using shell = await ShellUser.login(sshd, await shellPath(name));
    const opened = await shell.open();
    assert.deepEqual([opened.opened, opened.state], [true, "prompt"], name);
    const again = await shell.open();
    assert.equal(again.opened, false);
    assert.match(again.note ?? "", /was open already/);
    for (const wait of [30, 600]) {
      const moved = await shell.send("cd /usr/lib", { wait });
      assert.equal(moved.state, "prompt");
    }
    await shell.send("export LC_ALL=C.UTF-8"); // without it zsh edits bytes, not characters
    const { output } = await shell.send("pwd; printf 'a\\033[31mred\\033[0m\\n'; echo 日本語 é 😀");
    assert.match(output, /\n\/usr\/lib\nared\n日本語 é 😀\n/);
  }
});

Deno.test("ssh_shell_read() gives the tail, with since only what is new, and says what was lost", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const first = await shell.send("echo first");
  const second = await shell.send("echo second");
  assert.doesNotMatch(second.output, /first/);
  const behindFirst = await shell.read({ since: first.cursor });
  assert.match(behindFirst.output, /echo second\nsecond\n/);
  assert.doesNotMatch(behindFirst.output, /first/);
  const nothing = await shell.read({ since: behindFirst.cursor });
  assert.equal(nothing.output, "");
  const tail = await shell.read({ lines: 2 });
  assert.equal(tail.output.split("\n").length, 2);
  const all = await shell.read({ lines: 1000 });
  assert.match(all.output, /first[^]*second/);

  const long = await shell.send("seq 1 100000", { wait: 10, read_lines: 5 });
  assert.match(long.output, /99999\n100000\n/);
  assert.ok((long.omitted_lines ?? 0) >= 0);
  const lost = await shell.read({ since: first.cursor, lines: 100_000 });
  assert.equal(lost.lost, true);
  assert.ok(lost.output.length <= 520_000, String(lost.output.length));
  assert.match(lost.output, /\n99998\n99999\n100000\n/);

  const foreign = await shell.fail("read", { since: "abcdef-1-1" });
  assert.equal(foreign.code, "invalid_argument");
  assert.match(foreign.message, /no cursor of this shell/);
});

Deno.test("ssh_shell_read() with raw gives the bytes, and renders progress bars to their last state without it", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("dash"));
  await shell.open();
  const bar = "for n in 1 2 3; do printf '\\r\\033[Kdone %s of 3' $n; done; echo";
  assert.match((await shell.send(bar)).output, /\ndone 3 of 3\n/);
  const raw = await shell.read({ raw: true, lines: 3 });
  assert.ok(raw.output.includes("\r\x1b[Kdone 1 of 3\r\x1b[Kdone 2 of 3"), JSON.stringify(raw.output));
  const sent = await shell.send("printf '\\007x\\n'", { raw: true });
  assert.ok(sent.output.includes("\x07x\r\n"), JSON.stringify(sent.output));
});

Deno.test("ssh_shell_wait() returns at the pattern, which the echo of the input is not", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send("echo READY");
  const sent = await shell.send("sleep 2; echo READY; sleep 30", { wait: 0.1 });
  assert.doesNotMatch(sent.output.split("\n").slice(1).join("\n"), /READY/);
  const matched = await shell.wait("READY");
  assert.equal(matched.reason, "matched");
  assert.equal(matched.state, "running");
  assert.match(matched.output, /\nREADY/);
  await shell.press("c");
  const regex = await shell.wait("^RE[A-Z]+Y$", { regex: true, since: "0" });
  assert.equal(regex.reason, "matched");
  const quiet = await shell.wait("never there", { poll_interval: 0.2 });
  assert.deepEqual([quiet.reason, quiet.state], ["quiet", "prompt"]);
  await shell.send("sleep 30", { wait: 0.1 });
  const late = await shell.wait("never there", { timeout: 0.3, poll_interval: 0.1 });
  assert.deepEqual([late.reason, late.state], ["timeout", "running"]);
  await shell.press("c");
  const spanning = await shell.send("printf 'one\\ntwo\\n'");
  assert.equal(spanning.state, "prompt");
  assert.equal((await shell.wait("one\ntwo")).reason, "matched");
});

Deno.test("ssh_shell_wait() takes no regular expression that would not end, and finds text in a flood", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send(`printf '%05000d\\n' 0 | tr 0 a`);
  const harmless = await shell.wait("(a+)+$x", { regex: true, poll_interval: 0.1 });
  assert.equal(harmless.reason, "quiet");
  const invalid = await shell.fail("wait", { pattern: "(", regex: true });
  assert.deepEqual([invalid.code, /regular expression/.test(invalid.message)], ["invalid_argument", true]);
  const long = await shell.fail("wait", { pattern: "x".repeat(100_000) });
  assert.match(long.message, /100000 characters/);
  await shell.send("seq 1 300000 | sed 's/^150000$/needle/'; sleep 30", { wait: 0.01 });
  assert.equal((await shell.wait("needle", { timeout: 60 })).reason, "matched");
});

Deno.test("ssh_shell_send_control() sends keys by name and lists them when one is unknown", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send("sleep 100", { wait: 0.1 });
  assert.match((await shell.press("c")).output, /\^C/);
  await shell.send("echo recalled");
  await shell.press("up");
  assert.match((await shell.press("enter")).output, /recalled\nrecalled\n/);
  await shell.send("cat -v", { wait: 0.2 });
  for (const key of ["f5", "escape", "]"]) await shell.press(key);
  assert.match((await shell.press("enter")).output, /\^\[\[15~\^\[\^\]/);
  await shell.press("d");
  const unknown = await shell.fail("send_control", { key: "hyper" });
  assert.equal(unknown.code, "invalid_argument");
  assert.match(unknown.hint ?? "", /enter, tab, escape.*f12/);
});

Deno.test("ssh_shell_send() resizes the terminal, and the program in it is told", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open({ width: 100, height: 30 });
  assert.match((await shell.send("stty size")).output, /\n30 100\n/);
  await shell.send("trap 'echo changed to $(stty size)' WINCH", { wait: 1 });
  await shell.send("sleep 0.5", { width: 132, height: 43 });
  assert.match((await shell.send("")).output, /changed to 43 132|\$ $/);
  assert.match((await shell.read()).output, /changed to 43 132/);
  const wide = await shell.send(`echo ${"w".repeat(300)}`, { width: 40 });
  assert.match(wide.output, /\nw{300}\n/);
});

Deno.test("several shells of one session are apart, and unknown ones are told", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const missing = await shell.fail("send", { data: "x" });
  assert.equal(missing.code, "shell_not_open");
  await shell.open();
  await Promise.all([shell.open({ name: "other" }), shell.open({ name: "other" })]);
  await shell.send("where=main");
  await shell.send("where=other", { name: "other" });
  assert.equal((await shell.run("echo $where")).output, "main");
  assert.equal((await shell.run("echo $where", { name: "other" })).output, "other");
  const unknown = await shell.fail("read", { name: "third" });
  assert.match(unknown.hint ?? "", /main, other/);
  assert.equal((await shell.fail("open", { name: "a b" })).code, "invalid_argument");
  for (const bad of [{ wait: -1 }, { read_lines: 0 }, { read_lines: 1e12 }, { width: -3 }, { height: 1e9 }]) {
    assert.equal((await shell.fail("send", { data: "x", ...bad })).code, "invalid_argument");
  }
  const huge = await shell.fail("send", { data: "x".repeat(10_000_000) });
  assert.match(huge.message, /10000000 characters/);
});

Deno.test("a shell's end is seen at once, by a waiting call and by later ones", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const waiting = shell.wait("never", { timeout: 60 });
  await shell.send("echo last words; kill -9 $$", { wait: 0.5 });
  const ended = await waiting;
  assert.deepEqual([ended.reason, ended.state], ["closed", "closed"]);
  assert.match(ended.output, /last words/);
  assert.match(ended.note ?? "", /the shell is closed: it ended by|ended by/);
  const later = await shell.fail("send_control", { key: "c" });
  assert.equal(later.code, "shell_closed");
  const reopened = await shell.open();
  assert.deepEqual([reopened.opened, reopened.state], [true, "prompt"]);
});

Deno.test("a waiting call answers with what came when the connection drops or the session is closed", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  await shell.send("echo so far; sleep 60", { wait: 0.1 });
  assert.equal((await shell.wait("so far\n")).reason, "matched");
  const waiting = shell.wait("never", { timeout: 60 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await sshd.restart();
  const dropped = await waiting;
  assert.equal(dropped.state, "closed");
  assert.match(dropped.output, /so far/);
  assert.equal((await shell.fail("read", {})).code, "session_dropped");

  await shell.connect();
  await shell.open();
  await shell.send("sleep 61", { wait: 0.1 });
  const second = shell.wait("never", { timeout: 60 });
  const third = shell.client.call("ssh_shell_send", { session_id: shell.session, data: "", wait: 30 });
  await new Promise((resolve) => setTimeout(resolve, 100));
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  assert.equal((await second).state, "closed");
  assert.equal((await third).state, "closed");
});

Deno.test("calls at the same time type one after the other, and each tells its own output", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const [one, , three] = await Promise.all([shell.send("echo one"), shell.send("echo two"), shell.run("echo three")]);
  assert.match(one.output, /echo one\none\n/);
  assert.equal(three.output, "three");
});

Deno.test("ssh_list_sessions() says whether a shell is open", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  const open = async () => {
    const { sessions } = await shell.client.call<{ sessions: { shell_open: boolean }[] }>("ssh_list_sessions", {});
    return sessions[0]?.shell_open;
  };
  assert.equal(await open(), false);
  await shell.open();
  assert.equal(await open(), true);
  await shell.send("exit");
  await eventually("the shell is closed", async () => await open() === false);
});
