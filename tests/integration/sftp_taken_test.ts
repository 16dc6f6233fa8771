/** What stands at the target, before a transfer and by the time it ends. */
import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { someBytes } from "../support/file_tools.ts";
import { isRoot } from "../support/run.ts";

const up = "ssh_upload_file";
const down = "ssh_download_file";

/** Takes `path` as soon as a part file stands beside it. */
function takeInMidTransfer(directory: string, path: string): Disposable {
  const begun = (): boolean => [...Deno.readDirSync(directory)].some((entry) => entry.name.endsWith(".mcp-part"));
  const timer = setInterval(() => {
    if (!begun()) return;
    clearInterval(timer);
    Deno.writeTextFileSync(path, "theirs", { createNew: true });
  }, 1);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("overwrite: false loses the race against whoever takes the name meanwhile, and says so", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("big", someBytes(40_000_000));
  await Deno.copyFile(`${tools.local.path}/big`, host.path("big"));
  {
    using _ = takeInMidTransfer(host.remote.path, host.path("taken"));
    const args = { local_path: "big", remote_path: host.path("taken"), overwrite: false };
    await tools.fails("already_exists", up, args);
  }
  {
    using _ = takeInMidTransfer(tools.local.path, `${tools.local.path}/taken`);
    const args = { local_path: "taken", remote_path: host.path("big"), overwrite: false };
    await tools.fails("already_exists", down, args);
  }
  for (const path of [host.path("taken"), `${tools.local.path}/taken`]) {
    assert.equal(await Deno.readTextFile(path), "theirs");
  }
  assert.deepEqual(await host.remoteNames(), ["big", "taken"]);
  assert.deepEqual(await tools.localNames(), ["big", "taken"]);
});

Deno.test("links at the target: what they lead to is written, also where it does not exist yet", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("source", "new");
  await Deno.mkdir(host.path("dir"));
  for (
    const [name, target, code] of [
      ["dangling", "made", undefined],
      ["relative", "dir/made", undefined],
      ["lost", "none/made", "no_such_file"],
      ["to_dir", "dir", "is_a_directory"],
      ["loop", "loop", "no_such_file"],
    ] as const
  ) {
    await Deno.symlink(target, host.path(name));
    const args = { local_path: "source", remote_path: host.path(name) };
    if (code === undefined) {
      await tools.ok(up, args);
      assert.equal(await Deno.readTextFile(host.path(target)), "new");
    } else {
      await tools.fails(code, up, args);
    }
    assert.equal(await Deno.readLink(host.path(name)), target);
  }
});

Deno.test("a directory where a file is meant, and a file where a directory is, are named with what to do", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await Deno.mkdir(`${tools.local.path}/dir`);
  await Deno.mkdir(host.path("dir"));
  await tools.local.write("file", "x");
  await host.remote.write("file", "x");
  const remote = (name: string): string => host.path(name);
  const isDir = await tools.fails("is_a_directory", up, { local_path: "dir", remote_path: remote("x") });
  assert.match(isDir.hint, /recursive/);
  const isThere = await tools.fails("is_a_directory", down, { remote_path: remote("dir"), local_path: "x" });
  assert.match(isThere.hint, /recursive/);
  await tools.fails("not_a_directory", up, { local_path: "file", remote_path: remote("x"), recursive: true });
  await tools.fails("not_a_directory", down, { remote_path: remote("file"), local_path: "x", recursive: true });
  assert.deepEqual([await host.remoteNames(), await tools.localNames()], [["dir", "file"], ["dir", "file"]]);
});

if (isRoot()) {
  Deno.test("download keeps mode and owner of the file it replaces", async () => {
    await using host = await FileHost.start();
    const { tools } = host;
    const path = await tools.local.write("file", "old", 0o640);
    await Deno.chown(path, 1234, 2345);
    await Deno.chmod(path, 0o4750);
    await host.remote.write("file", "new");
    await tools.ok(down, { remote_path: host.path("file"), local_path: "file" });
    const { mode, uid, gid } = await Deno.stat(path);
    assert.deepEqual([mode! & 0o7777, uid, gid], [0o4750, 1234, 2345]);
    assert.equal(await Deno.readTextFile(path), "new");
  });
}

Deno.test("many transfers of one file to one name at a time all succeed, and it is whole throughout", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const bytes = someBytes(2_000_000);
  await tools.local.write("source", bytes);
  await host.remote.write("source", bytes);
  const [sent, got] = [host.path("there"), `${tools.local.path}/here`];
  await Promise.all(Array.from({ length: 8 }, async () => {
    await tools.ok(up, { local_path: "source", remote_path: sent });
    assert.deepEqual(await Deno.readFile(sent), bytes);
    await tools.ok(down, { remote_path: host.path("source"), local_path: "here" });
    assert.deepEqual(await Deno.readFile(got), bytes);
  }));
  assert.deepEqual(await host.remoteNames(), ["source", "there"]);
  assert.deepEqual(await tools.localNames(), ["here", "source"]);
});
