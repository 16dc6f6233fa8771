/**
 * The kinds of escape that programs write for characters one at a time: percent-encoding, backslash escapes, HTML entities,
 * quoted-printable, terminal control, overstriking, full-width letters. How each is read is in escapes.as.
 */

/** The kinds of escape, as bits. */
export const ESCAPE = {
  /** `%41`, `%u0041` */
  percent: 1,
  /** `\x41`, `\101`, `\u0041`, `\n` */
  backslash: 2,
  /** `&#65;`, `&#x41;`, `&amp;` */
  entity: 4,
  /** `=41`, `=` at the end of a line */
  quotedPrintable: 8,
  /** CSI, OSC and the other sequences of ECMA-48 */
  terminal: 16,
  /** a backspace erases what stands before it */
  backspace: 32,
  /** full-width and mathematical letters, zero-width characters */
  wide: 64,
  /** markup around single characters */
  tag: 128,
} as const;

/** Every kind of escape. */
export const EVERY_ESCAPE = 255;

/** What values need to be found in escapes, as bits. */
export const NEEDS = {
  /** Named entities. */
  entities: 1,
  /** A single `=3D`. */
  quotedPrintable: 2,
  /** A single `\\n`. */
  lineEnds: 4,
  /** A single `=XX` of what is not ASCII. */
  quotedBytes: 8,
} as const;

/** Byte to the kind of escape it may begin. */
export const ESCAPE_STARTS: Uint8Array = new Uint8Array(256);
ESCAPE_STARTS[0x25] = ESCAPE.percent;
ESCAPE_STARTS[0x5c] = ESCAPE.backslash;
ESCAPE_STARTS[0x26] = ESCAPE.entity;
ESCAPE_STARTS[0x3d] = ESCAPE.quotedPrintable;
ESCAPE_STARTS[0x1b] = ESCAPE.terminal;
ESCAPE_STARTS[0x08] = ESCAPE.backspace;
ESCAPE_STARTS[0x3c] = ESCAPE.tag;
for (const lead of [0xc2, 0xcc, 0xcd, 0xe2, 0xef, 0xf0]) ESCAPE_STARTS[lead] = ESCAPE.wide;

/** Byte to the kinds of escape that it may be the second byte of: most of what looks like an escape ends here. */
export const ESCAPE_FOLLOWS: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  let kinds = ESCAPE.backspace;
  if (byte >= 0x80 && byte < 0xc0) kinds |= ESCAPE.wide;
  if (/[0-9a-fu]/i.test(char)) kinds |= ESCAPE.percent;
  if (/[0-7xunrtfvabe]/i.test(char)) kinds |= ESCAPE.backslash;
  if (/[a-z/]/i.test(char)) kinds |= ESCAPE.tag;
  if (/[#a-z]/i.test(char)) kinds |= ESCAPE.entity;
  if (/[0-9a-f\r\n]/i.test(char)) kinds |= ESCAPE.quotedPrintable;
  if (byte >= 0x20 && byte <= 0x7e) kinds |= ESCAPE.terminal;
  return kinds;
});

/** The same, for escapes that stand for nothing by themselves too: a backslash may quote anything. */
export const ESCAPE_SECONDS: Uint8Array = ESCAPE_FOLLOWS.map((kinds, byte) => {
  const isInTag = byte >= 0x20 && byte !== 0x3c;
  return kinds | ESCAPE.backslash | (isInTag ? ESCAPE.tag : 0);
});

/** What a byte means behind a backslash, besides an octal digit. */
export const BACKSLASH = { hex: 1, unicode: 2, long: 3, control: 4, lineEnd: 5 } as const;

/** Byte to what it means behind a backslash, 0 when it stands for itself. */
export const BACKSLASHED: Uint8Array = new Uint8Array(256);
BACKSLASHED[0x78] = BACKSLASHED[0x58] = BACKSLASH.hex;
BACKSLASHED[0x75] = BACKSLASH.unicode;
BACKSLASHED[0x55] = BACKSLASH.long;
BACKSLASHED[0x0a] = BACKSLASH.lineEnd;
for (const char of "nrtfvabe") BACKSLASHED[char.charCodeAt(0)] = BACKSLASH.control;
