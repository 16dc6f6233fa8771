/** What surprised somebody who tried the file tools on all that a host has. */
import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { FileTools, someBytes } from "../support/file_tools.ts";
import { isRoot, runOk } from "../support/run.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";

const up = "ssh_upload_file";
const down = "ssh_download_file";
const read = "ssh_read_remote_file";
const write = "ssh_write_remote_file";
const list = "ssh_list_remote_dir";

Deno.test("a server program that complains of everything keeps no transfer from being whole", async () => {
  const server = "/bin/sh -c 'yes complaint | head -c 40000000 >&2 & exec /usr/lib/openssh/sftp-server'";
  await using host = await FileHost.start({ sftp: server });
  const bytes = someBytes(30_000_000);
  const remote_path = await host.remote.write("file", bytes);
  for (const local_path of ["one", "two"]) {
    await host.tools.ok(down, { remote_path, local_path, verify: true });
    await host.tools.ok(up, { remote_path: host.path(local_path), local_path, verify: true });
    assert.deepEqual(await Deno.readFile(host.path(local_path)), bytes);
  }
});

Deno.test("edits of one file that come at a time all count", async () => {
  await using host = await FileHost.start();
  const words = Array.from({ length: 8 }, (_, at) => `<${at}>`);
  await host.remote.write("file", words.join("\n"));
  await Promise.all(words.map((old_text) => {
    return host.tools.ok(write, { remote_path: host.path("file"), edit: { old_text, new_text: `done ${old_text}` } });
  }));
  assert.equal(await Deno.readTextFile(host.path("file")), words.map((word) => `done ${word}`).join("\n"));
});

Deno.test("an edit that waits for another is cancelled before it begins", async () => {
  await using host = await FileHost.start();
  await host.remote.write("file", "old");
  const remote_path = host.path("file");
  const controller = new AbortController();
  const first = host.tools.ok(write, { remote_path, edit: { old_text: "old", new_text: "new" } });
  const second = host.tools.fails("cancelled", write, { remote_path, content: "third" }, { signal: controller.signal });
  controller.abort();
  await Promise.all([first, second]);
  await host.tools.ok(write, { remote_path, content: " and more", append: true });
  assert.equal(await Deno.readTextFile(remote_path), "new and more");
});

Deno.test("an edit says when only the line ends differ", async () => {
  await using host = await FileHost.start();
  await host.remote.write("file", "one\r\ntwo\r\nthree\r\n");
  const remote_path = host.path("file");
  const edit = { old_text: "one\ntwo", new_text: "1\n2" };
  const error = await host.tools.fails("edit_not_unique", write, { remote_path, edit });
  assert.match(error.hint, /end with \\r\\n/);
  const other = await host.tools.fails("edit_not_unique", write, { remote_path, edit: { ...edit, old_text: "four" } });
  assert.match(other.hint, /read the file again/);
});

Deno.test("mode counts when text is appended, whatever the umask, and whether or not the file was there", async () => {
  await using host = await FileHost.start({ sftp: "internal-sftp -u 077" });
  const remote_path = host.path("file");
  for (const mode of ["0664", "0640"]) {
    await host.tools.ok(write, { remote_path, content: "x", append: true, mode });
    assert.equal((await Deno.stat(remote_path)).mode! & 0o7777, parseInt(mode, 8));
  }
});

Deno.test("files of the kernel are read whole, downloaded, and refuse what they do not take in words of their own", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const remote_path = "/sys/devices/system/cpu/possible"; // says that it has 4096 bytes
  const content = await Deno.readTextFile(remote_path);
  for (const tail_lines of [undefined, 1]) {
    const window = await tools.ok(read, { remote_path, tail_lines });
    assert.deepEqual([window.content, window.size, window.truncated], [content, content.length, false]);
  }
  const done = await tools.ok(down, { remote_path, local_path: "here" });
  assert.deepEqual([done.bytes, done.note], [content.length, undefined]);
  assert.equal(await Deno.readTextFile(`${tools.local.path}/here`), content);
  if (isRoot()) {
    const error = await tools.fails("remote_file_error", write, { remote_path: "/proc/version", content: "x" });
    assert.match(error.message, /the kernel did not take/);
  }
  await tools.fails("no_such_file", write, { remote_path: "/proc/self/none", content: "x" });
  const unreadable = await tools.fails("remote_file_error", read, { remote_path: "/proc/self/mem" });
  assert.doesNotMatch(unreadable.message, /space/);
});

Deno.test("a path that is wrong is named as it was given, with what to do", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("file", "x");
  await host.remote.write("plain", "x");
  const listed = await tools.fails("not_a_directory", list, { remote_path: host.path("plain") });
  assert.ok(listed.message.includes(`"${host.path("plain")}"`), listed.message);
  const missing = await tools.fails("no_such_file", up, { local_path: "file", remote_path: host.path("none/file") });
  assert.match(missing.message, /the directory it is to be in does not exist/);
  await tools.fails("is_a_directory", down, { remote_path: host.path("plain"), local_path: "new/" });
  await tools.fails("invalid_argument", down, { remote_path: host.path("plain"), local_path: "bad\udc80" });
  await Deno.mkdir(host.path("dir"));
  const onto = await tools.fails("not_a_directory", down, {
    remote_path: host.path("dir"),
    local_path: "file",
    recursive: true,
  });
  assert.ok(onto.message.includes(`${tools.local.path}/file`), onto.message);
  assert.deepEqual(await tools.localNames(), ["file"]);
});

Deno.test("local names that cannot be are named as what they are", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await Deno.mkdir(`${tools.local.path}/tree`);
  await runOk("sh", ["-c", `cd '${tools.local.path}/tree' && : > good && : > "$(printf 'bad\\377')"`]);
  const done = await tools.ok(up, { local_path: "tree", remote_path: host.path("tree"), recursive: true });
  assert.deepEqual([done.files, done.failed], [1, 1]);
  assert.match(done.failures[0].reason, /is not UTF-8/);
  await host.remote.write("plain", "x");
  const args = { remote_path: host.path("plain"), local_path: "x".repeat(256) };
  assert.match((await tools.fails("local_file_error", down, args)).message, /name is too long/);
});

if (isRoot()) {
  Deno.test("a file that nothing can be renamed over stays, and what to do is said", async () => {
    await using host = await FileHost.start();
    await host.remote.write("other", "the old file");
    await host.remote.write("mounted", "");
    await runOk("mount", ["--bind", host.path("other"), host.path("mounted")]);
    try {
      await host.tools.local.write("file", "new");
      const args = { remote_path: host.path("mounted") };
      for (const [tool, more] of [[up, { local_path: "file" }], [write, { content: "new" }]] as const) {
        const error = await host.tools.fails("remote_file_error", tool, { ...args, ...more });
        assert.match(error.hint, /mount point/);
      }
      assert.equal(await Deno.readTextFile(host.path("mounted")), "the old file");
      await host.tools.ok(list, { remote_path: host.remote.path }); // comes after the clean-up
      assert.deepEqual(await host.remoteNames(), ["mounted", "other"]);
    } finally {
      await runOk("umount", [host.path("mounted")]);
    }
  });

  Deno.test("a file that may be written in a directory that may not says which of the two it is", async () => {
    await using user = await createTestUser();
    await using sshd = await startSshd();
    const { host, port, clientKeyPath } = sshd;
    await using tools = await FileTools.connect({ host, port, clientKeyPath, user: user.name });
    await Deno.mkdir(`${user.home}/dir`, { mode: 0o755 });
    await Deno.writeTextFile(`${user.home}/dir/file`, "old");
    await Deno.chmod(`${user.home}/dir/file`, 0o666);
    await Deno.symlink("dir/file", `${user.home}/link`);
    await tools.local.write("file", "new");
    for (const remote_path of ["~/dir/file", "~/link"]) {
      for (const [tool, more] of [[up, { local_path: "file" }], [write, { content: "new" }]] as const) {
        const error = await tools.fails("remote_permission_denied", tool, { remote_path, ...more });
        assert.match(error.message, /may not make a file in its directory/);
      }
    }
    await tools.ok(write, { remote_path: "~/dir/file", content: " and new", append: true });
    assert.equal(await Deno.readTextFile(`${user.home}/dir/file`), "old and new");
  });

  Deno.test("a full disk on this machine is named, and leaves nothing but the old file", async () => {
    await using host = await FileHost.start();
    await host.remote.write("big", someBytes(3_000_000));
    const small = `${host.tools.local.path}/small`;
    await Deno.mkdir(small);
    await runOk("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
    try {
      await Deno.writeTextFile(`${small}/file`, "the old file");
      const args = { remote_path: host.path("big"), local_path: "small/file" };
      const error = await host.tools.fails("no_space", down, args);
      assert.match(error.message, /on this machine/);
      assert.equal(await Deno.readTextFile(`${small}/file`), "the old file");
      assert.deepEqual([...Deno.readDirSync(small)].map(({ name }) => name), ["file"]);
      await runOk("mount", ["-o", "remount,ro", small]);
      const other = await host.tools.fails("local_file_error", down, { ...args, local_path: "small/other" });
      assert.match(other.message, /read-only/);
    } finally {
      await runOk("umount", [small]);
    }
  });
}
