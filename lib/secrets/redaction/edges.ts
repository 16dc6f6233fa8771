/**
 * Values that the end or the start of a text cuts off. What could be the beginning of one is masked, because the rest
 * of it may be shown by the next answer, where it could not be recognised either.
 */
import { decodeAll } from "./escapes/decoder.ts";
import { ESCAPE_STARTS } from "./escapes/escapes.ts";
import { wordAt } from "./lexicon/grams.ts";
import { type Edge, EDGE_SYMBOLS, type Edges, type Lexicon } from "./lexicon/lexicon.ts";
import type { Span } from "./spans.ts";
import { DENSE, PLAIN } from "./symbols.ts";

/** Bytes at the edge of a text that are looked at. */
const REACH = 2048;

/** Dropped bytes between two symbols beyond which they no longer belong together. */
const MAX_GAP = 320;

/** Bytes before the end where an escape may begin that the end cuts off. */
const LONGEST_ESCAPE = 12;

/** What has to be masked at the end of `data` if the text may go on after it. */
export function cutAtEnd(data: Uint8Array, lexicon: Lexicon): Span[] {
  const { plainHeads, denseHeads } = lexicon.edges;
  return cut(data, { start: Math.max(0, data.length - REACH), end: data.length }, [plainHeads, denseHeads], true);
}

/** What has to be masked at the start of `data` if there may have been text before it. */
export function cutAtStart(data: Uint8Array, lexicon: Lexicon): Span[] {
  const { plainTails, denseTails } = lexicon.edges;
  return cut(data, { start: 0, end: Math.min(data.length, REACH) }, [plainTails, denseTails], false);
}

function cut(data: Uint8Array, { start, end }: Span, [plain, dense]: [Edges, Edges], atEnd: boolean): Span[] {
  const raw = Array.from({ length: end - start }, (_, i) => {
    return { byte: data[start + i] as number, from: start + i, to: start + i + 1 };
  });
  const views = [raw, decoded(data, start, end)];
  // An escape that is itself cut off would stand between the value and the end.
  for (let at = end - 1; atEnd && at >= Math.max(start, end - LONGEST_ESCAPE); at--) {
    if (ESCAPE_STARTS[data[at] as number] === 0) continue;
    views.push(decoded(data, start, at));
    break;
  }
  return views.flatMap((view) => {
    const inward = atEnd ? view : view.reverse();
    return [longestCut(inward, PLAIN, plain, atEnd), longestCut(inward, DENSE, dense, atEnd)].filter((span) =>
      span !== undefined
    );
  });
}

function decoded(data: Uint8Array, start: number, end: number): Placed[] {
  const { data: bytes, length, starts, ends } = decodeAll(data.subarray(start, start + REACH), end - start);
  return Array.from({ length }, (_, i) => ({
    byte: bytes[i] as number,
    from: start + (starts?.[i] as number),
    to: start + (ends?.[i] as number),
  }));
}

interface Placed {
  byte: number;
  from: number;
  to: number;
}

/** `inward` runs towards the edge; its last symbols are held against the first ones of every form. */
function longestCut(inward: Placed[], table: Uint8Array, edges: Edges, atEnd: boolean): Span | undefined {
  const symbols: number[] = [];
  const places: Placed[] = [];
  let gap = 0;
  for (let i = inward.length - 1; i >= 0 && symbols.length < EDGE_SYMBOLS && gap <= MAX_GAP; i--) {
    const place = inward[i] as Placed;
    const symbol = table[place.byte] as number;
    gap = symbol === 0 ? gap + 1 : 0;
    if (symbol === 0) continue;
    symbols.unshift(symbol);
    places.unshift(place);
  }
  // The tails were gathered towards the start of the text: back in order they end where the form does.
  const near = Uint8Array.from(atEnd ? symbols : symbols.reverse());
  for (let length = near.length; length >= 4; length--) {
    const at = atEnd ? near.length - length : 0;
    const candidates = edges.at(wordAt(near, atEnd ? at : length - 4));
    if (!candidates.some((edge) => agrees(edge, near, at, length, atEnd))) continue;
    const [far, close] = [places[near.length - length] as Placed, places[places.length - 1] as Placed];
    return atEnd ? { start: far.from, end: close.to } : { start: close.from, end: far.to };
  }
  return undefined;
}

/** Whether the `length` symbols at `at` are the first ones of a form, or the last ones. */
function agrees({ symbols, least }: Edge, near: Uint8Array, at: number, length: number, atEnd: boolean): boolean {
  if (length < least || length > symbols.length) return false;
  const from = atEnd ? 0 : symbols.length - length;
  for (let i = 0; i < length; i++) {
    if (symbols[from + i] !== near[at + i]) return false;
  }
  return true;
}
