/**
 * A wider window for what the server sends (RFC 4254 §5.2): ssh2 1.17 (Channel.js) fixes 2 MiB, OpenSSH's client, too,
 * which on a way of 50 ms there and back lets no more than 42 MB/s through. This much lets 168 through at 200 ms. It costs
 * no memory: what is on its way is bound by what was asked for, and has its place already.
 */
import type { ClientChannel } from "../ssh2.ts";

/** How much may be on its way to us. */
export const RECEIVE_WINDOW_BYTES = 32 * 1024 * 1024;
/** How much is used up before the window is opened again: each time wakes the server up. */
const STEP_BYTES = 1024 * 1024;

/** What ssh2 keeps of a channel, as far as it is used here. */
interface Inside {
  incoming?: { window: number };
  outgoing?: { id: number; state: string };
  _client?: { _protocol?: { channelWindowAdjust?: (id: number, bytes: number) => void } };
}

/**
 * Keeps the window of a channel wide. ssh2 opens it again by itself at 1 MiB, which it never comes to; where ssh2 is
 * not as it was, nothing is done.
 *
 * @returns call it when something has come
 */
export function widenReceiveWindow(channel: ClientChannel): () => void {
  const { incoming, outgoing, _client } = channel as unknown as Inside;
  const protocol = _client?._protocol;
  if (incoming === undefined || outgoing === undefined || protocol?.channelWindowAdjust === undefined) return () => {};
  const open = (): void => {
    const used = RECEIVE_WINDOW_BYTES - incoming.window;
    if (used < STEP_BYTES || outgoing.state !== "open") return;
    incoming.window += used;
    protocol.channelWindowAdjust?.(outgoing.id, used);
  };
  open();
  return open;
}
