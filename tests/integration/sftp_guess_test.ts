/** The part is opened while the target is still being looked for; what turns out wrong about it leaves nothing. */
import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { someBytes } from "../support/file_tools.ts";

Deno.test("a part that holds content is never more open than the file it replaces", async () => {
  await using host = await FileHost.start({ sftp: "internal-sftp -u 022" });
  await Deno.writeTextFile(host.path("secret"), "old");
  await Deno.chmod(host.path("secret"), 0o600);
  await host.tools.local.write("new", someBytes(50_000_000));
  const seen: number[] = [];
  let isDone = false;
  const watching = (async () => {
    while (!isDone) {
      for (const name of (await host.remoteNames()).filter((name) => name.endsWith(".mcp-part"))) {
        const info = await Deno.stat(host.path(name)).catch(() => undefined); // renamed since
        if (info !== undefined && info.size > 0) seen.push(info.mode! & 0o777);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  const upload = host.tools.ok("ssh_upload_file", { local_path: "new", remote_path: host.path("secret") });
  await Promise.all([watching, upload.finally(() => isDone = true)]);
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], [0o600]);
  assert.equal((await Deno.stat(host.path("secret"))).mode! & 0o7777, 0o600);
  assert.deepEqual(await host.remoteNames(), ["secret"]);
});

Deno.test("a part that was opened beside the wrong name, or in vain, is gone", async () => {
  await using host = await FileHost.start();
  await Deno.mkdir(host.path("elsewhere"));
  await Deno.mkdir(host.path("dir"));
  await Deno.writeTextFile(host.path("elsewhere/real"), "old");
  await Deno.writeTextFile(host.path("taken"), "old");
  await Deno.symlink("elsewhere/real", host.path("link"));
  await Deno.symlink("loop", host.path("loop"));
  await host.tools.local.write("new", "new");
  const upload = (name: string): Record<string, unknown> => ({ local_path: "new", remote_path: host.path(name) });
  await host.tools.ok("ssh_upload_file", upload("link"));
  await host.tools.fails("is_a_directory", "ssh_upload_file", upload("dir"));
  await host.tools.fails("already_exists", "ssh_upload_file", { ...upload("taken"), overwrite: false });
  await host.tools.fails("no_such_file", "ssh_upload_file", upload("loop"));
  await host.tools.fails("no_such_file", "ssh_upload_file", upload("missing/new"));
  assert.deepEqual(await host.remoteNames(), ["dir", "elsewhere", "link", "loop", "taken"]);
  assert.deepEqual([...Deno.readDirSync(host.path("elsewhere"))].map(({ name }) => name), ["real"]);
  assert.equal(await Deno.readTextFile(host.path("elsewhere/real")), "new");
  assert.equal(await Deno.readTextFile(host.path("taken")), "old");
});

Deno.test("ssh_upload_file says that a file of the kernel cannot be replaced", async () => {
  await using host = await FileHost.start();
  await host.tools.local.write("new", "new");
  await Deno.symlink("/proc/self/comm", host.path("link"));
  for (const remote_path of ["/proc/self/comm", host.path("link")]) {
    const error = await host.tools.fails("not_a_regular_file", "ssh_upload_file", { local_path: "new", remote_path });
    assert.match(error.message, /is a file of the kernel/);
  }
  await host.tools.ok("ssh_write_remote_file", { remote_path: host.path("link"), content: "written" });
  assert.deepEqual(await host.remoteNames(), ["link"]);
});
