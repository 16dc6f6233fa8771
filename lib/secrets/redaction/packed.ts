/**
 * Values inside a small compressed blob in base64. Compression as such is out of reach, but `gzip | base64` is how people
 * paste a file, so blobs that fit into a window are opened, a few in each, and masked whole when they hold a value.
 */
import { constants, gunzipSync, inflateSync } from "node:zlib";
import type { Span } from "./spans.ts";

/** Blobs that are opened in one window; opening costs more than looking at the rest of it. */
const MOST_BLOBS = 2;

/** Characters in the shortest blob: the frame of a gzip file alone is eighteen bytes. */
const SHORTEST = 24;

/** Bytes that are taken out of a blob. */
const LARGEST_CONTENT = 16 * 1024;

/** A blob that was opened. */
export interface Packed extends Span {
  /** What was in it, as far as it could be read. */
  readonly content: Uint8Array;
}

/** The blobs of `data`, opened. */
export function* openBlobs(data: Uint8Array): Generator<Packed> {
  let opened = 0;
  for (const { mark, offset, unpack } of FORMATS) {
    for (let at = data.indexOf(mark); at >= 0 && opened < MOST_BLOBS; at = data.indexOf(mark, at + 1)) {
      const start = at - offset;
      if (start < 0 || !startsBlob(data, start, unpack)) continue;
      const end = blobEnd(data, start);
      if (end - start < SHORTEST) continue;
      opened++;
      const content = unpackBase64(data.subarray(start, end), unpack);
      if (content !== undefined) yield { start, end, content };
    }
  }
}

type Unpack = typeof gunzipSync;

/** The rarest of the first characters of each format, and where it stands. */
const FORMATS: readonly { mark: number; offset: number; unpack: Unpack }[] = [
  { mark: 0x48, offset: 0, unpack: gunzipSync },
  { mark: 0x4a, offset: 1, unpack: inflateSync },
];

/** gzip's `1f 8b 08` begins as `H4sI` (RFC 1952), zlib's `78 9c` and its like as `eJ` (RFC 1950). */
function startsBlob(data: Uint8Array, at: number, unpack: Unpack): boolean {
  const start = unpack === gunzipSync ? "H4sI" : "eJ";
  for (let i = 0; i < start.length; i++) {
    if (data[at + i] !== start.charCodeAt(i)) return false;
  }
  return unpack === gunzipSync || at === 0 || !isBase64(data[at - 1] as number);
}

function isBase64(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x2f && byte <= 0x39) || byte === 0x2b || byte === 0x2d ||
    byte === 0x5f || byte === 0x3d;
}

function blobEnd(data: Uint8Array, start: number): number {
  let end = start;
  for (let at = start; at < data.length; at++) {
    const byte = data[at] as number;
    if (isBase64(byte)) end = at + 1;
    else if (byte !== 0x0a && byte !== 0x0d) break;
  }
  return end;
}

function unpackBase64(blob: Uint8Array, unpack: Unpack): Uint8Array | undefined {
  const text = new TextDecoder().decode(blob).replace(/[\r\n=]/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const whole = text.slice(0, text.length % 4 === 1 ? -1 : undefined);
  try {
    const bytes = Uint8Array.from(atob(whole), (char) => char.charCodeAt(0));
    return unpack(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_CONTENT });
  } catch (error) {
    // Not a blob after all, or one that unpacks to more than is looked at.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
