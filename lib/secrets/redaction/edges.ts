/**
 * Values that the end or the start of a text cuts off. What could be the beginning of one is masked, because the rest
 * of it may be shown by the next answer, where it could not be recognised either.
 */
import { Decoder, ESCAPE_STARTS, EVERY_ESCAPE } from "./decoder.ts";
import { wordAt } from "./gram_index.ts";
import type { Edge, Lexicon } from "./lexicon.ts";
import type { Span } from "./spans.ts";
import { DENSE, PLAIN } from "./symbols.ts";

/** Bytes at the edge of a text that are looked at. */
const REACH = 2048;

/** Dropped bytes between two symbols beyond which they no longer belong together. */
const MAX_GAP = 320;

/** Bytes before the end where an escape may begin that the end cuts off. */
const LONGEST_ESCAPE = 12;

/** Symbols at the edge that are looked at; the forms keep as many. */
const SYMBOLS = 48;

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

type EdgeMap = Map<number, Edge[]>;

function cut(data: Uint8Array, { start, end }: Span, [plain, dense]: [EdgeMap, EdgeMap], atEnd: boolean): Span[] {
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
  const decoder = new Decoder(REACH);
  decoder.decode(data, start, end, EVERY_ESCAPE);
  return Array.from({ length: decoder.length }, (_, i) => ({
    byte: decoder.data[i] as number,
    from: decoder.starts[i] as number,
    to: decoder.ends[i] as number,
  }));
}

interface Placed {
  byte: number;
  from: number;
  to: number;
}

/** `inward` runs towards the edge; its last symbols are held against the first ones of every form. */
function longestCut(inward: Placed[], table: Uint8Array, edges: EdgeMap, atEnd: boolean): Span | undefined {
  const symbols: number[] = [];
  const places: Placed[] = [];
  let gap = 0;
  for (let i = inward.length - 1; i >= 0 && symbols.length < SYMBOLS && gap <= MAX_GAP; i--) {
    const place = inward[i] as Placed;
    const symbol = table[place.byte] as number;
    gap = symbol === 0 ? gap + 1 : 0;
    if (symbol === 0) continue;
    symbols.unshift(symbol);
    places.unshift(place);
  }
  const near = Uint8Array.from(symbols);
  for (let at = 0; at + 4 <= near.length; at++) {
    const candidates = edges.get(wordAt(near, at)) ?? [];
    if (!candidates.some((edge) => agrees(edge, near, at))) continue;
    const [far, close] = [places[at] as Placed, places[places.length - 1] as Placed];
    return atEnd ? { start: far.from, end: close.to } : { start: close.from, end: far.to };
  }
  return undefined;
}

function agrees(edge: Edge, near: Uint8Array, at: number): boolean {
  const length = near.length - at;
  if (length < edge.least || length > edge.symbols.length) return false;
  for (let i = 0; i < length; i++) {
    if (edge.symbols[i] !== near[at + i]) return false;
  }
  return true;
}
