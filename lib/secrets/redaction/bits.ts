/** Values as noughts and ones: eight digits for each byte, in groups or without a break. */
import { HEX_VALUES } from "./symbols.ts";
import { type View, viewOf } from "./view.ts";

/** Digits of the shortest stretch that is decoded: eight characters of seven bits. */
const FEWEST_BITS = 56;
/** Bytes between two groups beyond which they do not belong together; a row of a dump ends and begins in less. */
const WIDEST_GAP = 40;

const ONE = 0x31;
const isBit = (byte: number): boolean => byte === 0x30 || byte === ONE;

/** Stretches of noughts and ones in `data` as bytes: groups of seven or eight one by one, long runs at every alignment. */
export function* findBits(data: Uint8Array): Generator<View> {
  let group: number[] = [];
  for (let at = nextBits(data, 0); at < data.length; at = nextBits(data, at)) {
    let end = at;
    while (end < data.length && isBit(data[end] as number)) end++;
    if (end - at >= FEWEST_BITS) {
      yield* readings(data, at, end);
    } else if (end - at <= 8) {
      const last = group[group.length - 1];
      if (last !== undefined && at - last > WIDEST_GAP) {
        if (group.length * 4 >= FEWEST_BITS) yield toBytes(data, group);
        group = [];
      }
      group.push(at, end);
    }
    at = end;
  }
  if (group.length * 4 >= FEWEST_BITS) yield toBytes(data, group);
}

/** Where the next six or more noughts and ones begin, not in the middle of a hexadecimal number. */
function nextBits(data: Uint8Array, from: number): number {
  for (let at = from + 5; at < data.length; at += 6) {
    if (!isBit(data[at] as number)) continue;
    let start = at;
    while (start > from && isBit(data[start - 1] as number)) start--;
    let end = at;
    while (end < data.length && end < start + 6 && isBit(data[end] as number)) end++;
    const follows = start > 0 && (HEX_VALUES[data[start - 1] as number] as number) >= 0 && data[start - 1] !== 0x62;
    if (end - start >= 6 && !follows) return start;
  }
  return data.length;
}

/** A run of noughts and ones, at each of the eight alignments. */
function* readings(data: Uint8Array, from: number, to: number): Generator<View> {
  // The byte of the last eight digits at every place.
  const rolling = new Uint8Array(to - from);
  let byte = 0;
  for (let at = from; at < to; at++) rolling[at - from] = byte = (byte << 1) | (data[at] === ONE ? 1 : 0);
  const most = (to - from) >> 3;
  const [bytes, starts, ends] = [new Uint8Array(most), new Int32Array(most), new Int32Array(most)];
  for (let phase = 0; phase < 8; phase++) {
    const count = (to - from - phase) >> 3;
    for (let i = 0, at = phase; i < count; i++, at += 8) {
      bytes[i] = rolling[at + 7] as number;
      starts[i] = from + at;
      ends[i] = from + at + 8;
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
