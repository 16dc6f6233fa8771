/** A file that is open over commands. */
import assert from "node:assert/strict";
import { OpenFile } from "../../lib/ssh/transfer/commands/open_file.ts";

Deno.test("OpenFile.settle() waits until all has arrived, whoever else asks at the same time", async () => {
  const arrived: string[] = [];
  const file = new OpenFile(async (_script, { source }) => {
    const buffer = new Uint8Array(16);
    for (let count; (count = await source?.(buffer)) !== 0;) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      arrived.push(new TextDecoder().decode(buffer.subarray(0, count)));
    }
  }, "/file");
  await file.write(new TextEncoder().encode("content"));
  const seen = await Promise.all([1, 2].map(() => file.settle().then(() => arrived.join(""))));
  assert.deepEqual(seen, ["content", "content"]);
});

Deno.test("OpenFile.settle() tells a failure to all who wait for it, and not to whoever comes later", async () => {
  const file = new OpenFile(async (_script, { source }) => {
    await source?.(new Uint8Array(16));
    throw new Error("no space");
  }, "/file");
  await file.write(new TextEncoder().encode("content"));
  const outcomes = await Promise.allSettled([file.settle(), file.settle()]);
  assert.deepEqual(outcomes.map(({ status }) => status), ["rejected", "rejected"]);
  await file.settle();
});
