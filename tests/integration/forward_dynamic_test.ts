import assert from "node:assert/strict";
import http from "node:http";
import type net from "node:net";
import { ensureProgram, run } from "../support/run.ts";
import { eventually } from "../support/processes.ts";
import { freePort } from "../support/free_port.ts";
import {
  dial,
  ending,
  hostileBed,
  noChannelsLeft,
  readAll,
  readExactly,
  serveEcho,
  startBed,
} from "../support/forward_bed.ts";
import { carryBySocks } from "../../lib/ssh/forward/outgoing.ts";
import { Connections } from "../../lib/ssh/forward/connections.ts";
import { Uplink } from "../../lib/ssh/forward/uplink.ts";
import { Listener } from "../../lib/ssh/forward/listener.ts";

async function serveHttp(): Promise<{ port: number; close: () => Promise<unknown> }> {
  const server = http.createServer((request, response) => response.end(`host ${request.headers.host}`));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as net.AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}

Deno.test("a dynamic forward serves curl when it speaks SOCKS 5, 5 with names, 4 and 4a", async () => {
  await ensureProgram("curl");
  await using bed = await startBed();
  const server = await serveHttp();
  const { forward_id, local_port } = await bed.forward({ direction: "dynamic" });
  const proxy = `127.0.0.1:${local_port}`;
  const ways: [option: string, host: string][] = [
    ["--socks5-hostname", "localhost"],
    ["--socks5-hostname", "127.0.0.1"],
    ["--socks5", "127.0.0.1"],
    ["--socks4", "127.0.0.1"],
    ["--socks4a", "localhost"],
  ];
  for (const [option, host] of ways) {
    const args = ["-sS", "--noproxy", "", "--max-time", "60", option, proxy, `http://${host}:${server.port}/`];
    assert.deepEqual(await run("curl", args), { code: 0, stdout: `host ${host}:${server.port}`, stderr: "" }, option);
  }
  await server.close();
  await noChannelsLeft(bed.session);
  const { connections_total, connections_failed, target } = await bed.listing(forward_id);
  assert.deepEqual([connections_total, connections_failed, target], [ways.length, 0, undefined]);
});

Deno.test("a forward leaves it to the far end to look up a name, in SOCKS 5, SOCKS 4a or as remote_host", async () => {
  const asked: string[] = [];
  await using bed = await hostileBed((connection) => {
    connection.on("tcpip", (_accept, reject, { destIP, destPort }) => {
      asked.push(`${destIP}:${destPort}`);
      reject();
    });
  });
  const dynamic = await bed.forward({ direction: "dynamic" });
  const name = [...new TextEncoder().encode("known.only.there.invalid")];
  for (
    const request of [[5, 1, 0, 5, 1, 0, 3, name.length, ...name, 0, 80], [4, 1, 0, 81, 0, 0, 0, 1, 0, ...name, 0]]
  ) {
    const socket = await dial(dynamic.local_port);
    socket.end(Uint8Array.from(request));
    await readAll(socket);
  }
  const { local_port } = await bed.forward({ remote_host: "known.only.there.invalid", remote_port: 82 });
  await ending(await dial(local_port));
  assert.deepEqual(asked, [80, 81, 82].map((port) => `known.only.there.invalid:${port}`));
});

Deno.test("a dynamic forward reaches an IPv6 address when the client gives one in binary", async () => {
  await using bed = await startBed();
  await using echo = await serveEchoOn("::1");
  const { local_port } = await bed.forward({ direction: "dynamic" });
  const socket = await dial(local_port);
  socket.write(Uint8Array.of(5, 1, 0));
  assert.deepEqual([...await readExactly(socket, 2)], [5, 0]);
  socket.write(Uint8Array.of(5, 1, 0, 4, ...new Array(15).fill(0), 1, echo.port >> 8, echo.port & 255));
  assert.deepEqual([...await readExactly(socket, 10)], [5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  socket.end("six");
  assert.equal((await readAll(socket)).toString(), "six");
});

async function serveEchoOn(host: string) {
  const { serve } = await import("../support/forward_bed.ts");
  return await serve((socket) => void socket.pipe(socket), host);
}

Deno.test("a dynamic forward passes on what the client sends before it is answered", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { local_port } = await bed.forward({ direction: "dynamic" });
  const socket = await dial(local_port);
  const request = [5, 1, 0, 1, 127, 0, 0, 1, echo.port >> 8, echo.port & 255];
  socket.end(Uint8Array.of(5, 1, 0, ...request, ...new TextEncoder().encode("impatient")));
  const answer = await readAll(socket);
  assert.deepEqual([...answer.subarray(0, 12)], [5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  assert.equal(answer.subarray(12).toString(), "impatient");
});

Deno.test("a dynamic forward answers with the reply code of the reason when the far end refuses", async () => {
  await using bed = await startBed({
    config: ["PermitOpen 127.0.0.1:1 localhost:* *.invalid:80 no-such-host.invalid:80"],
  });
  const { forward_id, local_port } = await bed.forward({ direction: "dynamic" });
  const replyTo = async (request: number[]): Promise<number | undefined> => {
    const socket = await dial(local_port);
    socket.write(Uint8Array.of(5, 1, 0, ...request));
    const answer = await readAll(socket);
    socket.destroy();
    return answer[3];
  };
  const named = (name: string, port: number): number[] => {
    return [5, 1, 0, 3, name.length, ...new TextEncoder().encode(name), port >> 8, port & 255];
  };
  assert.equal(await replyTo([5, 1, 0, 1, 127, 0, 0, 1, 0, 1]), 5, "nothing listens");
  assert.match((await bed.listing(forward_id)).last_error, /^127\.0\.0\.1:1: .*Connection refused/);
  assert.equal(await replyTo([5, 1, 0, 1, 127, 0, 0, 1, 0, 2]), 2, "not permitted");
  assert.match((await bed.listing(forward_id)).last_error, /^127\.0\.0\.1:2: forbidden by the server/);
  assert.equal(await replyTo(named("no-such-host.invalid", 80)), 4, "unknown name");
  assert.equal(await replyTo([5, 2, 0, 1, 127, 0, 0, 1, 0, 1]), 7, "BIND");
  const listing = await bed.listing(forward_id);
  assert.deepEqual([listing.state, listing.connections_total, listing.connections_failed], ["open", 4, 4]);
});

Deno.test("a dynamic forward closes at once and says why when the client does not speak SOCKS", async () => {
  await using bed = await startBed();
  const { forward_id, local_port } = await bed.forward({ direction: "dynamic" });
  const socket = await dial(local_port);
  socket.write("GET / HTTP/1.1\r\n\r\n");
  assert.equal((await readAll(socket)).length, 0);
  socket.end();
  const { last_error } = await bed.listing(forward_id);
  assert.equal(last_error, "the client does not speak SOCKS (its first byte is 0x47)");
  await eventually("its place is free", async () => (await bed.listing(forward_id)).connections_now === 0);
});

Deno.test("carryBySocks() ends the connection at the limit when a client dawdles, and frees its place", async () => {
  await using bed = await startBed();
  const connections = new Connections();
  const carrier = {
    connection: bed.session.connection,
    connections,
    uplink: new Uplink(bed.session.connection.client),
  };
  const listener = await Listener.open(
    { host: "127.0.0.1", port: freePort() },
    (socket) => carryBySocks(socket, carrier, 200),
    (error) => connections.note(error.message),
  );
  const socket = await dial(listener.port);
  const over = ending(socket);
  for (const byte of [5, 1, 0, 5]) {
    socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.equal(await over, "end");
  socket.end();
  await eventually("its place is free", () => connections.traffic.connectionsNow === 0);
  assert.equal(connections.traffic.lastError, "no SOCKS request within 0.2 s");
  listener.close();
});

Deno.test("a dynamic forward counts no failure when it ends with its connection while clients negotiate", async () => {
  await using bed = await startBed();
  const { forward_id, local_port } = await bed.forward({ direction: "dynamic" });
  const socket = await dial(local_port);
  socket.write(Uint8Array.of(5));
  await eventually("it negotiates", async () => (await bed.listing(forward_id)).connections_now === 1);
  const over = ending(socket);
  await bed.sshd.kill();
  assert.equal(await over, "reset");
  const { state, connections_now, connections_failed, last_error } = await bed.listing(forward_id);
  assert.deepEqual([state, connections_now, connections_failed, last_error], ["closed", 0, 0, undefined]);
});
