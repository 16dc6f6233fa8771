import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes, randomInt } from "node:crypto";
import { PacketKernel } from "../../lib/ssh/cipher/packet_kernel.ts";
import { buildKernel, kernelFile, KERNELS } from "../../scripts/build_kernel.ts";
import {
  chacha20,
  halves,
  littleEndian,
  macKey,
  poly1305,
  PRIME,
  sealed,
  toBytes,
} from "../support/packet_reference.ts";

const kernel = loaded();

function loaded(): PacketKernel {
  const kernel = PacketKernel.load();
  assert.ok(kernel !== undefined);
  return kernel;
}

/** Seals by the kernel. */
function seal(body: Uint8Array, keys: Uint8Array, sequence: number): Buffer {
  const packet = Buffer.alloc(4 + body.length + 16);
  packet.writeUInt32BE(body.length);
  packet.set(body, 4);
  kernel.seal(packet, keys, sequence);
  return packet;
}

/** Fails unless the kernel makes of a body what the reference does, and takes it back. */
function agree(body: Buffer, keys: Buffer, sequence: number): void {
  const packet = sealed(body, keys, sequence);
  const what = `${body.length} bytes, packet ${sequence}`;
  assert.ok(seal(body, keys, sequence).equals(packet), `sealing ${what}`);
  assert.equal(kernel.readLength(packet, keys, sequence), body.length, `length of ${what}`);
  const opened = kernel.open(packet, keys, sequence);
  assert.ok(opened !== undefined && body.equals(opened), `opening ${what}`);
}

for (const kernel of KERNELS) {
  Deno.test(`kernel_module.ts is what kernel.as builds in ${kernel.folder}`, async () => {
    const built = await Deno.readTextFile(kernelFile(kernel, "kernel_module.ts"));
    assert.ok(built === await buildKernel(kernel), "run scripts/build_kernel.ts");
  });
}

Deno.test("PacketKernel.seal() gives the key stream of RFC 8439 when a body of zeros is sealed", () => {
  // Appendix A.1, test vectors 2 and 3: block 1 for a key of zeros, and for one that ends with 1.
  const expected = [
    "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed" +
    "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a" +
    "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
  ];
  const keys = Buffer.alloc(64);
  for (const [index, stream] of expected.entries()) {
    keys[31] = index;
    assert.equal(seal(Buffer.alloc(64), keys, 0).toString("hex", 4, 68), stream);
  }
});

Deno.test("PacketKernel.readLength() uses the second key, block 0 and the packet's number", () => {
  // RFC 8439, appendix A.1, test vector 5: a key of zeros and a nonce that ends with 2.
  const keys = Buffer.concat([randomBytes(32), Buffer.alloc(32)]);
  assert.equal(kernel.readLength(Buffer.from("c2c64d37", "hex"), keys, 2), 0);
  assert.equal(kernel.readLength(Buffer.from("42c64d37", "hex"), keys, 2), 0x80000000);
});

Deno.test("poly1305() of the reference gives the MAC of RFC 8439", () => {
  const key = Buffer.from("85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b", "hex");
  const tag = poly1305(key, Buffer.from("Cryptographic Forum Research Group"));
  assert.equal(tag.toString("hex"), "a8061dc1305136c6c22b8baf0c0127a9"); // §2.5.2
});

Deno.test("PacketKernel agrees with the reference when bodies are of every length up to 1,600", () => {
  const keys = randomBytes(64);
  for (let length = 8; length <= 1600; length += 8) agree(randomBytes(length), keys, randomInt(2 ** 32));
});

Deno.test("PacketKernel agrees with the reference when bodies are long, of any bytes, under any key", () => {
  for (let round = 0; round < 40; round++) {
    agree(randomBytes(8 * randomInt(1, 4376)), randomBytes(64), randomInt(2 ** 32));
  }
  for (const fill of [0, 0xff]) agree(Buffer.alloc(33_000, fill), Buffer.alloc(64, fill), 2 ** 32 - 1);
});

Deno.test("PacketKernel agrees with the reference when a body is longer than its memory", () => {
  agree(randomBytes(400_000), randomBytes(64), 7);
  agree(randomBytes(32), randomBytes(64), 8);
});

Deno.test("PacketKernel.open() reduces in full when a message sums up to a number beside the prime", () => {
  let tried = 0;
  for (let sequence = 0; tried < 60; sequence++) {
    const keys = randomBytes(64);
    const key = macKey(keys, sequence);
    const { r } = halves(key);
    // The sum after a block of 16 bytes and one of 4 is ((first + 2^128) r + last + 2^32) r: chosen, then solved for `first`.
    const sum = BigInt(sequence % 12) - 6n;
    const last = randomBytes(4);
    const before = (sum * inverse(r) - littleEndian(last) - (1n << 32n)) * inverse(r) - (1n << 128n);
    const first = ((before % PRIME) + PRIME) % PRIME;
    if (first >= 1n << 128n) continue;
    tried++;
    const message = Buffer.concat([toBytes(first, 16), last]);
    const packet = Buffer.concat([message, poly1305(key, message)]);
    const body = chacha20(keys.subarray(0, 32), sequence, 1, message.subarray(4));
    assert.equal(Buffer.from(kernel.open(packet, keys, sequence) ?? []).toString("hex"), body.toString("hex"));
  }
});

/** Its product with `number` is 1 (Fermat). */
function inverse(number: bigint): bigint {
  let [result, base] = [1n, number % PRIME];
  for (let exponent = PRIME - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = result * base % PRIME;
    base = base * base % PRIME;
  }
  return result;
}

Deno.test("PacketKernel.open() refuses a packet when any bit of it, its number or its key is another", () => {
  for (const length of [8, 192, 200, 1000]) {
    const keys = randomBytes(64);
    const packet = sealed(randomBytes(length), keys, 5);
    for (let bit = 0; bit < packet.length * 8; bit += length > 200 ? 13 : 1) {
      const changed = Buffer.from(packet);
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      assert.equal(kernel.open(changed, keys, 5), undefined, `bit ${bit} of ${length} bytes`);
    }
    assert.equal(kernel.open(packet, keys, 6), undefined);
    assert.equal(kernel.open(packet, randomBytes(64), 5), undefined);
    assert.ok(kernel.open(packet, keys, 5));
  }
});
