/** Hosts without an SFTP server: the same guarantees, with commands. */
import assert from "node:assert/strict";
import { someBytes } from "../support/file_tools.ts";
import { KINDS, type NoSftpHost, startWithoutSftp } from "../support/no_sftp.ts";
import { run, runOk } from "../support/run.ts";

const up = "ssh_upload_file";
const down = "ssh_download_file";
const read = "ssh_read_remote_file";
const write = "ssh_write_remote_file";
const list = "ssh_list_remote_dir";

for (const kind of KINDS) {
  Deno.test(`without SFTP (${kind}): files of any size and name go there and back, and how is said`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    const REQUEST = 256 * 1024;
    for (const size of [0, 1, REQUEST - 1, REQUEST, REQUEST + 1, 3_000_000]) {
      const bytes = someBytes(size, size + 1);
      await tools.local.write("source", bytes);
      const sent = await tools.ok(up, { local_path: "source", remote_path: host.path("there"), verify: true });
      assert.match(sent.note, /no SFTP server/);
      assert.equal(sent.bytes, size);
      assert.match(sent.sha256, /^[0-9a-f]{64}$/);
      assert.deepEqual(await Deno.readFile(host.path("there")), bytes);
      const got = await tools.ok(down, { remote_path: host.path("there"), local_path: "back", verify: true });
      assert.deepEqual([got.bytes, got.sha256], [size, sent.sha256]);
      assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
    }
    const names = ["two words", `a"b'c`, "new\nline", "end\n", "-rf", "é".repeat(127), "x".repeat(255), "$(id)", "*?["];
    for (const [at, name] of names.entries()) {
      await tools.local.write("source", `file ${at}`);
      await tools.ok(up, { local_path: "source", remote_path: host.path(name) });
      assert.equal(await Deno.readTextFile(host.path(name)), `file ${at}`);
      await tools.ok(down, { remote_path: host.path(name), local_path: "back" });
      assert.equal(await Deno.readTextFile(`${tools.local.path}/back`), `file ${at}`);
    }
    assert.deepEqual(await host.remoteNames(), [...names, "there"].sort());
    const listed = await tools.ok(list, { remote_path: host.dir });
    assert.deepEqual(listed.entries.map((entry: { name: string }) => entry.name).sort(), [...names, "there"].sort());
    assert.match(listed.note, /no SFTP server/);
  });

  Deno.test(`without SFTP (${kind}): each failure has its own error, and the old file stays`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    await tools.local.write("file", "x");
    await Deno.writeTextFile(host.path("plain"), "the old file");
    await Deno.mkdir(host.path("dir"));
    await Deno.mkdir(host.path("quota"));
    await run("mkfifo", [host.path("fifo")]);
    await run("chattr", ["+i", host.path("quota")]);
    for (
      const [path, code] of [
        ["dir", "is_a_directory"],
        ["plain/below", "not_a_directory"],
        ["none/below", "no_such_file"],
        ["fifo", "not_a_regular_file"],
        ["x".repeat(256), "invalid_argument"],
        ["quota/new", "remote_permission_denied"],
      ] as const
    ) {
      await tools.fails(code, up, { local_path: "file", remote_path: host.path(path) });
      await tools.fails(code, write, { remote_path: host.path(path), content: "x" });
    }
    await run("chattr", ["-i", host.path("quota")]);
    for (const [path, code] of [["dir", "is_a_directory"], ["none", "no_such_file"], ["plain/x", "not_a_directory"]]) {
      await tools.fails(code!, read, { remote_path: host.path(path!) });
      await tools.fails(code!, down, { remote_path: host.path(path!), local_path: "back" });
    }
    await tools.fails("not_a_directory", list, { remote_path: host.path("plain") });
    await tools.fails("no_such_file", list, { remote_path: host.path("none") });
    const taken = { local_path: "file", remote_path: host.path("plain"), overwrite: false };
    await tools.fails("already_exists", up, taken);
    assert.equal(await Deno.readTextFile(host.path("plain")), "the old file");
    assert.deepEqual(await host.remoteNames(), ["dir", "fifo", "plain", "quota"]);
    assert.deepEqual(await tools.localNames(), ["file"]);
  });

  Deno.test(`without SFTP (${kind}): mode and link of what is replaced stay, and a full disk leaves it`, async () => {
    await using host = await startWithoutSftp(kind, 1_000_000);
    const { tools } = host;
    await Deno.writeTextFile(host.path("real"), "old");
    await own(host, "real");
    await Deno.chmod(host.path("real"), 0o640);
    await Deno.symlink("real", host.path("link"));
    await tools.local.write("source", "new");
    await tools.ok(up, { local_path: "source", remote_path: host.path("link") });
    assert.equal(await Deno.readLink(host.path("link")), "real");
    assert.equal((await Deno.stat(host.path("real"))).mode! & 0o7777, 0o640);
    assert.equal(await Deno.readTextFile(host.path("real")), "new");
    await tools.ok(up, { local_path: "source", remote_path: host.path("told"), mode: "0751" });
    assert.equal((await Deno.stat(host.path("told"))).mode! & 0o7777, 0o751);
    await Deno.writeTextFile(host.path("small/file"), "the old file");
    await own(host, "small/file");
    await tools.local.write("big", someBytes(3_000_000));
    await tools.fails("no_space", up, { local_path: "big", remote_path: host.path("small/file") });
    const content = "x".repeat(2_000_000);
    await tools.fails("no_space", write, { remote_path: host.path("small/file"), content, append: true });
    assert.equal(await Deno.readTextFile(host.path("small/file")), "the old file");
    assert.deepEqual([...Deno.readDirSync(host.path("small"))].map((entry) => entry.name), ["file"]);
    await runOk("mount", ["-o", "remount,ro", host.path("small")]);
    await tools.fails("read_only", write, { remote_path: host.path("small/other"), content: "x" });
  });

  Deno.test(`without SFTP (${kind}): a transfer that broke off is resumed, either way`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    const bytes = someBytes(20_000_000);
    for (const name of [up, down]) {
      const isUp = name === up;
      const [source, target] = isUp ? ["here", "there"] : ["there", "here"];
      const local = `${tools.local.path}/here`;
      await Deno.writeFile(isUp ? local : host.path("there"), bytes);
      await Deno.writeTextFile(isUp ? host.path("there") : local, "the old file");
      if (isUp) await own(host, target!);
      const directory = isUp ? host.dir : tools.local.path;
      const watching = setInterval(() => {
        const part = [...Deno.readDirSync(directory)].find((entry) => entry.name.endsWith(".mcp-part"));
        if (part !== undefined && Deno.statSync(`${directory}/${part.name}`).size > 1_000_000) {
          tools.session.connection.client.destroy();
        }
      }, 1);
      const args = { local_path: "here", remote_path: host.path("there") };
      const error = await tools.fails("session_dropped", name, args);
      clearInterval(watching);
      assert.match(error.hint, /resume: true/);
      assert.equal(await Deno.readTextFile(isUp ? host.path("there") : local), "the old file", source);
      await tools.reconnect();
      const done = await tools.ok(name, { ...args, resume: true, verify: true });
      // Where the host cannot hash, nothing can be confirmed before it is moved again.
      if (kind !== "busybox") assert.ok(done.resumed_from > 0, JSON.stringify(done));
      assert.deepEqual(await Deno.readFile(isUp ? host.path("there") : local), bytes);
      await Deno.remove(host.path("there"));
      await Deno.remove(local);
      assert.deepEqual([...await host.remoteNames(), ...await tools.localNames()], []);
    }
  });

  Deno.test(`without SFTP (${kind}): directories go there and back with modes and links`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    const top = `${tools.local.path}/tree`;
    await Deno.mkdir(`${top}/sub/empty`, { recursive: true });
    for (let at = 0; at < 20; at++) await Deno.writeFile(`${top}/sub/f ${at}\n`, someBytes(at * 1000, at + 1));
    await Deno.writeFile(`${top}/large`, someBytes(1_000_000));
    await Deno.chmod(`${top}/large`, 0o755);
    await Deno.symlink("../large", `${top}/sub/link`);
    await Deno.symlink("nowhere", `${top}/dangling`);
    await Deno.chmod(`${top}/sub/empty`, 0o500);
    const sent = await tools.ok(up, { local_path: "tree", remote_path: host.path("copy"), recursive: true });
    assert.deepEqual([sent.files, sent.directories, sent.links, sent.failed], [21, 3, 2, 0], JSON.stringify(sent));
    assert.match(sent.note, /no SFTP server/);
    const args = { local_path: "back", remote_path: host.path("copy"), recursive: true };
    const got = await tools.ok(down, args);
    assert.deepEqual([got.files, got.directories, got.links, got.failed], [21, 3, 2, 0], JSON.stringify(got));
    assert.equal(await shape(host.path("copy")), await shape(top));
    assert.equal(await shape(`${tools.local.path}/back`), await shape(top));
    assert.equal((await run("diff", ["-r", "--no-dereference", top, `${tools.local.path}/back`])).stdout, "");
    await Deno.remove(host.path("copy/large"));
    await Deno.mkdir(host.path("copy/large"));
    const again = await tools.ok(up, { local_path: "tree", remote_path: host.path("copy"), recursive: true });
    assert.deepEqual([again.files, again.failed, again.failures[0].code], [20, 1, "is_a_directory"]);
  });

  Deno.test(`without SFTP (${kind}): text is read, written, appended, edited and listed`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    const remote_path = host.path("d/text");
    const args = { remote_path, content: "one\ntwo\n", create_dirs: true, mode: "600" };
    assert.match((await tools.ok(write, args)).note, /no SFTP server/);
    const appended = await tools.ok(write, { remote_path, content: "three\n", append: true });
    assert.deepEqual([appended.bytes_written, appended.size], [6, 14]);
    await tools.ok(write, { remote_path, edit: { old_text: "two", new_text: "2" } });
    const text = await tools.ok(read, { remote_path });
    assert.deepEqual([text.content, text.size], ["one\n2\nthree\n", 12]);
    assert.match(text.note, /no SFTP server/);
    assert.equal((await tools.ok(read, { remote_path, tail_lines: 1 })).content, "three\n");
    assert.equal((await tools.ok(read, { remote_path, offset: 4, max_bytes: 1 })).content, "2");
    assert.deepEqual((await tools.ok(read, { remote_path, offset: 1000 })).size, 12);
    assert.match((await tools.ok(read, { remote_path: "/proc/meminfo" })).content, /^MemTotal:/);
    await tools.fails("edit_not_unique", write, { remote_path, edit: { old_text: "e\n", new_text: "x" } });
    await Deno.symlink("text", host.path("d/link"));
    await Deno.mkdir(host.path("d/z"));
    const { entries } = await tools.ok(list, { remote_path: host.path("d") });
    assert.deepEqual(entries.map((entry: { name: string }) => entry.name), ["z", "link", "text"]);
    assert.deepEqual([entries[1].type, entries[1].link_target], ["symlink", "text"]);
    assert.deepEqual([entries[2].type, entries[2].size, entries[2].mode], ["file", 12, "0600"]);
    const info = await Deno.stat(remote_path);
    assert.equal(entries[2].modified_epoch, Math.floor(info.mtime!.getTime() / 1000));
    await run("sh", ["-c", 'cd "$1" && printf x > "$(printf \'bad\\377\')"', "sh", host.path("d/z")]);
    const bad = await tools.ok(list, { remote_path: host.path("d/z") });
    assert.equal(bad.entries[0].name, "bad\udcff");
    assert.equal((await tools.ok(read, { remote_path: host.path("d/z/bad\udcff") })).content, "x");
  });

  Deno.test(`without SFTP (${kind}): what changes meanwhile is noticed, and a cancelled call leaves nothing`, async () => {
    await using host = await startWithoutSftp(kind);
    const { tools } = host;
    await Deno.writeFile(host.path("big"), someBytes(30_000_000));
    const begun = (): boolean => [...Deno.readDirSync(tools.local.path)].some(({ name }) => name.endsWith("part"));
    const cutting = setInterval(() => begun() && Deno.truncateSync(host.path("big"), 25_000_000), 1);
    await tools.fails("source_changed", down, { remote_path: host.path("big"), local_path: "big" });
    clearInterval(cutting);
    await Deno.writeFile(`${tools.local.path}/big`, someBytes(60_000_000));
    await Deno.remove(host.path("big"));
    const controller = new AbortController();
    const sending = setInterval(async () => (await host.remoteNames()).length > 0 && controller.abort(), 1);
    const args = { local_path: "big", remote_path: host.path("big") };
    await tools.fails("cancelled", up, args, { signal: controller.signal });
    clearInterval(sending);
    await tools.ok(list, { remote_path: host.dir }); // comes after the clean-up
    assert.deepEqual(await host.remoteNames(), []);
    assert.deepEqual(await tools.localNames(), ["big"]);
  });
}

/** Gives a file on the host to who is logged in. */
async function own(host: NoSftpHost, name: string): Promise<void> {
  await runOk("chown", [`${host.tools.session.connection.facts.username}:`, host.path(name)]);
}

async function shape(directory: string): Promise<string> {
  const { stdout } = await run("find", [directory, "-mindepth", "1", "-printf", "%P %y %m %l\n"]);
  return stdout.trim().split("\n").sort().join("\n");
}
