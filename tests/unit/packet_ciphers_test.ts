import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes, randomInt } from "node:crypto";
import { PacketOpener, PacketSealer, takePayloads } from "../../lib/ssh/cipher/packet_ciphers.ts";
import { PacketKernel } from "../../lib/ssh/cipher/packet_kernel.ts";
import { sealed } from "../support/packet_reference.ts";

const kernel = PacketKernel.load() as PacketKernel;
const keys = randomBytes(64);
const MAX_SEQUENCE = 2 ** 32 - 1;

/** What payloads become on the wire, as one piece each. */
function wire(payloads: Uint8Array[], seqno = 0): Buffer[] {
  const sent: Buffer[] = [];
  const sealer = new PacketSealer(kernel, {
    seqno,
    cipherKey: keys,
    onWrite: (bytes) => sent.push(Buffer.from(bytes)),
  });
  for (const payload of payloads) {
    const packet = sealer.allocPacket(payload.length);
    packet.set(payload, 5);
    sealer.encrypt(packet);
  }
  assert.equal(sealer.outSeqno, (seqno + payloads.length) % 2 ** 32);
  return sent;
}

function opening(seqno = 0): { opener: PacketOpener; got: Buffer[] } {
  const got: Buffer[] = [];
  const onPayload = (payload: Buffer): undefined => void got.push(payload);
  return { opener: new PacketOpener(kernel, { seqno, decipherKey: keys, onPayload }), got };
}

/** A packet with a body as it is given, and a MAC that is right. */
const packetOf = (body: Uint8Array): Buffer => sealed(body, keys, 0);

Deno.test("PacketSealer makes packets of RFC 4253 when payloads are of any length", () => {
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000, 32_768]) {
    const packet = new PacketSealer(kernel, { seqno: 0, cipherKey: keys, onWrite: () => {} }).allocPacket(length);
    const [bytes, padding] = [packet.readUInt32BE(0), packet[4] as number];
    assert.equal(bytes % 8, 0);
    assert.equal(bytes, 1 + length + padding);
    assert.ok(padding >= 4 && padding < 12, `${padding} bytes of padding`);
    assert.equal(packet.length, 4 + bytes + 16);
  }
});

Deno.test("PacketSealer pads with other bytes each time", () => {
  const sealer = new PacketSealer(kernel, { seqno: 0, cipherKey: keys, onWrite: () => {} });
  const seen = new Set(Array.from({ length: 1000 }, () => sealer.allocPacket(0).toString("hex", 5, 12)));
  assert.equal(seen.size, 1000);
});

Deno.test("PacketOpener gives back what PacketSealer sent when the pieces are cut anywhere", () => {
  const payloads = [0, 1, 3, 40, 33_000, 16_384, 7, 20_000, 300].map((length) => randomBytes(length));
  const bytes = Buffer.concat(wire(payloads));
  const sizes: Array<() => number> = [
    () => 1,
    () => 3,
    () => 4,
    () => 5,
    () => randomInt(1, 50_000),
    () => bytes.length,
  ];
  for (const size of sizes) {
    const { opener, got } = opening();
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + size());
      const chunk = Buffer.from(bytes.subarray(at, end));
      assert.equal(opener.decrypt(chunk, 0, chunk.length), undefined);
      chunk.fill(0); // nothing of it may be kept
      at = end;
    }
    assert.deepEqual(got.map((each) => each.toString("base64")), payloads.map((each) => each.toString("base64")));
  }
});

Deno.test("PacketOpener counts packets beyond 2^32 - 1, as PacketSealer does", () => {
  const packets = wire([Buffer.from("one"), Buffer.from("two"), Buffer.from("three")], MAX_SEQUENCE - 1);
  const { opener, got } = opening(MAX_SEQUENCE - 1);
  for (const packet of packets) opener.decrypt(packet, 0, packet.length);
  assert.deepEqual([got.join(), opener.inSeqno], ["one,two,three", 1]);
});

Deno.test("PacketOpener.decrypt() stops after a payload when its taker says so", () => {
  const packets = wire([Buffer.from("one"), Buffer.from("two")]);
  const [first, all] = [packets[0]?.length as number, Buffer.concat([Buffer.from("??"), ...packets])];
  const { opener } = opening();
  opener._onPayload = () => false;
  assert.equal(opener.decrypt(all, 2, all.length), 2 + first);
  opener._onPayload = () => 12_345;
  assert.equal(opener.decrypt(all, 2 + first, all.length), 12_345);
});

Deno.test("PacketOpener gives nothing of a packet when its MAC is wrong", () => {
  const payload = randomBytes(5000);
  for (const at of [4, 5, 200, 3000, -1, -16]) {
    const packet = wire([payload])[0] as Buffer;
    const place = at < 0 ? packet.length + at : at;
    packet[place] = (packet[place] as number) ^ 1;
    const { opener, got } = opening();
    assert.throws(() => opener.decrypt(packet, 0, packet.length), { name: "Error", message: "Invalid MAC" });
    assert.deepEqual(got, []);
  }
});

Deno.test("PacketOpener refuses packets that come twice, are left out or come in another order", () => {
  const [one, two] = wire([Buffer.from("one"), Buffer.from("two")]) as [Buffer, Buffer];
  for (const packets of [[one, one], [two], [two, one]]) {
    const { opener, got } = opening();
    const all = Buffer.concat(packets);
    assert.throws(() => opener.decrypt(all, 0, all.length), { message: /^(Bad packet length|Invalid MAC)$/ });
    assert.ok(got.length === packets.length - 1 || got.length === 0);
  }
});

Deno.test("PacketOpener refuses a length that no packet has", () => {
  for (const length of [0, 4, 7, 12, 35_008, 0x80000008]) {
    const { opener } = opening();
    const header = Buffer.alloc(4);
    header.writeUInt32BE(length);
    const hidden = kernelLength(header);
    assert.throws(() => opener.decrypt(hidden, 0, 4), { name: "Error", message: "Bad packet length" }, `${length}`);
  }
});

/** The length as it goes over the wire: what hides it reveals it. */
function kernelLength(header: Buffer): Buffer {
  const hidden = Buffer.alloc(4);
  hidden.writeUInt32BE(kernel.readLength(header, keys, 0));
  return hidden;
}

Deno.test("PacketOpener refuses padding that is longer than its packet", () => {
  for (const padding of [8, 255]) {
    const body = Buffer.alloc(8);
    body[0] = padding;
    const { opener, got } = opening();
    const packet = packetOf(body);
    assert.throws(() => opener.decrypt(packet, 0, packet.length), { name: "Error", message: "Bad padding length" });
    assert.deepEqual(got, []);
  }
});

Deno.test("PacketSealer.free() keeps what is encrypted afterwards from being sent", () => {
  let sent = 0;
  const sealer = new PacketSealer(kernel, { seqno: 9, cipherKey: keys, onWrite: () => sent++ });
  sealer.free();
  sealer.encrypt(sealer.allocPacket(10));
  assert.deepEqual([sent, sealer.outSeqno], [0, 9]);
});

Deno.test("PacketOpener and PacketSealer keep their keys when the memory that brought them is used again", () => {
  const given = Buffer.from(keys);
  const sent: Uint8Array[] = [];
  const sealer = new PacketSealer(kernel, { seqno: 0, cipherKey: given, onWrite: (bytes) => sent.push(bytes) });
  given.fill(0);
  sealer.encrypt(sealer.allocPacket(10));
  const { opener, got } = opening();
  opener.decrypt(sent[0] as Uint8Array, 0, sent[0]?.length ?? 0);
  assert.equal(got.length, 1);
});

Deno.test("PacketSealer.sealData() makes the packets that ssh2 would make of a channel's data", () => {
  const got: Buffer[] = [];
  const sealer = new PacketSealer(kernel, { seqno: 3, cipherKey: keys, onWrite: () => {} });
  const onPayload = (payload: Buffer): undefined => void got.push(payload);
  const opener = new PacketOpener(kernel, { seqno: 3, decipherKey: keys, onPayload });
  for (const length of [0, 1, 2, 3, 4, 5, 6, 7, 8, 20_000, 32_768]) {
    const data = randomBytes(length);
    const packet = sealer.sealData(0xfedc_ba98, data).slice();
    assert.equal(opener.decrypt(packet, 0, packet.length), undefined);
    const payload = got.pop() as Buffer;
    assert.deepEqual([payload[0], payload.readUInt32BE(1), payload.readUInt32BE(5)], [94, 0xfedc_ba98, length]);
    assert.ok(payload.subarray(9).equals(data));
  }
  sealer.free();
  assert.equal(sealer.sealData(0, Buffer.from("late")).length, 0);
});

Deno.test("takePayloads() shows every payload, and leaves those that are not taken, as copies", () => {
  const payloads = [Buffer.from("mine"), Buffer.from("yours"), randomBytes(20_000)];
  const bytes = Buffer.concat(wire(payloads));
  const { opener, got } = opening();
  const shown: string[] = [];
  takePayloads(opener._onPayload, (payload) => {
    shown.push(Buffer.from(payload).toString("base64"));
    return payload.length === 4;
  });
  assert.equal(opener.decrypt(bytes, 0, bytes.length), undefined);
  assert.deepEqual(shown, payloads.map((each) => each.toString("base64")));
  assert.deepEqual(got.map((each) => each.toString("base64")), shown.slice(1));
});
