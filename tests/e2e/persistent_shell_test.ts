/** A shell that outlives the program that opened it. */
import assert from "node:assert/strict";
import { Program } from "../support/program.ts";
import { ensureProgram } from "../support/run.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";

Deno.test("a build in a persistent shell is picked up, with what it showed meanwhile, by another run of the program", async () => {
  await ensureProgram("tmux");
  await using sshd = await startSshd();
  await using user = await createTestUser({ shell: await ensureProgram("bash") });
  await user.authorize((await Deno.readTextFile(`${sshd.clientKeyPath}.pub`)).trim());
  const run = async (work: (call: (tool: string, args?: object) => ReturnType<Program["ok"]>) => Promise<void>) => {
    await using program = await Program.start({
      permissions: ["--allow-net", `--allow-read=${sshd.dir}`],
      flags: [`--secrets-dir=${sshd.dir}`],
    });
    const { host, port, clientKeyPath: key_path } = sshd;
    const { session_id } = await program.ok("ssh_connect", { host, port, username: user.name, key_path });
    await work((tool, args) => program.ok(`ssh_shell_${tool}`, { session_id, name: "build", ...args }));
  };

  await run(async (call) => {
    await call("open", { persist: true, width: 80, height: 24 });
    await call("send", { data: "cd /usr; KEPT='ééé 日本'", await_exit: true });
    const data = "for part in $(seq 1 100); do echo part $part; sleep 0.01; done; echo built $((40+2))";
    await call("send", { data, wait: 0.2 });
  });
  await run(async (call) => {
    const opened = await call("open", { persist: true, width: 80, height: 24 });
    assert.match(opened.note, /persistent as tmux mcp-ssh-build/);
    assert.equal((await call("wait", { pattern: "built 42", since: "0" })).reason, "matched");
    const { output } = await call("read", { lines: 1000 });
    const parts = Array.from({ length: 100 }, (_none, at) => `part ${at + 1}\n`).join("");
    assert.ok(output.includes(`\n${parts}built 42\n`), output);
    const { output: kept, exit_code } = await call("send", { data: "echo $KEPT $PWD; (exit 7)", await_exit: true });
    assert.deepEqual([kept, exit_code], ["ééé 日本 /usr", 7]);
    await call("send", { data: "exit" });
  });
});
