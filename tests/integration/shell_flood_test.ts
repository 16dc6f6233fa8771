import assert from "node:assert/strict";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

/** Bytes that this file's own heap takes: other tests run in the same process. */
function memory(): number {
  const { heapTotal, external } = Deno.memoryUsage();
  return heapTotal + external;
}

Deno.test("a flood starves no other call, keeps memory bounded and ends with Ctrl-C", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  for (const flood of ["yes", "cat /dev/urandom", "while :; do printf '\\033[31m\\033[Kred\\r\\n'; done"]) {
    const flooding = await shell.send(flood, { wait: 0.2 });
    assert.notEqual(flooding.state, "closed");
    const before = memory();
    for (let turn = 0; turn < 10; turn++) {
      const { stdout } = await shell.client.call<{ stdout: string }>("ssh_execute", {
        session_id: shell.session,
        command: "echo in between",
      });
      assert.equal(stdout, "in between\n");
      assert.ok((await shell.read({ lines: 3 })).output.length < 20_000);
    }
    assert.ok(memory() - before < 150_000_000, `${flood} took ${memory() - before} bytes`);
    await shell.press("c");
    const quiet = await shell.wait(undefined, { timeout: 20 });
    assert.notEqual(quiet.reason, "timeout", flood);
    await shell.send("printf '\\033c'");
  }
  assert.equal((await shell.run("echo usable; (exit 3)")).exit_code, 3);
});

Deno.test("a burst that fits the buffer is kept whole, with or without colours and line ends", async () => {
  await using sshd = await startSshd();
  await using shell = await ShellUser.login(sshd, await shellPath("bash"));
  await shell.open();
  const expected = Array.from({ length: 50_000 }, (_none, at) => String(at + 1)).join("\n");
  const plain = await shell.run("seq 1 50000", { read_lines: 100_000 });
  assert.equal(plain.output, expected);
  const coloured = await shell.run("seq 1 30000 | sed 's/.*/\\x1b[32m&\\x1b[0m\\t|/'", { read_lines: 100_000 });
  assert.equal(coloured.output.split("\n").length, 30_000);
  assert.match(coloured.output, /^1 {7}\|\n2 {7}\|\n/);
  assert.match(coloured.output, /\n30000 {3}\|$/);
  const unbroken = await shell.run("head -c 450000 /dev/zero | tr '\\0' x");
  assert.equal(unbroken.output, "x".repeat(450_000));
  const beyond = await shell.send("head -c 3000000 /dev/zero | tr '\\0' y; echo", { wait: 10 });
  assert.ok(beyond.output.split("y").length > 490_000, String(beyond.output.length));
});
