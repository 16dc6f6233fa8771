import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { flushed } from "../../lib/mcp/transports/stdout.ts";

/** A stream with eight chunks, of which a reader takes so many, each after that time. */
function readBy(chunks: number, everyMs: number) {
  const taken: string[] = [];
  const output = new Writable({
    write(chunk: Uint8Array, _encoding, done) {
      if (taken.length >= chunks) return;
      setTimeout(() => {
        taken.push(new TextDecoder().decode(chunk));
        done();
      }, everyMs);
    },
  });
  for (const letter of "abcdefgh") output.write(letter);
  return { output, taken };
}

Deno.test("flushed() waits for a reader as long as it reads, however slowly", async () => {
  const { output, taken } = readBy(8, 50);
  await flushed(output, 150);
  assert.equal(taken.join(""), "abcdefgh");
});

Deno.test("flushed() gives a reader up that has read nothing for its time", async () => {
  const { output, taken } = readBy(3, 0);
  await flushed(output, 150);
  assert.equal(taken.join(""), "abc");
  output.destroy();
});
