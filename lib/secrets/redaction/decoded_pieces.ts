/** Short tokens of a text that are something else in base64, base32 or hexadecimal, each by itself. */
import { BASE32, BASE64, type Packing } from "../encodings.ts";
import { HEX_VALUES } from "./symbols.ts";

/** What a token stands for. */
export interface Decoded {
  readonly bytes: Uint8Array;
  /** Where in the text what stands for each byte begins. */
  readonly places: Uint16Array;
  /** Bytes of the text from there on. */
  readonly size: number;
}

/** Bytes of the shortest piece. */
const FEWEST_BYTES = 3;

const LATIN1 = new TextDecoder("latin1");

const TOKEN = /[A-Za-z0-9+/]{4,}(?=={0,6})/g;
/** Two digits for each byte, blanks between them or not. */
const HEX = /(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?: ?[0-9A-Fa-f]{2}){2,}(?![0-9A-Za-z])/g;

/** What tokens of `data` stand for, when that is printable. */
export function* decodedPieces(data: Uint8Array): Generator<Decoded> {
  const text = LATIN1.decode(data);
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    for (const packing of [BASE64, BASE32]) {
      const bytes = unpack(token, packing);
      if (bytes === undefined) continue;
      yield { bytes, places: new Uint16Array(bytes.length).fill(index), size: token.length };
    }
  }
  for (const { 0: row, index } of text.matchAll(HEX)) {
    const places: number[] = [];
    for (let at = 0; at < row.length; at += 2) {
      if (row[at] === " ") at++;
      places.push(index + at);
    }
    const bytes = Uint8Array.from(
      places,
      (at) => 16 * (HEX_VALUES[data[at] as number] as number) + (HEX_VALUES[data[at + 1] as number] as number),
    );
    if (isPrintable(bytes)) yield { bytes, places: Uint16Array.from(places), size: 2 };
  }
}

/** The bytes that a token stands for; undefined when it stands for none, or for what nobody would write. */
function unpack(token: string, { alphabet, bits }: Packing): Uint8Array | undefined {
  const bytes = new Uint8Array((token.length * bits) >> 3);
  let [held, count, length] = [0, 0, 0];
  for (const character of token) {
    const digit = alphabet.indexOf(character);
    if (digit < 0) return undefined;
    held = ((held << bits) | digit) & 0xffff;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = (held >> count) & 0xff;
  }
  return length >= FEWEST_BYTES && isPrintable(bytes) ? bytes : undefined;
}

function isPrintable(bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => (byte >= 0x20 && byte < 0x7f) || (byte === 0x0a && i === bytes.length - 1));
}
