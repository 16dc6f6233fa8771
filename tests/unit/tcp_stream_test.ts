import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { spend } from "../../lib/ssh/spent.ts";
import { inOneGo } from "../../lib/ssh/transport/one_go.ts";
import { ConnectionLine, type TcpConnection } from "../../lib/ssh/transport/tcp_line.ts";
import { TcpStream } from "../../lib/ssh/transport/tcp_stream.ts";

/** A connection that gives what it is told to, and remembers what it is given. */
class FakeConnection implements TcpConnection {
  readonly sent: string[] = [];
  /** Most bytes that one write takes. */
  takes = Infinity;
  closed = false;
  #give = Promise.withResolvers<Uint8Array | null>();
  #wanted = Promise.withResolvers<void>();

  /** Gives `bytes`, or the end of file, to the next read. */
  async give(bytes: Uint8Array | null): Promise<void> {
    await this.#wanted.promise;
    this.#wanted = Promise.withResolvers();
    this.#give.resolve(bytes);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }

  /** Makes the read under way fail. */
  fail(error: Error): void {
    this.#give.promise.catch(() => {}); // nobody may be reading
    this.#give.reject(error);
  }

  async read(room: Uint8Array): Promise<number | null> {
    this.#give = Promise.withResolvers();
    this.#wanted.resolve();
    const bytes = await this.#give.promise;
    if (bytes === null) return null;
    assert.ok(room.length >= bytes.length, `room for ${room.length} bytes only`);
    room.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    const taken = bytes.subarray(0, this.takes);
    this.sent.push(Buffer.from(taken).toString("latin1"));
    return Promise.resolve(taken.length);
  }

  closeWrite(): Promise<void> {
    this.sent.push("<end>");
    return Promise.resolve();
  }

  close(): void {
    this.closed = true;
    this.fail(new Error("closed"));
  }
}

function flowing(): { connection: FakeConnection; stream: TcpStream; got: Buffer[] } {
  const connection = new FakeConnection();
  const stream = new TcpStream(new ConnectionLine(connection));
  const got: Buffer[] = [];
  stream.on("data", (chunk: Uint8Array) => got.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)));
  return { connection, stream, got };
}

const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

Deno.test("TcpStream.write() sends as one what is written in one go", async () => {
  const { connection, stream } = flowing();
  for (const piece of ["len", "payload", "mac"]) stream.write(Buffer.from(piece));
  assert.equal(stream.unsentBytes, 13);
  await new Promise((resolve) => stream.write(Buffer.from("."), resolve));
  assert.deepEqual([connection.sent, stream.unsentBytes], [["lenpayloadmac."], 0]);
  stream.destroy();
});

Deno.test("TcpStream.write() loses nothing and says when it has drained when a connection takes little at a time", async () => {
  const { connection, stream } = flowing();
  connection.takes = 70_000;
  const pieces = Array.from({ length: 40 }, (_, index) => filled(30_000 + index, index));
  const expected = Buffer.concat(pieces).toString("latin1");
  assert.equal(pieces.map((piece) => stream.write(piece)).at(-1), false);
  await once(stream, "drain");
  assert.ok(connection.sent.join("") === expected);
  stream.destroy();
});

Deno.test("TcpStream.append() sends a copy, in its turn between what is written", async () => {
  const { connection, stream } = flowing();
  const borrowed = Buffer.from("two ");
  stream.write(Buffer.from("one "));
  assert.equal(stream.append(borrowed), true);
  borrowed.fill("x");
  const large = filled(300 * 1024, 52);
  assert.equal(stream.append(large), false);
  large.fill(0);
  await new Promise((resolve) => stream.write(Buffer.from(" five"), resolve));
  assert.ok(connection.sent.join("") === `one two ${"4".repeat(300 * 1024)} five`);
  assert.equal(connection.sent.length, 2);
  stream.destroy();
});

Deno.test("TcpStream.append() sends at the end of what is done in one go, and what others add in the turn together", async () => {
  const { connection, stream } = flowing();
  const appendInOneGo = (...pieces: string[]): void => {
    inOneGo((each) => each.forEach((piece) => stream.append(Buffer.from(piece))), pieces);
  };
  appendInOneGo("one ", "two ");
  assert.deepEqual(connection.sent, ["one two "]);
  await new Promise((resolve) => stream.write(new Uint8Array(0), resolve));
  appendInOneGo("three ");
  await new Promise((resolve) => stream.write(new Uint8Array(0), resolve));
  assert.deepEqual(connection.sent, ["one two ", "three "]);
  stream.destroy();
});

Deno.test("TcpStream.append() sends what several goes of a turn add as one", async () => {
  const sent: string[] = [];
  const line = { onBytes() {}, onEnd() {}, onFailure() {}, resume() {}, pause() {}, end() {}, close() {} };
  const send = (bytes: Uint8Array): boolean => sent.push(Buffer.from(bytes).toString()) > 0;
  const stream = new TcpStream({ ...line, send });
  for (const word of ["a", "b", "c", "d"]) inOneGo((piece) => stream.append(Buffer.from(piece)), word);
  assert.deepEqual(sent, ["a"]);
  await Promise.resolve();
  assert.deepEqual([sent, stream.unsentBytes], [["a", "bcd"], 0]);
  inOneGo((piece) => stream.append(Buffer.from(piece)), "e");
  assert.deepEqual(sent, ["a", "bcd", "e"]);
  stream.destroy();
});

Deno.test("TcpStream sends nothing any more when it is destroyed", async () => {
  const { connection, stream } = flowing();
  stream.append(Buffer.from("under way"));
  stream.destroy();
  assert.equal(stream.append(Buffer.from("late")), false);
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(connection.sent, []);
});

Deno.test("TcpStream.end() sends what was written, then the end, and closes after the far end's own", async () => {
  const { connection, stream } = flowing();
  stream.write(Buffer.from("good"));
  stream.end(Buffer.from("bye"));
  await once(stream, "finish");
  assert.deepEqual([connection.sent.join(""), connection.closed], ["goodbye<end>", false]);
  const closed = once(stream, "close");
  await connection.give(null);
  await closed;
  assert.equal(connection.closed, true);
});

Deno.test("TcpStream ends and closes when the far end ends first", async () => {
  const { connection, stream } = flowing();
  const closed = once(stream, "close");
  await connection.give(null);
  await closed;
  assert.deepEqual([connection.sent, connection.closed], [["<end>"], true]);
});

Deno.test("TcpStream gives the error, then closes, when a read fails", async () => {
  const { connection, stream } = flowing();
  await new Promise((resolve) => setTimeout(resolve, 0));
  const failed = once(stream, "error");
  const closed = new Promise((resolve) => stream.once("close", resolve));
  connection.fail(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
  const [error] = await failed;
  await closed;
  assert.deepEqual([error.code, connection.closed], ["ECONNRESET", true]);
});

Deno.test("TcpStream.destroy() closes at once and without an error when a read is under way", async () => {
  const { connection, stream } = flowing();
  const errors: unknown[] = [];
  stream.on("error", (error) => errors.push(error));
  await new Promise((resolve) => setTimeout(resolve, 0));
  stream.destroy();
  assert.equal(connection.closed, true);
  await once(stream, "close");
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(errors, []);
});

Deno.test("TcpStream gives copies that stay as they are when it does not lend", async () => {
  const { connection, stream, got } = flowing();
  for (let value = 0; value < 20; value++) await connection.give(filled(50_000, value));
  got.forEach((chunk, value) => assert.ok(chunk.equals(filled(50_000, value)), `chunk ${value}`));
  assert.equal(got.length, 20);
  stream.destroy();
});

Deno.test("TcpStream.lend() lends what was read itself when the listeners keep nothing", async () => {
  const { connection, stream, got } = flowing();
  stream.lend(() => true);
  await connection.give(Buffer.from("one"));
  assert.equal(got[0]?.toString("latin1"), "one");
  await connection.give(Buffer.from("two"));
  assert.deepEqual(got.map((chunk) => chunk.toString("latin1")), ["two", "two"]);
  stream.destroy();
});

Deno.test("TcpStream.lend() lends copies that stay as they are until another 256 KiB have come", async () => {
  const { connection, stream, got } = flowing();
  stream.lend(() => false);
  for (let value = 0; value < 120; value++) {
    const size = [30_011, 64 * 1024, 1, 256 * 1024, 48_000, 200_000][value % 6] as number;
    await connection.give(filled(size, value));
    let later = 0;
    for (let index = value; index >= 0 && later < 256 * 1024; index--) {
      const chunk = got[index] as Buffer;
      assert.ok(chunk.equals(filled(chunk.length, index)), `chunk ${index} when ${later} more bytes had come`);
      later += chunk.length;
    }
  }
  assert.ok(new Set(got.map((chunk) => chunk.buffer)).size === 1);
  stream.destroy();
});

Deno.test("TcpStream.lend() lends nothing of what waits for a paused listener", async () => {
  const { connection, stream, got } = flowing();
  stream.lend(() => true);
  stream.pause();
  await connection.give(filled(1000, 1));
  for (let value = 2; value < 4; value++) await connection.give(filled(60_000, value));
  stream.resume();
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (let value = 4; value < 24; value++) await connection.give(filled(60_000, value));
  assert.ok(
    Buffer.concat(got.slice(0, 3)).equals(Buffer.concat([filled(1000, 1), filled(60_000, 2), filled(60_000, 3)])),
  );
  stream.destroy();
});

Deno.test("spend() frees the memory of a packet's data, and leaves alone what shares its memory with more", () => {
  const packet = new Uint8Array(32 * 1024);
  const data = packet.subarray(10, packet.length - 14);
  spend(data);
  assert.deepEqual([data.length, packet.length], [0, 0]);
  const half = new Uint8Array(64 * 1024).subarray(0, 32 * 1024);
  spend(half);
  const small = Buffer.from("small");
  spend(small);
  assert.deepEqual([half.length, half.buffer.byteLength, small.toString()], [32 * 1024, 64 * 1024, "small"]);
});
