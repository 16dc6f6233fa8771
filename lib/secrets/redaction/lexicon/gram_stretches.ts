/**
 * What forms have in common, so that a text in one of them is not looked up in all: bytes in hexadecimal are the same
 * digits with `0x` before each word and without, and of a value in capital letters only some differ.
 */
import { GRAM, gramHash, wordIn } from "./grams.ts";

/** Grams that are remembered, as a power of two: more than the forms of some values have that may begin alike. */
const REMEMBERED = 17;

/** Grams of the longest form that is compared with others. */
const LONGEST = 4096;

/** Low bits of facts: what a symbol proves. */
const WEIGHT = 0xff;

/** A form in the pool of an index. */
export interface Stretched {
  /** The symbols of all forms. */
  readonly pool: DataView;
  /** What is known of each, what it proves in the low bits. */
  readonly facts: Uint16Array;
  /** Where the form begins. */
  readonly from: number;
  /** The number of its last gram, from 0 on. */
  readonly last: number;
  /** Symbols in a row from which it counts. */
  readonly least: number;
  /** Only forms with the same mark are met alike. */
  readonly mark: number;
}

/** Remembers which grams forms have. */
export class GramStretches {
  /**
   * One more than where a gram of some hash stands in the pool, 0 for none; negative when it was met again since another
   * one with that hash was.
   */
  readonly #places = new Int32Array(2 ** REMEMBERED);
  /** The mark of the form there, and symbols from which it counts. */
  readonly #kinds = new Uint16Array(2 ** REMEMBERED);
  readonly #stretches = new Uint16Array(LONGEST);

  /**
   * For each gram of a form the number of the stretch to which it belongs: one that another form has too, which is met
   * there alike and proves as much. It is 0 for grams that are in no such form, and there are none for those of a form that
   * is too long to be compared. Good until the next call.
   */
  of(form: Stretched): Uint16Array {
    const stretches = this.#stretches;
    const { pool, from, last } = form;
    if (last >= LONGEST) return stretches.subarray(0, 0);
    let stretch = 0;
    let other = -1;
    for (let i = 0; i <= last; i++) {
      const first = wordIn(pool, from + i), second = wordIn(pool, from + i + 4);
      const goesOn = other >= 0 && provesAsMuch(form, other + GRAM, from + i + GRAM - 1, 1) &&
        isGram(pool, other + 1, first, second);
      other = goesOn ? other + 1 : this.#find(form, first, second, from + i);
      if (!goesOn) stretch++;
      stretches[i] = other < 0 ? 0 : stretch;
    }
    return stretches;
  }

  /** Where else in the pool a gram stands, -1 when that is not known; remembers that it stands at `at`. */
  #find(form: Stretched, first: number, second: number, at: number): number {
    const slot = gramHash(first, second) >>> (32 - REMEMBERED);
    const known = this.#places[slot] as number, place = Math.abs(known) - 1;
    const kind = this.#kinds[slot] as number;
    const isAlike = place >= 0 && kind >> 8 === form.mark && (kind & 0xff) <= form.least &&
      isGram(form.pool, place, first, second) && provesAsMuch(form, place, at, GRAM);
    if (isAlike) {
      this.#places[slot] = -place - 1;
      return place;
    }
    this.#places[slot] = known < 0 ? -known : at + 1;
    if (known >= 0) this.#kinds[slot] = form.mark << 8 | form.least;
    return -1;
  }
}

function isGram(pool: DataView, at: number, first: number, second: number): boolean {
  return wordIn(pool, at) === first && wordIn(pool, at + GRAM / 2) === second;
}

/** Whether each of `count` symbols from `a` on proves what the one from `b` on does, or more. */
function provesAsMuch({ facts }: Stretched, a: number, b: number, count: number): boolean {
  for (let i = 0; i < count; i++) {
    if (((facts[a + i] as number) & WEIGHT) < ((facts[b + i] as number) & WEIGHT)) return false;
  }
  return true;
}

/** Whether the grams `from` and `to`, and so all between, belong to one stretch. */
export function areTogether(stretches: Uint16Array, from: number, to: number): boolean {
  const stretch = stretches[from] ?? 0;
  return stretch !== 0 && stretch === stretches[to];
}
