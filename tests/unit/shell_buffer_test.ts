import assert from "node:assert/strict";
import { RawBuffer } from "../../lib/ssh/shell/raw_buffer.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";

Deno.test("RawBuffer.from() gives the same bytes as the end of the whole, whatever the chunks", () => {
  for (const chunkBytes of [1, 3, 7, 100, 4096, 10_000]) {
    const buffer = new RawBuffer(10_000);
    const whole: number[] = [];
    for (let at = 0; whole.length < 30_000; at++) {
      const chunk = Uint8Array.from({ length: chunkBytes }, (_none, offset) => (at * 31 + offset * 7) & 0xff);
      whole.push(...chunk);
      buffer.push(chunk);
    }
    assert.equal(buffer.end, whole.length);
    assert.equal(buffer.start, whole.length - 10_000);
    for (const from of [0, buffer.start, buffer.start + 1, buffer.end - 1, buffer.end]) {
      assert.deepEqual([...buffer.from(from)], whole.slice(Math.max(from, buffer.start)));
    }
  }
});

Deno.test("RawBuffer.push() keeps the end of a chunk that is larger than the buffer", () => {
  const buffer = new RawBuffer(5000);
  buffer.push(new Uint8Array(3));
  buffer.push(Uint8Array.from({ length: 12_000 }, (_none, at) => at & 0xff));
  assert.equal(buffer.end, 12_003);
  assert.deepEqual([...buffer.from(0)], Array.from({ length: 5000 }, (_none, at) => (at + 7000) & 0xff));
});

Deno.test("RowLog.push() drops the oldest rows beyond its bound and keeps the numbers of the others", () => {
  const log = new RowLog(1000);
  for (let number = 0; number < 5000; number++) log.push({ text: `row ${number}`, wrapped: number % 3 === 0 });
  assert.equal(log.end, 5000);
  assert.ok(log.first > 4800 && log.first < 4910, String(log.first));
  assert.equal(log.at(log.first - 1), undefined);
  assert.equal(log.at(5000), undefined);
  for (let number = log.first; number < 5000; number++) {
    assert.deepEqual(log.at(number), { text: `row ${number}`, wrapped: number % 3 === 0 });
  }
});

Deno.test("RowLog.push() keeps no row that is larger than its bound", () => {
  const log = new RowLog(100);
  log.push({ text: "x".repeat(500), wrapped: true });
  assert.deepEqual([log.first, log.end], [1, 1]);
  log.push({ text: "fits", wrapped: false });
  assert.deepEqual(log.at(1), { text: "fits", wrapped: false });
});
