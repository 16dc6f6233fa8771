// Columns of short lines that end alike: a part of kernel.as, whose names it uses, as those of columns.as.

/** Tokens that end lines alike, as in {@link tailOf}. */
const TAIL_TOKENS: i32 = 2;
/** Where the tokens begin of the last line that has up to {@link MOST_TOLD} bytes and was told of, a bit for each byte. */
let begins: u64 = 0;

/** Writes the tokens of such a line at `at`; where they end. */
// @ts-ignore: decorator
@inline
function putTokens(at: usize, from: usize, to: usize): usize {
  let digitBefore = 0, blankBefore = 0;
  begins = 0;
  for (let step: usize = 0; from + step < to; step += 16) {
    const v = v128.load(from + step), left = to - from - step;
    const areNumbers = areDigits(v), areGaps = areBlanks(v), digits = i8x16.bitmask(areNumbers), blanks = i8x16.bitmask(areGaps);
    const inside = (digits & (digits << 1 | digitBefore)) | (blanks & (blanks << 1 | blankBefore));
    const here = ~inside & (left >= 16 ? 0xffff : (1 << <i32>left) - 1);
    squeeze(at, tokensOf(v, areNumbers, areGaps), here);
    at += <usize>popcnt(here);
    begins |= <u64>here << <u64>step;
    digitBefore = digits >> 15;
    blankBefore = blanks >> 15;
  }
  return at;
}

/** How many tokens that end at `a` and at `b` are the same, of up to 32. */
// @ts-ignore: decorator
@inline
function sameTokens(a: usize, b: usize): i32 {
  const near = i8x16.bitmask(v128.eq<u8>(v128.load(a - 16), v128.load(b - 16)));
  const far = i8x16.bitmask(v128.eq<u8>(v128.load(a - 32), v128.load(b - 32)));
  return <i32>clz(~((near << 16) | far));
}

/** How many tokens at `a` and at `b` are the same, no more than `most`. */
// @ts-ignore: decorator
@inline
function sameFrom(a: usize, b: usize, most: i32): i32 {
  for (let count = 0; count < most; count += 16) {
    const same = i8x16.bitmask(v128.eq<u8>(v128.load(a + <usize>count), v128.load(b + <usize>count)));
    if (same !== 0xffff) return min(most, count + <i32>ctz(~same));
  }
  return most;
}

/** Looks at the next group of lines that end alike, none of which is wide. */
function nextTails(): i32 {
  tailLine += without(lineTable + FLAG * lineRoom + <usize>tailLine + 1, TAIL);
  start = tailLine;
  if (start + 2 >= lineCount || (flagsOf(start + 1) & TAIL) === 0) return DONE;
  if ((flagsOf(start + 2) & TAIL) === 0) {
    tailLine += 2;
    return DONE;
  }
  end = start + 3;
  while ((flagsOf(end) & TAIL) !== 0) end++;
  tailLine = end;
  if (isTooSmall(start, end) || rowsOf(start, end, true) !== NO_ROWS) return DONE;
  const count = end - start, firstEnd = putTokens(FIRST_LINE, fromOf(start), toOf(start)), first = <i32>(firstEnd - FIRST_LINE);
  let shared = first;
  let areAll = true;
  // All have these two in common.
  for (let line = start + 1; line < end && (areAll || shared > TAIL_TOKENS); line++) {
    if (line - start > 1 && (flagsOf(line) & REPEATED) !== 0) continue;
    const otherEnd = putTokens(OTHER_LINE, fromOf(line), toOf(line)), other = <i32>(otherEnd - OTHER_LINE);
    const same = min(sameTokens(firstEnd, otherEnd), min(first, other));
    shared = min(shared, same);
    areAll = areAll && same === first && same === other;
  }
  if (areAll) return DONE;
  for (let i = 0; i < count; i++) setStretch(i, fromOf(start + i), skipTail(fromOf(start + i), toOf(start + i), shared));
  if (sizeOf(count) < FEWEST_CHARACTERS) return DONE;
  if (!areInOrder(count, true)) return askLines(SORT_TAILS, start, end, count);
  return report(count) ? DONE : FULL;
}
