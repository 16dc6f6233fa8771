import assert from "node:assert/strict";
import { ToolError } from "../../lib/errors.ts";
import { Egress } from "../../lib/mcp/egress.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";

const VALUE = "4f9Qz7XbT2mLr8WcDkYp5HsVnG";

function egress(): Egress {
  const redactor = new Redactor();
  redactor.add([VALUE]);
  return new Egress(() => redactor);
}

/** The most characters in a row that some of the texts show of the value. */
function longestRun(texts: readonly string[]): number {
  const isShown = Array.from(VALUE, () => false);
  for (const text of texts) {
    for (let at = 0; at < VALUE.length; at++) {
      let length = 0;
      while (at + length < VALUE.length && text.includes(VALUE.slice(at, at + length + 1))) length++;
      if (length > 3) isShown.fill(true, at, at + length);
    }
  }
  return Math.max(...isShown.map((shown) => shown ? "#" : ".").join("").split(".").map(({ length }) => length));
}

for (const size of [5, 6, 7]) {
  Deno.test(`result() and failure() show no more of a value in several answers than in one, ${size} characters each`, () => {
    for (const isBackwards of [false, true]) {
      const door = egress();
      const pieces = VALUE.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
      const texts = (isBackwards ? pieces.toReversed() : pieces).map((piece, i) => {
        const message = `it is ${piece} now`;
        const answer = i % 2 === 0
          ? door.result({ stdout: message })
          : door.failure(new ToolError("invalid_argument", message));
        return JSON.stringify([answer, door.progress({ progress: i, message: `${i} s` })]);
      });
      assert.ok(longestRun(texts) < 8, texts.join("\n"));
      assert.match(texts[0] as string, new RegExp(isBackwards ? pieces.at(-1) as string : pieces[0] as string));
    }
  });
}

Deno.test("result() shows no more of a value in several answers than in one, each behind much else or before it", () => {
  const filler = Array.from({ length: 400 }, (_, i) => i * 7919).join(" ");
  for (const around of [(piece: string) => `${filler} ${piece}`, (piece: string) => `${piece}\n${filler}`]) {
    const door = egress();
    const texts = (VALUE.match(/.{1,6}/g) ?? []).map((piece) => JSON.stringify(door.result({ stdout: around(piece) })));
    assert.ok(longestRun(texts) < 8, texts.map((text) => text.slice(-80)).join("\n"));
    assert.ok(texts[0]?.includes(VALUE.slice(0, 6)) && texts.every((text) => text.includes("7919 15838")));
  }
});

for (const size of [1, 2, 3, 4]) {
  Deno.test(`result() shows no more of a value under one name than in one answer, ${size} characters each, and paths between`, () => {
    for (const isBackwards of [false, true]) {
      const door = egress();
      const pieces = VALUE.match(new RegExp(`.{1,${size}}`, "g")) ?? [];
      const shown = (isBackwards ? pieces.toReversed() : pieces).map((content, i) => {
        const answer = door.result({ content, path: `/tmp/${i}` }).structuredContent as { content: string };
        return answer.content;
      });
      const run = shown.join("").split("***").map(({ length }) => length);
      assert.ok(Math.max(...run) < 10, shown.join(" "));
    }
  });
}

Deno.test("result() shows no more of a value than a piece when the same piece is in it twice", () => {
  const redactor = new Redactor();
  redactor.add(["Qz7Xb4Qz7kW4mTQz"]);
  const door = new Egress(() => redactor);
  const shown = Array.from(
    "Qz7Xb4Qz7kW4mTQz",
    (output) => door.result({ output }).structuredContent as { output: string },
  );
  const runs = shown.map(({ output }) => output).join("").split("***");
  assert.ok(Math.max(...runs.map(({ length }) => length)) < 8, runs.join(" "));
});

Deno.test("result() leaves answers as they are that show nothing of a value, whatever came before", () => {
  const door = egress();
  for (let i = 0; i < 300; i++) {
    const value = {
      stdout: `line ${i * 7919} of ${(i * 104_729).toString(36)}\n`,
      stderr: i % 3 === 0 ? "warning" : "",
    };
    assert.deepEqual(door.result(value).structuredContent, value);
  }
});

Deno.test("result() leaves what this program has made up as it is where it happens to go on a piece of a value", () => {
  for (const name of ["cursor", "session_id", "forward_id", "waiting_for"]) {
    const door = egress();
    const value = { output: `at ${VALUE.slice(0, 7)}`, [name]: `${VALUE.slice(7, 9)}58b91-589-2`, state: "running" };
    assert.deepEqual(door.result(value).structuredContent, value);
    const whole = door.result({ [name]: VALUE }).structuredContent;
    assert.deepEqual(whole, { [name]: "***" });
  }
});

Deno.test("result() masks the numbers of a list that are the characters of a value one after the other, and no others", () => {
  const codes = Array.from(VALUE, (char) => char.charCodeAt(0));
  const list = (sizes: readonly number[]) => ({
    entries: sizes.map((size, i) => ({ name: `file${i}`, type: "file", size, modified: 1_790_000_000 + 7919 * i })),
    total: sizes.length,
  });
  const words = [0, 4, 8, 12, 16, 20].map((at) =>
    new DataView(new TextEncoder().encode(VALUE).buffer).getUint32(at, true)
  );
  for (const secret of [codes, words]) {
    const shown = egress().result(list([4096, ...secret, 17])).structuredContent as ReturnType<typeof list>;
    assert.deepEqual(shown.entries.map(({ size }) => size), [4096, ...secret.map(() => "***"), 17]);
    assert.ok(shown.entries.every(({ name, modified }, i) => name === `file${i}` && typeof modified === "number"));
  }
  const others = list(codes.toSorted().map((size) => size * 3));
  assert.deepEqual(egress().result(others).structuredContent, others);
});
