/** The tables that output is looked up in: the grams of every form of every value. */
import { leastProof } from "./evidence.ts";
import { EVERY_FORM, type Form, formsOf, HAS_GAPS, KIND, type Kind, USUAL_FORMS } from "./forms.ts";
import { GramIndex, WIDE_FROM } from "./gram_index.ts";
import { GRAM, wordAt } from "./grams.ts";
import { IntMap } from "./int_map.ts";
import { looksEscaped } from "../escapes/escape_shapes.ts";
import { SHORTEST, ShortPatterns } from "./short_patterns.ts";
import { DENSE, fold, PLAIN } from "../symbols.ts";
import { rawWeight, totalWeight, weigh, weighRaw, type Weighted } from "./weights.ts";

/** Characters from which pieces of a value are masked; a shorter value is masked whole only. */
export const PIECES_FROM = 12;

/** Characters in the shortest piece that is masked. */
const PIECE = 8;

/** Half bits from which a value needs no lookup as a whole: long before its end its pieces have been found. */
const AMPLE = 160;

/** Symbols up to which a form is looked up as a whole. */
const LONGEST_WHOLE = 400;

/** A form, or a part of one, that counts only when all of it is met. */
export interface Pattern {
  /** Its symbols in the view of its kind. */
  readonly symbols: Uint8Array;
  /** Its bytes when it is short enough for letter case to matter, else null. */
  readonly exact: Uint8Array | null;
  /** How the form came about. */
  readonly kind: Kind;
  /** What the value proves when it is met, in half bits, words not discounted. */
  readonly proof: number;
  /** Bytes of it that the view drops. */
  readonly dropped: number;
  /** What it is a piece of a value with: what the view drops of it has to be there, or it is too little. */
  readonly edges?: PieceEdges;
}

/** What a piece of a value has before, behind and between its symbols, which the view drops. */
export interface PieceEdges {
  readonly before: Uint8Array;
  readonly behind: Uint8Array;
  /** How many symbols stand before each place between symbols where something has to be, whatever a program makes of it. */
  readonly gaps: readonly number[];
}

/** Symbols at the edge of a text that are looked at, and so at the edges of a form. */
export const EDGE_SYMBOLS = 48;

/** A form that may be cut off by the end or the start of the text. */
export interface Edge {
  /** Its first symbols, or its last ones. */
  readonly symbols: Uint8Array;
  /** Symbols that must be met before the edge counts: those of four characters. */
  readonly least: number;
}

/** The forms by their first four symbols, or by their last four. */
export class Edges {
  readonly #lists: Edge[][] = [];
  readonly #byWord = new IntMap();

  /** Adds a form under the four symbols that make `word`. */
  add(word: number, edge: Edge): void {
    const list = this.#byWord.get(word);
    if (list < 0) this.#byWord.set(word, this.#lists.push([edge]) - 1);
    else (this.#lists[list] as Edge[]).push(edge);
  }

  /** The forms under `word`. */
  at(word: number): readonly Edge[] {
    const list = this.#byWord.get(word);
    return list < 0 ? [] : this.#lists[list] as Edge[];
  }
}

/** Symbols that a piece with dropped characters has at least; it is made longer to have them. */
const GAPPY_SYMBOLS = 6;

/** Kinds of which a short form is looked up as it stands. */
const EXACT_KINDS: ReadonlySet<Kind> = new Set([KIND.base64, KIND.base32, KIND.reversed, KIND.hex, KIND.marked]);

/** Symbols that such a form has at least, unless it is base64, which is everywhere. */
const SHORTEST_EXACT = 6;

/** Half bits that a piece with dropped characters has to prove. */
const LEAST_PIECE = 56;

/** What is known of a value while its forms are taken in. */
interface Value {
  readonly bytes: number;
  readonly characters: number;
  /** Too short for pieces of it to be masked. */
  readonly short: boolean;
  /** So short, or of such ordinary words, that it has to be looked up as a whole. */
  readonly whole: boolean;
  readonly proof: number;
}

/** Grams, whole patterns and edges of every value that was added. */
export class Lexicon {
  /** Forms in the plain view. */
  readonly plain: GramIndex<Pattern> = new GramIndex(PLAIN[NOUGHT] as number);
  /** Forms in the dense view. */
  readonly dense: GramIndex<Pattern> = new GramIndex(DENSE[NOUGHT] as number);
  /** Patterns of four to seven symbols of the plain view. */
  readonly short: ShortPatterns = new ShortPatterns();
  /** Starts and ends of forms in either view. */
  readonly edges: Record<"plainHeads" | "plainTails" | "denseHeads" | "denseTails", Edges> = {
    plainHeads: new Edges(),
    plainTails: new Edges(),
    denseHeads: new Edges(),
    denseTails: new Edges(),
  };
  /** The values that are looked for in pieces wherever these stand. */
  readonly inPieces: Weighted[] = [];
  /** Whether a value has marks that HTML writes as named entities. */
  needsEntities = false;
  /** Whether a value has the mark that quoted-printable writes as `=3D`; what else it writes so is not ASCII. */
  needsQuotedPrintable = false;
  /** Whether all values consist of ASCII. */
  isAscii = true;
  /** Whether a value has line ends, which JSON and others write as `\\n`. */
  needsLineEnds = false;
  /** Whether the plain view drops characters of a value. */
  hasGaps = false;
  /** Whether something that is looked for in the plain view may be found in the characters that escapes are written in. */
  likeEscapes = false;

  /**
   * Takes in values and all their forms, bit by bit: they are found once it is done, and what is known already is found
   * all the while. Nothing else may be added until then.
   *
   * @param isRandom every character counts, words too
   * @default false
   */
  *add(values: readonly string[], isRandom = false): Generator<void> {
    yield* this.plain.reserve(values.reduce((sum, { length }) => sum + PLAIN_GRAMS * length, 0));
    yield* this.dense.reserve(values.reduce((sum, { length }) => sum + expectedGrams(length), 0));
    for (const value of values) yield* this.#addValue(value, isRandom);
    yield* this.plain.settle();
    yield* this.dense.settle();
  }

  *#addValue(text: string, isRandom: boolean): Generator<void> {
    const bytes = new TextEncoder().encode(text);
    const value = isRandom ? weighRaw(bytes) : weigh(bytes);
    const characters = [...text].length;
    const short = characters < PIECES_FROM;
    const whole = short || totalWeight(value) < AMPLE;
    const proof = rawWeight(value.bytes);
    this.needsEntities ||= /[&<>"']/.test(text);
    this.needsQuotedPrintable ||= text.includes("=");
    this.isAscii &&= !/[\x80-\uffff]/.test(text);
    this.needsLineEnds ||= /[\r\n\t]/.test(text);
    this.hasGaps ||= bytes.some((byte) => PLAIN[byte] === 0);
    for (const form of formsOf(value)) {
      this.#addForm(form, { bytes: value.bytes.length, characters, short, whole, proof });
      yield;
    }
    if (!short) this.#addGappyPieces(value);
    if (!short && !isRandom) this.inPieces.push(value);
  }

  #addForm(form: Form, of: Value): void {
    const plain = form.kind === KIND.literal || form.kind === KIND.marked;
    const table = plain ? PLAIN : DENSE;
    const { bytes: symbols, weights } = keep(form, table);
    const isPart = form.kind === KIND.stranded && form.bytes.length < of.bytes;
    if (symbols.length === 0 || (isPart && of.short)) return;
    const dropped = form.bytes.length - symbols.length;
    if (plain) this.likeEscapes ||= looksEscaped(symbols);
    if (!of.short) {
      const gaps = plain && dropped > 0 ? HAS_GAPS : 0;
      const fewest = form.kind === KIND.literal ? GRAM : fewestSymbols(weights, leastProof(1 << form.kind));
      // Only where a character is several symbols are wide grams of use: not where many prove little.
      const piece = Math.floor((PIECE * symbols.length) / of.characters) - 1;
      const isWide = piece >= WIDE_FROM;
      const least = isWide ? Math.max(Math.min(fewest, piece), WIDE_FROM) : Math.min(fewest, WIDE_FROM - 1);
      (plain ? this.plain : this.dense).add(symbols, weights, form.kind | gaps, least);
    }
    if (of.whole && symbols.length <= LONGEST_WHOLE && !isPart) {
      this.#addWhole({ symbols: symbols.slice(), exact: null, kind: form.kind, proof: of.proof, dropped }, form);
    }
    const least = Math.max(4, Math.ceil((4 * symbols.length) / of.characters));
    if (symbols.length < least) return;
    const { edges } = this;
    const head: Edge = { symbols: symbols.slice(0, EDGE_SYMBOLS), least };
    const tail = symbols.length <= EDGE_SYMBOLS ? head : { symbols: symbols.slice(-EDGE_SYMBOLS), least };
    (plain ? edges.plainHeads : edges.denseHeads).add(wordAt(symbols, 0), head);
    (plain ? edges.plainTails : edges.denseTails).add(wordAt(symbols, symbols.length - 4), tail);
  }

  #addWhole(pattern: Pattern, form: Form): void {
    const plain = pattern.kind === KIND.literal || pattern.kind === KIND.marked;
    if (pattern.symbols.length >= GRAM) {
      (plain ? this.plain : this.dense).addWhole(pattern);
      return;
    }
    if (pattern.kind === KIND.literal) return this.short.add(pattern);
    // Too short for the dense view: looked up as it stands, and case has to agree when case carries information.
    if (!EXACT_KINDS.has(pattern.kind)) return;
    // Without the marks at its ends, which the view drops.
    const exact = form.bytes.subarray(
      form.bytes.findIndex((byte) => PLAIN[byte] !== 0),
      form.bytes.findLastIndex((byte) => PLAIN[byte] !== 0) + 1,
    );
    const symbols = fold(exact, PLAIN);
    const least = pattern.kind === KIND.base64 ? SHORTEST : SHORTEST_EXACT;
    if (symbols.length < least) return;
    this.likeEscapes ||= looksEscaped(symbols);
    const short = { ...pattern, symbols, exact: exact.slice(), dropped: exact.length - symbols.length };
    if (symbols.length < GRAM) this.short.add(short);
    else this.plain.addWhole(short); // its marks make up for it
  }

  /** Pieces of eight characters or a few more that have fewer than eight symbols in the plain view. */
  #addGappyPieces(value: Weighted): void {
    // How many of the first bytes the view keeps: most pieces lack none of theirs, and are not looked at twice.
    const keptBefore = new Uint32Array(value.bytes.length + 1);
    for (const [i, byte] of value.bytes.entries()) {
      keptBefore[i + 1] = (keptBefore[i] as number) + (PLAIN[byte] === 0 ? 0 : 1);
    }
    for (let at = 0; at + PIECE <= value.bytes.length; at++) {
      if ((keptBefore[at + PIECE] as number) - (keptBefore[at] as number) >= GRAM) continue;
      let end = at + PIECE;
      while ((keptBefore[end] as number) - (keptBefore[at] as number) < GAPPY_SYMBOLS && end < value.bytes.length) {
        end++;
      }
      this.#addGappyPiece({ bytes: value.bytes.subarray(at, end), weights: value.weights.subarray(at, end) });
    }
  }

  #addGappyPiece(piece: Weighted): void {
    const { bytes } = piece;
    const symbols = fold(bytes, PLAIN);
    const proof = totalWeight(piece);
    if (symbols.length >= GRAM || symbols.length < GAPPY_SYMBOLS || proof < LEAST_PIECE) return;
    this.likeEscapes ||= looksEscaped(symbols);
    const isKept = (byte: number): boolean => PLAIN[byte] !== 0;
    const [from, to] = [bytes.findIndex(isKept), bytes.findLastIndex(isKept) + 1];
    const dropped = to - from - symbols.length;
    // A gap between its symbols is telling enough without what follows, which may be quoted in some way.
    const edges = {
      before: bytes.slice(0, from),
      behind: bytes.slice(dropped > 0 ? bytes.length : to),
      gaps: gapsOf(bytes.subarray(from, to)),
    };
    this.short.add({ symbols, exact: null, kind: KIND.literal, proof, dropped, edges });
  }
}

/** How many symbols of the plain view stand before each stretch that it drops between symbols. */
function gapsOf(bytes: Uint8Array): number[] {
  const gaps: number[] = [];
  let symbols = 0;
  for (const [i, byte] of bytes.entries()) {
    if (PLAIN[byte] !== 0) symbols++;
    else if (PLAIN[bytes[i - 1] as number] !== 0) gaps.push(symbols);
  }
  return gaps;
}

/** A nought as text has it. */
const NOUGHT = 0x30;

/** Grams in the plain view for each character of a value. */
const PLAIN_GRAMS = 5;

/** About how many grams of the dense view a value of `length` characters has. */
export function expectedGrams(length: number): number {
  return length * (length <= EVERY_FORM ? 60 : length <= USUAL_FORMS ? 30 : 7);
}

/** How many symbols in a row prove as much as `proof` at least, Infinity when not even all of them do. */
function fewestSymbols(weights: Uint8Array, proof: number): number {
  let fewest = Infinity;
  let sum = 0;
  for (let from = 0, to = 0; to < weights.length;) {
    sum += weights[to++] as number;
    while (sum >= proof) {
      fewest = Math.min(fewest, to - from);
      sum -= weights[from++] as number;
    }
  }
  return Math.max(GRAM, fewest);
}

/** Memory for the symbols of a form, used again for the next one. */
let kept: Weighted = { bytes: new Uint8Array(1024), weights: new Uint8Array(1024) };

/** The symbols of a form in the view of `table`, and what they prove; good until the next call. */
function keep(form: Weighted, table: Uint8Array): Weighted {
  const { bytes, weights } = form;
  if (bytes.length > kept.bytes.length) {
    kept = { bytes: new Uint8Array(2 * bytes.length), weights: new Uint8Array(2 * bytes.length) };
  }
  const { bytes: symbols, weights: proofs } = kept;
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    symbols[length] = table[bytes[i] as number] as number;
    proofs[length] = weights[i] as number;
    if (symbols[length] !== 0) length++;
  }
  return { bytes: symbols.subarray(0, length), weights: proofs.subarray(0, length) };
}
