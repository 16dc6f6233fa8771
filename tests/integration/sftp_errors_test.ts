import assert from "node:assert/strict";
import { execute } from "../../lib/ssh/commands/exec.ts";
import { FileHost } from "../support/file_host.ts";
import { FileTools, someBytes } from "../support/file_tools.ts";
import { eventually } from "../support/processes.ts";
import { isRoot, run, runOk } from "../support/run.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";

const up = "ssh_upload_file";
const write = "ssh_write_remote_file";

Deno.test("each way in which a path can be wrong has its own error", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("file", "x");
  await host.remote.write("plain", "x");
  await Deno.mkdir(host.path("dir"));
  await run("mkfifo", [host.path("fifo")]);
  for (
    const [path, code] of [
      ["dir", "is_a_directory"],
      ["dir/", "is_a_directory"],
      ["plain/below", "not_a_directory"],
      ["none/below", "no_such_file"],
      ["fifo", "not_a_regular_file"],
      ["x".repeat(256), "invalid_argument"],
    ] as const
  ) {
    await tools.fails(code, up, { local_path: "file", remote_path: host.path(path) });
    await tools.fails(code, write, { remote_path: host.path(path), content: "x" });
  }
  await tools.fails("not_a_regular_file", "ssh_read_remote_file", { remote_path: host.path("fifo") });
  await tools.fails("is_a_directory", "ssh_read_remote_file", { remote_path: host.path("dir") });
  assert.deepEqual(await host.remoteNames(), ["dir", "fifo", "plain"]);
});

if (isRoot()) {
  Deno.test("a full file system is named, the old file is intact and no part of the new one is left", async () => {
    await using host = await FileHost.start();
    const { tools } = host;
    await Deno.mkdir(host.path("small"));
    await runOk("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", host.path("small")]);
    try {
      await Deno.writeTextFile(host.path("small/file"), "the old file");
      await tools.local.write("big", someBytes(3_000_000));
      await tools.fails("no_space", up, { local_path: "big", remote_path: host.path("small/file") });
      const content = "x".repeat(2_000_000);
      await tools.fails("no_space", write, { remote_path: host.path("small/file"), content });
      await tools.fails("no_space", write, { remote_path: host.path("small/file"), content, append: true });
      assert.equal(await Deno.readTextFile(host.path("small/file")), "the old file");
      assert.deepEqual([...Deno.readDirSync(host.path("small"))].map((entry) => entry.name), ["file"]);
      await runOk("mount", ["-o", "remount,ro", host.path("small")]);
      await tools.fails("read_only", write, { remote_path: host.path("small/other"), content: "x" });
    } finally {
      await runOk("umount", [host.path("small")]);
    }
  });

  Deno.test("what the user may not do is named as that", async () => {
    await using user = await createTestUser();
    await using sshd = await startSshd();
    await using tools = await FileTools.connect({
      host: sshd.host,
      port: sshd.port,
      user: user.name,
      clientKeyPath: sshd.clientKeyPath,
    });
    await tools.fails("remote_permission_denied", "ssh_read_remote_file", { remote_path: "/etc/shadow" });
    await tools.fails("remote_permission_denied", write, { remote_path: "/etc/passwd", content: "x" });
    await tools.fails("remote_permission_denied", "ssh_list_remote_dir", { remote_path: "/root" });
    await tools.ok(write, { remote_path: "~/mine", content: "x" });
    assert.equal(await Deno.readTextFile(`${user.home}/mine`), "x");
  });
}

Deno.test("with room for one channel only, files and commands take turns", async () => {
  await using host = await FileHost.start({ maxSessions: 1 });
  const { tools } = host;
  for (let round = 0; round < 2; round++) {
    await tools.ok(write, { remote_path: host.path("file"), content: `round ${round}` });
    const options = {
      timeoutMs: 10_000,
      maxOutputBytes: 1000,
      filter: () => ({ push: (bytes: Uint8Array) => bytes, end: () => new Uint8Array(0) }),
    };
    const result = await execute(tools.session, `cat ${host.path("file")}`, {}, options);
    assert.equal(result.stdout.text, `round ${round}`);
  }
});

for (const sftp of ["none", "/nonexistent/sftp-server"]) {
  Deno.test(`a host without an SFTP server (${sftp}) is served with commands, and that is said`, async () => {
    await using host = await FileHost.start({ sftp, maxSessions: 2 });
    const { tools } = host;
    const bytes = someBytes(1_000_000);
    await tools.local.write("file", bytes);
    const path = host.path(`a "name" with 'all'\nof it`);
    const done = await tools.ok(up, { local_path: "file", remote_path: path, mode: "0640" });
    assert.match(done.note, /no SFTP server/);
    assert.deepEqual(await Deno.readFile(path), bytes);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o640);
    await tools.ok("ssh_download_file", { remote_path: path, local_path: "back" });
    assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
    await tools.ok(write, { remote_path: host.path("d/text"), content: "one\ntwo\n", create_dirs: true });
    await tools.ok(write, { remote_path: host.path("d/text"), content: "three\n", append: true });
    await tools.ok(write, { remote_path: host.path("d/text"), edit: { old_text: "two", new_text: "2" } });
    const text = await tools.ok("ssh_read_remote_file", { remote_path: host.path("d/text") });
    assert.deepEqual([text.content, text.size], ["one\n2\nthree\n", 12]);
    const tail = await tools.ok("ssh_read_remote_file", { remote_path: host.path("d/text"), tail_lines: 1 });
    assert.equal(tail.content, "three\n");
    const listed = await tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path });
    assert.deepEqual(listed.entries.map((entry: { name: string }) => entry.name), ["d", `a "name" with 'all'\nof it`]);
    for (
      const [name, code] of [["none", "no_such_file"], ["d", "is_a_directory"]] as const
    ) {
      await tools.fails(code, "ssh_read_remote_file", { remote_path: host.path(name) });
    }
    await tools.fails("already_exists", up, { local_path: "file", remote_path: path, overwrite: false });
    assert.deepEqual((await host.remoteNames()).filter((name) => name.endsWith("part")), []);
  });
}

Deno.test("an SFTP channel that died is opened again", async () => {
  await using host = await FileHost.start({ sftp: "/usr/lib/openssh/sftp-server" });
  const { tools } = host;
  await tools.ok(write, { remote_path: host.path("file"), content: "1" });
  const { stdout } = await run("pgrep", ["-f", "^/usr/lib/openssh/sftp-server"]);
  for (const pid of stdout.trim().split("\n")) {
    const environment = await Deno.readTextFile(`/proc/${pid}/environ`).catch(() => "");
    if (environment.includes(` ${host.sshd.port}\0`)) Deno.kill(Number(pid), "SIGKILL");
  }
  // Until its end has come here, it is asked in vain.
  await eventually("it is opened again", () => {
    return tools.ok(write, { remote_path: host.path("file"), content: "2" }).then(() => true, () => false);
  });
  assert.equal(await Deno.readTextFile(host.path("file")), "2");
});
