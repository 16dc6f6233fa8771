import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ToolError } from "../../lib/errors.ts";
import { Deadline } from "../../lib/ssh/deadline.ts";
import { redrawn } from "../../lib/ssh/shell/kept_bytes.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { Screen, type TerminalSize } from "../../lib/ssh/shell/screen.ts";

const START = "Script started on today\n\x1b]7717;kept\x07";
const TOKEN = "mcp0123";

function mark(width: number, height: number, token = "resized"): string {
  return `\x1b]7717;${token};K;${width};${height};${token}\x07`;
}

function draw(kept: string, size: TerminalSize, modes: string[] = [], ms = 20_000): Promise<string> {
  return redrawn({ bytes: Buffer.from(kept), token: TOKEN, modes }, size, { deadline: new Deadline(ms) });
}

/** What a terminal of that size shows of what was drawn, and then of `more`. */
async function shown(drawn: string, size: TerminalSize, more = ""): Promise<string> {
  const screen = await Screen.open(size, new RowLog(500_000));
  await screen.write(drawn + more);
  const { text } = screen.render(0);
  screen.dispose();
  return text;
}

const small = { width: 20, height: 5 };
const large = { width: 50, height: 8 };

Deno.test("redrawn() shows each part as the terminal of its time did, and nothing behind its own marker", async () => {
  // A line editor that wraps its line itself knows the terminal's width.
  const typed = `$ ${"a".repeat(18)} \r${"b".repeat(5)}\r\n`;
  const kept = START + typed + mark(20, 5) + `$ ${"c".repeat(48)} \rd\r\n$ ` + mark(50, 8, TOKEN) + "not this";
  for (const size of [small, large, { width: 33, height: 4 }]) {
    const drawn = await draw(kept, size);
    assert.equal(await shown(drawn, size, "typed"), `$ ${"a".repeat(18)}bbbbb\n$ ${"c".repeat(48)}d\n$ typed`);
  }
});

Deno.test("redrawn() leaves out the line in whose middle what is kept begins, and knows the modes from before", async () => {
  const kept = "lf of a line\r\n\x1b[Hfirst row\r\nsecond\x1b[2;4H" + mark(50, 8, TOKEN);
  const drawn = await draw(kept, large, ["[?1049h", "[?1h"]);
  const screen = await Screen.open(large, new RowLog(10_000));
  await screen.write(drawn);
  assert.deepEqual([screen.cursor().alternate, screen.applicationCursorKeys], [true, true]);
  assert.deepEqual([screen.render(0).text, screen.cursor().before], ["first row\nsecond", "sec"]);
  screen.dispose();
  assert.equal(await shown(await draw("no line end" + mark(50, 8, TOKEN), large), large), "no line end");
  assert.equal(await shown(await draw("", large), large), "");
});

Deno.test("redrawn() brings back the cursor within the screen, and what a full-screen program covered", async () => {
  const kept = START + "one\r\ntwo\r\nthree\x1b[A\r\x1b[2C" + mark(50, 8, TOKEN);
  assert.equal(await shown(await draw(kept, large), large, "X"), "one\ntwX\nthree");
  const covered = START + "before\r\n$ vim\r\n\x1b[?1049h\x1b[2;1Htext\x1b[?1h" + mark(50, 8, TOKEN);
  const drawn = await draw(covered, large);
  assert.equal(await shown(drawn, large), "\ntext");
  assert.match(await shown(drawn, large, "\x1b[?1049l"), /^before\n\$ vim\n/);
});

Deno.test("redrawn() believes no size that no terminal has, and does not work for ever", async () => {
  for (const [width, height] of [[0, 0], [1, 9], [9999, 24], [80, 9999]] as const) {
    assert.equal(await shown(await draw(START + "text" + mark(width, height, TOKEN), large), large), "text");
  }
  const many = Array.from({ length: 10_000 }, (_none, at) => `${at}\r\n${mark(20 + at % 7, 5 + at % 3)}`).join("");
  assert.match(await shown(await draw(START + many + "end" + mark(50, 8, TOKEN), large), large), /\n9999\nend$/);
  await assert.rejects(
    draw(START + "\x1bc".repeat(200_000) + mark(50, 8, TOKEN), large, [], 50),
    (error) => error instanceof ToolError && error.code === "timed_out",
  );
});
