import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type net from "node:net";
import { GatheredWrites } from "../../lib/ssh/forward/gathered_writes.ts";

/** A socket that notes what it is given; its writes end when told. */
function fakeSocket(): { socket: net.Socket; got: string[]; finish: (error?: Error) => void } {
  const got: string[] = [];
  const callbacks: Array<(error?: Error) => void> = [];
  const write = (bytes: Uint8Array, callback: (error?: Error) => void): boolean => {
    got.push(Buffer.from(bytes).toString("latin1"));
    callbacks.push(callback);
    return true;
  };
  const finish = (error?: Error): void => callbacks.splice(0).forEach((callback) => callback(error));
  return { socket: { write } as unknown as net.Socket, got, finish };
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
const packet = (fill: number): Uint8Array => new Uint8Array(32 * 1024).fill(fill);
const text = (...fills: number[]): string => fills.map((fill) => Buffer.from(packet(fill)).toString("latin1")).join("");

Deno.test("GatheredWrites.write() writes as one what comes in one go, and nothing a second time", async () => {
  const { socket, got, finish } = fakeSocket();
  let told = 0;
  const writes = new GatheredWrites(socket, () => told++);
  for (const fill of [1, 2, 3]) writes.write(packet(fill));
  assert.deepEqual(got, []);
  await turn();
  writes.write(Buffer.from("alone"));
  writes.flush();
  await turn();
  assert.deepEqual([got.length, told], [2, 2]);
  assert.ok(got[0] === text(1, 2, 3) && got[1] === "alone");
  finish();
});

Deno.test("GatheredWrites.write() keeps the order and the memory when more comes than a block holds", async () => {
  const { socket, got, finish } = fakeSocket();
  const writes = new GatheredWrites(socket, () => {});
  const fills = Array.from({ length: 20 }, (_, index) => index);
  for (const fill of fills) writes.write(packet(fill));
  writes.write(new Uint8Array(300 * 1024).fill(99));
  await turn();
  assert.ok(got.join("") === text(...fills) + "c".repeat(300 * 1024));
  assert.ok(got.length < 6, `${got.length} writes`);
  finish();
});

Deno.test("GatheredWrites.write() writes from memory that no write under way uses", async () => {
  const given: Uint8Array[] = [];
  const callbacks: Array<() => void> = [];
  const write = (bytes: Uint8Array, callback: () => void): void => void (given.push(bytes), callbacks.push(callback));
  const socket = { write } as unknown as net.Socket;
  const [one, other] = [new GatheredWrites(socket, () => {}), new GatheredWrites(socket, () => {})];
  for (const fill of [1, 2]) one.write(packet(fill));
  await turn();
  for (const fill of [3, 4]) other.write(packet(fill));
  await turn();
  assert.ok(Buffer.from(given[0] as Uint8Array).toString("latin1") === text(1, 2));
  callbacks.forEach((callback) => callback());
  for (const fill of [5, 6]) one.write(packet(fill));
  await turn();
  assert.ok(Buffer.from(given[2] as Uint8Array).toString("latin1") === text(5, 6));
});

Deno.test("GatheredWrites gives chunks back when they are written, and leaves them when that failed", async () => {
  const { socket, finish } = fakeSocket();
  const writes = new GatheredWrites(socket, () => {});
  const [whole, broken] = [packet(1), packet(2)];
  writes.write(whole);
  await turn();
  finish();
  writes.write(broken);
  await turn();
  finish(new Error("reset"));
  assert.deepEqual([whole.length, broken.length], [0, 32 * 1024]);
});

Deno.test("GatheredWrites.drop() writes nothing of what was gathered", async () => {
  const { socket, got } = fakeSocket();
  const writes = new GatheredWrites(socket, () => {});
  for (const fill of [1, 2]) writes.write(packet(fill));
  writes.drop();
  await turn();
  assert.deepEqual(got, []);
});
