/**
 * Values inside a small compressed blob in base64. Compression as such is out of reach, but `gzip | base64` is how people
 * paste a file, so the first blob of each window is opened, and masked when it holds a value.
 */
import { constants, gunzipSync } from "node:zlib";
import type { Span } from "./spans.ts";

/** Blobs that are opened in one window, since opening one costs as much as looking at the rest. */
const MOST_BLOBS = 1;

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

/** The blobs of `data`, opened. */
export function* openBlobs(data: Uint8Array): Generator<Packed> {
  let opened = 0;
  const [mark, ...rest] = START as [number, ...number[]];
  for (let start = data.indexOf(mark); start >= 0 && opened < MOST_BLOBS; start = data.indexOf(mark, start + 1)) {
    if (!rest.every((byte, i) => data[start + 1 + i] === byte)) continue;
    const end = blobEnd(data, start);
    if (end - start < SHORTEST) continue;
    opened++;
    const content = unpackBase64(data.subarray(start, end));
    if (content !== undefined) yield { start, end, content };
  }
}

/** gzip's `1f 8b 08` in base64 (RFC 1952). */
const START = [..."H4sI"].map((char) => char.charCodeAt(0));

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

function unpackBase64(blob: Uint8Array): Uint8Array | undefined {
  const text = new TextDecoder().decode(blob).replace(/[\r\n=]/g, "").replaceAll("-", "+").replaceAll("_", "/");
  const whole = text.slice(0, text.length % 4 === 1 ? -1 : undefined);
  try {
    const bytes = Uint8Array.from(atob(whole), (char) => char.charCodeAt(0));
    return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LARGEST_CONTENT });
  } catch (error) {
    // Not a blob after all, or one that unpacks to more than is looked at.
    if (error instanceof Error) return undefined;
    throw error;
  }
}
