import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Redactor } from "../../lib/secrets/redactor.ts";
import { randomFrom } from "../support/random.ts";

const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const ALPHABETS = [
  ALNUM,
  "0123456789abcdef",
  ALNUM + "+/",
  ALNUM + "!@#$%^&*()-_=+[]{};:,.<>?/|~\"'\\ ",
  ALNUM.slice(26),
];

function pick(random: () => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

const FORMS: ((value: string) => string)[] = [
  (v) => v,
  (v) => Buffer.from(v).toString("base64"),
  (v) => Buffer.from("ab" + v).toString("base64url"),
  (v) => Buffer.from(v).toString("hex"),
  (v) => JSON.stringify(v),
  (v) => encodeURIComponent(v),
  (v) => [...v].map((c) => `%${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join(""),
  (v) => [...v].map((c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`).join(""),
  (v) => [...v].reverse().join(""),
  (v) => [...v].join("\n"),
  (v) => [...v].join("\x1b[1m"),
  (v) => v.replace(/(.{6})/g, "$1\r\n"),
  (v) => v.toUpperCase(),
];

/** Text that provokes every part of the engine: escapes, numbers, lines, halves of the value. */
function noise(random: () => number, value: string, length: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let total = 0;
  while (total < length) {
    const kind = Math.floor(random() * 10);
    const text = kind === 0
      ? value.slice(0, Math.floor(random() * value.length))
      : kind === 1
      ? (FORMS[Math.floor(random() * FORMS.length)] as (v: string) => string)(value)
      : kind === 2
      ? "%41\\x42&#67;=44\x1b[0m\b"
      : kind === 3
      ? `\n${Math.floor(random() * 30)}: ${pick(random, ALNUM, 2)}\n`
      : kind === 4
      ? "\n"
      : kind === 5
      ? "\\\\".repeat(Math.floor(random() * 5)) + "\x1b]0;"
      : pick(random, ALNUM + "     \n\n", Math.floor(random() * 60));
    const bytes = kind === 6 ? Uint8Array.from({ length: 9 }, () => random() * 256) : new TextEncoder().encode(text);
    parts.push(bytes);
    total += bytes.length;
  }
  return Buffer.concat(parts);
}

Deno.test("redact() never shows eight characters of a random value in a random form between random text", () => {
  const random = randomFrom(1);
  for (let round = 0; round < 400; round++) {
    const alphabet = ALPHABETS[round % ALPHABETS.length] as string;
    const value = pick(random, alphabet, 12 + Math.floor(random() * 30)).trim();
    if (value.length < 12) continue;
    const redactor = new Redactor();
    redactor.add([value]);
    const form = FORMS[Math.floor(random() * FORMS.length)] as (v: string) => string;
    const shown = form(value);
    const out = redactor.redact(`${pick(random, ALNUM, 5)} ${shown} ${pick(random, ALNUM, 5)}`);
    for (let at = 0; at + 8 <= value.length; at++) {
      const piece = form(value.slice(at, at + 8));
      if (shown.includes(piece)) assert.ok(!out.includes(piece), `${value}: ${JSON.stringify(piece)} in ${out}`);
    }
    assert.ok(out.includes("***"), `${value} as ${shown}`);
  }
});

Deno.test("redact() leaves random text unchanged", () => {
  const random = randomFrom(2);
  const redactor = new Redactor();
  redactor.add(ALPHABETS.flatMap((alphabet) => [16, 24, 40].map((length) => pick(random, alphabet, length))));
  for (
    const alphabet of [...ALPHABETS, ALNUM.slice(0, 36) + "\n", "0123456789 ", "01", "%4123ABCDEF", "\\x4123abcdef"]
  ) {
    const text = pick(random, alphabet, 100_000);
    assert.equal(redactor.redact(text), text);
  }
});

Deno.test("redact() leaves hashes, identifiers, dumps, logs and source code unchanged", () => {
  const random = randomFrom(5);
  const hex = (length: number): string => pick(random, "0123456789abcdef", length);
  const redactor = new Redactor();
  redactor.add([
    ...[8, 16, 32, 40, 64].map(hex),
    ...[8, 12, 24, 64].map((length) => pick(random, ALNUM, length)),
    [8, 4, 4, 4, 12].map(hex).join("-"),
    "river-castle-pencil-winter",
    "postgres://app:G7rqZx81LmWt@db.internal:5432/production",
  ]);
  const lines = Array.from({ length: 2000 }, (_, i) =>
    [
      `${hex(40)} ${hex(64)}  file-${i}.tar.gz`,
      `{"id":"${[8, 4, 4, 4, 12].map(hex).join("-")}","color":"#${hex(6)}","n":${i},"text":"a\\nb"}`,
      `2026-01-${10 + (i % 20)}T10:00:0${i % 10}Z INFO [pool-${i % 8}] GET /api/v1/users/${i} 200 ${i % 97}ms`,
      `${hex(8)}: ${Array.from({ length: 8 }, () => hex(4)).join(" ")}  ................`,
      Buffer.from(pick(random, ALNUM + "\n ", 57), "latin1").toString("base64"),
      `  const value${i} = read(${i}) ?? "production"; // castle in the river`,
      `${i}\t${pick(random, ALNUM, 1)}\t${Math.floor(random() * 256)}`,
    ].join("\n"));
  const text = lines.join("\n") + "\n" +
    Deno.readTextFileSync(new URL("../../lib/secrets/redactor.ts", import.meta.url));
  assert.equal(redactor.redact(text), text);
});

Deno.test("a stream gives what redactBytes() makes of the whole, however it is cut", () => {
  const random = randomFrom(3);
  for (let round = 0; round < 12; round++) {
    const value = pick(random, ALPHABETS[round % ALPHABETS.length] as string, 14 + Math.floor(random() * 20));
    const redactor = new Redactor();
    redactor.add([value, pick(random, ALNUM, 6)]);
    const whole = noise(random, value, 120_000);
    const expected = Buffer.from(redactor.redactBytes(whole));
    const stream = redactor.stream();
    const parts: Uint8Array[] = [];
    for (let at = 0; at < whole.length;) {
      const size = round === 0 ? 1 : 1 + Math.floor(random() ** 4 * 50_000);
      parts.push(stream.push(whole.slice(at, at + size)));
      at += size;
    }
    parts.push(stream.end());
    assert.ok(Buffer.concat(parts).equals(expected), `round ${round}`);
  }
});

Deno.test("a stream masks what lies across every border of a block", () => {
  const value = "sk-live-4f9Qz7XbT2mLr8WcD";
  const redactor = new Redactor();
  redactor.add([value]);
  for (const border of [32 * 1024, 64 * 1024, 34 * 1024, 30 * 1024]) {
    for (let before = 0; before <= value.length; before++) {
      const bytes = new TextEncoder().encode("x".repeat(border - before) + value + "y".repeat(40_000));
      const stream = redactor.stream();
      const out = Buffer.concat([stream.push(bytes), stream.end()]).toString();
      assert.equal(out, "x".repeat(border - before) + "***" + "y".repeat(40_000));
    }
  }
});

Deno.test("a stream holds a bounded amount whatever comes", () => {
  const redactor = new Redactor();
  redactor.add(["sk-live-4f9Qz7XbT2mLr8WcD"]);
  for (const text of ["a", "sk-live", "sk-live-4f9Qz7XbT2mLr8WcD", "\x1b]0;", "%41", "\n1: s"]) {
    const chunk = new TextEncoder().encode(text.repeat(Math.ceil(10_000 / text.length)));
    const stream = redactor.stream();
    let [came, went] = [0, 0];
    for (let i = 0; i < 40; i++) {
      came += chunk.length;
      went += stream.push(chunk).length;
      if (text !== "sk-live-4f9Qz7XbT2mLr8WcD") assert.ok(came - went < 64 * 1024, `${came - went} held of ${text}`);
    }
    stream.end();
  }
});

Deno.test("a stream masks values that are added while it runs", () => {
  const redactor = new Redactor();
  redactor.add(["some-other-Value-1"]);
  const stream = redactor.stream();
  const value = "sk-live-4f9Qz7XbT2mLr8WcD";
  const parts = [stream.push(new TextEncoder().encode(`a ${value.slice(0, 10)}`))];
  redactor.add([value]);
  parts.push(stream.push(new TextEncoder().encode(`${value.slice(10)} b`)), stream.end());
  assert.equal(Buffer.concat(parts).toString(), "a *** b");
});

Deno.test("a stream that began with nothing loaded masks from the first value on", () => {
  const redactor = new Redactor();
  const stream = redactor.stream();
  const bytes = new TextEncoder().encode("plain text ");
  assert.equal(stream.push(bytes), bytes);
  redactor.add(["sk-live-4f9Qz7XbT2mLr8WcD"]);
  const rest = [stream.push(new TextEncoder().encode("now sk-live-4f9Qz7XbT2mLr8WcD.")), stream.end()];
  assert.equal(Buffer.concat(rest).toString(), "now ***.");
});

/** What lays text out, so that each reader of the redactor has work to do and leaves something in its memory. */
const LAYOUTS: ((text: string) => string)[] = [
  (text) => [...text].map((char, i) => `${i}: ${char}`).join("\n"),
  (text) =>
    (Buffer.from(text).toString("hex").match(/.{1,32}/g) ?? []).map((row, i) =>
      `${(16 * i).toString(16).padStart(8, "0")}: ${row.replace(/.{4}/g, "$& ")}`
    ).join("\n"),
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16)}`).join(""),
  (text) => [...Buffer.from(text)].map((byte) => `\\u00${byte.toString(16).padStart(2, "0")}`).join(""),
  (text) => [...Buffer.from(text)].map((byte) => byte.toString(2).padStart(8, "0")).join(" "),
  (text) => [...Buffer.from(text)].map((byte) => `\\${byte.toString(8).padStart(3, "0")}`).join(""),
  (text) => [...text].map((char) => `<b>${char}</b>`).join(""),
  (text) => [...text].join("\x1b[1m"),
  (text) => (text.match(/..?/gs) ?? []).reverse().join("\n"),
  (text) => [...text].map((char) => `${char}\b${char}`).join(""),
  (text) => [...Buffer.from(text)].join(" "),
  (text) => text,
];

Deno.test("find() gives the same for a text whatever was looked at before", () => {
  const random = randomFrom(11);
  const values = Array.from({ length: 12 }, () => pick(random, ALNUM, 12 + Math.floor(random() * 30)));
  const redactor = new Redactor();
  redactor.add(values);
  const texts = Array.from({ length: 140 }, (_, i) => {
    const near = Array.from({ length: 1 + Math.floor(random() * 60) }, () => {
      const value = values[Math.floor(random() * values.length)] as string;
      return random() < 0.3 ? value : value.slice(0, 7);
    }).join(random() < 0.5 ? " " : "\n");
    return Buffer.from((LAYOUTS[i % LAYOUTS.length] as (text: string) => string)(near));
  });
  const first = texts.map((text) => redactor.find(text));
  assert.ok(first.filter((spans) => spans.length > 0).length > texts.length / 2);
  for (let round = 0; round < 3; round++) {
    for (const i of texts.map((_, i) => i).sort(() => random() - 0.5)) {
      assert.deepEqual(redactor.find(texts[i] as Uint8Array), first[i], `text ${i} in round ${round}`);
    }
  }
});
