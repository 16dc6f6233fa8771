import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { unansweredPort } from "../support/faulty_server.ts";
import { descendants, eventually } from "../support/processes.ts";
import { freePort } from "../support/free_port.ts";
import { runOk } from "../support/run.ts";
import {
  assertFree,
  dial,
  ending,
  noChannelsLeft,
  readAll,
  readExactly,
  serve,
  serveEcho,
  startBed,
} from "../support/forward_bed.ts";

Deno.test("a remote forward leads from the remote side to here when the server picks the port", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const answer = await bed.forwardHome(echo.port);
  const { remote_port, local_port, listening, forward_id } = answer;
  assert.equal(local_port, echo.port);
  assert.equal(listening, `127.0.0.1:${remote_port}`);
  // Reached from the remote side: another process of the machine that sshd runs on, with no connection to ours.
  const probe = `exec 3<>/dev/tcp/127.0.0.1/${remote_port}; echo from-afar >&3; read -r line <&3; echo "got $line"`;
  assert.equal(await runOk("/bin/bash", ["--norc", "-c", probe]), "got from-afar\n");
  await eventually("its connection is over", async () => (await bed.listing(forward_id)).connections_now === 0);
  await noChannelsLeft(bed.session);
  const listing = await bed.listing(forward_id);
  assert.deepEqual([listing.bytes_to_remote, listing.bytes_from_remote, listing.connections_total], [10, 10, 1]);
});

Deno.test("a remote forward carries both ways to the end when either side ends first", async () => {
  await using bed = await startBed();
  const big = randomBytes(3_000_000);
  await using server = await serve(async (socket) => {
    socket.end((await readAll(socket)).length === big.length ? big : "short");
  });
  const port = freePort();
  await bed.forward({ direction: "remote", remote_port: port, local_port: server.port });
  const answers = await Promise.all(Array.from({ length: 8 }, async () => {
    const socket = await dial(port);
    socket.end(big);
    return await readAll(socket);
  }));
  for (const answer of answers) assert.equal(answer.equals(big), true);
  await noChannelsLeft(bed.session);
});

Deno.test("a remote forward refuses the connection and counts it when nothing listens here", async () => {
  await using bed = await startBed();
  const nowhere = freePort();
  const forward = await bed.forwardHome(nowhere);
  const socket = await dial(forward.remote_port);
  await ending(socket);
  const listing = await bed.listing(forward.forward_id);
  assert.deepEqual([listing.state, listing.connections_failed, listing.connections_now], ["open", 1, 0]);
  assert.match(listing.last_error, /^127\.0\.0\.1:\d+: nothing accepts connections/);
});

Deno.test("a remote forward frees the remote port before it answers when closed, with connections held", async () => {
  await using bed = await startBed();
  await using echo = await serveEcho();
  const { value } = await bed.call("ssh_forward_port", { direction: "remote", remote_port: 0, local_port: echo.port });
  const sockets = await Promise.all(Array.from({ length: 5 }, () => dial(value.remote_port)));
  for (const socket of sockets) {
    socket.write("held");
    await readExactly(socket, 4);
  }
  const endings = sockets.map(ending);
  const serving = (await descendants(bed.sshd.pid)).map(({ pid }) => pid);
  assert.deepEqual((await bed.call("ssh_close_forward", { forward_id: value.forward_id })).isError, false);
  await assertFree(value.remote_port, serving);
  await Promise.all(endings);
  for (const socket of sockets) socket.destroy();
  await eventually("the server here is left", () => echo.open() === 0);
  await noChannelsLeft(bed.session);
  assert.equal(await bed.listing(value.forward_id), undefined);
});

Deno.test("ssh_forward_port fails with the reason when the server cannot or may not listen", async () => {
  await using bed = await startBed({ config: ["PermitListen 127.0.0.1:1234 127.0.0.1:" + freePort()] });
  const { isError, value } = await bed.call("ssh_forward_port", {
    direction: "remote",
    remote_port: freePort(),
    local_port: 80,
  });
  assert.equal(isError, true);
  assert.equal(value.error.code, "forward_refused");
  assert.match(value.error.message, /^the server refuses to listen on 127\.0\.0\.1:\d+$/);
  assert.match(value.error.hint, /PermitListen/);
  assert.deepEqual((await bed.call("ssh_list_forwards")).value.forwards, []);
});

Deno.test("a remote forward ends the connections it is still making when it is closed", async () => {
  await using bed = await startBed();
  await using nobody = await unansweredPort();
  const args = { direction: "remote", remote_port: 0, local_port: nobody.port };
  const { forward_id, remote_port } = await bed.forward(args);
  const socket = await dial(remote_port);
  await eventually("it is on its way", async () => (await bed.listing(forward_id)).connections_now === 1);
  const { forwards } = bed.session;
  const closed = forwards.closeForward(forward_id);
  assert.equal((await closed).connectionsNow, 0);
  assert.deepEqual([(await closed).connectionsFailed, (await closed).lastError], [0, undefined]);
  await noChannelsLeft(bed.session);
  await ending(socket);
  socket.destroy();
});

Deno.test("closeForward() resolves when the server has stopped listening when it is called twice at once", async () => {
  await using bed = await startBed();
  const { forward_id, remote_port } = await bed.forwardHome(9);
  const { forwards } = bed.session;
  const order: string[] = [];
  await Promise.all([
    forwards.closeForward(forward_id).then(() => order.push("first")),
    forwards.closeForward(forward_id).then(() => order.push("second")),
  ]);
  assert.deepEqual(order, ["first", "second"]);
  await assert.rejects(dial(remote_port), { code: "ECONNREFUSED" });
});

Deno.test("a remote forward listens on localhost by that name when asked, as ssh -R does", async () => {
  await using bed = await startBed({ config: ["PermitListen localhost:*"] });
  await using echo = await serveEcho();
  const args = { direction: "remote", remote_port: 0, local_port: echo.port, bind_address: "localhost" };
  const { remote_port, listening, warning } = await bed.forward(args);
  assert.deepEqual([listening, warning], [`localhost:${remote_port}`, undefined]);
  const socket = await dial(remote_port);
  socket.end("by name");
  assert.equal((await readAll(socket)).toString(), "by name");
});
