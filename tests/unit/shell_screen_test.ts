import assert from "node:assert/strict";
import { plainLines } from "../../lib/ssh/shell/plain_lines.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { Screen } from "../../lib/ssh/shell/screen.ts";

async function screenWith(text: string, width = 20, height = 5): Promise<Screen> {
  const screen = await Screen.open({ width, height }, new RowLog(10_000));
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) {
    const size = screen.slice(bytes.subarray(at));
    await screen.write(bytes.subarray(at, at + size));
    at += size;
  }
  return screen;
}

function shown(screen: Screen, from = 0): string {
  const { text, start } = screen.render(from);
  return text.slice(start);
}

Deno.test("Screen.render() joins wrapped rows and keeps what has scrolled out", async () => {
  const long = "abcdefghij".repeat(7);
  const screen = await screenWith(`first\r\n${long}\r\n` + "x\r\n".repeat(10) + "last");
  assert.equal(shown(screen), `first\n${long}\n` + "x\n".repeat(10) + "last");
  assert.equal(screen.cursor().before, "last");
  screen.dispose();
});

Deno.test("Screen.render() counts each row once through thousands of them, alternate screens and erased scrollback", async () => {
  const lines = Array.from({ length: 3000 }, (_none, at) => `line ${at}`);
  const half = lines.length / 2;
  const screen = await screenWith(
    lines.slice(0, half).join("\r\n") + "\r\n\x1b[?1049h\x1b[Hfull\r\nscreen\x1b[?1049l" +
      lines.slice(half).join("\r\n"),
    40,
    10,
  );
  const tail = shown(screen).split("\n");
  assert.deepEqual(tail, lines.slice(-tail.length));
  assert.ok(tail.length > 700);
  assert.equal(screen.top + 10, 3000);
  await screen.write("\r\n\x1b[H\x1b[2J\x1b[3Jafter");
  assert.equal(shown(screen).split("\n").filter((line) => line === "line 2980").length, 1);
  assert.match(shown(screen), /after$/);
  screen.dispose();
});

Deno.test("Screen.render() shows a full-screen program's screen while it has one", async () => {
  const screen = await screenWith("before\r\n$ vim\r\n\x1b[?1049h\x1b[2J\x1b[2;3Hedited");
  assert.equal(screen.cursor().alternate, true);
  assert.equal(shown(screen), "\n  edited");
  await screen.write("\x1b[?1049l");
  assert.equal(shown(screen), "before\n$ vim\n");
  screen.dispose();
});

Deno.test("Screen.rowAfter() goes back to the top of a screen that was cleared or reset", async () => {
  for (const clearing of ["\x1b[2J\x1b[H", "\x1b[H\x1b[J", "\x1bc"]) {
    const screen = await screenWith("\x1b[H\x1b[2J$ reset; echo r\r\n");
    const { row } = screen.cursor();
    const { clears } = screen;
    await screen.write(`${clearing}r\r\n`);
    assert.equal(shown(screen, screen.rowAfter(row, clears)).trimEnd(), "r", JSON.stringify(clearing));
    await screen.write(`${"x\r\n".repeat(20)}${clearing}`);
    const from = screen.cursor().row;
    await screen.write("y\r\n".repeat(20));
    assert.equal(shown(screen, from).trimEnd(), "y\n".repeat(20).trimEnd(), JSON.stringify(clearing));
    screen.dispose();
  }
});

Deno.test("Screen.resize() neither loses nor repeats a row", async () => {
  const lines = Array.from({ length: 100 }, (_none, at) => `row ${at}`);
  const screen = await screenWith(lines.join("\r\n"), 30, 10);
  for (const [width, height] of [[80, 24], [10, 4], [200, 50], [30, 10]] as const) {
    screen.resize({ width, height });
    assert.deepEqual(shown(screen).trimEnd().split("\n"), lines, `${width} by ${height}`);
  }
  screen.dispose();
});

Deno.test("Screen.writeLines() shows the same as the emulator does", async () => {
  const lines = Array.from({ length: 60 }, (_none, at) => `${at} `.repeat(at % 9));
  const start = "prompt$ seq\r\nbefore\r\n";
  const drawn = await screenWith(start + lines.join("\r\n") + "\r\n", 15, 6);
  const bulk = await screenWith(start, 15, 6);
  await bulk.writeLines(lines);
  assert.equal(bulk.moves, 0, "lines that scroll by draw no screen");
  const trimmed = (screen: Screen): string => shown(screen).replace(/ +$/gm, "");
  assert.equal(trimmed(bulk), trimmed(drawn));
  drawn.dispose();
  bulk.dispose();
});

Deno.test("Screen.rowOfTail() counts lines, not rows", async () => {
  const screen = await screenWith("a\r\n" + "b".repeat(50) + "\r\nc\r\n" + "d".repeat(30));
  assert.equal(shown(screen, screen.rowOfTail(1)), "d".repeat(30));
  assert.equal(shown(screen, screen.rowOfTail(3)), "b".repeat(50) + "\nc\n" + "d".repeat(30));
  assert.equal(shown(screen, screen.rowOfTail(99)), shown(screen));
  screen.dispose();
});

Deno.test("plainLines() takes text and colours, and nothing that moves the cursor", () => {
  const lines = (text: string): string[] | undefined => plainLines(new TextEncoder().encode(text));
  assert.deepEqual(lines("a\r\nb\n"), ["a", "b"]);
  assert.deepEqual(lines("\x1b[1;31mred\x1b[0m\té\r\n\r\n"), ["red     é", ""]);
  assert.deepEqual(lines("1234567\tx\n12345678\tx\n"), ["1234567 x", "12345678        x"]);
  for (const moving of ["a\rb\n", "a\bb\n", "\x1b[Kx\n", "\x1b]0;title\x07x\n", "\x07\n", "a\vb\n", "\x0e\n"]) {
    assert.equal(lines(moving), undefined, JSON.stringify(moving));
  }
  assert.equal(plainLines(Uint8Array.from([0xff, 10])), undefined);
});
