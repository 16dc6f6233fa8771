import assert from "node:assert/strict";
import { DumpReader } from "../../lib/secrets/redaction/layouts/dumps.ts";
import { TextKernel } from "../../lib/secrets/redaction/kernel/text_kernel.ts";
import { Redactor } from "../../lib/secrets/redactor.ts";

const kernel = TextKernel.shared();
const reader = new DumpReader(kernel);

/** How the rows of a dump look. */
interface Layout {
  /** Bytes of a row, and of a group. */
  readonly columns: number;
  readonly group: number;
  /** Whether the last byte of a group comes first. */
  readonly isTurned?: boolean;
  /** What stands behind the offset, and whether the two halves of a row are further apart. */
  readonly mark: string;
  readonly hasHalves?: boolean;
  /** The characters of a row, as they stand behind it. */
  readonly characters: (text: string) => string;
}

const NONE = (): string => "";
const LAYOUTS: Record<string, Layout> = {
  "xxd": { columns: 16, group: 2, mark: ": ", characters: (text) => `  ${text}` },
  "xxd -g1": { columns: 16, group: 1, mark: ": ", characters: (text) => `  ${text}` },
  "xxd -c8 -g1": { columns: 8, group: 1, mark: ": ", characters: (text) => `  ${text}` },
  "xxd -c8": { columns: 8, group: 2, mark: ": ", characters: (text) => `  ${text}` },
  "xxd -c12 -g4": { columns: 12, group: 4, mark: ": ", characters: (text) => `  ${text}` },
  "xxd -e": { columns: 16, group: 4, isTurned: true, mark: ": ", characters: (text) => `  ${text}` },
  "hexdump -C": { columns: 16, group: 1, mark: "  ", hasHalves: true, characters: (text) => `  |${text}|` },
  "hexdump": { columns: 16, group: 2, isTurned: true, mark: " ", characters: NONE },
  "hexdump -x": { columns: 8, group: 2, isTurned: true, mark: "    ", characters: NONE },
  "od -tx1z": { columns: 16, group: 1, mark: " ", characters: (text) => `  >${text}<` },
  "od -tx8": { columns: 16, group: 8, isTurned: true, mark: " ", characters: NONE },
  "20 bytes": { columns: 20, group: 2, mark: ": ", characters: (text) => `  ${text}` },
};

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

/** The rows that a program writes for bytes. */
function rowsOf(bytes: Uint8Array, { columns, group, isTurned, mark, hasHalves, characters }: Layout): string[] {
  const width = Math.ceil(columns / group) * (2 * group + 1) - 1 + (hasHalves === true ? 1 : 0);
  return Array.from({ length: Math.ceil(bytes.length / columns) }, (_, row) => {
    const shown = [...bytes.subarray(row * columns, (row + 1) * columns)];
    const groups = Array.from({ length: Math.ceil(shown.length / group) }, (_, nth) => {
      const digits = shown.slice(nth * group, (nth + 1) * group).map(hex);
      const gap = hasHalves === true && nth === 8 ? " " : "";
      return gap + (isTurned === true ? digits.reverse() : digits).join("");
    });
    const text = shown.map((byte) => byte < 0x20 || byte > 0x7e ? "." : String.fromCharCode(byte)).join("");
    const behind = characters(text);
    const digits = groups.join(" ");
    return (row * columns).toString(16).padStart(8, "0") + mark + (behind === "" ? digits : digits.padEnd(width)) +
      behind;
  });
}

/** What is read from a dump: bytes, and for each of them the digits where it is said to stand; in both orders where there are. */
function readingsOf(text: string): { bytes: number[]; digits: string[] }[] {
  const data = new TextEncoder().encode(text);
  kernel.load(data);
  kernel.note();
  const readings: { bytes: number[]; digits: string[] }[] = [];
  reader.find(data, ({ bytes, sources }) => {
    const digits = Array.from(bytes, (_, i) => {
      const { start, end } = sources({ start: i, end: i + 1 })[0] as { start: number; end: number };
      return text.slice(start, end);
    });
    readings.push({ bytes: [...bytes], digits });
  });
  return readings;
}

/** Bytes that look like text, with blanks and hexadecimal digits at the beginning of rows now and then. */
const TEXT = new TextEncoder().encode(
  "ab cd 12  34 the quick brown fox, ff 00 jumps over lazy dogs (0123456789abcdef) ~".repeat(3),
);
const BYTES = Uint8Array.from({ length: 333 }, (_, i) => (i * 167 + (i >> 3)) % 256);

for (const [name, layout] of Object.entries(LAYOUTS)) {
  Deno.test(`DumpReader.find() reads every row when they look like those of ${name}`, () => {
    for (const bytes of [TEXT, BYTES]) {
      const readings = readingsOf(rowsOf(bytes, layout).join("\n") + "\n");
      for (const { bytes: read, digits } of readings) assert.deepEqual(digits, read.map(hex));
      // What two blanks before the characters make of them is no part of this.
      const isRead = readings.some(({ bytes: read }) => read.join().includes(bytes.subarray(0, 8).join()));
      assert.ok(isRead, name);
      const shown = readings.map(({ bytes: read }) => read.length);
      assert.ok(Math.max(...shown) >= bytes.length, `${name}: ${shown}`);
    }
  });

  Deno.test(`redact() masks a value in the rows of ${name} when a row between has another shape`, () => {
    const value = "Kq7Zr2mXw9Tb4Vn8Lc3Yd6Hf";
    const redactor = new Redactor();
    redactor.add([value]);
    const rows = rowsOf(new TextEncoder().encode(`${"-".repeat(100)}${value}${"-".repeat(100)}`), layout);
    const [other] = rowsOf(TEXT, { ...layout, mark: ":   " }) as [string];
    const twice = [...rows, "", ...rows];
    for (const text of [rows, twice, [rows[0], other, ...rows], [...rows.slice(0, 3), other, ...rows.slice(3)]]) {
      const dump = text.join("\n");
      const shown = (part: string): number => [...part].filter((char) => char !== "*").length;
      // All digits of the value, two or more for each character, in every copy of it.
      const copies = text === twice ? 2 : 1;
      assert.ok(
        shown(dump) - shown(redactor.redact(dump)) >= 2 * value.length * copies,
        `${name}: ${redactor.redact(dump)}`,
      );
    }
  });
}
