/** What becomes of the parts of transfers that nobody resumes. */
import assert from "node:assert/strict";
import { partPath } from "../../lib/ssh/transfer/part_name.ts";
import { FileHost } from "../support/file_host.ts";
import { names, someBytes } from "../support/file_tools.ts";

const SIZE = 40_000_000;
const up = "ssh_upload_file";
const down = "ssh_download_file";

/** Makes a transfer whose connection is lost when a part of it is there; gives the path of the part. */
async function broken(host: FileHost, tool: string, args: Record<string, unknown>, directory: string): Promise<string> {
  const { tools } = host;
  const before = await names(directory);
  let isOver = false;
  const transfer = tools.fails("session_dropped", tool, args).finally(() => isOver = true);
  const watching = (async () => {
    while (!isOver) {
      const part = (await names(directory)).find((name) => name.endsWith(".mcp-part") && !before.includes(name));
      const size = part && await Deno.stat(`${directory}/${part}`).then((info) => info.size, () => 0);
      if (size) tools.session.connection.client.destroy();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  const [error] = await Promise.all([transfer, watching]);
  await tools.reconnect();
  return error.part_path;
}

Deno.test("the part of an upload that broke goes when the target is whole with other content", async () => {
  await using host = await FileHost.start();
  const args = { local_path: "file", remote_path: host.path("file") };
  for (let seed = 1; seed <= 2; seed++) {
    await host.tools.local.write("file", someBytes(SIZE, seed));
    const part = await broken(host, up, args, host.remote.path);
    assert.ok((await host.remoteNames()).includes(part.slice(part.lastIndexOf("/") + 1)), part);
  }
  await host.tools.local.write("file", "other content");
  await host.tools.ok(up, args);
  assert.deepEqual(await host.remoteNames(), ["file"]);
});

Deno.test("the part of a download that broke goes when the target is whole with other content", async () => {
  await using host = await FileHost.start();
  const args = { remote_path: host.path("file"), local_path: "file" };
  await host.remote.write("file", someBytes(SIZE));
  await broken(host, down, args, host.tools.local.path);
  assert.equal((await host.tools.localNames()).length, 1);
  await host.remote.write("file", "other content");
  await host.tools.ok(down, args);
  assert.deepEqual(await host.tools.localNames(), ["file"]);
});

Deno.test("a part that another program left of the same content goes after an hour, not before", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("file", "content");
  const local = await Deno.realPath(`${tools.local.path}/file`);
  const { size, mtime } = await Deno.stat(local);
  const uploadPart = partPath(host.path("there"), [local, size, mtime!.getTime()].join("\n"));
  await host.remote.write("source", "content");
  const source = await Deno.stat(host.path("source"));
  const { host: name, port, username } = tools.session.connection.facts;
  const seen = [name, port, username, host.path("source"), source.size, Math.floor(source.mtime!.getTime() / 1000)];
  const downloadPart = partPath(`${await Deno.realPath(tools.local.path)}/here`, seen.join("\n"));
  for (const [minutes, stays] of [[30, true], [90, false]] as const) {
    const then = new Date(Date.now() - minutes * 60_000);
    for (const part of [uploadPart, downloadPart]) {
      await Deno.writeTextFile(part, "con");
      await Deno.utime(part, then, then);
    }
    await tools.ok(up, { local_path: "file", remote_path: host.path("there") });
    await tools.ok(down, { remote_path: host.path("source"), local_path: "here" });
    for (const part of [uploadPart, downloadPart]) {
      assert.equal(await Deno.stat(part).then(() => true, () => false), stays, `${part} after ${minutes} minutes`);
    }
  }
});
