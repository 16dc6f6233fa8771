/**
 * Bounds for what output makes the emulator do: a few bytes can ask for work without end, or to be remembered for ever.
 * Control sequences are those of ECMA-48 and of xterm (ctlseqs).
 */
import type { Terminal } from "@xterm/headless";
import type { TerminalSize } from "./screen.ts";

/** Rows that one slice may scroll, so that none passes through the emulator's own scrollback unseen. */
const ROWS_PER_SLICE = 900;
const BYTES_PER_SLICE = 16 * 1024;
/** A control sequence whose end is further away is one of those that cost most. */
const SEQUENCE_BYTES = 24;
/** Marks above and below one character, after which no more are shown; Unicode calls for no more than 30 (UAX #15). */
const MAX_MARKS = 30;
const MARKS = new RegExp(`([\\p{M}\\p{Cf}]{${MAX_MARKS}})[\\p{M}\\p{Cf}]+`, "gu");

const ESCAPE = 0x1b;
/** In UTF-8 the controls from 0x80 on stand behind this byte. */
const C1_LEAD = 0xc2;
const INDEX = 0x84;
const NEXT_LINE = 0x85;
const CONTROL_SEQUENCE = 0x9b;
const ascii = (character: string): number => character.charCodeAt(0);

/** Sequences that do something as often as they say, and the rows or columns beyond which that means nothing. */
const REPEATED: ReadonlyArray<[final: string, most: (terminal: Terminal) => number]> = [
  ...["S", "T", "^", "L", "M"].map((final) => [final, (terminal: Terminal) => terminal.rows] as [string, () => number]),
  ...["b", "I", "Z"].map((final) => [final, (terminal: Terminal) => terminal.cols] as [string, () => number]),
];

/** Makes an emulator leave out what would never end, and the targets of links, which it would remember for ever. */
export function boundWork(terminal: Terminal): void {
  for (const [final, most] of REPEATED) {
    terminal.parser.registerCsiHandler({ final }, ([count]) => Number(count ?? 0) > most(terminal));
  }
  terminal.parser.registerOscHandler(8, () => true);
}

/** How many of `bytes` an emulator of that size takes in a few milliseconds, with no more rows scrolled than it keeps. */
export function sliceOf(bytes: Uint8Array, size: TerminalSize): number {
  const rowCost = 1 / size.width;
  let rows = 0;
  const limit = Math.min(bytes.length, BYTES_PER_SLICE);
  for (let at = 0; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 10 && byte <= 12) rows++; // line feed, vertical tab, form feed
    else if (byte === ESCAPE || (isC1(byte) && (at === 0 || bytes[at - 1] === C1_LEAD))) {
      rows += costAt(bytes, at, size);
    } else rows += rowCost;
    if (rows >= ROWS_PER_SLICE) return at + 1;
  }
  return limit;
}

function isC1(byte: number): boolean {
  return byte === INDEX || byte === NEXT_LINE || byte === CONTROL_SEQUENCE;
}

/** What the sequence that begins at `at` costs, in rows that scroll: measured on @xterm/headless 6.0. */
function costAt(bytes: Uint8Array, at: number, { width, height }: TerminalSize): number {
  const first = bytes[at];
  if (first === INDEX || first === NEXT_LINE) return 1;
  const next = first === CONTROL_SEQUENCE ? ascii("[") : bytes[at + 1];
  if (next === ascii("c")) return (width * height) / 400;
  if (next === ascii("#")) return (width * height) / 3000;
  if (next !== ascii("[")) return 1;
  switch (finalBehind(bytes, first === CONTROL_SEQUENCE ? at + 1 : at + 2)) {
    case "S":
    case "T":
    case "^":
    case "L":
    case "M":
    case undefined:
      return Math.max(1, height / 5);
    case "J":
    case "h":
    case "l":
      return Math.max(1, (width * height) / 2000);
    case "b":
      return Math.max(1, width / 50);
    default:
      return 0.1;
  }
}

/** The character that ends a control sequence whose parameters begin at `from`. */
function finalBehind(bytes: Uint8Array, from: number): string | undefined {
  const limit = Math.min(bytes.length, from + SEQUENCE_BYTES);
  for (let at = from; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x40 && byte <= 0x7e) return String.fromCharCode(byte);
  }
  return undefined;
}

/** Takes marks that are piled on one character out of a stream, beyond what a character may have. */
export class MarkBound {
  readonly #decoder = new TextDecoder();
  #pending = false;
  #marks = 0;

  /** What is left of the next bytes. */
  take(bytes: Uint8Array): Uint8Array | string {
    const plain = bytes.every((byte) => byte < 0x80);
    if (plain && !this.#pending) {
      if (bytes.length > 0) this.#marks = 0;
      return bytes;
    }
    const text = this.#decoder.decode(bytes, { stream: true });
    this.#pending = !plain;
    const bounded = ("x" + "\u0301".repeat(this.#marks) + text).replace(MARKS, "$1");
    const left = bounded.slice(1 + this.#marks);
    this.#marks = /[\p{M}\p{Cf}]*$/u.exec(bounded)?.[0].length ?? 0;
    return left;
  }
}
