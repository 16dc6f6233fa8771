import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { EventEmitter } from "node:events";
import { SftpChannel } from "../../lib/ssh/sftp/channel.ts";
import type { ClientChannel } from "../../lib/ssh/ssh2.ts";

/** A channel of ssh2 as far as it matters here, replaced by ours; what is sent and heard is noted. */
function replaced(window: number) {
  const sent: string[] = [];
  const heard: string[] = [];
  let inPlace: unknown;
  const client = {
    _chanMgr: { get: (): unknown => inPlace, update: (_id: number, channel: unknown): unknown => inPlace = channel },
    _protocol: {
      _onPayload: (): undefined => undefined,
      channelData: (_id: number, data: Buffer): void => void sent.push(data.toString("latin1")),
      channelClose: (): void => void sent.push("close"),
    },
  };
  const original = Object.assign(new EventEmitter(), {
    type: "session",
    incoming: { id: 1, window: 2 * 1024 * 1024, packetSize: 1000, state: "open" },
    outgoing: { id: 2, window, packetSize: 4, state: "open" },
    _client: client,
  });
  const channel = new SftpChannel(original as unknown as ClientChannel, {
    onData: (bytes) => heard.push(Buffer.from(bytes).toString("latin1")),
    onClose: () => heard.push("closed"),
  });
  /** As ssh2 does with SSH_MSG_CHANNEL_WINDOW_ADJUST. */
  const widen = (bytes: number): void => {
    channel.outgoing.window += bytes;
    if (!channel._waitWindow) return;
    channel._waitWindow = false;
    channel._chunkcb();
  };
  return { channel, original, sent, heard, widen, inPlace: () => inPlace };
}

Deno.test("SftpChannel.write() sends what the window has room for, the rest in order as it grows", () => {
  const { channel, sent, widen } = replaced(6);
  channel.write(Buffer.from("01234567"));
  channel.write(Buffer.from("89"));
  assert.deepEqual(sent, ["0123", "45"]);
  widen(1);
  assert.deepEqual(sent, ["0123", "45", "6"]);
  widen(100);
  assert.deepEqual(sent, ["0123", "45", "6", "7", "89"]);
  channel.write(Buffer.from("ab"));
  assert.equal(sent.at(-1), "ab");
  assert.equal(channel.outgoing.window, 100 - 5);
});

Deno.test("SftpChannel takes the place of ssh2's channel as one on which something runs", () => {
  const { channel, inPlace } = replaced(6);
  assert.equal(inPlace(), channel);
  assert.equal(channel.subtype, "subsystem"); // others are closed as never started
});

Deno.test("SftpChannel tells those who listen to the channel that it replaces", () => {
  const { channel, original, heard } = replaced(6);
  const events: unknown[] = [];
  original.once("exit", (code) => events.push(code)).once("close", () => events.push("close"));
  channel.emit("exit", 3);
  channel.emit("close");
  assert.deepEqual([events, heard], [[3, "close"], ["closed"]]);
});

Deno.test("SftpChannel takes what the server's program complains of, and lets it go", () => {
  const { channel, heard } = replaced(6);
  assert.equal(channel.stderr.push(), false); // the window is the channel's, and not ssh2's
  assert.deepEqual(heard, []);
});

Deno.test("SftpChannel.push() gives memory back that ssh2 made for a packet, once it was read", () => {
  const { channel, heard } = replaced(6);
  const chunk = Buffer.allocUnsafeSlow(20_000).fill("x");
  channel.push(chunk);
  assert.deepEqual([heard[0]?.length, chunk.length], [20_000, 0]);
});
