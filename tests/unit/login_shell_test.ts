import assert from "node:assert/strict";
import { PROBE, readProbe } from "../../lib/ssh/commands/login_shell.ts";
import { ensureProgram, run } from "../support/run.ts";

const SHELLS = { "dash": "posix", "bash": "posix", "busybox ash": "posix", "zsh": "zsh", "mksh": "posix" } as const;

for (const [name, kind] of Object.entries({ ...SHELLS, "bash --posix": "posix", "ksh93": "posix" })) {
  Deno.test(`readProbe() is ${kind} for ${name}, whatever its start-up files print`, async () => {
    const [program = "", ...args] = name.split(" ");
    const path = await ensureProgram(program, program === "ksh93" ? "ksh93u+m" : program);
    for (const command of [PROBE, `echo welcome; ${PROBE}`, `printf 'no line end '; ${PROBE}; echo bye`]) {
      const { stdout } = await run(path, [...args, "-c", command]);
      assert.equal(readProbe(stdout), kind, stdout);
    }
  });
}

Deno.test("readProbe() is other for fish, tcsh and a host that runs nothing", async () => {
  for (const name of ["fish", "tcsh"]) {
    const { stdout } = await run(await ensureProgram(name), ["-c", PROBE]);
    assert.equal(readProbe(stdout), "other", name);
  }
  assert.equal(readProbe(""), "other");
  assert.equal(readProbe(`'printf' is not recognized ${PROBE}`), "other");
});
