/**
 * Measures the redactor: speed on ordinary text beside a loop of `replaceAll`, on input made to be slow, and how much of
 * ordinary text it masks. Run it with `deno run --allow-read bench/redactor.ts [directory]`.
 */
import { Redactor } from "../lib/secrets/redactor.ts";
import { randomFrom } from "../tests/support/random.ts";
import { filled, lines, nearMisses, pickFrom } from "./support/near_misses.ts";

const SECRETS = 100;
const CORPUS_BYTES = 50_000_000;
const SLICE = 64 * 1024;
const CHUNK = 32 * 1024;

const random = randomFrom(20260101);
const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";
const WORDS = "river cloud mountain winter pencil garden window silver guitar planet rocket castle forest bridge".split(
  " ",
);

const pick = (alphabet: string, length: number): string => pickFrom(random, alphabet, length);

/** One secret of each kind that people have. */
const KINDS: readonly (() => string)[] = [
  () => pick(ALNUM, 8),
  () => pick(ALNUM, 12),
  () => pick(ALNUM, 16),
  () => `sk-live-${pick(ALNUM, 24)}`,
  () => pick(ALNUM, 40),
  () => pick(ALNUM + "+/", 64),
  () => pick(HEX, 32),
  () => pick(HEX, 64),
  () => [8, 4, 4, 4, 12].map((length) => pick(HEX, length)).join("-"),
  () => Array.from({ length: 4 }, () => WORDS[Math.floor(random() * WORDS.length)]).join("-"),
  () => pick(ALNUM + "!@#%^&*()_+-=[]{};:,.<>?/", 24),
  () => `postgres://app:${pick(ALNUM, 20)}@db.internal:5432/production`,
];

function* filesOf(directory: string): Generator<string> {
  for (const entry of [...Deno.readDirSync(directory)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = `${directory}/${entry.name}`;
    if (entry.isFile) yield path;
    else if (entry.isDirectory) yield* filesOf(path);
  }
}

function readCorpus(directory: string): Uint8Array {
  const corpus = new Uint8Array(CORPUS_BYTES);
  let length = 0;
  for (const path of filesOf(directory)) {
    const bytes = Deno.readFileSync(path).subarray(0, 512 * 1024);
    if (bytes.subarray(0, 4096).includes(0)) continue;
    const part = bytes.subarray(0, CORPUS_BYTES - length);
    corpus.set(part, length);
    length += part.length;
    if (length === CORPUS_BYTES) break;
  }
  return corpus.subarray(0, length);
}

/** What is done with each slice of some bytes. */
type Work = readonly [bytes: Uint8Array, work: (slice: Uint8Array) => unknown];

/**
 * Seconds for each of several works, in turns, from the best of `rounds` on each slice, so that other work on the machine
 * counts little, and for all of them alike.
 */
function seconds(rounds: number, works: readonly Work[]): number[] {
  const totals = works.map(() => 0);
  for (let from = 0; works.some(([bytes]) => from < bytes.length); from += SLICE) {
    for (const [i, [bytes, work]] of works.entries()) {
      let best = Infinity;
      for (let round = 0; round < rounds; round++) {
        const start = performance.now();
        work(bytes.subarray(from, from + SLICE));
        best = Math.min(best, performance.now() - start);
      }
      totals[i] = (totals[i] as number) + best;
    }
  }
  return totals.map((total) => total / 1000);
}

const word = (i: number): string => WORDS[i % WORDS.length] as string;

const corpus = readCorpus(Deno.args[0] ?? "/usr/share");
const values = Array.from({ length: SECRETS }, (_, i) => (KINDS[i % KINDS.length] as () => string)());

/** A redactor with `added` in it; says how long that took. */
function load(what: string, added: readonly string[], into: Redactor = new Redactor()): Redactor {
  const start = performance.now();
  into.add(added);
  into.redact("ready");
  console.log(`${what}: ${(performance.now() - start).toFixed(0)} ms`);
  return into;
}

const redactor = load(`loading ${SECRETS} secrets`, values);
const many = (count: number, length: number): string[] => Array.from({ length: count }, () => pick(ALNUM, length));
load("loading 100 values of 24 characters", many(100, 24));
load("one more after a thousand", many(1, 60), load("loading 1000 values of 60 characters", many(1000, 60)));
load("loading a value of 64 KB", many(1, 64 * 1024));

/** The longest time, in milliseconds, for which others had to wait while a thousand values were taken in. */
async function longestTurn(): Promise<number> {
  let [longest, before, isDone] = [0, performance.now(), false];
  const values = many(1000, 60);
  const done = new Redactor().addInTurns(values).then(() => isDone = true);
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 0));
    longest = Math.max(longest, performance.now() - before);
    before = performance.now();
  }
  await done;
  return longest;
}
console.log(
  `loading 1000 values of 60 characters in turns: others wait ${(await longestTurn()).toFixed(0)} ms at most`,
);

const sample = corpus.subarray(0, 16_000_000);
const decoder = new TextDecoder();
const [mine, literal, streamed] = seconds(5, [
  [sample, (slice) => redactor.redactBytes(slice)],
  [sample, (slice) => {
    let text = decoder.decode(slice);
    for (const value of values) text = text.replaceAll(value, "***");
    return text;
  }],
  [sample, (slice) => {
    const stream = redactor.stream();
    for (let at = 0; at < slice.length; at += CHUNK) stream.push(slice.subarray(at, at + CHUNK));
    stream.end();
  }],
]) as [number, number, number];
const rate = (bytes: number, time: number): string => `${(bytes / time / 1e6).toFixed(0)} MB/s`;
console.log(`ordinary text, all forms: ${rate(sample.length, mine)}`);
console.log(`ordinary text, replaceAll of the literal values only: ${rate(sample.length, literal)}`);
console.log(`ratio: ${(literal / mine).toFixed(2)}`);
console.log(`ordinary text, all forms, as a stream: ${rate(sample.length, streamed)}`);

/** Each input beside as much ordinary text, in turns. */
function compare(what: string, inputs: Record<string, Uint8Array>): void {
  const find = (slice: Uint8Array): unknown => redactor.find(slice);
  for (const [name, bytes] of Object.entries(inputs)) {
    const [time, ordinary] = seconds(5, [[bytes, find], [sample.subarray(0, bytes.length), find]]) as [number, number];
    console.log(
      `${what}, ${name}: ${rate(bytes.length, time)}, ${(time / ordinary).toFixed(2)} of ordinary text`,
    );
  }
}

compare("lines", {
  "the same one again and again": filled("some ordinary line of output\n"),
  "a log": lines((i) =>
    `2026-01-01T10:00:${10 + (i % 50)}Z INFO [pool-${i % 8}] GET /api/users/${i % 997} 200 ${i % 97}ms`
  ),
  "a listing": lines((i) =>
    `-rw-r--r-- 1 root root ${String((i * 7919) % 100003).padStart(8)} Nov 22 18:30 ${word(i)}${i % 13}.ts`
  ),
  "words": lines((i) => `${word(7 * i)} ${word(5 * i + 1)}`),
  "prose": lines((i) => Array.from({ length: 12 }, (_, at) => word(i * at + 3 * i + at)).join(" ")),
  "settings": lines((i) => `KEY_${i}=${word(i)}`),
  "numbers": lines((i) => String(i + 1)),
  "none but ends": filled("\n"),
});
compare("near misses", nearMisses(values, random));
const less = (value: string): string => value.slice(0, -1);
const each = (text: (value: string, i: number) => string): Uint8Array =>
  filled(values.concat(values).map((value, i) => text(value, i)).join(""));
compare("all but the last character of values, which is masked", {
  "one a line": each((value) => `${less(value)}\n`),
  "behind blanks": each((value) => ` ${less(value)}`),
  "with nothing between": each(less),
  "as settings": each((value, i) => `KEY_${i}=${less(value)}\n`),
  "in base64, one a line": each((value) => `${btoa(less(value))}\n`),
  "of one value again and again": filled(`${less(values[4] as string)} `),
});

const few = new Redactor();
few.add(values.slice(0, 20));
const spans = few.find(corpus);
console.log(`false maskings with 20 secrets in ${(corpus.length / 1e6).toFixed(0)} MB: ${spans.length}`);
for (const { start, end } of spans.slice(0, 5)) {
  console.log(`  ${JSON.stringify(decoder.decode(corpus.subarray(start, end)))}`);
}
