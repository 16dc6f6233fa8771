import assert from "node:assert/strict";
import { deflateSync, gzipSync } from "node:zlib";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { LEAK_LENGTH, longestRecoverable } from "../support/leak_detector.ts";
import { masked, reverse, VALUE } from "../support/masked.ts";

const HEADER = "-----BEGIN PRIVATE KEY-----";
const KEY = `${HEADER}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----`;

Deno.test("redact() masks the first and last line of a key where the rest of it is masked", () => {
  const numbered = KEY.split("\n").map((line, i) => `     ${i + 1}\t${line}`).join("\n");
  for (const text of [numbered, `- ${KEY.replaceAll("\n", "\n- ")}`, reverse(KEY), KEY.split("").join("\n")]) {
    const shown = masked(text, KEY).replace(/[^A-Z]/g, "");
    for (const word of ["BEGIN", "PRIVATE", "KEY", "NIGEB", "ETAVIRP"]) assert.ok(!shown.includes(word), text);
  }
});

Deno.test("redact() masks the first line of a key in rows of digits of any look", () => {
  const bytes = [...KEY].map((char) => char.charCodeAt(0));
  const rows = Array.from({ length: Math.ceil(bytes.length / 16) }, (_, i) => bytes.slice(16 * i, 16 * i + 16));
  const hex2 = (byte: number): string => byte.toString(16).padStart(2, "0");
  const offset = (row: number): string => (16 * row).toString(8).padStart(7, "0");
  const looks = {
    "wide gaps": (row: number[], i: number) => `${offset(i)}    ${row.map(hex2).join("    ")}`,
    "the same in base 10 below": (row: number[], i: number) =>
      `${offset(i)}   ${row.map(hex2).join("   ")}\n          ${row.join("   ")}`,
    "a prefix": (row: number[], i: number) => `> ${offset(i)}: ${row.map(hex2).join(" ")}`,
    "a mark": (row: number[], i: number) => `0x${offset(i)} ${row.map(hex2).join(" ")}`,
  };
  for (const [name, look] of Object.entries(looks)) {
    const shown = masked(`${rows.map(look).join("\n")}\n`, KEY);
    assert.ok(!shown.includes("4b") && !shown.includes("2d"), `${name}: ${shown}`);
  }
});

Deno.test("redact() leaves pieces alone that do not follow one another, prove little, or stand in a long text", () => {
  const alone = "first 4f9Qz7\nsecond Lr8WcD\n";
  const words = "a: sk-live\nb: live-\nc: live more\n";
  const long = `a: 4f9Qz7\nb: nothing\nc: Xb${"T"}2mLr\n${"a line of text\n".repeat(400)}`;
  for (const text of [alone, words, long]) assert.equal(masked(text), text);
  assert.equal(masked("a: sk-live-\nx: 4f9Qz7\nb: nothing\nc: XbT2mLr\n"), "a: ***\nx: ***\nb: nothing\nc: ***\n");
});

Deno.test("redact() leaves the first line of a key alone when it stands by itself, or far from a key", () => {
  const alone = `usage: a file that begins with\n${HEADER}\n`;
  assert.equal(masked(alone, KEY), alone);
  const far = `${alone}${"a line of text\n".repeat(40)}`;
  assert.equal(masked(`${far}${KEY}`, KEY), `${far}***`);
});

Deno.test("redact() reads a column in the order of numbers of any length", () => {
  for (const first of [1, 95, 9_999_990, 99_999_990, 999_999_990, 99_999_999_990]) {
    const lines = [...VALUE].map((char, i) => `no ${first + i}: ${char}`);
    // Every seventh one, and so on: no two that follow each other do.
    const shuffled = lines.map((_, i) => lines[(7 * i) % lines.length] as string);
    assert.equal(new Set(shuffled).size, lines.length);
    for (const cut of ["", `\nno ${first + lines.length}: `, `\nno ${first}`]) {
      const shown = masked(`${shuffled.join("\n")}${cut}`);
      assert.doesNotMatch(shown, /: \w/);
    }
  }
});

Deno.test("redact() reads the only row of a dump behind a prompt, below which the last offset stands", () => {
  const row = [...VALUE.slice(0, 16)].map((char) => char.charCodeAt(0).toString(16)).join(" ");
  for (const offset of ["0000020", "00000010"]) {
    const shown = masked(`user@host:~$ 00000000 ${row}\n${offset}\n`);
    assert.ok(!shown.includes("6c 69 76 65"), shown);
  }
});

Deno.test("redact() reads the rows of a dump from the first on, behind a prompt too", () => {
  const hex = (text: string): string => [...text].map((c) => c.charCodeAt(0).toString(16)).join(" ");
  const rows = VALUE.match(/.{1,8}/g) ?? [];
  const dump = rows.map((row, i) => `${(8 * i).toString(16).padStart(8, "0")}: ${hex(row).padEnd(23)}  ${row}`);
  for (const prompt of ["", "> ", "user@host:~$ ", "\x1b[?2004h> )\r\n\x1b[?2004l\r"]) {
    for (const lineEnd of ["\n", "\r\n"]) {
      const shown = masked(`${prompt}${dump.join(lineEnd)}${lineEnd}`);
      assert.ok(!shown.includes("73 6b 2d 6c") && !shown.includes("sk-live"), shown);
    }
  }
});

Deno.test("redact() masks noughts and ones from the first group on, however far from others they begin", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  for (const width of [7, 8]) {
    const groups = [...VALUE].map((char) => char.charCodeAt(0).toString(2).padStart(width, "0")).join(" ");
    for (let before = 0; before < 80; before++) {
      const text = "-".repeat(before);
      assert.equal(redactor.redact(`${text}${groups}\n`), `${text}***\n`);
    }
  }
});

Deno.test("redact() masks noughts and ones in lines of which some have several bytes", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  const bytes = [...VALUE].map((char) => char.charCodeAt(0).toString(2).padStart(8, "0"));
  const joined = (from: number, to: number): string => bytes.slice(from, to).join("");
  const leftOf = (text: string): number => redactor.redact(text).replace(/\s|\*\*\*/g, "").length;
  for (const ahead of ["", `${"0110".repeat(7)}\n`, `${"01101110\n".repeat(5)}`]) {
    for (const other of [0, 3, 6, 8]) {
      for (let together = 2; together <= 12; together++) {
        const end = other + together;
        const lines = [
          ...bytes.slice(0, other),
          joined(other, end),
          ...bytes.slice(end, end + 4),
          joined(end + 4, end + 7),
        ];
        const text = `${ahead}${[...lines, ...bytes.slice(end + 7)].join("\n")}\n`;
        assert.ok(leftOf(text) <= ahead.replaceAll("\n", "").length, text);
      }
    }
  }
  for (const before of ["1", "1011100"]) {
    for (let together = 2; together <= 12; together++) {
      const text = [before + joined(0, together), ...bytes.slice(together)].join("\n");
      assert.ok(leftOf(text) <= before.length, text);
    }
  }
});

Deno.test("redact() masks a value on short lines with numbers before it, wherever in a line a long text ends", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  const ahead = "a line of ordinary text\n".repeat(120);
  const layouts: ((char: string, i: number) => string)[] = [
    (char, i) => ` ${12 + i % 2}\t${char}`,
    (char, i) => `${(7 * i) % 10} ${char}`,
    (char, i) => `${i}:${char}`,
    (char, i) => `${i % 3 + 1}${char}`,
  ];
  for (const layout of layouts) {
    const lines = [...VALUE, ...VALUE].map(layout);
    for (const cut of ["", ...[1, 2, 3, 4].map((length) => layout("x", 3).slice(0, length))]) {
      const shown = redactor.redact(`${ahead}${lines.join("\n")}\n${cut}`).slice(ahead.length);
      const { length } = longestRecoverable(new TextEncoder().encode(shown), VALUE);
      assert.ok(length < LEAK_LENGTH && shown.includes("***"), `${length} characters: ${shown}`);
    }
  }
});

Deno.test("redact() reads rows of characters that stand behind an offset", () => {
  const rows = VALUE.match(/.{1,4}/g) ?? [];
  const dump = rows.map((row, i) => `${(4 * i).toString(8).padStart(7, "0")}   ${[...row].join("   ")}`).join("\n");
  const { length } = longestRecoverable(new TextEncoder().encode(masked(`${dump}\n`)), VALUE);
  assert.ok(length < LEAK_LENGTH, `${length} characters`);
});

Deno.test("redact() reads rows in which characters that cannot be shown have names or numbers", () => {
  const value = "a b\ncd 7\tX2 \u00e9Qz\u001bLr8 WcD k9";
  const names = new Map(Object.entries({ " ": " sp", "\n": " nl", "\t": " ht", "\u001b": "esc" }));
  const escapes = new Map(Object.entries({ "\n": " \\n", "\t": " \\t", "\u001b": "033" }));
  for (const known of [names, escapes]) {
    const cells = [...new TextEncoder().encode(value)].map((byte) => {
      const char = String.fromCharCode(byte);
      return " " + (known.get(char) ?? (byte < 0x80 ? char : byte.toString(8))).padStart(3);
    });
    const rows = pieces(cells.join(""), 32).map((row, i) => `${(8 * i).toString(8).padStart(7, "0")}${row}\n`);
    assert.equal(masked(rows.join(""), value), "0000000***\n");
    const other = rows.join("").replaceAll("X", "Y").replaceAll("Q", "R").replaceAll("L", "M").replaceAll("W", "V");
    assert.equal(masked(other, value), other);
  }
});

Deno.test("redact() takes nothing from a dump that it has read before for what a row of characters shows", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  const words = [...VALUE.slice(0, 16)].map((char) => char.charCodeAt(0).toString(16)).join("").replace(
    /(..)(..)/g,
    " $2$1",
  );
  assert.equal(redactor.redact(`0000000${words}\n`), "0000000 ***\n");
  const rows = `0000000${"   z".repeat(16)}\n0000020 7a7a 7a7a 7a7a 7a7a\n0000030\n`;
  assert.equal(redactor.redact(rows), rows);
});

Deno.test("redact() masks the marks of a value too in a list of numbered characters", () => {
  const value = `p'7TEz2"fVv\\ihy$mh&<oZbl>/+%=kQbMAql eH`;
  const quoted = (c: string): string => c === "'" ? `"'"` : `'${c === "\\" ? "\\\\" : c}'`;
  for (
    const item of [(c: string, i: number) => `(${i}, ${quoted(c)})`, (c: string, i: number) => `${i}: ${quoted(c)}`]
  ) {
    const shown = masked(`words (${[...value].map(item).join(", ")}) words\n`, value);
    assert.ok(longestRecoverable(shown, value).length < LEAK_LENGTH, shown);
    const other = `words (${[...value].toSorted().map(item).join(", ")}) words\n`;
    assert.equal(masked(other, value), other);
  }
});

/** Ways to lay out a value that need more than one line, or more than one record, to be read. */
const LAYOUTS: Record<string, (value: string) => string> = {
  "as a list of places and characters": (v) => `[${[...v].map((c, i) => `(${i}, '${c}')`).join(", ")}]`,
  "as a list in another order": (v) => {
    const list = [...v].map((c, i) => `(${i}, '${c}')`);
    return `{${list.toSorted((a, b) => reverse(a) < reverse(b) ? -1 : 1).join(", ")}}`;
  },
  "behind numbers that touch it": (v) => [...v].map((c, i) => `${String(i + 1).padStart(2, "0")}${c}`).join("\n"),
  "as digits behind numbers": (v) => pieces(hex(v), 4).map((p, i) => `${i + 1}\t${p}`).join("\n"),
  "as digits behind offsets": (v) => pieces(hex(v), 6).map((p, i) => `${6 * i}: ${p},`).join("\n"),
  "as digits between words, with a prompt behind the last": (v) =>
    `${pieces(hex(v), 4).map((p) => `chunk ${p} end`).join("\n")}user@host:~$ `,
  "as digits between words": (v) => pieces(hex(v), 4).map((p) => `chunk ${p} end`).join("\n"),
  "as a map of places to characters": (v) => JSON.stringify({ ...[...v] }),
  "as elements that are set one by one": (v) => [...v].map((c) => `a[${c}]=1 `).join(""),
  "between the same words": (v) => [...v].join(" and "),
  "between different words": (v) => [...v].map((c, i) => `${WORDS[i % WORDS.length]} ${c}`).join(" "),
  "with the code of each character": (v) => `[${[...v].map((c) => `('${c}', ${c.charCodeAt(0)})`).join(", ")}]`,
  "as objects over lines": (v) => JSON.stringify([...v].map((value, key) => ({ key, value })), null, 2),
  "by a loop that a shell traces": (v) => [...v].map((c) => `+ (( i<26 ))\n+ echo ${c}\n${c}\n+ (( i++ ))\n`).join(""),
  "with a line after each character": (v) => [...v].map((c) => `${c}\nok\n`).join(""),
  "between two lines": (v) => [...v].map((c) => `start\n${c}\nend\n`).join(""),
  "beside their codes": (v) => [...v].map((c) => `${c} ${c.charCodeAt(0)} ${c.charCodeAt(0).toString(8)}\n`).join(""),
  "behind different words, a line each": (v) => [...v].map((c, i) => `${WORDS[i % WORDS.length]} ${c}\n`).join(""),
  "with the same letter after each character": (v) => v.replace(/./g, "$&x"),
  "with the same digits before each character": (v) => v.replace(/./g, "10$&"),
  "with the same escape before each character": (v) => v.replace(/./g, "\\u0041$&"),
  "in escapes with the same one before each": (v) => [...v].map((c) => `%41%${c.charCodeAt(0).toString(16)}`).join(""),
  "in escapes of which each has a byte too many": (v) =>
    [...v].map((c) => `\\u${c.charCodeAt(0).toString(16)}00`).join(""),
  "with letters after each number": (v) => [...v].map((c) => `${c.charCodeAt(0).toString(16)}h `).join(""),
  "in a notation with words in it": (v) => [...v].map((c) => `\\N{U+${c.charCodeAt(0).toString(16)}}`).join(""),
  "on lines that are reversed": (v) => pieces(v, 5).map(reverse).join("\n"),
  "on lines of which the last is the first": (v) => pieces(v, 6).toReversed().join("\n"),
  "on lines that overlap": (v) => Array.from({ length: v.length - 2 }, (_, i) => v.slice(i, i + 3)).join("\n"),
  "with a line between its pieces": (v) => pieces(v, 5).map((piece) => `got ${piece}\n-----\n`).join(""),
  "as objects with a piece in each": (v) => pieces(v, 7).map((p) => JSON.stringify({ p }, null, 2)).join("\n"),
  "in rows of a dump, with the characters below": (v) =>
    pieces(v, 6).map((p, i) => {
      const offset = (6 * i).toString(8).padStart(7, "0");
      return `${offset}${[...p].map((c) => `  ${c.charCodeAt(0).toString(16)}`).join("")}\n${" ".repeat(7)}${
        [...p].map((c) => c.padStart(4)).join("")
      }\n`;
    }).join(""),
  "numbered on lines of their own": (v) => [...v].map((c, i) => `${i + 1}\n${c}\n`).join(""),
  "in rows of digits behind their number": (v) => pieces(v, 7).map((p, i) => `     ${i + 1}\t ${digits(p)}\n`).join(""),
  "in rows of digits behind a short offset": (v) => pieces(v, 4).map((p, i) => `${4 * i}  ${digits(p)}\n`).join(""),
  "in rows of a trace, characters beside": (v) =>
    pieces(`GET / HTTP/1.1..X-Key: ${v}..`, 16).map((p, i) =>
      `${(16 * i).toString(16).padStart(4, "0")}: ${digits(p)} ${p}\n`
    ).join(""),
  "in rows of digits behind a time": (v) =>
    pieces(v, 6).map((p, i) =>
      `Jan  1 00:00:0${i} host app: ${(6 * i).toString(16).padStart(8, "0")}: ${digits(p)}  ${p}\n`
    )
      .join(""),
  "in pieces with names": (v) => pieces(v, 7).map((p, i) => `${"abcdef"[i]}: ${p}\n`).join(""),
  "in pieces between words": (v) => pieces(v, 7).join(" then "),
  "in pieces with a digest above each": (v) =>
    pieces(v, 6).map((p, i) => `${"0b1946ac92492d2347c6235b4d261118".slice(i)}  -\n${p}\n`).join(""),
  "in pieces, in messages": (v) => pieces(v, 6).map((p) => `ls: cannot access '/tmp/${p}': No such file\n`).join(""),
  "in pieces that overlap": (v) => pieces(v, 3).map((_, i) => `${v.slice(3 * i, 3 * i + 7)}\n`).join(""),
  "in pieces, each in base64": (v) => pieces(v, 7).map((p) => `${btoa(`${p}\n`)}\n`).join(""),
  "in pieces, each in digits": (v) => pieces(v, 6).map((p) => `${hex(p)}\n`).join(""),
  "in base64 over a dump": (v) =>
    pieces(btoa(`00000000: ${digits(v.slice(0, 16))}  ${v.slice(0, 16)}\n00000010: ${digits(v.slice(16))}\n`), 76).join(
      "\n",
    ),
  "numbered on a short line": (v) => [...v].map((c, i) => `${i}=${c} `).join(""),
  "in pairs from the last to the first": (v) => pieces(v, 2).reverse().join("\n"),
  "in squares": (v) => v.replace(/[a-z]/gi, (c) => String.fromCodePoint(0x1f130 + c.toLowerCase().charCodeAt(0) - 97)),
  "in a table that is read downwards": (v) => table([...v], 3, "\t"),
  "in a table of parts that is read downwards": (v) => table(v.match(/.{1,4}/g) as string[], 3, "   "),
};

const WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar".split(
  " ",
);

const digits = (text: string): string => hex(text).match(/../g)?.join(" ") ?? "";

const hex = (text: string): string => [...text].map((c) => c.charCodeAt(0).toString(16)).join("");

const pieces = (text: string, length: number): string[] => text.match(new RegExp(`.{1,${length}}`, "g")) as string[];

/** Cells in `columns` columns, one column after the other. */
function table(cells: string[], columns: number, separator: string): string {
  const rows = Math.ceil(cells.length / columns);
  return Array.from({ length: rows }, (_, row) => cells.filter((_, i) => i % rows === row).join(separator)).join("\n");
}

for (const [name, layout] of Object.entries(LAYOUTS)) {
  Deno.test(`redact() masks a value ${name}`, () => {
    for (const length of [24, 25, 26]) {
      const value = VALUE.slice(0, length);
      const text = layout(value);
      assert.ok(longestRecoverable(text, value).length >= LEAK_LENGTH, "the judge does not see it");
      const { length: left, via } = longestRecoverable(masked(text, value), value);
      assert.ok(left < LEAK_LENGTH, `${left} characters by ${via.join(", ")}: ${masked(text, value)}`);
    }
  });
}

Deno.test("redact() masks pieces in a short text that repeats what a value repeats", () => {
  const redactor = new Redactor();
  redactor.add(["abQd".repeat(16_384), "x".repeat(65_536), "Vn3kD0wRq6Ys1Hc5Tz8B"]);
  const text = `${"abQd ".repeat(600)}${"x ".repeat(200)}`;
  assert.match(redactor.redact(`Vn3kD, 0wRq6, Ys1Hc and 5Tz8B\n${text}`), /^\*\*\* and \*\*\*\n/);
});

Deno.test("redact() masks every byte of a value in rows of any number of groups of any width", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  for (const width of [1, 2, 4, 8]) {
    for (let columns = width; columns <= 24; columns += width) {
      for (const isTurned of [false, true]) {
        const shown: number[] = [];
        let text = "";
        const bytes = new TextEncoder().encode(`${"+".repeat(columns)}${VALUE}`);
        for (let row = 0; row < bytes.length; row += columns) {
          text += `${row.toString(16).padStart(8, "0")}: `;
          for (let at = row; at < Math.min(row + columns, bytes.length); at += width) {
            const group = [...bytes.subarray(at, Math.min(at + width, row + columns))];
            for (const byte of isTurned ? group.reverse() : group) {
              if (byte !== 0x2b) shown.push(text.length);
              text += byte.toString(16).padStart(2, "0");
            }
            // As hexdump -C has it.
            text += width === 1 && at - row === 7 ? "  " : " ";
          }
          text += " |................|\n";
        }
        const spans = redactor.find(new TextEncoder().encode(text));
        const isMasked = (at: number): boolean => spans.some(({ start, end }) => start <= at && at + 2 <= end);
        assert.deepEqual(shown.filter((at) => !isMasked(at)), [], `${width} ${columns} ${isTurned}\n${text}`);
      }
    }
  }
});

Deno.test("redact() masks hexadecimal rows behind decimal offsets that get more digits, whatever stands behind them", () => {
  const long = "some ordinary words of prose\n".repeat(400);
  for (const value of [VALUE, "sk-live-SywLgTQxIDUc2Qal"]) {
    const digits = [...value].map((char) => char.charCodeAt(0).toString(16));
    for (const columns of [2, 3, 4, 5, 6, 8]) {
      const rows = Array.from({ length: Math.ceil(digits.length / columns) }, (_, row) => {
        return `${columns * row}  ${digits.slice(columns * row, columns * (row + 1)).join(" ")}\n`;
      }).join("");
      for (const text of [`${rows}  0x00000150 2d2d\n`, long + rows, rows + long]) {
        const shown = masked(text, value);
        assert.ok(longestRecoverable(shown, value).length < LEAK_LENGTH, shown.replaceAll(long, "…\n"));
      }
    }
  }
});

Deno.test("redact() masks a value in escapes of which a few at a time are in base64, and nothing of the text after it", () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  const escaped = [...VALUE].map((char) => `%${char.charCodeAt(0).toString(16)}`);
  const parts = Array.from({ length: 7 }, (_, i) => btoa(escaped.slice(4 * i, 4 * i + 4).join("")));
  const harmless = "nothing here is a value, nor was it decoded; ".repeat(8);
  const shown = redactor.redact(parts.map((part, i) => `${i}: ${part}`).join("\n"));
  assert.ok(!parts.some((part) => shown.includes(part)), shown);
  assert.equal(redactor.redact(harmless), harmless);
});

Deno.test("redact() masks a compressed blob of any kind of block, whatever looks like one before it", () => {
  const text = `export TOKEN=${VALUE}\n`;
  const packed = [...[0, 1, 9].map((level) => gzipSync(text, { level })), deflateSync(text)];
  const blobs = packed.flatMap((bytes) => {
    const hex = bytes.toString("hex");
    return [bytes.toString("base64"), hex, hex.toUpperCase()];
  });
  for (const blob of blobs) {
    const shown = masked(`H4sIAAAAH4sIAAAAH4sIAAAAH4sI <${blob}>`);
    assert.ok(shown.endsWith("<***>"), shown);
  }
  const named = gzipSync(text);
  named[3] = 8;
  const whole = Buffer.concat([named.subarray(0, 10), Buffer.from("name\0"), named.subarray(10)]).toString("base64");
  assert.equal(masked(`<${whole}>`), "<***>");
});

Deno.test("redact() masks a value in escapes in a text that is little else than marks of escapes", () => {
  const marks = "%\\&=\x1b\b<>;#x41u";
  const noise = Array.from({ length: 3000 }, (_, i) => marks[(i * i * 7 + i * 13) % 89 % marks.length]).join("");
  for (const form of [(byte: number) => `%${byte.toString(16)}`, (byte: number) => `&#${byte};`]) {
    const escaped = [...VALUE].map((char) => form(char.charCodeAt(0))).join("");
    const shown = masked(`${noise} ${escaped} ${noise}`);
    assert.ok(!shown.includes(escaped) && shown.includes("***"), escaped);
    assert.ok(shown.startsWith(noise.slice(0, 2500)) && shown.endsWith(noise.slice(500)), escaped);
  }
});

Deno.test("redact() masks pieces in a numbered list whatever long lines stand before, behind and between them", () => {
  const numbered = (lines: string[]): string =>
    lines.map((line, i) => `${String(i + 1).padStart(6)}\t${line}\n`).join("");
  const long = "a line wider than any column";
  // In short texts pieces are found wherever they stand.
  const prose = "some words that nobody has to look at twice\n".repeat(120);
  for (const shown of [VALUE, btoa(VALUE)]) {
    for (const width of [3, 5, 7]) {
      const pieces = shown.match(new RegExp(`.{1,${width}}`, "g")) as string[];
      for (const lines of [[long, ...pieces], [...pieces, long], [long, long, ...pieces, long]]) {
        const out = masked(prose + numbered(lines));
        const left = pieces.filter((piece) => piece.length === width && out.includes(`\t${piece}\n`));
        assert.deepEqual(left, [], out);
        assert.ok(out.includes(long), out);
      }
    }
  }
});

Deno.test("redact() masks a value dealt out over long lines of which some come again, wherever in them it stands", () => {
  const value = "ssk--444fQz77XbT2mLLr8WcDkk";
  const redactor = new Redactor();
  redactor.add([value]);
  // In short texts pieces are found wherever they stand.
  const prose = "some words that nobody has to look at twice\n".repeat(120);
  const looks: Record<string, [look: (shown: string) => string, of: (char: string) => string, last: string]> = {
    "at the end": [(shown) => `the beginning of a long line: ${shown}`, (char) => char, "the"],
    "in the midst": [(shown) => `the beginning of 12 long lines is ${shown} and the end of them`, (char) => char, ""],
    "behind a number": [(shown) => `the beginning of a line, number 7: ${shown}`, (char) => char, "the beginning of"],
    "as a number": [
      (shown) => `the beginning of a long line, number ${shown}`,
      (char) => String(char.charCodeAt(0)),
      "the beginning of a",
    ],
  };
  for (const [name, [look, of, last]] of Object.entries(looks)) {
    const rows = [...value].map((char) => `${look(of(char))}\n`).join("");
    const shown = redactor.redact(`${prose}${rows}${last}`);
    assert.equal(shown, `${prose}${`${look("***")}\n`.repeat(value.length)}${last}`, name);
  }
});

Deno.test("redact() masks a value in a list of lists of which several stand on each line", () => {
  for (const perLine of [2, 3, 4]) {
    const items = Array.from(VALUE, (char, i) => `  [ ${i}, '${char}' ],${(i + 1) % perLine === 0 ? "\n" : ""}`);
    const shown = masked(`[\n${items.join("")}\n]\n`);
    assert.ok(longestRecoverable(shown, VALUE).length < LEAK_LENGTH, shown);
  }
});
