import assert from "node:assert/strict";
import { Decoder } from "../../lib/secrets/redaction/escapes/decoder.ts";
import { looksEscaped } from "../../lib/secrets/redaction/escapes/escape_shapes.ts";
import { EVERY_ESCAPE } from "../../lib/secrets/redaction/escapes/escapes.ts";
import { DENSE, fold, PLAIN } from "../../lib/secrets/redaction/symbols.ts";
import { NOTES, TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
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

/** What stands behind each character of a text and comes to nothing, or to the same character. */
const SPREAD: Record<string, (char: string) => string> = {
  "overstriking": (char) => `\b${char}`,
  "soft line ends": () => "=\n",
  "soft line ends of two bytes": () => "=\r\n",
  "zero-width characters": () => "\u200b",
};

for (const [name, behind] of Object.entries(SPREAD)) {
  Deno.test(`redact() masks a value, and nothing else, wherever it stands in a row of single characters with ${name}`, () => {
    const redactor = redactorOf(VALUE);
    const spread = (text: string): string => [...text].map((char) => `${char}${behind(char)}`).join("");
    const text = "The quick brown fox jumps over the lazy dog; 0123456789 times. ".repeat(40);
    assert.equal(redactor.redact(spread(text)), spread(text));
    for (let at = 0; at < 2000; at += 89) {
      const [before, after] = [spread(text.slice(0, at)), spread(text.slice(at))];
      const rest = behind("k") === "\bk" ? "" : behind("k");
      const cut = "~".repeat(at % 5);
      const shown = redactor.redact(`${cut}${before}${spread(VALUE)}${after}`);
      assert.equal(shown, `${cut}${before}***${rest}${after}`, `at ${at}`);
    }
  });
}

Deno.test("redact() masks a value that looks like what stands between single characters in the midst of that", () => {
  const marked = "4=f=9=Q=z=7=X=b=T=2=";
  const soft = "g=\na=\nr=\n".repeat(60);
  assert.ok(redactorOf(marked).redact(soft + marked.replaceAll("=", "=\n") + soft).includes("***"));
});

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
  const shapes = Object.values(SHAPES).filter((shape) => shape(65) !== "%2541");
  for (const first of shapes) {
    for (const second of shapes) {
      const turns = (text: string): string => each(text, (byte, i) => (i % 2 === 0 ? first : second)(byte));
      const around = turns("garden pencil ".repeat(80));
      assert.equal(redactor.redact(around + turns(VALUE) + around), `${around}***${around}`);
    }
  }
});

Deno.test("redact() masks a value in escapes in a tag or a title, in the midst of escapes of all kinds", () => {
  const redactor = redactorOf(VALUE);
  const arounds = ["%41\\x41&#65;=41\x1b[1ma\b<b>x</b> ", "%&\\ <b>x</b>\x1b[1m\b;=\x1b=a\b;&%\\<\x1b "];
  const turns = [
    each(VALUE, (byte, i) => i % 2 === 0 ? `%${hex(byte)}` : `\\x${hex(byte)}`),
    each(VALUE, (byte, i) => i % 2 === 0 ? `&#${byte};` : String.fromCharCode(byte)),
  ];
  for (const around of arounds) {
    for (const [open, close] of [["<a x='", "'>"], ["\x1b]0;", "\x07"], ["\x1bP", "\x1b\\"]] as const) {
      for (const text of turns) {
        const all = `${around.repeat(100)}${open}${text}${close}${around.repeat(100)}`;
        const [at, end] = [all.indexOf(text), all.indexOf(text) + text.length];
        const spans = redactor.find(encode(all));
        assert.ok(spans.some((span) => span.start <= at && span.end >= end), JSON.stringify(around + open + text));
      }
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

/** The symbols of a view of a text of which a look at some kinds of escape has left out rows; each with its place. */
function viewWithout(text: string, kinds: number, isDense: boolean): [symbol: number, place: number][] {
  const data = encode(text);
  kernel.load(data);
  const rows = kernel.rowsAt(0);
  rows.clear();
  new Decoder(kernel, 0, data.length).decode({ kinds, from: 0, to: data.length }, isDense ? NOTES.dense : NOTES.both);
  kernel.read({ ...viewOf(data), rows });
  kernel.locate(isDense);
  const [symbols, places, length] = isDense
    ? [kernel.dense, kernel.densePlaces, kernel.denseLength]
    : [kernel.plain, kernel.plainPlaces, kernel.plainLength];
  return Array.from({ length }, (_, i) => [symbols[i] as number, places[i] as number]);
}

const denseOf = (text: string, kinds: number): [symbol: number, place: number][] => viewWithout(text, kinds, true);

const SURROUNDINGS: readonly [head: string, tail: string][] = [
  ["", ""],
  ["Some $text: ", " and 'More'."],
  ["x".repeat(51), "=".repeat(17)],
];

Deno.test("TextKernel.read() leaves rows out of the plain view, but for their ends, where a look has noted them for it", () => {
  const isWhole = (text: string): boolean =>
    viewWithout(text, EVERY_ESCAPE, false).every(([symbol]) => symbol !== 0xff);
  for (const unit of ["%73%6b", "\\x73\\\\x6B", "%u0073", "\\u0073\\u006b", "\\U00000073", "%252573%256b"]) {
    for (const [head, tail] of SURROUNDINGS) {
      const text = head + unit.repeat(200) + tail;
      const shown = viewWithout(text, EVERY_ESCAPE, false).filter(([symbol]) => symbol !== 0xff);
      for (const [symbol, place] of shown) assert.equal(symbol, PLAIN[text.charCodeAt(place)], `${unit} at ${place}`);
      const [before, after] = [text.slice(0, head.length + 20), text.slice(-20 - tail.length)];
      const symbols = shown.map(([symbol]) => symbol);
      const [first, last] = [fold(encode(before), PLAIN), fold(encode(after), PLAIN)];
      assert.deepEqual(symbols.slice(0, first.length), [...first], unit);
      assert.deepEqual(symbols.slice(-last.length), [...last], unit);
      assert.ok(2 * symbols.length < text.length, `${unit}: ${symbols.length} symbols`);
    }
  }
  // A few, octal ones, those that are read in decimal, and what may be digits of something else.
  for (const unit of ["%73%6b ", "\\163\\153", "&#115;", "=73=6B", "%251234567890abcdef", "%2573 "]) {
    assert.ok(isWhole(unit.repeat(40)), unit);
  }
  assert.ok(isWhole("%73%6b".repeat(20)));
});

Deno.test("looksEscaped() holds for all that eight symbols of the plain view may be within a row", () => {
  const digits = (i: number, count: number): string => (0x9e3779b1 * (i + 1)).toString(16).slice(4, 4 + count);
  const shapes = [
    (i: number) => `x${digits(i, 2)}`,
    (i: number) => `%${digits(i, 2)}`,
    (i: number) => `%25${digits(i, i % 3)}`,
    (i: number) => `%${"25".repeat(1 + i % 5)}${digits(i, 2)}`,
    (i: number) => `%u00${digits(i, 2)}`,
    (i: number) => `u00${digits(i, 2)}`,
    (i: number) => `u000000${digits(i, 2)}`,
  ];
  for (const first of shapes) {
    for (const second of shapes) {
      for (const third of shapes) {
        const row = Array.from({ length: 12 }, (_, i) => ([first, second, third][i % 3] as typeof first)(i)).join("");
        for (let at = 0; at + 8 <= row.length; at++) {
          for (let size = 4; size <= 8; size++) assert.ok(looksEscaped(encode(row.slice(at, at + size))), row);
        }
      }
    }
  }
  const soft = "4=f=9=q=z=7=x=b=";
  for (let at = 0; at + 8 <= soft.length; at++) {
    for (let size = 4; size <= 8; size++) assert.ok(looksEscaped(encode(soft.slice(at, at + size))), soft);
  }
  assert.ok(looksEscaped(encode("s\u200bk\u200b-")));
  for (const other of [VALUE.toLowerCase(), "0123456789abcdef", "x4x1x2x3x4", "%zz%41%zz", "hunter2", "deadbeef"]) {
    assert.ok(!looksEscaped(encode(other)), other);
  }
  assert.ok(looksEscaped(encode("and then %41%42%4 of it")));
});

Deno.test("redact() masks a value that looks like escapes itself in the midst of them", () => {
  const cases = [
    { value: "%73%6B%2d%6c%69%76%65", shape: "%61", written: "%73%6B%2d%6c%69%76%65" },
    { value: "x73x6Bx2dx6cx69x76", shape: "\\x61", written: "\\x73\\x6B\\x2d\\x6c\\x69\\x76" },
    { value: "00000079", shape: "\\U00000061", written: "\\U00000079" },
  ];
  for (const { value, shape, written } of cases) {
    const redactor = redactorOf(value);
    const around = shape.repeat(60);
    const shown = redactor.redact(`${around}${written}${around}`);
    assert.ok(shown.includes("***"), value);
  }
});

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
  new Decoder(kernel, 0, text.length).decode({ kinds: 1, from: 0, to: text.length }, NOTES.dense);
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

Deno.test("Redactor.find() tells exactly where values in escapes of all kinds stand in a long text, the first one and further ones", () => {
  const words = "some ordinary words of output that are of no interest to anyone at all\n";
  const redactor = redactorOf(VALUE);
  for (
    const [name, form] of Object.entries({
      ...SHAPES,
      "#\\b": (byte: number) => `${String.fromCharCode(byte)}#\b`,
    })
  ) {
    const escaped = each(VALUE, form).slice(0, name === "#\\b" ? -2 : undefined);
    // In the first window, in the next one, and in one before which there was nothing for long.
    const gaps = [3_000, 20_000, 900_000, 40_000];
    let text = "";
    const expected: { start: number; end: number }[] = [];
    for (const gap of gaps) {
      text += `${words.repeat(gap / words.length)}[${escaped}] `;
      expected.push({ start: text.length - 2 - escaped.length, end: text.length - 2 });
    }
    assert.deepEqual(redactor.find(encode(text + words.repeat(100))), expected, name);
  }
});
