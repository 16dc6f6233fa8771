import assert from "node:assert/strict";
import { decodeAll, Decoder } from "../../lib/secrets/redaction/escapes/decoder.ts";
import { EVERY_ESCAPE } from "../../lib/secrets/redaction/escapes/escapes.ts";
import { TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { viewOf } from "../../lib/secrets/redaction/view.ts";
import { randomFrom } from "../support/random.ts";

const kernel = TextKernel.shared();
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** What comes out of `[0, to)` of a text. */
function decoded(text: string, to: number = encode(text).length): string {
  const { data, length } = decodeAll(encode(text), to);
  return new TextDecoder().decode(data.slice(0, length));
}

const CASES: Record<string, readonly (readonly [text: string, out: string])[]> = {
  "percent-encoding": [["%41b%2F%2f", "Ab//"], ["%u0041%U00e9", "Aé"], ["%4g%", "%4g%"]],
  "backslashes": [
    ["\\x41\\X42\\x4", "ABx4"],
    ["\\101\\0101\\8\\777", "AA8?7"],
    ["\\u0041\\u00e9\\u{1F600}", "Aé😀"],
    ["\\ud83d\\ude00\\U0001F600", "😀😀"],
    ["\\U00110000\\u{110000}x", "x"],
    ["a\\nb\\\\tc\\\nd\\q\\", "a\nb\ncdq"],
  ],
  "entities": [
    ["&#65;&#x42;&#X43;&#233;", "ABCé"],
    ["&amp;&lt;&NewLine;&nbsp;", "&<\n "],
    ["&foo;&amp&#;&#99999999999;", "&foo;&amp&#;&#99999999999;"],
  ],
  "quoted-printable": [["=41=C3=A9=\nb=\r\nc=4x", "Aébc=4x"]],
  "terminal control": [["\x1b[1;31mA\x1b]0;title\x07B\x1b]x\x1b\\C\x1b(BD\x1bME", "ABCDE"], ["\x1b]aaaa", "aaaa"]],
  "overstriking": [["ab\bc\b\bd", "d"]],
  "letters of other widths": [["ｓ𝐚Ⓐ🄰🇦𝟎", "saAAA0"], ["a\u200bb\u0301c\u00add\ufeff", "abcd"], ["é€", "é€"]],
  "markup": [["<b>A</b><a href='x'>B</a>a<b", "ABa<b"]],
};

for (const [what, cases] of Object.entries(CASES)) {
  Deno.test(`decodeAll() undoes ${what}`, () => {
    for (const [text, out] of cases) {
      assert.equal(decoded(text), out, JSON.stringify(text));
      // The same behind sixteen bytes and more that are no escape.
      assert.equal(decoded("-".repeat(33) + text), "-".repeat(33) + out, JSON.stringify(text));
    }
  });
}

Deno.test("decodeAll() erases nothing before the start", () => assert.equal(decoded("\b\ba\b\bb"), "b"));

Deno.test("decodeAll() takes an escape that the end cuts off for none", () => {
  const escapes = ["%41", "%u0041", "=41", "&#65;", "\\u0041".slice(1)];
  for (const escape of escapes) {
    for (let to = 1; to < escape.length; to++) assert.equal(decoded(`${escape}x`, to), escape.slice(0, to));
  }
});

Deno.test("decodeAll() drops what a terminal takes for a title, wherever in the text its end is", () => {
  for (let before = 0; before < 64; before++) {
    for (const end of ["\x07", "\x1b\\"]) {
      const [head, tail] = ["-".repeat(before) + "%41%42%43%44%45", "%46".repeat(30)];
      const out = "-".repeat(before) + "ABCDE" + "F".repeat(30);
      assert.equal(
        decoded(`${head}\x1b]0;a title of some length${end}${tail}`),
        out,
        `${before} ${JSON.stringify(end)}`,
      );
    }
  }
});

/** What came out, each byte with where it came from, once backspaces that no escape stands for have erased what is before. */
function erased({ data, starts, ends }: Decoder, from: number, to: number): string[] {
  const out: string[] = [];
  for (let i = from; i < to; i++) {
    if (data[i] === 0x08 && (ends[i] as number) - (starts[i] as number) === 1) out.pop();
    else out.push(`${data[i]} ${starts[i]} ${ends[i]}`);
  }
  return out;
}

Deno.test("Decoder.erase() erases one byte for each backspace that no escape stands for, behind what came out or in its place", () => {
  const random = randomFrom(8);
  const below = (n: number): number => Math.floor(random() * n);
  const units = [
    "\b",
    "\b\b",
    "a",
    "bc",
    "%41",
    "%08",
    "\\x08",
    "<b>",
    "a long word and another one ",
    "&amp;",
    "\u00e9",
  ];
  const decoder = new Decoder(kernel, 0, 8000);
  for (let round = 0; round < 300; round++) {
    const few = Array.from({ length: 2 + below(6) }, () => units[below(units.length)] as string);
    let text = "";
    for (const size = below(1500); text.length < size;) text += few[below(few.length)];
    const data = encode(text);
    kernel.load(data);
    decoder.clear();
    if (below(2) === 0) decoder.decode({ kinds: EVERY_ESCAPE, from: 0, to: Math.min(20, data.length) });
    const region = {
      kinds: EVERY_ESCAPE,
      from: decoder.decode({ kinds: EVERY_ESCAPE, from: 0, to: data.length }),
      to: 0,
    };
    region.to = decoder.length;
    const expected = erased(decoder, region.from, region.to);
    const { from, to } = decoder.erase(region, below(2) === 0);
    const { data: bytes, starts, ends } = decoder;
    assert.deepEqual(
      Array.from({ length: to - from }, (_, i) => `${bytes[from + i]} ${starts[from + i]} ${ends[from + i]}`),
      expected,
      JSON.stringify(text),
    );
  }
});

/** What the last decoder of several, each over the one before, says of its bytes: each with where it came from. */
function sourcesOf(text: string, levels: number): string[] {
  const data = encode(text);
  kernel.load(data);
  let stretch = { kinds: EVERY_ESCAPE, from: 0, to: data.length };
  let last: Decoder | undefined;
  for (let level = 0; level < levels; level++) {
    last = new Decoder(kernel, level, 1000);
    stretch = { ...stretch, from: last.decode(stretch), to: last.length };
  }
  const { data: out, starts, ends, length } = last as Decoder;
  return Array.from({ length }, (_, i) => `${String.fromCharCode(out[i] as number)} ${text.slice(starts[i], ends[i])}`);
}

Deno.test("Decoder.decode() tells where each byte came from, through several levels", () => {
  assert.deepEqual(sourcesOf("ab%43\\x44", 1), ["a a", "b b", "C %43", "D \\x44"]);
  assert.deepEqual(sourcesOf("a%2543&amp;#68;", 2), ["a a", "C %2543", "D &amp;#68;"]);
  assert.deepEqual(sourcesOf("%25252541=", 3), ["% %252525", "4 4", "1 1", "= ="]);
});

/** Escapes, and text that is none, each with what it stands for, whatever stands before or behind it. */
const UNITS: readonly (readonly [text: string, out: string])[] = [
  ["%41", "A"],
  ["%7e", "~"],
  ["%u0042", "B"],
  ["%u00e9", "Ã©"],
  ["=43", "C"],
  ["=\n", ""],
  ["=\r\n", ""],
  ["\\x44", "D"],
  ["\\\\x45", "E"],
  ["\\u0046", "F"],
  ["\\\\\\u0047", "G"],
  ["\\U00000048", "H"],
  ["\\u{49}", "I"],
  ["\\112", "J"],
  ["\\055", "-"],
  ["\\t", "\n"],
  ["\\-", "-"],
  ["&#75;", "K"],
  ["&#108;", "l"],
  ["&#x4D;", "M"],
  ["&amp;", "&"],
  ["&lt;", "<"],
  ["\x1b[1m", ""],
  ["\x1b]0;title\x07", ""],
  ["<b>", ""],
  ["q\b", ""],
  ["\xef\xbc\xae", "N"],
  ["\xef\xbd\x8f", "o"],
  ["\xe2\x80\x8b", ""],
  ["\xe2\x80\x98", "\xe2\x80\x98"],
  ["% ", "% "],
  ["=z", "=z"],
  ["& ", "& "],
  ["word ", "word "],
  ["z", "z"],
];

Deno.test("decodeAll() undoes escapes alike in any company, and tells where each came from", () => {
  let seed = 1;
  const below = (n: number): number => (seed = Math.imul(seed, 48271) & 0x7fffffff) % n;
  for (let round = 0; round < 400; round++) {
    const units = Array.from({ length: 1 + below(4) }, () => UNITS[below(UNITS.length)] as (typeof UNITS)[number]);
    let text = "", out = "";
    const from: number[] = [], to: number[] = [];
    for (let i = 0; i < 40; i++) {
      const [unit, char] = units[below(units.length)] as (typeof UNITS)[number];
      for (let times = 1 + below(3) * below(10); times > 0; times--) {
        // What comes out as it went in does so byte by byte.
        const before = unit.endsWith(char) ? unit.length - char.length : -1;
        for (let at = 0; at < char.length; at++) {
          from.push(text.length + (before < 0 ? 0 : before + at));
          to.push(text.length + (before < 0 ? unit.length : before + at + 1));
        }
        text += unit;
        out += char;
      }
    }
    const { data, starts, ends, length } = decodeAll(Uint8Array.from(text, (char) => char.charCodeAt(0)), text.length);
    assert.equal(String.fromCharCode(...data.subarray(0, length)), out, JSON.stringify(text));
    assert.deepEqual([[...starts?.subarray(0, length) ?? []], [...ends?.subarray(0, length) ?? []]], [from, to]);
  }
});

Deno.test("TextKernel.findRegions() gives a region of each kind around its escapes, and one of all kinds", () => {
  const regionsOf = (text: string): unknown[] => {
    kernel.read(viewOf(encode(text)));
    kernel.note();
    return kernel.findRegions(0);
  };
  assert.deepEqual(regionsOf("100% of a & b \\ c"), []);
  const far = " ".repeat(200);
  assert.deepEqual(regionsOf(`${far}%41${far}`), [{ kinds: 1, from: 152, to: 248 }]);
  assert.deepEqual(regionsOf(`${far}%41\\x41${far}`), [
    { kinds: 256 + 3, from: 152, to: 251 },
    { kinds: 1, from: 152, to: 248 },
    { kinds: 2, from: 155, to: 251 },
  ]);
  const shapes = [["%41", 1, 0], ["\\\\x41", 2, 1], ["&#65;", 4, 0], ["=41", 8, 0], ["\x1b[m", 16, 0], [
    "a\b",
    32,
    1,
  ]] as const;
  for (const [escape, kinds, mark] of shapes) {
    for (let times = 2; times < 60; times++) {
      const last = 200 + mark + escape.length * (times - 1);
      const region = { kinds, from: 152 + mark, to: last + 48 };
      assert.deepEqual(regionsOf(`${far}${escape.repeat(times)}${far}`), [region], JSON.stringify(escape));
    }
  }
  const many = "%41".repeat(40);
  assert.deepEqual(regionsOf(`${many}%%%${" ".repeat(100)}= & \\ % ${far}${many}`), [
    { kinds: 1, from: 0, to: 165 },
    { kinds: 1, from: 383, to: 551 },
  ]);
});
