/** Output that a terminal shows as it is: lines of text, perhaps coloured. */

/** Selects colours and the like (ECMA-48 §8.3.117, SGR): moves nothing. */
// deno-lint-ignore no-control-regex -- an escape sequence is what is looked for
const GRAPHIC_RENDITION = /\x1b\[[\d;:]*m/g;
/** What does something else than to show itself; a carriage return does, unless it ends a line. */
// deno-lint-ignore no-control-regex -- control characters are what is looked for
const MOVES = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]|\r(?![\r\n])/;
const TAB_WIDTH = 8;

/**
 * The lines of `bytes`, which end with a line end, as a terminal with the cursor at the start of a line shows them;
 * undefined when it would take an emulator to tell.
 */
export function plainLines(bytes: Uint8Array): string[] | undefined {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  if (text.includes("\x1b")) text = text.replace(GRAPHIC_RENDITION, "");
  if (MOVES.test(text)) return undefined;
  const lines = text.replaceAll("\r", "").split("\n");
  lines.pop();
  return text.includes("\t") ? lines.map(withoutTabs) : lines;
}

function withoutTabs(line: string): string {
  if (!line.includes("\t")) return line;
  const [first = "", ...rest] = line.split("\t");
  return rest.reduce(
    (before, part) => before.padEnd((Math.floor(before.length / TAB_WIDTH) + 1) * TAB_WIDTH) + part,
    first,
  );
}
