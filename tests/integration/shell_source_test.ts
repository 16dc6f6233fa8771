import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import type { Shell } from "../../lib/ssh/shell.ts";
import { shellPath, ShellUser } from "../support/shell_user.ts";
import { startSshd } from "../support/sshd.ts";

function shellOf(user: ShellUser): Shell {
  return user.client.app.sessions.use(user.session).shells.find("main");
}

Deno.test("Shell.source() evaluates a script unseen, and the screen stands as it stood", async () => {
  await using sshd = await startSshd();
  for (const name of ["bash", "dash", "zsh", "mksh"] as const) {
    await using user = await ShellUser.login(sshd, await shellPath(name));
    await user.open();
    await user.send("set -x 2>/dev/null; echo before");
    await user.send("set +x");
    const before = await user.read();
    await shellOf(user).source("export SOURCED='a b'\nunset NOT_THERE\n");
    const after = await user.read();
    assert.equal(after.output, before.output, name);
    assert.equal((await user.run("echo $SOURCED; sh -c 'echo $SOURCED'")).output, "a b\na b");
    await shellOf(user).source("unset SOURCED\n");
    assert.equal((await user.run('echo "[$SOURCED]"')).output, "[]");
    const large = "x".repeat(200_000);
    await shellOf(user).source(`LARGE=${large}\n`);
    assert.equal((await user.run("echo ${#LARGE}")).output, "200000");
  }
});

Deno.test("Shell.source() waits for the prompt, and says so when none comes", async () => {
  await using sshd = await startSshd();
  await using user = await ShellUser.login(sshd, await shellPath("bash"));
  await user.open();
  await user.send("sleep 0.7", { wait: 0.1 });
  await shellOf(user).source("WAITED=yes\n");
  assert.equal((await user.run("echo $WAITED")).output, "yes");
  await user.send("sleep 30", { wait: 0.1 });
  await assert.rejects(shellOf(user).source("NEVER=1\n", { promptMs: 300 }), (error) => {
    return error instanceof ToolError && error.code === "timed_out" && /not at its prompt/.test(error.message);
  });
  await user.press("c");
  assert.equal((await user.run('echo "[$NEVER]"')).output, "[]");
});
