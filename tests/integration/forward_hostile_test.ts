/** Port forwards when the SSH server lies, sends what nobody asked for, or stops answering. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
// @ts-types="npm:@types/ssh2@1.15.6"
import type ssh2 from "ssh2";
import {
  type Bed,
  channelsOf,
  dial,
  hostileBed,
  noChannelsLeft,
  readExactly,
  serve,
  serveEcho,
} from "../support/forward_bed.ts";
import { MAX_CONNECTIONS } from "../../lib/ssh/forward/connections.ts";
import type { Session } from "../../lib/ssh/session.ts";
import { socketOf } from "../support/hostile_ssh_server.ts";
import { eventually } from "../support/processes.ts";

/** A session on a server that answers requests to listen with `answer`, which gets their turn from 0 on. */
async function grantingBed(
  answer: (accept: (port?: number) => void, turn: number) => void,
): Promise<{ bed: Bed; connection: () => ssh2.Connection }> {
  let connection: ssh2.Connection | undefined;
  let turn = 0;
  const bed = await hostileBed((incoming) => {
    connection = incoming;
    incoming.on("request", (accept, reject, name) => {
      if (name === "tcpip-forward") answer(accept as (port?: number) => void, turn++);
      else if (name === "cancel-tcpip-forward") reject?.(); // and means to go on
    });
  });
  return { bed, connection: () => connection as ssh2.Connection };
}

/** Opens a channel towards the client, as for a connection to `host` and `port` there; gives the refusal, if it is one. */
function passOn(
  connection: ssh2.Connection,
  [host, port]: [host: string, port: number],
  originator = "192.0.2.1",
): Promise<{ refusal?: { reason?: number }; channel?: ssh2.ServerChannel }> {
  return new Promise((resolve) => {
    connection.forwardOut(host, port, originator, 4_000_000_000, (refusal, channel) => {
      resolve(refusal === undefined ? { channel } : { refusal: refusal as { reason?: number } });
    });
  });
}

for (
  const [what, port] of [["names no port", undefined], ["names port 0", 0], ["names port 70000", 70_000]] as const
) {
  Deno.test(`a remote forward on any free port fails when the server grants it and ${what}`, async () => {
    const { bed } = await grantingBed((accept) => accept(port));
    await using _ = bed;
    const { value } = await bed.call("ssh_forward_port", { direction: "remote", remote_port: 0, local_port: 80 });
    assert.equal(value.error?.code, "forward_refused");
    assert.equal(value.error.message, "the server listens on 127.0.0.1, and does not say on which port");
    assert.deepEqual((await bed.call("ssh_list_forwards")).value.forwards, []);
  });
}

Deno.test("a remote forward fails and leaves the other alone when the server grants the same port twice", async () => {
  const { bed, connection } = await grantingBed((accept) => accept(4711));
  await using _ = bed;
  await using echo = await serveEcho();
  const args = { direction: "remote", remote_port: 0, local_port: echo.port };
  await bed.forward(args);
  const { value } = await bed.call("ssh_forward_port", { ...args, local_port: 9 });
  assert.equal(value.error?.code, "forward_refused");
  assert.equal(value.error.message, "the server grants port 4711 of 127.0.0.1 to a second forward");
  const { channel } = await passOn(connection(), ["127.0.0.1", 4711]);
  assert.equal(await echoed(channel), "echo");
});

Deno.test("a session refuses channels for connections when it has not asked to listen there, or not any more", async () => {
  const { bed, connection } = await grantingBed((accept) => accept(4712));
  await using _ = bed;
  await using echo = await serveEcho();
  const refused = async (host: string, port: number): Promise<void> => {
    const { refusal } = await passOn(connection(), [host, port]);
    assert.ok(refusal !== undefined, `a channel for ${host} port ${port} was taken`);
    assert.equal(channelsOf(bed.session), 0);
  };
  await refused("127.0.0.1", echo.port);
  const { forward_id } = await bed.forwardHome(echo.port);
  await refused("127.0.0.1", 4713);
  await refused("0.0.0.0", 4712);
  await refused("", 4712);
  await refused("__proto__", 4712);
  await bed.call("ssh_close_forward", { forward_id });
  await refused("127.0.0.1", 4712);
  assert.equal(echo.open(), 0);
});

Deno.test("ssh_close_forward says so when the server does not confirm that it has stopped listening", async () => {
  let connection: ssh2.Connection | undefined;
  await using bed = await hostileBed((incoming) => {
    connection = incoming;
    incoming.on("request", (accept, _refuse, name) => {
      if (name === "tcpip-forward") accept?.();
    });
  });
  const { forward_id } = await bed.forward({ direction: "remote", remote_port: 4716, local_port: 9 });
  const { isError, value } = await bed.call("ssh_close_forward", { forward_id });
  assert.equal(isError, true);
  assert.equal(value.error.code, "timed_out");
  assert.equal(
    value.error.message,
    "the server did not confirm within 5 s that it no longer listens on 127.0.0.1:4716",
  );
  assert.equal(value.error.hint, "nothing that it sends is accepted; ssh_close_session ends its listening for certain");
  const { refusal } = await passOn(connection as ssh2.Connection, ["127.0.0.1", 4716]);
  assert.ok(refusal !== undefined);
  assert.deepEqual((await bed.call("ssh_list_forwards")).value.forwards, []);
});

Deno.test("a remote forward carries a connection when its originator is a hostile text", async () => {
  const { bed, connection } = await grantingBed((accept) => accept(4714));
  await using _ = bed;
  await using echo = await serveEcho();
  const { forward_id } = await bed.forwardHome(echo.port);
  for (const originator of ["", "\x1b]0;owned\x07\n\u202e", "x".repeat(30_000)]) {
    const { channel } = await passOn(connection(), ["127.0.0.1", 4714], originator);
    assert.equal(await echoed(channel), "echo");
  }
  await noChannelsLeft(bed.session);
  const { connections_total, connections_failed, ...rest } = await bed.listing(forward_id);
  assert.deepEqual([connections_total, connections_failed], [3, 0]);
  assert.doesNotMatch(JSON.stringify(rest), /owned|xxx/);
});

Deno.test("a remote forward connects to no more than it carries when the server sends a flood", async () => {
  const { bed, connection } = await grantingBed((accept) => accept(4715));
  await using _ = bed;
  let accepted = 0;
  await using server = await serve(() => accepted++);
  const { forward_id } = await bed.forwardHome(server.port);
  const floods = Array.from({ length: MAX_CONNECTIONS + 200 }, () => passOn(connection(), ["127.0.0.1", 4715]));
  const refusals = (await Promise.all(floods)).filter(({ refusal }) => refusal !== undefined);
  assert.equal(refusals.length, 200);
  const { connections_now, last_error } = await bed.listing(forward_id);
  assert.deepEqual([connections_now, last_error], [1000, "1000 connections are open, which is the most"]);
  await eventually("all are through", () => accepted >= MAX_CONNECTIONS);
  assert.equal(accepted, MAX_CONNECTIONS);
  await bed.call("ssh_close_forward", { forward_id });
  await eventually("the server here is left", () => server.open() === 0);
});

Deno.test("local forwards take little from their clients when the server never ends a key exchange", async () => {
  let connection: ssh2.Connection | undefined;
  await using bed = await hostileBed((incoming) => {
    connection = incoming;
    incoming.on("tcpip", (accept) => {
      const channel = accept();
      channel.on("data", (chunk: Buffer) => channel.write(chunk));
    });
  });
  const { forward_id, local_port } = await bed.forward({ remote_port: 9 });
  const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(local_port)));
  for (const socket of sockets) {
    socket.write("x");
    await readExactly(socket, 1);
  }
  beginKeyExchange(connection as ssh2.Connection);
  await eventually("the client answers it", () => inKeyExchange(bed.session));
  for (const socket of sockets) socket.write(Buffer.alloc(4 << 20, 7));
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { bytes_to_remote } = await bed.listing(forward_id);
  assert.ok(bytes_to_remote < 8 << 20, `${bytes_to_remote} bytes wait for the end of the key exchange`);
  for (const socket of sockets) socket.destroy();
});

Deno.test("a local forward goes on when the server sends what only commands have, an error stream", async () => {
  const chunk = Buffer.alloc(30_000, 1);
  await using bed = await hostileBed((incoming) => {
    incoming.on("tcpip", (accept) => {
      const channel = accept();
      channel.on("data", (data: Buffer) => {
        // More of it than a window holds.
        const { outgoing } = channel as unknown as { outgoing: { id: number } };
        const { _protocol } = incoming as unknown as {
          _protocol: { channelExtData(id: number, data: Buffer, type: number): void };
        };
        for (let sent = 0; sent < 1_500_000; sent += chunk.length) _protocol.channelExtData(outgoing.id, chunk, 1);
        channel.write(data);
      });
    });
  });
  const { local_port } = await bed.forward({ remote_port: 9 });
  const socket = await dial(local_port);
  for (const letter of ["a", "b", "c"]) {
    socket.write(letter);
    assert.equal((await readExactly(socket, 1)).toString(), letter);
  }
  socket.destroy();
});

/** Announces a key exchange and hears nothing any more (ssh2 1.17, lib/protocol/Protocol.js). */
function beginKeyExchange(connection: ssh2.Connection): void {
  socketOf(connection).pause();
  (connection as unknown as { _protocol: { rekey(): void } })._protocol.rekey();
}

function inKeyExchange(session: Session): boolean {
  const client = session.connection.client as unknown as { _protocol: { _kexinit?: unknown } };
  return client._protocol._kexinit !== undefined;
}

/** What comes back for "echo" on a channel, which is closed then. */
async function echoed(channel: ssh2.ServerChannel | undefined): Promise<string> {
  assert.ok(channel !== undefined, "the channel was refused");
  channel.write("echo");
  const answer = await new Promise<Buffer>((resolve) => channel.once("data", resolve));
  channel.end();
  return answer.toString();
}
