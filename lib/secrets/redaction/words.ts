/**
 * Values as whole numbers of four or eight bytes, decimal or octal (`od -t u8`, `struct.unpack`), in either byte order.
 * Each of them holds so many characters that a form for every place in a word where a value may begin would be too many.
 */
import { HEX_VALUES } from "./symbols.ts";
import { type View, viewOf } from "./view.ts";

/** Digits of the shortest number, less one: a run of that many holds a place that is looked at. */
const STEP = 8;
/** Bytes between two numbers beyond which they do not belong together; rows of a dump begin with an offset. */
const WIDEST_GAP = 24;
/** Bytes that a stretch of numbers has at least. */
const FEWEST_BYTES = 8;

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
  for (let at = STEP; at < data.length; at += STEP) {
    if (!isDigit(data[at] as number)) continue;
    let from = at;
    while (from > 0 && at - from < STEP && isDigit(data[from - 1] as number)) from--;
    let to = at + 1;
    while (to < data.length && isDigit(data[to] as number)) to++;
    const shape = SHAPES.get(to - from);
    if (shape === undefined || !isAlone(data, from, to)) continue;
    const number = numberOf(data.subarray(from, to), shape.prefix);
    if (number === undefined || number >> BigInt(8 * shape.size) > 0n) continue;
    if (shape.size !== group.size || from - group.end > WIDEST_GAP) {
      yield* group.take();
      group.size = shape.size;
    }
    group.add(number, from, to);
    at = to - (to % STEP);
  }
  yield* group.take();
}

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Whether the digits are not a part of a hexadecimal number or of a fraction. */
function isAlone(data: Uint8Array, from: number, to: number): boolean {
  const before = from > 0 ? data[from - 1] as number : 0;
  const after = to < data.length ? data[to] as number : 0;
  return (HEX_VALUES[before] as number) < 0 && (HEX_VALUES[after] as number) < 0 && before !== 0x2e;
}

function numberOf(digits: Uint8Array, prefix: string): bigint | undefined {
  if (prefix !== "" && digits.some((digit) => digit > 0x37)) return undefined;
  return BigInt(prefix + String.fromCharCode(...digits));
}
