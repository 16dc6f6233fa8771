import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { someBytes } from "../support/file_tools.ts";
import { run } from "../support/run.ts";

/** What `find` says of a tree: names, kinds, modes, link targets. */
async function shape(directory: string): Promise<string[]> {
  const { stdout } = await run("find", [directory, "-mindepth", "1", "-printf", "%P %y %m %l\n"]);
  return stdout.trim().split("\n").sort();
}

async function makeTree(top: string): Promise<void> {
  await Deno.mkdir(`${top}/sub/deep`, { recursive: true });
  await Deno.mkdir(`${top}/empty`);
  for (let at = 0; at < 100; at++) await Deno.writeFile(`${top}/sub/f${at}`, someBytes(at * 100, at + 1));
  await Deno.writeFile(`${top}/sub/deep/large`, someBytes(2_000_000));
  await Deno.writeTextFile(`${top}/run me`, "#!/bin/sh\n");
  await Deno.chmod(`${top}/run me`, 0o755);
  await Deno.chmod(`${top}/sub/f1`, 0o600);
  await Deno.symlink("../run me", `${top}/sub/link`);
  await Deno.symlink("nowhere", `${top}/dangling`);
  await Deno.chmod(`${top}/empty`, 0o500);
}

Deno.test("recursive transfers keep the tree, its modes and its links, there and back", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const top = `${tools.local.path}/tree`;
  await makeTree(top);
  const up = await tools.ok("ssh_upload_file", { local_path: "tree", remote_path: host.path("copy"), recursive: true });
  assert.deepEqual([up.files, up.directories, up.links, up.failed], [102, 4, 2, 0]);
  assert.deepEqual(await shape(host.path("copy")), await shape(top));
  const args = { local_path: "back", remote_path: host.path("copy"), recursive: true };
  const down = await tools.ok("ssh_download_file", args);
  assert.deepEqual([down.files, down.directories, down.links, down.failed, down.bytes], [102, 4, 2, 0, up.bytes]);
  assert.deepEqual(await shape(`${tools.local.path}/back`), await shape(top));
  assert.equal((await run("diff", ["-r", "--no-dereference", top, `${tools.local.path}/back`])).stdout, "");
  const again = await tools.ok("ssh_download_file", { ...args, resume: true });
  assert.deepEqual([again.files, again.unchanged], [0, 102]);
});

Deno.test("one bad file does not stop the rest", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await makeTree(`${tools.local.path}/tree`);
  await run("mkfifo", [`${tools.local.path}/tree/fifo`]);
  await Deno.mkdir(host.path("copy/sub/f3"), { recursive: true });
  const up = await tools.ok("ssh_upload_file", { local_path: "tree", remote_path: host.path("copy"), recursive: true });
  assert.deepEqual([up.files, up.failed], [101, 2]);
  assert.deepEqual(
    up.failures.map((failure: { path: string; code: string }) => [failure.path, failure.code]).sort(),
    [["fifo", "not_a_regular_file"], ["sub/f3", "is_a_directory"]],
  );
});

Deno.test("a link that leads out of --files-dir is not made, and one that is there is not followed", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await Deno.mkdir(host.path("tree/dir"), { recursive: true });
  await Deno.writeTextFile(host.path("tree/dir/file"), "content");
  await Deno.symlink("/etc/passwd", host.path("tree/absolute"));
  await Deno.symlink("../../x", host.path("tree/relative"));
  await Deno.mkdir(`${tools.local.path}/tree`);
  await Deno.mkdir(host.path("outside"));
  await Deno.symlink(host.path("outside"), `${tools.local.path}/tree/dir`);
  const down = await tools.ok("ssh_download_file", {
    remote_path: host.path("tree"),
    local_path: "tree",
    recursive: true,
  });
  assert.deepEqual(
    down.failures.map((failure: { path: string; code: string }) => [failure.path, failure.code]).sort(),
    [["absolute", "outside_files_dir"], ["dir", "not_a_directory"], ["relative", "outside_files_dir"]],
  );
  assert.deepEqual([...Deno.readDirSync(host.path("outside"))], []);
});

Deno.test("local paths outside --files-dir are refused, whatever leads there", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await host.remote.write("there", "x");
  await Deno.symlink("/etc", `${tools.local.path}/out`);
  await Deno.symlink(host.path("there"), `${tools.local.path}/file_out`);
  for (const local_path of ["../x", "/etc/passwd", "out/passwd", "file_out", "a/../../x"]) {
    const args = { local_path, remote_path: host.path("there") };
    await tools.fails("outside_files_dir", "ssh_download_file", args);
    await tools.fails("outside_files_dir", "ssh_upload_file", args);
  }
  await run("mkfifo", [`${tools.local.path}/fifo`]);
  for (const [local_path, code] of [["fifo", "not_a_regular_file"], ["none", "local_file_error"]] as const) {
    await tools.fails(code, "ssh_upload_file", { local_path, remote_path: host.path("there") });
  }
  assert.equal(await Deno.readTextFile(host.path("there")), "x");
});

Deno.test("links that together lead out of --files-dir are not made, in whatever order they come", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await Deno.mkdir(host.path("tree/a"), { recursive: true });
  await Deno.symlink("z/../../secret", host.path("tree/a/b")); // by its letters inside, until z is a link
  await Deno.symlink("..", host.path("tree/a/z"));
  await Deno.symlink("a", host.path("tree/fine"));
  const args = { remote_path: host.path("tree"), local_path: "tree", recursive: true };
  for (let round = 0; round < 2; round++) {
    const { links, failures } = await tools.ok("ssh_download_file", args);
    const failed = failures.map(({ path, code }: { path: string; code: string }) => [path, code]);
    assert.deepEqual([links, failed], [2, [["a/b", "outside_files_dir"]]]);
  }
});

Deno.test("a local link that leads out of --files-dir is not uploaded", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await Deno.mkdir(`${tools.local.path}/tree/sub`, { recursive: true });
  for (
    const [target, name] of [["/etc/passwd", "absolute"], ["../../x", "up"], ["sub", "fine"], ["none", "dangling"]]
  ) {
    await Deno.symlink(target!, `${tools.local.path}/tree/${name}`);
  }
  const args = { local_path: "tree", remote_path: host.path("tree"), recursive: true };
  const { links, failures } = await tools.ok("ssh_upload_file", args);
  const failed = failures.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
  assert.deepEqual([links, failed], [2, [["absolute", "outside_files_dir"], ["up", "outside_files_dir"]]]);
  assert.deepEqual((await shape(host.path("tree"))).map((line) => line.split(" ")[0]), ["dangling", "fine", "sub"]);
});
