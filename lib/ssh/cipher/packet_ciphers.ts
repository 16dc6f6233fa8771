/**
 * The two ends of chacha20-poly1305@openssh.com in the shape in which ssh2 1.17 (lib/protocol/crypto.js) uses its own:
 * one pair for every key exchange. The names with an underscore, and the sequence numbers, are ssh2's to read and set.
 */
import { Buffer } from "node:buffer";
import { LENGTH_BYTES, MAC_BYTES, type PacketKernel } from "./packet_kernel.ts";

/** Longest packet that is taken, ssh2's own limit; RFC 4253 §6.1 asks for 35,000 bytes with length and MAC. */
const MAX_BODY_BYTES = 35_000;
/** Bodies are made of blocks of this many bytes. */
const BLOCK_BYTES = 8;
/** Least padding (RFC 4253 §6). */
const MIN_PADDING = 4;
/** Size from which a packet gets memory of its own, which can be given back at once. */
const OWN_MEMORY_BYTES = 16 * 1024;

/** What a sealer is made from. */
export interface Outbound {
  /** Number of the next packet. */
  seqno: number;
  /** 64 bytes. */
  cipherKey: Uint8Array;
  /** Takes what goes to the server. */
  onWrite: (bytes: Uint8Array) => void;
}

/** What an opener is made from. */
export interface Inbound {
  /** Number of the next packet. */
  seqno: number;
  /** 64 bytes. */
  decipherKey: Uint8Array;
  /** Takes a payload; an answer other than undefined stops the reading (see {@linkcode PacketOpener.decrypt}). */
  onPayload: (payload: Buffer) => number | false | undefined;
}

/** Encrypts what goes out. */
export class PacketSealer {
  /** Number of the next packet. */
  outSeqno: number;
  readonly #kernel: PacketKernel;
  readonly #keys: Uint8Array;
  readonly #onWrite: Outbound["onWrite"];
  #dead = false;

  /** Begins with the number that the packets before have come to. */
  constructor(kernel: PacketKernel, { seqno, cipherKey, onWrite }: Outbound) {
    this.#kernel = kernel;
    this.#keys = Uint8Array.from(cipherKey);
    this.#onWrite = onWrite;
    this.outSeqno = seqno;
  }

  /** From now on nothing is sent. */
  free(): void {
    this.#dead = true;
  }

  /** A packet with room for a payload at byte 5, and for the MAC at the end. */
  allocPacket(payloadBytes: number): Buffer {
    const unpadded = 1 + payloadBytes;
    let padding = BLOCK_BYTES - unpadded % BLOCK_BYTES;
    if (padding < MIN_PADDING) padding += BLOCK_BYTES;
    const packet = allocate(LENGTH_BYTES + unpadded + padding + MAC_BYTES);
    packet.writeUInt32BE(unpadded + padding, 0);
    packet[LENGTH_BYTES] = padding;
    fillRandomly(packet, LENGTH_BYTES + unpadded, padding);
    return packet;
  }

  /** Sends a packet of {@linkcode allocPacket}, which is in use from now on. */
  encrypt(packet: Buffer): void {
    if (this.#dead) return;
    this.#kernel.seal(packet, this.#keys, this.outSeqno);
    this.outSeqno = (this.outSeqno + 1) >>> 0;
    this.#onWrite(packet);
  }
}

/** Decrypts what comes in. */
export class PacketOpener {
  /** Number of the next packet. */
  inSeqno: number;
  /** Takes the payloads. */
  _onPayload: Inbound["onPayload"];
  readonly #kernel: PacketKernel;
  readonly #keys: Uint8Array;
  /** The beginning of a packet whose end has not come. */
  readonly #held = new Uint8Array(LENGTH_BYTES + MAX_BODY_BYTES + MAC_BYTES);
  #heldBytes = 0;
  /** Of the packet that is coming, with length and MAC; 0 while it is not known. */
  #packetBytes = 0;

  /** Begins with the number that the packets before have come to. */
  constructor(kernel: PacketKernel, { seqno, decipherKey, onPayload }: Inbound) {
    this.#kernel = kernel;
    this.#keys = Uint8Array.from(decipherKey);
    this._onPayload = onPayload;
    this.inSeqno = seqno;
  }

  /** Nothing is to be freed. */
  free(): void {}

  /**
   * Takes what has come, from `start` to `end`; none of it is kept.
   *
   * @returns where to go on, when this opener is not to (after new keys, say); undefined when all is read
   * @throws {Error} when it is no packet that the server has made for this place
   */
  decrypt(data: Uint8Array, start: number, end: number): number | undefined {
    for (let at = start; at < end;) {
      const known = this.#packetBytes > 0;
      const wanted = known ? this.#packetBytes : LENGTH_BYTES;
      let piece: Uint8Array;
      if (this.#heldBytes === 0 && end - at >= wanted) {
        piece = data.subarray(at, at + wanted);
        if (known) at += wanted;
      } else {
        const part = data.subarray(at, Math.min(end, at + wanted - this.#heldBytes));
        this.#held.set(part, this.#heldBytes);
        this.#heldBytes += part.length;
        at += part.length;
        if (this.#heldBytes < wanted) return undefined;
        piece = this.#held.subarray(0, wanted);
      }
      if (!known) {
        this.#packetBytes = LENGTH_BYTES + this.#lengthOf(piece) + MAC_BYTES;
        continue;
      }
      const payload = this.#payloadOf(piece);
      this.#heldBytes = this.#packetBytes = 0;
      const answer = this._onPayload(payload);
      if (answer !== undefined) return answer === false ? at : answer;
    }
    return undefined;
  }

  #lengthOf(packet: Uint8Array): number {
    const length = this.#kernel.readLength(packet, this.#keys, this.inSeqno);
    if (length > MAX_BODY_BYTES || length < BLOCK_BYTES || length % BLOCK_BYTES !== 0) {
      throw new Error("Bad packet length");
    }
    return length;
  }

  #payloadOf(packet: Uint8Array): Buffer {
    const body = this.#kernel.open(packet, this.#keys, this.inSeqno);
    if (body === undefined) throw new Error("Invalid MAC");
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    const end = body.length - (body[0] ?? 0);
    if (end < 1) throw new Error("Bad padding length");
    const payload = allocate(end - 1);
    payload.set(body.subarray(1, end));
    return payload;
  }
}

function allocate(bytes: number): Buffer {
  return bytes < OWN_MEMORY_BYTES ? Buffer.allocUnsafe(bytes) : Buffer.allocUnsafeSlow(bytes);
}

const randomBytes = new Uint8Array(4096);
let randomUsed = randomBytes.length;

/** Takes random bytes from a stock: asking for each packet's few takes longer than encrypting a short packet. */
function fillRandomly(target: Uint8Array, start: number, count: number): void {
  if (randomUsed + count > randomBytes.length) {
    crypto.getRandomValues(randomBytes);
    randomUsed = 0;
  }
  target.set(randomBytes.subarray(randomUsed, randomUsed += count), start);
}
