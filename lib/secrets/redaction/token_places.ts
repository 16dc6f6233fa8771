/** Short tokens of a text by what tells their place in a record, in memory that is used again. */
import type { Stretches } from "./stretches.ts";

/** Tokens of one text, and places that each of them may have. */
const MOST_TOKENS = 4 * 1024 + 2;
const MOST_PLACES = 3;

/** Slots for places, a power of two that is well above how many there may be. */
const SLOTS = 1 << 15;

/** A list of tokens for each place. */
export class TokenPlaces {
  readonly #from: Uint16Array = new Uint16Array(MOST_TOKENS);
  readonly #to: Uint16Array = new Uint16Array(MOST_TOKENS);
  readonly #numbers: Float64Array = new Float64Array(MOST_TOKENS);
  #tokens = 0;
  /** For each entry of a list its token, and the entry that follows, 0 behind the last one; entry 0 is none. */
  readonly #tokenOf: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS + 1);
  readonly #next: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS + 1);
  #entries = 0;
  /** For each slot one more than the number of its place, 0 when it is free. */
  readonly #slots: Uint16Array = new Uint16Array(SLOTS);
  readonly #keys: Int32Array = new Int32Array(MOST_PLACES * MOST_TOKENS);
  readonly #slotOf: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS);
  readonly #first: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS);
  readonly #last: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS);
  readonly #counts: Uint16Array = new Uint16Array(MOST_PLACES * MOST_TOKENS);
  #places = 0;

  /** How many places there are. */
  get size(): number {
    return this.#places;
  }

  /** Whether no further token can be added. */
  get isFull(): boolean {
    return this.#tokens === MOST_TOKENS;
  }

  /** Forgets all tokens. */
  clear(): void {
    for (let place = 0; place < this.#places; place++) this.#slots[this.#slotOf[place] as number] = 0;
    this.#tokens = this.#entries = this.#places = 0;
  }

  /** Adds a token, with a number beside it; {@linkcode TokenPlaces.addPlace} says where. */
  addToken(from: number, to: number, number: number): void {
    this.#from[this.#tokens] = from;
    this.#to[this.#tokens] = to;
    this.#numbers[this.#tokens++] = number;
  }

  /** Adds the token that was added last to the list of a place, which must not have it yet. */
  addPlace(key: number): void {
    const entry = ++this.#entries;
    this.#tokenOf[entry] = this.#tokens - 1;
    this.#next[entry] = 0;
    let slot = Math.imul(key, 0x9e3779b1) >>> 17;
    let place = (this.#slots[slot] as number) - 1;
    while (place >= 0 && this.#keys[place] !== key) {
      slot = (slot + 1) & (SLOTS - 1);
      place = (this.#slots[slot] as number) - 1;
    }
    if (place < 0) {
      place = this.#places++;
      this.#slots[slot] = place + 1;
      this.#slotOf[place] = slot;
      this.#keys[place] = key;
      this.#first[place] = entry;
      this.#counts[place] = 0;
    } else this.#next[this.#last[place] as number] = entry;
    this.#last[place] = entry;
    this.#counts[place] = (this.#counts[place] as number) + 1;
  }

  /** How many tokens the place with this number has. */
  count(place: number): number {
    return this.#counts[place] as number;
  }

  /** Puts the tokens of a place into `column`. */
  fill(place: number, column: Stretches): void {
    column.clear();
    for (let entry = this.#first[place] as number; entry !== 0; entry = this.#next[entry] as number) {
      const token = this.#tokenOf[entry] as number;
      column.push(this.#from[token] as number, this.#to[token] as number, this.#numbers[token] as number);
    }
  }
}
