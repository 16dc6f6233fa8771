// What backspaces erase from what escapes stand for: a part of kernel.as, whose names and those of escapes.as it uses.

/** The next escape that is noted to stand for what may begin a further one, and where the list of them ends. */
let noted: usize = 0, notedEnd: usize = 0;

/** Those of the bytes of the block at `at` of an `area` that are backspaces, and that no escape stands for. */
function backspacesOf(area: usize, at: usize, size: usize): u64 {
  let all = bytesEqual(area + at, 0x08);
  if (size < 64) all &= (<u64>1 << size) - 1;
  while (noted < notedEnd && <usize>load<u16>(noted) < at) noted += 2;
  for (let next = noted; all !== 0 && next < notedEnd; next += 2) {
    const place = <usize>load<u16>(next) - at;
    if (place >= 64) break;
    all &= ~(<u64>1 << place);
  }
  return all;
}

/** Whether there are backspaces in `[from, to)`, what came out last of a level, that no escape stands for. */
export function backspaces(level: i32, from: i32, to: i32): bool {
  const area = DECODED + <usize>level * DECODED_SIZE;
  noted = NESTED;
  notedEnd = NESTED + (<usize>load<u32>(COUNTS, 12) << 1);
  for (let at = <usize>from; at < <usize>to; at += 64) {
    if (backspacesOf(area, at, <usize>to - at) !== 0) return true;
  }
  return false;
}

/**
 * Puts `[from, to)`, what came out last of a level, at `start`, not behind `from` or before `to`, without those backspaces and
 * what they erase, as if it were what came out last; where that ends.
 */
export function erase(level: i32, from: i32, to: i32, start: i32): i32 {
  const area = DECODED + <usize>level * DECODED_SIZE, end = <usize>to;
  let out = <usize>start, nested = NESTED, at = <usize>from;
  noted = NESTED;
  notedEnd = NESTED + (<usize>load<u32>(COUNTS, 12) << 1);
  // What is put out may reach into the next sixteen bytes.
  let bytes = v128.load(area + at), first = v128.load(area + (at << 1) + FROM_OF), last = v128.load(area + (at << 1) + TO_OF);
  let marks = backspacesOf(area, at, end - at);
  while (at < end) {
    const size = min<usize>(64, end - at);
    let keep = size < 64 ? ((<u64>1 << size) - 1) & ~marks : ~marks;
    out -= <usize>((marks & 1) !== 0 && out > <usize>start);
    // Behind a byte that is none there is always that one to erase; behind another backspace it may be anywhere.
    keep &= ~((marks & ~(marks << 1)) >> 1);
    for (let rest = marks & (marks << 1); rest !== 0; rest &= rest - 1) {
      const erased = lastBit(keep & ((rest & -rest) - 1));
      keep &= ~erased;
      out -= <usize>(erased === 0 && out > <usize>start);
    }
    for (; noted < notedEnd && <usize>load<u16>(noted) < at + 64; noted += 2) {
      const bit = <u64>1 << (<usize>load<u16>(noted) - at);
      store<u16>(nested, <u16>(out + <usize>popcnt(keep & (bit - 1))));
      nested += <usize>((keep & bit) !== 0) << 1;
    }
    marks = size < 64 ? 0 : backspacesOf(area, at + 64, end - at - 64);
    for (let step: usize = 0; step < size; step += 16, at += 16) {
      const kept = <i32>(keep >> step) & 0xffff, lows = popcnt(kept & 0xff);
      const nextBytes = v128.load(area + at, 16);
      if (isPlaced) {
        const sources = area + (at << 1), to = area + (out << 1);
        const nextFirst = v128.load(sources + FROM_OF, 32), nextLast = v128.load(sources + TO_OF, 32);
        const secondFirst = v128.load(sources + FROM_OF, 16), secondLast = v128.load(sources + TO_OF, 16);
        squeezeSources(to, first, last, kept & 0xff);
        squeezeSources(to + (<usize>lows << 1), secondFirst, secondLast, kept >>> 8);
        first = nextFirst;
        last = nextLast;
      }
      squeeze(area + out, bytes, kept);
      out += <usize>popcnt(kept);
      bytes = nextBytes;
    }
  }
  v128.store(area + out, i64x2.splat(0));
  store<u32>(COUNTS, <u32>((nested - NESTED) >> 1), 12);
  return <i32>out;
}

/** Puts those of the sources of eight bytes that `keep` has a bit for at `to`. */
// @ts-ignore: decorator
@inline
function squeezeSources(to: usize, first: v128, last: v128, keep: i32): void {
  const places = i16x8.extend_low_i8x16_u(v128.load64_zero(SQUEEZE + <usize>(keep << 3)));
  const order = v128.add<u16>(v128.mul<u16>(places, sixteenTimes(2)), v128.load(ODDS));
  v128.store(to + FROM_OF, i8x16.relaxed_swizzle(first, order));
  v128.store(to + TO_OF, i8x16.relaxed_swizzle(last, order));
}
