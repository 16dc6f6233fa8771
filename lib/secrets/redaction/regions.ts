/**
 * Where a text has to be decoded: around escapes, and nowhere else.
 *
 * Ordinary text is full of percent signs, backslashes and ampersands that escape nothing; decoding all of it would cost
 * more than looking at it. So each place is checked, and those that hold are joined into regions, with enough text on
 * both sides for a value that is escaped in part.
 */
import {
  BACKSLASH,
  BACKSLASHED,
  ESCAPE,
  ESCAPE_STARTS,
  EVERY_ESCAPE,
  hexNumber,
  narrow,
  tagEnd,
  terminalEnd,
} from "./decoder.ts";
import { entityMark } from "./entities.ts";
import type { Lexicon } from "./lexicon.ts";
import { HEX_VALUES } from "./symbols.ts";
import type { Places } from "./view.ts";

/** Bytes before the first and after the last escape of a region. */
const MARGIN = 48;

/** Escapes such as `\n`, of which source code is full, count when the next one is nearer than this. */
const DENSE_ESCAPES = 24;

/** How often a text is decoded, one kind of escape after the other, before all kinds are undone at once. */
const MOST_LOOKS = 3;

/** Which escapes can matter, given the values that are looked for. */
export type EscapeNeeds = Pick<Lexicon, "needsEntities" | "needsQuotedPrintable" | "needsLineEnds">;

/** A stretch to decode. */
export interface Region {
  /** The kinds of escape to undo. */
  kinds: number;
  /** The first byte. */
  from: number;
  /** The byte after the last one. */
  to: number;
}

/** The regions of `data` around those of `places` that begin an escape. */
export function findRegions(data: Uint8Array, { at: places, count }: Places, needs: EscapeNeeds): Region[] {
  const regions: Region[] = [];
  if (count === 0) return regions;
  const open = new OpenRegions(regions);
  const { ends } = open;
  let weak = -DENSE_ESCAPES;
  for (let i = 0; i < count; i++) {
    const at = places[i] as number;
    const kind = ESCAPE_STARTS[data[at] as number] as number;
    if (kind === ESCAPE.tag && data[at - 2] !== 0x3e) continue;
    if (at < (ends[kind] as number)) {
      // Within a region, and so within one of all kinds: both grow, and what is no escape after all does no harm.
      if ((kind & DOUBTFUL) === 0 || isEscape(kind, data, at, needs)) ends[kind] = ends[0] = at + MARGIN;
      continue;
    }
    if (kind === ESCAPE.backslash) {
      const strength = backslashStrength(data, at);
      const near = at - weak <= DENSE_ESCAPES || needs.needsLineEnds;
      if (strength > 0) weak = at;
      if (strength === 0 || (strength === 1 && !near)) continue;
    } else if (!isEscape(kind, data, at, needs)) continue;
    open.extend(kind, kind, at);
    open.extend(0, kind, at);
  }
  open.close(data.length);
  // Bytes at random are full of all kinds of escape; there one look that undoes them all has to do.
  const total = regions.reduce((sum, { from, to }) => sum + to - from, 0);
  if (total > MOST_LOOKS * data.length) return regions.filter(({ kinds }) => (kinds & EVERY) !== 0);
  // The regions of all kinds are of use only where there is more than one kind.
  return regions.filter(({ kinds }) => (kinds & EVERY) === 0 || isMixed(kinds & EVERY_ESCAPE));
}

/** Whether one of `places` in the first `length` bytes of `data` begins an escape of `kinds`. */
export function holdsEscape(
  data: Uint8Array,
  length: number,
  places: Places,
  kinds: number,
  needs: EscapeNeeds,
): boolean {
  const text = data.subarray(0, length);
  for (let i = 0; i < places.count; i++) {
    const at = places.at[i] as number;
    const kind = (ESCAPE_STARTS[text[at] as number] as number) & kinds;
    if (kind === ESCAPE.tag ? tagEnd(text, at, length) > at : kind !== 0 && isEscape(kind, text, at, needs)) {
      return true;
    }
  }
  return false;
}

/** Kinds of which text is full where none is meant, so that each has to be checked even where others are near. */
const DOUBTFUL = ESCAPE.tag | ESCAPE.quotedPrintable;

/** Set in the kinds of a region that was grown by escapes of all kinds. */
const EVERY = EVERY_ESCAPE + 1;

function isMixed(kinds: number): boolean {
  return (kinds & (kinds - 1)) !== 0;
}

/** The region of each kind that ends last, by the number that is its bit, and under 0 the one of all kinds. */
class OpenRegions {
  /** Where they end so far, maybe beyond the text: a place costs no more than a number in here. */
  readonly ends: Int32Array = new Int32Array(EVERY_ESCAPE + 1).fill(-1);
  readonly #open: Region[] = [];
  readonly #regions: Region[];

  /** Puts what it opens into `regions`. */
  constructor(regions: Region[]) {
    this.#regions = regions;
  }

  /** Grows the region that is open under `slot` to hold the escape at `at`, or opens one. */
  extend(slot: number, kind: number, at: number): void {
    const region = this.#open[slot];
    const to = at + MARGIN;
    if (region !== undefined && at - MARGIN <= (this.ends[slot] as number)) region.kinds |= kind;
    else {
      if (region !== undefined) region.to = this.ends[slot] as number;
      const fresh = { kinds: slot === 0 ? kind | EVERY : kind, from: Math.max(0, at - MARGIN), to };
      this.#open[slot] = fresh;
      this.#regions.push(fresh);
    }
    this.ends[slot] = to;
  }

  /** Ends all regions, none beyond `length`. */
  close(length: number): void {
    this.#open.forEach((region, slot) => region.to = this.ends[slot] as number);
    for (const region of this.#regions) region.to = Math.min(length, region.to);
  }
}

/** 2 when the backslash gives a character by number, 1 when it gives a control character, 0 when it only quotes. */
function backslashStrength(data: Uint8Array, at: number): number {
  const length = data.length;
  if (at + 1 >= length) return 0;
  const next = data[at + 1] as number;
  if (next >= 0x30 && next <= 0x37) return 2;
  switch (BACKSLASHED[next]) {
    case BACKSLASH.hex:
      return data[at + 2] === 0x7b || hexNumber(data, at + 2, 2, length) >= 0 ? 2 : 0;
    case BACKSLASH.unicode:
      return data[at + 2] === 0x7b || hexNumber(data, at + 2, 4, length) >= 0 ? 2 : 0;
    case BACKSLASH.long:
      return hexNumber(data, at + 2, 8, length) >= 0 ? 2 : 0;
    case BACKSLASH.control:
      return 1;
    default:
      return 0;
  }
}

function isEscape(kind: number, data: Uint8Array, at: number, needs: EscapeNeeds): boolean {
  switch (kind) {
    case ESCAPE.percent:
      return hexNumber(data, at + 1, 2, data.length) >= 0 || hexNumber(data, at + 2, 4, data.length) >= 0;
    case ESCAPE.entity:
      return isEntity(data, at, needs.needsEntities);
    case ESCAPE.quotedPrintable:
      return isQuotedPrintable(data, at, needs.needsQuotedPrintable);
    case ESCAPE.tag:
      return (data[at - 1] as number) > 0x20;
    case ESCAPE.terminal:
      return terminalEnd(data, at, data.length) > at;
    case ESCAPE.wide:
      return isWide(data, at);
    default:
      return true;
  }
}

function isEntity(data: Uint8Array, at: number, named: boolean): boolean {
  if (data[at + 1] === 0x23) return true;
  if (!named) return data[at + 1] === 0x61 && data[at + 2] === 0x6d && data[at + 3] === 0x70 && data[at + 5] === 0x23;
  let end = at + 1;
  while (end < at + 12 && (data[end] as number) >= 0x41) end++;
  return data[end] === 0x3b && entityMark(data, at + 1, end) >= 0;
}

/** A soft line break, two escapes in a row, or one that a value needs. */
function isQuotedPrintable(data: Uint8Array, at: number, single: boolean): boolean {
  const { length } = data;
  if (at + 1 < length && data[at + 1] === 0x0a) return true;
  if (at + 2 >= length) return false;
  const [next, third] = [data[at + 1] as number, data[at + 2] as number];
  if (next === 0x0d && third === 0x0a) return true;
  const [high, low] = [HEX_VALUES[next] as number, HEX_VALUES[third] as number];
  if (high < 0 || low < 0) return false;
  const byte = 16 * high + low;
  if (single && (byte === 0x3d || byte >= 0x80)) return true;
  return (at + 3 < length && data[at + 3] === 0x3d) || (at >= 3 && data[at - 3] === 0x3d);
}

function isWide(data: Uint8Array, at: number): boolean {
  const lead = data[at] as number;
  const second = data[at + 1] as number;
  const third = data[at + 2] as number;
  if (lead === 0xf0) return second === 0x9d || (second === 0x9f && third >= 0x84 && third <= 0x87);
  if (lead === 0xe2) return (second === 0x80 && third >= 0x8b && third <= 0x8f) || second === 0x92 || second === 0x93;
  if (lead === 0xef) return narrow(0xf000 | ((second & 0x3f) << 6) | (third & 0x3f)) >= 0;
  return lead === 0xc2 ? second === 0xad : true;
}
