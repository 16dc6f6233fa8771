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

/** A host where nothing but `keeper` keeps shells, an account on it, and what starts a run of the program. */
async function keptBed(keeper: (typeof MULTIPLEXERS)[number]) {
  const host = await startHost();
  const user = await createTestUser({ shell: await ensureProgram("bash") });
  await user.authorize((await Deno.readTextFile(`${host.clientKeyPath}.pub`)).trim());
  await leaveOnly(keeper, user.home);
  const start = async () => {
    const program = await Program.start({
      permissions: ["--allow-net", `--allow-read=${host.dir}`],
      flags: [`--secrets-dir=${host.dir}`],
    });
    const { host: name, port, clientKeyPath: key_path } = host;
    const { session_id } = await program.ok("ssh_connect", { host: name, port, username: user.name, key_path });
    const call: Call = (tool, args) => program.ok(`ssh_shell_${tool}`, { session_id, name: "build", ...args });
    return { program, session_id, call };
  };
  return {
    host,
    start,
    async [Symbol.asyncDispose]() {
      await user[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
}

for (const keeper of MULTIPLEXERS) {
  for (const [how, end] of ENDS) {
    Deno.test(`a build in ${keeper} is picked up whole by another run of the program when the first ${how}`, async () => {
      await using bed = await keptBed(keeper);
      const { start } = bed;
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
  Deno.test(`what one run of the program loaded into a shell in ${keeper} is masked in the next one`, async () => {
    await using bed = await keptBed(keeper);
    const value = "sk-live-4f9Qz7XbT2mLr8WcD";
    await Deno.mkdir(`${bed.host.dir}/apps`);
    await Deno.writeTextFile(`${bed.host.dir}/apps/app.env`, `API_TOKEN=${value}\n`);
    const show = { data: 'echo "shown: $API_TOKEN"', await_exit: true };
    {
      const { program, session_id, call } = await bed.start();
      await using _program = program;
      await call("open", { persist: true });
      await program.ok("ssh_load_env_file", { session_id, file_path: "apps/app.env" });
      assert.equal((await call("send", show)).output, "shown: ***");
    }
    const { program, call } = await bed.start();
    await using _program = program;
    const opened = await call("open", { persist: true });
    assert.match(opened.output, /shown: \*\*\*/);
    assert.equal((await call("send", show)).output, "shown: ***");
    assert.equal((await call("read", { lines: 1000 })).output.includes(value), false);
    assert.equal((await call("send", { data: "exit" })).state, "closed");
  });
}
