import assert from "node:assert/strict";
import type { Duplex } from "node:stream";
import { PacketOpener, PacketSealer } from "../../lib/ssh/cipher/packet_ciphers.ts";
import type { Session } from "../../lib/ssh/session.ts";
import { startBed } from "../support/forward_bed.ts";
import { eventually } from "../support/processes.ts";

/** What ssh2 keeps of the ciphers in use (ssh2 1.17, lib/protocol/Protocol.js). */
interface Ciphers {
  _cipher: unknown;
  _decipher: unknown;
  rekey(): void;
}

function ciphersOf(session: Session): Ciphers {
  return (session.connection.client as unknown as { _protocol: Ciphers })._protocol;
}

Deno.test("loadSsh2() gives ssh2 our ciphers at the first key exchange and at each later one", async () => {
  await using bed = await startBed();
  assert.equal(bed.session.connection.facts.cipher, "chacha20-poly1305@openssh.com");
  const ciphers = ciphersOf(bed.session);
  const { _cipher: first } = ciphers;
  assert.ok(first instanceof PacketSealer && ciphers._decipher instanceof PacketOpener);
  ciphers.rekey();
  await eventually("the keys are new", () => Promise.resolve(ciphers._cipher !== first));
  assert.ok(ciphers._cipher instanceof PacketSealer && ciphers._decipher instanceof PacketOpener);
  const { isError, value } = await bed.call("ssh_execute", { command: "echo still here" });
  assert.deepEqual([isError, value.stdout], [false, "still here\n"]);
});

Deno.test("loadSsh2() leaves the other ciphers to ssh2", async () => {
  await using bed = await startBed({ config: ["Ciphers aes128-ctr"] });
  const ciphers = ciphersOf(bed.session);
  assert.ok(!(ciphers._cipher instanceof PacketSealer) && !(ciphers._decipher instanceof PacketOpener));
  const { value } = await bed.call("ssh_execute", { command: "echo here, too" });
  assert.equal(value.stdout, "here, too\n");
});

Deno.test("a connection ends when a packet on its way is changed", async () => {
  await using bed = await startBed();
  const { connection } = bed.session;
  const { _sock: socket } = connection.client as unknown as { _sock: Duplex };
  socket.prependListener("data", (chunk: Uint8Array) => {
    if (chunk.length > 4096) chunk[2000] = (chunk[2000] as number) ^ 1;
  });
  const { isError } = await bed.call("ssh_execute", { command: "head -c 20000 /dev/zero" });
  assert.equal(isError, true);
  assert.equal(connection.ended?.code, "session_dropped");
  assert.equal((connection.ended?.cause as Error | undefined)?.message, "Invalid MAC");
});
