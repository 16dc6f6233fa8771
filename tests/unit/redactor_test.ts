import assert from "node:assert/strict";
import { Redactor } from "../../lib/secrets/redactor.ts";

const VALUE = "sk-live-4f9Qz7XbT2mLr8WcD";
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function redactorOf(...values: string[]): Redactor {
  const redactor = new Redactor();
  redactor.add(values);
  return redactor;
}

Deno.test("Redactor is the identity when nothing is loaded", () => {
  const redactor = new Redactor();
  const bytes = encode(`a ${VALUE} b`);
  assert.equal(redactor.active, false);
  assert.equal(redactor.size, 0);
  assert.deepEqual(redactor.find(bytes), []);
  assert.equal(redactor.redactBytes(bytes), bytes);
  assert.equal(redactor.redact(VALUE), VALUE);
  assert.equal(redactor.stream().push(bytes), bytes);
});

Deno.test("add() counts each value once and leaves out values of fewer than four characters", () => {
  const redactor = redactorOf(VALUE, VALUE, "abc", "wxyz");
  assert.equal(redactor.size, 2);
  assert.equal(redactor.redact("abc wxyz"), "abc ***");
});

Deno.test("add() masks values in text that was there before", () => {
  const redactor = redactorOf("something-else-1");
  assert.equal(redactor.redact(VALUE), VALUE);
  redactor.add([VALUE]);
  assert.equal(redactor.redact(VALUE), "***");
});

Deno.test("lift() stops masking what was loaded, and values added later are masked", () => {
  const redactor = redactorOf(VALUE);
  assert.equal(redactor.isLifted(VALUE), false);
  redactor.lift([VALUE]);
  assert.equal(redactor.isLifted(VALUE), true);
  assert.equal(redactor.active, false);
  assert.equal(redactor.redact(VALUE), VALUE);
  redactor.add([VALUE, "another-Value-99x"]);
  assert.equal(redactor.size, 1);
  assert.equal(redactor.redact(`${VALUE} another-Value-99x`), `${VALUE} ***`);
});

/** Values that take several turns to take in. */
const MANY = Array.from(
  { length: 150 },
  (_, i) => `Zq7${(i * 7919 + 104729).toString(36)}-x${(i * 104723).toString(36)}Wm4TfLp`,
);

Deno.test("addInTurns() lets others run before the values are masked, and masks all of them", async () => {
  const redactor = redactorOf(VALUE);
  const { promise: ran, resolve } = Promise.withResolvers<string>();
  setTimeout(() => resolve("another"), 0);
  const done = redactor.addInTurns(MANY).then(() => "done");
  assert.equal(await Promise.race([done, ran]), "another");
  assert.equal(redactor.redact(`still ${VALUE}`), "still ***");
  await done;
  assert.equal(redactor.size, MANY.length + 1);
  for (const value of MANY) assert.equal(redactor.redact(`${value} ${btoa(value).replaceAll("=", "")}`), "*** ***");
});

Deno.test("add() masks at once while other values are being taken in, and those too", async () => {
  const redactor = new Redactor();
  const done = redactor.addInTurns(MANY);
  redactor.add([VALUE]);
  assert.equal(redactor.redact(`${VALUE} ${MANY.at(-1)}`), "*** ***");
  await done;
  assert.equal(redactor.redact(`${VALUE} ${MANY.at(-1)}`), "*** ***");
});

Deno.test("addInTurns() is done when the values are masked that another call has begun to take in", async () => {
  const redactor = new Redactor();
  const first = redactor.addInTurns(MANY);
  await redactor.addInTurns(MANY);
  assert.equal(redactor.redact(MANY.at(-1) as string), "***");
  await first;
});

Deno.test("lift() stops masking a value that is being taken in, and no other", async () => {
  const redactor = new Redactor();
  const done = redactor.addInTurns([VALUE, ...MANY]);
  redactor.lift([VALUE]);
  await done;
  assert.equal(redactor.redact(`${VALUE} ${MANY[0]} ${MANY.at(-1)}`), `${VALUE} *** ***`);
});

Deno.test("find() gives merged spans in order when values overlap", () => {
  const redactor = redactorOf(VALUE, VALUE.slice(0, -4), VALUE.slice(6));
  assert.deepEqual(redactor.find(encode(`${VALUE} and ${VALUE}`)), [
    { start: 0, end: VALUE.length },
    { start: VALUE.length + 5, end: 2 * VALUE.length + 5 },
  ]);
});

Deno.test("redactBytes() gives the same array back when nothing is found", () => {
  const bytes = Uint8Array.from([0xff, 0xfe, 0x41, 0x80, 0x0a]);
  assert.equal(redactorOf(VALUE).redactBytes(bytes), bytes);
});

Deno.test("redactBytes() leaves invalid UTF-8 around an occurrence as it is", () => {
  const bytes = Uint8Array.from([0xff, 0xfe, ...encode(VALUE), 0x80, 0x0a]);
  assert.deepEqual([...redactorOf(VALUE).redactBytes(bytes)], [0xff, 0xfe, 0x2a, 0x2a, 0x2a, 0x80, 0x0a]);
});

Deno.test("redact() keeps lone surrogates and characters outside the BMP", () => {
  assert.equal(redactorOf(VALUE).redact(`\ud800 😀 ${VALUE} é \udc00`), "\ud800 😀 *** é \udc00");
  const untouched = "\ud800 nothing here \udfff";
  assert.equal(redactorOf(VALUE).redact(untouched), untouched);
});

Deno.test("redact() masks characters whole when a piece of a value that is not ASCII is shown", () => {
  const out = redactorOf("ключ-от-квартиры-где-деньги").redact("[вартиры-где-день]");
  assert.equal(out, "[***]");
});

Deno.test("openEnd masks four or more characters that could be the beginning of a value or a form", () => {
  const redactor = redactorOf(VALUE);
  const base64 = btoa(VALUE);
  assert.equal(redactor.redact(`x ${VALUE.slice(0, 5)}`), `x ${VALUE.slice(0, 5)}`);
  for (let length = 4; length < VALUE.length; length++) {
    assert.equal(redactor.redact(`x ${VALUE.slice(0, length)}`, { openEnd: true }), "x ***");
  }
  for (const form of [base64, [...VALUE].join("\x1b[0m"), encodeURIComponent(VALUE), [...VALUE].reverse().join("")]) {
    assert.equal(redactor.redact(`x ${form.slice(0, 24)}`, { openEnd: true }).slice(0, 5), "x ***", form);
  }
  assert.equal(redactor.redact("user@host:~$ ", { openEnd: true }), "user@host:~$ ");
  assert.equal(redactor.redact("x sk-", { openEnd: true }), "x sk-");
});

Deno.test("openEnd masks the escaped beginning of a value at the end of a text of any length", () => {
  const redactor = redactorOf(VALUE);
  const escaped = [...VALUE.slice(0, 7)].map((char) => `%${char.charCodeAt(0).toString(16)}`).join("");
  for (const length of [100, 2040, 40_000, 65_500, 70_000, 200_000]) {
    const before = "some words ".repeat(length / 11);
    assert.equal(redactor.redact(before + escaped, { openEnd: true }), `${before}***`, `${length} bytes`);
  }
});

Deno.test("openStart masks four or more characters that could be the end of a value", () => {
  const redactor = redactorOf(VALUE);
  for (let length = 4; length < VALUE.length; length++) {
    assert.equal(redactor.redact(`${VALUE.slice(-length)} x`, { openStart: true }), "*** x");
  }
  assert.equal(redactor.redact("WcD x", { openStart: true }), "WcD x");
});

Deno.test("two reads that cut a value anywhere show less than eight characters of it together", () => {
  const redactor = redactorOf(VALUE);
  for (let cut = 1; cut < VALUE.length; cut++) {
    const shown = redactor.redact(`$ ${VALUE.slice(0, cut)}`, { openEnd: true }) +
      redactor.redact(`${VALUE.slice(cut)}\n$ `, { openStart: true });
    for (let at = 0; at + 8 <= VALUE.length; at++) assert.ok(!shown.includes(VALUE.slice(at, at + 8)), shown);
  }
});

Deno.test("redactWindow() shows no part of a value that lies across its border", () => {
  const redactor = redactorOf(VALUE);
  const bytes = encode(`before ${VALUE} after`);
  for (let border = 0; border <= bytes.length; border++) {
    for (const shown of [redactor.redactWindow(bytes, 0, border), redactor.redactWindow(bytes, border, bytes.length)]) {
      const text = decode(shown).replace("***", "");
      assert.ok("before  after".includes(text), text);
    }
  }
});

Deno.test("redact() lets ordinary words of a value through and masks the rest of it", () => {
  const redactor = redactorOf("postgres://app:G7rqZx81LmWt@db.internal:5432/production");
  for (
    const text of [
      "production",
      "https://example.com/ postgres://localhost",
      "connect to db.internal failed",
      "the postgres server in production",
      "listening on port 5432",
    ]
  ) assert.equal(redactor.redact(text), text);
  assert.equal(redactor.redact("G7rqZx81LmWt"), "***");
  assert.equal(redactor.redact("url=postgres://app:G7rqZx81LmWt@db.internal:5432/production;"), "url=***;");
});

Deno.test("redact() masks a pass phrase whole and not the words it is made of", () => {
  const redactor = redactorOf("correct horse battery staple");
  assert.equal(redactor.redact("a correct answer, a horse, a battery"), "a correct answer, a horse, a battery");
  for (const text of ["correct horse battery staple", "Correct-Horse-Battery-Staple", "correcthorsebatterystaple"]) {
    assert.equal(redactor.redact(text), "***");
  }
});

Deno.test("redact() masks nothing in a text that repeats a near miss, and all of one that repeats a value", () => {
  const redactor = redactorOf(VALUE);
  const near = VALUE.slice(0, 7).repeat(5000);
  assert.equal(redactor.redact(near), near);
  assert.equal(redactor.redact(VALUE.repeat(5000)), "***");
});

Deno.test("redact() masks a piece beside which a character agrees with the value by chance", () => {
  const redactor = new Redactor();
  redactor.add(["40xos2Z3oroupyaGRcs9vBK", "Kw7/4pxWjj3/2QkyYFzt8"]);
  for (const piece of ["os2Z3oroup", "xWjj3/2Qk"]) {
    for (const [before, after] of [["x ", " y"], ["p ", ""], ["", " y"], ["x\n", "\ny"]]) {
      const out = redactor.redact(`${before}${piece}${after}`);
      assert.ok(out.includes("***") && !out.includes(piece.slice(0, 8)), out);
    }
  }
});

Deno.test("redact() masks every piece of eight characters of a random value, doubled letters and chance words included", () => {
  const values = [
    "u9hIZATC2om0cbzA", // a word by its letters, in the middle of what is none
    "40peyrpp6x8gucj6efdkz",
    "5dfc82490db2", // db is a word that configuration is full of
    "22290ff41e754bd2",
    "zRRi+YOJDcyojXvzMoT9IY",
    "4psWxx322QYFtW",
  ];
  for (const value of values) {
    const redactor = new Redactor();
    redactor.add([value]);
    for (let at = 0; at + 8 <= value.length; at++) {
      const piece = value.slice(at, at + 8);
      const out = redactor.redact(`<${piece}>.`);
      assert.equal(out, "<***>.", `${piece} of ${value}`);
    }
  }
});

Deno.test("redactTogether() masks a value that begins in one text and ends in another, in either order", () => {
  const redactor = redactorOf(VALUE);
  assert.deepEqual(redactor.redactTogether(["sk-live", "-4f9Qz7", "ok"]), ["***", "***", "ok"]);
  assert.deepEqual(redactor.redactTogether(["-4f9Qz7", "sk-live"]), ["***", "***"]);
  assert.deepEqual(redactor.redactTogether(["a 4f9Qz7 b", "", "é sk-live-4f9Qz7XbT2mLr8WcD \ud800"]), [
    "a 4f9Qz7 b",
    "",
    "é *** \ud800",
  ]);
  assert.deepEqual(redactor.redactTogether([]), []);
});

Deno.test("redactTogether() masks a value that two texts have by turns, however many characters, whichever begins", () => {
  const value = "sk-live-4f9Qz7XbT2mLr8WcDkYp";
  const redactor = redactorOf(value);
  for (const end of ["", "\n", " ", ": x\n"]) {
    for (let size = 1; size < 8; size++) {
      const texts = ["", ""];
      for (let at = 0; at < value.length; at += size) {
        texts[at / size % 2] += value.slice(at, at + size) + end;
      }
      for (const [one, other] of [texts, texts.toReversed()]) {
        const shown = redactor.redactTogether([one as string, other as string, "é"]).join("").replace(/[^\w]|x/g, "");
        assert.ok(shown.length < 8, `${size} characters, then ${JSON.stringify(end)}: ${shown}`);
      }
    }
  }
});

Deno.test("redactTogether() leaves texts as they are that show no value by turns", () => {
  const redactor = redactorOf(VALUE);
  const texts = ["one é\ntwo\nthree", "4f9\nsk-\nD\n", "", "äöüß", "f9-k"];
  assert.deepEqual(redactor.redactTogether(texts), texts);
});

Deno.test("add() refuses values for which there is no room, takes none of them, and keeps what it has", async () => {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  const tooMany = ["Vn3kD0wRq6Ys1Hc5", "x".repeat(5_000_000)];
  const isRefusal = { name: "ToolError", code: "limit_reached" };
  assert.throws(() => redactor.add(tooMany), isRefusal);
  await assert.rejects(redactor.addInTurns(tooMany), isRefusal);
  assert.equal(redactor.size, 1);
  assert.equal(redactor.redact(`${VALUE} ${tooMany[0]}`), `*** ${tooMany[0]}`);
  redactor.add(tooMany.slice(0, 1));
  assert.equal(redactor.redact(`${VALUE} ${tooMany[0]}`), "*** ***");
});

Deno.test("redact() masks a short value with marks read backwards, and nothing that differs from it in them", () => {
  const redactor = new Redactor();
  redactor.add(["P@ssw0rd!", "k:7Zq/Rt", "%41%42%43"]);
  assert.equal(redactor.redact("x !dr0wss@P y"), "x *** y");
  assert.equal(redactor.redact("tR/qZ7:k 34%24%14%"), "*** ***");
  for (const other of ["dr0wss-P", "dr0wssP", "tR-qZ7:k"]) assert.equal(redactor.redact(other), other);
});

Deno.test("redact() masks a value of which the marks alone are written as numbers, whatever tells that they are", () => {
  for (const value of [VALUE, "ab-cd-ef-GH42", "pa55w/rd+Xy=9"]) {
    const redactor = redactorOf(value);
    for (const sign of ["=", "_", "%", "\\x", "."]) {
      const text = value.replace(/[^a-z0-9]/gi, (mark) => `${sign}${mark.charCodeAt(0).toString(16)}`);
      assert.equal(redactor.redact(`x ${text} y`), "x *** y", text);
    }
  }
  const ordinary = "x=2d, y_2d and z=2D; sk=2Drive=2D";
  assert.equal(redactorOf(VALUE).redact(ordinary), ordinary);
});
