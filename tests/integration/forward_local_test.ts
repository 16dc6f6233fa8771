import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import http from "node:http";
import net from "node:net";
import { eventually } from "../support/processes.ts";
import { tempDir } from "../support/temp_dir.ts";
import {
  assertNothingLeft,
  dial,
  ending,
  readAll,
  readExactly,
  serve,
  serveEcho,
  startBed,
} from "../support/forward_bed.ts";

Deno.test("ssh_forward_port carries real HTTP when the direction is local, and counts bytes exactly", async () => {
  await using bed = await startBed();
  const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  const { forward_id, local_port } = await bed.forwardTo(port);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      const response = await fetch(`http://127.0.0.1:${local_port}/${index}`, { headers: { connection: "close" } });
      return await response.text();
    }),
  );
  assert.deepEqual(answers, Array.from({ length: 20 }, (_, index) => `you asked for /${index}`));
  await new Promise((resolve) => server.close(resolve));
  await assertNothingLeft(bed, forward_id, local_port);
  const listing = await bed.listing(forward_id);
  assert.equal(listing.connections_failed, 0);
  assert.equal(listing.target, `127.0.0.1:${port}`);
  assert.equal(listing.state, "open");
});

Deno.test("a local forward answers each of many small requests when they wait for each other", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { forward_id, local_port } = await bed.forwardTo(echo.port);
  const socket = await dial(local_port);
  for (let round = 0; round < 300; round++) {
    const query = Buffer.from(`Q${round};`.padEnd(64, "."));
    socket.write(query);
    assert.deepEqual(await readExactly(socket, query.length), query);
  }
  socket.destroy();
  await assertNothingLeft(bed, forward_id, local_port);
  const { bytes_to_remote, bytes_from_remote, connections_total } = await bed.listing(forward_id);
  assert.deepEqual([bytes_to_remote, bytes_from_remote, connections_total], [300 * 64, 300 * 64, 1]);
});

Deno.test("a local forward loses and reorders nothing when 32 MB flood through an echo and keys change on the way", async () => {
  await using bed = await startBed({ config: ["RekeyLimit 8M"] });
  await using echo = await serveEcho();
  const { local_port } = await bed.forwardTo(echo.port);
  const socket = await dial(local_port);
  const block = randomBytes(1 << 20);
  const sent = createHash("sha256");
  const back = createHash("sha256");
  const reading = (async () => {
    let bytes = 0;
    for await (const chunk of socket) {
      back.update(chunk);
      bytes += chunk.length;
    }
    return bytes;
  })();
  for (let index = 0; index < 32; index++) {
    block.writeUInt32BE(index);
    sent.update(block);
    if (!socket.write(Buffer.from(block))) await new Promise((resolve) => socket.once("drain", resolve));
  }
  socket.end();
  assert.equal(await reading, 32 << 20);
  assert.equal(back.digest("hex"), sent.digest("hex"));
});

Deno.test("a local forward loses nothing when the server insists on a cipher of ssh2's own", async () => {
  await using bed = await startBed({ config: ["Ciphers aes128-gcm@openssh.com"] });
  assert.equal(bed.session.connection.facts.cipher, "aes128-gcm@openssh.com");
  await using echo = await serveEcho();
  const { local_port } = await bed.forwardTo(echo.port);
  const socket = await dial(local_port);
  const words = randomBytes(5_000_000);
  const answer = readAll(socket);
  socket.end(words);
  assert.equal(Buffer.compare(await answer, words), 0);
});

Deno.test("a local forward gives the whole answer when the client shuts down its writing side", async () => {
  await using bed = await startBed();
  const answer = randomBytes(3_000_000);
  await using server = await serve(async (socket) => {
    const question = await readAll(socket);
    socket.end(question.toString() === "the whole question" ? answer : "wrong question");
  });
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  socket.end("the whole question");
  assert.equal(Buffer.compare(await readAll(socket), answer), 0);
  await assertNothingLeft(bed, forward_id, local_port);
});

Deno.test("a local forward takes the whole question when the server shuts down its writing side first", async () => {
  await using bed = await startBed();
  const { promise: question, resolve } = Promise.withResolvers<Buffer>();
  await using server = await serve((socket) => {
    socket.end("bye");
    readAll(socket).then(resolve);
  });
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  assert.equal((await readAll(socket)).toString(), "bye");
  const words = randomBytes(3_000_000);
  socket.end(words);
  assert.equal(Buffer.compare(await question, words), 0);
  await assertNothingLeft(bed, forward_id, local_port);
});

Deno.test("a local forward holds the sender back when the reader is slow, and loses nothing", async (t) => {
  await using bed = await startBed();
  const size = 64 << 20;
  await t.step("towards the client", async () => {
    let given = 0;
    await using server = await serve(async (socket) => {
      const block = Buffer.alloc(1 << 20, 7);
      for (let index = 0; index < size / block.length; index++) {
        given += block.length;
        if (!socket.write(block)) await new Promise((resolve) => socket.once("drain", resolve));
      }
      socket.end();
    });
    const { local_port } = await bed.forwardTo(server.port);
    const socket = await dial(local_port);
    const first = await readExactly(socket, 1000);
    await settled(() => given);
    assert.ok(given < size / 2, `${given} bytes were taken from the server for a client that reads nothing`);
    assert.equal(first.length + (await readAll(socket)).length, size);
  });
  await t.step("towards the server", async () => {
    const { promise: total, resolve } = Promise.withResolvers<number>();
    const { promise: start, resolve: begin } = Promise.withResolvers<void>();
    await using server = await serve(async (socket) => {
      socket.pause();
      await start;
      resolve((await readAll(socket)).length);
    });
    const { forward_id, local_port } = await bed.forwardTo(server.port);
    const socket = await dial(local_port);
    for (let index = 0; index < 64; index++) socket.write(Buffer.alloc(size / 64, 7));
    socket.end();
    const taken = async (): Promise<number> => (await bed.listing(forward_id)).bytes_to_remote;
    await settled(taken);
    assert.ok(
      await taken() < size / 2,
      `${await taken()} bytes were taken from the client for a server that reads none`,
    );
    begin();
    assert.equal(await total, size);
    socket.destroy();
  });
});

/** Waits until a number has stayed the same for a while, above zero. */
async function settled(value: () => number | Promise<number>): Promise<void> {
  let last = -1;
  await eventually("the flow stops", async () => {
    const before = last;
    last = await value();
    await new Promise((resolve) => setTimeout(resolve, 150));
    return last > 0 && last === before;
  });
}

Deno.test("a local forward delivers every byte when the writer is slow", async () => {
  await using bed = await startBed();
  await using server = await serve(async (socket) => {
    for (let index = 0; index < 40; index++) {
      socket.write(`${index},`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    socket.end();
  });
  const { local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  assert.equal((await readAll(socket)).toString(), Array.from({ length: 40 }, (_, index) => `${index},`).join(""));
  socket.destroy();
});

Deno.test("a local forward breaks off at the server when the client resets", async () => {
  await using bed = await startBed();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  await using server = await serve((socket) => {
    socket.on("data", () => {}).once("close", () => resolve());
    const timer = setInterval(() => socket.write("tick"), 10);
    socket.once("close", () => clearInterval(timer));
  });
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  await readExactly(socket, 4);
  socket.resetAndDestroy();
  await over;
  assert.equal(server.open(), 0);
  await assertNothingLeft(bed, forward_id, local_port);
});

Deno.test("a local forward ends the client when the server resets", async () => {
  await using bed = await startBed();
  await using server = await serve((socket) => void socket.once("data", () => socket.resetAndDestroy()));
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  socket.write("x");
  await ending(socket);
  socket.end();
  await assertNothingLeft(bed, forward_id, local_port);
});

Deno.test("a local forward breaks the connection of a client that goes on writing when the server has reset", async () => {
  await using bed = await startBed();
  await using server = await serve((socket) => void socket.once("data", () => socket.resetAndDestroy()));
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  const { promise: broken, resolve } = Promise.withResolvers<string | undefined>();
  socket.once("error", (error: Error & { code?: string }) => resolve(error.code));
  const writing = setInterval(() => socket.write("tick"), 10);
  assert.match(`${await broken}`, /^(EPIPE|ECONNRESET)$/);
  clearInterval(writing);
  await assertNothingLeft(bed, forward_id, local_port);
});

Deno.test("a local forward reaches a Unix socket when remote_host is a path", async () => {
  await using bed = await startBed();
  await using dir = await tempDir();
  const path = `${dir.path}/a socket`;
  const server = net.createServer({ allowHalfOpen: true }, (socket) => void socket.pipe(socket));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  const { forward_id, local_port } = await bed.forward({ remote_host: path });
  const socket = await dial(local_port);
  socket.end("to a socket");
  assert.equal((await readAll(socket)).toString(), "to a socket");
  assert.equal((await bed.listing(forward_id)).target, path);
  await new Promise((resolve) => server.close(resolve));
});

Deno.test({
  name: "a local forward leaks nothing when 500 connections run in parallel and 500 one after the other",
  // A timer of a connection's that goes on running, for one.
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using bed = await startBed();
    await using echo = await serveEcho();
    const { forward_id, local_port } = await bed.forwardTo(echo.port);
    const ask = async (index: number): Promise<void> => {
      const socket = await dial(local_port);
      socket.end(`number ${index}`);
      assert.equal((await readAll(socket)).toString(), `number ${index}`);
    };
    await Promise.all(Array.from({ length: 500 }, (_, index) => ask(index)));
    for (let index = 0; index < 500; index++) await ask(index);
    await assertNothingLeft(bed, forward_id, local_port);
    const listing = await bed.listing(forward_id);
    assert.deepEqual([listing.connections_total, listing.connections_failed], [1000, 0]);
    assert.equal(echo.open(), 0);
  },
});

Deno.test("ssh_forward_port listens on IPv6 when bind_address asks for it, and warns of addresses others can reach", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const six = await bed.call("ssh_forward_port", {
    remote_port: echo.port,
    remote_host: "127.0.0.1",
    bind_address: "::1",
  });
  assert.equal(six.value.warning, undefined);
  assert.equal(six.value.listening, `[::1]:${six.value.local_port}`);
  const socket = net.connect({ host: "::1", port: six.value.local_port, allowHalfOpen: true });
  socket.end("over six");
  assert.equal((await readAll(socket)).toString(), "over six");
  const all = await bed.call("ssh_forward_port", { remote_port: echo.port, bind_address: "0.0.0.0" });
  assert.equal(all.value.warning, "other machines can reach this port");
});

Deno.test("ssh_forward_port warns when others can reach the address, however it is written", async () => {
  await using bed = await startBed();
  const warned = async (bind_address: string): Promise<boolean> =>
    (await bed.forward({ remote_port: 9, bind_address })).warning !== undefined;
  for (const own of ["localhost", "127.8.9.1", "[::1]", "0:0:0:0:0:0:0:1", "::ffff:127.0.0.1"]) {
    assert.equal(await warned(own), false, own);
  }
  for (const open of ["*", "0.0.0.0", "::", "0:0::0", "::ffff:0.0.0.0"]) assert.equal(await warned(open), true, open);
});
