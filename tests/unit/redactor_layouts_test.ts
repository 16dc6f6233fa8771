import assert from "node:assert/strict";
import { Redactor } from "../../lib/secrets/redactor.ts";

const VALUE = "sk-live-4f9Qz7XbT2mLr8WcDk";
const HEADER = "-----BEGIN PRIVATE KEY-----";
const KEY = `${HEADER}\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----`;

function masked(text: string, value = VALUE): string {
  const redactor = new Redactor();
  redactor.add([value]);
  return redactor.redact(text);
}

const reverse = (text: string): string => [...text].reverse().join("");

Deno.test("redact() masks the first and last line of a key where the rest of it is masked", () => {
  const numbered = KEY.split("\n").map((line, i) => `     ${i + 1}\t${line}`).join("\n");
  for (const text of [numbered, `- ${KEY.replaceAll("\n", "\n- ")}`, reverse(KEY), KEY.split("").join("\n")]) {
    const shown = masked(text, KEY).replace(/[^A-Z]/g, "");
    for (const word of ["BEGIN", "PRIVATE", "KEY", "NIGEB", "ETAVIRP"]) assert.ok(!shown.includes(word), text);
  }
});

Deno.test("redact() leaves the first line of a key alone when it stands by itself, or far from a key", () => {
  const alone = `usage: a file that begins with\n${HEADER}\n`;
  assert.equal(masked(alone, KEY), alone);
  const far = `${alone}${"a line of text\n".repeat(40)}`;
  assert.equal(masked(`${far}${KEY}`, KEY), `${far}***`);
});
