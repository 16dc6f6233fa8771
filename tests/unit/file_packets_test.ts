import assert from "node:assert/strict";
import { byteProgress } from "../../lib/mcp/throttle.ts";
import { substitute } from "../../lib/mcp/placeholders.ts";
import { SecretWatch } from "../../lib/mcp/secret_watch.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { ReplyParser } from "../../lib/ssh/sftp/reply_parser.ts";
import { MalformedPacket, PacketBuilder, PacketReader } from "../../lib/ssh/sftp/wire.ts";

/** Two DATA answers with a STATUS between them. */
function answers(): Uint8Array {
  const first = new PacketBuilder(103).string(new Uint8Array([1, 2, 3])).finish().slice();
  const status = new PacketBuilder(101).u32(0).string("fine").string("en").finish().slice();
  const last = new PacketBuilder(103).string(new Uint8Array(0)).finish().slice();
  [first, status, last].forEach((packet, at) => packet[8] = at + 1);
  return new Uint8Array([...first, ...status, ...last]);
}

Deno.test("ReplyParser delivers the same, however the bytes are cut", () => {
  const bytes = answers();
  for (let size = 1; size <= bytes.length; size++) {
    const sink = new Uint8Array(3);
    const seen: unknown[] = [];
    const parser = new ReplyParser({
      sink: () => sink,
      data: (id, length) => seen.push(["data", id, length]),
      reply: (type, id, body) => seen.push([type, id, new PacketReader(body).u32()]),
    });
    for (let at = 0; at < bytes.length; at += size) parser.push(bytes.subarray(at, at + size));
    assert.deepEqual(seen, [["data", 1, 3], [101, 2, 0], ["data", 3, 0]]);
    assert.deepEqual([...sink], [1, 2, 3]);
  }
});

Deno.test("ReplyParser refuses what is not SFTP: text, too much content, a length that lies", () => {
  const parser = (): ReplyParser => {
    return new ReplyParser({ sink: () => new Uint8Array(2), data: () => {}, reply: () => {} });
  };
  const malformed = { name: "MalformedPacket", message: /SFTP server sent/ };
  assert.throws(() => parser().push(new TextEncoder().encode("Welcome to this host")), malformed);
  assert.throws(() => parser().push(answers()), malformed);
  const lying = answers();
  lying[12] = 200;
  assert.throws(() => parser().push(lying), malformed);
  assert.throws(() => new PacketReader(new Uint8Array([0, 0, 0, 9, 1])).string(), MalformedPacket);
});

Deno.test("SecretWatch finds a secret that stands across pieces, and none where there is none", () => {
  const redactor = new Redactor();
  redactor.add(["correct-horse-battery-staple"]);
  const text = new TextEncoder().encode(`${"x".repeat(1000)}correct-horse-battery-staple${"y".repeat(1000)}`);
  for (const size of [1, 7, 1010, 5000]) {
    let found = 0;
    const watch = new SecretWatch(redactor, () => found++);
    for (let at = 0; at < text.length; at += size) watch.push(text.subarray(at, at + size));
    watch.end();
    assert.equal(found, 1);
    const other = new SecretWatch(redactor, () => found++);
    for (let at = 0; at < 1000; at += size) other.push(text.subarray(at, at + Math.min(size, 1000 - at)));
    other.end();
    assert.equal(found, 1);
  }
});

Deno.test("byteProgress() tells at most four times a second, with the rate", () => {
  let clock = 0;
  const updates: unknown[] = [];
  const tell = byteProgress((update) => updates.push(update), () => clock)!;
  for (let at = 0; at <= 100; at++) {
    clock = at * 10;
    tell(at * 1_000_000, 100_000_000);
  }
  assert.equal(updates.length, 4);
  assert.deepEqual(updates[0], {
    progress: 25_000_000,
    total: 100_000_000,
    message: "25000000 of 100000000 bytes, 100.0 MB/s",
  });
  assert.equal(byteProgress(undefined), undefined);
});

Deno.test("substitute() replaces whole placeholders, once", () => {
  const lookup = (name: string): string => name === "A" ? "${{B}}$&" : `<${name}>`;
  assert.equal(substitute("${{A}} ${{ A }} $${{B_1}} ${A} ${{1}}", lookup), "${{B}}$& ${{ A }} $<B_1> ${A} ${{1}}");
});
