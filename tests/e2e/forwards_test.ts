/** Tunnels of the real program, seen from outside: its descriptors, its sockets and its memory. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { dial, readAll, readExactly, serve, serveEcho, socketsWithPort } from "../support/forward_bed.ts";
import { eventually } from "../support/processes.ts";
import { Program } from "../support/program.ts";
import { ensureProgram, runOk } from "../support/run.ts";
import { startSshd } from "../support/sshd.ts";

interface Listing {
  connections_now: number;
  connections_total: number;
  connections_failed: number;
  bytes_to_remote: number;
  bytes_from_remote: number;
}

/** The program with one session, in which `port` is forwarded. */
async function forwarding(port: number) {
  const sshd = await startSshd();
  const program = await Program.start({ permissions: ["--allow-net", `--allow-read=${sshd.dir}`] });
  const { host, user: username, clientKeyPath: key_path } = sshd;
  const { session_id } = await program.ok("ssh_connect", { host, port: sshd.port, username, key_path });
  const forward = { session_id, remote_port: port, remote_host: "127.0.0.1" };
  const { local_port } = await program.ok("ssh_forward_port", forward);
  const pid = program.transport.pid ?? 0;
  const listing = async (): Promise<Listing> => (await program.ok("ssh_list_forwards")).forwards[0];
  return {
    pid,
    local_port,
    listing,
    descriptors: () => [...Deno.readDirSync(`/proc/${pid}/fd`)].length,
    /** Nothing but the listening socket is left of all connections. */
    async idle() {
      await eventually("no connection is left", async () => (await listing()).connections_now === 0);
      await eventually("no socket is left", async () => (await socketsWithPort(local_port, pid)).length === 1);
    },
    async [Symbol.asyncDispose]() {
      await program[Symbol.asyncDispose]();
      await sshd[Symbol.asyncDispose]();
    },
  };
}

/** Sends `text` and its end, and gives all that comes back. */
async function ask(port: number, text: string): Promise<string> {
  const socket = await dial(port);
  socket.end(text);
  return (await readAll(socket)).toString();
}

/** A line of /proc/PID/status, in MB. */
async function memory(pid: number, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(status)?.[1]) / 1024;
}

Deno.test("a forward accepts connections again when the program had run out of descriptors", async () => {
  await ensureProgram("prlimit", "util-linux");
  await using echo = await serveEcho();
  await using tunnel = await forwarding(echo.port);
  const limit = tunnel.descriptors() + 20;
  await runOk("prlimit", [`--pid=${tunnel.pid}`, `--nofile=${limit}:${limit}`]);
  const sockets = await Promise.all(Array.from({ length: 40 }, () => dial(tunnel.local_port)));
  await eventually("the program has no descriptor left", () => tunnel.descriptors() >= limit - 2);
  for (const socket of sockets) socket.destroy();
  await eventually("they are free again", () => tunnel.descriptors() < limit - 15);
  let bound: ReturnType<typeof setTimeout> | undefined;
  const answer = await Promise.race([
    ask(tunnel.local_port, "anyone?"),
    new Promise((resolve) => bound = setTimeout(() => resolve("nobody"), 60_000)),
  ]);
  clearTimeout(bound);
  assert.equal(answer, "anyone?");
});

Deno.test("a forward leaves nothing behind when 10,000 connections come one after the other and 500 at a time", async () => {
  await using echo = await serveEcho();
  await using tunnel = await forwarding(echo.port);
  const before = tunnel.descriptors();
  const askAll = (numbers: number[]): Promise<void[]> =>
    Promise.all(numbers.map(async (number) => {
      assert.equal(await ask(tunnel.local_port, `number ${number}`), `number ${number}`);
    }));
  for (let number = 0; number < 10_000; number++) await askAll([number]);
  await askAll(Array.from({ length: 500 }, (_, number) => number));
  await tunnel.idle();
  const { connections_total, connections_failed } = await tunnel.listing();
  assert.deepEqual([connections_total, connections_failed], [10_500, 0]);
  await eventually("every descriptor is free", () => tunnel.descriptors() <= before);
  assert.equal(echo.open(), 0);
});

Deno.test("a forward carries 1 GB there and back with nothing lost, reordered or counted wrongly", async () => {
  await using echo = await serveEcho();
  await using tunnel = await forwarding(echo.port);
  const socket = await dial(tunnel.local_port);
  const sent = createHash("sha256");
  const back = createHash("sha256");
  socket.on("data", (chunk) => back.update(chunk));
  const ended = new Promise((resolve) => socket.once("end", resolve));
  const block = randomBytes(1 << 20);
  for (let index = 0; index < 1024; index++) {
    block.writeUInt32BE(index);
    sent.update(block);
    if (!socket.write(Buffer.from(block))) await new Promise((resolve) => socket.once("drain", resolve));
  }
  socket.end();
  await ended;
  assert.equal(back.digest("hex"), sent.digest("hex"));
  await tunnel.idle();
  const { bytes_to_remote, bytes_from_remote } = await tunnel.listing();
  assert.deepEqual([bytes_to_remote, bytes_from_remote], [1 << 30, 1 << 30]);
});

Deno.test("a forward keeps the program small when 1 GB waits for clients that do not read, and delivers it", async () => {
  const clients = 10;
  await using server = await serve(async (socket) => {
    const block = Buffer.alloc(1 << 20, 7);
    for (let index = 0; index < 1024 / clients && socket.writable; index++) {
      if (!socket.write(block)) await new Promise((resolve) => socket.once("drain", resolve).once("close", resolve));
    }
    socket.end();
  });
  await using tunnel = await forwarding(server.port);
  const before = await memory(tunnel.pid, "VmHWM");
  const sockets = await Promise.all(Array.from({ length: clients }, () => dial(tunnel.local_port)));
  for (const socket of sockets) await readExactly(socket, 1);
  let last = -1;
  await eventually("nothing flows any more", async () => {
    const before = last;
    last = (await tunnel.listing()).bytes_from_remote;
    await new Promise((resolve) => setTimeout(resolve, 300));
    return last === before;
  });
  const grown = await memory(tunnel.pid, "VmHWM") - before;
  assert.ok(grown < 150, `${clients} clients that do not read made the program ${grown} MB larger`);
  for (const socket of sockets) {
    let bytes = 1;
    const ended = new Promise((resolve) => socket.once("end", resolve));
    socket.on("data", (chunk) => bytes += chunk.length).resume();
    await ended;
    assert.equal(bytes, Math.ceil(1024 / clients) << 20);
    socket.end();
  }
  await tunnel.idle();
});

Deno.test("a forward takes less than 50 KB of the program's memory for each idle connection", async () => {
  await using echo = await serveEcho();
  await using tunnel = await forwarding(echo.port);
  const hold = async (count: number) => {
    const sockets = await Promise.all(Array.from({ length: count }, () => dial(tunnel.local_port)));
    for (const socket of sockets) {
      socket.write("x");
      await readExactly(socket, 1);
    }
    return sockets;
  };
  for (const socket of await hold(200)) socket.resetAndDestroy(); // the code is compiled and the heap has grown
  await tunnel.idle();
  const before = await memory(tunnel.pid, "VmRSS");
  const sockets = await hold(900);
  const each = (await memory(tunnel.pid, "VmRSS") - before) * 1024 / sockets.length;
  assert.ok(each < 50, `${each} KB for each connection`);
  for (const socket of sockets) socket.resetAndDestroy();
  await tunnel.idle();
});
