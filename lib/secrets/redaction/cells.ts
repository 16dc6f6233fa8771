/**
 * The cells of a dump of characters: od -c, od -a and hexdump -c give each byte four places, in which a character stands at
 * the end, or a name or a number for one that cannot be shown.
 */

/** Bytes of a cell. */
export const CELL_WIDTH = 4;

const BLANK = 0x20;

/** What od -a calls the control characters, from 0 on, and the blank. */
const NAMES =
  "nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc " +
  "fs gs rs us sp";
/** What od -c and hexdump -c write instead of a number, and the last name of od -a. */
const ESCAPES: Readonly<Record<string, number>> = {
  del: 127,
  "\\0": 0,
  "\\a": 7,
  "\\b": 8,
  "\\t": 9,
  "\\n": 10,
  "\\v": 11,
  "\\f": 12,
  "\\r": 13,
};

const keyOf = (one: number, two: number, three: number): number => (one << 16) | (two << 8) | three;

/** The last three bytes of a cell as one number, to the byte that it stands for. */
const VALUES: ReadonlyMap<number, number> = new Map(
  [
    ...Object.entries(NAMES.split(" ")).map(([value, name]) => [name, Number(value)] as const),
    ...Object.entries(ESCAPES),
  ]
    .map(([name, value]) => [keyOf(...codes(name)), value]),
);

function codes(name: string): [number, number, number] {
  const text = name.padStart(3);
  return [text.charCodeAt(0), text.charCodeAt(1), text.charCodeAt(2)];
}

/** The byte that the cell at `at` stands for, -1 when it is none. */
export function cellValue(data: Uint8Array, at: number): number {
  if (data[at] !== BLANK) return -1;
  const [one, two, three] = [data[at + 1] as number, data[at + 2] as number, data[at + 3] as number];
  if (one === BLANK && two === BLANK) return three >= BLANK && three < 0x7f ? three : -1;
  const isOctal = (one & 0xfc) === 0x30 && (two & 0xf8) === 0x30 && (three & 0xf8) === 0x30;
  if (isOctal) return ((one & 3) << 6) | ((two & 7) << 3) | (three & 7);
  return VALUES.get(keyOf(one, two, three)) ?? -1;
}
