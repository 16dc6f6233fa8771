import assert from "node:assert/strict";
import { Decoder } from "../../lib/secrets/redaction/decoder.ts";
import { EVERY_ESCAPE } from "../../lib/secrets/redaction/escapes.ts";
import { DENSE } from "../../lib/secrets/redaction/symbols.ts";
import { TextKernel } from "../../lib/secrets/redaction/text_kernel.ts";
import { viewOf } from "../../lib/secrets/redaction/view.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";

const VALUE = "sk-live-4f9Qz7XbT2mLr8WcDk";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const each = (text: string, form: (byte: number, i: number) => string): string => [...encode(text)].map(form).join("");
const hex = (byte: number, width = 2): string => byte.toString(16).padStart(width, "0");

/** One byte in every shape that is read in rows, or nearly so. */
const SHAPES: Record<string, (byte: number) => string> = {
  "%41": (byte) => `%${hex(byte)}`,
  "%2541": (byte) => `%25${hex(byte)}`,
  "%u0041": (byte) => `%u${hex(byte, 4)}`,
  "=41": (byte) => `=${hex(byte).toUpperCase()}`,
  "\\x41": (byte) => `\\x${hex(byte)}`,
  "\\\\x41": (byte) => `\\\\x${hex(byte)}`,
  "\\u0041": (byte) => `\\u${hex(byte, 4)}`,
  "\\U00000041": (byte) => `\\U${hex(byte, 8)}`,
  "\\101": (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
  "&#65;": (byte) => `&#${byte};`,
  "&#x41;": (byte) => `&#x${hex(byte)};`,
};

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor();
  redactor.add(values);
  return redactor;
}

for (const [name, shape] of Object.entries(SHAPES)) {
  Deno.test(`redact() masks a value, and nothing else, wherever it stands in a row of escapes such as ${name}`, () => {
    const redactor = redactorOf(VALUE);
    const text = "The quick brown fox jumps over the lazy dog; 0123456789 times. ".repeat(40);
    assert.equal(redactor.redact(each(text, shape)), each(text, shape));
    for (let at = 0; at < 2000; at += 97) {
      const [before, after] = [each(text.slice(0, at), shape), each(text.slice(at), shape)];
      assert.equal(redactor.redact(before + each(VALUE, shape) + after), `${before}***${after}`, `at ${at}`);
    }
  });
}

Deno.test("redact() masks a value in escapes of one kind over some of another", () => {
  const redactor = redactorOf(VALUE);
  for (const [over, outer] of Object.entries(SHAPES)) {
    for (const [under, inner] of Object.entries(SHAPES)) {
      // Three levels are undone, of which these take two each; and a single =41 may be anything.
      if (under === "=41" || (over === "%2541" && under === "%2541")) continue;
      const text = each(each(VALUE, (byte, i) => i % 3 === 0 ? inner(byte) : String.fromCharCode(byte)), outer);
      for (const before of ["", each("garden ".repeat(30), outer)]) {
        assert.equal(redactor.redact(`${before}${text} | `), `${before}*** | `, `${over} over ${under}`);
      }
    }
  }
});

Deno.test("redact() masks a value with escapes of two kinds by turns, in the midst of others", () => {
  const redactor = redactorOf(VALUE);
  const shapes = Object.values(SHAPES).filter((shape) => shape(65) !== "%2541" && shape(65) !== "=41");
  for (const first of shapes) {
    for (const second of shapes) {
      const turns = (text: string): string => each(text, (byte, i) => (i % 2 === 0 ? first : second)(byte));
      const around = turns("garden pencil ".repeat(80));
      assert.equal(redactor.redact(around + turns(VALUE) + around), `${around}***${around}`);
    }
  }
});

Deno.test("redact() masks what dumps make of a value when its bytes are written as escapes", () => {
  const redactor = redactorOf(VALUE);
  for (const [form, text] of Object.entries({ "backwards": [...VALUE].reverse().join(""), "base64": btoa(VALUE) })) {
    for (const [name, shape] of Object.entries(SHAPES)) {
      const row = each(text.repeat(4), shape);
      assert.notEqual(redactor.redact(row), row, `${form}, ${name}`);
    }
  }
});

const kernel = TextKernel.shared();

/** The dense symbols of a text of which a look at some kinds of escape has left out rows; each with its place. */
function denseOf(text: string, kinds: number): [symbol: number, place: number][] {
  const data = encode(text);
  kernel.load(data);
  const rows = kernel.rowsAt(0);
  new Decoder(kernel, 0, data.length).decode({ kinds, from: 0, to: data.length }, true);
  kernel.read({ ...viewOf(data), rows });
  kernel.locate(true);
  return Array.from({ length: kernel.denseLength }, (_, i) => {
    return [kernel.dense[i] as number, kernel.densePlaces[i] as number];
  });
}

Deno.test("TextKernel.read() leaves rows of escapes that were undone out of the dense view, and puts breaks there", () => {
  for (let before = 0; before < 40; before++) {
    const [head, tail] = ["a".repeat(before), "Z9".repeat(30)];
    const text = `${head} ${"\\x73\\x6B".repeat(40)} ${tail}`;
    const all = denseOf(text, EVERY_ESCAPE);
    const shown = all.filter(([symbol]) => symbol !== 0xff);
    for (const [symbol, place] of shown) assert.equal(symbol, DENSE[text.charCodeAt(place)]);
    const places = shown.map(([, place]) => place);
    assert.ok(places.length < head.length + tail.length + 60, `${places.length} symbols`);
    assert.ok(all.length > shown.length);
    assert.deepEqual(places.slice(0, before), [...head].keys().toArray());
    assert.deepEqual(places.slice(-tail.length), Array.from(tail, (_, i) => text.length - tail.length + i));
  }
});

Deno.test("TextKernel.read() leaves in the dense view what no look has undone, and what may be more than its bytes", () => {
  const isWhole = (text: string, kinds: number = EVERY_ESCAPE): boolean =>
    denseOf(text, kinds).every(([symbol]) => symbol !== 0xff);
  assert.ok(!isWhole("%73%6b".repeat(40)));
  assert.ok(isWhole("%73%6b".repeat(40), 2));
  assert.ok(isWhole("%73%6b".repeat(5)));
  // EBCDIC, and decimal numbers that look octal.
  assert.ok(isWhole("%a2%92".repeat(40)));
  assert.ok(isWhole("\\115\\107".repeat(40)));
  assert.ok(!isWhole("\\163\\153".repeat(40)));
  assert.ok(isWhole("%73 %6b ".repeat(40)));
});

Deno.test("Rows.outside() gives what is left of a stretch without the inside of each row", () => {
  const long = "%73%6b".repeat(800);
  const rows = kernel.rowsAt(0);
  const text = encode(`${long} ${long}`);
  kernel.load(text);
  new Decoder(kernel, 0, text.length).decode({ kinds: 1, from: 0, to: text.length }, true);
  assert.ok(!rows.isEmpty);
  const parts = [...rows.outside({ kinds: 2, from: 100, to: text.length })];
  assert.equal(parts.length, 3);
  assert.deepEqual(parts.map(({ kinds }) => kinds), [2, 2, 2]);
  assert.equal(parts[0]?.from, 100);
  assert.equal(parts[2]?.to, text.length);
  for (const place of [600, long.length - 300, long.length + 300]) {
    const isLeft = parts.some(({ from, to }) => from <= place && place < to);
    assert.equal(isLeft, place !== 600, `at ${place}`);
  }
  rows.clear();
  assert.deepEqual([...rows.outside({ from: 0, to: 9 })], [{ from: 0, to: 9 }]);
});
