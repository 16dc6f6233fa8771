import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import crypto from "node:crypto";
import { startBed } from "../support/forward_bed.ts";

/** ssh2's packet cipher, as a connection has it (ssh2 1.17, lib/protocol/crypto.js, ChaChaPolyCipherNative). */
interface PacketCipher {
  allocPacket(payloadBytes: number): Buffer;
  encrypt(packet: Buffer): void;
}

Deno.test("loadSsh2() gives ssh2 ciphers that free their memory, and leaves node:crypto as it was", async () => {
  const { createCipheriv } = crypto;
  await using bed = await startBed();
  assert.equal(bed.session.connection.facts.cipher, "chacha20-poly1305@openssh.com");
  const { _protocol: { _cipher } } = bed.session.connection.client as unknown as {
    _protocol: { _cipher: PacketCipher };
  };
  const Cipher = _cipher.constructor as new (config: unknown) => PacketCipher;
  const own = new Cipher({ outbound: { seqno: 0, onWrite: () => {}, cipherKey: Buffer.alloc(64, 1) } });
  const encrypt = async (packets: number): Promise<void> => {
    for (let packet = 0; packet < packets; packet++) {
      own.encrypt(own.allocPacket(16));
      if (packet % 1000 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    }
  };
  await encrypt(20_000);
  const before = Deno.memoryUsage().rss;
  await encrypt(120_000);
  const grown = Math.round((Deno.memoryUsage().rss - before) / 1e6);
  // Ciphers that are never finished would keep 95 MB.
  assert.ok(grown < 75, `${grown} MB more after 120,000 packets`);
  assert.equal(crypto.createCipheriv, createCipheriv);
  const twice = crypto.createCipheriv("chacha20", Buffer.alloc(32), Buffer.alloc(16));
  assert.equal(twice.update("one").length + twice.update("more").length, 7);
});
