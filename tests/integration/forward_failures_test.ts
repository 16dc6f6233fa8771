import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { eventually } from "../support/processes.ts";
import { freePort } from "../support/free_port.ts";
import {
  assertFree,
  channelsOf,
  dial,
  ending,
  noChannelsLeft,
  readAll,
  readExactly,
  serve,
  serveEcho,
  socketsWithPort,
  startBed,
} from "../support/forward_bed.ts";
import { MAX_CONNECTIONS } from "../../lib/ssh/forward/connections.ts";

Deno.test("a local forward closes the client at once and stays up when the far end refuses", async () => {
  const closed = freePort();
  await using bed = await startBed();
  const { forward_id, local_port } = await bed.forwardTo(closed);
  for (let attempt = 1; attempt <= 3; attempt++) {
    const socket = await dial(local_port);
    socket.write("anyone?");
    await ending(socket);
    const listing = await bed.listing(forward_id);
    assert.deepEqual([listing.state, listing.connections_now, listing.connections_failed], ["open", 0, attempt]);
    const words = `127.0.0.1:${closed}: the server could not connect, "Connection refused"`;
    assert.equal(listing.last_error, words);
  }
  // The tunnel is the same when something begins to listen.
  const listener = Deno.listen({ hostname: "127.0.0.1", port: closed });
  const socket = await dial(local_port);
  const accepted = await listener.accept();
  await accepted.write(new TextEncoder().encode("welcome"));
  assert.equal((await readExactly(socket, 7)).toString(), "welcome");
  socket.destroy();
  accepted.close();
  listener.close();
  await noChannelsLeft(bed.session);
});

for (
  const [what, config] of [
    ["AllowTcpForwarding is no", ["AllowTcpForwarding no"]],
    ["PermitOpen names another place", ["PermitOpen 127.0.0.1:1"]],
  ] as const
) {
  Deno.test(`a local forward says that the server forbids it when ${what}`, async () => {
    await using bed = await startBed({ config: [...config] });
    const { forward_id, local_port } = await bed.forwardTo(9);
    const socket = await dial(local_port);
    await ending(socket);
    assert.match((await bed.listing(forward_id)).last_error, /^127\.0\.0\.1:9: forbidden by the server/);
    assert.equal(channelsOf(bed.session), 0);
  });
}

Deno.test("a local forward says that the server may forbid it when a Unix socket cannot be reached", async () => {
  await using bed = await startBed({ config: ["AllowStreamLocalForwarding no"] });
  const { forward_id, local_port } = await bed.forward({ remote_host: "/run/x" });
  const socket = await dial(local_port);
  await ending(socket);
  assert.match((await bed.listing(forward_id)).last_error, /^\/run\/x: .*AllowStreamLocalForwarding/);
});

Deno.test("a local forward says which Unix socket could not be reached when there is none", async () => {
  await using bed = await startBed();
  const { forward_id, local_port } = await bed.forward({ remote_host: "/nowhere/at\nall" });
  const socket = await dial(local_port);
  await ending(socket);
  assert.match((await bed.listing(forward_id)).last_error, /^\/nowhere\/at\\nall: /);
});

Deno.test("ssh_forward_port fails at once and leaves nothing when the port is busy", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { isError, value } = await bed.call("ssh_forward_port", { remote_port: 80, local_port: echo.port });
  assert.equal(isError, true);
  assert.equal(value.error.code, "port_in_use");
  assert.equal(value.error.message, `127.0.0.1:${echo.port} is already in use on this machine`);
  assert.equal(value.error.hint, "choose another local_port, or 0 for a free one");
  assert.deepEqual((await bed.call("ssh_list_forwards")).value.forwards, []);
});

Deno.test("ssh_forward_port fails when bind_address is no address of this machine", async () => {
  await using bed = await startBed();
  const { value } = await bed.call("ssh_forward_port", { remote_port: 80, bind_address: "192.0.2.1" });
  assert.equal(value.error.code, "invalid_argument");
  assert.match(value.error.message, /^cannot listen on 192\.0\.2\.1:0 /);
});

const WRONG: [what: string, args: Record<string, unknown>, message: RegExp][] = [
  ["remote_port is missing", {}, /remote_port is missing: the port there to lead to/],
  ["remote_port is 0", { remote_port: 0 }, /remote_port is missing: the port there to lead to/],
  ["a remote forward has no remote_port", { direction: "remote", local_port: 1 }, /remote_port is missing: .*listen/],
  ["a remote forward has no local_port", { direction: "remote", remote_port: 1 }, /local_port is missing/],
  ["a port is too high", { remote_port: 65_536 }, /remote_port: must be 0 to 65535/],
  [
    "bind_address is a name",
    { remote_port: 1, bind_address: "example.org" },
    /bind_address "example\.org" is not an IP/,
  ],
  ["bind_address has a zone", { remote_port: 1, bind_address: "fe80::1%lo" }, /bind_address "fe80::1%lo" is not an IP/],
  [
    "remote_host is a path from here",
    { remote_host: "run/x" },
    /remote_host "run\/x" is no whole path of a Unix socket/,
  ],
  ["remote_host is a path from home", { remote_host: "~/x" }, /remote_host "~\/x" is no whole path of a Unix socket/],
  ["remote_host is a path too long", { remote_host: "/x".repeat(130) }, /remote_host ".*…" is no whole path/],
  ["remote_host has half its brackets", { remote_port: 1, remote_host: "[::1" }, /remote_host "\[::1" is no host name/],
  ["remote_host holds a port", { remote_port: 1, remote_host: "a.b:80" }, /remote_host "a\.b:80" is no host name/],
  ["remote_host is too long", { remote_port: 1, remote_host: "a".repeat(500) }, /remote_host "a+…" is no host name/],
  ["remote_host holds a space", { remote_port: 1, remote_host: "a b" }, /remote_host "a b" is no host name/],
  [
    "local_host holds a line break",
    { direction: "remote", remote_port: 1, local_port: 1, local_host: "a\n" },
    /local_host/,
  ],
];

Deno.test("ssh_forward_port says what is wrong when its arguments are", async (t) => {
  await using bed = await startBed();
  for (const [what, args, message] of WRONG) {
    await t.step(what, async () => {
      const { isError, value } = await bed.call("ssh_forward_port", args);
      assert.equal(isError, true);
      assert.equal(value.error.code, "invalid_argument");
      assert.match(value.error.message, message);
    });
  }
  const { value } = await bed.call("ssh_close_forward", { forward_id: "fwd-0" });
  assert.equal(value.error.code, "unknown_forward");
  assert.equal(value.error.message, 'this session has no forward "fwd-0"');
});

Deno.test("ssh_close_forward frees the port before it answers when connections are held", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { forward_id, local_port } = await bed.forwardTo(echo.port);
  const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(local_port)));
  for (const socket of sockets) {
    socket.write("held");
    await readExactly(socket, 4);
  }
  const endings = sockets.map(ending);
  const { value } = await bed.call("ssh_close_forward", { forward_id });
  assert.deepEqual(value, { forward_id, closed: true });
  await assertFree(local_port);
  assert.deepEqual(new Set(await Promise.all(endings)), new Set(["reset"]));
  await eventually("the server has no connection left", () => echo.open() === 0);
  await noChannelsLeft(bed.session);
  assert.deepEqual((await bed.call("ssh_list_forwards")).value.forwards, []);
});

Deno.test("a forward closes and is listed with the reason when sshd is killed with 100 connections open", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { forward_id, local_port } = await bed.forwardTo(echo.port);
  const remote = await bed.forwardHome(echo.port);
  const sockets = await Promise.all(Array.from({ length: 100 }, () => dial(local_port)));
  await Promise.all(sockets.map(async (socket) => {
    socket.write("held");
    await readExactly(socket, 4);
  }));
  assert.equal((await bed.listing(forward_id)).connections_now, 100);
  const endings = sockets.map(ending);
  await bed.sshd.kill();
  // Half an answer must not look like a whole one: all of them see a reset.
  assert.deepEqual(new Set(await Promise.all(endings)), new Set(["reset"]));
  for (const id of [forward_id, remote.forward_id]) {
    const listing = await bed.listing(id);
    assert.deepEqual([listing.state, listing.connections_now], ["closed", 0]);
    assert.match(listing.reason, /^the session's connection is gone/);
  }
  await assert.rejects(dial(local_port), { code: "ECONNREFUSED" });
  assert.deepEqual(await socketsWithPort(local_port), []);
  const { isError, value } = await bed.call("ssh_forward_port", { remote_port: 1 });
  assert.deepEqual([isError, value.error.code], [true, "session_dropped"]);
});

Deno.test("ssh_close_session closes every forward of the session and nobody else's", async () => {
  await using one = await startBed();
  await using other = await startBed();
  await using echo = await serveEcho();
  const first = await one.forwardTo(echo.port);
  const second = await other.forwardTo(echo.port);
  const socket = await dial(first.local_port);
  const over = ending(socket);
  await one.call("ssh_close_session");
  await over;
  await assert.rejects(dial(first.local_port), { code: "ECONNREFUSED" });
  const alive = await dial(second.local_port);
  alive.end("alive");
  assert.equal((await readAll(alive)).toString(), "alive");
  assert.equal((await other.call("ssh_list_forwards")).value.forwards.length, 1);
});

Deno.test("a forward refuses further connections and says so when it carries its most", async () => {
  await using bed = await startBed();
  await using silent = await serve(() => {});
  const { forward_id, local_port } = await bed.forwardTo(silent.port);
  const held = await Promise.all(Array.from({ length: MAX_CONNECTIONS }, () => dial(local_port)));
  await eventually("all are through", () => silent.open() === MAX_CONNECTIONS);
  assert.equal(await dial(local_port).then(ending, () => "reset"), "reset");
  const { last_error, connections_now } = await bed.listing(forward_id);
  assert.deepEqual([last_error, connections_now], ["1000 connections are open, which is the most", 1000]);
  held.pop()?.resetAndDestroy(); // a mere end would leave the way back open
  await eventually("a place is free", async () => (await bed.listing(forward_id)).connections_now === 999);
  const next = await dial(local_port);
  await eventually("it is taken", () => silent.open() === MAX_CONNECTIONS);
  for (const socket of [...held, next]) socket.resetAndDestroy();
  await noChannelsLeft(bed.session);
});

Deno.test("a local forward passes the whole upload on when the client leaves without waiting", async () => {
  await using bed = await startBed();
  const { promise: got, resolve } = Promise.withResolvers<number>();
  await using server = await serve((socket) => {
    socket.write("go on");
    readAll(socket).then((all) => resolve(all.length));
  });
  const { forward_id, local_port } = await bed.forwardTo(server.port);
  const socket = await dial(local_port);
  await readExactly(socket, 5);
  socket.resume().end(Buffer.alloc(8 << 20), () => socket.destroy());
  assert.equal(await got, 8 << 20);
  assert.equal((await bed.listing(forward_id)).bytes_to_remote, 8 << 20);
});
