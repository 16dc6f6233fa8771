import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { FileTools, someBytes } from "../support/file_tools.ts";
import { Program } from "../support/program.ts";
import { isRoot, runOk } from "../support/run.ts";
import { createTestUser, startSshd } from "../support/sshd.ts";
import { tempDir } from "../support/temp_dir.ts";

const up = "ssh_upload_file";
const down = "ssh_download_file";

/** What a failure of one file of a tree is told with. */
interface Failure {
  path: string;
  code: string;
}

Deno.test("an upload is flushed before it gets its name, in requests as long as the server takes", async () => {
  await using logs = await tempDir("mcp-remote-ssh-log-");
  const log = `${logs.path}/log`;
  await using host = await FileHost.start({ sftp: `/usr/lib/openssh/sftp-server -e -l DEBUG3 2>>${log}` });
  await host.tools.local.write("file", someBytes(600_000));
  await host.tools.ok(up, { local_path: "file", remote_path: host.path("there") });
  await host.tools.ok("ssh_write_remote_file", { remote_path: host.path("there"), content: "text" });
  await host.tools.ok(down, { local_path: "back", remote_path: host.path("there") });
  const steps = (await Deno.readTextFile(log)).matchAll(/^(fsync|posix-rename)|: write ".* (len \d+)$/gm);
  assert.deepEqual([...steps].map(([, step, length]) => step ?? length), [
    ...["len 261120", "len 261120", "len 77760", "fsync", "posix-rename"],
    ...["len 4", "fsync", "posix-rename"],
  ]);
});

Deno.test("a source that is rewritten meanwhile replaces nothing, on either side", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  for (const name of [up, down]) {
    const [here, there] = [`${tools.local.path}/file`, host.path("file")];
    const [source, target] = name === up ? [here, there] : [there, here];
    await Deno.writeFile(source, someBytes(30_000_000));
    await Deno.utime(source, 1e9, 1e9);
    await Deno.writeTextFile(target, "the old file");
    const directory = target.slice(0, target.lastIndexOf("/"));
    const begun = (): boolean => [...Deno.readDirSync(directory)].some((entry) => entry.name.endsWith("part"));
    const rewriting = setInterval(() => {
      if (!begun()) return;
      clearInterval(rewriting);
      using file = Deno.openSync(source, { write: true });
      file.writeSync(new Uint8Array(1));
    }, 1);
    try {
      const { message } = await tools.fails("source_changed", name, { local_path: "file", remote_path: there });
      assert.match(message, /rewritten/);
    } finally {
      clearInterval(rewriting);
    }
    assert.equal(await Deno.readTextFile(target), "the old file");
  }
  assert.deepEqual([...await tools.localNames(), ...await host.remoteNames()], ["file", "file"]);
});

Deno.test("an upload of a file that grows is noted, and its first bytes are whole", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const path = await tools.local.write("log", someBytes(20_000_000));
  const writing = setInterval(() => Deno.writeTextFileSync(path, "more\n", { append: true }), 1);
  try {
    const { note } = await tools.ok(up, { remote_path: host.path("log"), local_path: "log" });
    assert.match(note, /grew/);
  } finally {
    clearInterval(writing);
  }
  const [here, there] = [await Deno.readFile(path), await Deno.readFile(host.path("log"))];
  assert.ok(there.length >= 20_000_000 && there.length < here.length);
  assert.deepEqual(there, here.subarray(0, there.length));
});

Deno.test("a sparse file is uploaded with its holes read as zeros", async () => {
  await using host = await FileHost.start();
  const path = await host.tools.local.write("sparse", "start");
  await Deno.truncate(path, 30_000_000);
  await host.tools.ok(up, { remote_path: host.path("sparse"), local_path: "sparse", verify: true });
  const bytes = await Deno.readFile(host.path("sparse"));
  assert.equal(bytes.length, 30_000_000);
  assert.equal(bytes.subarray(5).every((byte) => byte === 0), true);
});

Deno.test("where no commands may run, verify: true reads back what was moved, and says so", async () => {
  await using host = await FileHost.start({ config: ["ForceCommand internal-sftp"] });
  const bytes = someBytes(3_000_000);
  await host.tools.local.write("file", bytes);
  const args = { local_path: "file", remote_path: host.path("there"), verify: true };
  for (const name of [up, down]) {
    const { note, sha256 } = await host.tools.ok(name, args);
    assert.match(note, /read back/);
    assert.equal(sha256, new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex());
  }
  assert.deepEqual(await Deno.readFile(host.path("there")), bytes);
  assert.deepEqual(await host.remoteNames(), ["there"]);
});

Deno.test("an answer about a file that was moved holds nothing of it", async () => {
  await using host = await FileHost.start();
  const text = "what stands in the file is nobody's business";
  await host.tools.local.write("file", text);
  const args = { local_path: "file", remote_path: host.path("there"), verify: true };
  const answers = [await host.tools.ok(up, args), await host.tools.ok(down, args)];
  const tree = { local_path: "tree", remote_path: host.remote.path, recursive: true };
  answers.push(await host.tools.ok(down, tree), await host.tools.ok(up, { ...tree, remote_path: host.path("copy") }));
  for (const answer of answers) {
    for (const word of text.split(" ").filter((word) => word.length > 5)) {
      assert.equal(JSON.stringify(answer).includes(word), false, JSON.stringify(answer));
    }
  }
});

Deno.test("upload of a tree goes on past a file that may not be read", async () => {
  await using sshd = await startSshd();
  await using files = await tempDir("mcp-remote-ssh-files-");
  await using remote = await tempDir("mcp-remote-ssh-remote-");
  await Deno.mkdir(`${files.path}/tree`);
  for (let at = 0; at < 40; at++) await Deno.writeTextFile(`${files.path}/tree/f${at}`, `file ${at}`);
  await using program = await Program.start({
    permissions: [
      "--allow-net",
      `--allow-read=${sshd.dir},${files.path}`,
      `--deny-read=${files.path}/tree/f7`,
    ],
    flags: [`--files-dir=${files.path}`, `--secrets-dir=${sshd.dir}`, "--host-keys=insecure"],
  });
  const login = { host: sshd.host, port: sshd.port, username: sshd.user, key_path: sshd.clientKeyPath };
  const { session_id } = await program.ok("ssh_connect", login);
  const args = { session_id, local_path: "tree", remote_path: `${remote.path}/tree`, recursive: true };
  const { files: moved, failed, failures } = await program.ok(up, args);
  assert.deepEqual([moved, failed, failures.map(({ path }: Failure) => path)], [39, 1, ["f7"]]);
  const there = [...Deno.readDirSync(`${remote.path}/tree`)].map(({ name }) => name);
  assert.equal(there.length, 39);
  assert.equal(there.includes("f7"), false);
});

if (isRoot()) {
  Deno.test("devices and FIFOs are refused as sources and as targets, on both sides", async () => {
    await using host = await FileHost.start();
    const { tools } = host;
    await Deno.writeTextFile(`${tools.local.path}/file`, "x");
    for (const directory of [tools.local.path, host.remote.path]) {
      await runOk("mknod", [`${directory}/zero`, "c", "1", "5"]);
      await runOk("mkfifo", [`${directory}/fifo`]);
    }
    await host.remote.write("file", "x");
    for (const name of ["zero", "fifo"]) {
      for (const tool of [up, down]) {
        const [source, target] = [{ local_path: name, remote_path: host.path("file") }, {
          local_path: "file",
          remote_path: host.path(name),
        }];
        await tools.fails("not_a_regular_file", tool, source);
        await tools.fails("not_a_regular_file", tool, target);
      }
    }
    assert.deepEqual(await tools.localNames(), ["fifo", "file", "zero"]);
    assert.deepEqual(await host.remoteNames(), ["fifo", "file", "zero"]);
  });

  Deno.test("download of a tree goes on past what may not be read", async () => {
    await using user = await createTestUser();
    await using sshd = await startSshd();
    const { host, port, clientKeyPath } = sshd;
    await using tools = await FileTools.connect({ host, port, user: user.name, clientKeyPath });
    await Deno.mkdir(`${user.home}/tree/closed`, { recursive: true });
    for (const name of ["one", "two", "three"]) await Deno.writeTextFile(`${user.home}/tree/${name}`, name);
    await Deno.chmod(`${user.home}/tree/two`, 0);
    await Deno.chmod(`${user.home}/tree/closed`, 0);
    const args = { local_path: "tree", remote_path: `${user.home}/tree`, recursive: true };
    const { files, failures } = await tools.ok(down, args);
    const failed = failures.map(({ path, code }: Failure) => `${path} ${code}`).sort();
    assert.deepEqual([files, failed], [2, ["closed remote_permission_denied", "two remote_permission_denied"]]);
    assert.equal(await Deno.readTextFile(`${tools.local.path}/tree/three`), "three");
  });
}
