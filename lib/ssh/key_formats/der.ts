/** A reader for the few ASN.1 values that key files are made of. Source: ITU-T X.690 §8 and §10 (DER). */

/** Bytes that are not the value asked for. */
export class DerError extends Error {
  /** Always the same. */
  override readonly name = "DerError";
}

const tags = { integer: 0x02, octetString: 0x04, null: 0x05, objectIdentifier: 0x06, sequence: 0x30 };

/** Reads values one after the other; every length is checked against what is there. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  /**
   * Starts at the first byte.
   *
   * @param bytes what to read; not copied
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** True when all is read. */
  get atEnd(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** A reader of the next SEQUENCE. @throws {DerError} when the next value is none */
  sequence(): DerReader {
    return new DerReader(this.#value(tags.sequence));
  }

  /** An OCTET STRING. @throws {DerError} when the next value is none */
  octets(): Uint8Array {
    return this.#value(tags.octetString);
  }

  /** An INTEGER from 0 to 2^48. @throws {DerError} when the next value is none, negative or larger */
  integer(): number {
    const bytes = this.#value(tags.integer);
    if (bytes.length === 0 || bytes.length > 6 || (bytes[0] ?? 0) >= 0x80) throw new DerError("a number out of range");
    return bytes.reduce((value, byte) => value * 256 + byte, 0);
  }

  /** True when the next value is an INTEGER. */
  get isInteger(): boolean {
    return this.#bytes[this.#position] === tags.integer;
  }

  /** An OBJECT IDENTIFIER in dotted form. @throws {DerError} when the next value is none */
  oid(): string {
    const bytes = this.#value(tags.objectIdentifier);
    const numbers: number[] = [];
    let number = 0;
    for (const byte of bytes) {
      number = number * 128 + (byte & 0x7f);
      if (byte >= 0x80) continue;
      numbers.push(number);
      number = 0;
    }
    const first = Math.min(2, Math.floor((numbers[0] ?? 0) / 40));
    return [first, (numbers[0] ?? 0) - first * 40, ...numbers.slice(1)].join(".");
  }

  #value(tag: number): Uint8Array {
    if (this.#byte() !== tag) throw new DerError("a value of another type");
    const end = this.#length() + this.#position;
    if (end > this.#bytes.length) throw new DerError("the data ends in the middle of a value");
    const value = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return value;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    if (first === 0x80 || first > 0x83) throw new DerError("a length out of range");
    let length = 0;
    for (let count = first & 0x7f; count > 0; count--) length = length * 256 + this.#byte();
    return length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++];
    if (byte === undefined) throw new DerError("the data ends in the middle of a value");
    return byte;
  }
}
