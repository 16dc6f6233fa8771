import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { PacketOpener, PacketSealer } from "../../lib/ssh/cipher/packet_ciphers.ts";
import { PacketKernel } from "../../lib/ssh/cipher/packet_kernel.ts";
import { DirectChannel } from "../../lib/ssh/channels/direct_channel.ts";
import type { Channel } from "../../lib/ssh/ssh2.ts";
import { ConnectionLine } from "../../lib/ssh/transport/tcp_line.ts";
import { TcpStream } from "../../lib/ssh/transport/tcp_stream.ts";

const WINDOW = 2 * 1024 * 1024;

/** A client of ssh2 that notes what is sent, with one channel on it. */
function fakeClient(given: { window?: number; packetSize?: number } = {}) {
  const sent: string[] = [];
  const heard: string[] = [];
  const channels = new Map<number, unknown>();
  const onPayload = (payload: Buffer): undefined => void heard.push(`payload ${payload.toString("latin1")}`);
  const client = {
    _sock: undefined as TcpStream | undefined,
    _chanMgr: {
      get: (id: number): unknown => channels.get(id),
      update: (id: number, channel: unknown): void => void channels.set(id, channel),
    },
    _protocol: {
      _kexinit: undefined as unknown,
      _cipher: undefined as unknown,
      _onPayload: onPayload,
      channelData: (id: number, data: Buffer): void => void sent.push(`${id} ${data.toString("latin1")}`),
      channelWindowAdjust: (id: number, bytes: number): void => void sent.push(`${id} allows ${bytes}`),
      channelEOF: (id: number): void => void sent.push(`${id} end`),
      channelClose: (id: number): void => void sent.push(`${id} close`),
    },
  };
  const incoming = { id: 3, window: WINDOW, packetSize: 32 * 1024, state: "open" };
  const outgoing = { id: 7, window: given.window ?? WINDOW, packetSize: given.packetSize ?? 32 * 1024, state: "open" };
  const channel = new DirectChannel(
    { type: "direct-tcpip", incoming, outgoing, _client: client } as unknown as Channel,
    {
      onData: (bytes) => heard.push(Buffer.from(bytes).toString("latin1")),
      onEnd: () => heard.push("end"),
      onSent: () => heard.push("sent"),
      onClose: (broken) => heard.push(broken ? "broken" : "close"),
    },
  );
  /** As ssh2 does with SSH_MSG_CHANNEL_WINDOW_ADJUST. */
  const widen = (bytes: number): void => {
    channel.outgoing.window += bytes;
    if (!channel._waitWindow) return;
    channel._waitWindow = false;
    channel._chunkcb();
  };
  return { client, channels, channel, sent, heard, widen };
}

Deno.test("DirectChannel takes the place of ssh2's channel", () => {
  const { channel, channels } = fakeClient();
  assert.equal(channels.get(3), channel);
  assert.equal(channel.type, "direct-tcpip");
});

Deno.test("DirectChannel.send() cuts packets to the size that the server takes", () => {
  const { channel, sent } = fakeClient({ packetSize: 4 });
  assert.equal(channel.send(Buffer.from("0123456789")), true);
  assert.deepEqual(sent, ["7 0123", "7 4567", "7 89"]);
});

Deno.test("DirectChannel.send() ends when a server says that it takes packets of no size", () => {
  const { channel, sent } = fakeClient({ packetSize: 0 });
  assert.equal(channel.send(Buffer.from("ab")), true);
  assert.deepEqual(sent, ["7 a", "7 b"]);
});

Deno.test("DirectChannel.send() keeps a copy of what the window has no room for when the caller's memory changes", () => {
  const { channel, sent, heard, widen } = fakeClient({ window: 4 });
  const bytes = Buffer.from("0123456789");
  assert.equal(channel.send(bytes), false);
  bytes.fill("x");
  assert.deepEqual([sent, heard], [["7 0123"], []]);
  widen(2);
  assert.deepEqual([sent, heard], [["7 0123", "7 45"], []]);
  widen(100);
  assert.deepEqual([sent, heard], [["7 0123", "7 45", "7 6789"], ["sent"]]);
  assert.equal(channel.outgoing.window, 96);
});

Deno.test("DirectChannel.end() and closeAfterAll() wait for what the window has no room for", () => {
  const ending = fakeClient({ window: 1 });
  ending.channel.send(Buffer.from("ab"));
  ending.channel.end();
  assert.deepEqual(ending.sent, ["7 a"]);
  ending.widen(10);
  assert.deepEqual(ending.sent, ["7 a", "7 b", "7 end"]);
  const closing = fakeClient({ window: 1 });
  closing.channel.send(Buffer.from("ab"));
  closing.channel.end();
  closing.channel.closeAfterAll();
  closing.widen(10);
  assert.deepEqual([closing.sent, closing.heard], [["7 a", "7 b", "7 end", "7 close"], []]);
});

Deno.test("DirectChannel.close() forgets what waits, and closes once", () => {
  const { channel, sent, widen } = fakeClient({ window: 1 });
  channel.send(Buffer.from("ab"));
  channel.close();
  channel.close();
  widen(10);
  assert.equal(channel.send(Buffer.from("more")), true);
  assert.deepEqual(sent, ["7 a", "7 close"]);
});

Deno.test("DirectChannel allows more when half of the window is used, but not while it is held", () => {
  const { channel, sent } = fakeClient();
  const quarter = Buffer.alloc(WINDOW / 4);
  channel.take(quarter);
  assert.deepEqual(sent, []);
  channel.take(quarter);
  assert.deepEqual(sent, [`7 allows ${WINDOW / 2}`]);
  channel.hold();
  for (let round = 0; round < 4; round++) channel.take(quarter);
  assert.equal(sent.length, 1);
  channel.release();
  assert.deepEqual(sent.slice(1), [`7 allows ${WINDOW}`]);
});

Deno.test("DirectChannel goes on allowing when nobody listens any more, so that the far end can end", () => {
  const { channel, sent, heard } = fakeClient({ window: 0 });
  channel.send(Buffer.from("waits"));
  channel.closeAfterAll();
  channel.take(Buffer.alloc(WINDOW));
  assert.deepEqual([sent, heard], [[`7 allows ${WINDOW}`], []]);
});

Deno.test("DirectChannel breaks off when a server sends more than it may", () => {
  const { channel, sent, heard } = fakeClient();
  channel.hold();
  channel.take(Buffer.alloc(WINDOW - 1));
  heard.length = 0;
  channel.take(Buffer.from("no"));
  channel.take(Buffer.from("!"));
  assert.deepEqual([sent, heard], [["7 close"], ["broken"]]);
});

Deno.test("DirectChannel tells of an end once, and of a close with its connection as broken", () => {
  const regular = fakeClient();
  regular.channel.incoming.state = "eof";
  regular.channel.push(null);
  assert.equal(regular.channel.readable, false);
  regular.channel.incoming.state = regular.channel.outgoing.state = "closed";
  regular.channel.emit("close");
  assert.deepEqual(regular.heard, ["end", "close"]);
  const lost = fakeClient();
  lost.channel.incoming.state = "closed";
  lost.channel.push(null);
  lost.channel.emit("close");
  assert.deepEqual(lost.heard, ["broken"]);
});

Deno.test("DirectChannel is shown its data where the packet was decrypted, and ssh2 all else", async () => {
  const { client, channel, heard, channels } = fakeClient();
  const kernel = PacketKernel.load() as PacketKernel;
  const keys = randomBytes(64);
  const wire: Uint8Array[] = [];
  const connection = {
    read: () => new Promise<null>(() => {}),
    write: (bytes: Uint8Array) => (wire.push(bytes.slice()), Promise.resolve(bytes.length)),
    closeWrite: () => Promise.resolve(),
    close: () => {},
  };
  client._sock = new TcpStream(new ConnectionLine(connection));
  client._protocol._cipher = new PacketSealer(kernel, { seqno: 0, cipherKey: keys, onWrite: () => {} });
  const opener = new PacketOpener(kernel, { seqno: 0, decipherKey: keys, onPayload: client._protocol._onPayload });
  channels.set(7, channel); // what is sent comes back, under the number of the other side
  channel.send(Buffer.from("one"));
  channel.send(Buffer.alloc(40_000, "2"));
  channels.set(8, "no channel of this kind");
  channel.outgoing.id = 8;
  channel.send(Buffer.from("three"));
  await new Promise((resolve) => client._sock?.write(new Uint8Array(0), resolve));
  assert.equal(wire.length, 1);
  const bytes = wire[0] as Uint8Array;
  assert.equal(opener.decrypt(bytes, 0, bytes.length), undefined);
  const big = Buffer.alloc(40_000, "2").toString();
  const rest = "payload \x5e\0\0\0\x08\0\0\0\x05three";
  assert.deepEqual(heard, ["one", big.slice(0, 32 * 1024), big.slice(32 * 1024), rest]);
  client._sock.destroy();
});

Deno.test("DirectChannel leaves data to ssh2 while keys are exchanged", () => {
  const { client, channel, sent } = fakeClient();
  client._protocol._kexinit = {};
  client._protocol._cipher = new PacketSealer(PacketKernel.load() as PacketKernel, {
    seqno: 0,
    cipherKey: randomBytes(64),
    onWrite: () => {},
  });
  channel.send(Buffer.from("later"));
  assert.deepEqual(sent, ["7 later"]);
});
