// deno-lint-ignore-file no-control-regex -- control characters are what is being undone
/** Undoing encodings and escapes that tools write: base64 and its family, percent, HTML, JSON, quoted-printable, … */
import { gunzipSync, inflateRawSync, inflateSync } from "node:zlib";
import type { Undo } from "./leak_detector.ts";

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const BASE32HEX = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
const ASCII85 = Array.from({ length: 85 }, (_, at) => String.fromCharCode(33 + at)).join("");
const BASE85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/** Reads digits of so many bits each as bytes, starting at each of the digits a group can start with. */
function* bitDigits(run: string, alphabet: string, bits: number, starts: number): Generator<string> {
  const digits = Array.from(run, (character) => alphabet.indexOf(character));
  for (let start = 0; start < starts; start++) {
    let out = "", held = 0, count = 0;
    for (const digit of digits.slice(start)) {
      held = ((held << bits) | digit) & 0xffff;
      count += bits;
      if (count >= 8) {
        count -= 8;
        out += String.fromCharCode((held >> count) & 255);
      }
    }
    yield out;
  }
}

/** Runs of an alphabet, with what wraps lines taken out first, and the text as it stands too. */
function runsOf(text: string, pattern: RegExp): string[] {
  const seen = new Set<string>();
  for (const source of [text, text.replace(/\s+/g, ""), text.replace(/\\n|["',]|\s/g, "")]) {
    for (const [run] of source.matchAll(pattern)) seen.add(run);
  }
  return [...seen];
}

function* base64(text: string): Generator<string> {
  const plain = text.replaceAll("-", "+").replaceAll("_", "/").replace(/%2b/gi, "+").replace(/%2f/gi, "/").replace(
    /%3d/gi,
    "=",
  );
  const runs = [...new Set([text, plain].flatMap((source) => runsOf(source, /[A-Za-z0-9+/]{8,}/g)))];
  const outs = runs.map((run) => [...bitDigits(run, BASE64, 6, 4)]);
  for (let start = 0; start < 4; start++) yield outs.map((out) => out[start]!).join("\n");
}

function* base32(text: string): Generator<string> {
  for (const [alphabet, pattern] of [[BASE32, /[A-Z2-7]{10,}/g], [BASE32HEX, /[0-9A-V]{10,}/g]] as const) {
    const outs = runsOf(text.toUpperCase(), pattern).map((run) => [...bitDigits(run, alphabet, 5, 8)]);
    for (let start = 0; start < 8; start++) yield outs.map((out) => out[start]!).join("\n");
  }
}

function* base85(text: string): Generator<string> {
  for (const alphabet of [ASCII85, BASE85, Z85]) {
    for (const line of [text.replace(/\s+/g, ""), ...text.split("\n")]) {
      const digits = Array.from(line, (character) => alphabet.indexOf(character)).filter((digit) => digit >= 0);
      for (let start = 0; start < 5 && digits.length < 5000; start++) yield fives(digits.slice(start));
    }
  }
}

function fives(digits: number[]): string {
  let out = "";
  for (let at = 0; at < digits.length; at += 5) {
    let value = 0;
    for (let place = 0; place < 5; place++) value = value * 85 + (digits[at + place] ?? 84);
    out += String.fromCharCode(...[24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) & 255));
  }
  return out;
}

function* uuencode(text: string): Generator<string> {
  const lines = text.split("\n").map((line) => {
    const digits = Array.from(line.slice(1), (character) => (character.charCodeAt(0) - 32) & 63);
    return [...bitDigits(digits.map((digit) => BASE64[digit]).join(""), BASE64, 6, 1)][0]!;
  });
  yield lines.join("");
}

function* percent(text: string): Generator<string> {
  const once = text.replace(/%([0-9a-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
  yield once;
  yield once.replaceAll("+", " ");
}

const NAMED: Record<string, string> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  sol: "/",
  plus: "+",
};

function* html(text: string): Generator<string> {
  yield text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (hex) return utf8(parseInt(hex, 16));
    if (decimal) return utf8(parseInt(decimal, 10));
    return NAMED[name.toLowerCase()] ?? whole;
  });
}

const LETTERS: Record<string, string> = {
  n: "\n",
  r: "\r",
  t: "\t",
  b: "\b",
  f: "\f",
  v: "\v",
  a: "\x07",
  e: "\x1b",
  "\n": "",
};

/** Backslash escapes of JSON, JavaScript, C, Python and the shells; then also with every quote taken out. */
function* escapes(text: string): Generator<string> {
  const pattern = /\\(?:u\{?([0-9a-f]{1,6})\}|u([0-9a-f]{4})|x\{?([0-9a-f]{1,2})\}?|([0-7]{1,3})|([\s\S]))/gi;
  const once = text.replace(pattern, (_, braced, four, two, octal, letter) => {
    if (braced ?? four) return utf8(parseInt(braced ?? four, 16));
    if (two) return String.fromCharCode(parseInt(two, 16));
    if (octal) return String.fromCharCode(parseInt(octal, 8) & 255);
    return LETTERS[letter] ?? letter;
  });
  yield once;
  yield once.replace(/["'`]/g, "");
  yield text.replace(/'\\''|'"'"'|''/g, "'");
  yield text.replaceAll("$$", "$");
}

function* quotedPrintable(text: string): Generator<string> {
  yield text.replace(/=\r?\n/g, "").replace(
    /=([0-9a-f]{2})/gi,
    (_, digits) => String.fromCharCode(parseInt(digits, 16)),
  );
}

function* compressed(text: string): Generator<string> {
  for (const at of starts(text, /\x1f\x8b\x08|\x78[\x01\x5e\x9c\xda]/g)) {
    const bytes = Uint8Array.from(text.slice(at), (character) => character.charCodeAt(0));
    for (const inflate of [gunzipSync, inflateSync, (data: Uint8Array) => inflateRawSync(data.subarray(10))]) {
      try {
        yield inflate(bytes).toString("latin1");
      } catch {
        // not in this container, or cut
      }
    }
  }
}

function starts(text: string, pattern: RegExp): number[] {
  return [...text.matchAll(pattern)].map((match) => match.index).slice(0, 50);
}

function utf8(code: number): string {
  if (!(code <= 0x10ffff)) return "";
  return [...new TextEncoder().encode(String.fromCodePoint(code))].map((byte) => String.fromCharCode(byte)).join("");
}

/** RFC 2152: UTF-16 in base64 between `+` and `-`. */
function* utf7(text: string): Generator<string> {
  if (!/\+[A-Za-z0-9/]+-/.test(text)) return;
  yield text.replace(/\+([A-Za-z0-9/]*)-/g, (_, digits: string) => {
    if (digits === "") return "+";
    return atob(digits.slice(0, digits.length % 4 === 1 ? -1 : undefined)).replace(/\0/g, "");
  });
}

/** All encodings. */
export const ENCODING_UNDOS: readonly Undo[] = [
  { name: "base64", undo: base64 },
  { name: "base32", undo: base32 },
  { name: "base85", undo: base85 },
  { name: "uuencode", undo: uuencode },
  { name: "percent", undo: percent },
  { name: "html", undo: html },
  { name: "escapes", undo: escapes },
  { name: "quoted-printable", undo: quotedPrintable },
  { name: "utf-7", undo: utf7 },
  { name: "compressed", undo: compressed },
];
