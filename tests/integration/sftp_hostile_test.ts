/** Servers that send what no sane one would. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { startFaultySftp } from "../support/faulty_sftp.ts";
import { FileTools, leaves, someBytes } from "../support/file_tools.ts";

const up = "ssh_upload_file";
const down = "ssh_download_file";
const read = "ssh_read_remote_file";
const write = "ssh_write_remote_file";
const list = "ssh_list_remote_dir";

Deno.test("a used-up quota is named, whichever way the server says it", async () => {
  await using server = await startFaultySftp();
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from("the old file"));
  await tools.local.write("file", someBytes(100_000));
  for (
    const [status, text, code] of [
      [4, "Disk quota exceeded", "quota_exceeded"],
      [4, "write /quota/file: no space left on device", "no_space"],
      [3, "open /data/quota/file: permission denied", "remote_permission_denied"],
    ] as const
  ) {
    // ssh2's server knows no status beyond 8.
    server.faults.refuseWrites = { status, text };
    await tools.fails(code, up, { local_path: "file", remote_path: "/file" });
    await tools.fails(code, write, { remote_path: "/file", content: "x" });
    await tools.fails(code, write, { remote_path: "/file", content: "x", append: true });
    assert.equal(server.files.get("/file")?.toString(), "the old file");
    assert.deepEqual([...server.files.keys()], ["/file"]);
  }
});

Deno.test("a size of 2^63 replaces nothing and takes no memory", async () => {
  await using server = await startFaultySftp({ sizeLie: 2 ** 63 });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from("0123456789"));
  await tools.local.write("file", "the old file");
  await tools.fails("verification_failed", down, { remote_path: "/file", local_path: "file" });
  assert.equal(await Deno.readTextFile(`${tools.local.path}/file`), "the old file");
  const window = await tools.ok(read, { remote_path: "/file" });
  assert.equal(window.content, "0123456789");
  const last = await tools.ok(read, { remote_path: "/file", tail_lines: 1 });
  assert.equal(last.content, "");
  await tools.fails("limit_reached", write, { remote_path: "/file", edit: { old_text: "0", new_text: "x" } });
  assert.deepEqual(await tools.localNames(), ["file"]);
});

Deno.test("a server that tells nothing of its files is served all the same", async () => {
  await using server = await startFaultySftp({ noAttributes: true });
  await using tools = await FileTools.connect(server.login);
  const bytes = someBytes(100_000);
  await tools.local.write("file", bytes);
  await tools.ok(up, { local_path: "file", remote_path: "/file" });
  assert.deepEqual(new Uint8Array(server.files.get("/file")!), bytes);
  await tools.ok(down, { remote_path: "/file", local_path: "back" });
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
  server.files.set("/file", Buffer.from("one two"));
  await tools.ok(write, { remote_path: "/file", edit: { old_text: "two", new_text: "2" } });
  assert.equal(server.files.get("/file")?.toString(), "one 2");
  // What is longer than an edit takes must not be cut there, even where no size says so before.
  server.files.set("/file", Buffer.alloc(10_000_001, "x").fill("y", 0, 1));
  await tools.fails("limit_reached", write, { remote_path: "/file", edit: { old_text: "yx", new_text: "z" } });
  assert.equal(server.files.get("/file")?.length, 10_000_001);
  assert.equal((await tools.ok(list, { remote_path: "/dir" })).entries[0].name, "file");
});

Deno.test("names that no system has, and listings without end, are given up", async () => {
  await using server = await startFaultySftp({ names: ["x".repeat(100_000)] });
  await using tools = await FileTools.connect(server.login);
  await tools.fails("remote_file_error", list, { remote_path: "/dir" });
  await tools.fails("remote_file_error", down, { remote_path: "/dir", local_path: "tree", recursive: true });
  server.faults.names = [];
  server.faults.emptyListings = true;
  assert.deepEqual((await tools.ok(list, { remote_path: "/dir" })).entries, []);
});

Deno.test("the same name twice makes one file, and names that hold NUL none", async () => {
  await using server = await startFaultySftp({ names: ["good", "bad\0name", ".", "..", "..."] });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/dir/good", Buffer.from("content"));
  const { failures } = await tools.ok(down, { remote_path: "/dir", local_path: "tree", recursive: true });
  const failed = failures.map(({ path, code }: { path: string; code: string }) => [path, code]).sort();
  assert.deepEqual(failed, [["...", "no_such_file"], ["bad\0name", "invalid_argument"]]);
  assert.equal(await Deno.readTextFile(`${tools.local.path}/tree/good`), "content");
});

Deno.test("a call that waits for a server that says nothing is cancelled at once", async () => {
  await using server = await startFaultySftp();
  await using tools = await FileTools.connect(server.login);
  await tools.local.write("file", "x");
  await tools.ok(up, { local_path: "file", remote_path: "/file" });
  server.faults.silent = true;
  for (
    const [name, args] of [
      [up, { local_path: "file", remote_path: "/file" }],
      [down, { local_path: "back", remote_path: "/file" }],
      [read, { remote_path: "/file" }],
      [write, { remote_path: "/file", content: "x" }],
      [list, { remote_path: "/dir" }],
      [up, { local_path: ".", remote_path: "/dir", recursive: true }],
      [down, { local_path: "tree", remote_path: "/dir", recursive: true }],
    ] as const
  ) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    const before = performance.now();
    await tools.fails("cancelled", name, args, { signal: controller.signal });
    assert.ok(performance.now() - before < 10_000, "only the server's silence ended it");
  }
  await leaves(tools.local.path, ["file"]);
});
