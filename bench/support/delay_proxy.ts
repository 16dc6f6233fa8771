/** A TCP proxy that delivers every byte a fixed time after it came, without limiting how many are on their way. */

/** A running proxy. */
export interface DelayProxy extends Disposable {
  port: number;
}

/** What a line carries; may be changed at any time. */
export interface Line {
  /** Bytes a second, each way. @default no limit */
  bytesPerSecond?: number;
}

/** Starts a proxy to a port of this machine. @param delayMs added to each direction */
export function startDelayProxy(targetPort: number, delayMs: number, line: Line = {}): DelayProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      for (const end of [client, server]) end.setNoDelay(true);
      carry(client, server, delayMs, line);
      carry(server, client, delayMs, line);
    }
  })().catch(() => {}); // the listener was closed
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

/** Most bytes that are read at once. */
const READ_BYTES = 256 * 1024;
/** Room in a block below which the next one is taken. */
const MIN_ROOM = 64 * 1024;

/** Bytes on their way, and when they have to go out. */
interface Piece {
  due: number;
  bytes: Uint8Array;
  /** Given back with its last piece: fresh memory for each would have the garbage collector hold the line up. */
  block: Block;
}

/** Memory that is read into. */
interface Block {
  bytes: Uint8Array;
  filled: number;
  /** Pieces of it that are on their way. */
  pieces: number;
}

/** Bytes that come in, each with the time when it has to go out. */
function carry(from: Deno.TcpConn, to: Deno.TcpConn, delayMs: number, line: Line): void {
  const waiting: Piece[] = [];
  const spare: Block[] = [];
  let block: Block = { bytes: new Uint8Array(READ_BYTES), filled: 0, pieces: 0 };
  let wake = Promise.withResolvers<void>();
  let ended = false;
  (async () => {
    let free = 0; // when the line has sent all that came before
    while (true) {
      if (READ_BYTES - block.filled < MIN_ROOM) {
        if (block.pieces === 0) block.filled = 0;
        else block = spare.pop() ?? { bytes: new Uint8Array(READ_BYTES), filled: 0, pieces: 0 };
      }
      const start = block.filled;
      const count = await from.read(block.bytes.subarray(start)).catch(() => null);
      if (count === null) break;
      free = Math.max(free, performance.now()) + count / (line.bytesPerSecond ?? Infinity) * 1000;
      block.filled += count;
      block.pieces++;
      waiting.push({ due: free + delayMs, bytes: block.bytes.subarray(start, start + count), block });
      wake.resolve();
    }
    ended = true;
    wake.resolve();
  })();
  (async () => {
    while (!ended || waiting.length > 0) {
      const next = waiting.shift();
      if (next === undefined) {
        await wake.promise;
        wake = Promise.withResolvers<void>();
        continue;
      }
      const rest = next.due - performance.now();
      if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
      for (let at = 0; at < next.bytes.length;) at += await to.write(next.bytes.subarray(at));
      if (--next.block.pieces > 0 || next.block === block) continue;
      next.block.filled = 0;
      spare.push(next.block);
    }
    await to.closeWrite();
  })().catch(() => {}); // either side is gone
}
