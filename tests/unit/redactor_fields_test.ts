import assert from "node:assert/strict";
import { base64, bytes, each, hex, masked, reverse, rot13, VALUE } from "../support/masked.ts";

const WORDS = ("server request closed open value cache memory port group warning error host process file user info " +
  "state time line the of connection started stopped listening socket").split(" ");
/** What no line shares with the next. */
const word = (i: number): string => WORDS[(7 * i) % WORDS.length] as string;
const digest = (i: number): string => ((i + 3) * 0x9e3779b1 % 2 ** 28).toString(16).padStart(7, "0");

const FORMS: Record<string, readonly [text: string, width: number]> = {
  "single characters": [VALUE, 1],
  "six characters": [VALUE, 6],
  "six capitals": [VALUE.toUpperCase(), 6],
  "six characters backwards": [reverse(VALUE), 6],
  "six characters in rot13": [rot13(VALUE), 6],
  "base64": [base64(VALUE), 10],
  "base64 of a pair": [base64(`user:${VALUE}`), 6],
  "hexadecimal": [each(VALUE, hex), 13],
  "hexadecimal escapes": [each(VALUE, (byte) => `\\x${hex(byte)}`), 8],
  "octal escapes": [each(VALUE, (byte) => `\\${byte.toString(8)}`), 8],
  "percent": [each(VALUE, (byte) => `%${hex(byte)}`), 9],
};

const FRAMES: Record<string, (piece: string, i: number) => string> = {
  "a table": (piece, i) => `| ${word(i).padEnd(12)} | ${piece.padEnd(14)} |`,
  "a table of three columns": (piece, i) => `| ${word(i).padEnd(12)} | ${piece.padEnd(14)} | ${digest(i)} |`,
  "a table without margins": (piece, i) => `${word(i)} | ${piece} | ${i}`,
  "a table of Markdown": (piece, i) => `|${word(i)}|\`${piece}\`|`,
  "a box": (piece, i) => `│ ${word(i).padEnd(12)} │ ${piece.padEnd(14)} │`,
};

const LABELS: Record<string, (piece: string, i: number) => string> = {
  "digests before": (piece, i) => `${digest(i)}a (Alice 2026-11-23 18:30:00 +0000 ${i}) ${piece}`,
  "words before": (piece, i) => `${word(i)} ${piece}`,
  "words before and digests behind": (piece, i) => `${word(i)} "${piece}" ${digest(i)}`,
  "JSON with digests": (piece, i) => `{"id":"${digest(i)}","part":"${piece}","n":${(i * 7919) % 1000}}`,
  "names": (piece, i) => `${word(i)}=${piece}`,
};

const LOG = Array.from(
  { length: 180 },
  (_, i) => `2026-11-23 ${word(i)} ${word(i + 3)}: ${digest(i)} of ${word(i + 5)}`,
);

function pieces(text: string, width: number): string[] {
  return Array.from({ length: Math.ceil(text.length / width) }, (_, i) => text.slice(i * width, i * width + width));
}

/** Fails when more than one whole piece of seven is left. */
function assertMaskedRows(name: string, before: string, rows: readonly string[], width: number, parts: string[]): void {
  const shown = masked(`${before}${rows.join("\n")}\n`);
  const left = shown.split("\n").slice(before === "" ? 0 : LOG.length);
  const whole = rows.filter((row, i) => left.includes(row) && (parts[i] as string).length === width);
  // The first pieces hold words, which prove nothing.
  assert.ok(whole.length <= Math.ceil(rows.length / 3), `${name}: ${left.join("\n")}`);
}

Deno.test("redact() masks pieces of a value in the cells of a table, between others that differ, in a text of any length", () => {
  for (const [frame, row] of Object.entries(FRAMES)) {
    for (const [form, [text, width]] of Object.entries(FORMS)) {
      const parts = pieces(text, width), rows = parts.map(row);
      for (const before of ["", `${LOG.join("\n")}\n`]) {
        assertMaskedRows(`${form} in ${frame} behind ${before.length} bytes`, before, rows, width, parts);
      }
    }
  }
});

Deno.test("redact() masks pieces of a value in a short text between words and digests that differ from line to line", () => {
  for (const [label, row] of Object.entries(LABELS)) {
    for (const [form, [text, width]] of Object.entries(FORMS)) {
      const parts = pieces(text, width);
      assertMaskedRows(`${form} with ${label}`, "", parts.map(row), width, parts);
    }
  }
});

Deno.test("redact() finds the cells of a value wherever they are in a long table, and masks nothing else", () => {
  const rows = Array.from({ length: 1600 }, (_, i) => `| ${word(i)} | ${digest(i)} | ${i} |${"|".repeat(i % 40)}`);
  assert.equal(masked(rows.join("\n")), rows.join("\n"));
  const cells = [...bytes(VALUE)].map((byte, i) => `| ${word(i)} | ${String.fromCharCode(byte)} |`);
  for (let at = 0; at <= rows.length; at += 100) {
    const shown = masked(rows.toSpliced(at, 0, ...cells).join("\n")).split("\n");
    assert.equal(shown.length, rows.length + cells.length);
    for (const [i, row] of shown.entries()) {
      if (i < at - 8 || i >= at + cells.length + 8) assert.equal(row, rows[i < at ? i : i - cells.length]);
    }
    // What words at either end prove is nothing.
    for (const row of shown.slice(at + 8, at + cells.length)) assert.doesNotMatch(row, / [0-9A-Za-z] \|$/);
  }
});

Deno.test("redact() masks pieces of a form that begin or end alike, behind numbers and names, in a text of any length", () => {
  const octal3 = (byte: number): string => `\\${byte.toString(8).padStart(3, "0")}`;
  const forms: Record<string, readonly [text: string, width: number]> = {
    "hexadecimal escapes by two": [each(VALUE, (byte) => `\\x${hex(byte)}`), 8],
    "hexadecimal escapes by five": [each(VALUE, (byte) => `\\x${hex(byte)}`), 20],
    "octal escapes by four": [each(VALUE, octal3), 16],
    "octal escapes cut in the middle": [each(VALUE, octal3), 10],
    "UTF-16 in base64": [btoa(each(VALUE, (byte) => `${String.fromCharCode(byte)}\0`)), 8],
  };
  const looks: Record<string, (piece: string, i: number) => string> = {
    "numbers": (piece, i) => `${String(i + 1).padStart(6)}\t${piece}`,
    "words": (piece) => `+ echo ${piece}`,
    "names": (piece, i) => `P${i}=${piece}`,
    "a log": (piece, i) => `Nov 23 18:30:${String(i % 60).padStart(2, "0")} host prog[${i * 7919}]: ${piece}`,
  };
  for (const [look, row] of Object.entries(looks)) {
    for (const [form, [text, width]] of Object.entries(forms)) {
      const parts = pieces(text, width);
      assertMaskedRows(`${form} behind ${look}`, `${LOG.join("\n")}\n`, parts.map(row), width, parts);
    }
  }
});
