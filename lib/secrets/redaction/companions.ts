/**
 * Lines of a value that say nothing by themselves, such as `-----BEGIN PRIVATE KEY-----`: masked where the rest of the
 * value was, and nowhere else.
 */
import { LEAST_PROOF } from "./lexicon/evidence.ts";
import type { Span } from "./spans.ts";
import { totalWeight, weigh } from "./lexicon/weights.ts";

/** Characters of the shortest line that is looked for. */
const SHORTEST_LINE = 8;

/** Bytes from what was masked within which such a line belongs to it; more of the line may follow as near again. */
const NEAR = 256;

/** The lines of `text` that are too ordinary to be found by themselves; none when it is a single line. */
export function ordinaryLines(text: string): string[] {
  if (!text.includes("\n")) return [];
  const encoder = new TextEncoder();
  return text.split(/\r?\n/).filter((line) =>
    line.length >= SHORTEST_LINE && totalWeight(weigh(encoder.encode(line))) < LEAST_PROOF
  );
}

/** The marks of such lines, and of base64, that are masked with what they touch when there are two of them or more. */
const MARKS: ReadonlySet<number> = new Set([0x2d, 0x3d]);

/** Takes in the marks that a line of a value begins and ends with, which most forms of it are found without. */
export function takeMarks(data: Uint8Array, span: Span): void {
  const [before, after] = [data[span.start - 1] as number, data[span.end] as number];
  if (MARKS.has(before) && data[span.start - 2] === before) { while (data[span.start - 1] === before) span.start--; }
  if (MARKS.has(after) && data[span.end + 1] === after) { while (data[span.end] === after) span.end++; }
}

/** Those of `candidates` that stand near one of `masked`, or near another one that does. */
export function companionsOf(masked: readonly Span[], candidates: readonly Span[]): Span[] {
  const all = [
    ...masked.map((span) => ({ ...span, counts: true })),
    ...candidates.map((span) => ({ ...span, counts: false })),
  ].sort((a, b) => a.start - b.start);
  let reach = -Infinity;
  for (const span of all) {
    span.counts ||= span.start <= reach;
    if (span.counts) reach = Math.max(reach, span.end + NEAR);
  }
  let from = Infinity;
  for (const span of all.toReversed()) {
    span.counts ||= span.end >= from;
    if (span.counts) from = Math.min(from, span.start - NEAR);
  }
  return all.filter(({ counts }) => counts);
}
