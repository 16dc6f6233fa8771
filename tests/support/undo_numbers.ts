/** Undoing what writes bytes as numbers: hexadecimal, octal, decimal and binary, in words, rows and columns. */
import type { Undo } from "./leak_detector.ts";

/** Numbers of so many digits in a base, as bytes; larger words in both byte orders. */
function words(tokens: readonly string[], base: number, bytes: number): string[] {
  const big: string[] = [], little: string[] = [];
  for (const token of tokens) {
    const value = toBigInt(token, base);
    if (value === undefined || value >= 1n << BigInt(bytes * 8)) continue;
    let word = "";
    for (let at = bytes - 1; at >= 0; at--) word += String.fromCharCode(Number((value >> BigInt(at * 8)) & 255n));
    big.push(word);
    little.push([...word].reverse().join(""));
  }
  return bytes === 1 ? [big.join("")] : [big.join(""), little.join("")];
}

function toBigInt(token: string, base: number): bigint | undefined {
  const prefix = base === 16 ? "0x" : base === 8 ? "0o" : base === 2 ? "0b" : "";
  try {
    return BigInt(prefix + token);
  } catch {
    return undefined;
  }
}

/** The rows without an address in front and without a text column behind. */
function rows(text: string): string {
  return text.split("\n").map((line) =>
    line
      .replace(/^\s*[0-9A-Fa-f]{5,16}:?(?=\s|$)/, "")
      .replace(/\s+[|>].*[|<]\s*$/, "")
      .replace(/ {2}\S.*$/, (tail) => /^ {2}([0-9A-Fa-f]{2,16} ?)+\s/.test(tail + " ") ? tail : "")
  ).join("\n");
}

function tokensOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
}

function* hexRuns(text: string): Generator<string> {
  const marked = tokensOf(
    text,
    /(?:0x|\\x\{?|%|&#x|=|\\u00|u\+00|\bx)([0-9a-f]{2})(?![0-9a-f])|(?:\\x|%|=)([0-9a-f]{2})/gi,
  )
    .concat();
  yield words(marked, 16, 1)[0]!;
  for (const source of [text, rows(text)]) {
    for (const [digits, bytes] of [[2, 1], [4, 2], [8, 4], [16, 8]] as const) {
      const pattern = new RegExp(`(?<![0-9a-f])[0-9a-f]{${digits}}(?![0-9a-f])`, "gi");
      yield* words(tokensOf(source, pattern), 16, bytes);
    }
    for (const squeezed of [source, source.replace(/\s+/g, ""), source.replace(/[^0-9a-f]+/gi, "")]) {
      const runs = tokensOf(squeezed, /[0-9a-f]{8,}/gi);
      for (const from of [0, 1]) {
        yield runs.map((run) => words(run.slice(from).match(/../g) ?? [], 16, 1)[0]!).join("\n");
      }
    }
  }
}

function* octalRuns(text: string): Generator<string> {
  yield words(tokensOf(text, /\\0?([0-3][0-7]{2})/g), 8, 1)[0]!;
  for (const source of [text, rows(text)]) {
    yield words(tokensOf(source, /(?<![0-9])[0-3]?[0-7]{2}(?![0-9])/g), 8, 1)[0]!;
    yield* words(tokensOf(source, /(?<![0-9])[01][0-7]{5}(?![0-9])/g), 8, 2);
  }
}

function* decimalRuns(text: string): Generator<string> {
  for (const source of [text, rows(text)]) {
    yield words(tokensOf(source, /(?<![0-9])[0-9]{2,3}(?![0-9])/g), 10, 1)[0]!;
    for (const [digits, bytes] of [["3,5", 2], ["6,10", 4], ["11,20", 8]] as const) {
      yield* words(tokensOf(source, new RegExp(`(?<![0-9])[0-9]{${digits}}(?![0-9])`, "g")), 10, bytes);
    }
  }
}

function* binaryRuns(text: string): Generator<string> {
  yield words(tokensOf(text, /(?<![01])[01]{8}(?![01])/g), 2, 1)[0]!;
  const runs = tokensOf(text.replace(/\s+/g, ""), /[01]{32,}/g);
  yield runs.map((run) => words(run.match(/.{8}/g) ?? [], 2, 1)[0]!).join("\n");
}

/** All ways of reading numbers as bytes. */
export const NUMBER_UNDOS: readonly Undo[] = [
  { name: "hexadecimal", undo: hexRuns },
  { name: "octal", undo: octalRuns },
  { name: "decimal", undo: decimalRuns },
  { name: "binary", undo: binaryRuns },
];
