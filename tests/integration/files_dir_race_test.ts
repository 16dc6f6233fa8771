/** Links that are made between the look at a local path and its use. */
import assert from "node:assert/strict";
import { openReal } from "../../lib/ssh/transfer/local_open.ts";
import { FileHost } from "../support/file_host.ts";
import { rejectsWith } from "../support/file_tools.ts";
import { tempDir } from "../support/temp_dir.ts";

/** Makes `dir` a directory and a link to `outside` in turn, as fast as it can. */
function flip(directory: string, outside: string): AsyncDisposable {
  const script = 'cd "$1" && while :; do mv dir real; ln -s "$2" dir; rm dir; mv real dir; done';
  const child = new Deno.Command("sh", { args: ["-c", script, "sh", directory, outside], stderr: "null" }).spawn();
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

Deno.test("openReal() refuses a path that leads elsewhere by now, and leaves nothing there", async () => {
  await using home = await tempDir();
  await Deno.mkdir(`${home.path}/outside`);
  await Deno.mkdir(`${home.path}/files`);
  await home.write("outside/file", "outside");
  await Deno.symlink("../outside", `${home.path}/files/dir`);
  await Deno.symlink("../outside/file", `${home.path}/files/link`);
  for (const name of ["dir/file", "link"]) {
    await rejectsWith(openReal(`${home.path}/files/${name}`, { read: true }), "outside_files_dir");
  }
  await rejectsWith(openReal(`${home.path}/files/dir/new`, { write: true, createNew: true }), "outside_files_dir");
  assert.deepEqual([...Deno.readDirSync(`${home.path}/outside`)].map((entry) => entry.name), ["file"]);
  await home.write("files/file", "inside");
  using file = await openReal(`${home.path}/files/file`, { read: true });
  assert.equal(file.statSync().size, 6);
});

Deno.test("a directory that becomes a link in mid-call lets nothing out and nothing in", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const outside = `${host.remote.path}/outside`;
  await Deno.mkdir(outside);
  await Deno.writeTextFile(`${outside}/file`, "outside");
  await Deno.mkdir(`${tools.local.path}/dir`);
  await tools.local.write("dir/file", "inside");
  await host.remote.write("source", "from the host");
  const seen = new Set<string>();
  {
    await using _ = flip(tools.local.path, outside);
    for (let round = 0; round < 300; round++) {
      await Deno.remove(host.path("there")).catch(() => {});
      await tools.ok("ssh_upload_file", { local_path: "dir/file", remote_path: host.path("there") }).catch(() => {});
      seen.add(await Deno.readTextFile(host.path("there")).catch(() => "nothing"));
      const args = { remote_path: host.path("source"), local_path: `dir/new${round}` };
      await tools.ok("ssh_download_file", args).catch(() => {});
    }
  }
  assert.equal(seen.has("outside"), false, [...seen].join());
  const added = [...Deno.readDirSync(outside)].filter(({ name }) => name !== "file");
  const held = added.filter(({ name }) => !name.endsWith(".mcp-part") || Deno.statSync(`${outside}/${name}`).size > 0);
  assert.deepEqual(held, []);
  assert.ok(seen.has("inside"), "no upload came between two flips");
});
