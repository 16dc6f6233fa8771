/**
 * A channel of ssh2 without the stream that ssh2 makes of it: what comes is shown where the packet was decrypted, what goes
 * is encrypted where it lies (RFC 4254 §5). The fields and methods with ssh2's names are what its handlers read, set and
 * call (ssh2 1.17, lib/client.js and lib/utils.js); all of them have the meaning that they have there.
 */
import { Buffer } from "node:buffer";
import { CHANNEL_DATA, DATA_HEAD_BYTES, PacketSealer, takePayloads } from "../cipher/packet_ciphers.ts";
import type { Channel } from "../ssh2.ts";
import { TcpStream } from "../transport/tcp_stream.ts";

/** What ssh2 takes for no channel's number. */
const MAX_UINT32 = 2 ** 32 - 1;
/** Most that a server may send before it is allowed more; ssh2 has promised as much when the channel was opened. */
const WINDOW_BYTES = 2 * 1024 * 1024;
/** What is left of the window when more is allowed. */
const LOW_WINDOW_BYTES = WINDOW_BYTES / 2;

/** Who hears what happens on a channel. */
export interface ChannelEnd {
  /** Gets data, which is to be read before anything is sent. */
  onData: (bytes: Uint8Array) => void;
  /** The far end sends no more. */
  onEnd: () => void;
  /** What {@linkcode DirectChannel.send} could not send at once is sent. */
  onSent: () => void;
  /** The channel is closed; `broken` with its connection, or by a server that sent more than it may. */
  onClose: (broken: boolean) => void;
}

/** One way of a channel as ssh2 keeps it. */
export interface ChannelWay {
  /** The number of whoever receives on it. */
  id: number;
  /** Bytes that may still be sent. */
  window: number;
  /** Most bytes of data in one packet. */
  packetSize: number;
  /** How far its end has come. */
  state: "open" | "eof" | "closing" | "closed";
}

/** What is taken from inside a client. */
interface Inside {
  _sock?: TcpStream;
  _chanMgr: { get(id: number): unknown; update(id: number, channel: unknown): void };
  _protocol: {
    _kexinit?: unknown;
    _cipher: unknown;
    _onPayload: Parameters<typeof takePayloads>[0];
    channelData(id: number, data: Buffer): void;
    channelWindowAdjust(id: number, bytes: number): void;
    channelEOF(id: number): void;
    channelClose(id: number): void;
  };
}

/** What is taken over from ssh2's channel. */
type Inherited = { type: string; incoming: ChannelWay; outgoing: ChannelWay; _client: Inside };

/** A channel in the place of one of ssh2's. */
export class DirectChannel {
  /** ssh2's. */
  readonly type: string;
  /** ssh2's. */
  readonly incoming: ChannelWay;
  /** ssh2's. */
  readonly outgoing: ChannelWay;
  /** ssh2's: false for a channel of a client. */
  readonly server = false;
  /** ssh2's: what the server sends on an error stream goes nowhere. */
  readonly stderr = { readable: false, emit(): void {}, push: (): boolean => this.#ignored() };
  /** ssh2's: false once the end was told. */
  readable = true;
  /** ssh2's: requests that wait for an answer. */
  _callbacks: unknown[] = [];
  /** ssh2's: that of a command. */
  readonly _exit: { code?: unknown } = {};
  /** ssh2's: asks for {@linkcode _chunkcb} when the window grows. */
  _waitWindow = false;
  readonly #inside: Inside;
  readonly #end: ChannelEnd;
  /** What the window has no room for. */
  #pending: Uint8Array | undefined;
  /** What follows the last byte. */
  #after: "nothing" | "eof" | "close" = "nothing";
  #held = false;
  #deaf = false;

  /**
   * Takes the place of `channel`, on which nothing has happened yet.
   *
   * @param channel opened in this very tick
   */
  constructor(channel: Channel, end: ChannelEnd) {
    const { type, incoming, outgoing, _client } = channel as unknown as Inherited;
    this.type = type;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.#inside = _client;
    this.#end = end;
    _client._chanMgr.update(incoming.id, this);
    takePayloads(_client._protocol._onPayload, (payload) => showData(payload, _client));
  }

  /**
   * Sends `bytes`, which are the caller's again when this returns.
   *
   * @returns false when the window has no room for all of them: no more may be sent until {@linkcode ChannelEnd.onSent}
   */
  send(bytes: Uint8Array): boolean {
    const sent = this.#sendWithinWindow(bytes);
    if (sent === bytes.length || this.outgoing.state !== "open") return true;
    this.#pending = Uint8Array.from(bytes.subarray(sent));
    this._waitWindow = true;
    return false;
  }

  /** Sends the end of the stream, after all else. */
  end(): void {
    this.#finish("eof");
  }

  /** Sends the end of the stream and closes, after all else; nothing more is heard but the close. */
  closeAfterAll(): void {
    this.#deaf = true;
    this.#finish("close");
  }

  /** Closes at once; nothing more is heard but the close. */
  close(): void {
    this.#deaf = true;
    this.#pending = undefined;
    const { outgoing } = this;
    if (outgoing.state !== "open" && outgoing.state !== "eof") return;
    outgoing.state = "closing";
    this.#inside._protocol.channelClose(outgoing.id);
  }

  /** Allows the server no more than it may send already. */
  hold(): void {
    this.#held = true;
  }

  /** Takes {@linkcode hold} back. */
  release(): void {
    this.#held = false;
    this.#allowMore();
  }

  /** Takes data, good until something is sent. */
  take(data: Uint8Array): void {
    const { incoming } = this;
    if (data.length > incoming.window) return this.#breakOff();
    incoming.window -= data.length;
    if (!this.#deaf) this.#end.onData(data);
    this.#allowMore();
  }

  /** ssh2's: data that came while keys were exchanged, or under another cipher; null at the end. @returns false: the window is ours */
  push(data: Buffer | null): boolean {
    if (data !== null) {
      this.incoming.window += data.length; // from which ssh2 has taken it
      this.take(data);
      return false;
    }
    this.readable = false;
    // What is closed without an end is told by the close.
    if (this.incoming.state === "eof" && !this.#deaf) this.#end.onEnd();
    return false;
  }

  /** Content of an error stream, which ssh2 has taken from the window already. @returns false: the window is ours */
  #ignored(): boolean {
    this.#allowMore();
    return false;
  }

  /** ssh2's: the window has grown. */
  _chunkcb = (): void => {
    const pending = this.#pending;
    if (pending === undefined) return;
    const sent = this.#sendWithinWindow(pending);
    this.#pending = sent < pending.length ? pending.subarray(sent) : undefined;
    this._waitWindow = this.#pending !== undefined;
    if (this.#pending !== undefined) return;
    this.#finish(this.#after);
    if (!this.#deaf) this.#end.onSent();
  };

  /** ssh2's: of all it tells, only the close matters here. */
  emit(event: string): void {
    if (event === "close") this.#end.onClose(this.outgoing.state !== "closed");
  }

  #finish(what: "nothing" | "eof" | "close"): void {
    this.#after = what;
    if (what === "nothing" || this.#pending !== undefined) return;
    const { outgoing } = this;
    if (outgoing.state === "open") {
      outgoing.state = "eof";
      this.#inside._protocol.channelEOF(outgoing.id);
    }
    if (what === "close") this.close();
  }

  #sendWithinWindow(bytes: Uint8Array): number {
    const { outgoing } = this;
    if (outgoing.state !== "open") return 0;
    const count = Math.min(bytes.length, outgoing.window);
    const packetBytes = Math.max(1, outgoing.packetSize); // a server may say anything
    for (let sent = 0; sent < count;) {
      const part = bytes.subarray(sent, Math.min(count, sent + packetBytes));
      this.#sendPacket(part);
      sent += part.length;
    }
    outgoing.window -= count;
    return count;
  }

  #sendPacket(part: Uint8Array): void {
    const { _protocol: protocol, _sock: socket } = this.#inside;
    const { _cipher: cipher } = protocol;
    if (protocol._kexinit === undefined && cipher instanceof PacketSealer && socket instanceof TcpStream) {
      if (socket.writable) socket.append(cipher.sealData(this.outgoing.id, part));
    } else {
      protocol.channelData(this.outgoing.id, Buffer.from(part.buffer, part.byteOffset, part.byteLength));
    }
  }

  #allowMore(): void {
    const { incoming, outgoing } = this;
    if (this.#held || incoming.window > LOW_WINDOW_BYTES) return;
    if (outgoing.state !== "open" && outgoing.state !== "eof") return;
    const bytes = WINDOW_BYTES - incoming.window;
    incoming.window += bytes;
    this.#inside._protocol.channelWindowAdjust(outgoing.id, bytes);
  }

  /** The server has sent more than it may (RFC 4254 §5.2): what is missing would not be noticed later. */
  #breakOff(): void {
    if (this.#deaf) return;
    this.close();
    this.#end.onClose(true);
  }
}

/** Gives a payload that is a channel's data to the channel. @returns false when it is for ssh2 */
function showData(payload: Uint8Array, { _chanMgr: manager }: Inside): boolean {
  if (payload[0] !== CHANNEL_DATA || payload.length < DATA_HEAD_BYTES) return false;
  const id = readUInt32(payload, 1);
  const bytes = readUInt32(payload, 5);
  if (id === MAX_UINT32 || payload.length - DATA_HEAD_BYTES < bytes) return false;
  const channel = manager.get(id);
  if (!(channel instanceof DirectChannel)) return false;
  channel.take(payload.subarray(DATA_HEAD_BYTES, DATA_HEAD_BYTES + bytes));
  return true;
}

function readUInt32(bytes: Uint8Array, at: number): number {
  const byte = (index: number): number => bytes[at + index] as number;
  return (byte(0) << 24 | byte(1) << 16 | byte(2) << 8 | byte(3)) >>> 0;
}
