// deno-lint-ignore-file no-control-regex -- control characters are what is being undone
/** Undoing how text is laid out, ordered or spelt: terminals, separators, columns, reversal, simple ciphers. */
import type { Undo } from "./leak_detector.ts";

function* terminal(text: string): Generator<string> {
  const noCsi = text.replace(/\x1b\[[0-?]*[ -/]*[@-~]/g, "");
  // What a title, a link or a device string carries stays to be read; only its wrapping goes.
  yield noCsi.replace(/\x1b[\]P_^X]|\x1b[()*+][A-Za-z0-9]|\x1b.|[\x00-\x09\x0b-\x1f\x7f]/g, "");
  yield noCsi.replace(/\x1b[\]P_^X][^\x07\x1b]*(?:\x07|\x1b\\)/g, "").replace(/[\x00-\x09\x0b-\x1f\x7f]/g, "");
  let typed = noCsi;
  for (let round = 0; round < 3; round++) typed = typed.replace(/[^\x08]\x08/g, "");
  yield typed.replaceAll("\x08", "");
  yield noCsi.replace(/\x08[\s\S]/g, "");
  yield noCsi.replace(/ \r/g, "").replace(/(.)\r\1/g, "$1");
  if (text.length < 20_000) yield screen(text);
}

/** What stands on the screen after all cursor movements of one row or between rows. */
function screen(text: string): string {
  const grid: string[][] = [[]];
  let row = 0, column = 0;
  for (const [token, args, end] of text.matchAll(/\x1b\[([0-9;]*)([@-~])|[\s\S]/g)) {
    const count = Math.min(Number((args ?? "").split(";")[0]) || 1, 500);
    if (end === "G") column = count - 1;
    else if (end === "C") column += count;
    else if (end === "D") column = Math.max(0, column - count);
    else if (end === "A") row = Math.max(0, row - count);
    else if (end === "B") row += count;
    else if (end === "H") [row, column] = [count - 1, (Number(args!.split(";")[1]) || 1) - 1];
    else if (token === "\n") row++, column = 0;
    else if (token === "\r") column = 0;
    else if (token === "\b") column = Math.max(0, column - 1);
    else if (token.length === 1 && token >= " ") (grid[row] ??= [])[column++] = token;
  }
  return Array.from(grid, (line) => Array.from(line ?? [], (character) => character ?? " ").join("")).join("\n");
}

/** Columns of a table, read downwards: `nl`, `cmp -l`, `chunk x done`, `i: c`; in order, and sorted by a number. */
function* columns(text: string): Generator<string> {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length < 2 || lines.length > 4000) return;
  for (const separator of [/\s+/, /[\s:=;,)(>"'+|]+/]) {
    const table = lines.map((line) => line.split(separator).filter((cell) => cell !== ""));
    const width = Math.min(12, Math.max(...table.map((cells) => cells.length)));
    const downwards: string[] = [];
    for (let at = 0; at < width; at++) {
      downwards.push(table.map((cells) => cells[at] ?? "").join(""));
      yield downwards.at(-1)!;
      yield table.map((cells) => cells.at(-1 - at) ?? "").join("");
    }
    yield downwards.join("");
  }
  const numbered = lines.map((line) => /^\D*(\d+)\W*(.*)$/.exec(line)).filter((match) => match !== null);
  yield numbered.toSorted((left, right) => Number(left[1]) - Number(right[1])).map((match) => match[2]).join("");
  const numberedTight = lines.map((line) => /^\D*?(\d+)[:= ]+(.)/.exec(line)).filter((match) => match !== null);
  yield numberedTight.toSorted((left, right) => Number(left[1]) - Number(right[1])).map((match) => match[2]).join("");
  yield lines.map((line) => line.slice(-1)).join("");
  yield withoutFrame(lines).join("");
  yield overlapping(lines);
}

/** The lines without what all of them begin and end with. */
function withoutFrame(lines: readonly string[]): string[] {
  const shared = (left: string, right: string) => {
    let at = 0;
    while (at < left.length && left[at] === right[at]) at++;
    return left.slice(0, at);
  };
  const turned = (line: string) => [...line].reverse().join("");
  const front = lines.reduce(shared), back = lines.map(turned).reduce(shared);
  return lines.map((line) => line.slice(front.length, Math.max(front.length, line.length - back.length)));
}

/** Lines laid over one another where the end of one is the beginning of the next, as sliding windows are. */
function overlapping(lines: readonly string[]): string {
  let whole = lines[0]!;
  for (const line of lines.slice(1, 500)) {
    let size = Math.min(line.length, whole.length);
    while (size > 3 && !whole.endsWith(line.slice(0, size))) size--;
    whole += size > 3 ? line.slice(size) : "\n" + line;
  }
  return whole;
}

/** Lists: what stands in quotes or brackets, or what does not recur, put together. */
function* listed(text: string): Generator<string> {
  const items = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1]).join("");
  yield items(/'((?:\\.|[^'\\])*)'/g);
  yield items(/"((?:\\.|[^"\\])*)"/g);
  yield items(/\[(.)\]/g);
  const numbered = [...text.matchAll(/(\d+)(?:, |: )(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")/g)];
  yield numbered.toSorted((left, right) => Number(left[1]) - Number(right[1]))
    .map(([, , single, double]) => (single ?? double)!.replace(/\\n/g, "\n").replace(/\\(.)/g, "$1")).join("");
  yield text.replace(/\b\d+: /g, "");
  const counts = new Map<string, number>();
  const tokens = text.split(/\s+/);
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  yield tokens.filter((token) => counts.get(token) === 1).join("");
}

/** Rows of od -a, where control characters and blanks have names. */
function* named(text: string): Generator<string> {
  const names =
    "nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc " +
    "fs gs rs us sp";
  const byName = new Map(names.split(" ").map((name, code) => [name, String.fromCharCode(code)]));
  const rows = text.split("\n").map((line) => /^\d{7}((?:[ ].{3})+)$/.exec(line)?.[1]).filter((row) =>
    row !== undefined
  );
  const cells = rows.flatMap((row) => row.match(/.{4}/g)!).map((cell) => cell.slice(1).trimStart());
  if (cells.length > 0) yield cells.map((cell) => byName.get(cell) ?? cell).join("");
}

function* reversed(text: string): Generator<string> {
  const turn = (part: string) => part.split("").reverse().join("");
  yield turn(text);
  yield text.split("\n").map(turn).join("\n");
  yield text.split("\n").reverse().join("\n");
  for (const from of [0, 1]) yield text.slice(from).replace(/([\s\S])([\s\S])/g, "$2$1");
}

/** Every second or third character, and lines or halves that were dealt out in turn. */
function* interleaved(text: string): Generator<string> {
  if (text.length > 100_000) return;
  for (const step of [2, 3, 4]) {
    for (let from = 0; from < step; from++) {
      let out = "";
      for (let at = from; at < text.length; at += step) out += text[at];
      yield out;
    }
  }
  const lines = text.split("\n").filter((line) => line !== "");
  for (let at = 0; at + 1 < Math.min(lines.length, 40); at++) yield deal(lines[at]!, lines[at + 1]!);
  const middle = Math.ceil(text.length / 2);
  yield deal(text.slice(0, middle), text.slice(middle));
}

function deal(left: string, right: string): string {
  let out = "";
  for (let at = 0; at < left.length; at++) out += left[at] + (right[at] ?? "");
  return out;
}

function shifted(text: string, by: number): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode((letter.charCodeAt(0) - base + by) % 26 + base);
  });
}

function* ciphers(text: string): Generator<string> {
  const rot5 = (source: string) => source.replace(/[0-9]/g, (digit) => String((Number(digit) + 5) % 10));
  yield shifted(text, 13);
  yield rot5(text);
  yield rot5(shifted(text, 13));
  yield text.replace(/[!-~]/g, (character) => String.fromCharCode((character.charCodeAt(0) - 33 + 47) % 94 + 33));
}

function* alphabets(text: string): Generator<string> {
  for (let by = 1; by < 26; by++) yield shifted(text, by);
  yield text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= "Z" ? 65 : 97;
    return String.fromCharCode(25 - (letter.charCodeAt(0) - base) + base);
  });
}

/** The letters, digits and commonest signs of EBCDIC code page 037. */
const EBCDIC: ReadonlyMap<number, string> = new Map(
  ([[0x81, "abcdefghi"], [0x91, "jklmnopqr"], [0xa2, "stuvwxyz"], [0xc1, "ABCDEFGHI"], [0xd1, "JKLMNOPQR"]] as const)
    .concat([[0xe2, "STUVWXYZ"], [0xf0, "0123456789"], [0x4b, ".<(+|&"], [0x60, "-/"], [0x6b, ",%_>?"]] as never)
    .flatMap(([from, characters]) => [...characters].map((character, at): [number, string] => [from + at, character])),
);

function* ebcdic(text: string): Generator<string> {
  if (/[\x80-\xff]{4}|[\x80-\xff]\x60/.test(text)) {
    yield Array.from(text, (character) => EBCDIC.get(character.charCodeAt(0)) ?? " ").join("");
  }
}

/** Unicode look-alikes folded back, marks and invisible characters dropped, other character widths. */
function* unicode(text: string): Generator<string> {
  if (/[\x80-\xff]/.test(text)) {
    const decoded = new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));
    yield decoded.normalize("NFKD").replace(/[^\x00-\x7f]/g, "");
  }
  if (text.includes("\0")) yield text.replaceAll("\0", "");
}

/** All layouts. */
export const LAYOUT_UNDOS: readonly Undo[] = [
  { name: "terminal", undo: terminal },
  { name: "columns", undo: columns },
  { name: "listed", undo: listed },
  { name: "named", undo: named },
  { name: "reversed", undo: reversed },
  { name: "interleaved", undo: interleaved, isLast: true },
  { name: "ciphers", undo: ciphers },
  { name: "alphabets", undo: alphabets, isLast: true },
  { name: "ebcdic", undo: ebcdic },
  { name: "unicode", undo: unicode },
];
