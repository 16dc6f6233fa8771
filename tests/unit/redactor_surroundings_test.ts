import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { INDEXES, REGIONS } from "../../lib/secrets/redaction/kernel/memory.ts";
import { TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { randomFrom } from "../support/random.ts";

const VALUES = [
  "Xq7vR2mLk9TzPw4s",
  "sk-live-tYz71Q0hVdBn4MxKc8Jw2RfLg5",
  "9f2c41d7e08ab5634c1fd92e77a0b8c3",
  "postgres://app:G7rqZx81LmWt@db.internal:5432/production",
  "p@S$w0rd!with-(some)&marks=;",
];

/** What stands for something to one reader or another: marks, ends of lines, beginnings of rows, of blobs, of strings. */
const UNITS =
  ("%|\\|\\x41|&#65;|\n|\r\n|\r|\0|\t| |=\n|=41|\x1b[1m|\b|a\b|\\u0041|%41|%2541|0|1|01000001|00000000: |41 42 " +
    "|12\ts\n|H4sIAAAA|&lt;|\x1b]|\x1b\\|\uff53|\u200b|<b>|</b>|\"|'|$'|\\n|\\101|==> x <==\n|\f|\v|0x41, |65, |-|+|AAAA|KEY=|#")
    .split("|");

/** Forms of a value, with how many bytes of each are seven characters of the value and nearly another one. */
const FORMS: readonly [form: (value: string) => string, shown: number][] = [
  [(v) => v, 7],
  [(v) => Buffer.from(v).toString("base64"), 10],
  [(v) => Buffer.from(v).toString("hex"), 15],
  [(v) => [...v].reverse().join(""), 7],
  [(v) => Buffer.from(v).toString("hex").replace(/../g, "%$&"), 23],
  [(v) => Buffer.from(v).toString("hex").replace(/../g, "\\x$&"), 31],
];

type Random = ReturnType<typeof randomFrom>;
const below = (random: Random, end: number): number => Math.floor(random() * end);
const oneOf = <T>(random: Random, all: readonly T[]): T => all[below(random, all.length)] as T;

/** Bytes that keep one reader or several of them busy. */
function surroundings(random: Random, length: number): Uint8Array {
  const kind = random();
  if (kind < 0.2) {
    const few = Array.from({ length: 2 + below(random, 6) }, () => below(random, 256));
    return Uint8Array.from({ length }, () => oneOf(random, few));
  }
  const unit = Array.from({ length: 1 + below(random, 4) }, () => oneOf(random, UNITS)).join("");
  const next = (): string =>
    kind < 0.5
      ? unit
      : kind < 0.8
      ? oneOf(random, UNITS)
      : oneOf(random, VALUES).slice(below(random, 9)).slice(0, 7) + oneOf(random, UNITS);
  let text = "";
  while (text.length < length) text += next();
  return Buffer.from(text).subarray(0, length);
}

/** A text, and where in it something stands on a line of its own that must be masked. */
function textWithValues(random: Random): { text: Uint8Array; placed: { from: number; to: number; shown: number }[] } {
  const parts: Uint8Array[] = [];
  const placed = [];
  let length = 0;
  for (const end = random() < 0.2 ? 150_000 : below(random, 40_000); length <= end;) {
    const around = surroundings(random, 1 + below(random, 40_000 * random() ** 2));
    const [form, shown] = oneOf(random, FORMS);
    const line = Buffer.from(`\n${form(oneOf(random, VALUES))}\n`);
    parts.push(around, line);
    length += around.length + line.length;
    placed.push({ from: length - line.length + 1, to: length - 1, shown });
  }
  return { text: Buffer.concat(parts), placed };
}

/** The longest run of bytes that no span covers. */
function longestShown(covered: Uint8Array, from: number, to: number): number {
  let [longest, now] = [0, 0];
  for (let at = from; at < to; at++) {
    now = covered[at] === 1 ? 0 : now + 1;
    longest = Math.max(longest, now);
  }
  return longest;
}

Deno.test("find() covers a value on a line of its own whatever stands around it", () => {
  const random = randomFrom(11);
  const redactor = new Redactor();
  redactor.add(VALUES);
  for (let round = 0; round < 150; round++) {
    const { text, placed } = textWithValues(random);
    const covered = new Uint8Array(text.length);
    for (const { start, end } of redactor.find(text)) covered.fill(1, start, end);
    for (const { from, to, shown } of placed) {
      const seen = Buffer.from(text.subarray(from, to)).toString("latin1");
      assert.ok(longestShown(covered, from, to) <= shown, `round ${round}: ${seen} at ${from} of ${text.length}`);
    }
  }
});

/** Regions of the kernel's memory that are written once: tables of bytes, vectors, names of cells, least proofs. */
const WRITTEN_ONCE: ReadonlySet<string> = new Set([
  ..."KEPT_LOW KEPT_HIGH MARKS_LOW MARKS_HIGH OFFSETS BLOB_BYTES HEX_LOW HEX_HIGH STARTS FOLLOWS SYMBOLS".split(" "),
  ..."HEX_VALUES BACKSLASHED KINDS_LOW KINDS_HIGH CONTROLS SQUEEZE SQUEEZE_HIGH NAMES SECONDS SHAPES".split(" "),
  ..."VECTORS HALF NEWLINES BLANKS TABS ZEROES TEN ONES SMALLEST LETTERS FOURS PAIRS EIGHTS KIND_POWERS".split(" "),
  ..."QUARTERS ODDS TOKENS QUADS QUADS_OF_WORDS LEAST SIXTEENS EIGHT_TIMES CELL_NAMES PARTING".split(" "),
]);

Deno.test("TextKernel keeps its tables and its copies of indexes as they were, whatever it looks at", () => {
  const random = randomFrom(12);
  const redactor = new Redactor();
  redactor.add(VALUES);
  redactor.redact("ready");
  const memory = Buffer.from(TextKernel.shared().plain.buffer);
  const once = REGIONS.filter(({ name }) => WRITTEN_ONCE.has(name));
  assert.equal(once.length, WRITTEN_ONCE.size);
  const tables = (): Buffer[] =>
    [...once, { from: INDEXES, to: memory.length }].map(({ from, to }) => memory.subarray(from, to));
  const before = tables().map((table) => Buffer.from(table));
  for (let round = 0; round < 100; round++) {
    redactor.find(textWithValues(random).text);
    const changed = tables().findIndex((table, index) => !table.equals(before[index] as Buffer));
    assert.equal(changed, -1, `round ${round} changed table ${changed}`);
  }
});

/** What other commands print, with numbers before or in it. */
const OTHER_OUTPUT = [
  "12:41 Ws6AUGesEbxJYMto\n12:41 baxXFesjoUYz\n",
  '1,"abcdef"\n2,ghijkl\n',
  "0  73 6b 2d 6c\n4  69 76 65 2d\n20  74 6c 35 62\n",
  "2:-\n1:k\n0:s\n",
  "6235\n0xaaaaaaaaa 0xbb\n",
  "2026-11-23 INFO a\n2026-11-23 WARN b\n",
  "total 8\n-rw-r--r-- 1 root root 5 x\n",
  "3421780262 9 f\n",
  "00000000: 6865 6c6c 6f20 7468 6572 650a            hello there.\n",
  "0000000 062550 066154 020157 064164\n",
];

/** More of it than a text has in which pieces are found wherever they stand. */
const PROSE = "some words that nobody has to look at twice\n".repeat(120);

/** The rows of a dump that shows so many bytes in each. */
function rowsOf(value: string, bytes: number, offset: (at: number) => string, cell: (byte: number) => string): string {
  const row = (at: number): string => offset(at) + [...Buffer.from(value).subarray(at, at + bytes)].map(cell).join("");
  return Array.from({ length: Math.ceil(value.length / bytes) }, (_, index) => row(bytes * index)).join("\n") + "\n";
}

const octal = (at: number): string => at.toString(8).padStart(7, "0");
const hexadecimal = (at: number): string => at.toString(16).padStart(8, "0");
/** Rows as od, hexdump and xxd have them, of other lengths than the usual ones too. */
const ROWS: Record<string, (value: string) => string> = {
  "od -c": (v) => rowsOf(v, 16, octal, (byte) => `   ${String.fromCharCode(byte)}`),
  "od -c -w6": (v) => rowsOf(v, 6, octal, (byte) => `   ${String.fromCharCode(byte)}`),
  "od -t u1 -w5": (v) => rowsOf(v, 5, octal, (byte) => String(byte).padStart(4)),
  "od -t u1 -w3": (v) => rowsOf(v, 3, octal, (byte) => String(byte).padStart(4)),
  "od -A x -t o1 -w4": (v) => rowsOf(v, 4, (at) => hexadecimal(at).slice(2), (byte) => ` ${octal(byte).slice(4)}`),
  "od -t x1 -w7": (v) => rowsOf(v, 7, octal, (byte) => ` ${hexadecimal(byte).slice(6)}`),
  "hexdump -e": (v) => rowsOf(v, 6, (at) => `${hexadecimal(at)}: `, (byte) => `${hexadecimal(byte).slice(6)}-`),
};

Deno.test("find() covers the rows of a dump whatever other commands print before and behind them", () => {
  const redactor = new Redactor();
  redactor.add(VALUES);
  for (const [name, form] of Object.entries(ROWS)) {
    for (const output of ["", ...OTHER_OUTPUT]) {
      const before = PROSE + output;
      // Its first row is little but words, which count for less.
      const rows = Buffer.from(form(VALUES[3] as string));
      for (const behind of ["", "12:50 done\n", "7 x\n"]) {
        const text = Buffer.concat([Buffer.from(before), rows, Buffer.from(behind)]);
        const covered = new Uint8Array(text.length);
        for (const { start, end } of redactor.find(text)) covered.fill(1, start, end);
        const shown = longestShown(covered, before.length, before.length + rows.length);
        // Of a row with its offset and characters of the next one.
        assert.ok(
          shown <= 34,
          `${name} behind ${JSON.stringify(output)}, before ${JSON.stringify(behind)}: ${shown} bytes`,
        );
      }
    }
  }
});
