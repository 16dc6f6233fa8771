/** JavaScript strings as bytes and back: UTF-8 that also carries lone surrogates, so that no string is changed. */

/** `text` as UTF-8, a lone surrogate as the three bytes that its number would give (WTF-8). */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return new TextEncoder().encode(text);
  const out = new Uint8Array(text.length * 3);
  const encoder = new TextEncoder();
  let at = 0;
  for (const char of text) {
    const unit = char.charCodeAt(0);
    if (char.length === 1 && unit >= 0xd800 && unit < 0xe000) {
      out.set([0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)], at);
      at += 3;
    } else at += encoder.encodeInto(char, out.subarray(at)).written;
  }
  return out.subarray(0, at);
}

/** For each of the ascending byte offsets in `offsets`, the UTF-16 index of the character that begins there. */
export function unitIndexes(bytes: Uint8Array, offsets: readonly number[]): number[] {
  const indexes: number[] = [];
  let units = 0;
  let at = 0;
  for (const offset of offsets) {
    for (; at < offset; at++) {
      const byte = bytes[at] as number;
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    indexes.push(units);
  }
  return indexes;
}

/** Whether a byte belongs to the character that began before it. */
function isInside(bytes: Uint8Array, at: number): boolean {
  return at < bytes.length && ((bytes[at] as number) & 0xc0) === 0x80;
}

function isText(bytes: Uint8Array, at: number): boolean {
  return at >= 0 && (bytes[at] as number) >= 0x80;
}

/** Moves the ends of a span outward to the borders of the UTF-8 characters they fall into. */
export function toCharacters(bytes: Uint8Array, span: { start: number; end: number }): void {
  for (let i = 0; i < 3 && isInside(bytes, span.start) && isText(bytes, span.start - 1); i++) span.start--;
  for (let i = 0; i < 3 && isInside(bytes, span.end) && isText(bytes, span.end - 1); i++) span.end++;
}
