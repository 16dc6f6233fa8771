/** Finds and masks loaded values (placeholder of the branch point; replaced by the full module). */
export interface Span {
  start: number;
  end: number;
}
export interface RedactOptions {
  openEnd?: boolean;
  openStart?: boolean;
}
export interface RedactionStream {
  push(chunk: Uint8Array): Uint8Array;
  end(): Uint8Array;
}
export class Redactor {
  readonly #values = new Set<string>();
  add(values: Iterable<string>): void {
    for (const value of values) this.#values.add(value);
  }
  get size(): number {
    return this.#values.size;
  }
  get active(): boolean {
    return this.size > 0;
  }
  lift(values: Iterable<string>): void {
    for (const value of values) this.#values.delete(value);
  }
  redact(text: string, _options?: RedactOptions): string {
    for (const value of this.#values) text = text.replaceAll(value, "***");
    return text;
  }
  redactBytes(bytes: Uint8Array, options?: RedactOptions): Uint8Array {
    return this.active ? new TextEncoder().encode(this.redact(new TextDecoder().decode(bytes), options)) : bytes;
  }
  redactWindow(bytes: Uint8Array, start: number, end: number): Uint8Array {
    return this.redactBytes(bytes.subarray(start, end));
  }
  stream(): RedactionStream {
    return { push: (chunk) => this.redactBytes(chunk), end: () => new Uint8Array(0) };
  }
}
