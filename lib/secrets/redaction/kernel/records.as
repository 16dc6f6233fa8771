// What reads records, see records.ts: short tokens by what stands before them, and the cells of tables. A part of kernel.as, whose
// names it uses. A column is gathered at once; what is rare is left to records.ts.

/** What there is to do, as in walks.ts: a column for which there was no room, and one that may have to be sorted. */
const TAKE: i32 = 1, SORT: i32 = 2;
/**
 * Bytes of the longest token, letters of the longest word that tells what follows it, and from how many on tokens make a column;
 * cells of a line, and bytes of the longest.
 */
const LONGEST_TOKEN: i32 = 8, LONGEST_WORD: i32 = 12, FEWEST_TOKENS: i32 = 4;
const MOST_CELLS: i32 = 16, LONGEST_TABLE_CELL: i32 = 24;
/** What tells one place in a record from another, beside the bytes that it is made of. */
const BY_MARKS: u32 = 1 << 16, BY_MARK: u32 = 2 << 16, BY_WORD: u32 = 3 << 16;

/** Bits of a slot that are the number of its place. */
const PLACE_BITS: u32 = 14;
/**
 * The numbers of a column at {@link NUMBERS_SEEN} have no more than so many bits: eight digits. Above these is the number of the column,
 * so that the table need not be cleared for each.
 */
const NUMBER_BITS: u32 = 27, MOST_ROUNDS: u32 = 31;

let numbersRound: u32 = 0;
let tokenCount: i32 = 0, entryCount: i32 = 0, placeCount: i32 = 0, placeNth: i32 = 0;
/** Stretches of the column that was gathered last, when it is to be seen whether they are in order; 0 otherwise. */
let toOrder: i32 = 0;
let cellCount: i32 = 0, cellColumns: i32 = 0;

// @ts-ignore: decorator
@inline
function symbolsAt(at: usize): i32 {
  const kept = kinds(v128.load(at), v128.load(KEPT_LOW), v128.load(KEPT_HIGH));
  return i8x16.bitmask(v128.ge<u8>(kept, v128.load(BLANKS)));
}

/** Adds the token that was added last to a place, if it `isIn` one: without a branch, since nothing tells which way it goes. */
// @ts-ignore: decorator
@inline
function addPlace(key: u32, isIn: bool): void {
  store<u32>(ENTRY_KEYS + (<usize>entryCount << 2), key);
  store<u16>(ENTRY_TOKENS + (<usize>entryCount << 1), <u16>(tokenCount - 1));
  const counter = COUNTERS + <usize>((key * FIRST >>> 20) << 1);
  store<u16>(counter, load<u16>(counter) + <u16>isIn);
  entryCount += <i32>isIn;
}

/** The bytes before `at`, up to three of so many marks, the last one lowest. */
// @ts-ignore: decorator
@inline
function marksBefore(at: usize, count: i32): u32 {
  const three = bswap<u32>(load<u32>(at - 4));
  return three & ((1 << (min(count, 3) << 3)) - 1);
}

/** A number for a word of up to {@link LONGEST_WORD} letters at `at`. */
// @ts-ignore: decorator
@inline
function wordHash(at: usize, length: i32): u32 {
  const first = load<u64>(at) & (<u64>-1 >> (64 - (min(<u64>length, 8) << 3)));
  const rest = length > 8 ? load<u32>(at, 8) & (<u32>-1 >> (32 - ((<u32>length - 8) << 3))) : 0;
  return (<u32>first ^ rotl<u32>(<u32>(first >> 32), 7) ^ rotl<u32>(rest, 13)) * FIRST >>> 16;
}

/** Notes which bytes of `[start, stop)` are letters and digits. */
function noteSymbols(start: usize, stop: usize): void {
  let to: usize = 0;
  for (let at = start; at < stop; at += 16, to += 2) {
    const left = stop - at, within = left < 16 ? (1 << <i32>left) - 1 : 0xffff;
    store<u16>(SYMBOL_BITS + to, <u16>(symbolsAt(at) & within));
    store<u16>(DIGIT_BITS + to, <u16>(digitsOf(v128.load(at)) & within));
  }
  store<u64>(SYMBOL_BITS + to, 0);
  store<u64>(DIGIT_BITS + to, 0);
}

/** The bits from `nth` on, of which there are 57 at least. */
// @ts-ignore: decorator
@inline
function bitsFrom(bits: usize, nth: usize): u64 {
  return load<u64>(bits + (nth >> 3)) >> (nth & 7);
}

/** Where the next letter or digit stands, no further than `stop`. */
// @ts-ignore: decorator
@inline
function marksEnd(nth: usize, stop: usize): usize {
  for (; nth < stop; nth += 56) {
    const symbols = bitsFrom(SYMBOL_BITS, nth);
    if (symbols !== 0) return nth + <usize>ctz(symbols);
  }
  return stop;
}

// @ts-ignore: decorator
@inline
function symbolsEnd(nth: usize): usize {
  let length = <usize>ctz(~bitsFrom(SYMBOL_BITS, nth));
  while (length >= 56) {
    nth += 56;
    length = <usize>ctz(~bitsFrom(SYMBOL_BITS, nth));
  }
  return nth + length;
}

/** Begins with the short tokens of `[start, stop)` of the text. */
export function beginTokens(start: i32, stop: i32): void {
  for (let place = 0; place < placeCount; place++) {
    store<u32>(SLOTS + (<usize>load<u16>(PLACE_SLOT + (<usize>place << 1)) << 2), 0);
  }
  memory.fill(COUNTERS, 0, COUNTERS_SIZE);
  memory.fill(COLUMNS_SEEN, 0, SEEN_SIZE);
  tokenCount = entryCount = placeCount = placeNth = toOrder = 0;
  takeTokens(TEXT + <usize>start, TEXT + <usize>stop);
  for (let entry = 0; entry < entryCount; entry++) {
    const key = load<u32>(ENTRY_KEYS + (<usize>entry << 2)), hash = key * FIRST;
    if (<i32>load<u16>(COUNTERS + <usize>((hash >>> 20) << 1)) >= FEWEST_TOKENS) appendEntry(entry, key, hash >>> 18);
  }
}

/** Notes tokens, and in which places they stand: behind what marks, behind what word, and a single character behind which mark. */
function takeTokens(start: usize, stop: usize): void {
  noteSymbols(start, stop);
  const end = stop - start;
  let number: u32 = 0, word: u32 = 0;
  for (let at: usize = 0; tokenCount < MOST_TOKENS;) {
    const nth = marksEnd(at, end);
    if (nth >= end) break;
    const marks = marksBefore(start + nth, <i32>(nth - at));
    at = symbolsEnd(nth);
    const from = start + nth, length = <i32>(at - nth);
    if (length > LONGEST_WORD) {
      word = 0;
      continue;
    }
    const within: u64 = (1 << length) - 1, digits = bitsFrom(DIGIT_BITS, nth) & within;
    if (length <= LONGEST_TOKEN) {
      const before = marks * FIRST >>> 16;
      store<u16>(TOKEN_FROM + (<usize>tokenCount << 1), <u16>(from - TEXT));
      store<u16>(TOKEN_TO + (<usize>tokenCount << 1), <u16>(start + at - TEXT));
      store<u32>(TOKEN_NUMBERS + (<usize>tokenCount << 2), number);
      tokenCount++;
      addPlace(BY_MARKS | before, true);
      addPlace(BY_WORD | ((word + before) & 0xffff), word > 0);
      addPlace(BY_MARK | (marks & 0xff), length === 1);
      number = select<u32>(<u32>eightDigits(from, length), number, digits === within);
    }
    word = select<u32>(wordHash(from, length) + 1, 0, (length > 1) & (digits === 0));
  }
}

/** Puts an entry behind the others of its place, whose slot is looked for from `slot` on. */
function appendEntry(entry: i32, key: u32, slot: u32): void {
  let held: u32 = 0;
  while ((held = load<u32>(SLOTS + (<usize>slot << 2))) !== 0 && held >>> PLACE_BITS !== key) slot = (slot + 1) & SLOT_MASK;
  let place = <usize>(held & ((1 << PLACE_BITS) - 1)) << 1;
  store<u16>(ENTRY_NEXT + (<usize>entry << 1), 0xffff);
  if (held === 0) {
    place = <usize>placeCount << 1;
    store<u32>(SLOTS + (<usize>slot << 2), (key << PLACE_BITS) | <u32>placeCount);
    placeCount++;
    store<u16>(PLACE_SLOT + place, <u16>slot);
    store<u16>(PLACE_FIRST + place, <u16>entry);
    store<u16>(PLACE_COUNT + place, 0);
  } else store<u16>(ENTRY_NEXT + (<usize>load<u16>(PLACE_LAST + place) << 1), <u16>entry);
  store<u16>(PLACE_LAST + place, <u16>entry);
  store<u16>(PLACE_COUNT + place, load<u16>(PLACE_COUNT + place) + 1);
}

/** Gathers the columns of tokens in one place, up to one that there is something else to do with. */
export function nextTokens(): i32 {
  while (true) {
    if (toOrder > 0) {
      const count = toOrder;
      toOrder = 0;
      if (mayBeSorted(count)) return askLines(SORT, count, 0, 0);
    }
    if (placeNth >= placeCount) return DONE;
    const place = <usize>placeNth << 1, count = <i32>load<u16>(PLACE_COUNT + place);
    placeNth++;
    if (count < FEWEST_TOKENS) continue;
    let entry = load<u16>(PLACE_FIRST + place);
    for (let i = 0; i < count; i++) {
      const token = <usize>load<u16>(ENTRY_TOKENS + (<usize>entry << 1)) << 1, to = <usize>i << 1;
      store<u16>(STRETCH_FROM + to, load<u16>(TOKEN_FROM + token));
      store<u16>(STRETCH_TO + to, load<u16>(TOKEN_TO + token));
      store<u32>(COLUMN_NUMBERS + (to << 1), load<u32>(TOKEN_NUMBERS + (token << 1)));
      entry = load<u16>(ENTRY_NEXT + (<usize>entry << 1));
    }
    if (!isNew(count, FEWEST_TOKENS)) continue;
    toOrder = count;
    if (!gather(count)) return askLines(TAKE, count, 0, 0);
  }
}

/** Whether a column is long enough, and none of those that were gathered last by another mark. */
function isNew(count: i32, fewest: i32): bool {
  if (count < fewest || sizeOf(count) < FEWEST_CHARACTERS) return false;
  const last = <u64>load<u16>(STRETCH_TO + (<usize>count << 1) - 2);
  const sign = (<u64>count << 32) | (<u64>load<u16>(STRETCH_FROM) << 16) | last;
  const at = COLUMNS_SEEN + (<usize>((<u32>sign * FIRST) >>> 24) << 3);
  if (load<u64>(at) === sign) return false;
  store<u64>(at, sign);
  return true;
}

/** Whether the numbers of a column are not in order, unless one comes again, when there is none. */
function mayBeSorted(count: i32): bool {
  if (++numbersRound > MOST_ROUNDS) {
    memory.fill(NUMBERS_SEEN, 0, (<usize>NUMBER_MASK + 1) << 2);
    numbersRound = 1;
  }
  let isSorted = true;
  let before: u32 = 0;
  for (let i = 0; i < count; i++) {
    const number = load<u32>(COLUMN_NUMBERS + (<usize>i << 2)), held = (numbersRound << NUMBER_BITS) | number;
    let slot = (number * FIRST) >>> 19, seen: u32 = 0;
    while ((seen = load<u32>(NUMBERS_SEEN + (<usize>slot << 2))) >>> NUMBER_BITS === numbersRound) {
      if (seen === held) return false;
      slot = (slot + 1) & NUMBER_MASK;
    }
    store<u32>(NUMBERS_SEEN + (<usize>slot << 2), held);
    if (number < before) isSorted = false;
    before = number;
  }
  return !isSorted;
}

/** Begins with the cells of the lines from `first` to the one before `last`. */
export function beginCells(first: i32, last: i32): void {
  memory.fill(COLUMNS_SEEN, 0, SEEN_SIZE);
  cellCount = cellColumns = placeNth = 0;
  for (let line = first; line < last; line++) {
    const from = TEXT + <usize>lineFrom(line), to = TEXT + <usize>lineTo(line);
    if (to - from <= 16) takeShortCells(from, <i32>(to - from), line & 1);
    else takeCells(from, to, line & 1);
  }
}

// @ts-ignore: decorator
@inline
function addCell(from: usize, to: usize, nth: i32, odd: i32): void {
  cellColumns = max(cellColumns, nth + 1);
  store<u16>(CELL_FROM + (<usize>cellCount << 1), <u16>(from - TEXT));
  store<u16>(CELL_TO + (<usize>cellCount << 1), <u16>(to - TEXT));
  store<u8>(CELL_KEYS + <usize>cellCount, <u8>(2 * nth + odd));
  cellCount++;
}

/** Notes the cells of a line of up to sixteen bytes. */
// @ts-ignore: decorator
@inline
function takeShortCells(from: usize, length: i32, odd: i32): void {
  let others = ~blanksOf(v128.load(from)) & ((1 << length) - 1);
  for (let nth = 0; others !== 0; nth++) {
    const first = ctz(others), last = first + ctz(~(others >> first));
    addCell(from + <usize>first, from + <usize>last, nth, odd);
    others &= -1 << last;
  }
}

function takeCells(at: usize, to: usize, odd: i32): void {
  for (let nth = 0; nth < MOST_CELLS && at < to; nth++) {
    const from = skip(at, to, 0x20);
    at = cellEnd(from, to);
    if (at > from && at - from <= <usize>LONGEST_TABLE_CELL) addCell(from, at, nth, odd);
  }
}

/** Where what is not blank ends. */
// @ts-ignore: decorator
@inline
function cellEnd(at: usize, to: usize): usize {
  for (; at < to; at += 16) {
    const blanks = blanksOf(v128.load(at));
    if (blanks !== 0) return min(at + <usize>ctz(blanks), to);
  }
  return to;
}

/** Puts the cells with such a key, as far as `mask` tells, behind `count` stretches; how many there are then. */
function addCells(count: i32, key: i32, mask: i32): i32 {
  for (let cell: usize = 0; cell < <usize>cellCount; cell++) {
    store<u16>(STRETCH_FROM + (<usize>count << 1), load<u16>(CELL_FROM + (cell << 1)));
    store<u16>(STRETCH_TO + (<usize>count << 1), load<u16>(CELL_TO + (cell << 1)));
    count += <i32>((<i32>load<u8>(CELL_KEYS + cell) & mask) === key);
  }
  return count;
}

/**
 * Gathers the cells of a table column by column, and all columns one after the other, or those of every other line, which `sed =`
 * numbers, up to a column for which there is no room.
 */
export function nextCells(): i32 {
  while (placeNth <= max(cellColumns, 1)) {
    const nth = placeNth++;
    let count = 0;
    if (cellColumns < 2) count = addCells(0, nth, 1);
    else if (nth < cellColumns) count = addCells(0, 2 * nth, ~1);
    else for (let column = 0; column < cellColumns; column++) count = addCells(count, 2 * column, ~1);
    if (isNew(count, FEWEST_TOKENS) && !gather(count)) return askLines(TAKE, count, 0, 0);
  }
  return DONE;
}
