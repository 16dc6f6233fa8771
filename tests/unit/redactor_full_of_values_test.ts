import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Redactor } from "../../lib/secrets/redactor.ts";
import type { Span } from "../../lib/secrets/redaction/spans.ts";
import { randomFrom } from "../support/random.ts";

const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** What a line shows: a piece that is masked, or one that is not, so that the text is full of values in some places only. */
const FORMS: readonly ((value: string) => string)[] = [
  (value) => value.slice(0, -1),
  (value) => value.slice(1) + "x",
  (value) => Buffer.from(value).toString("hex"),
  (value) => Buffer.from(value).toString("base64"),
  (value) => [...value].reverse().join(""),
  (value) => value.slice(3, 11),
  (value) => value.slice(0, 7),
];

Deno.test("a text full of values: what is masked in a line by itself is masked among the others", () => {
  const random = randomFrom(20261124);
  const below = (end: number): number => Math.floor(random() * end);
  const word = (length: number): string => Array.from({ length }, () => ALNUM[below(ALNUM.length)]).join("");
  const values = [
    ...Array.from({ length: 40 }, (_, i) => i % 4 === 0 ? `sk-live-${word(20)}` : word(12 + below(40))),
    ...Array.from({ length: 8 }, () => word(5).repeat(5)),
    "a".repeat(16),
  ];
  const redactor = new Redactor();
  redactor.add(values);
  let masked = 0;
  for (let text = 0; text < 24; text++) {
    const fewForms = 1 + below(FORMS.length);
    // What repeats itself is met at every character.
    const repeated = text % 2 === 0 ? "" : "a".repeat(40 * (text + 20));
    const lines = [repeated];
    const shown: Span[] = [];
    for (let length = repeated.length + 1; length < 30_000;) {
      const value = values[below(values.length)] as string;
      const line = FORMS[below(fewForms)]?.(value) ?? "";
      for (const { start, end } of redactor.find(Buffer.from(line))) {
        shown.push({ start: start + length, end: end + length });
      }
      lines.push(line);
      length += line.length + 1;
    }
    const found = redactor.find(Buffer.from(lines.join("\n")));
    let i = 0;
    for (const { start, end } of shown) {
      while ((found[i]?.end ?? Infinity) < end) i++;
      assert.ok((found[i]?.start ?? Infinity) <= start, `${start} to ${end} of text ${text} is shown`);
      masked++;
    }
  }
  assert.ok(masked > 10_000, `${masked} pieces`);
});
