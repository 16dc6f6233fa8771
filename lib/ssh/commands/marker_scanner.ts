/** Takes our own markers out of a stream, whatever noise stands around them. */

/** What a marker says: a letter, and the process id behind it where there is one. */
export interface Marker {
  kind: "login" | "run" | "prompt" | "missing";
  pid: number | undefined;
}

const KINDS: Readonly<Record<string, Marker["kind"]>> = { L: "login", R: "run", P: "prompt", M: "missing" };
/** Longest that can follow the token in a marker: a letter, a process id and a line end. */
const MAX_BEHIND_TOKEN = 24;

/**
 * Finds markers of the form `<token>L1234\n`, `<token>R1234\n`, `<token>P` and `<token>M\n` in a byte stream. The token
 * is random, so that output cannot be taken for a marker by chance.
 */
export class MarkerScanner {
  /** Stands at the start of every marker. */
  readonly token: string = "mcp" + crypto.getRandomValues(new Uint8Array(12)).toHex();
  readonly #onMarker: (marker: Marker) => void;
  readonly #pattern: RegExp;
  #pending = "";
  #passed = "";
  #done = false;

  /** @param onMarker told of every marker, in order */
  constructor(onMarker: (marker: Marker) => void) {
    this.#onMarker = onMarker;
    this.#pattern = new RegExp(`${this.token}(?:([LR])(\\d+)\\r?\\n|(P)|(M)\\r?\\n)`);
  }

  /** Stops looking: from now on bytes pass as they come. */
  stop(): void {
    this.#done = true;
  }

  /** Drops what came before the marker that is being told of, and has not been given out yet. */
  forget(): void {
    this.#passed = "";
  }

  /** The bytes of `chunk` that are not part of a marker; those that may become one are held back. */
  push(chunk: Uint8Array): Uint8Array {
    if (this.#done && this.#pending === "") return chunk;
    let text = this.#pending + latin1(chunk);
    this.#passed = "";
    while (!this.#done) {
      const match = this.#pattern.exec(text);
      if (match === null) break;
      this.#passed += text.slice(0, match.index);
      text = text.slice(match.index + match[0].length);
      const kind = KINDS[match[1] ?? match[3] ?? match[4] ?? ""];
      if (kind !== undefined) this.#onMarker({ kind, pid: match[2] === undefined ? undefined : Number(match[2]) });
    }
    const held = this.#done ? 0 : this.#heldBack(text);
    this.#pending = text.slice(text.length - held);
    return bytesOf(this.#passed + text.slice(0, text.length - held));
  }

  /** What was held back when the stream ended. */
  end(): Uint8Array {
    const rest = bytesOf(this.#pending);
    this.#pending = "";
    return rest;
  }

  /** How many characters at the end could be the beginning of a marker. */
  #heldBack(text: string): number {
    const start = text.lastIndexOf(this.token);
    if (start >= 0 && text.length - start < this.token.length + MAX_BEHIND_TOKEN) return text.length - start;
    for (let length = Math.min(this.token.length - 1, text.length); length > 0; length--) {
      if (text.endsWith(this.token.slice(0, length))) return length;
    }
    return 0;
  }
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return text;
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
