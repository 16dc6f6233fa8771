import assert from "node:assert/strict";
import { FileHost } from "../support/file_host.ts";
import { someBytes } from "../support/file_tools.ts";

const read = "ssh_read_remote_file";
const write = "ssh_write_remote_file";

Deno.test("ssh_read_remote_file gives windows that fit together and never cut a character", async () => {
  await using host = await FileHost.start();
  const text = "aé€😀\n".repeat(5000);
  const remote_path = await host.remote.write("text", text);
  for (const max_bytes of [1000, 1001, 1002, 1003]) {
    let whole = "";
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const part: { content: string; next_offset?: number; truncated: boolean } = await host.tools.ok(read, {
        remote_path,
        max_bytes,
        offset,
      });
      assert.equal(part.truncated, part.next_offset !== undefined);
      assert.equal(part.content.includes("\ufffd"), false);
      whole += part.content;
      offset = part.next_offset;
    }
    assert.equal(whole, text);
  }
});

Deno.test("ssh_read_remote_file gives the last lines", async () => {
  await using host = await FileHost.start();
  const lines = Array.from({ length: 60_000 }, (_, at) => `line ${at}`);
  const remote_path = await host.remote.write("log", lines.join("\n") + "\n");
  for (const tail_lines of [1, 2, 50_000]) {
    const { content } = await host.tools.ok(read, { remote_path, tail_lines });
    assert.equal(content, lines.slice(-tail_lines).join("\n") + "\n");
  }
  const all = await host.tools.ok(read, { remote_path, tail_lines: 100_000 });
  assert.equal(all.content.split("\n").length, 60_001);
  const cut = await host.tools.ok(read, { remote_path, tail_lines: 50_000, max_bytes: 1000 });
  assert.equal(cut.content.length, 1000);
  assert.match(cut.note, /fewer lines/);
});

Deno.test("ssh_read_remote_file reads what says it is empty, says what is binary, and gives it in base64", async () => {
  await using host = await FileHost.start();
  const { content, size } = await host.tools.ok(read, { remote_path: "/proc/meminfo" });
  assert.match(content, /^MemTotal:/);
  assert.equal(size, content.length);
  const { content: last } = await host.tools.ok(read, { remote_path: "/proc/self/status", tail_lines: 1 });
  assert.match(last, /^\w+:.*\n$/);
  const bytes = someBytes(5000);
  const remote_path = await host.remote.write("binary", bytes);
  assert.match((await host.tools.ok(read, { remote_path })).note, /binary/);
  const encoded = await host.tools.ok(read, { remote_path, encoding: "base64", offset: 100, max_bytes: 4000 });
  const decoded = Uint8Array.fromBase64(encoded.content);
  assert.deepEqual(decoded, bytes.subarray(encoded.offset, encoded.offset + encoded.bytes));
});

Deno.test("ssh_read_remote_file masks a secret that stands across the edge of a window", async () => {
  await using host = await FileHost.start();
  const secret = "correct-horse-battery-staple";
  host.tools.app.redactor.add([secret]);
  const remote_path = await host.remote.write("config", `${"x".repeat(500)}${secret}${"y".repeat(500)}`);
  for (let cut = 495; cut < 500 + secret.length + 5; cut++) {
    const first = await host.tools.ok(read, { remote_path, max_bytes: cut });
    const second = await host.tools.ok(read, { remote_path, offset: cut });
    const together = first.content + second.content;
    for (let at = 0; at + 6 <= secret.length; at++) {
      assert.equal(together.includes(secret.slice(at, at + 6)), false, `cut at ${cut}: ${together.slice(480, 560)}`);
    }
  }
});

Deno.test("a download that holds a loaded secret is exact, and noted", async () => {
  await using host = await FileHost.start();
  const secret = "correct-horse-battery-staple";
  const content = `${"x".repeat(300_000)}${secret}${"y".repeat(300_000)}`;
  const remote_path = await host.remote.write("config", content);
  const before = await host.tools.ok("ssh_download_file", { remote_path, local_path: "before" });
  assert.equal(before.note, undefined);
  host.tools.app.redactor.add([secret]);
  const { note } = await host.tools.ok("ssh_download_file", { remote_path, local_path: "after" });
  assert.match(note, /loaded secret/);
  assert.equal(await Deno.readTextFile(`${host.tools.local.path}/after`), content);
  await host.remote.write("clean", "z".repeat(600_000));
  const clean = await host.tools.ok("ssh_download_file", { remote_path: host.path("clean"), local_path: "clean" });
  assert.equal(clean.note, undefined);
});

Deno.test("ssh_write_remote_file writes exact bytes, keeps the mode, appends, and makes directories", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const remote_path = host.path("one/two/file");
  await tools.fails("no_such_file", write, { remote_path, content: "x" });
  const content = "é\r\n\u0001$HOME `id` \\\\ 'q' \"q\"";
  const written = await tools.ok(write, { remote_path, content, create_dirs: true, mode: "600" });
  assert.equal(written.bytes_written, new TextEncoder().encode(content).length);
  assert.equal(await Deno.readTextFile(remote_path), content);
  await tools.ok(write, { remote_path, content: "second" });
  assert.equal((await Deno.stat(remote_path)).mode! & 0o777, 0o600);
  const appended = await tools.ok(write, { remote_path, content: " third", append: true });
  assert.deepEqual([appended.bytes_written, appended.size], [6, 12]);
  assert.equal(await Deno.readTextFile(remote_path), "second third");
  await tools.ok(write, { remote_path, content: "" });
  assert.equal(await Deno.readTextFile(remote_path), "");
});

Deno.test("ssh_write_remote_file edits one passage, and only one that stands there once", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const remote_path = await host.remote.write("conf", "port 22\nhost a\nhost b\n", 0o640);
  await tools.ok(write, { remote_path, edit: { old_text: "port 22\n", new_text: "port 2222\n" } });
  assert.equal(await Deno.readTextFile(remote_path), "port 2222\nhost a\nhost b\n");
  assert.equal((await Deno.stat(remote_path)).mode! & 0o777, 0o640);
  for (const old_text of ["host ", "port 22\n"]) {
    const error = await tools.fails("edit_not_unique", write, { remote_path, edit: { old_text, new_text: "x" } });
    assert.equal(/host a|2222/.test(JSON.stringify(error)), false);
  }
  await tools.fails("invalid_argument", write, { remote_path });
  await tools.fails("invalid_argument", write, {
    remote_path,
    content: "x",
    edit: { old_text: "a", new_text: "b" },
  });
  assert.deepEqual(await host.remoteNames(), ["conf"]);
});

Deno.test("ssh_write_remote_file puts loaded variables where the agent names them", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const value = "s3cret-value-of-some-length";
  tools.app.vault.load(tools.session.id, "/env", [{ name: "TOKEN", value, public: false, line: 1 }]);
  const remote_path = host.path("conf");
  const content = "token=${{TOKEN}}\n";
  await tools.ok(write, { remote_path, content });
  assert.equal(await Deno.readTextFile(remote_path), content);
  await tools.ok(write, { remote_path, content, substitute_secrets: true });
  assert.equal(await Deno.readTextFile(remote_path), `token=${value}\n`);
  assert.equal((await tools.ok(read, { remote_path })).content.includes(value), false);
  await tools.fails("unknown_variable", write, { remote_path, content: "${{NONE}}", substitute_secrets: true });
  assert.equal(await Deno.readTextFile(remote_path), `token=${value}\n`);
});

Deno.test("ssh_list_remote_dir gives directories first, links with their target, pages and matches", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  await host.remote.write("b.txt", "12345", 0o640);
  await host.remote.write("a.log", "");
  await Deno.mkdir(host.path("z_dir"));
  await Deno.symlink("b.txt", host.path("link"));
  const { entries, total } = await tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path });
  assert.deepEqual(entries.map((entry: { name: string }) => entry.name), ["z_dir", "a.log", "b.txt", "link"]);
  assert.equal(total, 4);
  const file = entries[2];
  assert.deepEqual(
    [file.type, file.is_dir, file.size, file.mode, file.owner, file.group],
    ["file", false, 5, "0640", "root", "root"],
  );
  assert.equal(file.modified_epoch, Math.floor(Date.parse(file.modified) / 1000));
  assert.deepEqual([entries[3].type, entries[3].link_target], ["symlink", "b.txt"]);
  const matched = await tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path, glob: "*.[lt]*" });
  assert.deepEqual(matched.entries.map((entry: { name: string }) => entry.name), ["a.log", "b.txt"]);
  await tools.fails("not_a_directory", "ssh_list_remote_dir", { remote_path: host.path("a.log") });
  await tools.fails("no_such_file", "ssh_list_remote_dir", { remote_path: host.path("none") });
});

Deno.test("ssh_list_remote_dir pages through 100,000 entries", async () => {
  await using host = await FileHost.start();
  const script = 'cd "$1" && seq -f "f%06.0f" 0 99999 | xargs touch';
  await new Deno.Command("sh", { args: ["-c", script, "sh", host.remote.path] }).output();
  const page = await host.tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path, offset: 99_500 });
  assert.deepEqual([page.entries.length, page.total, page.next_offset], [500, 100_000, undefined]);
  assert.equal(page.entries[0].name, "f099500");
  const first = await host.tools.ok("ssh_list_remote_dir", { remote_path: host.remote.path });
  assert.deepEqual([first.entries.length, first.next_offset, first.entries[999].name], [1000, 1000, "f000999"]);
});

Deno.test("ssh_write_remote_file refuses text that has no bytes", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const remote_path = await host.remote.write("file", "old");
  await tools.fails("invalid_argument", write, { remote_path, content: "a\udcffb" });
  await tools.fails("invalid_argument", write, { remote_path, edit: { old_text: "old", new_text: "\ud800" } });
  assert.equal(await Deno.readTextFile(remote_path), "old");
});

Deno.test("an edit finds text that overlaps itself twice, and takes line ends as they are", async () => {
  await using host = await FileHost.start();
  const { tools } = host;
  const remote_path = await host.remote.write("file", "aaa\r\nb\r\n");
  await tools.fails("edit_not_unique", write, { remote_path, edit: { old_text: "aa", new_text: "x" } });
  await tools.fails("edit_not_unique", write, { remote_path, edit: { old_text: "b\n", new_text: "x" } });
  await tools.fails("invalid_argument", write, { remote_path, edit: { old_text: "", new_text: "x" } });
  await tools.ok(write, { remote_path, edit: { old_text: "b\r\n", new_text: "" } });
  assert.equal(await Deno.readTextFile(remote_path), "aaa\r\n");
  const secret = "correct-horse-battery-staple";
  tools.app.redactor.add([secret]);
  const error = await tools.fails("edit_not_unique", write, { remote_path, edit: { old_text: secret, new_text: "x" } });
  assert.equal(JSON.stringify(error).includes("horse"), false);
});
