/** chacha20-poly1305@openssh.com once more, from node:crypto's ChaCha20 and big integers: slow, short, and not ours. */
import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";

/** The prime of Poly1305. */
export const PRIME = (1n << 130n) - 5n;

/** ChaCha20's stream for a packet, XORed onto `data`; `counter` is the first block's. */
export function chacha20(key: Uint8Array, sequence: number, counter: number, data: Uint8Array): Buffer {
  const start = Buffer.alloc(16);
  start.writeUInt32LE(counter, 0);
  start.writeUInt32BE(sequence, 12);
  const cipher = createCipheriv("chacha20", key, start);
  return Buffer.concat([cipher.update(data), cipher.final()]);
}

/** A number whose lowest byte comes first. */
export function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).reverse().toString("hex")}`);
}

/** The lowest `count` bytes of a number, lowest first. */
export function toBytes(number: bigint, count: number): Buffer {
  const hex = (number & ((1n << BigInt(8 * count)) - 1n)).toString(16).padStart(2 * count, "0");
  return Buffer.from(hex, "hex").reverse();
}

/** The two halves of a Poly1305 key, as numbers. */
export function halves(key: Uint8Array): { r: bigint; s: bigint } {
  return {
    r: littleEndian(key.subarray(0, 16)) & 0x0ffffffc0ffffffc0ffffffc0fffffffn,
    s: littleEndian(key.subarray(16)),
  };
}

/** Poly1305 (RFC 8439 §2.5). */
export function poly1305(key: Uint8Array, message: Uint8Array): Buffer {
  const { r, s } = halves(key);
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = (sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r % PRIME;
  }
  return toBytes(sum + s, 16);
}

/** The key of a packet's MAC. */
export function macKey(keys: Uint8Array, sequence: number): Buffer {
  return chacha20(keys.subarray(0, 32), sequence, 0, Buffer.alloc(32));
}

/** A packet as it goes over the wire (OpenSSH, PROTOCOL.chacha20poly1305). */
export function sealed(body: Uint8Array, keys: Uint8Array, sequence: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  const hidden = Buffer.concat([
    chacha20(keys.subarray(32), sequence, 0, length),
    chacha20(keys.subarray(0, 32), sequence, 1, body),
  ]);
  return Buffer.concat([hidden, poly1305(macKey(keys, sequence), hidden)]);
}
