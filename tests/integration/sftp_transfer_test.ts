import assert from "node:assert/strict";
import { SftpChannel } from "../../lib/ssh/sftp/channel.ts";
import { FileHost } from "../support/file_host.ts";
import { leaves, names, someBytes } from "../support/file_tools.ts";

const REQUEST = 261_120;

for (const sftp of ["internal-sftp", "/usr/lib/openssh/sftp-server"]) {
  Deno.test(`upload and download keep every byte, whatever the size, over ${sftp}`, async () => {
    await using host = await FileHost.start({ sftp });
    const { tools } = host;
    for (const size of [0, 1, REQUEST - 1, REQUEST, REQUEST + 1, 3 * REQUEST + 7, 10_000_000]) {
      const bytes = someBytes(size, size + 1);
      await tools.local.write("source", bytes);
      const up = await tools.ok("ssh_upload_file", { local_path: "source", remote_path: host.path("there") });
      assert.equal(up.bytes, size);
      assert.deepEqual(await Deno.readFile(host.path("there")), bytes);
      const down = await tools.ok("ssh_download_file", { remote_path: host.path("there"), local_path: "back" });
      assert.equal(down.bytes, size);
      assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
    }
    assert.deepEqual(await host.remoteNames(), ["there"]);
    assert.deepEqual(await tools.localNames(), ["back", "source"]);
  });
}

Deno.test("upload and download take any name", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const nfc = "caf\u00e9".normalize("NFC");
  const nfd = "caf\u00e9".normalize("NFD");
  const wanted = ["two words", `a"b'c`, "new\nline", nfc, nfd, "-rf", "x".repeat(255), "$(id)", "a\\b", "*?[", "~"];
  for (const [at, name] of wanted.entries()) {
    const content = `file ${at}`;
    await tools.local.write(name, content);
    await tools.ok("ssh_upload_file", { local_path: name, remote_path: host.path(name) });
    assert.equal(await Deno.readTextFile(host.path(name)), content);
    await tools.ok("ssh_download_file", { remote_path: host.path(name), local_path: `${at}` });
    assert.equal(await Deno.readTextFile(`${tools.local.path}/${at}`), content);
  }
  assert.deepEqual(await host.remoteNames(), wanted.toSorted());
  const listed = await tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path });
  assert.deepEqual(listed.entries.map((entry: { name: string }) => entry.name).sort(), wanted.toSorted());
});

Deno.test("a remote name that is not UTF-8 is listed, and found under the name that is shown", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const script = 'cd "$1" && printf content > "$(printf \'bad\\377name\')"';
  await new Deno.Command("sh", { args: ["-c", script, "sh", host.remote.path] }).output();
  const { entries: [entry] } = await tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path });
  assert.equal(entry.name, "bad\udcffname");
  const path = host.path(entry.name);
  assert.equal((await tools.ok("ssh_read_remote_file", { remote_path: path })).content, "content");
  const verified = await tools.ok("ssh_download_file", { remote_path: path, local_path: "good", verify: true });
  assert.match(verified.sha256, /^[0-9a-f]{64}$/);
  assert.equal(await Deno.readTextFile(`${tools.local.path}/good`), "content");
});

Deno.test("upload keeps mode and owner of what it replaces, and the link that leads to it", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await host.remote.write("real", "old", 0o640);
  await Deno.chown(host.path("real"), 1234, 2345);
  await Deno.symlink("real", host.path("link"));
  await tools.local.write("source", "new");
  await tools.ok("ssh_upload_file", { local_path: "source", remote_path: host.path("link") });
  assert.equal((await Deno.lstat(host.path("link"))).isSymlink, true);
  const info = await Deno.stat(host.path("real"));
  assert.deepEqual([info.mode! & 0o7777, info.uid, info.gid], [0o640, 1234, 2345]);
  assert.equal(await Deno.readTextFile(host.path("real")), "new");
});

Deno.test("a new file follows mode, or the umask", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("source", "x", 0o600);
  await tools.ok("ssh_upload_file", { local_path: "source", remote_path: host.path("masked") });
  await tools.ok("ssh_upload_file", { local_path: "source", remote_path: host.path("told"), mode: "0751" });
  assert.equal((await Deno.stat(host.path("told"))).mode! & 0o7777, 0o751);
  assert.equal((await Deno.stat(host.path("masked"))).mode! & 0o7777, 0o644);
});

Deno.test("overwrite: false refuses a name that is taken, on both sides", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("here", "mine");
  await host.remote.write("there", "theirs");
  const up = { local_path: "here", remote_path: host.path("there"), overwrite: false };
  await tools.fails("already_exists", "ssh_upload_file", up);
  await tools.fails("already_exists", "ssh_download_file", up);
  assert.equal(await Deno.readTextFile(host.path("there")), "theirs");
  assert.equal(await Deno.readTextFile(`${tools.local.path}/here`), "mine");
  await tools.ok("ssh_upload_file", { ...up, remote_path: host.path("free") });
  await tools.ok("ssh_download_file", { ...up, local_path: "free" });
  assert.deepEqual(await host.remoteNames(), ["free", "there"]);
});

Deno.test("resume: true goes on where a part file ends, and starts again where that is not the start of the file", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const bytes = someBytes(3_000_000);
  await tools.local.write("source", bytes);
  const args = { local_path: "source", remote_path: host.path("there"), resume: true, verify: true };
  for (
    const { damaged, resumedFrom } of [{ damaged: false, resumedFrom: 1_000_000 }, {
      damaged: true,
      resumedFrom: undefined,
    }]
  ) {
    // The name of the part file is what an interrupted transfer leaves; it is found by letting one be interrupted.
    const part = await interruptedUpload(host);
    const start = bytes.slice(0, 1_000_000);
    if (damaged) start[500_000]! ^= 1;
    await Deno.writeFile(part, start);
    const up = await tools.ok("ssh_upload_file", args);
    assert.equal(up.resumed_from, resumedFrom);
    assert.deepEqual(await Deno.readFile(host.path("there")), bytes);
    assert.deepEqual(await host.remoteNames(), ["there"]);
  }
});

/** Drops the connection in the middle of an upload; gives the path of what was left. */
async function interruptedUpload(host: FileHost): Promise<string> {
  const { tools } = host;
  await tools.reconnect();
  const { connection } = tools.session;
  const drop = (): void => void connection.client.destroy();
  const original = connection.subsystem.bind(connection);
  connection.subsystem = (name, options, onOpen) =>
    original(name, options, (channel) => {
      onOpen?.(channel);
      type Inside = { incoming: { id: number }; _client: { _chanMgr: { get(id: number): unknown } } };
      const { incoming, _client: client } = channel as unknown as Inside;
      const inPlace = client._chanMgr.get(incoming.id);
      assert.ok(inPlace instanceof SftpChannel);
      let sent = 0;
      const write = inPlace.write.bind(inPlace);
      inPlace.write = (bytes) => {
        write(bytes);
        if ((sent += bytes.length) > 1_500_000) drop();
      };
    });
  const error = await tools.fails("session_dropped", "ssh_upload_file", {
    local_path: "source",
    remote_path: host.path("there"),
  });
  await tools.reconnect();
  return error.part_path;
}

Deno.test("a download is told to go on after the connection was lost, and does", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const bytes = someBytes(40_000_000);
  await host.remote.write("big", bytes);
  await Deno.writeTextFile(`${tools.local.path}/big`, "the old file");
  const args = { remote_path: host.path("big"), local_path: "big" };
  const watching = setInterval(async () => {
    const part = (await names(tools.local.path)).find((name) => name.endsWith(".mcp-part"));
    if (part === undefined) return;
    const { size } = await Deno.stat(`${tools.local.path}/${part}`).catch(() => ({ size: 0 }));
    if (size > 1_000_000) tools.session.connection.client.destroy();
  }, 1);
  const error = await tools.fails("session_dropped", "ssh_download_file", args);
  clearInterval(watching);
  assert.match(error.hint, /resume: true/);
  assert.equal(await Deno.readTextFile(`${tools.local.path}/big`), "the old file");
  await tools.reconnect();
  const done = await tools.ok("ssh_download_file", { ...args, resume: true, verify: true });
  assert.ok(done.resumed_from > 0, JSON.stringify(done));
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/big`), bytes);
  assert.deepEqual(await tools.localNames(), ["big"]);
});

Deno.test("a source that grew meanwhile is noted, and its first bytes are whole", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const path = await host.remote.write("log", someBytes(20_000_000));
  const writing = setInterval(() => Deno.writeTextFileSync(path, "more\n", { append: true }), 1);
  try {
    const grown = await tools.ok("ssh_download_file", { remote_path: path, local_path: "log" });
    assert.match(grown.note, /grew/);
  } finally {
    clearInterval(writing);
  }
  const [here, there] = [await Deno.readFile(`${tools.local.path}/log`), await Deno.readFile(path)];
  assert.deepEqual(here, there.subarray(0, here.length));
  assert.ok(here.length >= 20_000_000 && here.length < there.length);
});

Deno.test("a source that is cut meanwhile replaces nothing, on either side", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  for (const name of ["ssh_download_file", "ssh_upload_file"]) {
    const source = name === "ssh_download_file" ? host.path("source") : `${tools.local.path}/source`;
    const target = name === "ssh_download_file" ? `${tools.local.path}/target` : host.path("target");
    await Deno.writeFile(source, someBytes(30_000_000));
    await Deno.writeTextFile(target, "the old file");
    const [local, remote] = name === "ssh_download_file" ? ["target", "source"] : ["source", "target"];
    // Cut only once the transfer has begun, which its part beside the target shows.
    const directory = target.slice(0, target.lastIndexOf("/"));
    const begun = (): boolean => [...Deno.readDirSync(directory)].some((entry) => entry.name.endsWith("part"));
    const cutting = setInterval(() => begun() && Deno.truncateSync(source, 25_000_000), 1);
    try {
      await tools.fails("source_changed", name, { local_path: local, remote_path: host.path(remote!) });
    } finally {
      clearInterval(cutting);
    }
    assert.equal(await Deno.readTextFile(target), "the old file");
    await Deno.remove(source);
    await Deno.remove(target);
  }
  assert.deepEqual([...await tools.localNames(), ...await host.remoteNames()], []);
});

Deno.test("a sparse file arrives with its holes read as zeros", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const path = await host.remote.write("sparse", "start");
  await Deno.truncate(path, 30_000_000);
  await tools.ok("ssh_download_file", { remote_path: path, local_path: "sparse", verify: true });
  const bytes = await Deno.readFile(`${tools.local.path}/sparse`);
  assert.equal(bytes.length, 30_000_000);
  assert.equal(bytes.subarray(5).every((byte) => byte === 0), true);
});

Deno.test("cancellation ends a transfer, leaves the old file and no part of the new one", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("big", someBytes(60_000_000));
  await host.remote.write("target", "the old file");
  for (const name of ["ssh_upload_file", "ssh_download_file"]) {
    const controller = new AbortController();
    const [local, remote] = name === "ssh_upload_file" ? ["big", "target"] : ["target", "big"];
    if (name === "ssh_download_file") await Deno.rename(`${tools.local.path}/big`, host.path("big"));
    await Deno.writeTextFile(`${tools.local.path}/target`, "the old file");
    setTimeout(() => controller.abort(), 60);
    const args = { local_path: local, remote_path: host.path(remote!) };
    await tools.fails("cancelled", name, args, { signal: controller.signal });
  }
  await leaves(host.remote.path, ["big", "target"]);
  await leaves(tools.local.path, ["target"]);
  assert.equal(await Deno.readTextFile(host.path("target")), "the old file");
  assert.equal(await Deno.readTextFile(`${tools.local.path}/target`), "the old file");
});

Deno.test("progress grows, names the total, and comes at most four times a second", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await tools.local.write("big", someBytes(200_000_000));
  const updates: { at: number; progress: number; total?: number }[] = [];
  const progress = (update: { progress: number; total?: number }): void => {
    updates.push({ at: performance.now(), ...update });
  };
  const began = performance.now();
  await tools.ok("ssh_upload_file", { local_path: "big", remote_path: host.path("big") }, { progress });
  for (const [at, update] of updates.entries()) {
    assert.equal(update.total, 200_000_000);
    const before = updates[at - 1];
    if (before !== undefined) assert.ok(update.progress > before.progress);
  }
  assert.ok(updates.length > 0);
  // Told of all together: what lies between two of them, the test's own machine may shorten.
  const ms = updates.at(-1)!.at - began;
  assert.ok(updates.length <= ms / 250 + 1, `${updates.length} updates in ${ms} ms`);
});

Deno.test("transfers survive that the keys are changed on the way", async () => {
  await using host = await FileHost.start({ config: ["RekeyLimit 1M"] });
  const { tools } = host;
  const bytes = someBytes(64_000_000);
  await tools.local.write("big", bytes);
  const args = { local_path: "big", remote_path: host.path("big"), verify: true };
  await tools.ok("ssh_upload_file", args);
  await tools.ok("ssh_download_file", { ...args, local_path: "back" });
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
});

Deno.test("upload and download keep every byte under a cipher of ssh2's own", async () => {
  await using host = await FileHost.start({ config: ["Ciphers aes128-gcm@openssh.com", "RekeyLimit 8M"] });
  const { tools } = host;
  const bytes = someBytes(20_000_000);
  await tools.local.write("source", bytes);
  await tools.ok("ssh_upload_file", { local_path: "source", remote_path: host.path("there"), verify: true });
  await tools.ok("ssh_download_file", { local_path: "back", remote_path: host.path("there"), verify: true });
  assert.deepEqual(await Deno.readFile(`${tools.local.path}/back`), bytes);
});
