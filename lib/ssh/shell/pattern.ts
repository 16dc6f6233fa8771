/** Patterns that a shell's output is waited for with. */
import { quoteUntrusted, ToolError } from "../../errors.ts";

const MAX_PATTERN_CHARACTERS = 4096;
/** How much of the end of a line is looked at. */
const MAX_LINE_CHARACTERS = 16 * 1024;

/** Says whether some lines, the last of which may not be complete, show what is waited for. */
export interface Pattern {
  /** How many lines it spans. */
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
    const compiled = RE2JS.compile(pattern);
    return { lines: 1, matches: (text) => compiled.matcher(text.slice(-MAX_LINE_CHARACTERS)).find() };
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

/** Text of a stream as it would be read: without escape sequences and other control characters than line ends. */
export function plainText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
    .replace(
      // deno-lint-ignore no-control-regex -- control characters are what is taken out
      /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]{0,4096}(?:\x07|\x1b\\)|[ -/]*[0-~])|[\x00-\x08\x0b-\x1f\x7f]/g,
      "",
    );
}
