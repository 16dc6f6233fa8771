import assert from "node:assert/strict";
import { ESCAPE_STARTS } from "../../lib/secrets/redaction/escapes/escapes.ts";
import { DENSE, fold, PLAIN } from "../../lib/secrets/redaction/symbols.ts";
import { ALIKE, LINE, TABLE, TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { type View, viewOf } from "../../lib/secrets/redaction/view.ts";
import { randomFrom } from "../support/random.ts";

const kernel = TextKernel.shared();
const encoder = new TextEncoder();

/** Every byte in every place of sixteen. */
const everything = Uint8Array.from({ length: 16 * 257 }, (_, i) => i % 257);

/** Bytes that look random, always the same. */
function noise(length: number): Uint8Array {
  let seed = 1;
  return Uint8Array.from({ length }, () => (seed = Math.imul(seed, 48271) >>> 1) >>> 8);
}

function views(view: View): [Uint8Array, Uint8Array] {
  kernel.read(view);
  return [kernel.plain.slice(0, kernel.plainLength), kernel.dense.slice(0, kernel.denseLength)];
}

Deno.test("TextKernel.read() gives the symbols that the tables have for the bytes", () => {
  for (const data of [everything, noise(10_007), new Uint8Array(0), encoder.encode("a b"), new Uint8Array(300)]) {
    assert.deepEqual(views(viewOf(data)), [fold(data, PLAIN), fold(data, DENSE)]);
    assert.ok(kernel.plain.subarray(kernel.plainLength).subarray(0, 16).every((byte) => byte === 0));
    assert.ok(kernel.dense.subarray(kernel.denseLength).subarray(0, 16).every((byte) => byte === 0));
  }
});

Deno.test("TextKernel.read() gives nothing of the text before when a shorter one follows", () => {
  views(viewOf(encoder.encode("x".repeat(100))));
  assert.deepEqual(views(viewOf(encoder.encode("abc"))), [encoder.encode("abc"), Uint8Array.of(1, 2, 3)]);
});

Deno.test("TextKernel.read() begins each of several texts at a multiple of four symbols", () => {
  for (const length of [1, 3, 4, 15, 16, 17, 40]) {
    const text = "A".repeat(length);
    const data = encoder.encode([text, text, "z-"].join("\0\0\0\0"));
    const breaks = { at: Uint16Array.of(length, 2 * length + 4), count: 2 };
    const filler = new Uint8Array(4 - (length % 4)).fill(0xff);
    const part = [...encoder.encode(text.toLowerCase()), ...filler];
    assert.deepEqual(views({ ...viewOf(data), breaks }), [
      Uint8Array.from([...part, ...part, ...encoder.encode("z-")]),
      Uint8Array.from([...part, ...part].map((symbol) => symbol === 0x61 ? 1 : symbol).concat(26)),
    ]);
  }
});

Deno.test("TextKernel.read() refuses a text that is longer than its memory", () => {
  assert.throws(() => kernel.read(viewOf(new Uint8Array(100_000))), {
    name: "RangeError",
    message: "a text of 100000 bytes is too long for the kernel",
  });
});

/** The runs of noughts and ones of a text, as strings. */
function runsOf(text: string): string[] {
  kernel.read(viewOf(encoder.encode(text)));
  kernel.note();
  const { at, count } = kernel.runs;
  return Array.from({ length: count / 2 }, (_, i) => text.slice(at[2 * i], at[2 * i + 1]));
}

Deno.test("TextKernel.note() gives runs of six and more noughts and ones, wherever in sixteen bytes they begin", () => {
  for (let before = 0; before < 70; before++) {
    const gap = "-".repeat(before);
    for (const length of [6, 7, 8, 16, 57, 64, 65, 128, 200]) {
      const run = "0110100".repeat(40).slice(0, length);
      assert.deepEqual(runsOf(`${gap}${run}`), [run]);
      assert.deepEqual(runsOf(`${gap}${run}\n${run} 01010 ${run}2`), [run, run, run]);
    }
  }
  assert.deepEqual(runsOf("01101 2 10010"), []);
});

Deno.test("TextKernel.note() gives no run of noughts and ones within a hexadecimal number, but for 0b1010", () => {
  assert.deepEqual(runsOf("f0110100 0b1001011 20110100 x1110001"), ["1001011", "1110001"]);
});

Deno.test("TextKernel.note() gives no run of noughts and ones that is the start of a long escape", () => {
  assert.deepEqual(runsOf("\\U00000041\\U0000006b"), []);
  assert.deepEqual(runsOf("U0000006b \\U01100001 \\U0110000 \\U011000-"), ["000000", "01100001", "0110000", "011000"]);
});

Deno.test("TextKernel.isUnits holds for a unit again and again, unless a letter or digit of it recurs at a shorter distance", () => {
  const isUnits = (text: string): boolean => {
    kernel.read(viewOf(encoder.encode(text)));
    return kernel.isUnits;
  };
  for (const unit of ["=", "a", "]aaaa", "ab=\n", "H4sIAAAA"]) {
    for (const length of [64, 65, 79, 80, 1000]) assert.ok(isUnits(unit.repeat(length)), unit);
  }
  for (const unit of ["sxkx", "s0k0-0l0", "a".repeat(17) + "b"]) assert.ok(!isUnits(unit.repeat(80)), unit);
  for (const text of ["ab".repeat(20), `${"ab".repeat(100)}c`, `${"ab".repeat(100)}a-`, `x${"ab".repeat(100)}`]) {
    assert.ok(!isUnits(text), text);
  }
  assert.ok(isUnits(`${"ab".repeat(100)}a`));
});

/** The bytes that bits.as makes of all runs of a text, put together at one alignment. */
function bytesOf(text: string, phase: number, isAscii: boolean): { text: string; from: number[]; to: number[] } {
  runsOf(text);
  const { bits, runs } = kernel;
  bits.clear();
  bits.addPhase(bits.putTogether(0, runs.count / 2), phase, isAscii);
  const { data, starts, ends, length } = bits;
  const decoded = String.fromCharCode(...data.subarray(0, length));
  return { text: decoded, from: [...starts.subarray(0, length)], to: [...ends.subarray(0, length)] };
}

Deno.test("Bits.addPhase() reads eight digits as a byte at every alignment, with the places of the first and the last", () => {
  const digits = [..."secret, and more"].map((char) => char.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  for (let phase = 0; phase < 8; phase++) {
    const { text, from, to } = bytesOf(`x${"1".repeat(phase)}${digits}`, phase, false);
    assert.equal(text, "secret, and more");
    assert.deepEqual(from, Array.from(text, (_, i) => 1 + phase + 8 * i));
    assert.deepEqual(to, from.map((place) => place + 8));
  }
  const wrapped = bytesOf(digits.replace(/.{12}/g, "$&\n"), 0, false);
  assert.deepEqual([wrapped.from.slice(0, 3), wrapped.to.slice(0, 3)], [[0, 8, 17], [8, 17, 25]]);
});

Deno.test("Bits.addPhase() gives stretches of four and more bytes of ASCII, and nothing of what is between", () => {
  const digits = (text: string) => [...text].map((char) => char.charCodeAt(0).toString(2).padStart(8, "0")).join("");
  assert.equal(bytesOf(digits("abc\xffdefg\xff\xffhijklmnopqr\xffst"), 0, true).text, "defg\0\0\0\0hijklmnopqr");
  assert.equal(bytesOf(digits("\xff\xff\xff\xff\xff"), 0, true).text, "");
});

/** The lines of a text as strings. */
function linesOf(text: string): string[] {
  const data = encoder.encode(text);
  kernel.read(viewOf(data));
  kernel.note();
  const { from, to, count } = kernel.lines;
  return Array.from({ length: count }, (_, i) => new TextDecoder().decode(data.subarray(from[i], to[i])));
}

Deno.test("TextKernel.note() gives lines without their ends, and one of several that are nothing but a line feed", () => {
  assert.deepEqual(linesOf("one\ntwo\r\n\n\n\r\nthree\n"), ["one", "two", "", "", "three", ""]);
  assert.deepEqual(linesOf("\r\r\n\n\nx"), ["\r", "", "x"]);
  assert.deepEqual(linesOf("one"), ["one"]);
  assert.deepEqual(linesOf(""), [""]);
  const long = Array.from({ length: 500 }, (_, i) => "-".repeat(i % 70));
  assert.deepEqual(linesOf(long.join("\n")), long);
});

/** The flags of the last line of a text, by name. */
function flagsOf(text: string): string[] {
  linesOf(text);
  const { flags, count } = kernel.lines;
  const last = flags[count - 1] as number;
  assert.equal(flags[count], 0);
  return Object.entries(LINE).filter(([, bit]) => (last & bit) !== 0).map(([name]) => name);
}

Deno.test("TextKernel.note() tells of a line what it has in common with the one before", () => {
  const long = "n".repeat(25);
  const cases: [text: string, flags: string[]][] = [
    ["", []],
    ["ab\ncde", []],
    ["ab\nax", ["head", "length"]],
    ["12\n3", ["head"]],
    ["  ab\n ax", ["head"]],
    ["\tab\n axx", []],
    ...[15, 16, 17, 40].map((blanks): [string, string[]] => [
      `${" ".repeat(blanks)}ab\n${" ".repeat(blanks)}acc`,
      ["head"],
    ]),
    ["  \n   ", []],
    ["\nab", []],
    [`n\n${long}`, ["head"]],
    [`n\n${long}n`, []],
    [`${"n".repeat(150)}\n${"n".repeat(160)}`, ["head"]],
    [`${"n".repeat(150)}\n${"n".repeat(161)}`, []],
    ["x is 1\ny was 222", ["tail"]],
    ["x is 1\ny was222", []],
    ["1\n2", ["head"]],
    [`${long} 1\nx 1`, []],
    ["same\nsame", ["head", "tail", "repeated", "length"]],
    [`${long}b\n${long}b`, ["head", "repeated"]],
    [`${long}b\n${long}c`, ["head"]],
    ["00000010\n0000002", ["head", "offset"]],
    ["abcdef 1\n0123456 1", ["head", "tail", "offset"]],
    ["abcde 1\n012345 1", ["tail", "offset"]],
    ["xx\nabcde", []],
    ["xx\nabcdef", ["offset"]],
    ["xyzxyzxyzxyz\nwxyzwxyzwxya", ["length"]],
    ["xyzxyzxyzxyzx\nwxyzwxyzwxyza", []],
    ["x\ny", []],
    ["+ one\n-- two\n+ one more", ["again2"]],
    ["12\nx\n123\n12", ["head", "again3"]],
    ["\nx\n\nx", []],
    ["x\n==> name <==", ["file"]],
  ];
  for (const [text, flags] of cases) assert.deepEqual(flagsOf(text), flags, JSON.stringify(text));
});

/** Short lines, many of which begin alike, none of them empty. */
function shortLines(random: () => number, count: number): string[] {
  const pick = (chars: string): string => chars[Math.floor(random() * chars.length)] as string;
  const alphabet = pick("abc") === "a" ? "01" : "ab1 \t-:\xff0f";
  const begin = pick("ab") === "a" ? pick(" \t-1") + pick("12a") + pick("\t :9") : "";
  return Array.from({ length: count }, () => {
    const size = Math.floor(random() * (begin === "" ? 8 : 4)) + 1;
    const head = random() < 0.9 ? begin.replace(/[0-9]/g, () => pick("0123456789")) : "";
    return head + Array.from({ length: size }, () => pick(alphabet)).join("");
  });
}

Deno.test("TextKernel.note() tells of many short lines what it tells of each with the three before it", () => {
  const random = randomFrom(8);
  const told = (lines: readonly string[]): [flags: number, single: number][] => {
    assert.deepEqual(linesOf(lines.join("\n")), lines);
    const { flags, singles, count } = kernel.lines;
    return Array.from({ length: count }, (_, i) => [flags[i] as number, (singles[i] as number) & ~ALIKE]);
  };
  for (let round = 0; round < 40; round++) {
    const lines = shortLines(random, 60);
    const together = told(lines);
    for (let i = 3; i < lines.length; i++) {
      assert.deepEqual(together[i], told(lines.slice(i - 3, i + 1)).at(-1), JSON.stringify(lines.slice(i - 3, i + 1)));
    }
  }
});

/** The tokens of a line: numbers, blanks, and other characters by themselves; numbers and blanks are alike. */
function tokensOf(line: string): [text: string, token: string][] {
  return (line.match(/[0-9]+|[ \t]+|[^]/g) ?? []).map((
    text,
  ) => [text, text.replace(/^[0-9]+/, "0").replace(/^[ \t]+/, " ")]);
}

Deno.test("TextKernel.note() tells where short lines go on behind the tokens that they share with the first of their group", () => {
  const random = randomFrom(9);
  let told = 0;
  for (let round = 0; round < 60; round++) {
    const lines = shortLines(random, 80).map((line) => line.replaceAll("\xff", "x"));
    linesOf(lines.join("\n"));
    const { from, flags, groupCount } = kernel.lines;
    const { buffer, byteOffset, length: room } = from;
    const groups = new Uint16Array(buffer, byteOffset + 6 * room, 4 * groupCount);
    const ends = new Uint16Array(buffer, byteOffset + 4 * room, room),
      tokens = new Uint8Array(buffer, byteOffset + 11 * room, room);
    for (let group = 0; group < 4 * groupCount; group += 4) {
      const [start, end, shared] = [...groups.subarray(group, group + 3)] as [number, number, number];
      const first = tokensOf(lines[start] as string);
      for (let line = start + 1; line < end; line++) {
        const count = tokens[line] as number;
        if (count === 255 || ((flags[line] as number) & (LINE.repeated | LINE.offset)) !== 0) continue;
        const own = tokensOf(lines[line] as string).slice(0, count);
        assert.ok(count >= shared);
        assert.deepEqual(own.map(([, token]) => token), first.slice(0, count).map(([, token]) => token));
        assert.equal((ends[line] as number) - (from[line] as number), own.map(([text]) => text).join("").length);
        told++;
      }
    }
  }
  assert.ok(told > 500, `${told} lines`);
});

Deno.test("TextKernel.note() tells which lines end or begin with a single character, and which are rows of a table", () => {
  const cases: [line: string, single: string, isTable: boolean][] = [
    ["x", "x", false],
    ["char x", "x", false],
    ["char X;", "x", false],
    ["char '7',", "7", false],
    ["char xy", "", false],
    ["x: some words", "x", false],
    ["--", "", false],
    ["", "", false],
    [`${"n".repeat(30)} x`, "x", false],
    [`${"n".repeat(31)} x`, "", false],
    ["one\ttwo", "", true],
    ["one  two", "", true],
    ["one two  three", "", false],
    ["nnnnnnnn  two", "", true],
    ["nnnnnnnnn  two", "", false],
    [" one  two", "", false],
    [`one  ${"n".repeat(59)}`, "", true],
    [`one  ${"n".repeat(60)}`, "", false],
    ["0000010  61 62", "", false],
    ["0000010x  61 62", "", true],
  ];
  for (const [line, single, isTable] of cases) {
    linesOf(line);
    const known = kernel.lines.singles[0] as number;
    assert.equal(known & ~TABLE, single === "" ? 0 : DENSE[single.charCodeAt(0)], line);
    assert.equal((known & TABLE) !== 0, isTable, line);
  }
});

Deno.test("TextKernel.note() says the same of a line below one that differs in digits only as of the line alone", () => {
  const shapes = [
    "#",
    " ##\ts",
    "##: k",
    "\t# #",
    "KEY_#=#",
    "######",
    "00000#",
    "#  ab",
    "(#, 's')",
    "12345678 9#",
    "x#y  #-",
  ];
  for (const shape of shapes) {
    for (const end of ["\n", "\r\n"]) {
      const [above, line] = [shape.replaceAll("#", "5"), shape.replaceAll("#", "6")];
      const isAlone = linesOf(`${line}${end}`) && (kernel.lines.singles[0] as number);
      const offset = (kernel.lines.flags[0] as number) & LINE.offset;
      linesOf(`${above}${end}${line}${end}`);
      assert.equal(kernel.lines.singles[1], isAlone | (/6.{0,3}$/.test(line) ? ALIKE : 0), line);
      assert.equal((kernel.lines.flags[1] as number) & LINE.offset, offset, line);
      assert.equal((kernel.lines.flags[1] as number) & LINE.repeated, 0, line);
    }
  }
});

Deno.test("TextKernel.note() says the same of a short line among many and among few, and beside long ones", () => {
  const parts = [
    "a",
    "b",
    "ab",
    "a1",
    "1",
    "12",
    "00",
    " ",
    "  ",
    " a",
    "\t",
    "\t1",
    "-",
    "a-",
    "--",
    "",
    "\u0000",
    "%",
  ];
  let seed = 1;
  const short = Array.from({ length: 400 }, () => parts[(seed = Math.imul(seed, 48271) >>> 1) % parts.length] as string)
    .filter((line, i, all) => line !== "" || all[i - 1] !== "");
  const told = (list: readonly string[]): [number, number][] => {
    linesOf(`${list.join("\n")}\n`);
    return list.map((_, i) => [kernel.lines.flags[i] as number, (kernel.lines.singles[i] as number) & ~ALIKE]);
  };
  const all = told(short);
  // What a line is told to be depends on no more than the three before it.
  for (let at = 3; at + 4 < short.length; at++) {
    if (short[at - 3] === "") continue;
    assert.deepEqual(told([...short.slice(at - 3, at + 4), "a long line"]).slice(3, 7), all.slice(at, at + 4), `${at}`);
  }
});

Deno.test("TextKernel.compareDealt() compares lines that others stand between", () => {
  const data = encoder.encode("ab\n--\nac\n--\nad");
  const { dealt } = kernel;
  for (const [line, at] of [0, 6, 12].entries()) [dealt.from[line], dealt.to[line]] = [at, at + 2];
  dealt.count = 3;
  kernel.load(data);
  kernel.compareDealt();
  assert.deepEqual([...dealt.flags.subarray(0, 4)], [0, LINE.head | LINE.length, LINE.head | LINE.length, 0]);
});

Deno.test("TextKernel.note() marks what an escape may begin with", () => {
  for (let byte = 0; byte < 256; byte++) {
    const data = Uint8Array.from({ length: 200 }, (_, i) => i % 17 === 0 ? byte : 0x61);
    kernel.read(viewOf(data));
    kernel.note();
    const places = Array.from(data.keys()).filter((at) => ((kernel.marked[at >> 5] as number) >>> (at & 31) & 1) !== 0);
    const expected = ESCAPE_STARTS[byte] === 0 ? [] : Array.from({ length: 12 }, (_, i) => 17 * i);
    assert.deepEqual(places, expected, `byte ${byte}`);
  }
});

Deno.test("TextKernel.note() gives the marks by which compressed blobs begin", () => {
  kernel.read(viewOf(encoder.encode("H4sI eJ eN 1f8b08 789c 78da H J N 8 he joined 98".repeat(4))));
  kernel.note();
  const { at, count } = kernel.blobs;
  assert.deepEqual([...at.subarray(0, count)].slice(0, 6), [0, 6, 9, 13, 19, 24]);
  assert.equal(count, 24);
});

/** Where the symbols of a text stand in the view of `table`. */
const placesIn = (data: Uint8Array, table: Uint8Array): number[] =>
  [...data.keys()].filter((at) => table[data[at] as number] !== 0);

Deno.test("TextKernel.locate() tells where some symbols stand, in whatever order they are asked about", () => {
  const data = noise(5_003);
  const views = [{ isDense: false, table: PLAIN, places: kernel.plainPlaces }, {
    isDense: true,
    table: DENSE,
    places: kernel.densePlaces,
  }];
  kernel.read(viewOf(data));
  for (const { isDense, table, places } of views) {
    const all = placesIn(data, table);
    for (const [turn, part] of [0.9, 0, 0.5, 0.51, 0.2, 1, 0.05].entries()) {
      const from = Math.min(all.length - 1, Math.floor(part * all.length));
      const to = Math.min(all.length, from + 1 + 40 * turn);
      assert.equal(kernel.locate(isDense, from, to, turn === 0), false);
      assert.deepEqual([...places.subarray(from, to)], all.slice(from, to), `${isDense}, from ${from}`);
    }
  }
  // One view and then the other, without beginning anew.
  for (const { isDense, table, places } of [...views, ...views]) {
    const all = placesIn(data, table);
    kernel.locate(isDense, 300, 340, false);
    assert.deepEqual([...places.subarray(300, 340)], all.slice(300, 340));
  }
});

Deno.test("TextKernel.locate() tells of all symbols when it is not asked about some", () => {
  const data = noise(777);
  kernel.read(viewOf(data));
  kernel.locate(true);
  assert.deepEqual([...kernel.densePlaces.subarray(0, kernel.denseLength)], placesIn(data, DENSE));
});
