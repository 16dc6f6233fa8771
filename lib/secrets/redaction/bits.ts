/** Values as noughts and ones: eight digits for each byte, in groups or without a break. */
import { HEX_VALUES } from "./symbols.ts";
import { type View, viewOf } from "./view.ts";

/** Digits of the shortest stretch that is decoded: eight characters of seven bits. */
const FEWEST_BITS = 56;
/** Bytes between two groups beyond which they do not belong together; a row of a dump ends and begins in less. */
const WIDEST_GAP = 40;

/** Digits of the shortest group. */
const SHORTEST_RUN = 6;
/** How far apart the places are that are looked at far from other groups; no group is followed by another as far on. */
const FAR_STEP = 23;
/** Digits of a group that is a byte; a longer one is a part of a run. */
const LONGEST_BYTE = 8;
/** Bytes between two parts of a run that was wrapped. */
const LINE_END = 2;

const ONE = 0x31;
const isBit = (byte: number): boolean => byte === 0x30 || byte === ONE;

/**
 * Stretches of noughts and ones in `data` as bytes: groups of seven or eight one by one, groups of another width and
 * long runs put together, at every alignment.
 */
export function* findBits(data: Uint8Array): Generator<View> {
  let group: number[] = [];
  for (let at = nextBits(data, 0); at < data.length; at = nextBits(data, at)) {
    let end = at;
    while (end < data.length && isBit(data[end] as number)) end++;
    const width = end - at;
    const last = group.length === 0 ? at : group[group.length - 1] as number;
    const isLong = (group[1] ?? end) - (group[0] ?? at) > LONGEST_BYTE;
    const isOther = isLong !== (width > LONGEST_BYTE) || (isLong && at - last > LINE_END);
    if (at - last > WIDEST_GAP || (isOther && !(isLong && at - last <= LINE_END))) {
      yield* readGroup(data, group);
      group = [];
    }
    group.push(at, end);
    at = end;
  }
  yield* readGroup(data, group);
}

/** The bytes of one stretch; `group` is where its parts begin and end. */
function* readGroup(data: Uint8Array, group: readonly number[]): Generator<View> {
  const first = (group[1] ?? 0) - (group[0] ?? 0);
  let count = first;
  let isEven = first !== 7 && first !== LONGEST_BYTE;
  for (let i = 2; i < group.length; i += 2) {
    const width = (group[i + 1] as number) - (group[i] as number);
    count += width;
    if (width !== first && i + 2 < group.length) isEven = false;
  }
  if (count < FEWEST_BITS) return;
  if (isEven || first > LONGEST_BYTE) yield* readings(data, placesOf(group, count));
  else yield toBytes(data, group);
}

/** Where each of the `count` digits stands. */
function placesOf(group: readonly number[], count: number): Int32Array {
  const places = new Int32Array(count);
  for (let i = 0, n = 0; i < group.length; i += 2) {
    for (let at = group[i] as number; at < (group[i + 1] as number); at++) places[n++] = at;
  }
  return places;
}

/**
 * Where the next six or more noughts and ones begin, not in the middle of a hexadecimal number. Far from the last ones
 * only some places are looked at: no value is so short that it lies between two of them.
 */
function nextBits(data: Uint8Array, from: number): number {
  let found = bitsIn(data, from, from + WIDEST_GAP);
  for (let at = from + WIDEST_GAP; found < 0 && at < data.length; at += FAR_STEP) {
    if (isBit(data[at] as number)) found = bitsIn(data, Math.max(from, at - WIDEST_GAP), at + SHORTEST_RUN);
  }
  return found < 0 ? data.length : found;
}

/** Where a run begins that holds one of the places looked at in `[from, to)`, -1 when there is none. */
function bitsIn(data: Uint8Array, from: number, to: number): number {
  const limit = Math.min(data.length, to);
  for (let at = from + SHORTEST_RUN - 1; at < limit; at += SHORTEST_RUN) {
    if (!isBit(data[at] as number)) continue;
    let start = at;
    while (start > from && isBit(data[start - 1] as number)) start--;
    let end = at;
    while (end < data.length && end < start + SHORTEST_RUN && isBit(data[end] as number)) end++;
    const follows = start > 0 && (HEX_VALUES[data[start - 1] as number] as number) >= 0 && data[start - 1] !== 0x62;
    if (end - start >= SHORTEST_RUN && !follows) return start;
  }
  return -1;
}

/** Noughts and ones that stand at `places`, at each of the eight alignments. */
function* readings(data: Uint8Array, places: Int32Array): Generator<View> {
  // The byte of the last eight digits at every place.
  const rolling = new Uint8Array(places.length);
  let byte = 0;
  for (let i = 0; i < places.length; i++) {
    rolling[i] = byte = (byte << 1) | (data[places[i] as number] === ONE ? 1 : 0);
  }
  const most = places.length >> 3;
  const [bytes, starts, ends] = [new Uint8Array(most), new Int32Array(most), new Int32Array(most)];
  for (let phase = 0; phase < 8; phase++) {
    const count = (places.length - phase) >> 3;
    for (let i = 0, at = phase; i < count; i++, at += 8) {
      bytes[i] = rolling[at + 7] as number;
      starts[i] = places[at] as number;
      ends[i] = (places[at + 7] as number) + 1;
    }
    yield { ...viewOf(bytes, starts, ends), length: count };
  }
}

function toBytes(data: Uint8Array, groups: readonly number[]): View {
  const count = groups.length / 2;
  const [bytes, starts, ends] = [new Uint8Array(count), new Int32Array(count), new Int32Array(count)];
  for (let i = 0; i < count; i++) {
    const [from, to] = [groups[2 * i] as number, groups[2 * i + 1] as number];
    let byte = 0;
    for (let at = from; at < to; at++) byte = (byte << 1) | (data[at] === ONE ? 1 : 0);
    bytes[i] = byte;
    starts[i] = from;
    ends[i] = to;
  }
  return viewOf(bytes, starts, ends);
}
