// What reads noughts and ones as bytes, where kernel.as has noted them, whose names this part of it uses. What belongs
// together is told in bits.ts.

/** What there is to do with a stretch of runs, as in bits.ts. */
const READ_GROUPS: i32 = 1, READ_ALIGNMENTS: i32 = 2;
/** Digits of the shortest stretch that is decoded: eight characters of seven bits. Those of a group that is a byte. */
const FEWEST_OF_BITS: i32 = 56, LONGEST_BYTE: i32 = 8;
/** Bytes between two groups beyond which they do not belong together, and between two parts of a run that was wrapped. */
const WIDEST_GAP: i32 = 40, WRAPPED_GAP: i32 = 2;

/** Groups of eight digits in a row that are not taken for parts of a longer run that was wrapped. */
const FEWEST_GROUPS: i32 = 4;

// @ts-ignore: decorator
@inline
function runLength(run: i32): i32 {
  const at = RUNS + <usize>(run << 2);
  return <i32>load<u16>(at, 2) - <i32>load<u16>(at);
}

/** Whether groups of eight digits begin with the run numbered `run`. */
// @ts-ignore: decorator
@inline
function areGroups(run: i32): bool {
  if (run + FEWEST_GROUPS > walkEnd) return false;
  for (let i = 0; i < FEWEST_GROUPS; i++) if (runLength(run + i) !== LONGEST_BYTE) return false;
  return true;
}

/** Bytes of what stands before a longer run that are read with it, or with the groups behind it: more than a piece has. */
const BYTES_BEFORE: i32 = 16;

/** The run from which the groups that come next are read, with longer ones before them; -1 when these begin with themselves. */
let leadRun: i32 = -1;
/** The run from which what comes next may go on with what was read before; -1 when it does not. */
let backRun: i32 = -1;

/** Begins with the runs that were noted last, of which there are so many. */
export function beginBits(count: i32): void {
  walked = 0;
  leadRun = backRun = -1;
  walkEnd = count;
}

// @ts-ignore: decorator
@inline
function gapBefore(run: i32): i32 {
  const at = RUNS + <usize>(run << 2);
  return <i32>load<u16>(at) - <i32>load<u16>(at - 4, 2);
}

/** The first of some whole bytes without a gap between, from `first` on, behind which the run numbered `run` stands. */
function wholeBefore(run: i32, first: i32): i32 {
  let bytes = 0;
  while (run > first && bytes < BYTES_BEFORE && (runLength(run - 1) & 7) === 0 && gapBefore(run) <= WRAPPED_GAP) {
    bytes += runLength(--run) >> 3;
  }
  return run;
}

/** How many bytes the runs from `first` to the one before `last` are read as. */
function bytesOfRuns(first: i32, last: i32): i32 {
  let bytes = 0;
  for (let run = first; run < last; run++) bytes += max(1, runLength(run) >> 3);
  return bytes;
}

/** Goes on to the next stretch of runs that belong together and are long enough. */
export function nextBits(): i32 {
  while (walked < walkEnd) {
    const event = runLength(walked) > LONGEST_BYTE ? nextLong() : nextGroups();
    if (event !== DONE) return event;
  }
  return DONE;
}

/** Groups of up to eight digits. */
function nextGroups(): i32 {
  const first = walked, from = leadRun < 0 ? first : leadRun, usual = runLength(first);
  let digits = usual, width = usual, isEven = usual !== 7 && usual !== LONGEST_BYTE;
  for (walked++; walked < walkEnd; walked++) {
    const next = runLength(walked);
    if (gapBefore(walked) > WIDEST_GAP || next > LONGEST_BYTE) break;
    // Only the last one may have another width.
    if (width !== usual) isEven = false;
    width = next;
    digits += width;
  }
  backRun = walked < walkEnd ? wholeBefore(walked, from) : -1;
  const hasLead = leadRun >= 0;
  leadRun = -1;
  if (!hasLead && digits < FEWEST_OF_BITS) return DONE;
  return askLines(isEven ? READ_ALIGNMENTS : READ_GROUPS, from, walked, bytesOfRuns(from, walked));
}

/** Longer runs, parts of one that was wrapped, up to where groups of eight digits begin, which are read with what is before them. */
function nextLong(): i32 {
  const first = walked, before = backRun < 0 ? first : backRun;
  let digits = runLength(first), whole = (digits & 7) === 0 ? before : first, from = before;
  backRun = -1;
  for (walked++; walked < walkEnd && gapBefore(walked) <= WRAPPED_GAP; walked++) {
    if (areGroups(walked)) {
      leadRun = whole;
      // What goes on from the groups before is read with those behind, unless it has a part of a byte too many.
      if (whole === before) from = first;
      break;
    }
    const next = runLength(walked);
    if ((next & 7) !== 0) whole = walked;
    digits += next;
  }
  for (let run = from; run < first; run++) digits += runLength(run);
  return digits < FEWEST_OF_BITS ? DONE : askLines(READ_ALIGNMENTS, from, walked, 0);
}

/**
 * Writes `count` runs from the one numbered `first` on, a byte for every eight digits up to the end of each, behind the first
 * `length` of {@link BYTES}.
 */
export function readGroups(first: i32, count: i32, length: i32): void {
  let at = RUNS + <usize>(first << 2), byte = <usize>length;
  for (let end = at + <usize>(count << 2); at < end; at += 4) {
    const to = load<u16>(at, 2);
    let from = load<u16>(at);
    if (to - from > <u16>LONGEST_BYTE) from += (to - from) & 7;
    for (; from < to; from += 8, byte++) {
      const stop = min<u16>(from + 8, to);
      const eight = (load<u64>(TEXT + <usize>from) & 0x0101010101010101) * 0x8040201008040201;
      store<u8>(BYTES + byte, <u8>(eight >> (56 + (8 - <u64>(stop - from)))));
      store<u16>(BYTE_STARTS + (byte << 1), from);
      store<u16>(BYTE_ENDS + (byte << 1), stop);
    }
  }
}

/** Puts the digits of `count` runs together; how many there are. */
export function putTogether(first: i32, count: i32): i32 {
  const one = v128.load(ONES), eights = v128.load(EIGHTS);
  let digits: usize = 0;
  store<u64>(DIGITS, 0);
  for (let at = RUNS + <usize>(first << 2), end = at + <usize>(count << 2); at < end; at += 4) {
    const to = <i32>load<u16>(at, 2);
    for (let from = <i32>load<u16>(at); from < to; from += 16) {
      const left = min(16, to - from);
      const sixteen = i8x16.bitmask(v128.eq<u8>(v128.and(v128.load(TEXT + <usize>from), one), one)) & ((1 << left) - 1);
      const place = DIGITS + (digits >> 3);
      const held = (<u64>load<u8>(place)) | (<u64>sixteen << (digits & 7));
      store<u64>(place, held);
      const here = v128.add<u16>(v128.splat<u16>(<u16>from), eights);
      v128.store(DIGIT_PLACES + (digits << 1), here);
      v128.store(DIGIT_PLACES + (digits << 1), v128.add<u16>(here, v128.splat<u16>(8)), 16);
      digits += <usize>left;
    }
  }
  v128.store(DIGITS + ((digits + 7) >> 3), i64x2.splat(-1));
  v128.store(DIGITS + ((digits + 7) >> 3), i64x2.splat(-1), 16);
  return <i32>digits;
}

let bytes: usize = 0;
let breaks: usize = 0;

/** Writes the bytes from the one numbered `from` to the one before `to`, of those that begin at a digit. */
function addBytes(phase: usize, from: usize, to: usize): void {
  if (bytes > 0) {
    store<u16>(BYTE_BREAKS + breaks, <u16>bytes);
    breaks += 2;
    store<u32>(BYTES + bytes, 0);
    bytes += BREAK_LENGTH;
  }
  let digit = phase + (from << 3);
  for (let byte = from; byte < to; byte++, digit += 8, bytes++) {
    const bits = <u64>(<u32>load<u16>(DIGITS + byte) >> <u32>phase) & 0xff;
    // The first digit is the highest one of its byte, and the lowest one here.
    store<u8>(BYTES + bytes, <u8>((((bits * 0x80200802) & 0x0884422110) * 0x0101010101) >> 32));
    store<u16>(BYTE_STARTS + (bytes << 1), load<u16>(DIGIT_PLACES + (digit << 1)));
    store<u16>(BYTE_ENDS + (bytes << 1), load<u16>(DIGIT_PLACES + (digit << 1), 14) + 1);
  }
}

/** Bytes of the shortest stretch of ASCII, as in bits.ts. */
const SHORTEST_TEXT: usize = 4;

/**
 * Writes the bytes that begin at every eighth of so many digits, all or stretches of ASCII, behind the first `length` ones of
 * {@link BYTES}, among which there are so many breaks; how many bytes there are then, and 65,536 times how many breaks.
 */
export function readPhase(digits: i32, phase: i32, isAscii: i32, length: i32, breakCount: i32): u32 {
  bytes = <usize>length;
  breaks = <usize>(breakCount << 1);
  const count = <usize>((digits - phase) >> 3);
  if (isAscii === 0) {
    if (count > 0) addBytes(<usize>phase, 0, count);
    return <u32>bytes | (<u32>(breaks >> 1) << 16);
  }
  let from: usize = 0, to: usize = 0;
  // Eight bytes at a time: the highest digit of each is the lowest bit here.
  for (let first: usize = 0; first + SHORTEST_TEXT <= count; first += 8) {
    const at = DIGITS + first;
    const ones = load<u64>(at) | load<u64>(at, 1) | load<u64>(at, 2) | load<u64>(at, 3);
    let texts = ~(ones >> <u64>phase) & 0x0101010101010101;
    for (; texts !== 0; texts &= texts - 1) {
      const begin = first + <usize>(ctz(texts) >> 3);
      if (begin + SHORTEST_TEXT > count) break;
      if (begin + SHORTEST_TEXT !== to + 1) {
        if (from < to) addBytes(<usize>phase, from, to);
        from = begin;
      }
      to = begin + SHORTEST_TEXT;
    }
  }
  if (from < to) addBytes(<usize>phase, from, to);
  return <u32>bytes | (<u32>(breaks >> 1) << 16);
}
