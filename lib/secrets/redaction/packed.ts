/**
 * Values inside a small compressed blob in base64 or hexadecimal digits. Compression as such is out of reach, but
 * `gzip | base64` is how people paste a file, so the first blob of each kind in a window is opened, and masked when it holds a value.
 */
import { constants, gunzipSync, inflateSync } from "node:zlib";
import type { Span } from "./spans.ts";
import { HEX_VALUES, isHexDigit } from "./symbols.ts";
import type { Places } from "./view.ts";

/** Blobs that are opened in one window, since opening one costs as much as looking at the rest. */
const MOST_BLOBS = 1;

/** Characters in the shortest blob: the frame of a gzip file alone is eighteen bytes. */
const SHORTEST = 24;

/** Characters of a blob that are looked at; without its start the rest of a longer one cannot be opened by anyone. */
const LONGEST = 4096;

/** How far apart the places are at which hexadecimal digits are looked for; the lines of `xxd -p` are longer. */
const HEX_STEP = 40;

/** Bytes that are taken out of a blob. */
const LARGEST_CONTENT = 16 * 1024;

/** A blob that was opened. */
export interface Packed extends Span {
  /** What was in it, as far as it could be read. */
  readonly content: Uint8Array;
}

/** The blobs of `data`, opened; `places` are those of {@linkcode BLOB_MARKS}. */
export function openBlobs(data: Uint8Array, { at: places, count }: Places): Packed[] {
  const blobs: Packed[] = [];
  for (const { head, mark, unpack } of FORMATS) {
    for (let i = 0, opened = 0; i < count && opened < MOST_BLOBS; i++) {
      const at = places[i] as number;
      if (data[at] !== mark) continue;
      const start = at - head.indexOf(mark);
      if (start < 0 || !head.every((byte, i) => data[start + i] === byte)) continue;
      if (start > 0 && isBase64(data[start - 1] as number)) continue;
      const end = blobEnd(data, start);
      if (end - start < SHORTEST) continue;
      opened++;
      const content = unpackBase64(data.subarray(start, end), unpack);
      if (content !== undefined) blobs.push({ start, end, content });
    }
  }
  return blobs;
}

type Unpack = typeof gunzipSync;

const codes = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

/** How blobs begin in base64, and the rarest character of that: gzip's `1f 8b 08` (RFC 1952), zlib's `78` (RFC 1950). */
const FORMATS: readonly { head: readonly number[]; mark: number; unpack: Unpack }[] = [
  { head: codes("H4sI"), mark: 0x48, unpack: gunzipSync },
  { head: codes("eJ"), mark: 0x4a, unpack: inflateSync },
  { head: codes("eN"), mark: 0x4e, unpack: inflateSync },
];

/** The bytes whose places {@linkcode openBlobs} has to be told. */
export const BLOB_MARKS: readonly number[] = FORMATS.map(({ mark }) => mark);

function isBase64(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x2f && byte <= 0x39) || byte === 0x2b || byte === 0x2d ||
    byte === 0x5f || byte === 0x3d;
}

function blobEnd(data: Uint8Array, start: number): number {
  let end = start;
  for (let at = start; at < Math.min(data.length, start + LONGEST); at++) {
    const byte = data[at] as number;
    if (isBase64(byte)) end = at + 1;
    else if (byte !== 0x0a && byte !== 0x0d) break;
  }
  return end;
}

/**
 * The blobs of `data` whose bytes are hexadecimal digits without anything between but line ends. Such digits are in
 * some of the places that lie {@linkcode HEX_STEP} apart, which is all that most text costs.
 */
export function openHexBlobs(data: Uint8Array): Packed[] {
  const blobs: Packed[] = [];
  const values = HEX_VALUES;
  for (let at = HEX_STEP; at < data.length && blobs.length < MOST_BLOBS; at += HEX_STEP) {
    // Asked all at once: a branch that text decides is what costs time.
    const digits = (values[data[at] as number] as number) | (values[data[at - 1] as number] as number) |
      (values[data[at - 2] as number] as number) | (values[data[at - 13] as number] as number);
    if (digits < 0) continue;
    let start = at;
    while (start > 0 && isHexDigit(data[start - 1] as number)) start--;
    const bytes: number[] = [];
    let end = start;
    while (end + 1 < data.length && bytes.length < LONGEST) {
      const [high, low] = [HEX_VALUES[data[end] as number] as number, HEX_VALUES[data[end + 1] as number] as number];
      if (high < 0 || low < 0) {
        if (data[end] !== 0x0a && data[end] !== 0x0d) break;
        end++;
        continue;
      }
      bytes.push(16 * high + low);
      end += 2;
      if (bytes.length === 2 && formatOf(bytes) === undefined) break;
    }
    const content = openBytes(Uint8Array.from(bytes));
    if (content !== undefined) blobs.push({ start, end, content });
    while (at < data.length && isHexDigit(data[at] as number)) at += HEX_STEP;
  }
  return blobs;
}

/** What is in a compressed blob, as far as it can be read; undefined when `bytes` do not begin with one. */
export function openBytes(bytes: Uint8Array): Uint8Array | undefined {
  const unpack = formatOf(bytes);
  return unpack === undefined ? undefined : unpackBytes(bytes, unpack);
}

function formatOf(bytes: ArrayLike<number>): Unpack | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return gunzipSync;
  const isZlib = bytes[0] === 0x78 && bytes.length > 1 && (0x7800 + (bytes[1] as number)) % 31 === 0;
  return isZlib ? inflateSync : undefined;
}

function unpackBase64(blob: Uint8Array, unpack: Unpack): Uint8Array | undefined {
  const text = new TextDecoder().decode(blob).replace(/[\r\n=]/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const whole = text.slice(0, text.length % 4 === 1 ? -1 : undefined);
  return unpackBytes(Uint8Array.from(atob(whole), (char) => char.charCodeAt(0)), unpack);
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
