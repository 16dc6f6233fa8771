/** A shell that outlives the program that opened it. */
import assert from "node:assert/strict";
import { leaveOnly, MULTIPLEXERS, startHost } from "../support/only_with.ts";
import { Program } from "../support/program.ts";
import { ensureProgram } from "../support/run.ts";
import { createTestUser } from "../support/sshd.ts";

type Call = (tool: string, args?: object) => ReturnType<Program["ok"]>;

/** How one run of the program leaves the shell in mid-build. */
const ENDS: ReadonlyArray<[how: string, end: (pid: number) => void]> = [
  ["is killed", (pid) => Deno.kill(pid, "SIGKILL")],
  ["reads nothing any more", (pid) => Deno.kill(pid, "SIGSTOP")],
];

for (const keeper of MULTIPLEXERS) {
  for (const [how, end] of ENDS) {
    Deno.test(`a build in ${keeper} is picked up whole by another run of the program when the first ${how}`, async () => {
      await using host = await startHost();
      await using user = await createTestUser({ shell: await ensureProgram("bash") });
      await user.authorize((await Deno.readTextFile(`${host.clientKeyPath}.pub`)).trim());
      await leaveOnly(keeper, user.home);
      const start = async (): Promise<{ program: Program; call: Call }> => {
        const program = await Program.start({
          permissions: ["--allow-net", `--allow-read=${host.dir}`],
          flags: [`--secrets-dir=${host.dir}`],
        });
        const { host: name, port, clientKeyPath: key_path } = host;
        const target = { host: name, port, username: user.name, key_path };
        const { session_id } = await program.ok("ssh_connect", target);
        const call: Call = (tool, args) => program.ok(`ssh_shell_${tool}`, { session_id, name: "build", ...args });
        return { program, call };
      };

      const first = await start();
      const { pid } = first.program.transport;
      assert.ok(pid);
      await first.call("open", { persist: true, width: 80, height: 24 });
      await first.call("send", { data: "cd /usr; KEPT='ééé 日本'", await_exit: true });
      const data = "for part in $(seq 1 200); do echo part $part; sleep 0.005; done; echo built $((40+2))";
      await first.call("send", { data, wait: 0.2 });
      end(pid);
      try {
        const second = await start();
        await using _program = second.program;
        const { call } = second;
        const opened = await call("open", { persist: true, width: 80, height: 24 });
        assert.equal(opened.note, `persistent as ${keeper} mcp-ssh-build`);
        assert.equal((await call("wait", { pattern: "built 42", since: "0" })).reason, "matched");
        const { output } = await call("read", { lines: 1000 });
        const parts = Array.from({ length: 200 }, (_none, at) => `part ${at + 1}\n`).join("");
        assert.ok(output.includes(`\n${parts}built 42\n`), output);
        assert.doesNotMatch(output, /mcp-ssh|__mcp|7717/);
        const { output: kept, exit_code } = await call("send", { data: "echo $KEPT $PWD; (exit 7)", await_exit: true });
        assert.deepEqual([kept, exit_code], ["ééé 日本 /usr", 7]);
        assert.equal((await call("send", { data: "exit" })).state, "closed");
      } finally {
        if (how !== "is killed") Deno.kill(pid, "SIGKILL");
        await first.program[Symbol.asyncDispose]();
      }
    });
  }
}
