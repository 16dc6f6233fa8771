import assert from "node:assert/strict";
import { onlyWith, startHost } from "../support/only_with.ts";
import { eventually, killAll, processes } from "../support/processes.ts";
import { ensureProgram } from "../support/run.ts";
import type { ShellUser } from "../support/shell_user.ts";

/** Another connection, in which nothing is known of the first. */
async function again(shell: ShellUser, args = {}): Promise<ReturnType<ShellUser["open"]>> {
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  await shell.connect();
  return await shell.open({ persist: true, ...args });
}

/** Where the keeper of shell `main` keeps what was shown. */
async function keptIn(shell: ShellUser): Promise<string> {
  return await Deno.realPath(`${shell.user.home}/.mcp-ssh-main.kept`);
}

Deno.test("a shell in dtach goes on with its scrollback, exit codes and loaded variables, and leaves nothing behind", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  const opened = await shell.open({ persist: true, width: 80, height: 24 });
  assert.equal(opened.note, "persistent as dtach mcp-ssh-main");
  const ran = await shell.run("cd /usr; kept=yes; printf 'é 日本語 😀 %s\\n' $(seq 1 300); (exit 4)", {
    read_lines: 1000,
  });
  assert.deepEqual([ran.exit_code, ran.cwd], [4, "/usr"]);
  await shell.load("TOKEN=Vw83-nt5Lq-90zPe\n");
  assert.equal((await shell.run("echo $TOKEN ${#TOKEN}")).output, "*** 16");
  assert.match((await shell.send("stty size", { width: 100, height: 30 })).output, /\n30 100\n/);
  await shell.send(`echo ${"w".repeat(250)}; for part in 1 2 3; do echo part $part; sleep 0.5; done; echo built`, {
    wait: 0.2,
  });
  const directory = await keptIn(shell);
  assert.equal((await Deno.stat(directory)).mode! & 0o777, 0o700);
  await again(shell, { width: 80, height: 24 });
  assert.equal((await shell.wait("built\n", { since: "0" })).reason, "matched");
  const { output } = await shell.read({ lines: 1000 });
  const characters = Array.from({ length: 300 }, (_none, at) => `é 日本語 😀 ${at + 1}\n`).join("");
  assert.ok(output.includes(`\n${characters}`), output);
  assert.match(output, /\n\*\*\* 16\n[^]*\nw{250}\npart 1\npart 2\npart 3\nbuilt\n[^\n]*\$ $/);
  assert.doesNotMatch(output, /mcp[0-9a-f]{10}|7717|__mcp|mcp-ssh|Script started/);
  assert.equal((await shell.run("echo $kept $PWD ${#TOKEN} $(stty size); (exit 7)")).output, "yes /usr 16 24 80");
  const ended = await shell.send("exit");
  assert.deepEqual([ended.state, ended.note], ["closed", "the shell is closed: its dtach session ended"]);
  assert.match(ended.output, /exit\s*$/);
  await eventually("nothing is left behind", async () => {
    const names = (await Array.fromAsync(Deno.readDir(shell.user.home))).map(({ name }) => name);
    const there = await Deno.stat(directory).then(() => true, () => false);
    return !there && !names.some((name) => name.startsWith(".mcp"));
  });
  assert.doesNotMatch((await shell.open({ persist: true })).output, /built/);
  await shell.send("exit");
});

Deno.test("a command in dtach whose line was wider than the terminal is shown whole in a terminal of another width", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  await shell.open({ persist: true, width: 93, height: 24 });
  const words = Array.from({ length: 40 }, (_none, at) => `word${at}`).join(" ");
  await shell.send(`: ${words}`);
  await shell.send(`: and ${words}`, { width: 61 });
  for (const width of [200, 61, 40]) {
    const { output } = await again(shell, { width, height: 30 });
    assert.match(output, new RegExp(`\\$ : ${words}\\n[^\\n]*\\$ : and ${words}\\n[^\\n]*\\$ $`), String(width));
  }
  await shell.send("exit");
});

Deno.test("a full-screen program in dtach is as it was left, however much it has drawn, and what it covered comes back", async () => {
  await ensureProgram("less");
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  const size = { width: 80, height: 24 };
  await shell.open({ persist: true, ...size });
  await shell.run("echo before");
  assert.equal((await shell.send("seq -f 'line %g' 1 500 | less", { wait: 60 })).waiting_for, "pager");
  const back = await again(shell, size);
  assert.deepEqual([back.state, back.waiting_for], ["input", "pager"]);
  assert.match(back.output, /^line 1\nline 2\n/);
  await shell.send("q", { press_enter: false });
  await shell.until("prompt");
  assert.match((await shell.read()).output, /\nbefore\n[^]*\| less\n/);

  const draw = "printf '\\033[?1049h\\033[?1h'; for i in $(seq 1 3000); do printf '\\033[H'; " +
    "printf 'row %s of it ..................................................\\r\\n' " +
    "1 2 3 4 5 6 7 8 9 10 11 12; done; printf drawn; read -r key; printf '\\033[?1049l'";
  await shell.send(draw, { wait: 0.5 });
  assert.equal((await shell.wait("drawn", { since: "0" })).reason, "matched");
  const drawn = await again(shell, size);
  assert.equal(drawn.state, "fullscreen");
  assert.match(drawn.output, /^row 1 of it \.+\nrow 2 of it [^]*\nrow 12 of it \.+\ndrawn$/);
  assert.equal((await shell.press("enter")).state, "prompt");
  await shell.send("exit");
});

Deno.test("what is kept beside dtach is bounded, also while a shell floods that nobody looks at", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  await shell.open({ persist: true });
  await shell.send("yes 0123456789", { wait: 0.2 });
  const directory = await keptIn(shell);
  await shell.client.call("ssh_close_session", { session_id: shell.session });
  for (let turn = 0; turn < 10; turn++) {
    let bytes = 0;
    for (const name of ["old", "new"]) {
      bytes += (await Deno.stat(`${directory}/${name}`).catch(() => undefined))?.size ?? 0;
    }
    assert.ok(bytes < 1_500_000, String(bytes));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await shell.connect();
  const back = await shell.open({ persist: true });
  assert.match(back.output, /\n0123456789\n0123456789\n/);
  await shell.press("c");
  await shell.wait(undefined, { timeout: 20 });
  assert.equal((await shell.run("echo usable; (exit 3)")).exit_code, 3);
  assert.match((await again(shell)).output, /\nusable\n/);
  await shell.send("exit");
});

Deno.test("a shell in dtach whose keeper was killed goes on with another one", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  await shell.open({ persist: true });
  await shell.run("echo before");
  const directory = await keptIn(shell);
  const { uid: id } = shell.user;
  const keeper = Number(await Deno.readTextFile(`${directory}/keeper`));
  const readers = (await processes()).filter(({ uid, parent, pid }) =>
    uid === id && (parent === keeper || pid === keeper)
  );
  assert.ok(readers.length >= 2);
  killAll(readers.map(({ pid }) => pid));
  await again(shell);
  assert.equal((await shell.run("echo behind")).output, "behind");
  assert.match((await again(shell)).output, /\nbefore\n[^]*\nbehind\n/);
  await shell.send("exit");
});

Deno.test("a shell in dtach that is opened from elsewhere is let go of, with nothing lost", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  await shell.open({ persist: true });
  await shell.run("echo first");
  const { session } = shell;
  await shell.connect();
  assert.match((await shell.open({ persist: true })).output, /\nfirst\n/);
  assert.equal((await shell.run("echo second")).output, "second");
  const left = await shell.client.fail("ssh_shell_send", { session_id: session, data: "echo third" });
  assert.match(left.message, /^the shell main is closed: dtach let go of it/);
  assert.match((await shell.read()).output, /\nfirst\n[^]*\nsecond\n/);
  assert.equal((await shell.send("exit")).note, "the shell is closed: its dtach session ended");
});

Deno.test("no piece of a value is shown when a shell in dtach is opened again in another width or with a cut beginning", async () => {
  await using host = await startHost();
  await using shell = await onlyWith("dtach", host);
  const value = "Vw83nt5Lq90zPeXk27RmTb64hYc19WsJd05FgUe8";
  await shell.open({ persist: true, width: 80, height: 24 });
  await shell.load(`TOKEN=${value}\n`);
  const check = (output: string): void => {
    for (let at = 0; at + 8 <= value.length; at++) {
      assert.ok(!output.includes(value.slice(at, at + 8)), JSON.stringify(output.slice(0, 500)));
    }
  };
  await shell.send(`: typed before the cut ${"-".repeat(20)} ${value.slice(0, 25)}`, { press_enter: false });
  for (const width of [80, 47, 200]) {
    check((await again(shell, { width, height: 24 })).output);
    check((await shell.read({ raw: true })).output);
  }
  check((await shell.send(value.slice(25))).output);
  check((await again(shell, { width: 33, height: 24 })).output);
  await Deno.writeTextFile(`${shell.user.home}/values`, (`${"-".repeat(60)}${value}\n`).repeat(8000));
  for (const end of ["", "; echo one more row", "; echo; echo two"]) {
    await shell.send(`cat values${end}`, { wait: 5 });
    await again(shell, { width: 80, height: 24 });
    const { output } = await shell.read({ lines: 100_000 });
    assert.ok(output.includes("-***\n-"));
    check(output);
    check((await shell.read({ raw: true, lines: 100_000 })).output);
  }
  await shell.send("exit");
});
