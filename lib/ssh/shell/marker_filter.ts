/**
 * Takes our own markers out of a terminal's stream, and what the far end echoes of the lines that print them.
 *
 * A marker is an operating system command (ECMA-48 §8.3.89) that no terminal knows, with a random token at both ends:
 * `ESC ] 7717 ; token ; kind ; fields… ; token BEL`. Output that merely shows the text of our line holds no ESC.
 */
import { Buffer } from "node:buffer";

/** The number of our operating system command. */
const OSC = "7717";
const OPENING = Buffer.from(`\x1b]${OSC};`, "latin1");
/** Longest marker: a cwd may take 4096 bytes. */
const MAX_MARKER_BYTES = 8192;
/** How much of what is muted is kept, to be shown when the marker never comes. */
const MAX_MUTED_BYTES = 64 * 1024;

/** What a marker says. */
export interface ShellMarker {
  /** Whose marker it is. */
  token: string;
  /** `B`: a command begins; `E`: it has ended. */
  kind: string;
  /** What else it says. */
  fields: string[];
}

/** What is let through, in order: bytes, or a marker at its place. */
export type FilterOutput = Uint8Array | ShellMarker;

/** Finds markers with known tokens, and mutes the stream until one comes. */
export class MarkerFilter {
  readonly #tokens = new Set<string>();
  #pending: Buffer = Buffer.alloc(0);
  #muted: Buffer[] | undefined;
  #mutedBytes = 0;

  /** A new token, whose markers are looked for from now on. */
  expect(): string {
    const token = "mcp" + crypto.getRandomValues(new Uint8Array(8)).toHex();
    this.#tokens.add(token);
    return token;
  }

  /** No more markers with that token are looked for. */
  forget(token: string): void {
    this.#tokens.delete(token);
  }

  /** Lets nothing but markers through until {@linkcode MarkerFilter.unmute}. */
  mute(): void {
    this.#muted ??= [];
  }

  /** Ends the muting. @returns what was muted, its last 64 KiB */
  unmute(): Uint8Array {
    const muted = Buffer.concat(this.#muted ?? []);
    this.#muted = undefined;
    this.#mutedBytes = 0;
    return muted;
  }

  /** True while nothing but markers passes. */
  get isMuted(): boolean {
    return this.#muted !== undefined;
  }

  /**
   * Takes the next bytes.
   *
   * @param emit told of what passes, in order; may mute or unmute what follows
   */
  push(chunk: Uint8Array, emit: (output: FilterOutput) => void): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    if (this.#pending.length > 0) rest = Buffer.concat([this.#pending, rest]);
    this.#pending = Buffer.alloc(0);
    let from = 0;
    while (this.#tokens.size > 0) {
      const at = rest.indexOf(OPENING, from);
      if (at < 0) break;
      const marker = this.#markerAt(rest, at);
      if (marker === "incomplete") {
        this.#pass(rest.subarray(0, at), emit);
        this.#pending = Buffer.from(rest.subarray(at));
        return;
      }
      if (marker === undefined) {
        from = at + OPENING.length;
        continue;
      }
      this.#pass(rest.subarray(0, at), emit);
      rest = rest.subarray(marker.end);
      from = 0;
      emit(marker.marker);
    }
    const held = this.#tokens.size > 0 ? beginningAtEnd(rest) : 0;
    this.#pass(rest.subarray(0, rest.length - held), emit);
    this.#pending = Buffer.from(rest.subarray(rest.length - held));
  }

  #pass(bytes: Buffer, emit: (output: FilterOutput) => void): void {
    if (bytes.length === 0) return;
    if (this.#muted === undefined) return emit(bytes);
    this.#muted.push(Buffer.from(bytes));
    this.#mutedBytes += bytes.length;
    while (this.#mutedBytes > MAX_MUTED_BYTES && this.#muted.length > 1) {
      this.#mutedBytes -= this.#muted.shift()?.length ?? 0;
    }
  }

  #markerAt(bytes: Buffer, at: number): { marker: ShellMarker; end: number } | "incomplete" | undefined {
    const body = at + OPENING.length;
    const start = bytes.toString("latin1", body, body + 64);
    const token = [...this.#tokens].find((known) => start.startsWith(known + ";"));
    if (token === undefined) {
      const possible = [...this.#tokens].some((known) => `${known};`.startsWith(start));
      return possible ? "incomplete" : undefined;
    }
    const closing = `;${token}\x07`;
    const end = bytes.indexOf(closing, body + token.length, "latin1");
    if (end < 0) return bytes.length - at < MAX_MARKER_BYTES ? "incomplete" : undefined;
    const [kind = "", ...fields] = bytes.toString("utf8", body + token.length + 1, end).split(";");
    return { marker: { token, kind, fields }, end: end + closing.length };
  }
}

/** How many bytes at the end could be the beginning of a marker. */
function beginningAtEnd(bytes: Buffer): number {
  for (let length = Math.min(OPENING.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(bytes.length - length).equals(OPENING.subarray(0, length))) return length;
  }
  return 0;
}

/** The terminal modes that `bytes` switch, other than the screen that is shown, as the sequences that do it. */
export function modeSwitches(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
  // deno-lint-ignore no-control-regex -- escape sequences are what is looked for
  const found = text.match(/\x1b\[\?[\d;]{1,20}[hl]|\x1b[=>]/g) ?? [];
  return found.filter((sequence) => !/[?;](?:47|104[789])\D/.test(sequence)).join("");
}
