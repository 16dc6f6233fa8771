/**
 * The one door out. Everything that the client sees is redacted here, against every secret that is loaded by then:
 * results in both their forms, errors, progress, and whatever the protocol library says by itself. What people see on
 * stderr takes the same door.
 */
import {
  type CallToolResult,
  inputRequired,
  type InputRequiredResult,
  type JSONRPCMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { ToolError } from "../errors.ts";
import type { Redactor } from "../secrets/redactor.ts";
import { confirmation, type Question, QUESTION_KEY } from "./person.ts";
import { type NamedText, Remembered } from "./remembered.ts";

const MAX_MESSAGE_CHARACTERS = 4000;
/** No shorter text is masked. */
const SHORTEST_SECRET_NUMBER = 4;
/** Fewer numbers tell less of a value than is masked of it. */
const FEWEST_IN_ROW = 3;

/** Characters of the longest answer that is looked at together with all that is remembered of those before. */
const SHORT_ANSWER = 1000;

/** Members that hold what this program has made up, and words of its own: where other texts end, they do not go on. */
const MADE_UP: ReadonlySet<string> = new Set([
  "session_id",
  "forward_id",
  "cursor",
  "state",
  "waiting_for",
  "masking",
]);

/** How far a call has come. */
export interface ProgressUpdate {
  /** Must grow from update to update. */
  progress: number;
  /** What `progress` is on the way to, where that is known. */
  total?: number;
  /** What is going on. */
  message?: string;
}

/** The door as an importing program sees it. */
export interface PublicEgress {
  /** Any JSON value with every string in it redacted, names of members too. */
  clean(value: unknown): unknown;
  /** A line for people, on stderr, redacted. */
  log(line: string): void;
}

/** Turns values into what the client sees. */
export class Egress implements PublicEgress {
  readonly #redactor: () => Redactor | undefined;
  readonly #remembered = new Remembered();

  /**
   * Makes the door.
   *
   * @param redactor gives what knows every secret that is loaded; nothing while there has been none
   */
  constructor(redactor: () => Redactor | undefined) {
    this.#redactor = redactor;
  }

  /** A tool's answer: structured content, and the same as JSON text. */
  result(value: Record<string, unknown>): CallToolResult {
    const cleaned = this.#cleanValues(value) as Record<string, unknown>;
    const masked = Object.keys(value).filter((key) => isNumber(value[key]) && !isNumber(cleaned[key]));
    return masked.length > 0 ? this.failure(withheld(masked)) : answer(cleaned);
  }

  /** A failure that the agent can mend: its code, what was wrong, the next step. */
  failure(error: ToolError): CallToolResult {
    const { code, message, hint, data } = error;
    const cleaned = this.#cleanValues({ message, hint, ...data }) as Record<string, unknown>;
    const value = Object.fromEntries(
      Object.entries(cleaned).map(([key, item]) => [key, typeof item === "string" ? bounded(item) : item]),
    );
    return { ...answer({ error: { code, ...value } }), isError: true };
  }

  /** A bug of ours, as the client may see it; the whole of it goes to the log. */
  bug(error: unknown): Error {
    this.log(error instanceof Error ? error.stack ?? error.message : String(error));
    const message = error instanceof Error ? error.message : String(error);
    return new Error(`internal error: ${bounded(this.#redact(message))}`);
  }

  /** A question to the person behind the client. */
  question(question: Question): InputRequiredResult {
    const message = bounded(this.#redact(question.message));
    const request = inputRequired.elicit({ message, requestedSchema: confirmation });
    return inputRequired({ inputRequests: { [QUESTION_KEY]: request }, requestState: question.about });
  }

  /** Progress, fit to be sent; undefined when a number of it is secret, which leaves nothing to tell. */
  progress(update: ProgressUpdate): ProgressUpdate | undefined {
    const cleaned = this.#cleanValues(
      update,
      (texts) => this.#redactTogether(texts.map(({ text }) => text)),
    ) as ProgressUpdate;
    return isNumber(cleaned.progress) && (update.total === undefined || isNumber(cleaned.total)) ? cleaned : undefined;
  }

  /** A line for people, on stderr. */
  log(line: string): void {
    console.error(this.#redact(line));
  }

  /** Any JSON value with every string in it redacted, names of members too. */
  clean(value: unknown): unknown {
    const redact = (text: string): string => this.#redact(text);
    return walk(value, { name: redact, text: redact, number: (number) => this.#cleanNumber(number) });
  }

  /**
   * A value of ours: the names of its members are this program's own, and an answer must keep its shape. All its texts
   * are looked at together, those of one name in a row: pieces of a secret in several of them are one to the reader.
   * What this program has made up stays out of that: a call that needs it would fail when chance makes it go on a piece.
   */
  #cleanValues(value: unknown, clean = (texts: readonly NamedText[]) => this.#cleanTexts(texts)): unknown {
    const byName = new Map<string, string[]>();
    const numbers = new Map<string, string[]>();
    walk(value, {
      name: same,
      text: (text, name) => {
        if (!MADE_UP.has(name)) put(byName, name, text);
        return text;
      },
      number: (number, name) => {
        put(numbers, name, String(number));
        return number;
      },
    });
    const named = [...byName].flatMap(([name, texts]) => texts.map((text) => ({ name, text })));
    const cleaned = clean(named).values();
    for (const [name, texts] of byName) byName.set(name, texts.map(() => cleaned.next().value as string));
    const text = (text: string, name: string): string =>
      MADE_UP.has(name) ? this.#redact(text) : byName.get(name)?.shift() as string;
    const rows = this.#cleanRows(numbers);
    const number = (number: number, name: string): number | string => {
      const shown = rows.get(name)?.shift() ?? String(number);
      return shown === String(number) ? this.#cleanNumber(number) : shown;
    };
    return walk(value, { name: same, text, number });
  }

  /** The numbers of each name as they are shown in a row: the sizes of files may be the characters of a value. */
  #cleanRows(numbers: ReadonlyMap<string, readonly string[]>): Map<string, string[]> {
    const redactor = this.#redactor();
    const rows = [...numbers].filter(([, texts]) => texts.length >= FEWEST_IN_ROW);
    return new Map(redactor?.active ? rows.map(([name, texts]) => [name, redactor.redactTogether(texts)]) : []);
  }

  /** The texts of one answer, looked at together, and with what the ones before showed. */
  #cleanTexts(texts: readonly NamedText[]): readonly string[] {
    const all = texts.map(({ text }) => text);
    const redactor = this.#redactor();
    const length = all.reduce((sum, text) => sum + text.length, 0);
    if (!redactor?.active || length === 0) return all;
    const together = redactor.redactTogether(all, length > SHORT_ANSWER ? "" : this.#remembered.whole);
    const named = texts.map(({ name }, i) => ({ name, text: together[i] as string }));
    const shown = this.#remembered.goOn(named, redactor);
    this.#remembered.add(texts.map(({ name }, i) => ({ name, text: shown[i] as string })));
    return shown;
  }

  #redactTogether(texts: readonly string[]): readonly string[] {
    return this.#redactor()?.redactTogether(texts) ?? texts;
  }

  /** A number may be a secret, too: the size of a file, say, that was made to be one. */
  #cleanNumber(value: number): number | string {
    const text = String(value);
    if (text.length < SHORTEST_SECRET_NUMBER) return value;
    const cleaned = this.#redact(text);
    return cleaned === text ? value : cleaned;
  }

  #redact(text: string): string {
    return this.#redactor()?.redact(text) ?? text;
  }

  /**
   * A transport that lets nothing out unredacted of what the protocol library says by itself: protocol errors, which
   * may quote what the client sent, and notifications. Results come from {@linkcode result} and have been redacted.
   */
  guard(transport: Transport): Transport {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => send(this.#guarded(message), options);
    return transport;
  }

  #guarded(message: JSONRPCMessage): JSONRPCMessage {
    if ("error" in message) return { ...message, error: this.clean(message.error) as typeof message.error };
    if ("method" in message && message.params !== undefined) {
      return { ...message, params: this.clean(message.params) } as JSONRPCMessage;
    }
    return message;
  }
}

/** What becomes of the parts of a value. */
interface Changes {
  /** The name of a member. */
  name(key: string): string;
  /** A text in the member, or in the list in it, that is called `key`. */
  text(text: string, key: string): string;
  /** A number in such a member. */
  number(value: number, key: string): number | string;
}

const same = (key: string): string => key;

function put(lists: Map<string, string[]>, name: string, text: string): void {
  const list = lists.get(name);
  if (list === undefined) lists.set(name, [text]);
  else list.push(text);
}

/** `value` with its parts changed; members that are undefined are left out. */
function walk(value: unknown, to: Changes, key = ""): unknown {
  if (typeof value === "string") return to.text(value, key);
  if (isNumber(value)) return to.number(value, key);
  if (Array.isArray(value)) return value.map((item) => walk(item, to, key));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([name, item]) => [to.name(name), walk(item, to, name)]));
}

function answer(structuredContent: Record<string, unknown>): CallToolResult {
  return { content: [{ type: "text", text: JSON.stringify(structuredContent) }], structuredContent };
}

/** Cut to size; only ever called on what has been redacted. */
function bounded(text: string): string {
  return text.length <= MAX_MESSAGE_CHARACTERS ? text : text.slice(0, MAX_MESSAGE_CHARACTERS) + "…";
}

function isNumber(value: unknown): value is number {
  return typeof value === "number";
}

/** A number that every answer of a tool has cannot be a text: the answer as a whole stays here. */
function withheld(names: readonly string[]): ToolError {
  return new ToolError(
    "answer_withheld",
    `the call was made, but its answer is withheld: a loaded secret stands in its ${names.join(", ")}`,
    { hint: "do not make sizes or times out of secrets" },
  );
}
