import assert from "node:assert/strict";
import { FloodTurns } from "../../lib/ssh/shell/flood_turns.ts";
import { OutputPump } from "../../lib/ssh/shell/output_pump.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { Screen } from "../../lib/ssh/shell/screen.ts";

const never = () => false;
const nextTask = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("FloodTurns.take() lets one work at a time, first come, first served, and who is waited for first", async () => {
  const turns = new FloodTurns();
  const order: string[] = [];
  let working = 0;
  const work = async (name: string, isUrgent: () => boolean) => {
    const give = await turns.take(isUrgent);
    assert.equal(++working, 1);
    order.push(name);
    await nextTask();
    await nextTask();
    working--;
    give();
    give(); // once is all that it does
  };
  let pressed = false;
  const all = [work("one", never), work("two", never), work("three", never), work("four", () => pressed)];
  pressed = true;
  all.push(work("five", never));
  await Promise.all(all);
  assert.deepEqual(order, ["four", "one", "two", "three", "five"]);
});

Deno.test("OutputPump.push() shows many floods one piece of one at a time, and a stopped one holds up none", async () => {
  const flood = new TextEncoder().encode("\x1b[31mred\x1b[0m\r\n".repeat(40_000));
  let working = 0;
  let overlaps = 0;
  const begun = new Set<Screen>();
  const open = async (isUrgent: boolean) => {
    const screen = await Screen.open({ width: 80, height: 24 }, new RowLog(100_000));
    const write = screen.write.bind(screen);
    screen.write = async (bytes) => {
      // The first piece of each may come at once: most are no flood.
      if (working++ > 0 && begun.size === 4) overlaps++;
      await write(bytes);
      working--;
    };
    const pump = new OutputPump({
      screen,
      hold: () => {},
      isUrgent: () => isUrgent,
      onRendered: () => void begun.add(screen),
      onDropped: () => {},
    });
    return { screen, pump };
  };
  const [stopped, second, third, urgent] = await Promise.all([open(false), open(false), open(false), open(true)]);
  const show = ({ pump }: typeof urgent) => {
    pump.push(flood);
    return new Promise<void>((resolve) => pump.after(resolve));
  };
  const all = [stopped, second, third, urgent].map(show);
  await all[3];
  stopped.pump.stop();
  stopped.screen.dispose();
  await Promise.all(all);
  assert.equal(overlaps, 0);
  for (const { pump, screen } of [second, third, urgent]) {
    assert.match(screen.render(0).text, /\nred\nred\n$/);
    pump.stop();
    screen.dispose();
  }
});
