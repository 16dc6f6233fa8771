import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import net from "node:net";
import { PassThrough } from "node:stream";
import { TcpSocket } from "../../lib/ssh/transport/tcp_socket.ts";
import { eventually } from "../support/processes.ts";
import { dial, ending, readAll } from "../support/forward_bed.ts";

/** A server whose sockets are taken over; gone when disposed. */
async function takingOver(): Promise<{ port: number; next: () => Promise<TcpSocket> } & AsyncDisposable> {
  const taken: TcpSocket[] = [];
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
    taken.push(TcpSocket.accepted(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const used: TcpSocket[] = [];
  return {
    port: (server.address() as net.AddressInfo).port,
    async next() {
      await eventually("a socket is accepted", () => taken.length > 0);
      const local = taken.shift() as TcpSocket;
      used.push(local);
      return local;
    },
    [Symbol.asyncDispose]() {
      for (const { socket } of [...taken, ...used]) socket.destroy();
      server.close();
      return Promise.resolve();
    },
  };
}

/** Copies of what comes from now on. */
function collect(local: TcpSocket): { bytes: () => Buffer; shared: Set<ArrayBufferLike> } {
  const pieces: Buffer[] = [];
  const shared = new Set<ArrayBufferLike>();
  local.onBytes = (bytes) => {
    pieces.push(Buffer.from(bytes));
    shared.add(bytes.buffer);
  };
  return { bytes: () => Buffer.concat(pieces), shared };
}

Deno.test("TcpSocket.accepted() reads nothing before it is resumed, and then all that came", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const local = await server.next();
  const { bytes } = collect(local);
  client.write("early");
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(bytes().length, 0);
  local.socket.resume();
  await eventually("it is read", () => bytes().toString() === "early");
  client.destroy();
});

Deno.test("TcpSocket tells of the end behind the last byte, and the way back stays open", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const words = Buffer.alloc(1_000_000, "words");
  client.end(words);
  const local = await server.next();
  const { bytes } = collect(local);
  const ended = new Promise((resolve) => local.socket.once("end", resolve));
  local.socket.resume();
  await ended;
  assert.ok(bytes().equals(words));
  local.socket.end("answer");
  assert.equal((await readAll(client)).toString(), "answer");
});

Deno.test("TcpSockets read into memory that all of them share", async () => {
  await using server = await takingOver();
  const used = new Set<ArrayBufferLike>();
  for (let index = 0; index < 3; index++) {
    const client = await dial(server.port);
    const { bytes, shared } = collect(await server.next().then((local) => (local.socket.resume(), local)));
    client.write("some");
    await eventually("it is read", () => bytes().length === 4);
    for (const each of shared) used.add(each);
    client.destroy();
  }
  assert.equal(used.size, 1);
});

Deno.test("TcpSocket loses nothing when it is paused and resumed between reads", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const local = await server.next();
  const { bytes } = collect(local);
  const keep = local.onBytes;
  local.onBytes = (piece) => {
    keep(piece);
    local.socket.pause();
    setTimeout(() => local.socket.resume());
  };
  const sent = Buffer.alloc(3_000_000, "0123456789");
  const ended = new Promise((resolve) => local.socket.once("end", resolve));
  local.socket.resume();
  client.end(sent);
  await ended;
  assert.ok(bytes().equals(sent));
  client.destroy();
});

Deno.test("TcpSocket.accepted() passes a reset on when it is told to", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const over = ending(client);
  const local = await server.next();
  local.socket.resetAndDestroy();
  assert.equal(await over, "reset");
});

Deno.test("TcpSocket.connecting() reads nothing before it is resumed", async () => {
  const server = net.createServer((socket) => void socket.end("greeting"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const local = TcpSocket.connecting({ host: "127.0.0.1", port: (server.address() as net.AddressInfo).port });
  const { bytes } = collect(local);
  await new Promise((resolve) => local.socket.once("connect", resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal(bytes().length, 0);
  const ended = new Promise((resolve) => local.socket.once("end", resolve));
  local.socket.resume();
  await ended;
  assert.equal(bytes().toString(), "greeting");
  local.socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("TcpSocket.accepted() reads through the stream when there is no handle to take over", async () => {
  const stream = Object.assign(new PassThrough(), { setNoDelay(): void {} }).pause();
  const local = TcpSocket.accepted(stream as unknown as net.Socket);
  const { bytes } = collect(local);
  stream.write("piece");
  local.socket.resume();
  await eventually("it is read", () => bytes().toString() === "piece");
  stream.destroy();
});

Deno.test("TcpSocket.write() keeps the order when the system takes no more for a while, and tells when it has all", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const writer = await server.next();
  const { socket } = writer;
  let drained = 0;
  writer.onDrain = () => drained++;
  const expected: Buffer[] = [];
  const done: number[] = [];
  const send = (): void => {
    const index = expected.push(Buffer.alloc(100_000 + expected.length, expected.length)) - 1;
    const written = writer.write(expected[index] as Buffer, (whole) => whole && done.push(index));
    if (written) assert.equal(writer.queuedBytes, 0);
  };
  socket.write("stream first, ");
  expected.push(Buffer.from("stream first, "));
  while (writer.queuedBytes === 0) send();
  const first = expected.length - 1;
  for (let more = 0; more < 5; more++) send();
  assert.equal(writer.queuedBytes, expected.slice(first).reduce((sum, { length }) => sum + length, 0));
  socket.write("stream last");
  expected.push(Buffer.from("stream last"));
  socket.end();
  assert.ok((await readAll(client)).equals(Buffer.concat(expected)));
  await eventually("all is written", () => writer.queuedBytes === 0);
  assert.deepEqual([done, drained], [Array.from({ length: 6 }, (_, index) => first + index), 1]);
  client.destroy();
});

Deno.test("TcpSocket.write() says that nothing is whole, and closes, when the reader breaks off", async () => {
  await using server = await takingOver();
  const client = await dial(server.port);
  const local = await server.next();
  const told: boolean[] = [];
  const closed = new Promise((resolve) => local.socket.once("close", resolve));
  while (local.queuedBytes === 0) local.write(Buffer.alloc(100_000), (whole) => told.push(whole));
  client.resetAndDestroy();
  await closed;
  assert.deepEqual([told, local.queuedBytes], [[false], 0]);
  assert.equal(local.write(Buffer.from("late"), (whole) => told.push(whole)), false);
  await eventually("it is told", () => told.length === 2);
  assert.deepEqual(told, [false, false]);
});

Deno.test("TcpSocket.write() writes to the stream when there is nothing below it", async () => {
  const stream = Object.assign(new PassThrough(), { setNoDelay(): void {} });
  const local = TcpSocket.accepted(stream as unknown as net.Socket);
  const { bytes } = collect(local);
  let drained = 0;
  local.onDrain = () => drained++;
  const written = new Promise((resolve) => assert.equal(local.write(Buffer.from("piece"), resolve), false));
  assert.equal(local.queuedBytes, 5);
  assert.equal(await written, true);
  assert.deepEqual([bytes().toString(), local.queuedBytes, drained], ["piece", 0, 1]);
  stream.destroy();
});
