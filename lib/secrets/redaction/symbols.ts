/**
 * The two ways the engine looks at bytes.
 *
 * The *plain* view folds case and drops what quoting, wrapping and terminals put between characters. The *dense* view
 * keeps letters and digits only, so that any separator between characters is invisible to it. Secrets and output are
 * looked at in the same way, which is why neither has to know how the other was quoted.
 */

/** Bytes that the plain view drops besides controls and blanks: the ones that shells and JSON add when they quote. */
const QUOTING = "\"'`\\$";

function plainTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0x21; byte < 256; byte++) table[byte] = byte;
  for (let byte = 0x41; byte <= 0x5a; byte++) table[byte] = byte + 32;
  table[0x7f] = 0;
  for (const char of QUOTING) table[char.charCodeAt(0)] = 0;
  return table;
}

function denseTable(): Uint8Array {
  const table = new Uint8Array(256);
  for (let i = 0; i < 26; i++) table[0x61 + i] = table[0x41 + i] = i + 1;
  for (let i = 0; i < 10; i++) table[0x30 + i] = i + 27;
  return table;
}

/** Byte to symbol of the plain view: the byte in lower case, 0 when the view drops it. */
export const PLAIN: Uint8Array = plainTable();

/** Byte to symbol of the dense view: 1 to 26 for letters, 27 to 36 for digits, 0 when the view drops it. */
export const DENSE: Uint8Array = denseTable();

/** The symbols of `bytes` in the view that `table` describes, dropped bytes left out. */
export function fold(bytes: Uint8Array, table: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (const byte of bytes) {
    const symbol = table[byte] as number;
    if (symbol !== 0) out[length++] = symbol;
  }
  return out.slice(0, length);
}

/** Byte to the number it stands for as a hexadecimal digit, -1 when it is none. */
export const HEX_VALUES: Int8Array = Int8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
});

/** Whether `byte` is an ASCII hexadecimal digit. */
export function isHexDigit(byte: number): boolean {
  return (HEX_VALUES[byte] as number) >= 0;
}

/** The number that `count` hexadecimal digits at `at` make, -1 when they are not that. */
export function hexNumber(data: Uint8Array, at: number, count: number): number {
  if (at + count > data.length || count < 1) return -1;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = HEX_VALUES[data[i] as number] as number;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}
