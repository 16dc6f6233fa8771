import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { LEAK_LENGTH, longestRecoverable } from "../support/leak_detector.ts";

const VALUE = "sk-live-4f9Qz7XbT2mLr8WcD";
const bytes = new TextEncoder().encode(VALUE);
const characters = [...VALUE];
const numbers = [...bytes];
const hex = (of: Uint8Array) => [...of].map((byte) => byte.toString(16).padStart(2, "0"));

/** What a reader can undo, and how much of the value it gives. */
const SHOWN: Record<string, string | Uint8Array> = {
  "as it is": `token=${VALUE};`,
  "in upper case": VALUE.toUpperCase(),
  "base64": btoa(VALUE),
  "base64, shifted by one and wrapped": btoa("a" + VALUE).replace(/.{9}/g, "$&\n"),
  "base64, shifted by two, in a URL": encodeURIComponent(btoa("ab" + VALUE + "/?")),
  "base64 of base64": btoa("x" + btoa(VALUE)),
  "hexadecimal": hex(bytes).join(""),
  "hexadecimal of base64": hex(new TextEncoder().encode(btoa(VALUE))).join(" "),
  "rows with an address": `00000000  ${hex(bytes).slice(0, 16).join(" ")}  |................|\n00000010  ${
    hex(bytes).slice(16).join(" ")
  }  |.........|`,
  "words of two bytes": (hex(bytes).join("") + "00").match(/..../g)!
    .map((word) => word.slice(2) + word.slice(0, 2)).join(" "),
  "percent": hex(bytes).map((byte) => "%" + byte).join(""),
  "octal": numbers.map((byte) => "\\" + byte.toString(8)).join(""),
  "decimal": `[${numbers.join(", ")}]`,
  "binary": numbers.map((byte) => byte.toString(2).padStart(8, "0")).join(" "),
  "HTML numbers": numbers.map((byte) => `&#${byte};`).join(""),
  "JSON escapes": characters.map((each) => `\\u00${hex(new TextEncoder().encode(each))[0]}`).join(""),
  "quoted-printable": hex(bytes).map((byte) => "=" + byte.toUpperCase()).join(""),
  "backwards": characters.toReversed().join(""),
  "backwards in hexadecimal": hex(bytes).join("").split("").reverse().join(""),
  "rot13": VALUE.replace(
    /[a-z]/gi,
    (each) => String.fromCharCode(each.charCodeAt(0) + (/[a-m]/i.test(each) ? 13 : -13)),
  ),
  "UTF-16": characters.join("\0") + "\0",
  "full width": characters.map((each) => String.fromCharCode(each.charCodeAt(0) + 0xfee0)).join(""),
  "in colours": characters.map((each) => `\x1b[31m${each}\x1b[0m`).join(""),
  "in a title": `\x1b]0;${VALUE}\x07`,
  "struck over": characters.map((each) => `x\b${each}`).join(""),
  "from the right": characters.map((each, at) => `\x1b[${at + 1}G${each}`).toReversed().join(""),
  "one a line": characters.join("\n"),
  "one a line, numbered": characters.map((each, at) => `  ${at + 1}\t${each}`).join("\n"),
  "numbered and shuffled": characters.map((each, at) => `${at + 1}: ${each}`).sort().join("\n"),
  "as a list": `[${characters.map((each) => `'${each}'`).join(", ")}]`,
  "in chunks with words around": VALUE.match(/.{1,6}/g)!.map((chunk) => `chunk ${chunk} done`).join("\n"),
  "every other character": characters.join("x"),
  "odd then even": [0, 1].map((odd) => characters.filter((_, at) => at % 2 === odd).join("")).join("\n"),
  "compressed": btoa(String.fromCharCode(...gzipSync(bytes))),
};

for (const [name, shown] of Object.entries(SHOWN)) {
  Deno.test(`longestRecoverable() has the value back when it is shown ${name}`, () => {
    const { length } = longestRecoverable(shown, VALUE);
    assert.ok(length >= LEAK_LENGTH, `${length} characters`);
  });
}

Deno.test("longestRecoverable() gives the exact length of a piece that is a leak", () => {
  for (const size of [8, 9, 10, 17, 25]) {
    for (const from of [0, 3, VALUE.length - size].filter((at) => at >= 0 && at + size <= VALUE.length)) {
      assert.equal(longestRecoverable(`~${VALUE.slice(from, from + size)}~`, VALUE).length, size);
    }
  }
});

Deno.test("longestRecoverable() says how the value was had back", () => {
  assert.deepEqual(longestRecoverable(VALUE, VALUE), { length: 25, via: [] });
  assert.deepEqual(longestRecoverable(btoa("xyz" + VALUE), VALUE).via, ["base64"]);
});

Deno.test("longestRecoverable() finds no leak in a piece of 7 and in text that has nothing to do with it", () => {
  const clean = [
    VALUE.slice(8, 15),
    "***",
    "API_TOKEN=***\nPATH=/usr/bin:/bin\nHOME=/root\n",
    "a live stream of sk- prefixed names, e.g. sk-test-0000; live-wire",
    [...crypto.getRandomValues(new Uint8Array(2000))].map((byte) => byte.toString(16).padStart(2, "0")).join(" "),
    crypto.getRandomValues(new Uint8Array(3000)),
    Deno.readTextFileSync(new URL("../support/leak_detector.ts", import.meta.url)).slice(0, 6000),
  ];
  for (const text of clean) {
    const { length, via } = longestRecoverable(text, VALUE);
    assert.ok(length < LEAK_LENGTH, `${length} via ${via.join(" > ")}`);
  }
});

Deno.test("longestRecoverable() counts both ends together when the form is headtail", () => {
  const shown = `len=25 head=${VALUE.slice(0, 4)} tail=${VALUE.slice(-4)}`;
  assert.equal(longestRecoverable(shown, VALUE, "headtail").length, 8);
  assert.ok(longestRecoverable(shown, VALUE).length < LEAK_LENGTH);
});

Deno.test("longestRecoverable() finds a value in the middle of megabytes", () => {
  assert.equal(longestRecoverable("x".repeat(3_000_000) + VALUE + "y".repeat(3_000_000), VALUE).length, 25);
});
