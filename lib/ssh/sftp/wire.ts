/** SFTP version 3 on the wire: packet types, the making of requests, the reading of bodies (draft-ietf-secsh-filexfer-02). */

/** Packet types of requests. */
export const Request = {
  INIT: 1,
  OPEN: 3,
  CLOSE: 4,
  READ: 5,
  WRITE: 6,
  LSTAT: 7,
  FSTAT: 8,
  SETSTAT: 9,
  FSETSTAT: 10,
  OPENDIR: 11,
  READDIR: 12,
  REMOVE: 13,
  MKDIR: 14,
  RMDIR: 15,
  REALPATH: 16,
  STAT: 17,
  RENAME: 18,
  READLINK: 19,
  SYMLINK: 20,
  EXTENDED: 200,
} as const;

/** Packet types of answers. */
export const Reply = {
  VERSION: 2,
  STATUS: 101,
  HANDLE: 102,
  DATA: 103,
  NAME: 104,
  ATTRS: 105,
  EXTENDED_REPLY: 201,
} as const;

/** Flags of OPEN (§6.3). */
export const OpenFlag = { READ: 1, WRITE: 2, APPEND: 4, CREATE: 8, TRUNCATE: 16, EXCLUSIVE: 32 } as const;

/** Bytes of a packet before its body: length, type, request id. */
export const HEADER_BYTES = 9;

/** Makes one packet. The id is filled in when it is sent. */
export class PacketBuilder {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView<ArrayBuffer>;
  #length = HEADER_BYTES;

  /** @param type packet type @param capacity bytes to begin with; grows by itself */
  constructor(type: number, capacity = 256) {
    this.#bytes = new Uint8Array(Math.max(capacity, HEADER_BYTES));
    this.#view = new DataView(this.#bytes.buffer);
    this.#bytes[4] = type;
  }

  /** Appends a 32-bit number. */
  u32(value: number): this {
    this.#reserve(4);
    this.#view.setUint32(this.#length, value);
    this.#length += 4;
    return this;
  }

  /** Appends a 64-bit number. */
  u64(value: number): this {
    this.#reserve(8);
    this.#view.setBigUint64(this.#length, BigInt(value));
    this.#length += 8;
    return this;
  }

  /** Appends bytes with their length before them. */
  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    this.u32(bytes.length);
    return this.raw(bytes);
  }

  /** Appends bytes as they are. */
  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** The packet, its length filled in. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#view.setUint32(0, this.#length - 4);
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** An answer that is not SFTP. */
export class MalformedPacket extends Error {
  override readonly name = "MalformedPacket";
}

/** Reads the body of one packet. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** @param bytes the body, after type and id */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not yet read. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** A 32-bit number. @throws {MalformedPacket} at the end of the body, as all that follow */
  u32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  /** A 64-bit number; beyond 2^53 it loses its last digits. */
  u64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8)));
  }

  /** Bytes with their length before them; a view, not a copy. */
  string(): Uint8Array {
    const length = this.u32();
    const start = this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  /** The same as text. */
  text(): string {
    return new TextDecoder().decode(this.string());
  }

  #advance(count: number): number {
    if (count > this.left) throw new MalformedPacket("the SFTP server sent a packet that ends too early");
    const start = this.#at;
    this.#at += count;
    return start;
  }
}
