import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { block, place, type Placed, region, turns } from "../../lib/secrets/redaction/kernel/layout.ts";
import { KERNEL_BASE64 } from "../../lib/secrets/redaction/kernel/kernel_module.ts";
import {
  AT,
  DEEPEST,
  INDEXES,
  LONGEST_TEXT,
  NAMED,
  numbersAt,
  REGIONS,
} from "../../lib/secrets/redaction/kernel/memory.ts";
import { NOTES, TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { EVERY_ESCAPE } from "../../lib/secrets/redaction/escapes/escapes.ts";
import { Lexicon } from "../../lib/secrets/redaction/lexicon/lexicon.ts";
import { viewOf } from "../../lib/secrets/redaction/view.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { kernelFile, KERNELS } from "../../scripts/build_kernel.ts";

const PAGE = 65536;
const redactor = KERNELS.find(({ what }) => what === "redactor");
assert.ok(redactor !== undefined);

/** Pairs of regions that share bytes and do not take turns, by name. */
function overlaps(placed: readonly Placed<string>[]): string[] {
  const found: string[] = [];
  for (const [i, one] of placed.entries()) {
    for (const other of placed.slice(i + 1)) {
      const takeTurns = one.turn !== undefined && one.turn[0] === other.turn?.[0] && one.turn[1] !== other.turn[1];
      if (one.from < other.to && other.from < one.to && !takeTurns) found.push(`${one.name} and ${other.name}`);
    }
  }
  return found;
}

/** Stretches of the memory that no region has. */
function gaps(): { from: number; to: number; behind: string }[] {
  const found = [];
  let [end, behind] = [0, "nothing"];
  for (const { name, from, to } of REGIONS.toSorted((a, b) => a.from - b.from)) {
    if (from > end) found.push({ from: end, to: from, behind });
    if (to > end) [end, behind] = [to, name];
  }
  return [...found, { from: end, to: INDEXES, behind }];
}

Deno.test("REGIONS share bytes only where they take turns", () => {
  assert.deepEqual(overlaps(REGIONS), []);
});

Deno.test("REGIONS would share bytes if any of them were larger than what is left up to the next one", () => {
  for (const [i, one] of REGIONS.entries()) {
    const others = REGIONS.filter(({ from, turn }) =>
      from >= one.to && (turn?.[0] !== one.turn?.[0] || turn?.[1] === one.turn?.[1])
    );
    if (others.length === 0) continue;
    const next = Math.min(...others.map(({ from }) => from));
    assert.notDeepEqual(overlaps(REGIONS.with(i, { ...one, to: next + 1 })), [], one.name);
  }
});

Deno.test("REGIONS lie within the pages that the kernel has for a start", () => {
  assert.ok(INDEXES < redactor.pages * PAGE);
  for (const { name, from, to } of REGIONS) assert.ok(from < to && to <= INDEXES, name);
});

Deno.test("REGIONS lie where the kernel has no data of its own", () => {
  const wasm = inflateRawSync(Buffer.from(KERNEL_BASE64, "base64"));
  const sections: number[] = [];
  for (let at = 8; at < wasm.length;) {
    sections.push(wasm[at++] as number);
    let [size, shift] = [0, 0];
    for (let more = true; more; shift += 7) {
      const byte = wasm[at++] as number;
      size |= (byte & 127) << shift;
      more = byte > 127;
    }
    at += size;
  }
  const [CODE, DATA] = [10, 11];
  assert.ok(sections.includes(CODE) && !sections.includes(DATA), sections.join());
});

Deno.test("REGIONS are the only addresses: the source names all of them, and has no numbers for any", async () => {
  const files = await Promise.all(
    ["kernel.as" as const, ...redactor.parts].map((name) => Deno.readTextFile(kernelFile(redactor, name))),
  );
  const source = files.join("\n").replace(/\/\*[^]*?\*\/|\/\/.*/g, "");
  for (const name of Object.keys(AT)) {
    // Lines that were dealt out are compared where the caller says.
    if (name !== "DEALT") assert.ok(new RegExp(`\\b${name}\\b`).test(source), name);
  }
  for (const name of [...Object.keys(AT), ...Object.values(NAMED).flatMap(Object.keys)]) {
    assert.ok(!new RegExp(`const (\\w+: \\w+ = \\w+, )*${name}:`).test(source), name);
  }
  assert.deepEqual(source.match(/\w+: usize = 0x\w+|\b(load|store)\w*(<\w+>)?\(\d+/g), null);
});

Deno.test("place() puts regions one behind the other, at the multiples that they need", () => {
  const placed = place([
    region("A", 3),
    region("B", 20),
    region("C", 1, { align: 64 }),
    block({ D: 4, E: 2 }, { align: 128 }),
  ]);
  assert.deepEqual(placed.map(({ name, from, to }) => [name, from, to]), [
    ["A", 0, 3],
    ["B", 16, 36],
    ["C", 64, 65],
    ["D", 128, 132],
    ["E", 132, 134],
  ]);
});

Deno.test("place() lets lists that take turns begin at one place, and puts what follows behind the longest", () => {
  const lists = [[region("A", 10), region("B", 10)], [region("C", 40)]];
  const placed = place([region("X", 1), turns("they are not in use together", lists), region("Y", 1)]);
  assert.deepEqual(placed.map(({ name, from }) => [name, from]), [["X", 0], ["A", 16], ["B", 32], ["C", 16], [
    "Y",
    64,
  ]]);
  assert.deepEqual(overlaps(placed), []);
});

Deno.test("place() refuses a name that comes twice", () => {
  assert.throws(() => place([region("A", 1), region("A", 1)]), {
    name: "RangeError",
    message: "two regions are called A",
  });
});

Deno.test("numbersAt() refuses more numbers than a region has", () => {
  const buffer = new ArrayBuffer(INDEXES);
  assert.equal(numbersAt(Uint32Array, buffer, "COUNTS", 6).byteOffset, AT.COUNTS);
  assert.throws(() => numbersAt(Uint32Array, buffer, "COUNTS", 7), {
    name: "RangeError",
    message: "there is no room for 7 numbers at COUNTS",
  });
});

/** Texts that fill one region or another as far as any text does. */
const FULL = [
  "a",
  "1",
  "0",
  "0 1",
  "01010101 ",
  "010101 ",
  "\n",
  "a\n",
  "a\n\n",
  "ab\n",
  "a b ",
  "ab c ",
  "ab ",
  "abcdefghi c ",
  "(0, 's'), ",
  "%41",
  "%2541",
  "\\x41",
  "\\u0041",
  "\\101",
  "&amp;",
  "&#65;",
  "=41",
  "\x1b[1m",
  "<b>",
  "\b",
  "a\b",
  "\u200b",
  "%41\\x42&#67;=44\x1b[0m<b>",
  `%41${" ".repeat(110)}`,
  `${"%41".repeat(22)}-`,
  `${"%41".repeat(43)}-`,
  `<a b="%41\\x41">`,
  "0000000: 4142 4344 4546 4748  ABCDEFGH\n",
  "000000 61\n",
  "000000   a   b   c   d\n",
  "| a | b | c |\n",
  "a b c d\n",
  "x=1 y=2\n",
  "line 1: a\nline 2: b\n",
  "H48N",
  "\xffsecret-value-1 ",
  "secret",
  "a,b;c ",
];

/** Calls `act`, and fails when that writes where no region is; `what` it does. */
function assertKept(act: () => void, what: string): void {
  const { buffer } = TextKernel.shared().plain;
  const memory = new Uint8Array(buffer);
  const empty = gaps();
  for (const { from, to } of empty) memory.fill(0xa5, from, to);
  try {
    act();
    for (const { from, to, behind } of empty) {
      assert.ok(memory.subarray(from, to).every((byte) => byte === 0xa5), `behind ${behind} with ${what}`);
    }
  } finally {
    for (const { from, to } of empty) memory.fill(0, from, to);
  }
}

Deno.test("Redactor.redact() writes nothing where no region is, whatever the text", () => {
  const redactor = new Redactor();
  redactor.add(["secret-Value-of-many-letters/0123456789+%41", "k4tz", "01010101 0 1"]);
  for (const part of FULL) {
    const mixed = (part + "secret-Value k4tz").repeat(20);
    for (const text of [part.repeat(35_000 / part.length), mixed, `${part.repeat(60)}\n`.repeat(9)]) {
      assertKept(() => redactor.redact(text), JSON.stringify(part));
    }
  }
});

Deno.test("TextKernel writes nothing where no region is, however long the text", () => {
  const kernel = TextKernel.shared();
  const { bits, gathered, lines, runs, walks } = kernel;
  const lexicon = new Lexicon();
  for (const _ of lexicon.add(["secret-Value-of-many-letters/0123456789+%41", "k4tz"]));
  // The last one has as many tokens in several places as there may be.
  for (
    const text of [...FULL.map((part) => part.repeat(LONGEST_TEXT)), "abcdefghi c ".repeat(2616) + "ab ".repeat(1482)]
  ) {
    const data = new TextEncoder().encode(text.slice(0, LONGEST_TEXT)).slice(0, LONGEST_TEXT);
    const begin = (): void => kernel.load(data);
    const forget = (): void => gathered.clear();
    assertKept(() => {
      begin();
      kernel.note();
      kernel.findRegions(0);
      for (let level = 0, to = data.length; level < DEEPEST; level++) {
        to = kernel.decode(level, 0, { kinds: EVERY_ESCAPE, from: 0, to }, NOTES.both);
      }
      gathered.clear();
      gathered.fewest = 4;
      kernel.read(viewOf(data));
      for (const isDense of [false, true]) {
        kernel.lookUp(isDense, isDense ? lexicon.dense : lexicon.plain, () => {});
        kernel.locate(isDense);
      }
      kernel.probeThrees(lexicon.short);
      walks.columns(lines, data.length, false, forget);
      walks.tokens(0, data.length, forget);
      for (const areCells of [false, true]) walks.fields(lines.count, areCells, forget);
      bits.putTogether(0, runs.count >> 1);
      walks.dumps(lines.count, begin);
    }, JSON.stringify(text.slice(0, 40)));
  }
  kernel.rowsAt(0).clear();
  gathered.clear();
  bits.clear();
});
