/**
 * Values as whole numbers of four or eight bytes, decimal or octal (`od -t u8`, `struct.unpack`), in either byte order.
 * Each of them holds so many characters that a form for every place in a word where a value may begin would be too many.
 */
import { isHexDigit } from "./symbols.ts";
import { isDigit, nextNumber, numberEnd } from "./tokens.ts";
import { type View, viewOf } from "./view.ts";

/** How far apart the places are at which digits are looked for. */
const STEP = 16;
/** Digits of the shortest number. */
const SHORTEST = 9;
/** Bytes between two numbers beyond which they do not belong together; rows of a dump begin with an offset. */
const WIDEST_GAP = 24;
/** Bytes that a stretch of numbers has at least. */
const FEWEST_BYTES = 8;

const POINT = 0x2e;

/** The number of digits of a word, to how many bytes it has and in which base it is: four bytes have 9 or 10 digits. */
const SHAPES: ReadonlyMap<number, { size: number; prefix: string }> = new Map([
  [9, { size: 4, prefix: "" }],
  [10, { size: 4, prefix: "" }],
  [11, { size: 4, prefix: "0o" }],
  [18, { size: 8, prefix: "" }],
  [19, { size: 8, prefix: "" }],
  [20, { size: 8, prefix: "" }],
  [22, { size: 8, prefix: "0o" }],
]);

/** Numbers of one size, one after the other, as bytes. */
class Group {
  size = 0;
  end = 0;
  #bytes: number[] = [];
  #starts: number[] = [];
  #ends: number[] = [];

  /** Adds the bytes of the number in `[from, to)`, the highest first. */
  add(number: bigint, from: number, to: number): void {
    for (let place = this.size - 1; place >= 0; place--) {
      this.#bytes.push(Number((number >> BigInt(8 * place)) & 0xffn));
      this.#starts.push(from);
      this.#ends.push(to);
    }
    this.end = to;
  }

  /** The bytes in both orders, when there are enough; the group is empty after it. */
  *take(): Generator<View> {
    const [bytes, starts, ends, size] = [this.#bytes, this.#starts, this.#ends, this.size];
    [this.#bytes, this.#starts, this.#ends] = [[], [], []];
    if (bytes.length < FEWEST_BYTES) return;
    const places = [Int32Array.from(starts), Int32Array.from(ends)] as const;
    yield viewOf(Uint8Array.from(bytes), ...places);
    yield viewOf(Uint8Array.from(bytes, (_, i) => bytes[i - 2 * (i % size) + size - 1] as number), ...places);
  }
}

/** The stretches of such numbers in `data`, as bytes. */
export function* findWords(data: Uint8Array): Generator<View> {
  const group = new Group();
  let done = 0;
  for (let hit = nextLong(data, STEP); hit < data.length; hit = nextLong(data, Math.max(hit, done) + STEP)) {
    // What is looked for may begin before the place that was looked at.
    let first = hit;
    for (let at = hit; at >= done && first - at <= WIDEST_GAP; at--) if (isDigit(data[at] as number)) first = at;
    for (let from = first; from < data.length; from = nextNear(data, done)) {
      const to = done = numberEnd(data, from, data.length);
      const word = to - from < SHORTEST ? undefined : wordAt(data, from, to);
      if (word === undefined) continue;
      if (word.size !== group.size || from - group.end > WIDEST_GAP) {
        yield* group.take();
        group.size = word.size;
      }
      group.add(word.number, from, to);
    }
  }
  yield* group.take();
}

/** The first of the places from `from` on, {@linkcode STEP} apart, that lies in a long number; else the end. */
function nextLong(data: Uint8Array, from: number): number {
  for (let at = from; at < data.length; at += STEP) {
    if ((((data[at] as number) - 0x30) >>> 0) > 9) continue;
    let start = at;
    while (start > 0 && isDigit(data[start - 1] as number)) start--;
    if (numberEnd(data, at, data.length) - start >= SHORTEST) return at;
  }
  return data.length;
}

/** Where the next number begins when it is near to the one that ends at `from`; else the end of the data. */
function nextNear(data: Uint8Array, from: number): number {
  const limit = Math.min(data.length, from + WIDEST_GAP);
  const at = nextNumber(data, from, limit);
  return at < limit ? at : data.length;
}

/** The word that the digits `[from, to)` are, unless they are a part of a hexadecimal number or of a fraction. */
function wordAt(data: Uint8Array, from: number, to: number): { number: bigint; size: number } | undefined {
  const shape = SHAPES.get(to - from);
  const before = from > 0 ? data[from - 1] as number : 0;
  const after = to < data.length ? data[to] as number : 0;
  if (shape === undefined || isHexDigit(before) || isHexDigit(after) || before === POINT) return undefined;
  const digits = data.subarray(from, to);
  if (shape.prefix !== "" && digits.some((digit) => digit > 0x37)) return undefined;
  const number = BigInt(shape.prefix + String.fromCharCode(...digits));
  return number >> BigInt(8 * shape.size) > 0n ? undefined : { number, size: shape.size };
}
