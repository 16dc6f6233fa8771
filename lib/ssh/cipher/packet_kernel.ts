/** The WebAssembly that encrypts and decrypts packets, and its memory: one for all connections, since no call waits. */
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { KERNEL_BASE64 } from "./kernel_module.ts";

/**
 * Where a packet lies; what is below belongs to the module, which expects the keys at 0. A channel's data, 14 bytes on,
 * begins 512 bytes behind a multiple of 1024: servers send it in such multiples, to be copied behind each other, and some
 * processors copy fifteen times as slowly to where the target is a few bytes before the source, modulo 4096.
 */
const PACKET_AT = 1522;
/** Bytes of a packet's length, before its body. */
export const LENGTH_BYTES = 4;
/** Bytes of a packet's MAC, behind its body. */
export const MAC_BYTES = 16;
const PAGE_BYTES = 64 * 1024;

/** What kernel.as exports. */
interface Exports {
  memory: WebAssembly.Memory;
  turnLength(at: number, sequence: number): number;
  seal(at: number, bodyBytes: number, sequence: number): void;
  open(at: number, bodyBytes: number, sequence: number): number;
}

/** chacha20-poly1305@openssh.com (OpenSSH, PROTOCOL.chacha20poly1305). */
export class PacketKernel {
  readonly #exports: Exports;
  #memory: Uint8Array;

  private constructor(exports: Exports) {
    this.#exports = exports;
    this.#memory = new Uint8Array(exports.memory.buffer);
  }

  /** Undefined where WebAssembly has no vectors, on processors of before 2008. */
  static load(): PacketKernel | undefined {
    const bytes = new Uint8Array(inflateRawSync(Buffer.from(KERNEL_BASE64, "base64")));
    if (!WebAssembly.validate(bytes)) return undefined;
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes));
    return new PacketKernel(exports as unknown as Exports);
  }

  /**
   * Encrypts a packet in place and puts its MAC behind it.
   *
   * @param packet length, body and room for the MAC; the body's length is a multiple of 8
   * @param keys 64 bytes, those of the body first
   * @param sequence number of the packet, from 0 to 2^32 - 1
   */
  seal(packet: Uint8Array, keys: Uint8Array, sequence: number): void {
    const room = this.room(packet.length);
    room.set(packet);
    this.sealRoom(room, keys, sequence);
    packet.set(room);
  }

  /** Memory for a packet of `bytes`, with length and MAC, that saves {@linkcode sealRoom} copying; good until the next call. */
  room(bytes: number): Uint8Array {
    const lacking = PACKET_AT + bytes - this.#memory.length;
    if (lacking > 0) {
      this.#exports.memory.grow(Math.ceil(lacking / PAGE_BYTES));
      this.#memory = new Uint8Array(this.#exports.memory.buffer);
    }
    return this.#memory.subarray(PACKET_AT, PACKET_AT + bytes);
  }

  /** As {@linkcode seal}, of what a {@linkcode room} has been filled with. */
  sealRoom(room: Uint8Array, keys: Uint8Array, sequence: number): void {
    this.#memory.set(keys);
    this.#exports.seal(PACKET_AT, room.length - LENGTH_BYTES - MAC_BYTES, sequence);
  }

  /** The length that stands, encrypted, at the beginning of `packet`. */
  readLength(packet: Uint8Array, keys: Uint8Array, sequence: number): number {
    this.#take(packet.subarray(0, LENGTH_BYTES), keys);
    return this.#exports.turnLength(PACKET_AT, sequence) >>> 0;
  }

  /**
   * Checks a packet's MAC and decrypts its body.
   *
   * @param packet length, body and MAC, all as they came
   * @returns the body, to be read before the next call; undefined when the MAC is wrong
   */
  open(packet: Uint8Array, keys: Uint8Array, sequence: number): Uint8Array | undefined {
    this.#take(packet, keys);
    const bytes = packet.length - LENGTH_BYTES - MAC_BYTES;
    if (this.#exports.open(PACKET_AT, bytes, sequence) === 0) return undefined;
    return this.#memory.subarray(PACKET_AT + LENGTH_BYTES, PACKET_AT + LENGTH_BYTES + bytes);
  }

  #take(packet: Uint8Array, keys: Uint8Array): void {
    this.room(packet.length).set(packet);
    this.#memory.set(keys);
  }
}
