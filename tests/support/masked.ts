/** A value, what a redactor leaves of texts that hold it, and the encodings in which they do. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Redactor } from "../../lib/secrets/redactor.ts";

/** A value of 26 characters, as tokens look. */
export const VALUE = "sk-live-4f9Qz7XbT2mLr8WcDk";

/** `text` as it leaves when `value` is loaded. */
export function masked(text: string, value: string = VALUE): string {
  const redactor = new Redactor();
  redactor.add([value]);
  return redactor.redact(text);
}

/** What is left of the text besides what the encoding adds around the value. */
export function assertMasked(name: string, text: string, value: string): void {
  const out = masked(text, value);
  assert.notEqual(out, text, `${name}: nothing was masked`);
  const left = out.replaceAll("***", "");
  assert.ok(left.length <= Math.max(24, text.length / 4), `${name}: left over ${JSON.stringify(left)}`);
}

/** The bytes of a text in UTF-8. */
export const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
/** Two digits. */
export const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
/** A text with a form in place of each of its bytes. */
export const each = (text: string, form: (byte: number, i: number) => string, join = ""): string =>
  [...bytes(text)].map(form).join(join);
/** A text backwards. */
export const reverse = (text: string): string => [...text].reverse().join("");
/** A text in base64. */
export const base64 = (text: string): string => bytes(text).toString("base64");
/** A text with letters half an alphabet further on. */
export const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < "n" ? 13 : -13)));
