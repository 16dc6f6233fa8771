/** Whether content that passes holds a loaded secret, without changing it. */
import type { Redactor } from "../secrets/redactor.ts";

/** Watches one stream of bytes. */
export class SecretWatch {
  #found = false;
  readonly #onFound: () => void;
  readonly #stream: ReturnType<Redactor["stream"]>;
  /** What has been pushed and not yet come out. */
  #pending: Uint8Array[] = [];

  /** @param redactor knows what is secret @param onFound told once, when a secret has passed */
  constructor(redactor: Redactor, onFound: () => void) {
    this.#onFound = onFound;
    this.#stream = redactor.stream();
  }

  /** Looks at the next bytes, which are only lent. */
  push(bytes: Uint8Array): void {
    if (this.#found) return;
    const copy = bytes.slice();
    this.#pending.push(copy);
    this.#compare(this.#stream.push(copy));
  }

  /** Looks at what was held back. */
  end(): void {
    if (this.#found) return;
    this.#compare(this.#stream.end());
    if (this.#pending.length > 0) this.#stop(); // less came out than went in: something was masked
  }

  /** What comes out is what went in, unless a secret was masked. */
  #compare(output: Uint8Array): void {
    let at = 0;
    while (at < output.length) {
      const expected = this.#pending[0];
      if (expected === undefined) return this.#stop();
      const count = Math.min(expected.length, output.length - at);
      if (!same(expected.subarray(0, count), output.subarray(at, at + count))) return this.#stop();
      at += count;
      if (count === expected.length) this.#pending.shift();
      else this.#pending[0] = expected.subarray(count);
    }
  }

  #stop(): void {
    if (!this.#found) this.#onFound();
    this.#found = true;
    this.#pending = [];
  }
}

function same(one: Uint8Array, other: Uint8Array): boolean {
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false;
  return true;
}
