// Which stretches of a text have to be decoded: a part of kernel.as, whose names and those of escapes.as it uses.

/** Bytes that tell of a region. */
const REGION: usize = 6;

/** Bytes before the first and after the last escape of a region. */
const MARGIN: i32 = 48;
/** Escapes such as `\n`, of which source code is full, count when the next one is nearer than this. */
const DENSE_ESCAPES: i32 = 24;
/** How often a text is decoded, one kind of escape after the other, before all kinds are undone at once. */
const MOST_LOOKS: i32 = 3;
/** Marks among 32 bytes from which on they are looked at together, and kinds of them up to which they are. */
const MANY_MARKS: u32 = 5, MANY_KINDS: i32 = 3;
/** One byte of so many is a mark at least in a text that is little else, and so many kinds are in all blocks but one of so many. */
const WILD_MARKS: i32 = 4, WILD_KINDS: i32 = 5, WILD_BLOCKS: i32 = 8;
/** Marks among 64 bytes from which on only the first and the last of them are asked, when all are of one kind. */
const DENSE_MARKS: u64 = 8;
/** What values need. */
const NEEDS_ENTITIES: i32 = 1, NEEDS_QUOTED: i32 = 2, NEEDS_LINE_ENDS: i32 = 4, NEEDS_BYTES: i32 = 8;

/** Whether what came out of the last stretch, which ends at `length` of a level, has an escape of these kinds in it. */
export function nests(level: i32, length: i32, escapes: i32, needs: i32): bool {
  const area = DECODED + <usize>level * DECODED_SIZE;
  const to = area + <usize>length;
  const last = NESTED + (<usize>load<u32>(COUNTS, 12) << 1);
  for (let nested = NESTED; nested < last; nested += 2) {
    const at = area + <usize>load<u16>(nested);
    if (at >= to) continue;
    const kind = <i32>load<u8>(STARTS + <usize>load<u8>(at)) & escapes;
    if (kind === TAG ? tagEnd(at, to) > at : kind !== 0 && isEscape(kind, at, to, needs)) return true;
  }
  return false;
}

/** Whether what stands at `at` of a text that ends at `to` is an escape that may matter. */
function isEscape(kind: i32, at: usize, to: usize, needs: i32): bool {
  switch (ctz(kind)) {
    case 0:
      return hexNumber(at + 1, 2, to) >= 0 || hexNumber(at + 2, 4, to) >= 0;
    case 2:
      return isEntity(at, needs);
    case 3:
      return isQuoted(at, to, needs);
    case 4:
      return terminalEnd(at, to) > at;
    case 6:
      return isWide(at);
    case 7:
      return load<u8>(at - 1) > 0x20;
    default:
      return true;
  }
}

function isEntity(at: usize, needs: i32): bool {
  const second = load<u8>(at + 1);
  if (second === 0x23) return true;
  if ((needs & NEEDS_ENTITIES) === 0) {
    return second === 0x61 && load<u8>(at + 2) === 0x6d && load<u8>(at + 3) === 0x70 && load<u8>(at + 5) === 0x23;
  }
  let end = at + 1;
  while (end < at + LONGEST_ENTITY && load<u8>(end) >= 0x41) end++;
  return load<u8>(end) === 0x3b && entityMark(at + 1, end) !== 0;
}

/** A soft line break, two escapes in a row, or one that a value needs. */
function isQuoted(at: usize, to: usize, needs: i32): bool {
  const next = load<u8>(at + 1);
  if (at + 1 < to && next === 0x0a) return true;
  if (at + 2 >= to) return false;
  if (next === 0x0d && load<u8>(at + 2) === 0x0a) return true;
  const byte = hexPair(at + 1);
  if (byte < 0) return false;
  if ((byte === 0x3d && (needs & NEEDS_QUOTED) !== 0) || (byte >= 0x80 && (needs & NEEDS_BYTES) !== 0)) return true;
  return (at + 3 < to && load<u8>(at + 3) === 0x3d) || load<u8>(at - 3) === 0x3d;
}

function isWide(at: usize): bool {
  const lead = <i32>load<u8>(at), second = <i32>load<u8>(at + 1), third = <i32>load<u8>(at + 2);
  if (lead === 0xf0) return second === 0x9d || (second === 0x9f && third >= 0x84 && third <= 0x87);
  if (lead === 0xe2) return (second === 0x80 && third >= 0x8b && third <= 0x8f) || second === 0x92 || second === 0x93;
  if (lead === 0xef) return narrow(0xf000 | ((second & 0x3f) << 6) | (third & 0x3f)) >= 0;
  return lead === 0xc2 ? second === 0xad : (second & 0xc0) === 0x80 && (lead === 0xcc || second < 0xb0);
}

/** 2 when the backslash gives a character by number, 1 when it gives a control character, 0 when it only quotes. */
function backslashStrength(at: usize, to: usize): i32 {
  if (at + 1 >= to) return 0;
  const next = load<u8>(at + 1);
  if ((next & 0xf8) === 0x30) return 2;
  const meaning = <i32>load<u8>(BACKSLASHED + <usize>next);
  if (meaning === IN_CONTROL) return 1;
  if (meaning === 0 || meaning === IN_LINE_END) return 0;
  if (meaning !== IN_LONG && load<u8>(at + 2) === 0x7b) return 2;
  return hexNumber(at + 2, meaning === IN_HEX ? 2 : meaning === IN_UNICODE ? 4 : 8, to) >= 0 ? 2 : 0;
}

/** Kinds of which text is full where none is meant, so that each has to be checked even where others are near. */
const DOUBTFUL: i32 = TAG | QUOTED;

/** Set in the kinds of a region that was grown by escapes of all kinds, and where there are no regions of one kind beside it. */
const EVERY: i32 = EVERY_KIND + 1, BY_ITSELF: i32 = 2 * EVERY;

let regionEnd: usize = REGIONS;

/** Grows the region that is open under `slot` to hold the escape at `at`, or opens one. */
function extend(slot: usize, kind: i32, at: i32): void {
  const open = <usize>load<u32>(REGION_AT + slot);
  const reach = load<i32>(REGION_ENDS + slot);
  store<i32>(REGION_ENDS + slot, at + MARGIN);
  if (open !== 0) {
    if (at - MARGIN <= reach) {
      store<u16>(open, <u16>(load<u16>(open) | kind));
      return;
    }
    store<u16>(open, <u16>reach, 4);
  }
  store<u16>(regionEnd, <u16>(slot === 0 ? kind | EVERY : kind));
  store<u16>(regionEnd, <u16>max(0, at - MARGIN), 2);
  store<u32>(REGION_AT + slot, <u32>regionEnd);
  regionEnd += REGION;
}

/** Where the last escape such as `\n` was that none of a region is. */
let weak: i32 = 0;

/** Those of the `marks` among 32 bytes from `at` on that may begin an escape, going by the next byte. */
// @ts-ignore: decorator
@inline
function followed(at: usize, marks: u32): u32 {
  let kept: u32 = 0;
  for (; marks !== 0; marks &= marks - 1) {
    const mark = at + <usize>ctz(marks);
    const kind = load<u8>(STARTS + <usize>load<u8>(mark)) & load<u8>(FOLLOWS + <usize>load<u8>(mark + 1));
    // A tag counts where one stands before a single character.
    const isOne = <u32>(kind !== 0) & (<u32>(kind !== TAG) | <u32>(load<u8>(mark - 2) === 0x3e));
    kept |= isOne << ctz(marks);
  }
  return kept;
}

/**
 * The `marks` of the block at `at` without equals signs that begin no escape, going by the next two bytes; in most text these
 * are all, so that nobody has to go through them.
 */
// @ts-ignore: decorator
@inline
function doubted(at: usize, marks: u64): u64 {
  const quoted = marks & bytesEqual(at, 0x3d);
  if ((quoted & (quoted - 1)) === 0) return marks;
  const hex = bytesIn(at, HEX_LOW), end = bytesLike(at, 0xf8, 0x08);
  // What follows the last two is not known here.
  return marks & ~(quoted & ~(((hex >> 1) & (hex >> 2)) | (end >> 1) | (<u64>3 << 62)));
}

/** Grows or opens regions for the mark at `place`, one that {@link followed} has kept, if it begins an escape. */
function addMark(place: i32, to: usize, needs: i32): void {
  const at = TEXT + <usize>place;
  const kind = <i32>load<u8>(STARTS + <usize>load<u8>(at));
  const slot = <usize>((ctz(kind) + 1) << 2);
  if (place < load<i32>(REGION_ENDS + slot)) {
    // Within a region, and so within one of all kinds: both grow, and what is no escape after all does no harm.
    if ((kind & DOUBTFUL) !== 0 && !isEscape(kind, at, to, needs)) return;
    store<i32>(REGION_ENDS + slot, place + MARGIN);
    store<i32>(REGION_ENDS, place + MARGIN);
    return;
  }
  if (kind === BACKSLASH) {
    const strength = backslashStrength(at, to);
    const near = place - weak <= DENSE_ESCAPES || (needs & NEEDS_LINE_ENDS) !== 0;
    if (strength > 0) weak = place;
    if (strength === 0 || (strength === 1 && !near)) return;
  } else if (!isEscape(kind, at, to, needs)) {
    // By turns with others a single one may be meant as an escape; colours are beside anything.
    const open = <usize>load<u32>(REGION_AT);
    const isMeant = kind === QUOTED && place < load<i32>(REGION_ENDS) && (load<u16>(open) & EVERY_KIND & ~TERMINAL) !== 0;
    if (isMeant && at + 2 < to && hexPair(at + 1) >= 0) store<u16>(open, load<u16>(open) | <u16>kind);
    return;
  }
  // That of all kinds comes first: what a look at it undoes no other one has to.
  extend(0, kind, place);
  extend(slot, kind, place);
}

/** Whether the mark of `kind` at `at`, in a region of that kind, begins an escape as far as that matters there. */
// @ts-ignore: decorator
@inline
function goesOn(kind: i32, at: usize, to: usize, needs: i32): bool {
  return (load<u8>(FOLLOWS + <usize>load<u8>(at + 1)) & kind) !== 0 && (kind !== TAG || load<u8>(at - 2) === 0x3e) &&
    ((kind & DOUBTFUL) === 0 || isEscape(kind, at, to, needs));
}

/**
 * The same for the many `marks` of a block of 64 bytes from `base` on: when all are of one kind and the first one that begins
 * an escape is within a region, the last such one tells where that goes on to. False when it is otherwise.
 */
function growWithin(base: i32, marks: u64, to: usize, needs: i32): bool {
  const at = TEXT + <usize>base, low = v128.load(KINDS_LOW), high = v128.load(KINDS_HIGH);
  const first = v128.or(kinds(v128.load(at), low, high), kinds(v128.load(at, 16), low, high));
  const kind = anyOf(v128.or(v128.or(first, kinds(v128.load(at, 32), low, high)), kinds(v128.load(at, 48), low, high)));
  if ((kind & (kind - 1)) !== 0) return false;
  const slot = <usize>((ctz(kind) + 1) << 2);
  while (marks !== 0 && !goesOn(kind, at + <usize>ctz(marks), to, needs)) marks &= marks - 1;
  if (marks === 0) return true;
  if (base + <i32>ctz(marks) >= load<i32>(REGION_ENDS + slot)) return false;
  while (!goesOn(kind, at + 63 - <usize>clz(marks), to, needs)) marks ^= lastBit(marks);
  const end = base + 63 - <i32>clz(marks) + MARGIN;
  store<i32>(REGION_ENDS + slot, end);
  store<i32>(REGION_ENDS, end);
  return true;
}

/**
 * The same for all the `marks` among 32 bytes from `base` on, of which only the last of each kind tells, when the regions that
 * are open hold all of these bytes; false when they do not.
 */
function addMarks(base: i32, marks: u32, to: usize, needs: i32): bool {
  const at = TEXT + <usize>base, low = v128.load(KINDS_LOW), high = v128.load(KINDS_HIGH);
  const first = kinds(v128.load(at), low, high), second = kinds(v128.load(at, 16), low, high);
  let last = -1;
  let present = anyOf(v128.or(first, second));
  if (popcnt(present) > MANY_KINDS) return false;
  for (; present !== 0; present &= present - 1) {
    const kind = present & -present, slot = <usize>((ctz(kind) + 1) << 2);
    const bits = v128.splat<u8>(<u8>kind);
    const others = <u32>i8x16.bitmask(v128.eq<u8>(v128.and(first, bits), i64x2.splat(0))) |
      (<u32>i8x16.bitmask(v128.eq<u8>(v128.and(second, bits), i64x2.splat(0))) << 16);
    let all = marks & ~others;
    if (all === 0) continue;
    if (base + 31 >= load<i32>(REGION_ENDS + slot)) return false;
    while (all !== 0) {
      const place = base + 31 - <i32>clz(all), mark = TEXT + <usize>place;
      if (goesOn(kind, mark, to, needs)) {
        store<i32>(REGION_ENDS + slot, place + MARGIN);
        last = max(last, place);
        break;
      }
      all &= ~(<u32>1 << (place - base));
    }
  }
  if (last >= 0) store<i32>(REGION_ENDS, last + MARGIN);
  return true;
}

/**
 * The kinds of escape of a text that is little else than the marks of most kinds, so that there is no need to find out where
 * regions end; 0 of any other.
 */
function wildKinds(length: i32): i32 {
  let marks = 0;
  for (let base = 0; base < length; base += 64) marks += <i32>popcnt(load<u64>(MARKED + <usize>(base >> 3)));
  if (marks * WILD_MARKS < length) return 0;
  const low = v128.load(KINDS_LOW), high = v128.load(KINDS_HIGH), powers = v128.load(KIND_POWERS);
  let blocks = i64x2.splat(0), all = 0, count = 0;
  for (let at = TEXT; at + 64 <= TEXT + <usize>length; at += 64) {
    const first = v128.or(kinds(v128.load(at), low, high), kinds(v128.load(at, 16), low, high));
    const second = v128.or(kinds(v128.load(at, 32), low, high), kinds(v128.load(at, 48), low, high));
    const present = anyOf(v128.or(first, second));
    blocks = v128.sub<u16>(blocks, v128.eq<u16>(v128.and(v128.splat<u16>(<u16>present), powers), powers));
    all |= present;
    count++;
  }
  const most = i16x8.bitmask(v128.gt<u16>(blocks, v128.splat<u16>(<u16>(count - count / WILD_BLOCKS))));
  return popcnt(most) < WILD_KINDS ? 0 : all;
}

/**
 * Writes the regions of the text, which has `length` bytes, around those of the marks that were noted which begin an escape;
 * how many there are.
 */
export function regions(length: i32, needs: i32): i32 {
  const to = TEXT + <usize>length;
  for (let slot: usize = 0; slot <= 32; slot += 4) {
    store<i32>(REGION_ENDS + slot, -1);
    store<u32>(REGION_AT + slot, 0);
  }
  regionEnd = REGIONS;
  const wild = wildKinds(length);
  if (wild !== 0) {
    store<u16>(REGIONS, <u16>(wild | EVERY | BY_ITSELF));
    store<u16>(REGIONS, 0, 2);
    store<u16>(REGIONS, <u16>length, 4);
    return 1;
  }
  weak = -DENSE_ESCAPES;
  for (let base = 0; base < length; base += 64) {
    let block = load<u64>(MARKED + <usize>(base >> 3));
    if (block === 0 || (popcnt(block) >= DENSE_MARKS && growWithin(base, block, to, needs))) continue;
    block = doubted(TEXT + <usize>base, block);
    for (let at = base; block !== 0; at += 32, block >>= 32) {
      let marks = <u32>block;
      const isWithin = at + 31 < load<i32>(REGION_ENDS) && popcnt(marks) >= MANY_MARKS;
      if (isWithin && addMarks(at, marks, to, needs)) continue;
      marks = followed(TEXT + <usize>at, marks);
      for (; marks !== 0; marks &= marks - 1) addMark(at + <i32>ctz(marks), to, needs);
    }
  }
  return keepRegions(length);
}

/** Ends all regions, and keeps those that are of use. */
function keepRegions(length: i32): i32 {
  for (let slot: usize = 0; slot <= 32; slot += 4) {
    const open = <usize>load<u32>(REGION_AT + slot);
    if (open !== 0) store<u16>(open, load<u16>(REGION_ENDS + slot), 4);
  }
  let total = 0;
  for (let region = REGIONS; region < regionEnd; region += REGION) {
    const end = min(length, <i32>load<u16>(region, 4));
    store<u16>(region, <u16>end, 4);
    total += end - <i32>load<u16>(region, 2);
  }
  // Bytes at random are full of all kinds of escape; there one look that undoes them all has to do.
  const isWild = total > MOST_LOOKS * length;
  let kept = REGIONS;
  for (let region = REGIONS; region < regionEnd; region += REGION) {
    const escapes = <i32>load<u16>(region), each = escapes & EVERY_KIND;
    // The regions of all kinds are of use only where there is more than one kind.
    const isKept = (escapes & EVERY) === 0 ? !isWild : isWild || (each & (each - 1)) !== 0;
    store<u16>(kept, <u16>(isWild ? escapes | BY_ITSELF : escapes));
    store<u16>(kept, load<u16>(region, 2), 2);
    store<u16>(kept, load<u16>(region, 4), 4);
    if (isKept) kept += REGION;
  }
  return <i32>((kept - REGIONS) / REGION);
}
