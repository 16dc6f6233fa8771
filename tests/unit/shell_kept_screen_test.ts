import assert from "node:assert/strict";
import { drawnAlternate, drawnScreen, type KeptScreen, linesAbove } from "../../lib/ssh/shell/kept_screen.ts";
import { RowLog } from "../../lib/ssh/shell/row_log.ts";
import { Screen } from "../../lib/ssh/shell/screen.ts";
import { awaitLine } from "../../lib/ssh/shell/shell_line.ts";

const size = { width: 20, height: 5 };

/** What a terminal shows of what was drawn, and where its cursor is: `|` in the text of its line. */
async function shown(drawn: string): Promise<{ text: string; line: string; alternate: boolean }> {
  const screen = await Screen.open(size, new RowLog(10_000));
  await screen.write(drawn);
  const { before, after, alternate } = screen.cursor();
  const { text, start } = screen.render(0);
  screen.dispose();
  return { text: text.slice(start).trimEnd(), line: `${before}|${after}`, alternate };
}

function kept(lines: string[], x: number, y: number): KeptScreen {
  return { lines, cursor: { x, y }, size };
}

Deno.test("drawnScreen() shows scrollback and screen, and the cursor where it was, whatever wraps above it", async () => {
  const long = "日本語のとても長い行が折り返される";
  const prompt = await shown(drawnScreen(kept(["one", long, "two", "$", "", ""], 2, 2)));
  assert.deepEqual([prompt.text, prompt.line], [`one\n${long}\ntwo\n$`, "$ |"]);
  const last = await shown(drawnScreen(kept(["one", "two", long, "three", "$"], 2, 4)));
  assert.deepEqual([last.text, last.line], [`one\ntwo\n${long}\nthree\n$`, "$ |"]);
  const between = await shown(drawnScreen(kept(["a", "bcdef", "g", "h", "i"], 3, 1)));
  assert.deepEqual([between.text, between.line], ["a\nbcdef\ng\nh\ni", "bcd|ef"]);
});

Deno.test("drawnScreen() leaves out lines of ours, also where a line editor has broken or scrolled them", async () => {
  const ours = `$ ${awaitLine("ls; (exit 4)", "mcp" + "a".repeat(24)).trimEnd()}`;
  const broken = ours.match(/.{1,20}/g) ?? [];
  const before = ours.match(/.{1,19}/g) ?? [];
  const cut = [broken, before].map((rows) => rows.map((row) => row.trimEnd()));
  // Of the rows of one line the terminal has joined some.
  const joined = [broken.slice(0, 7).join(""), ...broken.slice(7)];
  // What ksh93 leaves out when it draws the line anew.
  const damaged = ours.replace(/__mcp_c(?=; \(exit \$__mcp_s\)"; \})/, "__mc_c");
  assert.notEqual(damaged, ours);
  for (const lines of [[ours], broken, before, ...cut, joined, [damaged]]) {
    const { text, line } = await shown(drawnScreen(kept([...lines, "o".repeat(20), "ut", "$"], 2, 4)));
    assert.deepEqual([text, line], [`$ ls; (exit 4)\n${"o".repeat(20)}\nut\n$`, "$ |"]);
  }
  const scrolled = ours.slice(-15) + "   <";
  const tail = await shown(drawnScreen(kept(["before", `__mcp_s${scrolled}`, "out", "$"], 2, 4)));
  assert.deepEqual(tail.text, "before\nout\n$");
});

Deno.test("drawnAlternate() shows the screen of a full-screen program, and nothing from above it", async () => {
  const screen = kept(["above", "日本語日本語日本語日本語", "~", "~", "status"], 6, 1);
  assert.equal(linesAbove(screen), 1);
  const { text, line, alternate } = await shown(drawnAlternate(screen));
  assert.deepEqual([text, alternate], ["日本語日本語日本語日本語\n~\n~\nstatus", true]);
  assert.match(line, /^日本語日本語日本語日|本語日本語\|/);
});
