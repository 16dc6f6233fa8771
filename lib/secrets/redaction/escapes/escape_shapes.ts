/** The shapes of escapes that come in rows of their like, and what looks like such rows; escape_rows.as reads eight at a time. */
import { SHAPE_SIZE } from "../kernel/memory.ts";

/** Each as it is written for one byte: `X` and `Y` are its digits, `X` one up to 7 where the others are more than ASCII. */
const SHAPES = ["%ZY", "=ZY", "\\xZY", "%u00XY", "\\u00XY", "\\U000000XY"] as const;

/**
 * What is told of each: the bits of sixteen bytes that are the same in every escape of the shape, and what these are; where
 * eight such escapes begin; in which of the sixteen bytes the first digits stand, and the second ones, with room before,
 * between and behind for those of other sixteen bytes; the length, escapes in sixteen bytes, and bytes from these to the next.
 */
export function shapeTable(): Uint8Array {
  const table = new Uint8Array(SHAPES.length * SHAPE_SIZE);
  for (const [i, shape] of SHAPES.entries()) {
    const entry = table.subarray(i * SHAPE_SIZE, (i + 1) * SHAPE_SIZE);
    const count = 1 << Math.floor(Math.log2(16 / shape.length));
    for (let at = 0; at < count * shape.length; at++) {
      const char = shape[at % shape.length] as string;
      const [mask, byte] = char === "X"
        ? [0xf8, 0x30]
        : char === "Y" || char === "Z"
        ? [0, 0]
        : [0xff, char.charCodeAt(0)];
      entry[at] = mask;
      entry[16 + at] = byte;
    }
    for (let each = 0; each < 8; each++) entry[32 + 2 * each] = each * shape.length;
    entry.fill(0x80, 48, 72);
    for (let each = 0; each < count; each++) {
      entry[56 + each] = (each + 1) * shape.length - 2;
      entry[64 + each] = (each + 1) * shape.length - 1;
    }
    entry.set([shape.length, count, count * shape.length], 72);
  }
  return table;
}

/** Symbols that are looked at together, as many as have to be met at least where there are more. */
const GRAM = 8;
/** The symbols of such escapes in the plain view, which has no backslashes. */
const WRITTEN = /[0-9a-f%xu]{8,}/g;
/** Some of them in a row: the end of one, others, the beginning of one; percent signs may be escaped themselves. */
const IN_ROW = new RegExp(
  "^(?:5?(?:25)*|0{0,6})H{0,2}(?:xHH|%HH|%(?:25)+H{0,2}|%?u00HH|u000000HH)*(?:xH?|%(?:25)*(?:2|H)?|%?u0{0,6}H?)?$"
    .replaceAll("H", "[0-9a-f]"),
);

/** The same of single characters with the marks of soft line ends between. */
const SPREAD = /(?:=.?){3}=/s;
const SHORT_SPREAD = /=.?=/s;
/** With what most zero-width characters begin. */
const ZERO_WIDTH = 0xe2;

const latin1 = new TextDecoder("latin1");

/** Whether eight of these symbols of the plain view, or all of fewer, may be what a row of escapes is written in. */
export function looksEscaped(symbols: Uint8Array): boolean {
  if (symbols.includes(ZERO_WIDTH)) return true;
  const text = latin1.decode(symbols);
  if (text.length < GRAM) return IN_ROW.test(text) || SHORT_SPREAD.test(text);
  if (SPREAD.test(text)) return true;
  for (const part of text.match(WRITTEN) ?? []) {
    for (let at = 0; at + GRAM <= part.length; at++) if (IN_ROW.test(part.slice(at, at + GRAM))) return true;
  }
  return false;
}
