import assert from "node:assert/strict";
import { hex, masked, VALUE } from "../support/masked.ts";

const CELLS_A_ROW = 4;
const LOOKS: Readonly<Record<string, (cells: readonly string[]) => string>> = {
  "percent signs": (cells) => cells.map((cell) => `%${cell}`).join(""),
  "backslashes": (cells) => cells.map((cell) => `\\x${cell}`).join(""),
  "blanks": (cells) => cells.join(" "),
};
const ORDERS: Readonly<Record<string, (lines: readonly string[]) => readonly string[]>> = {
  "from the last one to the first": (lines) => lines.toReversed(),
  // No two that follow each other do.
  "by threes": (lines) => lines.map((_, i) => lines[(3 * i) % lines.length] as string),
};

/** Rows of bytes of the value, with the number of each behind them, which looks as they do. */
function rowsOf(line: (cells: readonly string[]) => string, first: number): string[] {
  return Array.from({ length: Math.ceil(VALUE.length / CELLS_A_ROW) }, (_, i) => {
    const cells = [...VALUE.slice(CELLS_A_ROW * i, CELLS_A_ROW * (i + 1))].map((char) => hex(char.charCodeAt(0)));
    return line([...cells, hex(first + i)]);
  });
}

for (const [look, line] of Object.entries(LOOKS)) {
  for (const [order, reorder] of Object.entries(ORDERS)) {
    Deno.test(`redact() reads rows of bytes with ${look} in the order of the bytes that number them, shown ${order}`, () => {
      // From none, and from where the letters of a text are.
      for (const first of [0, 0x41]) {
        const rows = rowsOf(line, first), shown = masked(`${reorder(rows).join("\n")}\n`);
        assert.deepEqual(rows.slice(1, -1).filter((row) => shown.includes(row)), [], shown);
      }
    });
  }
}

Deno.test("redact() leaves rows of bytes that no number counts as they are", () => {
  const rows = rowsOf((cells) => cells.join(" "), 0).map((row) => row.slice(0, row.lastIndexOf(" ")));
  const others = ["9d 07 fe 9d", "07 e1 9d 40", "e1 40 07 e1", "9d fe 40 07"];
  const text = `${others.join("\n")}\n${rows[0]}\n${others.join("\n")}\n`;
  assert.equal(masked(text), text);
});
