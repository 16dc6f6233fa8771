import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { startFaultySftp } from "../support/faulty_sftp.ts";
import { FileHost } from "../support/file_host.ts";
import { FileTools, someBytes } from "../support/file_tools.ts";

const read = "ssh_read_remote_file";

Deno.test("an offset beyond the end gives nothing, the real size, and says so", async () => {
  await using host = await FileHost.start();
  const remote_path = await host.remote.write("ten", "0123456789");
  for (const offset of [10, 11, 1_000_000, 2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const window = await host.tools.ok(read, { remote_path, offset });
    assert.deepEqual([window.content, window.offset, window.size, window.truncated], ["", 10, 10, false]);
    assert.equal(window.note, offset === 10 ? undefined : "the file ends before that offset");
  }
});

Deno.test("an offset into a file that says it is empty is looked for without room for all before it", async () => {
  await using host = await FileHost.start();
  const remote_path = await host.remote.write("empty", "");
  for (const offset of [2 ** 40, Number.MAX_SAFE_INTEGER]) {
    const empty = await host.tools.ok(read, { remote_path, offset });
    assert.deepEqual([empty.content, empty.size], ["", 0]);
    const version = await host.tools.ok(read, { remote_path: "/proc/version", offset });
    assert.deepEqual([version.content, version.size], ["", (await Deno.readTextFile("/proc/version")).length]);
  }
  const part = await host.tools.ok(read, { remote_path: "/proc/version", offset: 6, max_bytes: 7 });
  assert.deepEqual([part.content, part.offset], ["version", 6]);
  const last = await host.tools.ok(read, { remote_path: "/proc/filesystems", tail_lines: 1 });
  assert.equal(last.content, (await Deno.readTextFile("/proc/filesystems")).split("\n").at(-2) + "\n");
});

Deno.test("base64 windows are exact at any offset and fit together", async () => {
  await using host = await FileHost.start();
  // Half of these bytes could be inside a character, and the first ones are nothing else.
  const bytes = new Uint8Array([...new Uint8Array(100).fill(0x80), ...someBytes(20_000), 0xc3, 0xa9, 0xc3, 0xa9]);
  const remote_path = await host.remote.write("binary", bytes);
  for (const offset of [1, 2, 3, 150, 151, 152, 153, bytes.length - 3, bytes.length - 1]) {
    const window = await host.tools.ok(read, { remote_path, offset, max_bytes: 3, encoding: "base64" });
    assert.equal(window.offset, offset);
    assert.deepEqual(Uint8Array.fromBase64(window.content), bytes.slice(offset, offset + 3));
  }
  for (const encoding of ["base64", "utf8"]) {
    let count = 0;
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const window: { offset: number; bytes: number; next_offset?: number } = await host.tools.ok(read, {
        remote_path,
        offset,
        encoding,
        max_bytes: 997,
      });
      assert.equal(window.offset, offset);
      count += window.bytes;
      offset = window.next_offset;
    }
    assert.equal(count, bytes.length);
  }
});

Deno.test("a text window that is asked for inside a character starts after it", async () => {
  await using host = await FileHost.start();
  const remote_path = await host.remote.write("text", "a€b😀c");
  for (const [offset, content, from] of [[1, "€b😀c", 1], [2, "b😀c", 4], [3, "b😀c", 4], [6, "c", 9]] as const) {
    const window = await host.tools.ok(read, { remote_path, offset });
    assert.deepEqual([window.content, window.offset], [content, from]);
  }
});

Deno.test("the last lines of a file without a newline at its end, of an empty one, and of one long line", async () => {
  await using host = await FileHost.start();
  const remote_path = host.path("file");
  for (
    const [content, tail_lines, last] of [
      ["a\nb\nc", 2, "b\nc"],
      ["a\nb\nc", 9, "a\nb\nc"],
      ["a\n\n", 1, "\n"],
      ["\n", 1, "\n"],
      ["", 1, ""],
      ["a\r\nb\r\n", 1, "b\r\n"],
      ["x".repeat(300_000), 1, "x".repeat(300_000)],
    ] as const
  ) {
    await Deno.writeTextFile(remote_path, content);
    assert.equal((await host.tools.ok(read, { remote_path, tail_lines })).content, last);
  }
  for (const wrong of [{ tail_lines: 0 }, { tail_lines: -1 }, { offset: -1 }, { max_bytes: -1 }, { offset: 0.5 }]) {
    await host.tools.fails("invalid_argument", read, { remote_path, ...wrong });
  }
});

Deno.test("max_bytes 0 gives up to 10 MB, and says that there is more", async () => {
  await using host = await FileHost.start();
  const remote_path = await host.remote.write("large", "x".repeat(10_000_001));
  const window = await host.tools.ok(read, { remote_path, max_bytes: 0 });
  assert.deepEqual([window.bytes, window.next_offset, window.truncated], [10_000_000, 10_000_000, true]);
  assert.match(window.note, /at most 10 MB/);
  assert.equal((await host.tools.ok(read, { remote_path, offset: window.next_offset })).content, "x");
});

Deno.test("a file that says it is empty and never ends is given up", async () => {
  await using server = await startFaultySftp({ endless: true });
  await using tools = await FileTools.connect(server.login);
  server.files.set("/file", Buffer.alloc(0));
  const window = await tools.ok(read, { remote_path: "/file", max_bytes: 1000 });
  assert.deepEqual([window.bytes, window.truncated], [1000, true]);
  await tools.fails("limit_reached", read, { remote_path: "/file", offset: 2 ** 40 });
  await tools.fails("limit_reached", "ssh_download_file", { remote_path: "/file", local_path: "file" });
  assert.deepEqual(await tools.localNames(), []);
});
