/**
 * When is a run of matching symbols a secret? The thresholds of the engine, in half bits, and the reasons.
 *
 * A random letter or digit proves 11, a hexadecimal digit 8, a decimal one 7, a letter of a word 3 (weights.ts). Fifty
 * megabytes hold 2^26 places to match at, and a hundred values with their forms some 2^19 grams, so a run that can
 * start anywhere must prove well over 40 bits before chance is out of the question. A run of the value's own characters
 * with nothing between them is what the promise is about, and is taken from eight characters on.
 */
import { HAS_GAPS, KIND } from "./forms.ts";
import type { Pattern, PieceEdges } from "./lexicon.ts";
import { DENSE, isHexDigit, PLAIN } from "../symbols.ts";
import type { View } from "../view.ts";
import { RANDOM } from "./weights.ts";

/** Characters of the value with nothing between: eight digits reach it. */
const TOUCHING = 52;
/** Hexadecimal pieces inside a longer run of digits have to prove this: nine or ten digits of a digest agree by chance. */
const EMBEDDED = 80;
/** With only line ends or terminal control between. */
const WRAPPED = 72;
/** With blanks, quotes or marks between that the value does not have. */
const SCATTERED = 88;
/** A form with one symbol for a character: there are a dozen such forms, and text that is nearly random in files. */
const TURNED = 110;
/** A form with several symbols for a character: eight characters, whatever the alignment. */
const ENCODED = 80;
/** With something between every two characters. */
const SPACED = 60;
/** The value itself has characters that the view drops, so that gaps are to be expected. */
const GAPPY = 60;
/** Separators between every two characters of the dense view. */
const SPACED_LOOSE = 66;
/** A whole value with some separators. */
const WHOLE_LOOSE = 72;

/** Symbols from which a short form counts in the middle of a word too. */
const UNBOUND = 6;

const BACKSLASH = 0x5c;

/** Half bits below which no run is masked, whatever it looks like. */
export const LEAST_PROOF: number = TOUCHING;

/** Half bits below which no run of forms of `kinds`, a bit for each, is masked; runs.as asks the same. */
export function leastProof(kinds: number): number {
  if ((kinds & PLAIN_KINDS) !== 0) return (kinds & MARKED_BIT) === 0 ? TOUCHING : SCATTERED;
  if (kinds === LOOSE_BIT) return SPACED_LOOSE;
  return (kinds & TURNED_KINDS) === 0 ? ENCODED : SCATTERED;
}

/**
 * {@linkcode leastProof} in numbers: in the plain view the first one; in the dense one, for a kind alone, that kind and what
 * it needs, and for others without one of some kinds and with one, these kinds and what is needed.
 */
export function leastProofs(): number[] {
  return [LEAST_PROOF, LOOSE_BIT, SPACED_LOOSE, TURNED_KINDS, ENCODED, SCATTERED];
}

/** What stands between the symbols of a stretch. */
export interface Gaps {
  /** Dropped bytes that are blanks or marks. */
  soft: number;
  /** Dropped bytes that are controls: line ends, tabs, NULs. */
  hard: number;
  /** Pairs of symbols with nothing between. */
  touching: number;
}

/** What a run has shown. */
export interface Run {
  /** A bit for each kind that a gram of it is from, {@linkcode HAS_GAPS} included in the kind. */
  kinds: number;
  /** Half bits. */
  proof: number;
  /** Symbols in a row. */
  symbols: number;
}

/** Counts what stands between the `symbols` of `[start, end)` in the view that `table` describes. */
export function measure(view: View, start: number, end: number, table: Uint8Array, symbols: number): Gaps {
  const { data } = view;
  const gaps: Gaps = { soft: 0, hard: 0, touching: 0 };
  if (end - start === symbols) return { ...gaps, touching: symbols - 1 };
  let wasSymbol = false;
  for (let i = start; i < end; i++) {
    const byte = data[i] as number;
    if (table[byte] !== 0) {
      if (wasSymbol) gaps.touching++;
      wasSymbol = true;
      continue;
    }
    wasSymbol = false;
    if (byte < 0x20 || byte === 0x7f) gaps.hard++;
    else gaps.soft++;
  }
  return gaps;
}

/** Whether a run of the plain view is to be masked. */
export function acceptsPlain(view: View, start: number, end: number, run: Run): boolean {
  if (run.proof < TOUCHING) return false;
  const { soft, hard, touching } = measure(view, start, end, PLAIN, run.symbols);
  if ((run.kinds & MARKED_BIT) !== 0) return run.proof >= SCATTERED;
  if (soft + hard === 0) return run.proof >= EMBEDDED || !isInsideHex(view, start, end);
  if (hard === 0 && isQuoted(view, start, end)) return true;
  if (touching === 0) return run.proof >= SPACED;
  if ((run.kinds & GAPPY_BIT) !== 0 && 2 * (soft + hard) < end - start) return run.proof >= GAPPY;
  if (soft === 0) return run.proof >= WRAPPED;
  return run.proof >= SCATTERED + (isLettersOnly(view, start, end) ? RANDOM : 0);
}

/** Whether a run of the dense view is to be masked. */
export function acceptsDense(view: View, start: number, end: number, run: Run): boolean {
  if (run.proof < SPACED_LOOSE) return false;
  if ((run.kinds & TURNED_KINDS) === 0) return run.proof >= ENCODED;
  const isAlone = isBounded(view, start, end);
  if (isAlone && run.proof >= SCATTERED && (run.kinds & ~ONE_WORD_KINDS) === 0 && isOneWord(view, start, end)) {
    return true;
  }
  const isSure = run.kinds === LOOSE_BIT || isAlone;
  const needed = (isSure ? SCATTERED : TURNED) + (isLettersOnly(view, start, end) ? RANDOM : 0);
  return run.proof >= needed ||
    (run.kinds === LOOSE_BIT && measure(view, start, end, DENSE, run.symbols).touching === 0);
}

/** Whether a whole pattern is to be masked; `table` is the view it was found in. */
export function acceptsPattern(view: View, start: number, end: number, pattern: Pattern, table: Uint8Array): boolean {
  const { soft, touching } = measure(view, start, end, table, pattern.symbols.length);
  if (pattern.exact !== null) {
    const { exact, symbols } = pattern;
    if (!sameBytes(view.data, start, exact)) return false;
    return symbols.length >= UNBOUND || start === 0 || DENSE[view.data[start - 1] as number] === 0;
  }
  if (pattern.edges !== undefined && !hasEdges(view, start, end, pattern)) return false;
  if (pattern.kind === KIND.literal || pattern.kind === KIND.marked) {
    return soft <= 2 * pattern.dropped || touching === 0 || pattern.proof >= WHOLE_LOOSE ||
      isQuoted(view, start, end);
  }
  if (((1 << pattern.kind) & TURNED_KINDS) === 0) return true;
  return pattern.proof >= WHOLE_LOOSE || (touching === 0 && pattern.kind === KIND.loose);
}

const LOOSE_BIT = 1 << KIND.loose;
const MARKED_BIT = (1 << KIND.marked) | (1 << (KIND.marked | HAS_GAPS));
const GAPPY_BIT = 1 << (KIND.literal | HAS_GAPS);
const PLAIN_KINDS = (1 << KIND.literal) | GAPPY_BIT | MARKED_BIT;
const TURNED_KINDS = LOOSE_BIT | (1 << KIND.reversed) | (1 << KIND.rotated) | (1 << KIND.stranded);

/** What eight letters, a word of their own, are enough of: these forms alone are few, and no word of a language is meant. */
const ONE_WORD_KINDS = (1 << KIND.reversed) | (1 << KIND.rotated);

/** Whether what the view drops of a piece of a value is there: at its edges as it is, between its symbols in some form where it is. */
function hasEdges({ data }: View, start: number, end: number, { edges }: Pattern): boolean {
  const { before, behind, gaps } = edges as PieceEdges;
  let [at, symbols] = [start, 0];
  for (const gap of gaps) {
    while (symbols < gap) if (PLAIN[data[at++] as number] !== 0) symbols++;
    if (PLAIN[data[at] as number] !== 0) return false;
  }
  const quoting = data[end] === BACKSLASH && behind[0] !== BACKSLASH ? 1 : 0;
  return sameBytes(data, start - before.length, before) && sameBytes(data, end + quoting, behind);
}

function sameBytes(data: Uint8Array, at: number, bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => data[at + i] === byte);
}

/** Whether the stretch is a word of its own. */
function isBounded(view: View, start: number, end: number): boolean {
  const { data, length } = view;
  return (start === 0 || DENSE[data[start - 1] as number] === 0) && (end >= length || DENSE[data[end] as number] === 0);
}

/** Whether nothing stands between the symbols of the stretch. */
function isOneWord(view: View, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (DENSE[view.data[i] as number] === 0) return false;
  return true;
}

/** Whether nothing stands between the symbols of the stretch but backslashes before marks: it is quoted, not in pieces. */
function isQuoted({ data }: View, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = data[i] as number;
    if (PLAIN[byte] !== 0) continue;
    const next = data[i + 1] as number;
    if (byte !== BACKSLASH || DENSE[next] !== 0 || next < 0x20 || next >= 0x7f) return false;
    if (PLAIN[next] === 0) i++;
  }
  return true;
}

/** Whether the stretch has no digit: words are far likelier to agree with a form by chance than anything else. */
function isLettersOnly(view: View, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    if ((view.data[i] as number) >= 0x30 && (view.data[i] as number) <= 0x39) return false;
  }
  return true;
}

/** Whether the stretch is hexadecimal digits in the middle of more of them, as in the digest of something else. */
function isInsideHex(view: View, start: number, end: number): boolean {
  const { data, length } = view;
  const before = start > 0 && isHexDigit(data[start - 1] as number);
  const after = end < length && isHexDigit(data[end] as number);
  if (!before && !after) return false;
  for (let i = start; i < end; i++) {
    if (DENSE[data[i] as number] !== 0 && !isHexDigit(data[i] as number)) return false;
  }
  return true;
}
