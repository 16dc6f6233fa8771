import assert from "node:assert/strict";
import { Lexicon } from "../../lib/secrets/redaction/lexicon/lexicon.ts";
import { TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { viewOf } from "../../lib/secrets/redaction/view.ts";
import { ASK } from "../../lib/secrets/redaction/layouts/walks.ts";

const kernel = TextKernel.shared();
const { gathered, lines, walks } = kernel;
const encoder = new TextEncoder();

/** Begins with a text; what is gathered of it has `fewest` bytes. */
function begin(text: string, fewest = 4): void {
  kernel.load(encoder.encode(text));
  gathered.clear();
  gathered.fewest = fewest;
}

function gather(...stretches: [number, number][]): boolean {
  gathered.column.clear();
  for (const [from, to] of stretches) gathered.column.push(from, to, 0);
  return gathered.gather();
}

/** The texts that were gathered, each with the places of its bytes. */
function texts(): { text: string; at: number[] }[] {
  const { data, starts, ends, length, breaks } = gathered;
  const found = [];
  for (let i = 0, from = 0; length > 0 && i <= breaks.count; i++) {
    const to = i < breaks.count ? breaks.at[i] as number : length;
    const at = [...starts.subarray(from, to)];
    assert.deepEqual([...ends.subarray(from, to)], at.map((place) => place + 1));
    found.push({ text: new TextDecoder().decode(data.slice(from, to)), at });
    from = to + 4;
  }
  return found;
}

const textsOnly = (): string[] => texts().map(({ text }) => text);

Deno.test("Gathered.gather() puts stretches of any length one after the other, with the places of their bytes", () => {
  const text = Array.from({ length: 100 }, (_, i) => String.fromCharCode(0x21 + (i % 90))).join("");
  for (const size of [1, 7, 8, 9, 15, 16, 17, 32, 33]) {
    begin(text);
    assert.ok(gather([3, 3 + size], [50, 52], [90, 90], [60, 60 + size]));
    assert.ok(gather([0, 4]));
    const places = [...Array(size).keys()];
    assert.deepEqual(texts(), [
      {
        text: text.slice(3, 3 + size) + text.slice(50, 52) + text.slice(60, 60 + size),
        at: [...places.map((i) => 3 + i), 50, 51, ...places.map((i) => 60 + i)],
      },
      { text: text.slice(0, 4), at: [0, 1, 2, 3] },
    ]);
  }
});

Deno.test("Gathered.gather() leaves a text out that is too short to hold anything, and refuses one without room", () => {
  begin("x".repeat(30_000), 8);
  assert.ok(gather([0, 3], [10, 14]));
  assert.equal(gathered.length, 0);
  assert.ok(gather([0, 3], [10, 15]));
  assert.equal(gathered.length, 8);
  assert.ok(gather([0, 30_000]));
  assert.equal(gather([0, 10_000]), false);
  assert.equal(gathered.length, 30_012);
  gathered.clear();
  assert.ok(gather([0, 10_000]));
  assert.equal(gathered.length, 10_000);
});

Deno.test("Gathered.gather() leaves alone what it gathers from, however many texts there are", () => {
  for (const fewest of [4, 8]) {
    begin("x".repeat(30_000), fewest);
    let count = 0;
    for (; gather([513, 513 + fewest]); count++) assert.equal(gathered.column.from[0], 513);
    assert.equal(count, Math.floor((35_840 + 4) / (fewest + 4)));
  }
  // Of so short texts there would be more than it can be noted of that only the plain view has a use for them.
  for (const fewest of [0, 1, 2, 3]) {
    assert.throws(() => gathered.fewest = fewest, {
      name: "RangeError",
      message: `texts of ${fewest} bytes are too short to be gathered`,
    });
  }
});

const VALUE = "kX7pQ2mZ9rT4wB6s";
const lexicon = new Lexicon();
for (const _ of lexicon.add([VALUE]));

/** The same as {@linkcode begin} for a text that is looked up as it stands. */
function lookUp(text: string): void {
  begin(text);
  gathered.listen();
  kernel.read(viewOf(encoder.encode(text)));
  kernel.lookUp(false, lexicon.plain, () => {});
  kernel.lookUp(true, lexicon.dense, () => {});
  gathered.trust(false, false);
}

/** How many symbols the views have of what was gathered. */
function symbolsOf(): [plain: number, dense: number] {
  kernel.read(gathered);
  return [kernel.plainLength, kernel.denseLength];
}

Deno.test("Gathered.gather() leaves out what the text shows as it stands when nothing was met in that", () => {
  lookUp("ab\tcd\n'ef'\ngh");
  assert.ok(gather([0, 2], [3, 5], [7, 9], [11, 13]));
  assert.equal(gathered.length, 0);
  // A letter between two of them, a mark that only the plain view keeps, and another order.
  lookUp("ab\nxcd\nef");
  assert.ok(gather([0, 2], [4, 6], [7, 9]));
  assert.deepEqual([textsOnly(), symbolsOf()], [["abcdef"], [6, 6]]);
  lookUp("ab\n%cd\nef");
  assert.ok(gather([0, 2], [4, 6], [7, 9]));
  assert.deepEqual([textsOnly(), symbolsOf()], [["abcdef"], [6, 0]]);
  lookUp("ab\ncd\nef");
  assert.ok(gather([3, 5], [0, 2], [6, 8]));
  assert.deepEqual(textsOnly(), ["cdabef"]);
});

Deno.test("Gathered.gather() takes what stands in a row when something was met there, or rows are missing", () => {
  const columns: [number, number][] = [[0, 2], [3, 5], [6, 8]];
  lookUp(`ab\ncd\nef\n${VALUE}`);
  assert.ok(gather(...columns));
  assert.deepEqual(textsOnly(), ["abcdef"]);
  lookUp("ab\ncd\nef");
  gathered.trust(true, false);
  assert.ok(gather(...columns));
  assert.deepEqual(textsOnly(), ["abcdef"]);
  lookUp("ab\ncd\nef");
  gathered.trust(false, true);
  assert.ok(gather(...columns));
  // A short pattern is one of the plain view.
  assert.deepEqual([textsOnly(), symbolsOf()], [["abcdef"], [6, 0]]);
  gathered.trust(true, false);
});

/** The columns of a text, and how often something was asked. */
function columnsOf(text: string, fewest = 4): { columns: string[]; asked: number } {
  begin(text, fewest);
  kernel.read({
    data: encoder.encode(text),
    length: text.length,
    starts: null,
    ends: null,
    breaks: { at: new Uint16Array(0), count: 0 },
  });
  kernel.note();
  const columns: string[] = [];
  let asked = 0;
  walks.columns(lines, text.length, false, (what) => {
    if (what !== ASK.hexRows) asked++; // those are read as they stand
    columns.push(...textsOnly());
    gathered.clear();
  });
  return { columns: [...columns, ...textsOnly()], asked };
}

Deno.test("Walks.columns() gathers what lines have between that which all of them begin and end with", () => {
  const pieces = ["ab", "cd", "e7", "fg"];
  const list = pieces.map((piece, i) => `line ${i}: ${piece} end`).join("\n");
  const { columns, asked } = columnsOf(list);
  assert.ok(columns.includes(pieces.join("")));
  assert.equal(asked, 0);
  const tails = ["s", "k", "l", "v", "4", "f", "9", "Q"].map((piece, i) => `${piece} is number ${i}`).join("\n");
  assert.deepEqual(columnsOf(tails).columns.at(-1), "sklv4f9Q");
});

Deno.test("Walks.columns() asks about columns whose numbers are in another order, and makes room for more", () => {
  assert.equal(columnsOf([2, 0, 1, 3].map((i) => `line ${i} ${["xy", "zw", "qr", "st"][i]} end`).join("\n")).asked, 1);
  const wide = Array.from({ length: 900 }, (_, i) => `${i}\t${String.fromCharCode(97 + (i * 7) % 26).repeat(24)}`);
  const group = wide.join("\n");
  assert.ok(group.length < 34_000);
  const { columns, asked } = columnsOf(`${group}`);
  assert.ok(columns.includes(wide.map((line) => line.split("\t")[1]).join("")));
  assert.ok(asked <= 2);
});

Deno.test("Walks.columns() gathers what lines begin with that end alike, however many tokens they end with", () => {
  const columnOf = (...lines: string[]): string | undefined => columnsOf(lines.join("\n")).columns.at(-1);
  // One line ends with fewer of them than those before it, or with nothing else.
  assert.equal(columnOf("abc is 1;", "def is 2;", "ghi at 3;", "jkl at 4;"), "abc isdef isghi atjkl at");
  assert.equal(columnOf("kl;,,", "abc;,,", "xyz:,,", "def;,,"), "kl;abc;xyz:def;");
  assert.equal(columnOf("7;", "qrst 8;", "uvwx 9;"), "qrst uvwx ");
  assert.equal(columnOf("qrstuvwx 7;", "8;", "9;"), "qrstuvwx ");
  // Numbers, and blanks, that go on behind the first sixteen bytes.
  for (let before = 9; before < 16; before++) {
    const lines = ["a", "b", "c"].map((piece, i) => `${piece.repeat(before)}${123_456 + i}=`);
    assert.equal(columnOf(...lines), lines.map((line) => line.slice(0, before)).join(""));
    assert.equal(columnOf(...lines.map((line) => line.replace(/\d+/, " \t   "))), columnOf(...lines));
  }
});
