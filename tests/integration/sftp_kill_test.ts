import assert from "node:assert/strict";
import { FileTools, names, someBytes } from "../support/file_tools.ts";
import { descendants, killAll } from "../support/processes.ts";
import { startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

const ROUNDS = 20;
const AT_ONCE = 10;
const SIZE = 4_000_000;

Deno.test("of 200 transfers whose server is killed at random points, none leaves half a file and all can be resumed", async () => {
  await using sshd = await startSshd();
  await using remote = await tempDir("mcp-remote-ssh-remote-");
  await using stack = new AsyncDisposableStack();
  const clients: FileTools[] = [];
  for (let at = 0; at < AT_ONCE; at++) clients.push(stack.use(await FileTools.connect(sshd)));
  const old = someBytes(1000, 99);
  const fresh = someBytes(SIZE, 7);
  let interrupted = 0;
  let resumed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const transfers = await Promise.all(clients.map((tools, at) => prepare(tools, remote.path, at, { old, fresh })));
    // Known before they are to be killed: looking for them takes longer than a transfer.
    const servers = (await descendants(sshd.pid)).map((process) => process.pid);
    const wait = Math.random() * 150;
    const running = transfers.map(({ start }) => start(false));
    await new Promise((resolve) => setTimeout(resolve, wait));
    killAll(servers);
    const finished = await Promise.all(running);
    for (const [at, { target }] of transfers.entries()) {
      const now = await Deno.readFile(target);
      // An answer can get lost after the rename, but a name never stands for a part.
      assert.deepEqual(now, finished[at]!.ok || now.length === SIZE ? fresh : old);
    }
    interrupted += finished.filter(({ ok }) => !ok).length;
    await Promise.all(clients.map((tools) => tools.reconnect()));
    const again = await Promise.all(transfers.map(({ start }, at) => finished[at]!.ok ? finished[at]! : start(true)));
    for (const [at, { target }] of transfers.entries()) {
      assert.equal(again[at]!.ok, true, JSON.stringify(again[at]!.value));
      assert.deepEqual(await Deno.readFile(target), fresh);
      if (again[at]!.value.resumed_from > 0) resumed++;
    }
    assert.deepEqual((await names(remote.path)).filter((name) => name.endsWith(".mcp-part")), []);
  }
  assert.ok(interrupted > ROUNDS, `only ${interrupted} transfers were interrupted`);
  assert.ok(resumed > 0, "no transfer went on where another had stopped");
});

interface Outcome {
  ok: boolean;
  // deno-lint-ignore no-explicit-any -- what a tool answers is what the test looks into
  value: any;
}

/** Every other one uploads, the rest download. */
async function prepare(
  tools: FileTools,
  remoteDir: string,
  at: number,
  { old, fresh }: { old: Uint8Array; fresh: Uint8Array },
): Promise<{ target: string; start: (resume: boolean) => Promise<Outcome> }> {
  const [here, there] = [`${tools.local.path}/file`, `${remoteDir}/file${at}`];
  const [source, target] = at % 2 === 0 ? [here, there] : [there, here];
  await Deno.writeFile(source, fresh);
  await Deno.writeFile(target, old);
  const name = at % 2 === 0 ? "ssh_upload_file" : "ssh_download_file";
  const args = { local_path: "file", remote_path: there };
  return {
    target,
    start: (resume) =>
      tools.ok(name, { ...args, resume, verify: resume }).then(
        (value) => ({ ok: true, value }),
        (error) => ({ ok: false, value: error instanceof Error ? error.message : error }),
      ),
  };
}
