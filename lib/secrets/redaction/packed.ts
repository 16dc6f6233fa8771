/**
 * Values inside a small compressed blob in base64 or hexadecimal digits. Compression as such is out of reach, but
 * `gzip | base64` is how people paste a file, so the first blob of each kind in a window is opened, and masked when it holds a value.
 */
import { constants, gunzipSync, inflateSync } from "node:zlib";
import { BASE64 } from "../encodings.ts";
import type { Span } from "./spans.ts";
import { HEX_VALUES, isHexDigit } from "./symbols.ts";
import type { Places } from "./view.ts";

/** Blobs that are opened in one window, since opening one costs as much as looking at the rest. */
const MOST_BLOBS = 2;

/** Characters in the shortest blob: the frame of a gzip file alone is eighteen bytes. */
const SHORTEST = 24;

/** Characters of a blob that are looked at; without its start the rest of a longer one cannot be opened by anyone. */
const LONGEST = 4096;

/** Bytes that are taken out of a blob. */
const LARGEST_CONTENT = 16 * 1024;

/** A blob that was opened. */
export interface Packed extends Span {
  /** What was in it, as far as it could be read. */
  readonly content: Uint8Array;
}

/** The blobs of `data`, opened; `places` are those of their marks, and maybe others. */
export function openBlobs(data: Uint8Array, { at: places, count }: Places): Packed[] {
  const blobs: Packed[] = [];
  let opened = 0;
  for (let i = 0; i < count && opened < MOST_BLOBS; i++) {
    const at = places[i] as number;
    const formats = BY_MARK[data[at] as number];
    if (formats === undefined) continue;
    for (const format of formats) {
      const start = at - format.place;
      const end = start < 0 ? start : blobEnd(data, start, format);
      if (end - start < SHORTEST) continue;
      opened++;
      const blob = data.subarray(start, end);
      const unpacked = format.isHex ? fromHex : fromBase64;
      if (!mayInflate(unpacked(blob.subarray(0, 2 * SHORTEST)))) continue;
      const content = unpackBytes(unpacked(blob), format.unpack);
      if (content !== undefined) blobs.push({ start, end, content });
    }
  }
  return blobs;
}

type Unpack = typeof gunzipSync;

const codes = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

/** How blobs of one kind begin. */
interface Format {
  readonly head: readonly number[];
  /** Where in the head its rarest character stands. */
  readonly place: number;
  readonly isHex: boolean;
  readonly unpack: Unpack;
}

/** How blobs begin in base64 or in hexadecimal digits: gzip's `1f 8b 08` (RFC 1952), zlib's `78` (RFC 1950). */
const FORMATS: readonly Format[] = [
  { head: codes("H4sI"), place: 0, isHex: false, unpack: gunzipSync },
  { head: codes("eJ"), place: 1, isHex: false, unpack: inflateSync },
  { head: codes("eN"), place: 1, isHex: false, unpack: inflateSync },
  { head: codes("1f8b08"), place: 2, isHex: true, unpack: gunzipSync },
  { head: codes("789c"), place: 1, isHex: true, unpack: inflateSync },
  { head: codes("78da"), place: 1, isHex: true, unpack: inflateSync },
];

const BY_MARK: readonly (readonly Format[] | undefined)[] = Array.from({ length: 256 }, (_, byte) => {
  const formats = FORMATS.filter(({ head, place }) => head[place] === byte);
  return formats.length > 0 ? formats : undefined;
});

/** Byte to whether it is one of a blob in base64, padding included. */
const IN_BASE64: readonly boolean[] = Array.from({ length: 256 }, (_, byte) => {
  return /[a-z0-9+/=_-]/i.test(String.fromCharCode(byte));
});

function isBase64(byte: number): boolean {
  return IN_BASE64[byte] as boolean;
}

/** Byte to the number it stands for as a digit of base64 in either alphabet, -1 when it is none. */
const BASE64_VALUES: Int8Array = new Int8Array(256).fill(-1);
for (const [value, byte] of codes(BASE64.alphabet).entries()) BASE64_VALUES[byte] = value;
BASE64_VALUES[0x2d] = 62;
BASE64_VALUES[0x5f] = 63;

/** Where the blob ends that begins at `start`; `start` when there is none. */
function blobEnd(data: Uint8Array, start: number, { head, isHex }: Format): number {
  const isDigit = isHex ? isHexDigit : isBase64;
  if (start > 0 && isDigit(data[start - 1] as number)) return start;
  // Hexadecimal digits may be capital letters; a decimal digit has the bit that tells them already.
  const folded = isHex ? 0x20 : 0;
  for (let i = 0; i < head.length; i++) if (((data[start + i] as number) | folded) !== head[i]) return start;
  let end = start;
  for (let at = start; at < Math.min(data.length, start + LONGEST); at++) {
    const byte = data[at] as number;
    if (isDigit(byte)) end = at + 1;
    else if (byte !== 0x0a && byte !== 0x0d) break;
  }
  return end;
}

/** What is in a compressed blob, as far as it can be read; undefined when `bytes` do not begin with one. */
export function openBytes(bytes: Uint8Array): Uint8Array | undefined {
  // A copy, since the memory of the kernel is shared, which no library expects.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return unpackBytes(bytes.slice(), gunzipSync);
  const isZlib = bytes[0] === 0x78 && bytes.length > 1 && (0x7800 + (bytes[1] as number)) % 31 === 0;
  return isZlib ? unpackBytes(bytes.slice(), inflateSync) : undefined;
}

/** The bytes of base64 in either alphabet; ends of lines and padding are passed over, and so is a half byte at the end. */
function fromBase64(blob: Uint8Array): Uint8Array {
  return fromDigits(blob, BASE64_VALUES, 6);
}

function fromHex(blob: Uint8Array): Uint8Array {
  return fromDigits(blob, HEX_VALUES, 4);
}

/** The bytes that digits of so many `bits` make; what is no digit is passed over. */
function fromDigits(blob: Uint8Array, values: Int8Array, bits: number): Uint8Array {
  const bytes = new Uint8Array((blob.length * bits) >> 3);
  let length = 0;
  let held = 0;
  let count = 0;
  for (let i = 0; i < blob.length; i++) {
    const value = values[blob[i] as number] as number;
    if (value < 0) continue;
    held = ((held << bits) | value) & 0xffff;
    count += bits;
    if (count < 8) continue;
    count -= 8;
    bytes[length++] = held >> count;
  }
  return bytes.subarray(0, length);
}

/** Bytes before the first block in gzip's frame when it tells nothing but the time, and in zlib's. */
const GZIP_HEAD = 10;
const ZLIB_HEAD = 2;
/** Bytes before those of a plain block. */
const BLOCK_HEAD = 5;

/**
 * Whether something can come out of what begins with these bytes: not when its first block is of no kind, or is one of plain
 * bytes and its length is not told twice (RFC 1951 §3.2), which is cheaper to ask than to try.
 */
function mayInflate(bytes: Uint8Array): boolean {
  const isGzip = bytes[0] === 0x1f;
  const at = isGzip ? GZIP_HEAD : ZLIB_HEAD;
  if (bytes.length < at + BLOCK_HEAD || (isGzip && bytes[3] !== 0)) return true;
  const kind = ((bytes[at] as number) >> 1) & 3;
  if (kind !== 0) return kind !== 3;
  return [at + 1, at + 2].every((place) => ((bytes[place] as number) ^ (bytes[place + 2] as number)) === 0xff);
}

function unpackBytes(bytes: Uint8Array, unpack: Unpack): Uint8Array | undefined {
  try {
    return unpack(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_CONTENT });
  } catch (error) {
    // Not a blob after all, or one that unpacks to more than is looked at.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
