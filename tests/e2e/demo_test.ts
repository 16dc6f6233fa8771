/** The demo, as a person runs it: embedded, and on a host of their own. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "../support/run.ts";
import { startSshd } from "../support/sshd.ts";
import { startSshAgent } from "../support/ssh_agent.ts";
import { tempDir } from "../support/temp_dir.ts";

const DEMO = fileURLToPath(new URL("../../demo/main.ts", import.meta.url));

/** @returns the last line of what it printed, and all of it */
async function demo(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ verdict: string; transcript: string }> {
  const { stdout, stderr } = await run(Deno.execPath(), ["run", "-A", "--quiet", DEMO, ...args], "", env);
  return { verdict: stdout.trimEnd().split("\n").at(-1) ?? "", transcript: stdout + stderr };
}

Deno.test("demo shows the main job on the server that it brings with it", async () => {
  const { verdict, transcript } = await demo([]);
  assert.match(verdict, /^demo ok: \d+ checks passed, 0 failed$/, transcript);
});

Deno.test("demo -- user@host shows the main job on a host of the user's, through the ssh-agent", async () => {
  await using home = await tempDir();
  await using sshd = await startSshd();
  const socket = `${home.path}/agent`;
  await using agent = await startSshAgent(socket);
  await agent.add(sshd.clientKeyPath);
  const env = { SSH_AUTH_SOCK: socket };
  const { verdict, transcript } = await demo(["--", `${sshd.user}@${sshd.host}:${sshd.port}`], env);
  assert.match(verdict, /^demo ok: \d+ checks passed, 0 failed$/, transcript);
  // Nothing listens there; that it looks there shows that it has read the address.
  assert.match((await demo(["--", "me@[::1]:1"], env)).transcript, /"host":"::1","username":"me","port":1/);
  assert.match((await demo(["--", "me@::1"], env)).transcript, /"host":"::1","username":"me"}/);
});
