/** What is loaded: which variables each session's commands get, and which of their values are secret. */
import { ToolError } from "../errors.ts";
import type { EnvVariable } from "./env_file.ts";
import { isShellOwned } from "./injection.ts";

/** Whatever masks values in what leaves; it only grows. */
export interface Masker {
  /** Masks these values from now on. */
  add(values: Iterable<string>): void;
  /** The same in turns, between which others run; the values are masked once the promise is fulfilled. */
  addInTurns(values: Iterable<string>): Promise<void>;
  /** Whether a person has lifted the masking of this value, which stays so. */
  isLifted(value: string): boolean;
}

/** What loading one file did. */
export interface LoadResult {
  /** The names that are injected, in the order of the file. */
  names: string[];
  /** Which of them are injected but not masked, by name, and why; never a value. */
  warnings: string[];
}

/** Words so common that masking them would ruin all output. */
const COMMON_WORDS: ReadonlySet<string> = new Set([
  "true",
  "false",
  "yes",
  "no",
  "on",
  "off",
  "null",
  "none",
  "localhost",
  "127.0.0.1",
  "0.0.0.0",
]);

/** Most characters of all the passwords that an agent passes: a mask stays for good, and each costs memory and time. */
const MAX_PASSED_CHARACTERS = 32_768;

/** Names in an error: a file may hold a thousand. */
const MAX_NAMES_TOLD = 50;

/** Why a value is not masked. */
export type Exemption = "short" | "number" | "word";

/** Something for each reason not to mask a value that is injected. */
type Exempt<Each> = Record<Exemption | "public" | "lifted", Each>;

/**
 * Why a value is injected without being masked, or undefined when it is masked: fewer than 4 characters, blanks and line
 * ends around them aside, a whole
 * number of fewer than 6 digits, or a word that stands in every log.
 */
export function exemptionOf(value: string): Exemption | undefined {
  if ([...value.trim().slice(0, 8)].length < 4) return "short";
  if (/^[+-]?\d{1,5}$/.test(value)) return "number";
  if (COMMON_WORDS.has(value.toLowerCase())) return "word";
  return undefined;
}

/**
 * The variables of all sessions, one vault a process.
 *
 * What is loaded can be cleared; what is masked stays masked, because the redactor only grows. A session's files add
 * up in the order they were loaded, and the last one wins where they name the same variable.
 */
export class Vault {
  readonly #masker: Masker;
  /** Session, file, variables; a file loaded again moves to the end. */
  readonly #loaded = new Map<string, Map<string, ReadonlyMap<string, string>>>();
  /** What the agent passed. */
  readonly #passed = new Set<string>();
  #passedCharacters = 0;

  /**
   * A vault that holds nothing yet.
   *
   * @param masker is told every secret before the value can be used anywhere
   */
  constructor(masker: Masker) {
    this.#masker = masker;
  }

  /**
   * Masks the secret values, then gives the variables to the session's commands. Loading a file again replaces its
   * variables; a value that changed stays masked.
   *
   * @param sessionId whose commands get them
   * @param file what the file is known by, its real path
   */
  load(sessionId: string, file: string, variables: readonly EnvVariable[]): LoadResult {
    const { secrets, result } = this.#sort(variables);
    if (secrets.length > 0) this.#masker.add(secrets);
    const owned = result.names.filter(isShellOwned);
    if (owned.length > 0) {
      result.warnings.push(
        `some login shells keep these names for themselves and ignore the file's values: ${owned.join(", ")}`,
      );
    }
    const files = this.#loaded.get(sessionId) ?? new Map<string, ReadonlyMap<string, string>>();
    this.#loaded.set(sessionId, files);
    files.delete(file);
    files.set(file, new Map(variables.map(({ name, value }) => [name, value])));
    return result;
  }

  /**
   * Masks the secret values of variables without loading them, e.g. for a first connection's `env_file`. Many values
   * take long, so it is done in turns; {@linkcode Vault.load} has nothing left to do after it.
   */
  async maskAll(variables: readonly EnvVariable[]): Promise<void> {
    await this.#masker.addInTurns(this.#sort(variables).secrets);
  }

  /** Which of the variables are masked, and what is to be said of the others. */
  #sort(variables: readonly EnvVariable[]): { secrets: string[]; result: LoadResult } {
    const secrets: string[] = [];
    const exempt: Exempt<string[]> = { short: [], number: [], word: [], public: [], lifted: [] };
    for (const { name, value, public: isPublic } of variables) {
      const why = isPublic ? "public" : exemptionOf(value) ?? (this.#masker.isLifted(value) ? "lifted" : undefined);
      if (why === undefined) secrets.push(value);
      else exempt[why].push(name);
    }
    return { secrets, result: { names: variables.map(({ name }) => name), warnings: exemptionWarnings(exempt) } };
  }

  /**
   * Masks a password that the agent passes, from now on and everywhere.
   *
   * @returns false when the value is too common to be masked, see {@linkcode exemptionOf}
   * @throws {ToolError} `limit_reached` when the agent has passed more than can be masked
   */
  mask(value: string): boolean {
    if (exemptionOf(value) !== undefined) return false;
    if (this.#passed.has(value)) return true;
    if (this.#passedCharacters + value.length > MAX_PASSED_CHARACTERS) {
      throw new ToolError("limit_reached", "more different passwords were passed than can be masked", {
        hint: "use password_var, or ask the person to restart the server",
      });
    }
    this.#passed.add(value);
    this.#passedCharacters += value.length;
    this.#masker.add([value]);
    return true;
  }

  /** What the session's commands get: name to value. A copy, which later loading does not change. */
  variablesFor(sessionId: string): ReadonlyMap<string, string> {
    const all = new Map<string, string>();
    for (const variables of this.#loaded.get(sessionId)?.values() ?? []) {
      for (const [name, value] of variables) all.set(name, value);
    }
    return all;
  }

  /**
   * One variable's value.
   *
   * @throws {ToolError} `unknown_variable`, with the names that are loaded, when the session has no such variable
   */
  get(sessionId: string, name: string): string {
    const variables = this.variablesFor(sessionId);
    const value = variables.get(name);
    if (value !== undefined) return value;
    throw unknownVariable(name, variables.keys());
  }

  /**
   * Stops the injection; the masking stays.
   *
   * @returns the names that were loaded, for the shells that must unset them
   */
  clear(sessionId: string): string[] {
    const names = [...this.variablesFor(sessionId).keys()];
    this.forget(sessionId);
    return names;
  }

  /** Lets go of a session that has closed; the masking stays. */
  forget(sessionId: string): void {
    this.#loaded.delete(sessionId);
  }
}

/** The error for a variable that is not loaded, with the names that are. */
export function unknownVariable(name: string, loaded: Iterable<string>): ToolError {
  const names = [...loaded];
  const shown = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name) ? name : "the name given";
  return new ToolError("unknown_variable", `there is no loaded variable ${shown}`, {
    hint: names.length > 0
      ? `the loaded variables are ${names.slice(0, MAX_NAMES_TOLD).join(", ")}${
        names.length > MAX_NAMES_TOLD ? ` and ${names.length - MAX_NAMES_TOLD} more` : ""
      }`
      : "load an env file first with ssh_load_env_file",
  });
}

function exemptionWarnings(exempt: Exempt<readonly string[]>): string[] {
  const reasons: Exempt<string> = {
    short: "fewer than 4 characters",
    number: "a whole number of fewer than 6 digits",
    word: "a word too common to mask",
    public: "marked `# mcp: public`",
    lifted: "as the person has said before",
  };
  return (Object.keys(reasons) as (keyof typeof reasons)[])
    .filter((why) => exempt[why].length > 0)
    .map((why) => `injected but not masked, ${reasons[why]}: ${exempt[why].join(", ")}`);
}
