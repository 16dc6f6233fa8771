/** A half-open range of bytes, `[start, end)`. */
export interface Span {
  /** The first byte. */
  start: number;
  /** The byte after the last one. */
  end: number;
}

/** What stands in the output for anything that was masked. */
export const MASK = "***";

/** Sorts spans and joins those that overlap or touch. */
export function mergeSpans(spans: Span[]): Span[] {
  if (spans.length < 2) return spans;
  if (!spans.every(({ start }, i) => i === 0 || start >= (spans[i - 1] as Span).start)) {
    spans.sort((a, b) => a.start - b.start);
  }
  const merged: Span[] = [];
  let open = spans[0] as Span;
  for (const span of spans) {
    if (span.start <= open.end) {
      if (span.end > open.end) open = { start: open.start, end: span.end };
      continue;
    }
    merged.push(open);
    open = span;
  }
  merged.push(open);
  return merged;
}

/** `bytes` with each span (merged, sorted) replaced by {@linkcode MASK}; the same array when there is none. */
export function maskBytes(bytes: Uint8Array, spans: readonly Span[]): Uint8Array {
  if (spans.length === 0) return bytes;
  const mask = new TextEncoder().encode(MASK);
  let length = bytes.length;
  for (const { start, end } of spans) length += mask.length - (end - start);
  const out = new Uint8Array(length);
  let from = 0;
  let to = 0;
  for (const { start, end } of spans) {
    out.set(bytes.subarray(from, start), to);
    to += start - from;
    out.set(mask, to);
    to += mask.length;
    from = end;
  }
  out.set(bytes.subarray(from), to);
  return out;
}
