/** The data types that SSH writes its packets and key files with. Source: RFC 4251 §5. */

const decoder = new TextDecoder("utf-8", { fatal: false });
const encoder = new TextEncoder();

/** Bytes that end before, or say something else than, what they should. */
export class WireError extends Error {
  /** Always the same. */
  override readonly name = "WireError";
}

/** Reads a sequence of values; every length is checked against what is there. */
export class WireReader {
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

  /** An unsigned 32-bit number. @throws {WireError} when fewer than four bytes are left */
  uint32(): number {
    const bytes = this.raw(4);
    return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  /** A `string`: a length and as many bytes. @throws {WireError} when fewer are left */
  string(): Uint8Array {
    return this.raw(this.uint32());
  }

  /** A `string` that holds text. @throws {WireError} when the bytes end too early */
  text(): string {
    return decoder.decode(this.string());
  }

  /** The next `length` bytes. @throws {WireError} when fewer are left */
  raw(length: number): Uint8Array {
    const end = this.#position + length;
    if (end > this.#bytes.length) throw new WireError("the data ends in the middle of a value");
    const bytes = this.#bytes.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** Everything that is left. */
  rest(): Uint8Array {
    return this.raw(this.#bytes.length - this.#position);
  }
}

/** Writes a sequence of values. */
export class WireWriter {
  readonly #parts: Uint8Array[] = [];

  /** Adds an unsigned 32-bit number. */
  uint32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.raw(bytes);
  }

  /** Adds a `string`, of bytes or of text in UTF-8. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? encoder.encode(value) : value;
    return this.uint32(bytes.length).raw(bytes);
  }

  /** Adds an `mpint` of a number that is not negative, given as big-endian bytes with or without leading zeros. */
  mpint(value: Uint8Array): this {
    const digits = withoutLeadingZeros(value);
    const needsSign = digits.length > 0 && (digits[0] ?? 0) >= 0x80;
    return this.string(needsSign ? concat([new Uint8Array(1), digits]) : digits);
  }

  /** Adds bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** All that was added. */
  bytes(): Uint8Array {
    return concat(this.#parts);
  }
}

/** The bytes of all parts, one after the other. */
export function concat(parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    whole.set(part, position);
    position += part.length;
  }
  return whole;
}

/** A big-endian number without its leading zero bytes; zero has none left. */
export function withoutLeadingZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? bytes.subarray(bytes.length) : bytes.subarray(start);
}

/** A big-endian number in exactly `size` bytes. @throws {WireError} when it does not fit */
export function withLength(bytes: Uint8Array, size: number): Uint8Array {
  const digits = withoutLeadingZeros(bytes);
  if (digits.length > size) throw new WireError("a number is too large for its curve");
  return concat([new Uint8Array(size - digits.length), digits]);
}
