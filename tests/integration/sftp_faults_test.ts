import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SftpClient } from "../../lib/ssh/sftp/client.ts";
import { Deadline } from "../../lib/ssh/deadline.ts";
import { startFaultySftp } from "../support/faulty_sftp.ts";
import { FileTools, leaves, rejectsWith, someBytes } from "../support/file_tools.ts";

const SIZE = 1_000_000;

Deno.test("short reads are completed, and less is asked for at once from then on", async () => {
  await using server = await startFaultySftp({ shortReads: 5000 });
  await using tools = await FileTools.connect(server.login);
  const bytes = someBytes(SIZE);
  server.files.set("/file", Buffer.from(bytes));
  await tools.ok("ssh_download_file", { remote_path: "/file", local_path: "file" });
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/file`), bytes);
  assert.equal(server.readSizes[0], 32_768);
  assert.ok(server.readSizes.slice(-10, -1).every((size) => size <= 5000), `${server.readSizes.slice(-10)}`);
});

Deno.test("answers in another order make the same file", async () => {
  await using server = await startFaultySftp({ reorder: true });
  await using tools = await FileTools.connect(server.login);
  const bytes = someBytes(SIZE);
  server.files.set("/file", Buffer.from(bytes));
  await tools.ok("ssh_download_file", { remote_path: "/file", local_path: "file" });
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/file`), bytes);
});

Deno.test("a server that lies about the size replaces nothing", async () => {
  await using server = await startFaultySftp();
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from(someBytes(SIZE)));
  await tools.local.write("file", "the old file");
  for (const sizeLie of [100_000, -100_000]) {
    server.faults.sizeLie = sizeLie;
    await tools.fails("verification_failed", "ssh_download_file", { remote_path: "/file", local_path: "file" });
  }
  await tools.local.write("source", someBytes(5000));
  await tools.fails("verification_failed", "ssh_upload_file", { local_path: "source", remote_path: "/other" });
  assert.equal(await Deno.readTextFile(`${tools.local.path}/file`), "the old file");
  assert.deepEqual(await tools.localNames(), ["file", "source"]);
  assert.deepEqual([...server.files.keys()], ["/file"]);
});

Deno.test("a write that fails leaves the old file and no part of the new one", async () => {
  await using server = await startFaultySftp({ failWrite: 7 });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from(new TextEncoder().encode("the old file")));
  await tools.local.write("file", someBytes(SIZE));
  await tools.fails("remote_file_error", "ssh_upload_file", { local_path: "file", remote_path: "/file" });
  assert.equal(server.files.get("/file")?.toString(), "the old file");
  await tools.ok("ssh_list_remote_dir", { remote_path: "/dir" }); // comes after the clean-up
  assert.deepEqual([...server.files.keys()], ["/file"]);
});

Deno.test("without posix-rename an old file is replaced all the same", async () => {
  await using server = await startFaultySftp();
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from(new TextEncoder().encode("the old file")));
  await tools.local.write("file", "the new file");
  await tools.ok("ssh_upload_file", { local_path: "file", remote_path: "/file" });
  assert.equal(server.files.get("/file")?.toString(), "the new file");
  assert.deepEqual([...server.files.keys()], ["/file"]);
});

Deno.test("verify: true notices what a server changed on the way to its disk", async () => {
  await using server = await startFaultySftp({ corrupt: true });
  await using tools = await FileTools.connect(server.login);
  await tools.local.write("file", someBytes(SIZE));
  const args = { local_path: "file", remote_path: "/file" };
  await tools.fails("verification_failed", "ssh_upload_file", { ...args, verify: true });
  assert.equal(server.files.has("/file"), false);
});

Deno.test("a connection that drops in mid-upload leaves the old file", async () => {
  await using server = await startFaultySftp({ dropAtWrite: 9 });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from(new TextEncoder().encode("the old file")));
  await tools.local.write("file", someBytes(SIZE));
  const error = await tools.fails("session_dropped", "ssh_upload_file", { local_path: "file", remote_path: "/file" });
  assert.match(error.part_path, /\.mcp-part$/);
  assert.equal(server.files.get("/file")?.toString(), "the old file");
});

Deno.test("a server that stalls is given up, and a cancelled call does not wait for it", async () => {
  await using server = await startFaultySftp({ stallRead: 3 });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.from(someBytes(SIZE)));
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  const args = { remote_path: "/file", local_path: "file" };
  await tools.fails("cancelled", "ssh_download_file", args, { signal: controller.signal });
  await leaves(tools.local.path, []);
  // The limit itself, with a client of its own that is less patient.
  const { promise, resolve } = Promise.withResolvers<SftpClient>();
  const deadline = new Deadline(20_000);
  await tools.session.connection.subsystem("sftp", { deadline }, (channel) => resolve(new SftpClient(channel, 2000)));
  const client = await promise;
  await client.start();
  const handle = await client.open("/file", 1);
  server.faults.stallRead = 1;
  await rejectsWith(client.read(handle, 0, new Uint8Array(10)), "timed_out");
  await rejectsWith(client.stat("/file"), "timed_out");
});

Deno.test("names that are no names are refused on download", async () => {
  await using server = await startFaultySftp({ names: ["..", "../evil", "/etc/evil", "a/b", ""] });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/dir/good", Buffer.from(someBytes(1)));
  const down = await tools.ok("ssh_download_file", { remote_path: "/dir", local_path: "tree", recursive: true });
  assert.deepEqual([down.files, down.failed], [1, 4]);
  assert.ok(down.failures.every((failure: { code: string }) => failure.code === "invalid_argument"));
  assert.deepEqual(await tools.localNames(), ["tree"]);
});
