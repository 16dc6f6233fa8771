/** Text that is made to be slow to look at: full of what almost is a secret, or of what has to be decoded first. */

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
const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (c.toLowerCase() < "n" ? 13 : -13)));

/** Near misses of `values` by name. */
export function nearMisses(values: readonly string[], random: () => number): Record<string, Uint8Array> {
  const value = values[3] as string;
  return {
    "first 7 characters": filled(value.slice(0, 7)),
    "7 and 7 characters": filled(`${value.slice(0, 7)} ${value.slice(10, 17)} `),
    ...escapes(),
    ...beginnings(values),
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
