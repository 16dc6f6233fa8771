import assert from "node:assert/strict";
import { TurnedText } from "../../lib/secrets/redaction/layouts/turned.ts";
import { masked as maskedWith, reverse, rot13 } from "../support/masked.ts";

const VALUE = "sk-live-SywLgTQxIDUc2Qal";

const masked = (text: string): string => maskedWith(text, VALUE);
const codes = (text: string, base = 10): string[] => [...text].map((char) => char.charCodeAt(0).toString(base));

Deno.test("redact() masks a piece of eight letters that is written backwards or in rot13, and none of seven", () => {
  for (const turn of [reverse, rot13]) {
    assert.equal(masked(`a ${turn(VALUE.slice(8, 16))} b`), "a *** b");
    const seven = `a ${turn(VALUE.slice(8, 15))} b`;
    assert.equal(masked(seven), seven);
  }
});

Deno.test("redact() masks a word of eight letters backwards or in rot13 in a text of any length", () => {
  const words = "some words of a log line\n".repeat(400);
  for (const turn of [reverse, rot13]) {
    assert.equal(masked(`${words}${turn("SywLgTQx")}\n${words}`), `${words}***\n${words}`);
  }
});

Deno.test("redact() masks the numbers of a value in the opposite order, and read backwards", () => {
  for (const separator of [" ", ", ", "\n", ":"]) {
    assert.equal(masked(`<${codes(VALUE).reverse().join(separator)}>`), "<***>");
  }
  for (const separator of [" ", ", ", ":"]) {
    assert.equal(masked(`<${reverse(codes(VALUE).join(separator))}>`), "<***>");
  }
});

Deno.test("redact() masks an encoding that is written backwards or in rot13", () => {
  const hex = codes(VALUE, 16).join(" ");
  for (const encoded of [btoa(VALUE), hex]) {
    for (const turn of [reverse, rot13]) assert.equal(masked(`<${turn(encoded)}>`), "<***>");
  }
});

Deno.test("redact() masks what rows of decimal, octal or hexadecimal numbers stand for, an encoding too", () => {
  const octal = codes(VALUE.slice(0, 8), 8).map((digits) => digits.padStart(3, "0"));
  assert.equal(masked(`<${octal.join(" ")}>`), "<***>");
  assert.equal(masked(`<${codes(btoa(VALUE)).join(", ")}>`), "<***>");
  assert.equal(masked(`<0x${codes(VALUE.slice(0, 8), 16).join(", 0x")}>`), "<0x***>");
  assert.equal(masked(`<${codes([...VALUE].join("\0")).join(" ")}>`), "<***>");
});

Deno.test("redact() leaves numbers and words alone that are not of a value", () => {
  const texts = [
    "10.0.0.1 192.168.1.100 33 44 55 66 77 88 99 101 102\n",
    "[115, 107, 108, 105, 118, 101, 83, 122]\n",
    "0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49\n",
    "-evil ks live words in the opposite order, yvir too\n",
  ];
  for (const text of texts) assert.equal(masked(text), text);
});

Deno.test("TurnedText.read() gives lines reverse, short words in the opposite order and rot13, with their places", () => {
  const { data, length, starts, breaks } = new TurnedText(64).read(new TextEncoder().encode("ab cd\nmuchlonger x"));
  const views = new TextDecoder().decode(data.subarray(0, length)).split("\0\0\0\0");
  assert.deepEqual(views, ["dc ba\nx regnolhcum", "x ", "\ncd ab", "no pq\nzhpuybatre k"]);
  assert.equal(breaks.count, 3);
  assert.deepEqual([...(starts as Uint16Array).subarray(0, 6)], [4, 3, 2, 1, 0, 5]);
  assert.equal(starts?.[length - 1], 17);
});

Deno.test("redact() masks the numbers of a value with each character in quotes behind its own, as debuggers show them", () => {
  const cells = [...VALUE].map((char) => `${char.charCodeAt(0)} '${char}'`);
  const rows = Array.from({ length: 4 }, (_, i) => `0x7ffe${(0x1230 + 8 * i).toString(16)}:`);
  const table = rows.map((row, i) => [row, ...cells.slice(8 * i, 8 * i + 8)].join("\t")).join("\n");
  for (const text of [table, table.replaceAll("\t", "  "), `$3 = {${cells.join(", ")}, 0 '\\000'}`]) {
    const shown = masked(`Breakpoint 1\n${text}\n`);
    // Of the words that the value begins with nothing is proved by themselves.
    for (const cell of cells.slice(8, 24)) assert.ok(!shown.includes(cell), shown);
  }
});
