/**
 * What the last answers showed. Seven characters of a value in each of several answers are all of it to the reader, who
 * puts together what came under one name, in the order in which it came or backwards, whatever else was around it.
 */
import type { Redactor } from "../secrets/redactor.ts";

/** A text of an answer, and the name of the member that holds it. */
export interface NamedText {
  readonly name: string;
  readonly text: string;
}

/** Characters that are remembered, and of the longest text that is remembered as it is: of others both ends are. */
const MOST = 1000;
const LONGEST = 200;
/** Characters of a piece of a value and of what ends it, such as a line end; longer pieces are masked alone. */
const LONGEST_PIECE = 9;
/** Characters of those of one name that a text is looked at with. */
const MOST_OF_ONE = 250;
/** Characters of such an end. */
const END = 40;
/** Texts of one name up to which an answer has pieces, not a list in which they are looked at together anyway. */
const MOST_OF_A_NAME = 4;

/** Short texts of the last answers, and the ends of long ones, as they were shown. */
export class Remembered {
  readonly #texts: NamedText[] = [];
  #length = 0;

  /** All of it, in the order in which it was shown. */
  get whole(): string {
    return this.#texts.map(({ text }) => text).join("\n");
  }

  /** `texts`, each masked where it goes on from what was shown under its name. */
  goOn(texts: readonly NamedText[], redactor: Redactor): string[] {
    const counts = new Map<string, number>();
    for (const { name } of texts) counts.set(name, (counts.get(name) ?? 0) + 1);
    return texts.map(({ name, text }) => {
      const isList = (counts.get(name) as number) > MOST_OF_A_NAME;
      const before = isList || text === "" ? [] : this.#lastOf(name);
      return before.length === 0 ? text : atEnds(text, (end) => between(before, end, redactor));
    });
  }

  /** The last texts that were shown under a name. */
  #lastOf(name: string): string[] {
    const all = this.#texts.filter((each) => each.name === name).map(({ text }) => text);
    let length = 0;
    return all.slice(all.findLastIndex((text) => (length += text.length) > MOST_OF_ONE) + 1);
  }

  /** Remembers what an answer showed. */
  add(texts: readonly NamedText[]): void {
    for (const { name, text } of texts) {
      for (const part of text.length > LONGEST ? [text.slice(0, END), text.slice(-END)] : [text]) {
        this.#addOne({ name, text: part });
      }
    }
  }

  #addOne(added: NamedText): void {
    // What is longer than a piece that is shown is in the value once at most.
    const isAgain = added.text.length > LONGEST_PIECE && this.#texts.some(({ text }) => text === added.text);
    if (added.text === "" || isAgain) return;
    this.#texts.push(added);
    this.#length += added.text.length;
    while (this.#length > MOST) this.#length -= (this.#texts.shift() as NamedText).text.length;
  }
}

/** `text` masked as what goes on from `before`, and as what the last of it goes on from when it is read backwards. */
function between(before: readonly string[], text: string, redactor: Redactor): string {
  const start = before.join("\n").length + 1;
  const all = [...before, text, ...before.toReversed()].join("\n");
  let shown = "";
  let at = 0;
  for (const span of redactor.findInText([all])) {
    const [from, to] = [Math.max(0, span.start - start), Math.min(text.length, span.end - start)];
    if (from >= to) continue;
    shown += `${text.slice(at, from)}***`;
    at = to;
  }
  return shown + text.slice(at);
}

/** `text` with `change` made to all of it, or to both its ends when it is long. */
function atEnds(text: string, change: (end: string) => string): string {
  if (text.length <= LONGEST) return change(text);
  return change(text.slice(0, END)) + text.slice(END, -END) + change(text.slice(-END));
}
