/** Bytes to look at, with the place in the source that each came from. */

import type { Rows } from "./escapes/rows.ts";

/** A list of places in ascending order. */
export interface Places {
  /** The places; what stands behind the first {@linkcode Places.count} means nothing. */
  readonly at: Uint16Array;
  /** How many there are. */
  count: number;
}

/** Places in the source, one for each byte. */
export type Sources = Uint16Array | Int32Array;

/** A text, or several one after the other. */
export interface View {
  /** The bytes, decoded or as they came. */
  readonly data: Uint8Array;
  /** How many of them there are. */
  readonly length: number;
  /** Whether the sources are known; that they are is the default. */
  readonly isPlaced?: boolean;
  /** For each byte where its source begins; null when the bytes are the source. */
  readonly starts: Sources | null;
  /** For each byte where its source ends; null when the bytes are the source. */
  readonly ends: Sources | null;
  /** Where one text ends and the next one begins; NULs stand there. */
  readonly breaks: Readonly<Places>;
  /** Where in the memory of the kernel it is told which of the texts are of use to the plain view only, 0 or none when all are to both. */
  readonly plainOnly?: number;
  /** Rows of escapes that another view shows undone; null when there are none. */
  readonly rows?: Rows | null;
}

const NONE: Places = { at: new Uint16Array(0), count: 0 };

/** A view of bytes as they are, but for some `rows`. */
export function viewOf(data: Uint8Array, rows: Rows | null = null): View {
  return { data, length: data.length, starts: null, ends: null, breaks: NONE, rows };
}
