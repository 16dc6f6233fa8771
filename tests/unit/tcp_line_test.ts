import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type net from "node:net";
import { ConnectionLine, lineOf, type TcpLine } from "../../lib/ssh/transport/tcp_line.ts";
import { readAll, serve, socketsWithPort, type TestServer } from "../support/forward_bed.ts";
import { eventually } from "../support/processes.ts";

const kinds: Record<string, (connection: Deno.TcpConn) => TcpLine> = {
  "lineOf()": lineOf,
  "ConnectionLine": (connection) => new ConnectionLine(connection),
};

/** What happens on a line, and the far end of it. */
interface Bed extends AsyncDisposable {
  line: TcpLine;
  far: net.Socket;
  server: TestServer;
  bytes: () => Buffer;
  told: string[];
}

async function connect(make: (connection: Deno.TcpConn) => TcpLine): Promise<Bed> {
  const accepted = Promise.withResolvers<net.Socket>();
  const server = await serve((socket) => accepted.resolve(socket));
  const line = make(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
  const pieces: Buffer[] = [];
  const told: string[] = [];
  line.onBytes = (bytes) => pieces.push(Buffer.from(bytes));
  line.onEnd = () => told.push("end");
  line.onFailure = (error) => told.push(error === undefined ? "closed" : "failure");
  return {
    line,
    far: await accepted.promise,
    server,
    bytes: () => Buffer.concat(pieces),
    told,
    async [Symbol.asyncDispose]() {
      line.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

Deno.test("lineOf() reads and writes below node:net's streams where the runtime lets it, and else as it can", async () => {
  await using bed = await connect(lineOf);
  assert.equal(bed.line instanceof ConnectionLine, false);
  const none = { read: () => new Promise<null>(() => {}), write() {}, closeWrite() {}, close() {} };
  assert.equal(lineOf(none as unknown as Deno.TcpConn) instanceof ConnectionLine, true);
  const strange = Object.assign(none, { [Symbol("Deno.internal.rid")]: 4_000_000 });
  assert.equal(lineOf(strange as unknown as Deno.TcpConn) instanceof ConnectionLine, true);
});

for (const [kind, make] of Object.entries(kinds)) {
  Deno.test(`${kind} carries every byte each way, and the ends behind them`, async () => {
    await using bed = await connect(make);
    const { line, far, bytes, told } = bed;
    const words = Buffer.alloc(5_000_000, "0123456789abc");
    far.write(words.subarray(0, 1000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(bytes().length, 0, "nothing is read before it is asked for");
    line.resume();
    far.end(words.subarray(1000));
    const got = readAll(far);
    let waits = 0;
    for (let at = 0; at < words.length; at += 200_000) {
      const piece = Uint8Array.from(words.subarray(at, at + 200_000));
      const { promise, resolve } = Promise.withResolvers<void>();
      if (line.send(piece, resolve)) resolve();
      else waits++;
      await promise;
      piece.fill(0);
    }
    await new Promise<void>((resolve) => line.end(resolve));
    assert.ok((await got).equals(words), `${waits} waits`);
    await eventually("the end is told", () => told.includes("end"));
    assert.ok(bytes().equals(words));
    assert.deepEqual(told, ["end"]);
  });

  Deno.test(`${kind} tells of a far end that resets, once`, async () => {
    await using bed = await connect(make);
    bed.line.resume();
    bed.far.resetAndDestroy();
    await eventually("it is told", () => bed.told.length > 0);
    bed.line.send(new Uint8Array(100), () => bed.told.push("sent"));
    bed.line.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(bed.told, ["failure"]);
  });

  Deno.test(`${kind} closes at once and tells of nothing then, and nothing of it is left`, async () => {
    await using bed = await connect(make);
    const ended = new Promise((resolve) => bed.far.once("end", resolve).resume());
    bed.line.resume();
    await new Promise((resolve) => setTimeout(resolve, 20));
    bed.line.close();
    await ended;
    bed.far.destroy();
    await eventually("only the listening socket is left", async () => {
      const left = await socketsWithPort(bed.server.port);
      return left.every((line) => line.startsWith("LISTEN"));
    });
    assert.deepEqual(bed.told, []);
  });

  Deno.test(`${kind} reads no more than what is under way when it is paused, and then all the rest`, async () => {
    await using bed = await connect(make);
    const { line, far, bytes } = bed;
    line.onBytes = ((keep) => (piece) => {
      keep(piece);
      line.pause();
      setTimeout(() => line.resume());
    })(line.onBytes);
    const words = Buffer.alloc(3_000_000, "0123456789");
    line.resume();
    far.end(words);
    await eventually("all is read", () => bytes().length >= words.length);
    assert.ok(bytes().equals(words));
  });
}
