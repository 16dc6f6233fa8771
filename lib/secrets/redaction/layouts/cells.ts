/**
 * The cells of a dump of characters: od -c, od -a and hexdump -c give each byte four places, in which a character stands at
 * the end, or a name or a number for one that cannot be shown.
 */

/** Bytes of a cell. */
export const CELL_WIDTH = 4;

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

/** Numbers for the kernel: 256 times the last three bytes of a cell, the first one lowest, and the byte that it stands for. */
export function cellNames(): Uint32Array {
  const names = [
    ...NAMES.split(" ").entries(),
    ...Object.entries(ESCAPES).map(([name, value]) => [value, name] as const),
  ];
  return Uint32Array.from(names, ([value, name]) => {
    const text = name.padStart(3);
    return (text.charCodeAt(0) << 8) | (text.charCodeAt(1) << 16) | (text.charCodeAt(2) << 24) | value;
  });
}
