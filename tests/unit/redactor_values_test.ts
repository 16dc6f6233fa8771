import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { randomFrom } from "../support/random.ts";
import { assertMasked, base64, bytes, each, hex, masked, reverse, rot13, VALUE } from "../support/masked.ts";

const ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

Deno.test("redact() masks values that are not ASCII in UTF-8, UTF-16, JSON, percent-encoding and base64", () => {
  const value = "пароль-Ünïcödé-密碼-42";
  const utf16 = new TextDecoder("latin1").decode(Buffer.from(value, "utf16le"));
  const escaped = value.replace(/[^ -~]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
  for (const text of [value, escaped, encodeURIComponent(value), base64(value), utf16]) {
    assertMasked(text, text, value);
  }
});

Deno.test("redact() masks a value of other letters backwards, and with marks or quotes between its characters", () => {
  const value = "йцщжэфыпрЪБЮ";
  for (const form of [reverse(value), ...[",", "-", ".", " - ", ", "].map((mark) => [...value].join(mark))]) {
    assert.doesNotMatch(masked(`${form}\n`, value), /[а-я]/i);
  }
  assert.doesNotMatch(masked(JSON.stringify([...value]), value), /[а-я]/i);
});

Deno.test("redact() masks eight characters of a value with a backslash before each mark, as shells and perl quote", () => {
  const quoted = (text: string): string => text.replace(/[^A-Za-z0-9_]/g, "\\$&");
  for (let at = 0; at + 8 <= VALUE.length; at++) {
    const piece = VALUE.slice(at, at + 8);
    assert.notEqual(masked(`${quoted(piece)}\n`), `${quoted(piece)}\n`, piece);
  }
  const value = `p'abcK7"Qw9\\Zx2$Lm&<Tr4>`;
  for (const piece of [`'abcK7"Q`, "\\Zx2$Lm&", `K7"Qw9\\Z`, "$Lm&<Tr4"]) {
    assert.notEqual(masked(`${quoted(piece)}\n`, value), `${quoted(piece)}\n`, piece);
  }
});

Deno.test("redact() masks eight characters of a password in which marks are as many as letters, words or none", () => {
  const values = ["p'SywLg\"TQx\\IDU$c2&<QalX>/+%=Gpm tHiere", "UQF2]d=|oEc,ZTbX~#0n`$7]/k3v"];
  for (const value of values) {
    const redactor = new Redactor();
    redactor.add([value]);
    for (let at = 0; at + 8 <= value.length; at++) {
      const piece = value.slice(at, at + 8);
      // Of quotes, backslashes and dollars a piece has to have fewer: output is full of them.
      if (piece.replace(/["'`\\$ ]/g, "").length < 7) continue;
      for (const form of [piece, reverse(piece), rot13(piece), bytes(piece).toString("hex"), base64(piece)]) {
        assert.notEqual(redactor.redact(`${form}\n`), `${form}\n`, form);
      }
    }
  }
});

Deno.test("redact() leaves seven letters and digits of a value as they are where its marks are not", () => {
  const value = "Q7vKx9m$wR`2t'Z";
  for (const piece of ["Q7vKx9m", "9mwR2tZ", "mwR2tZ"]) {
    assert.equal(masked(`see ${piece}.\n`, value), `see ${piece}.\n`);
  }
});

Deno.test("redact() leaves rows of noughts as they are when a value has little but marks and noughts", () => {
  const rows = "00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................\n".repeat(20) +
    "1000 0000 0000 0000\n";
  for (const value of ["100%", "----", "****", "-100000"]) assert.equal(masked(rows, value), rows, value);
});

Deno.test("redact() masks any part of a value of tens of thousands of characters", () => {
  const random = randomFrom(6);
  const value = Array.from({ length: 20_000 }, () => ALPHANUMERIC[Math.floor(random() * 62)]).join("");
  const redactor = new Redactor();
  redactor.add([value]);
  for (const at of [0, 4090, 5000, 12_345, 19_700]) {
    const part = value.slice(at, at + 300);
    for (const form of [part, base64(part), bytes(part).toString("hex"), [...part].join("-")]) {
      assert.ok(redactor.redact(`${form}\n`).length < 10, `${at}: ${form}`);
    }
  }
});

Deno.test("redact() masks the usual encodings of a value of thousands of characters, one over another too", () => {
  const random = randomFrom(5);
  const value = Array.from({ length: 3000 }, () => ALPHANUMERIC[Math.floor(random() * 62)]).join("");
  const wrapped = (text: string): string => text.replace(/.{76}/g, "$&\n");
  const forms: Record<string, string> = {
    "base64 of base64": wrapped(base64(base64(value))),
    "base64 of base64, wrapped": wrapped(base64(wrapped(base64(value)))),
    "hex of base64": wrapped(bytes(base64(value)).toString("hex")),
    "a list in C": each(value, (byte, i) => `0x${hex(byte)},${i % 12 === 11 ? "\n  " : " "}`),
    "rot13": wrapped(rot13(value)),
  };
  for (const [name, form] of Object.entries(forms)) {
    const out = masked(form, value);
    assert.ok(out.length < form.length / 10, `${name}: ${out.slice(0, 300)}`);
  }
});

Deno.test("redact() masks any piece of eight characters when the value has twelve or more", () => {
  for (let at = 0; at + 8 <= VALUE.length; at++) {
    for (const length of [8, 9, 12]) {
      if (at + length > VALUE.length) continue;
      assert.equal(masked(`[${VALUE.slice(at, at + length)}]`), "[***]", VALUE.slice(at, at + length));
    }
  }
});

Deno.test("redact() masks short values whole, in their encodings too, and no pieces of them", () => {
  for (const value of ["k7Qz", "hunter2", "Tr0ub4dor&3"]) {
    for (
      const text of [value, value.toUpperCase(), [...value].join("\n"), `x${value}x`, bytes(value).toString("hex")]
    ) {
      assert.notEqual(masked(text, value), text, text);
    }
    assert.notEqual(masked(base64(value), value), base64(value));
    const piece = value.slice(0, -1);
    assert.equal(masked(piece, value), piece);
  }
});

Deno.test("redact() takes words for a piece with marks in it only where they have gaps in the same places", () => {
  const redactor = new Redactor();
  redactor.add([`p'7xCHh"AST\\7Di$3r&<n414>/+%=Bw4 QcnDSP`]);
  for (const text of ["the one which has the key", "each hast, c h hast-", "which has\nthe", "chhast"]) {
    assert.equal(redactor.redact(text), text);
  }
  for (const piece of [`CHh"AST\\`, `CHh\\"AST\\\\`, `xCHh"AST`, `'7xCHh"A`, `CHh""AST\\`]) {
    assert.equal(redactor.redact(`it is ${piece} so far`).includes("AST"), false, piece);
  }
});
