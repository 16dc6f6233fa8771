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
/** Where payloads begin, behind the length and the number of bytes of padding. */
const PAYLOAD_AT = LENGTH_BYTES + 1;
/** Least padding (RFC 4253 §6). */
const MIN_PADDING = 4;
/** Size from which a packet gets memory of its own, which can be given back at once. */
const OWN_MEMORY_BYTES = 16 * 1024;

/** SSH_MSG_CHANNEL_DATA (RFC 4254 §5.2). */
export const CHANNEL_DATA = 94;
/** Bytes of its payload before the data: type, channel, length of the data. */
export const DATA_HEAD_BYTES = 9;

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
    const packet = allocate(packetBytes(payloadBytes));
    frame(packet, payloadBytes);
    return packet;
  }

  /**
   * Makes a packet of a channel's data (RFC 4254 §5.2), for the caller to send before anything else is.
   *
   * @param channel the server's number for it
   * @returns the packet, good until the next one is made or read; empty when nothing is to be sent any more
   */
  sealData(channel: number, data: Uint8Array): Uint8Array {
    if (this.#dead) return data.subarray(0, 0);
    const payloadBytes = DATA_HEAD_BYTES + data.length;
    const packet = this.#kernel.room(packetBytes(payloadBytes));
    frame(packet, payloadBytes);
    packet[PAYLOAD_AT] = CHANNEL_DATA;
    writeUInt32(packet, channel, PAYLOAD_AT + 1);
    writeUInt32(packet, data.length, PAYLOAD_AT + 5);
    packet.set(data, PAYLOAD_AT + DATA_HEAD_BYTES);
    this.#kernel.sealRoom(packet, this.#keys, this.outSeqno);
    this.outSeqno = (this.outSeqno + 1) >>> 0;
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
  /** Of what {@linkcode PacketOpener.decrypt} is given. */
  readonly keepsNothing = true;
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
      if (takers.get(this._onPayload)?.(payload)) continue;
      const answer = this._onPayload(copyOf(payload));
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

  /** To be read before the next packet is made or read. */
  #payloadOf(packet: Uint8Array): Uint8Array {
    const body = this.#kernel.open(packet, this.#keys, this.inSeqno);
    if (body === undefined) throw new Error("Invalid MAC");
    this.inSeqno = (this.inSeqno + 1) >>> 0;
    const end = body.length - (body[0] ?? 0);
    if (end < 1) throw new Error("Bad padding length");
    return body.subarray(1, end);
  }
}

const takers = new WeakMap<Inbound["onPayload"], (payload: Uint8Array) => boolean>();

/**
 * Shows `take` every payload before it is copied for `onPayload`, which gets those that it answers with false. A payload
 * shown is good until the next packet is made or read.
 */
export function takePayloads(onPayload: Inbound["onPayload"], take: (payload: Uint8Array) => boolean): void {
  takers.set(onPayload, take);
}

/** Of a packet with this payload, with length and MAC. */
function packetBytes(payloadBytes: number): number {
  return LENGTH_BYTES + 1 + payloadBytes + paddingOf(payloadBytes) + MAC_BYTES;
}

function paddingOf(payloadBytes: number): number {
  const padding = BLOCK_BYTES - (1 + payloadBytes) % BLOCK_BYTES;
  return padding < MIN_PADDING ? padding + BLOCK_BYTES : padding;
}

/** Writes everything of a packet but its payload and its MAC. */
function frame(packet: Uint8Array, payloadBytes: number): void {
  const padding = paddingOf(payloadBytes);
  writeUInt32(packet, 1 + payloadBytes + padding, 0);
  packet[LENGTH_BYTES] = padding;
  fillRandomly(packet, PAYLOAD_AT + payloadBytes, padding);
}

function writeUInt32(target: Uint8Array, value: number, at: number): void {
  target[at] = value >>> 24;
  target[at + 1] = value >>> 16;
  target[at + 2] = value >>> 8;
  target[at + 3] = value;
}

function copyOf(payload: Uint8Array): Buffer {
  const copy = allocate(payload.length);
  copy.set(payload);
  return copy;
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
