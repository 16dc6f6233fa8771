// What reads the fields of lines, see fields.ts: a part of kernel.as, whose names it uses.

/** Bytes of the longest field that is taken for a piece: a longer one shows what it holds of a value where it stands. */
const LONGEST_FIELD: usize = 24;
/** Fields of the longest line that is looked at, and of how many a column has to be. */
const MOST_FIELDS: i32 = 31, FEWEST_FIELDS: i32 = 3;
/** Lines that are looked at once more where there was no room for all. */
const FIELDS_OVERLAP: i32 = 64;
/** Places from either end that are compared in lines with another number of fields too. */
const AT_ENDS: i32 = 2;

/** What {@link PARTING} says of a byte. */
const IS_PART: u8 = 1, IS_NAMING: u8 = 2;

const BAR: i32 = 0x7c, BOX: i32 = 0xe2, BOX_BYTES: usize = 3;

let fieldCount: i32 = 0, fieldEntries: i32 = 0, fieldPlace: i32 = 0;
let areBarred: bool = false;
/** The line that is looked at next, and how many there are; the first field of the one that is looked at. */
let fieldLine: i32 = 0, fieldLines: i32 = 0, lineField: i32 = 0;
/** Where the next byte stands that may be a bar: most lines of most texts have none. */
let barAt: usize = 0;

function prepareFields(): void {
  for (let byte = 0; byte < 256; byte++) {
    const isMark = byte === 0x22 || byte === 0x27 || byte === 0x60 || byte === BAR || byte === 0x2c || byte === 0x3b ||
      byte === 0x3c || byte === 0x3e || byte === 0x28 || byte === 0x29 || byte === 0x7b || byte === 0x7d ||
      byte === 0x5b || byte === 0x5d;
    const isNaming = byte === 0x3d || byte === 0x3a;
    store<u8>(PARTING + <usize>byte, isMark || byte <= 0x20 || byte >= 0x7f ? IS_PART : isNaming ? IS_NAMING : 0);
  }
}

/** Begins with the fields of the `count` lines of the text: what stands between bars, or between blanks and marks. */
export function beginFields(count: i32, areCells: i32): void {
  memory.fill(COLUMNS_SEEN, 0, SEEN_SIZE);
  fieldLine = 0;
  fieldLines = count;
  areBarred = areCells !== 0;
  fieldPlace = FIELD_PLACES;
}

/** Notes the fields of the next lines, as many as there is room for; false when there are none. */
function takeFieldLines(): bool {
  if (fieldLine >= fieldLines) return false;
  fieldLine = max(0, fieldLine - FIELDS_OVERLAP);
  memory.fill(FIELDS_COUNT, 0, <usize>FIELD_PLACES << 1);
  fieldCount = fieldEntries = fieldPlace = 0;
  barAt = 0;
  for (; fieldLine < fieldLines && fieldCount + MOST_FIELDS + 2 < FIELDS_ROOM; fieldLine++) {
    lineField = fieldCount;
    const from = TEXT + <usize>lineFrom(fieldLine), to = TEXT + <usize>lineTo(fieldLine);
    if (areBarred) {
      if (barAt < from) barAt = findBar(from, TEXT + <usize>lineTo(fieldLines - 1));
      if (barAt >= to) continue;
      takeBarred(from, to);
    } else takeFields(from, to);
    placeFields();
  }
  return true;
}

// @ts-ignore: decorator
@inline
function addField(from: usize, to: usize): void {
  store<u16>(FIELD_FROM + (<usize>fieldCount << 1), <u16>(from - TEXT));
  store<u16>(FIELD_TO + (<usize>fieldCount << 1), <u16>(to - TEXT));
  fieldCount++;
}

/** Notes what stands between blanks and marks, and a name before what it names. */
function takeFields(from: usize, to: usize): void {
  for (let at = from; at < to;) {
    while (at < to && load<u8>(PARTING + <usize>load<u8>(at)) === IS_PART) at++;
    let first = at, isNamed = false, kind: u8 = 0;
    for (; at < to && (kind = load<u8>(PARTING + <usize>load<u8>(at))) !== IS_PART; at++) {
      if (kind === 0 || isNamed || at === first) continue;
      if (fieldCount - lineField > MOST_FIELDS) return;
      addField(first, at);
      first = at + 1;
      isNamed = true;
    }
    if (fieldCount - lineField > MOST_FIELDS) return;
    if (at > first) addField(first, at);
  }
}

/** Whether what follows {@link BOX} makes an upright line: U+2502 to U+250B, every other two of them, or U+2551. */
// @ts-ignore: decorator
@inline
function isUpright(second: i32, third: i32): bool {
  return second === 0x94 ? (third & 0xf2) === 0x82 : second === 0x95 && third === 0x91;
}

/** Where the next bar of a line stands, its end when there is none. */
// @ts-ignore: decorator
@inline
function nextBar(at: usize, to: usize): usize {
  const bar = i8x16.splat(<i8>BAR), box = i8x16.splat(<i8>BOX);
  while (at < to) {
    const v = v128.load(at), bars = i8x16.bitmask(v128.or(v128.eq<u8>(v, bar), v128.eq<u8>(v, box)));
    if (bars === 0) {
      at += 16;
      continue;
    }
    at += <usize>ctz(bars);
    if (at >= to || load<u8>(at) === BAR || isUpright(load<u8>(at, 1), load<u8>(at, 2))) break;
    at++;
  }
  return min(at, to);
}

/** Whether a line begins as a row of `hexdump -C`, the text of which is read with the dump: an offset and bytes with blanks between. */
// @ts-ignore: decorator
@inline
function beginsDumpRow(from: usize, bar: usize): bool {
  const at = offsetEnd(from, bar);
  return at - from >= 7 && load<u16>(at) === 0x2020 && load<u8>(at, 4) === 0x20 && load<u8>(at, 7) === 0x20;
}

/** Notes what stands between the bars of a line, without the blanks around it. */
function takeBarred(from: usize, to: usize): void {
  let bar = nextBar(from, to);
  if (bar === to || beginsDumpRow(from, bar)) return;
  for (let at = from;;) {
    let first = at, last = bar;
    while (first < last && isBlank(load<u8>(first))) first++;
    while (last > first && isBlank(load<u8>(last - 1))) last--;
    addField(first, last);
    if (bar >= to || fieldCount - lineField > MOST_FIELDS) return;
    at = min(bar + (load<u8>(bar) === BAR ? 1 : BOX_BYTES), to);
    bar = nextBar(at, to);
  }
}

/**
 * Puts the fields of a line into their places, unless it has one or too many: a place is 32 times how many there are, and which one it
 * is.
 */
function placeFields(): void {
  const fields = fieldCount - lineField;
  // Bars alone are no cells.
  const last = <i32>load<u16>(FIELD_TO + (<usize>fieldCount << 1) - 2);
  const isEmpty = last - <i32>load<u16>(FIELD_FROM + (<usize>lineField << 1)) < fields;
  if (fields < 2 || fields > MOST_FIELDS || isEmpty) {
    fieldCount = lineField;
    return;
  }
  for (let nth = 0; nth < fields; nth++) {
    const field = <usize>(lineField + nth) << 1;
    const length = <usize>(load<u16>(FIELD_TO + field) - load<u16>(FIELD_FROM + field));
    if (length === 0 || length > LONGEST_FIELD) continue;
    addFieldTo((fields << 5) + nth, lineField + nth);
    if (areBarred) continue;
    if (nth < AT_ENDS) addFieldTo(nth, lineField + nth);
    if (fields - nth <= AT_ENDS) addFieldTo(AT_ENDS + fields - nth, lineField + nth);
  }
}

// @ts-ignore: decorator
@inline
function addFieldTo(key: i32, field: i32): void {
  const place = <usize>key << 1, entry = <usize>fieldEntries << 1, count = load<u16>(FIELDS_COUNT + place);
  store<u16>(FIELD_OF + entry, <u16>field);
  if (count === 0) store<u16>(FIELDS_FIRST + place, <u16>fieldEntries);
  else store<u16>(FIELD_NEXT + (<usize>load<u16>(FIELDS_LAST + place) << 1), <u16>fieldEntries);
  store<u16>(FIELDS_LAST + place, <u16>fieldEntries);
  store<u16>(FIELDS_COUNT + place, count + 1);
  fieldEntries++;
}

/** Where the next byte stands that may be a bar, from `at` on; at or behind `to` when there is none. */
function findBar(at: usize, to: usize): usize {
  const bar = i8x16.splat(<i8>BAR), box = i8x16.splat(<i8>BOX);
  for (; at < to; at += 64) {
    // What stands behind the text are zeros, or bytes that cost a look.
    const a = v128.load(at), b = v128.load(at, 16), c = v128.load(at, 32), d = v128.load(at, 48);
    const bars = v128.or(v128.or(v128.eq<u8>(a, bar), v128.eq<u8>(b, bar)), v128.or(v128.eq<u8>(c, bar), v128.eq<u8>(d, bar)));
    const boxes = v128.or(v128.or(v128.eq<u8>(a, box), v128.eq<u8>(b, box)), v128.or(v128.eq<u8>(c, box), v128.eq<u8>(d, box)));
    if (!v128.any_true(v128.or(bars, boxes))) continue;
    for (;; at += 16) {
      const v = v128.load(at), found = i8x16.bitmask(v128.or(v128.eq<u8>(v, bar), v128.eq<u8>(v, box)));
      if (found !== 0) return at + <usize>ctz(found);
    }
  }
  return to;
}

/** Whether a text of `length` bytes may have a bar. */
export function hasBars(length: i32): bool {
  const to = TEXT + <usize>length;
  return findBar(TEXT, to) < to;
}

/** Whether all stretches are the same, as the words of a form are. */
function areSame(count: i32): bool {
  const from = stretchFrom(0), length = <i32>(stretchTo(0) - from);
  for (let i = 1; i < count; i++) {
    const at = stretchFrom(i);
    if (<i32>(stretchTo(i) - at) !== length || !isSame(from, at, length)) return false;
  }
  return true;
}

/** Gathers the fields of one place after the other, up to a column for which there is no room. */
export function nextFields(): i32 {
  while (fieldPlace < FIELD_PLACES || takeFieldLines()) {
    const place = <usize>fieldPlace << 1, count = <i32>load<u16>(FIELDS_COUNT + place);
    fieldPlace++;
    if (count < FEWEST_FIELDS) continue;
    let entry = <usize>load<u16>(FIELDS_FIRST + place);
    for (let i: usize = 0; i < <usize>count; i++) {
      const field = <usize>load<u16>(FIELD_OF + (entry << 1)) << 1;
      store<u16>(STRETCH_FROM + (i << 1), load<u16>(FIELD_FROM + field));
      store<u16>(STRETCH_TO + (i << 1), load<u16>(FIELD_TO + field));
      entry = <usize>load<u16>(FIELD_NEXT + (entry << 1));
    }
    if (!areSame(count) && isNew(count, FEWEST_FIELDS) && !gather(count)) return askLines(TAKE, count, 0, 0);
  }
  return DONE;
}

/** Bytes of the longest last field of a line that is taken for a piece, and of the longest name before one. */
const LONGEST_WHOLE: usize = 48, LONGEST_NAME: usize = 12;

/** Where the last field of a line begins, behind a name before it. */
function wholeStart(from: usize, to: usize): usize {
  let at = to;
  while (at > from && !isBlank(load<u8>(at - 1))) at--;
  const limit = min(to, at + LONGEST_NAME);
  for (let end = at; end < limit; end++) {
    if (load<u8>(PARTING + <usize>load<u8>(end)) === IS_NAMING && end > at) return end + 1;
    if (symbolAt(end) === 0 && load<u8>(end) !== 0x5f) return at;
  }
  return at;
}

/**
 * Gathers the last field of each line of a group where the lines share some of it: `\x73\x6b` and `\x2d\x6c` begin with the same
 * mark, and a number, and of UTF-16 in base64 all may end in the same letter. Of lines that differ in numbers only it is so
 * where there are several numbers in it. False when it is full.
 */
function reportWhole(areNumbers: bool): bool {
  const to = toOf(start), from = wholeStart(fromOf(start), to);
  if (to - from > LONGEST_WHOLE) return true;
  if (areNumbers) {
    const stop = skip(from, to, 0x30);
    if (stop > from ? stop === to : !isEscapeMark(from)) return true;
  } else if (!isEscapeMark(from) && !isEscapeMark(from + 1) && symbolAt(digitsBehind(stretchTo(0))) === 0) return true;
  let size = 0, quiet = load<i32>(QUIET);
  for (let line = start, before = from; line < end; line++) {
    const stop = toOf(line), first = wholeStart(fromOf(line), stop);
    if (stop - first > LONGEST_WHOLE) return true;
    size += <i32>(stop - first);
    quiet = quietBetween(quiet, before, first);
    before = stop;
  }
  if (size < FEWEST_CHARACTERS || quiet === IN_BOTH) return true;
  if (!fits(size)) return false;
  let at = beginText(quiet);
  for (let line = start; line < end; line++) {
    const stop = toOf(line);
    at = addStretch(at, <i32>(wholeStart(fromOf(line), stop) - TEXT), <i32>(stop - TEXT));
  }
  store<u32>(GATHERED, <u32>at);
  return true;
}

/** Whether a byte begins escapes that give a character by its number. */
// @ts-ignore: decorator
@inline
function isEscapeMark(at: usize): bool {
  const byte = load<u8>(at);
  return byte === 0x5c || byte === 0x25 || byte === 0x3d || byte === 0x26;
}
