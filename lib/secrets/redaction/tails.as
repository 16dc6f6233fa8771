// Columns of short lines that end alike: a part of kernel.as, whose names it uses, as those of columns.as.

/** The tokens of a line, of which each is a byte as in {@link tokensOf}: those of the first line of a group, and of another one. */
const FIRST_LINE: usize = 0x255e20, OTHER_LINE: usize = 0x255e80;

/** Where the tokens begin of a line of up to {@link WIDEST} bytes, a bit for each byte. */
// @ts-ignore: decorator
@inline
function tokenBits(from: usize, to: usize): u32 {
  const v = v128.load(from), w = v128.load(from, 16);
  const digits = <u32>digitsOf(v) | (<u32>digitsOf(w) << 16), blanks = <u32>blanksOf(v) | (<u32>blanksOf(w) << 16);
  return ~((digits & (digits << 1)) | (blanks & (blanks << 1))) & (((<u32>1) << <u32>(to - from)) - 1);
}

/** Writes the tokens of such a line at `at`; where they end. */
// @ts-ignore: decorator
@inline
function putTokens(at: usize, from: usize, to: usize): usize {
  const begins = tokenBits(from, to), v = v128.load(from), w = v128.load(from, 16);
  squeeze(at, tokensOf(v, areDigits(v), areBlanks(v)), <i32>(begins & 0xffff));
  at += <usize>popcnt(begins & 0xffff);
  squeeze(at, tokensOf(w, areDigits(w), areBlanks(w)), <i32>(begins >>> 16));
  return at + <usize>popcnt(begins >>> 16);
}

/** How many tokens that end at `a` and at `b` are the same, of up to 32. */
// @ts-ignore: decorator
@inline
function sameTokens(a: usize, b: usize): i32 {
  const near = i8x16.bitmask(v128.eq<u8>(v128.load(a - 16), v128.load(b - 16)));
  const far = i8x16.bitmask(v128.eq<u8>(v128.load(a - 32), v128.load(b - 32)));
  return <i32>clz(~((near << 16) | far));
}

/** Where such a line goes on to without `tokens` tokens at its end. */
// @ts-ignore: decorator
@inline
function withoutTail(from: usize, to: usize, tokens: i32): usize {
  let begins = tokenBits(from, to);
  for (; tokens > 0 && begins !== 0; tokens--) {
    const last = 31 - clz(begins);
    begins ^= (<u32>1) << last;
    to = from + <usize>last;
  }
  return to;
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
  if (isTooSmall(start, end)) return DONE;
  const count = end - start, firstEnd = putTokens(FIRST_LINE, fromOf(start), toOf(start)), first = <i32>(firstEnd - FIRST_LINE);
  let shared = first;
  let areAll = true;
  for (let line = start + 1; line < end; line++) {
    if (line - start > 1 && (flagsOf(line) & REPEATED) !== 0) continue;
    const otherEnd = putTokens(OTHER_LINE, fromOf(line), toOf(line)), other = <i32>(otherEnd - OTHER_LINE);
    const same = min(sameTokens(firstEnd, otherEnd), min(first, other));
    shared = min(shared, same);
    areAll = areAll && same === first && same === other;
  }
  if (areAll) return DONE;
  for (let i = 0; i < count; i++) setStretch(i, fromOf(start + i), withoutTail(fromOf(start + i), toOf(start + i), shared));
  if (sizeOf(count) < FEWEST_CHARACTERS) return DONE;
  if (!areInOrder(count, true)) return askLines(SORT_TAILS, start, end, count);
  return report(count) ? DONE : FULL;
}
