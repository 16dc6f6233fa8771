/** Text that is made to be slow to look at: full of what almost is a secret, or of what has to be decoded first. */
import { rot13 } from "../../tests/support/masked.ts";

const LENGTH = 8_000_000;
const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const encoder = new TextEncoder();

/** `length` characters of `alphabet`. */
export function pickFrom(random: () => number, alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

/** `text` again and again. */
export function filled(text: string, length: number = LENGTH): Uint8Array {
  const out = new Uint8Array(length);
  const { written } = encoder.encodeInto(text, out);
  for (let done = written; done > 0 && done < length; done *= 2) out.copyWithin(done, 0, done);
  return out;
}

/** The lines that `line` gives for 0, 1, 2 and so on. */
export function lines(line: (i: number) => string, length: number = LENGTH): Uint8Array {
  const parts: string[] = [];
  for (let i = 0, total = 0; total < length; i++) {
    const text = `${line(i)}\n`;
    parts.push(text);
    total += text.length;
  }
  return encoder.encode(parts.join("")).subarray(0, length);
}

const hex = (text: string): string[] => [...encoder.encode(text)].map((byte) => byte.toString(16).padStart(2, "0"));

/** Near misses of `values` by name. */
export function nearMisses(values: readonly string[], random: () => number): Record<string, Uint8Array> {
  const value = values[3] as string;
  return {
    "first 7 characters": filled(value.slice(0, 7)),
    "7 and 7 characters": filled(`${value.slice(0, 7)} ${value.slice(10, 17)} `),
    ...escapes(),
    ...beginnings(values),
    ...escapedBeginnings(values),
    ...brokenBeginnings(values),
    ...linesOfBeginnings(values),
    ...wrongValues(values),
    ...bits(values, random),
    ...dumps(values.map((each) => each.slice(0, 7)).join(" ")),
    "numbered characters": filled(" 12\ts\n 13\tk\n"),
    "gzip marks": filled("H4sIAAAA"),
    "base64": noise(random, ALNUM + "+/"),
    "digits": noise(random, "0123456789"),
    "hexadecimal digits": noise(random, "0123456789abcdef"),
    "octal digits": noise(random, "01234567"),
    "noughts and ones": noise(random, "01"),
    "marks of escapes": noise(random, "%\\&=\x1b\b<>;#x41u"),
    "random bytes": Uint8Array.from({ length: LENGTH }, () => random() * 256),
  };
}

function noise(random: () => number, alphabet: string): Uint8Array {
  return Uint8Array.from({ length: LENGTH }, () => alphabet.charCodeAt(Math.floor(random() * alphabet.length)));
}

/** Escapes of every kind, and what looks like some. */
function escapes(): Record<string, Uint8Array> {
  return {
    "percent signs": filled("%"),
    "percent-encoded text": filled("%41%42%43"),
    "percent-encoded percent signs": filled("%2541%25252541"),
    "backslashes": filled("\\"),
    "hex escapes": filled("\\x41\\x42"),
    "octal escapes": filled("\\101\\102"),
    "unicode escapes": filled("\\u0041\\u0042"),
    "line-end escapes": filled("ab\\ncd\\t"),
    "entities": filled("&#65;&#x42;"),
    "named entities": filled("&lt;&amp;"),
    "ampersands": filled("&"),
    "markup": filled('<div class="row"><a href="/x?a=1&amp;b=2">link</a></div>\n'),
    "quoted-printable": filled("=41=42"),
    "soft line ends": filled("ab=\n"),
    "escape characters": filled("\x1b"),
    "colours": filled("\x1b[31mab\x1b[0m "),
    "unfinished titles": filled("\x1b]aaaa"),
    "backspaces": filled("a\bb\b"),
    "carriage returns": filled("progress 10%\rprogress 20%\r"),
    "full-width letters": filled("ｓｋ－"),
  };
}

/** The first seven characters of every value, in many forms. */
function beginnings(values: readonly string[]): Record<string, Uint8Array> {
  const near = values.map((value) => value.slice(0, 7)).join(" ");
  const base64 = values.map((value) => btoa(value.slice(0, 7))).join(" ");
  return {
    "beginnings": filled(near),
    "beginnings in base64": filled(base64),
    "beginnings in base64, wrapped": filled(btoa(near).replace(/(.{76})/g, "$1\n")),
    "beginnings in hex": filled(hex(near).join("")),
    "beginnings in hex with blanks": filled(hex(near).join(" ")),
    "beginnings in decimal": filled([...near].map((char) => char.charCodeAt(0)).join(" ")),
    "beginnings in JSON escapes": filled(hex(near).map((digits) => `\\u00${digits}`).join("")),
    "beginnings reversed": filled([...near].reverse().join("")),
    "beginnings in rot13": filled(rot13(near)),
    "beginnings in UTF-16": filled([...near].join("\0")),
    "beginnings, one character a line": filled([...near].join("\n")),
    "beginnings, two characters a line": filled(near.replace(/(..)/g, "$1\n")),
    "beginnings with colours between": filled([...near].join("\x1b[1m")),
    "beginnings with blanks between": filled([...near].join(" ")),
  };
}

/** `text` with what `form` makes of the number of each character, and of that number in hexadecimal digits. */
const each = (text: string, form: (digits: string, byte: number) => string): string =>
  hex(text).map((digits) => form(digits, parseInt(digits, 16))).join("");

/** `text` with `end` after every `width` characters. */
const wrapped = (text: string, width: number, end: string): string =>
  text.replace(new RegExp(`(.{${width}})`, "g"), `$1${end}`);

const beginningsOf = (values: readonly string[]): string => values.map((value) => value.slice(0, 7)).join(" ");

/** The first seven characters of every value, in escapes of all kinds and in one over another. */
function escapedBeginnings(values: readonly string[]): Record<string, Uint8Array> {
  const near = beginningsOf(values);
  const percent = each(near, (digits) => `%${digits}`);
  let turn = 0;
  return {
    "beginnings in percent-encoding": filled(percent),
    "beginnings in percent-encoding twice": filled(percent.replaceAll("%", "%25")),
    "beginnings in percent-encoding three times": filled(percent.replaceAll("%", "%2525")),
    "beginnings in percent-encoding five times": filled(percent.replaceAll("%", "%25252525")),
    "beginnings in base64 in percent-encoding": filled(each(btoa(near), (digits) => `%${digits}`)),
    "beginnings as %u0041": filled(each(near, (digits) => `%u00${digits}`)),
    "beginnings as \\x41": filled(each(near, (digits) => `\\x${digits}`)),
    "beginnings as \\\\x41": filled(each(near, (digits) => `\\\\x${digits}`)),
    "beginnings as \\U00000041": filled(each(near, (digits) => `\\U000000${digits}`)),
    "beginnings in octal escapes": filled(each(near, (_, byte) => `\\${byte.toString(8).padStart(3, "0")}`)),
    "beginnings in entities": filled(each(near, (_, byte) => `&#${byte};`)),
    "beginnings in hexadecimal entities": filled(each(near, (digits) => `&#x${digits};`)),
    "beginnings in entities twice": filled(each(near, (_, byte) => `&amp;#${byte};`)),
    "beginnings in quoted-printable": filled(wrapped(each(near, (digits) => `=${digits}`), 75, "=\n")),
    "beginnings by turns as %41 and \\u0041": filled(
      each(near, (digits) => turn++ % 2 === 0 ? `%${digits}` : `\\u00${digits}`),
    ),
    "beginnings by turns in all escapes": filled(each(near, (digits, byte) => {
      const forms = [`%${digits}`, `\\u00${digits}`, `&#${byte};`, `=${digits}`, `\\x${digits}`, `&#x${digits};`];
      return forms[turn++ % forms.length] as string;
    })),
  };
}

/** The first seven characters of every value, broken up. */
function brokenBeginnings(values: readonly string[]): Record<string, Uint8Array> {
  const near = beginningsOf(values);
  const wide = (char: string): string =>
    char > " " && char < "\x7f" ? String.fromCharCode(char.charCodeAt(0) + 0xfee0) : char;
  return {
    "beginnings with soft line ends between": filled(wrapped(near, 1, "=\n")),
    "beginnings with zero-width characters between": filled([...near].join("\u200b")),
    "beginnings with tags between": filled([...near].map((char) => `<b>${char}</b>`).join("")),
    "beginnings with NULs before each character": filled([...near].map((char) => `\0${char}`).join("")),
    "beginnings overstruck": filled([...near].map((char) => `${char}\b${char}`).join("")),
    "beginnings full-width": filled([...near].map(wide).join("")),
    "beginnings quoted one by one": filled([...near].map((char) => `\\${char}`).join("")),
  };
}

/** The first six characters of every value on a line of its own: a seventh might go on with the next line. */
function linesOfBeginnings(values: readonly string[]): Record<string, Uint8Array> {
  const linesOf = (form: (text: string) => string): Uint8Array =>
    filled(values.map((value) => form(value.slice(0, 6)) + "\n").join(""));
  return {
    "beginnings, one a line": linesOf((text) => text),
    "beginnings in base64, one a line": linesOf(btoa),
    "beginnings in hex, one a line": linesOf((text) => hex(text).join("")),
    "beginnings in hex with blanks, one a line": linesOf((text) => hex(text).join(" ")),
    "beginnings in decimal, one a line": linesOf((text) => [...text].map((char) => char.charCodeAt(0)).join(" ")),
    "beginnings in percent-encoding, one a line": linesOf((text) => each(text, (digits) => `%${digits}`)),
    "beginnings in JSON escapes, one a line": linesOf((text) => each(text, (digits) => `\\u00${digits}`)),
    "beginnings in entities, one a line": linesOf((text) => each(text, (_, byte) => `&#${byte};`)),
    "beginnings as settings, one a line": linesOf((text) => `export TOKEN='${text}'`),
  };
}

/** Whole values of which every eighth character is another one, in some forms. */
function wrongValues(values: readonly string[]): Record<string, Uint8Array> {
  const wrong = values.map((value) => [...value].map((char, i) => i % 8 < 7 ? char : char === "Q" ? "Z" : "Q").join(""))
    .join(" ");
  return {
    "wrong values": filled(wrong),
    "wrong values in lines of 80": filled(wrapped(wrong, 80, "\r\n")),
    "wrong values in base64, in lines of 76": filled(wrapped(btoa(wrong), 76, "\n")),
    "wrong values in base64 twice": filled(btoa(btoa(wrong))),
    "wrong values in hex": filled(hex(wrong).join("").toUpperCase()),
    "wrong values in JSON escapes": filled(each(wrong, (digits) => `\\u00${digits}`)),
    "wrong values in percent-encoding": filled(each(wrong, (digits) => `%${digits}`)),
    "wrong values with NULs between": filled([...wrong].join("\0")),
  };
}

/** The first seven characters of every value as noughts and ones, and noughts and ones that are nothing. */
function bits(values: readonly string[], random: () => number): Record<string, Uint8Array> {
  const near = hex(beginningsOf(values)).map((digits) => parseInt(digits, 16).toString(2).padStart(8, "0"));
  return {
    "beginnings in noughts and ones": filled(near.join("")),
    "beginnings in noughts and ones, in lines of 64": filled(wrapped(near.join(""), 64, "\n")),
    "beginnings in noughts and ones, a byte a word": filled(near.join(" ")),
    "beginnings in noughts and ones, a byte a line": filled(near.join("\n")),
    "noughts and ones with blanks": noise(random, "0000000111111 "),
  };
}

/** Rows that dumps of `text` have. */
function dumps(text: string): Record<string, Uint8Array> {
  const row = (i: number): string => text.slice((16 * i) % (text.length - 16)).slice(0, 16);
  const offset = (i: number, base: number): string => (16 * i).toString(base).padStart(8, "0");
  return {
    "hexdump -C": lines((i) => `${offset(i, 16)}  ${hex(row(i)).join(" ")}  |${row(i)}|`),
    "xxd": lines((i) => `${offset(i, 16)}: ${hex(row(i)).join("").replace(/(....)/g, "$1 ")} ${row(i)}`),
    "od -c": lines((i) => `${offset(i, 8)} ${[...row(i)].map((char) => `  ${char}`).join(" ")}`),
  };
}
