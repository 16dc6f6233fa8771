/** Keeps the head and the tail of a stream of any length in bounded memory. */
import { spend } from "../spent.ts";

/** Changes bytes on their way, e.g. masks secrets; may hold some back until {@linkcode ByteFilter.end}. */
export interface ByteFilter {
  /** @returns bytes of `chunk`, or bytes that nobody else has: they are given back once they are copied */
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/** What a stream held, as text. */
export interface OutputText {
  text: string;
  /** Bytes that came, kept or not. */
  bytes: number;
  truncated: boolean;
  /** True when the bytes are not UTF-8 text: what is invalid shows as U+FFFD. */
  binary: boolean;
}

/** Collects a stream: whole up to `maxBytes`, beyond that its first and last halves of that. */
export class BoundedOutput {
  readonly #maxBytes: number;
  readonly #filter: ByteFilter;
  #head: Uint8Array;
  #headLength = 0;
  #tail: Uint8Array | undefined;
  #tailEnd = 0;
  #received = 0;
  #filtered = 0;

  /**
   * @param maxBytes how much is kept
   * @param filter what every byte goes through before it is kept, so that no cut falls inside what it must see whole
   */
  constructor(maxBytes: number, filter: ByteFilter) {
    this.#maxBytes = maxBytes;
    this.#filter = filter;
    this.#head = new Uint8Array(Math.min(maxBytes, 4096));
  }

  /** Bytes that came so far. */
  get bytes(): number {
    return this.#received;
  }

  /** Takes the next bytes; they are copied. */
  push(chunk: Uint8Array): void {
    this.#received += chunk.length;
    const filtered = this.#filter.push(chunk);
    this.#keep(filtered);
    if (filtered.buffer !== chunk.buffer) spend(filtered);
  }

  /** Ends the stream and gives what was kept, with a line where something is left out. */
  finish(): OutputText {
    this.#keep(this.#filter.end());
    const { bytes } = this;
    const tail = this.#unrolledTail();
    if (tail === undefined) return { ...decode(this.#head.subarray(0, this.#headLength)), bytes, truncated: false };
    const half = this.#maxBytes >> 1;
    const first = decode(trimEnd(this.#head.subarray(0, half)));
    const last = decode(trimStart(tail));
    const leftOut = this.#filtered - half - tail.length;
    return {
      text: `${first.text}\n[${leftOut} bytes left out here]\n${last.text}`,
      bytes,
      truncated: true,
      binary: first.binary || last.binary,
    };
  }

  #keep(chunk: Uint8Array): void {
    this.#filtered += chunk.length;
    const room = this.#maxBytes - this.#headLength;
    if (room > 0) this.#appendToHead(chunk.subarray(0, room));
    if (chunk.length > room) this.#appendToTail(chunk.subarray(room));
  }

  #appendToHead(chunk: Uint8Array): void {
    const needed = this.#headLength + chunk.length;
    if (needed > this.#head.length) {
      const grown = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#head.length * 2)));
      grown.set(this.#head.subarray(0, this.#headLength));
      this.#head = grown;
    }
    this.#head.set(chunk, this.#headLength);
    this.#headLength = needed;
  }

  /** The tail is a ring, which starts as the second half of what was kept whole. */
  #appendToTail(chunk: Uint8Array): void {
    const half = this.#maxBytes >> 1;
    this.#tail ??= this.#head.slice(this.#maxBytes - half);
    if (half === 0) return;
    const kept = chunk.length > half ? chunk.subarray(chunk.length - half) : chunk;
    const start = (this.#tailEnd + chunk.length - kept.length) % half;
    const untilWrap = Math.min(kept.length, half - start);
    this.#tail.set(kept.subarray(0, untilWrap), start);
    this.#tail.set(kept.subarray(untilWrap), 0);
    this.#tailEnd = (start + kept.length) % half;
  }

  #unrolledTail(): Uint8Array | undefined {
    if (this.#tail === undefined) return undefined;
    const tail = new Uint8Array(this.#tail.length);
    tail.set(this.#tail.subarray(this.#tailEnd));
    tail.set(this.#tail.subarray(0, this.#tailEnd), this.#tail.length - this.#tailEnd);
    return tail;
  }
}

function decode(bytes: Uint8Array): { text: string; binary: boolean } {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return { text, binary: text.includes("\0") };
  } catch {
    return { text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes), binary: true };
  }
}

/** Without a character that the cut has split at the end (RFC 3629 §3). */
function trimEnd(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(4, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}

/** Without the rest of a character that the cut has split at the start. */
function trimStart(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < Math.min(3, bytes.length) && ((bytes[start] ?? 0) & 0xc0) === 0x80) start++;
  return bytes.subarray(start);
}
