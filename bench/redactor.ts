/**
 * Measures the redactor: speed on ordinary text beside a loop of `replaceAll`, on input made to be slow, and how much of
 * ordinary text it masks. Run it with `deno run --allow-read bench/redactor.ts [directory]`.
 */
import { Redactor } from "../lib/secrets/redactor.ts";

const SECRETS = 100;
const CORPUS_BYTES = 50_000_000;
const SLICE = 256 * 1024;

/** The same numbers for the same seed (mulberry32). */
function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const random = randomFrom(20260101);
const ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const HEX = "0123456789abcdef";
const WORDS = "river cloud mountain winter pencil garden window silver guitar planet rocket castle forest bridge".split(
  " ",
);

function pick(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
}

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

/** Seconds for all of `bytes`, from the best of `rounds` on each slice, so that other work on the machine counts little. */
function seconds(bytes: Uint8Array, rounds: number, work: (slice: Uint8Array) => unknown): number {
  let total = 0;
  for (let from = 0; from < bytes.length; from += SLICE) {
    const slice = bytes.subarray(from, from + SLICE);
    let best = Infinity;
    for (let round = 0; round < rounds; round++) {
      const start = performance.now();
      work(slice);
      best = Math.min(best, performance.now() - start);
    }
    total += best;
  }
  return total / 1000;
}

function filled(text: string, length = 8_000_000): Uint8Array {
  const unit = new TextEncoder().encode(text);
  return Uint8Array.from({ length }, (_, i) => unit[i % unit.length] as number);
}

function noise(alphabet: string, length = 8_000_000): Uint8Array {
  return Uint8Array.from({ length }, () => alphabet.charCodeAt(Math.floor(random() * alphabet.length)));
}

const corpus = readCorpus(Deno.args[0] ?? "/usr/share");
const values = Array.from({ length: SECRETS }, (_, i) => (KINDS[i % KINDS.length] as () => string)());
const redactor = new Redactor();
const loading = performance.now();
redactor.add(values);
redactor.redact("ready");
console.log(`${SECRETS} secrets loaded in ${(performance.now() - loading).toFixed(0)} ms`);

const sample = corpus.subarray(0, 16_000_000);
const mine = seconds(sample, 5, (slice) => redactor.redactBytes(slice));
const decoder = new TextDecoder();
const literal = seconds(sample, 2, (slice) => {
  let text = decoder.decode(slice);
  for (const value of values) text = text.replaceAll(value, "***");
  return text;
});
const rate = (bytes: number, time: number): string => `${(bytes / time / 1e6).toFixed(0)} MB/s`;
console.log(`ordinary text, all forms: ${rate(sample.length, mine)}`);
console.log(`ordinary text, replaceAll of the literal values only: ${rate(sample.length, literal)}`);
console.log(`ratio: ${(literal / mine).toFixed(2)}`);

const prose = mine / sample.length;
const value = values[3] as string;
const misses: Record<string, Uint8Array> = {
  "first 7 characters": filled(value.slice(0, 7)),
  "7 and 7 characters": filled(`${value.slice(0, 7)} ${value.slice(10, 17)} `),
  "percent signs": filled("%"),
  "percent-encoded text": filled("%41%42%43"),
  "backslashes": filled("\\"),
  "hex escapes": filled("\\x41\\x42"),
  "line-end escapes": filled("ab\\ncd\\t"),
  "entities": filled("&#65;&#x42;"),
  "ampersands": filled("&"),
  "quoted-printable": filled("=41=42"),
  "escape characters": filled("\x1b"),
  "colours": filled("\x1b[31mab\x1b[0m "),
  "unfinished titles": filled("\x1b]aaaa"),
  "backspaces": filled("a\bb\b"),
  "numbered characters": filled(" 12\ts\n 13\tk\n"),
  "gzip marks": filled("H4sIAAAA"),
  "base64": noise(ALNUM + "+/"),
  "digits": noise("0123456789"),
  "hexadecimal digits": noise(HEX),
  "octal digits": noise("01234567"),
  "random bytes": Uint8Array.from({ length: 8_000_000 }, () => random() * 256),
};
for (const [name, bytes] of Object.entries(misses)) {
  const time = seconds(bytes, 2, (slice) => redactor.find(slice));
  const ratio = time / bytes.length / prose;
  console.log(`near misses, ${name}: ${rate(bytes.length, time)}, ${ratio.toFixed(2)} of ordinary text`);
}

const few = new Redactor();
few.add(values.slice(0, 20));
const spans = few.find(corpus);
console.log(`false maskings with 20 secrets in ${(corpus.length / 1e6).toFixed(0)} MB: ${spans.length}`);
for (const { start, end } of spans.slice(0, 5)) {
  console.log(`  ${JSON.stringify(decoder.decode(corpus.subarray(start, end)))}`);
}
