import assert from "node:assert/strict";
import { OutputPump } from "../../lib/ssh/shell/output_pump.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { Screen } from "../../lib/ssh/shell/screen.ts";

const encoder = new TextEncoder();

Deno.test("OutputPump.push() shows bytes that come one by one in order, many at a time, and waits its turn", async () => {
  const screen = await Screen.open({ width: 80, height: 24 }, new RowLog(100_000));
  let writes = 0;
  const write = screen.write.bind(screen);
  screen.write = (bytes) => {
    writes++;
    return write(bytes);
  };
  const pump = new OutputPump({
    screen,
    hold: () => {},
    isUrgent: () => true,
    onRendered: () => {},
    onDropped: () => {},
  });
  const text = Array.from({ length: 400 }, (_none, at) => `line ${at} é日\r\n`).join("");
  const places: string[] = [];
  const { promise: shown, resolve } = Promise.withResolvers<void>();
  for (const [at, byte] of encoder.encode(text).entries()) {
    pump.push(Uint8Array.of(byte));
    if (at === 3000) pump.after(() => void places.push(screen.cursor().before));
  }
  pump.push(encoder.encode("x".repeat(5000) + "\r\n"));
  pump.push(encoder.encode("end"));
  pump.after(resolve);
  await shown;
  const rendering = screen.render(0);
  assert.equal(rendering.text, text.replaceAll("\r", "") + "x".repeat(5000) + "\nend");
  assert.equal(places.length, 1);
  assert.ok(writes < 20, String(writes));
  pump.stop();
  screen.dispose();
});
