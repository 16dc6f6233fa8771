/**
 * Reading the text of one `.env` file.
 *
 * The `dotenv` library says what a value is. It also skips what it does not understand without a word, so a scanner of
 * our own walks the same grammar first: it knows the lines, refuses what the library would skip or guess at, and sees
 * where a value is cut. Each assignment then goes to the library alone, so that one odd line cannot swallow the next
 * and no input makes the library's pattern slow.
 */
import dotenv from "dotenv";
import { ToolError } from "../errors.ts";

/** One variable of an env file. */
export interface EnvVariable {
  /** A name that a POSIX shell can hold. */
  name: string;
  /** Exactly what the file says; nothing is expanded. */
  value: string;
  /** True when `# mcp: public` stands on the line before: not a secret. */
  public: boolean;
  /** The line the assignment starts on, counted from 1. */
  line: number;
}

/** What an env file holds. */
export interface EnvFile {
  /** One entry a name, in the order of the file; of duplicates the last. */
  variables: EnvVariable[];
  /** What a person should know, by name and line; never a value, a length or a prefix. */
  warnings: string[];
}

/** How many variables one file may hold. */
export const MAX_VARIABLES = 1000;

/** Linux refuses to start any program whose environment holds a longer `NAME=value` (MAX_ARG_STRLEN, less the NUL). */
const MAX_ENVIRONMENT_ENTRY_BYTES = 131_071;

const SHELL_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const PUBLIC_MARK = /^\s*#\s*mcp:\s*public\s*$/i;
const ASSIGNMENT = /(?:export\s+)?([\w.-]+)(?:[^\S\n]*=|:(?=[^\S\n]))[^\S\n]*/y;
const BLANKS = /[^\S\n]*/y;
/** What a backslash means in double quotes, for the library's two, shells and python-dotenv together. */
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  "$": "$",
  "`": "`",
};

/** An assignment as the scanner sees it, before the library says what its value is. */
interface Statement {
  name: string;
  line: number;
  public: boolean;
  /** The whole assignment, possibly of several lines, without its line end. */
  source: string;
  cut: "none" | "comment" | "value";
  /** What double quotes hold, where that is what the value was written in. */
  escaped?: string;
}

/**
 * Parses the text of a `.env` file: comments, blank lines, `export `, quotes and backticks, multi-line quoted values,
 * escapes in double quotes (`\n`, `\r`, `\t` and a backslash before `"`, `\`, `$` or a backtick), CRLF, a byte order mark.
 *
 * @param text the whole file
 * @throws {ToolError} `env_file_malformed`, naming the line and never its text, when a line is no assignment, a quote
 * is not closed or is followed by more text, or the text holds a NUL
 * @throws {ToolError} `limit_reached` when there are more than {@linkcode MAX_VARIABLES} variables
 */
export function parseEnvFile(text: string): EnvFile {
  const normal = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  const found = new Map<string, EnvVariable>();
  const notes = new Notes();
  notes.carriageReturn(text);
  for (const statement of scan(normal)) {
    const value = valueOf(statement);
    if (!SHELL_NAME.test(statement.name)) {
      notes.invalidNames.push(statement.line);
      continue;
    }
    notes.look(statement, value, found.get(statement.name));
    found.delete(statement.name);
    found.set(statement.name, { name: statement.name, value, public: statement.public, line: statement.line });
    if (found.size > MAX_VARIABLES) {
      throw new ToolError("limit_reached", `an env file may hold ${MAX_VARIABLES} variables, and this one holds more`, {
        hint: "split it into several files and load each",
      });
    }
  }
  return { variables: [...found.values()], warnings: notes.warnings(found.size) };
}

/** Walks the lines; comments and blank lines pass, everything else must be an assignment. */
function* scan(text: string): Generator<Statement> {
  let at = 0, line = 1, isPublic = false;
  while (at < text.length) {
    let end = lineEnd(text, at);
    const row = text.slice(at, end);
    if (row.includes("\0")) throw malformed(line, "it holds a NUL, which no environment can carry");
    if (/[\u2028\u2029]/.test(row)) {
      throw malformed(line, "it holds a Unicode line separator, which can be read in two ways");
    }
    if (/^\s*(#|$)/.test(row)) {
      isPublic = PUBLIC_MARK.test(row);
    } else {
      const statement = assignment(text, at, line, isPublic);
      end = at + statement.source.length;
      yield statement;
      isPublic = false;
      line += statement.source.split("\n").length - 1;
    }
    at = end + 1;
    line++;
  }
}

function assignment(text: string, at: number, line: number, isPublic: boolean): Statement {
  const start = endOf(BLANKS, text, at);
  ASSIGNMENT.lastIndex = start;
  const head = ASSIGNMENT.exec(text);
  const name = head?.[1];
  if (name === undefined || head![0].includes("\n")) throw malformed(line, "it is not of the form NAME=value");
  const valueAt = ASSIGNMENT.lastIndex;
  const quote = text[valueAt];
  const common = { name, line, public: isPublic };
  if (quote !== "'" && quote !== '"' && quote !== "`") {
    const source = text.slice(at, lineEnd(text, valueAt));
    return { ...common, source, cut: cutOf(source, valueAt - at) };
  }
  const close = closingQuote(text, valueAt);
  if (close < 0) throw malformed(line, "a quote is not closed, or its closing quote is followed by more text");
  const inside = text.slice(valueAt + 1, close);
  if (inside.includes("\0")) throw malformed(line, "it holds a NUL, which no environment can carry");
  const source = text.slice(at, lineEnd(text, close));
  return { ...common, source, cut: "none", ...(quote === '"' && { escaped: inside }) };
}

/**
 * Where the quote opened at `open` closes, or -1. A quote behind a backslash closes only when nothing later can: the
 * library takes the last quote, up to the first without a backslash, that blanks, a comment or the line's end follow.
 */
function closingQuote(text: string, open: number): number {
  const quote = text[open]!;
  let close = -1;
  for (let at = text.indexOf(quote, open + 1); at >= 0; at = text.indexOf(quote, at + 1)) {
    const next = text[endOf(BLANKS, text, at + 1)];
    if (next === undefined || next === "\n" || next === "#") close = at;
    if (text[at - 1] !== "\\") break;
  }
  return close;
}

/** What an unquoted `#` takes from the value: part of it, a comment that stands off by a blank, or nothing. */
function cutOf(source: string, valueAt: number): Statement["cut"] {
  const hash = source.indexOf("#", valueAt);
  if (hash < 0) return "none";
  return /\s/.test(source[hash - 1]!) ? "comment" : "value";
}

/** What the library makes of one assignment; of escapes it knows only `\n` and `\r`, and not that `\\n` is neither. */
function valueOf({ name, line, source, escaped }: Statement): string {
  const parsed = dotenv.parse(source);
  const names = Object.keys(parsed);
  const value = parsed[name];
  if (names.length !== 1 || typeof value !== "string") {
    throw malformed(line, "it can be read in two ways; put the value in quotes");
  }
  return escaped === undefined ? value : escaped.replace(/\\(.)/g, (as, letter: string) => ESCAPES[letter] ?? as);
}

function malformed(line: number, reason: string): ToolError {
  return new ToolError("env_file_malformed", `line ${line} of the env file cannot be read: ${reason}`, {
    data: { line },
    hint: "NAME=value, NAME='value' or NAME=\"value\", one a line; comments start with #; nothing was loaded",
  });
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end < 0 ? text.length : end;
}

function endOf(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from;
  pattern.test(text);
  return pattern.lastIndex;
}

/** Collects what a person should know about a file, to say it in few lines. */
class Notes {
  readonly invalidNames: number[] = [];
  readonly #each: string[] = [];
  readonly #comments: string[] = [];

  look({ name, line, cut, escaped }: Statement, value: string, earlier: EnvVariable | undefined): void {
    if (earlier) {
      this.#each.push(`${name} is set on line ${earlier.line} and again on line ${line}; the last one counts`);
    }
    if (cut === "value") {
      this.#each.push(`${name} (line ${line}) is cut at an unquoted #; put the value in quotes to keep it whole`);
    }
    if (cut === "comment") this.#comments.push(`${name} (line ${line})`);
    if (escaped?.replace(/\\[nrt"\\$`]/g, "").includes("\\")) {
      this.#each.push(
        `${name} (line ${line}): a backslash that is no escape in double quotes stays as it is; ` +
          "single quotes keep everything as it is",
      );
    }
    if (entryBytes(name, value) > MAX_ENVIRONMENT_ENTRY_BYTES) {
      this.#each.push(`${name} (line ${line}) is too large for a Linux environment: commands cannot start with it`);
    }
  }

  /** The library reads a lone one as a line end too, so no value can hold it as it stands. */
  carriageReturn(text: string): void {
    const at = text.search(/\r(?!\n)/);
    if (at < 0) return;
    const line = text.slice(0, at).split(/\r\n?|\n/).length;
    this.#each.push(
      `a carriage return that ends no line (line ${line}) was read as a line end; in double quotes \\r stands for one`,
    );
  }

  warnings(count: number): string[] {
    const all = [...this.#each];
    if (this.#comments.length > 0) {
      all.push(`what follows an unquoted # was taken for a comment: ${this.#comments.join(", ")}`);
    }
    if (this.invalidNames.length > 0) {
      all.push(
        `not loaded, because a name is made of letters, digits and _ and does not start with a digit: ` +
          `line ${this.invalidNames.join(", ")}`,
      );
    }
    if (count === 0) all.push("the file holds no variables");
    return all;
  }
}

function entryBytes(name: string, value: string): number {
  return name.length + 1 + new TextEncoder().encode(value).length;
}
