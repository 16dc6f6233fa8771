import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { deflateSync, gzipSync } from "node:zlib";
import { ebcdic } from "../../lib/secrets/encodings.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { assertMasked, base64, bytes, each, hex, masked, reverse, rot13, VALUE } from "../support/masked.ts";

const SPECIAL = `p@"s\\w$o&r<d>1/2+3%4=5 6'7kZq`;
const MULTILINE = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n" +
  "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\nMzEfYyjiWA4R4/M2bS1GB4t7NXp98C3S\n-----END PRIVATE KEY-----";

function pack(input: Uint8Array, bits: number, alphabet: string): string {
  let out = "";
  let [buffer, held] = [0, 0];
  for (const byte of input) {
    buffer = (buffer << 8) | byte;
    for (held += 8; held >= bits; held -= bits) {
      out += alphabet[(buffer >> (held - bits)) & (2 ** bits - 1)];
    }
    buffer &= 0xff;
  }
  return held > 0 ? out + alphabet[(buffer << (bits - held)) & (2 ** bits - 1)] : out;
}

function words(text: string, size: number, base: number, width: number): string {
  const padded = Buffer.concat([bytes(text), Buffer.alloc((size - (bytes(text).length % size)) % size)]);
  const out: string[] = [];
  for (let at = 0; at < padded.length; at += size) {
    out.push(padded.readUIntLE(at, size).toString(base).padStart(width, "0"));
  }
  return out.join(" ");
}

function bigWords(text: string, size: number, base: number, width: number): string {
  const swapped = Buffer.concat([bytes(text), Buffer.alloc((size - (bytes(text).length % size)) % size)]);
  for (let at = 0; at < swapped.length; at += size) swapped.subarray(at, at + size).reverse();
  return words(swapped.toString("latin1"), size, base, width);
}

function base85(text: string, alphabet: string): string {
  let out = "";
  for (let at = 0; at + 4 <= text.length; at += 4) {
    let number = bytes(text).readUInt32BE(at);
    let group = "";
    for (let i = 0; i < 5; i++) {
      group = alphabet[number % 85] + group;
      number = Math.floor(number / 85);
    }
    out += group;
  }
  return out;
}

/** Forms in which next to nothing of the value may be left: name and text. */
const FORMS: Record<string, (value: string) => string> = {
  "as it is": (v) => v,
  "in capitals": (v) => v.toUpperCase(),
  "in small letters": (v) => v.toLowerCase(),
  "inside a word": (v) => `x${v}y`,
  "three times in a row": (v) => v + v + v,
  "base64": base64,
  "base64 after one byte": (v) => base64("a" + v),
  "base64 after two bytes": (v) => base64("ab" + v),
  "base64 of a header": (v) => base64("user:" + v),
  "base64 before more": (v) => base64(v + ":tail"),
  "base64url": (v) => bytes(v).toString("base64url"),
  "base64 folded": (v) => base64(v).replace(/(.{7})/g, "$1\n"),
  "base64 with percent-encoding": (v) => encodeURIComponent(base64(v)),
  "base64 in JSON": (v) => JSON.stringify({ token: base64(v) }).replaceAll("/", "\\/"),
  "base64 of base64": (v) => base64(base64(v)),
  "base64 of base64 of a header": (v) => base64("x" + base64("user:" + v)),
  "base64 of hex": (v) => base64(bytes(v).toString("hex")),
  "base64 of UTF-16": (v) => Buffer.from(v, "utf16le").toString("base64"),
  "base64 of JSON": (v) => base64(JSON.stringify({ token: v })),
  "base64 reversed": (v) => reverse(base64(v)),
  "base64 through rot13": (v) => rot13(base64(v)),
  "base32": (v) => pack(bytes(v), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
  "base32 after bytes": (v) => pack(bytes("abc" + v), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").toLowerCase(),
  "base32hex": (v) => pack(bytes(v), 5, "0123456789ABCDEFGHIJKLMNOPQRSTUV"),
  "hex": (v) => bytes(v).toString("hex"),
  "hex in capitals": (v) => bytes(v).toString("hex").toUpperCase(),
  "hex with colons": (v) => each(v, hex, ":"),
  "hex with blanks": (v) => each(v, hex, " "),
  "hex with 0x": (v) => each(v, (b) => "0x" + hex(b), ", "),
  "hex reversed": (v) => reverse(bytes(v).toString("hex")),
  "hex of the reversed value": (v) => bytes(reverse(v)).toString("hex"),
  "hex of base64": (v) => bytes(base64(v)).toString("hex"),
  "hex of UTF-16": (v) => Buffer.from(v, "utf16le").toString("hex"),
  "hex words, little-endian": (v) => words(v, 2, 16, 4),
  "hex long words, little-endian": (v) => words(v, 4, 16, 8),
  "hex long words with 0x, little-endian": (v) => words(v, 4, 16, 8).replace(/\S+/g, "0x$&,"),
  "hex short words with 0x, little-endian": (v) => words(v, 2, 16, 4).replace(/\S+/g, "0x$&"),
  "hex long words, little-endian, behind a character": (v) => words("x" + v, 4, 16, 8),
  "hex long words with 0x, little-endian, behind three characters": (v) =>
    words("abc" + v, 4, 16, 8).replace(/\S+/g, "0x$&"),
  "hex long words with 0x, behind three characters": (v) =>
    bytes("abc" + v).toString("hex").replace(/.{1,8}/g, "0x$& "),
  "hex escapes with braces and zeros": (v) => each(v, (b) => `\\x{00${hex(b)}}`),
  "hex long words with 0x": (v) => bytes(v).toString("hex").replace(/.{1,8}/g, "0x$&, "),
  "hex with the digits of each byte swapped": (v) => bytes(v).toString("hex").replace(/(.)(.)/g, "$2$1"),
  "octal words": (v) => words(v, 2, 8, 6),
  "decimal words": (v) => words(v, 2, 10, 0),
  "big-endian decimal words": (v) => bigWords(v, 2, 10, 0),
  "big-endian octal words": (v) => bigWords(v, 2, 8, 6),
  "long decimal words": (v) => words(v, 4, 10, 0),
  "long decimal words, big-endian": (v) => bigWords(v, 4, 10, 0),
  "long octal words": (v) => words(v, 4, 8, 11),
  "decimal words of eight bytes": (v) =>
    [...new BigUint64Array(Uint8Array.from(bytes(v.slice(0, 24))).buffer)].join(" "),
  "decimal bytes": (v) => each(v, (b) => b.toString(), " "),
  "decimal bytes, padded": (v) => each(v, (b) => b.toString().padStart(4, " "), ""),
  "decimal bytes in a list": (v) => JSON.stringify([...bytes(v)]),
  "octal bytes": (v) => each(v, (b) => b.toString(8).padStart(3, "0"), " "),
  "octal bytes, one a line": (v) => each(v, (b) => b.toString(8), "\n"),
  "octal escapes": (v) => each(v, (b) => "\\" + b.toString(8).padStart(3, "0")),
  "hex escapes": (v) => each(v, (b) => "\\x" + hex(b)),
  "hex escapes in JSON": (v) => JSON.stringify(each(v, (b) => "\\x" + hex(b))),
  "unicode escapes": (v) => each(v, (b) => "\\u00" + hex(b)),
  "unicode escapes with braces": (v) => each(v, (b) => `\\u{${hex(b)}}`),
  "U+ notation": (v) => each(v, (b) => "U+00" + hex(b), " "),
  "percent-encoding in full": (v) => each(v, (b) => "%" + hex(b)),
  "percent-encoding twice": (v) => each(v, (b) => "%25" + hex(b)),
  "percent-encoding in part": (v) => each(v, (b, i) => i % 3 === 1 ? "%" + hex(b) : String.fromCharCode(b)),
  "percent-encoding with u": (v) => each(v, (b) => "%u00" + hex(b)),
  "HTML decimal": (v) => each(v, (b) => `&#${b};`),
  "HTML hex": (v) => each(v, (b) => `&#x${hex(b)};`),
  "HTML in part": (v) => each(v, (b, i) => i % 2 === 0 ? `&#${b};` : String.fromCharCode(b)),
  "HTML twice": (v) => each(v, (b) => `&amp;#${b};`),
  "quoted-printable in full": (v) => each(v, (b) => "=" + hex(b).toUpperCase()),
  "quoted-printable with soft breaks": (v) => v.replace(/(.{5})/g, "$1=\n"),
  "reversed": reverse,
  "rot13": rot13,
  "rot13 of the small letters": (v) => v.replace(/[a-z]/g, rot13),
  "rot13 reversed": (v) => reverse(rot13(v)),
  "rot47": (v) =>
    each(v, (b) => b > 32 && b < 127 ? String.fromCharCode(33 + ((b - 33 + 47) % 94)) : String.fromCharCode(b)),
  "digits turned": (v) => v.replace(/[0-9]/g, (digit) => `${(Number(digit) + 5) % 10}`),
  "the next letters": (v) => v.replace(/[a-z]/gi, (c) => /z/i.test(c) ? "a" : String.fromCharCode(c.charCodeAt(0) + 1)),
  "the next characters": (v) => each(v, (b) => String.fromCharCode(b + 1)),
  "each character twice": (v) => v.replace(/./g, "$&$&"),
  "blanks between": (v) => [...v].join(" "),
  "commas between": (v) => [...v].join(","),
  "bars between": (v) => [...v].join("|"),
  "dashes between": (v) => [...v].join("-"),
  "NULs between": (v) => [...v].join("\0"),
  "C0 controls between": (v) => [...v].join("\x01"),
  "zero-width spaces between": (v) => [...v].join("\u200b"),
  "one character a line": (v) => [...v].join("\n"),
  "three characters a line": (v) => v.replace(/(...)/g, "$1\n"),
  "seven characters a line, CRLF": (v) => v.replace(/(.{7})/g, "$1\r\n"),
  "wrapped by readline": (v) => v.replace(/(.{9})/g, "$1 \r"),
  "a list of characters": (v) => `[${[...v].map((c) => `'${c}'`).join(", ")}]`,
  "a JSON list of characters": (v) => JSON.stringify([...v]),
  "a JSON list over lines": (v) => JSON.stringify([...v], null, 2),
  "full width": (v) => each(v, (b) => b > 32 ? String.fromCharCode(b + 0xfee0) : " "),
  "mathematical bold": (v) =>
    [...v].map((c) => /[a-z]/.test(c) ? String.fromCodePoint(0x1d41a + c.charCodeAt(0) - 97) : c).map((c) =>
      /[A-Z]/.test(c) ? String.fromCodePoint(0x1d400 + c.charCodeAt(0) - 65) : c
    ).join(""),
  "colour after each character": (v) => [...v].join("\x1b[0m"),
  "colour around a part": (v) => `${v.slice(0, 5)}\x1b[01;31m\x1b[K${v.slice(5, 9)}\x1b[m\x1b[K${v.slice(9)}`,
  "cursor addressing between": (v) => [...v].map((c, i) => `\x1b[2;${i}H${c}`).join(""),
  "hyperlinks between": (v) => [...v].join("\x1b]8;;http://x/\x1b\\"),
  "a window title": (v) => `\x1b]0;${v}\x07`,
  "backspaces over noise": (v) => [...v].map((c) => `x\b${c}`).join(""),
  "percent-encoding, with a backspace after each character": (v) => each(v, (b) => `%${hex(b)}\b`),
  "hex escapes, and behind them backspaces": (v) => each(v, (b) => `\\x${hex(b)}`) + "\b".repeat(20),
  "escapes of two kinds, and on the next line backspaces": (v) =>
    each(v, (b) => b % 2 ? `%${hex(b)}` : `\\x${hex(b)}`) + "\n" + "\b".repeat(20),
  "overstruck": (v) => [...v].map((c) => `${c}\b${c}`).join(""),
  "bits": (v) => each(v, (b) => b.toString(2).padStart(8, "0")),
  "bits in groups": (v) => each(v, (b) => b.toString(2).padStart(8, "0"), " "),
  "bits in groups of six": (v) => each(v, (b) => b.toString(2).padStart(8, "0")).replace(/.{6}/g, "$& "),
  "bits, wrapped": (v) => each(v, (b) => b.toString(2).padStart(8, "0")).replace(/.{76}/g, "$&\n"),
  "bits in a list": (v) => `[${each(v, (b) => `'0b${b.toString(2)}'`, ", ")}]`,
  "one decimal number": (v) => BigInt("0x" + bytes(v).toString("hex")).toString(),
  "hex of UTF-32": (v) => each(v, (b) => hex(b) + "000000"),
  "base64 three times": (v) => base64(base64(base64(v))),
  "base32 in base64": (v) => base64(pack(bytes(v), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
  "base64 of the capitals": (v) => base64(v.toUpperCase()),
  "base64 of letters in the other case": (v) =>
    base64(v.replace(/[a-z]/gi, (c) => c < "a" ? c.toLowerCase() : c.toUpperCase())),
  "base32 of base64": (v) => pack(bytes(base64(v)), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
  "zlib in base64, packed harder": (v) => deflateSync(v, { level: 9 }).toString("base64"),
  "gzip in hex": (v) => gzipSync(v).toString("hex").replace(/.{60}/g, "$&\n"),
  "markup around each character": (v) => [...v].map((c) => `<b>${c}</b>`).join(""),
  "zlib in base64": (v) => deflateSync(v).toString("base64"),
  "Ascii85": (v) => base85(v, Array.from({ length: 85 }, (_, i) => String.fromCharCode(33 + i)).join("")),
  "odd and even characters": (v) => [0, 1].map((k) => [...v].filter((_, i) => i % 2 === k).join("")).join("\n"),
  "swapped pairs": (v) => v.replace(/(.)(.)/g, "$2$1"),
  "ebcdic in hex": (v) =>
    each(v, (b) => {
      const c = String.fromCharCode(b);
      const rest = c.toLowerCase().charCodeAt(0) - 97;
      if (/[0-9]/.test(c)) return hex(0xf0 + Number(c));
      if (!/[a-z]/i.test(c)) return "60";
      const low = rest < 9 ? 0x81 + rest : rest < 18 ? 0x91 + rest - 9 : 0xa2 + rest - 18;
      return hex(/[A-Z]/.test(c) ? low + 0x40 : low);
    }),
};

for (const [name, form] of Object.entries(FORMS)) {
  Deno.test(`redact() masks a value ${name}`, () => {
    for (const length of [24, 25, 26]) assertMasked(name, form(VALUE.slice(0, length)), VALUE.slice(0, length));
  });
}

const QUOTED: Record<string, (value: string) => string> = {
  "as it is": (v) => v,
  "JSON": (v) => JSON.stringify(v),
  "JSON in JSON": (v) => JSON.stringify(JSON.stringify({ v })),
  "single quotes": (v) => `'${v.replaceAll("'", `'\\''`)}'`,
  "single quotes, dash": (v) => `'${v.replaceAll("'", `'"'"'`)}'`,
  "double quotes": (v) => `"${v.replace(/[\\"$`]/g, "\\$&")}"`,
  "printf %q": (v) => v.replace(/[^A-Za-z0-9_@%+=:,./-]/g, "\\$&"),
  "$'..'": (v) => `$'${v.replace(/['\\]/g, "\\$&")}'`,
  "doubled dollars": (v) => v.replaceAll("$", "$$$$"),
  "HTML": (v) =>
    v.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll(
      "'",
      "&#x27;",
    ),
  "percent-encoding": (v) => encodeURIComponent(v),
  "form encoding": (v) => encodeURIComponent(v).replaceAll("%20", "+"),
  "quoted-printable": (v) => v.replaceAll("=", "=3D"),
  "base64": base64,
  "blanks between": (v) => [...v].join(" "),
};

for (const [name, form] of Object.entries(QUOTED)) {
  Deno.test(`redact() masks a value full of marks in ${name}`, () => assertMasked(name, form(SPECIAL), SPECIAL));
}

const LINES: Record<string, (value: string) => string> = {
  "as it is": (v) => v,
  "CRLF": (v) => v.replaceAll("\n", "\r\n"),
  "JSON": (v) => JSON.stringify(v),
  "one of its lines": (v) => v.split("\n")[2] as string,
  "indented": (v) => v.replaceAll("\n", "\n      "),
  "base64": base64,
  "numbered lines": (v) => v.split("\n").map((line, i) => `${i}: ${line}`).slice(1, -1).join("\n"),
};

for (const [name, form] of Object.entries(LINES)) {
  Deno.test(`redact() masks a value of several lines as ${name}`, () => {
    const out = masked(form(MULTILINE), MULTILINE);
    for (const line of MULTILINE.split("\n").slice(1, -1)) {
      for (let at = 0; at + 8 <= line.length; at++) assert.ok(!out.includes(line.slice(at, at + 8)), out);
    }
  });
}

/** The value on many lines; what is read downwards must not show it. */
const COLUMNS: Record<string, (parts: string[]) => string> = {
  "numbered by nl": (parts) => parts.map((part, i) => `${String(i + 1).padStart(6)}\t${part}`).join("\n"),
  "numbered with colons": (parts) => parts.map((part, i) => `${i + 1}: ${part}`).join("\n"),
  "numbered and shuffled": (parts) =>
    parts.map((part, i) => `${i + 1}: ${part}`).sort((a, b) => a.slice(-1) < b.slice(-1) ? -1 : 1).join("\n"),
  "inside sentences": (parts) => parts.map((part) => `chunk ${part} done`).join("\n"),
  "as fields of JSON": (parts) => parts.map((part) => `  {"part": "${part}"},`).join("\n"),
  "in log lines": (parts) => parts.map((part, i) => `2026-01-01 10:00:0${i % 10} INFO got ${part} ok`).join("\n"),
};

for (const [name, form] of Object.entries(COLUMNS)) {
  for (const width of [1, 2, 6]) {
    Deno.test(`redact() masks a value ${name}, ${width} characters a line`, () => {
      const parts = VALUE.match(new RegExp(`.{1,${width}}`, "g")) as string[];
      const shown = masked(form(parts)).split("***").join("");
      const left = parts.filter((part) => /[a-z]/i.test(part) && shown.includes(form([part]).trim().slice(-width - 6)));
      assert.ok(left.length * width < 8, `left over ${left}`);
    });
  }
}

Deno.test("redact() masks rows of a dump of any width", () => {
  for (const columns of [1, 3, 4, 5, 7, 8, 16]) {
    const rows: string[] = [];
    for (let at = 0; at < VALUE.length; at += columns) {
      const row = VALUE.slice(at, at + columns);
      rows.push(`${at.toString(16).padStart(8, "0")}: ${each(row, hex, " ").padEnd(columns * 3)}  ${row}`);
    }
    const out = masked(rows.join("\n"));
    const digits = out.split("\n").map((row) => row.slice(10, 10 + columns * 3).replace(/[^0-9a-f]/g, "")).join("");
    assert.ok(digits.length < 16, `${columns} columns: ${out}`);
  }
});

Deno.test("redact() masks decimal rows in which short numbers leave two blanks, and the characters beside them", () => {
  const rows = VALUE.match(/.{1,6}/g)!.map((row, i) =>
    `${(6 * i).toString(16).padStart(6, "0")}${each(row, (b) => b.toString().padStart(4), "").padEnd(24)}  >${row}<`
  );
  const out = masked(rows.join("\n"));
  for (const row of rows.slice(0, 4)) assert.ok(!out.includes(row.slice(7, 24)) && !out.includes(row.slice(-7)), out);
});

Deno.test("redact() masks pieces in files that are shown one after the other, each under its name or behind it", () => {
  for (const width of [2, 4, 7]) {
    const pieces = VALUE.match(new RegExp(`.{1,${width}}`, "g")) as string[];
    const names = pieces.map((_, i) => `/tmp/xa${String.fromCharCode(97 + i)}`);
    const shown = {
      head: pieces.map((piece, i) => `==> ${names[i]} <==\n${piece}\n`).join("\n"),
      "head of files without line ends": pieces.map((piece, i) => `==> ${names[i]} <==\n${piece}`).join("\n"),
      "grep -H": pieces.map((piece, i) => `${names[i]}:${piece}`).join("\n"),
      assignments: ["a line", ...pieces.map((piece, i) => `part${i}${i + 1}=${piece}`)].join("\n"),
    };
    for (const [name, text] of Object.entries(shown)) {
      const out = masked(text);
      for (const piece of pieces.slice(0, -1)) {
        assert.ok(!out.includes(`\n${piece}\n`) && !out.includes(`:${piece}\n`), `${name}: ${out}`);
      }
    }
  }
});

/** Rows of `width` bytes each, as `xxd -p` with offsets. */
function rows(shown: Uint8Array, width: number): string[] {
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += width) {
    lines.push(`${at.toString(16).padStart(8, "0")}: ${[...shown.subarray(at, at + width)].map(hex).join(" ")}`);
  }
  return lines;
}

/** The digits that are left of rows, without their offsets. */
const digitsOf = (text: string): string => text.replace(/^\w+:/gm, "").replace(/[^0-9a-f]/g, "");

Deno.test("redact() masks a dump whose last row is cut anywhere", () => {
  const dump = rows(bytes(`key=${VALUE}`), 6).join("\n");
  for (let cut = dump.length - 20; cut <= dump.length; cut++) {
    const out = masked(dump.slice(0, cut));
    assert.ok(longestShown(digitsOf(out), each(VALUE, hex)) < 16, out);
  }
});

Deno.test("redact() masks a dump in EBCDIC, which no reading of its bytes shows", () => {
  const turned = bytes(VALUE).map(ebcdic);
  for (const width of [3, 5, 6]) {
    const out = masked(rows(turned, width).join("\n"));
    assert.ok(longestShown(digitsOf(out), [...turned].map(hex).join("")) < 16, out);
  }
});

/** The length of the longest piece of `secret` in `text`. */
function longestShown(text: string, secret: string): number {
  let longest = 0;
  for (let from = 0; from < secret.length; from++) {
    while (from + longest < secret.length && text.includes(secret.slice(from, from + longest + 1))) longest++;
  }
  return longest;
}

Deno.test("redact() masks eight characters of a random value in numbers, and takes no seven for eight", () => {
  const value = "Zq7TbX4m9RwLd2Vc6NpK";
  const numbers: Record<string, (text: string) => string> = {
    hexadecimal: (text) => each(text, hex),
    decimal: (text) => each(text, (byte) => byte.toString().padStart(3, "0"), " "),
    octal: (text) => each(text, (byte) => byte.toString(8).padStart(3, "0"), " "),
    escaped: (text) => each(text, (byte) => `u00${hex(byte)}`),
    words: (text) => `0x${each(text.slice(0, 4), hex)} 0x${each(text.slice(4), hex)}`,
  };
  for (const [name, shown] of Object.entries(numbers)) {
    for (let at = 0; at + 8 <= value.length; at += 4) {
      const [eight, seven] = [`a ${shown(value.slice(at, at + 8))} b`, `a ${shown(value.slice(at, at + 7))} b`];
      assert.notEqual(masked(eight, value), eight, `${name} at ${at}`);
      assert.equal(masked(seven, value), seven, `${name} at ${at}`);
    }
  }
});

Deno.test("redact() masks every piece of a value of which others have parts in common", () => {
  const values = [
    "Kx7Qm2Zp-alpha-Wd9Ls4Vb",
    "Kx7Qm2Zp-gamma-Wd9Ls4Vb",
    "Tn5Rf8Yc-alpha-Wd9Ls4Vb",
    "Kx7Qm2ZpWd9Ls4VbTn5Rf8Yc",
  ];
  const redactor = new Redactor();
  redactor.add(values);
  for (const value of values) {
    for (
      const form of [
        each(value, hex),
        base64(value),
        each(reverse(value), hex),
        pack(bytes(value), 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
      ]
    ) {
      assert.equal(redactor.redact(`see ${form} there`).replace(/\*\*\*=*/, "***"), "see *** there", value);
    }
  }
});

Deno.test("redact() masks a dump that follows another", () => {
  const dump = (columns: number, base: number) =>
    Array.from({ length: Math.ceil(VALUE.length / columns) + 1 }, (_, i) => {
      const row = VALUE.slice(columns * i, columns * i + columns);
      return `${String(columns * i).padStart(7, "0")} ${each(row, (b) => b.toString(base).padStart(3, "0"), " ")}`
        .trimEnd();
    }).join("\n");
  const out = masked(`${dump(3, 10)}\n${dump(4, 8)}\n${dump(5, 10)}`);
  assert.equal(out.match(/ \d{3} \d{3} \d{3}/g), null, out);
});

Deno.test("redact() masks all of a value that begins or ends within a little-endian word of a dump", () => {
  const value = "Kq7ZxW2m";
  const word = (text: string): string => each(reverse(text), hex);
  for (const before of ["", "++++", "+++++++"]) {
    const shown = `${before}${value}++++`.slice(0, 16).padEnd(16, ".");
    for (const size of [4, 8]) {
      const words = shown.match(new RegExp(`.{${size}}`, "g")) as string[];
      const digits = masked(`00000000: ${words.map(word).join(" ")}\n`, value).slice(10);
      for (const char of value) assert.ok(!digits.includes(each(char, hex)), `${char} in ${digits}`);
    }
  }
});

Deno.test("redact() masks a value whose characters stand before their numbers, in any order", () => {
  const lines = [...VALUE].map((c, i) => `${c} is number ${i}`);
  for (const text of [lines.join("\n"), lines.toSorted().join("\n")]) {
    assert.equal(masked(text).match(/^[^*] is/gm)?.length ?? 0, 0, masked(text));
  }
});

Deno.test("redact() masks the numbers and the characters of a table of codes", () => {
  const out = masked([...VALUE].map((c) => `${c.charCodeAt(0)} ${c}`).join("\n"));
  assert.ok(out.replace(/[^0-9a-z]/gi, "").length < 12, out);
  const offsets = masked([...VALUE].map((c, i) => `${i + 1} ${c.charCodeAt(0).toString(8)}   0`).join("\n"));
  assert.ok(!/1[0-9][0-9]/.test(offsets), offsets);
});

Deno.test("redact() masks a compressed blob that holds a value", () => {
  const blob = gzipSync(`export TOKEN=${VALUE}\n`).toString("base64");
  assert.equal(masked(`<${blob}>`), "<***>");
  const other = gzipSync("export TOKEN=something else entirely\n").toString("base64");
  assert.equal(masked(`<${other}>`), `<${other}>`);
});

Deno.test("redact() masks a value in noughts and ones at every alignment, one that is not ASCII too", () => {
  for (const value of [VALUE, "ключ-4f9Qz7Xb", "pä5§", "Zq7!"]) {
    const digits = each(`a text, ${value}, and more`, (byte) => byte.toString(2).padStart(8, "0"));
    for (let phase = 0; phase < 8; phase++) {
      const text = "1011100".slice(0, phase) + digits;
      const left = masked(text, value);
      const [before, after] = left.split("***");
      assert.ok(after !== undefined && left.length <= text.length - 8 * bytes(value).length + 3, left);
      assert.ok(text.startsWith(before as string) && text.endsWith(after), left);
    }
  }
});
