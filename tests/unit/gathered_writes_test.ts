import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { GatheredWrites } from "../../lib/ssh/forward/gathered_writes.ts";
import { inOneGo } from "../../lib/ssh/transport/one_go.ts";
import { TcpSocket } from "../../lib/ssh/transport/tcp_socket.ts";
import { dial, readAll, serve } from "../support/forward_bed.ts";

/** What GatheredWrites writes to. */
type Target = ConstructorParameters<typeof GatheredWrites>[0];

/** A socket that keeps what it is given until it is told to write. */
function slowSocket(): { socket: Target; sizes: number[]; written: Buffer[]; finish: (whole?: boolean) => void } {
  const sizes: number[] = [];
  const written: Buffer[] = [];
  const kept: Array<[bytes: Uint8Array, callback: (whole: boolean) => void]> = [];
  const socket = {
    queuedBytes: 0,
    write(bytes: Uint8Array, callback: (whole: boolean) => void): boolean {
      sizes.push(bytes.length);
      socket.queuedBytes += bytes.length;
      kept.push([bytes, callback]);
      return false;
    },
  };
  const finish = (whole = true): void => {
    for (const [bytes, callback] of kept.splice(0)) {
      written.push(Buffer.from(bytes));
      socket.queuedBytes -= bytes.length;
      callback(whole);
    }
  };
  return { socket, sizes, written, finish };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const packet = (fill: number, size = 32 * 1024): Uint8Array => new Uint8Array(size).fill(fill);
const all = (...fills: number[]): Buffer => Buffer.concat(fills.map((fill) => packet(fill)));

Deno.test("GatheredWrites.write() writes as one what comes in one go, and nothing a second time", async () => {
  const { socket, sizes, written, finish } = slowSocket();
  let told = 0;
  const writes = new GatheredWrites(socket, () => told++);
  for (const fill of [1, 2, 3]) writes.write(packet(fill));
  assert.deepEqual(sizes, []);
  await turn();
  writes.write(Buffer.from("alone"));
  writes.flush();
  await turn();
  assert.deepEqual([sizes, told], [[3 * 32 * 1024, 5], 2]);
  finish();
  assert.ok(Buffer.concat(written).equals(Buffer.concat([all(1, 2, 3), Buffer.from("alone")])));
});

Deno.test("GatheredWrites.write() keeps the order when more comes than a block holds", async () => {
  const { socket, sizes, written, finish } = slowSocket();
  const writes = new GatheredWrites(socket, () => {});
  const fills = Array.from({ length: 20 }, (_, index) => index);
  for (const fill of fills) writes.write(packet(fill));
  writes.write(packet(99, 300 * 1024));
  await turn();
  finish();
  assert.ok(Buffer.concat(written).equals(Buffer.concat([all(...fills), packet(99, 300 * 1024)])));
  assert.ok(sizes.length < 8, `${sizes.length} writes`);
});

Deno.test("GatheredWrites.write() takes a copy, so that the chunk may change at once", async () => {
  const { socket, written, finish } = slowSocket();
  const writes = new GatheredWrites(socket, () => {});
  for (const size of [10, 32 * 1024]) {
    const chunk = packet(7, size);
    writes.write(chunk);
    chunk.fill(0);
    await turn();
  }
  finish();
  assert.ok(Buffer.concat(written).every((byte) => byte === 7));
});

Deno.test("GatheredWrites writes from memory that no write under way uses, of whatever socket and size", async () => {
  const sides = Array.from({ length: 5 }, () => ({ ...slowSocket(), expected: [] as Uint8Array[] }));
  const writers = sides.map(({ socket }) => new GatheredWrites(socket, () => {}));
  for (let round = 1; round <= 400; round++) {
    const at = round * 7 % sides.length;
    const chunk = packet(round % 251, 1 + round * 7919 % 90_000);
    sides[at]?.expected.push(chunk);
    writers[at]?.write(chunk);
    if (round % 3 === 0) await turn();
    if (round % 5 === 0) sides[round % sides.length]?.finish();
  }
  await turn();
  for (const [index, { written, expected, finish }] of sides.entries()) {
    finish();
    assert.ok(Buffer.concat(written).equals(Buffer.concat(expected)), `socket ${index}`);
  }
});

Deno.test("GatheredWrites uses the same memory again when the system has taken all of it at once", async () => {
  const given: Uint8Array[] = [];
  const write = (bytes: Uint8Array): boolean => given.push(bytes) > 0;
  const writes = new GatheredWrites({ write, queuedBytes: 0 }, () => {});
  for (const size of [32 * 1024, 100, 200_000]) {
    writes.write(packet(1, size));
    await turn();
  }
  assert.deepEqual(given.map(({ byteOffset, length }) => [byteOffset, length]), [[0, 32 * 1024], [0, 100], [
    0,
    200_000,
  ]]);
  assert.ok(given.every(({ buffer }) => buffer === given[0]?.buffer));
});

Deno.test("GatheredWrites sends each byte as it was on a real socket whose reader takes nothing for a while", async () => {
  const accepted = Promise.withResolvers<TcpSocket>();
  await using server = await serve((socket) => accepted.resolve(TcpSocket.accepted(socket)));
  const reader = await dial(server.port);
  const socket = await accepted.promise;
  const writes = new GatheredWrites(socket, () => {});
  const expected: Buffer[] = [];
  const send = async (rounds: number): Promise<void> => {
    for (let round = 0; round < rounds; round++) {
      expected.push(Buffer.alloc(1 + round * 7919 % 90_000, expected.length));
      writes.write(expected.at(-1) as Buffer);
      if (round % 2 === 0) await turn();
    }
  };
  for (let tries = 0; socket.queuedBytes === 0; tries++) {
    assert.ok(tries < 200, "the system takes more than any reader is owed");
    await send(10);
  }
  await send(50);
  const got = readAll(reader);
  await send(50);
  writes.flush();
  socket.socket.end();
  assert.ok((await got).equals(Buffer.concat(expected)));
  reader.destroy();
});

Deno.test("GatheredWrites does not use memory again when the write from it failed", async () => {
  const { socket, written, finish } = slowSocket();
  const writes = new GatheredWrites(socket, () => {});
  const given: Uint8Array[] = [];
  const write = (bytes: Uint8Array, callback: (whole: boolean) => void): boolean => {
    given.push(bytes);
    queueMicrotask(() => callback(false));
    return false;
  };
  const broken = new GatheredWrites({ write, queuedBytes: 1 }, () => {});
  broken.write(packet(1));
  await turn();
  broken.drop();
  for (let round = 0; round < 20; round++) writes.write(packet(2));
  await turn();
  finish();
  assert.ok(written.length > 0 && Buffer.from(given[0] as Uint8Array).equals(packet(1)));
});

Deno.test("GatheredWrites.drop() writes nothing of what was gathered, and goes on", async () => {
  const { socket, sizes, written, finish } = slowSocket();
  const writes = new GatheredWrites(socket, () => {});
  for (const fill of [1, 2]) writes.write(packet(fill));
  writes.drop();
  await turn();
  assert.deepEqual(sizes, []);
  writes.write(packet(3));
  await turn();
  finish();
  assert.ok(Buffer.concat(written).equals(all(3)));
});

Deno.test("GatheredWrites writes early rather than take memory for each when many sockets have something in one go", () => {
  const given: Uint8Array[] = [];
  const write = (bytes: Uint8Array): boolean => given.push(bytes) > 0;
  const writers = Array.from({ length: 40 }, () => new GatheredWrites({ write, queuedBytes: 0 }, () => {}));
  for (let round = 0; round < 3; round++) {
    inOneGo(() => {
      for (const each of writers) each.write(packet(round, 64));
    }, undefined);
  }
  assert.equal(given.length, 120);
  assert.ok(new Set(given.map(({ buffer }) => buffer)).size <= 10, "memory is used again");
});
