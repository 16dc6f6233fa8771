/**
 * What plain TCP moves where no more than a window may be on its way, as on an SSH channel (RFC 4254 §5.2): the most that
 * any program can get through a proxy and a machine with that window.
 */
import { startDelayProxy } from "./delay_proxy.ts";

const PIECE_BYTES = 32 * 1024;
/** How much has come before OpenSSH's server opens the window again: three packets. */
const CREDIT_BYTES = 3 * PIECE_BYTES;

/** Bytes from here to the far side of a proxy. @returns milliseconds */
export async function sendWindowed(delayMs: number, bytes: number, windowBytes: number): Promise<number> {
  return await moved(delayMs, (near, far) => Promise.all([give(near, bytes, windowBytes), take(far, bytes)]));
}

/** Bytes from the far side of a proxy to here. @returns milliseconds */
export async function receiveWindowed(delayMs: number, bytes: number, windowBytes: number): Promise<number> {
  return await moved(delayMs, (near, far) => Promise.all([give(far, bytes, windowBytes), take(near, bytes)]));
}

/** How long one byte takes there and back, in milliseconds. */
export async function roundTripMs(delayMs: number): Promise<number> {
  const one = new Uint8Array(1);
  const ms = await moved(delayMs, async (near, far) => {
    for (let count = 0; count < 8; count++) {
      await near.write(one);
      await far.read(one);
      await far.write(one);
      await near.read(one);
    }
  });
  return ms / 8;
}

type Work = (near: Deno.TcpConn, far: Deno.TcpConn) => Promise<unknown>;

async function moved(delayMs: number, work: Work): Promise<number> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using proxy = startDelayProxy(listener.addr.port, delayMs);
  using near = await Deno.connect({ hostname: "127.0.0.1", port: proxy.port });
  using far = await listener.accept();
  for (const end of [near, far]) end.setNoDelay(true);
  const start = performance.now();
  await work(near, far);
  return performance.now() - start;
}

/** Sends as much as the window allows; each byte that comes back opens it by {@linkcode CREDIT_BYTES}. */
async function give(to: Deno.TcpConn, bytes: number, windowBytes: number): Promise<void> {
  const piece = new Uint8Array(PIECE_BYTES);
  const credits = new Uint8Array(64);
  for (let sent = 0, room = windowBytes; sent < bytes; sent += PIECE_BYTES, room -= PIECE_BYTES) {
    while (room < PIECE_BYTES) room += (await to.read(credits) ?? 0) * CREDIT_BYTES;
    for (let at = 0; at < PIECE_BYTES;) at += await to.write(piece.subarray(at));
  }
}

async function take(from: Deno.TcpConn, bytes: number): Promise<void> {
  const buffer = new Uint8Array(256 * 1024);
  for (let got = 0, owed = 0; got < bytes;) {
    const count = await from.read(buffer) ?? 0;
    got += count;
    owed += count;
    const credits = Math.floor(owed / CREDIT_BYTES);
    if (credits > 0) await from.write(new Uint8Array(credits));
    owed -= credits * CREDIT_BYTES;
  }
}
