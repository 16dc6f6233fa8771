// What tags and the strings of terminals hide: a part of kernel.as, whose names and those of escapes.as it uses. Where those are
// undone with escapes of other kinds, nobody would see a value in the midst of them that is written in several of these.

/** Bytes that tell of one stretch that hides something. */
const HIDDEN_SIZE: usize = 6;
/** The kinds of escape that hide something, and the bytes of the shortest one that can hide as much as is looked for. */
const HIDING: i32 = TERMINAL | TAG, FEWEST_HIDDEN: usize = 16;
/** Bytes between two of them up to which they are looked at as one. */
const NEAR_HIDDEN: usize = 64;

let hiddenEnd: usize = FIRST_HIDDEN, hiddenSource: usize = 0;
/** The kinds that are looked for within; whether there are any. */
let hiddenKinds: i32 = 0, mayHide: bool = false;

/** Begins with what is decoded from `source` on, where these kinds of escape are undone. */
// @ts-ignore: decorator
@inline
function beginHidden(source: usize, escapes: i32): void {
  hiddenEnd = FIRST_HIDDEN;
  hiddenSource = source;
  hiddenKinds = escapes & ~HIDING & EVERY_KIND;
  mayHide = (escapes & HIDING) !== 0 && hiddenKinds !== 0;
}

/** Says how many there are. */
// @ts-ignore: decorator
@inline
function endHidden(): void {
  store<u32>(HIDDEN, <u32>((hiddenEnd - FIRST_HIDDEN) / HIDDEN_SIZE));
}

/** Notes `[from, to)` of what is decoded if it may hold escapes. */
function addHidden(from: usize, to: usize): void {
  if (!mayHide || to - from < FEWEST_HIDDEN) return;
  const low = v128.and(v128.load(KINDS_LOW), v128.splat<u8>(<u8>hiddenKinds)), high = v128.load(KINDS_HIGH);
  let within = i64x2.splat(0);
  for (let at = from; at < to; at += 16) within = v128.or(within, kinds(v128.load(at), low, high));
  const present = anyOf(within);
  if (present === 0) return;
  const start = from - hiddenSource, end = <u16>(to - hiddenSource), last = hiddenEnd - HIDDEN_SIZE;
  const isFull = hiddenEnd === FIRST_HIDDEN + MOST_HIDDEN * HIDDEN_SIZE;
  if (hiddenEnd > FIRST_HIDDEN && (isFull || start <= <usize>load<u16>(last, 2) + NEAR_HIDDEN)) {
    store<u16>(last, max(end, load<u16>(last, 2)), 2);
    store<u16>(last, <u16>(load<u16>(last, 4) | present), 4);
    return;
  }
  store<u16>(hiddenEnd, <u16>start);
  store<u16>(hiddenEnd, end, 2);
  store<u16>(hiddenEnd, <u16>present, 4);
  hiddenEnd += HIDDEN_SIZE;
}

/** The same for the stretches of the block at `at` that are `dropped`. */
function addAllHidden(at: usize, dropped: u64): void {
  let long = dropped & (dropped >> 8);
  if (long === 0) return;
  long &= long >> 1;
  long &= long >> 2;
  long &= long >> 4;
  while (long !== 0) {
    const first = ctz(long), size = ctz(~(dropped >> first));
    addHidden(at + <usize>first, at + <usize>(first + size));
    long &= first + size > 63 ? 0 : -1 << (first + size);
  }
}
