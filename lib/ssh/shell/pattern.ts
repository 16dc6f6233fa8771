/** Patterns that a shell's output is waited for with. */
import { quoteUntrusted, ToolError } from "../../errors.ts";

const MAX_PATTERN_CHARACTERS = 4096;
/** How much of the end of a line is looked at; less of it with a large expression. */
const MAX_LINE_CHARACTERS = 16 * 1024;
/** A look takes a step for each instruction and character; so many take some tens of milliseconds. */
const MAX_STEPS = 2_000_000;
const MAX_INSTRUCTIONS = 4000;
/** Characters of an expression with its repetitions written out, at most; compiling so many takes as long. */
const MAX_WRITTEN_OUT = 50_000;

/** Says whether some lines, the last of which may not be complete, show what is waited for. */
export interface Pattern {
  /** How many lines it spans; one that spans one alone is to be held against one at a time. */
  readonly lines: number;
  /** True when the text shows it. */
  matches(text: string): boolean;
}

/**
 * Makes a pattern.
 *
 * @param pattern plain text; or with `regex` a regular expression in RE2's syntax, which is matched line by line in time
 * that grows with the line alone, whatever the expression
 * @throws {ToolError} `invalid_argument` when it is empty, longer than 4096 characters or not a regular expression
 */
export async function compilePattern(pattern: string, regex: boolean): Promise<Pattern> {
  if (pattern === "") throw new ToolError("invalid_argument", "pattern is empty");
  if (pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new ToolError(
      "invalid_argument",
      `pattern has ${pattern.length} characters, and at most ${MAX_PATTERN_CHARACTERS} are taken`,
      { hint: "wait for a shorter part of the text" },
    );
  }
  if (!regex) return { lines: pattern.split("\n").length, matches: (text) => text.includes(pattern) };
  const { RE2JS } = await import("re2js");
  try {
    if (writtenOut(pattern) > MAX_WRITTEN_OUT) throw new Error("its repetitions are too many");
    const compiled = RE2JS.compile(pattern);
    const size = compiled.programSize();
    if (size > MAX_INSTRUCTIONS) throw new Error("it is too large");
    const characters = Math.min(MAX_LINE_CHARACTERS, Math.floor(MAX_STEPS / size));
    return { lines: 1, matches: (text) => compiled.matcher(text.slice(-characters)).find() };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ToolError(
      "invalid_argument",
      `pattern is not a regular expression that can be used: ${quoteUntrusted(why)}`,
      {
        hint: "RE2 syntax: no look-around and no back-references; without regex the pattern is plain text",
        cause: error,
      },
    );
  }
}

/** A bound for the characters of an expression whose counted repetitions are written out, one within another or not. */
function writtenOut(pattern: string): number {
  const counts = [...pattern.matchAll(/\{(\d{1,9})(?:,(\d{0,9}))?\}/g)];
  const sum = counts.reduce((total, [, least, most]) => total + Math.max(Number(least), Number(most ?? 0)), 0);
  return pattern.length * (1 + sum);
}

/** Text of a stream as it would be read: without escape sequences and other control characters than line ends. */
export function plainText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
    .replace(
      // deno-lint-ignore no-control-regex -- control characters are what is taken out
      /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f]/g,
      "",
    );
}
