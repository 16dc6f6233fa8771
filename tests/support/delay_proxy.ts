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

/** Bytes that come in, each with the time when it has to go out. */
function carry(from: Deno.TcpConn, to: Deno.TcpConn, delayMs: number, line: Line): void {
  const waiting: { due: number; bytes: Uint8Array }[] = [];
  let wake = Promise.withResolvers<void>();
  let ended = false;
  (async () => {
    const buffer = new Uint8Array(256 * 1024);
    let free = 0; // when the line has sent all that came before
    while (true) {
      const count = await from.read(buffer).catch(() => null);
      if (count === null) break;
      free = Math.max(free, performance.now()) + count / (line.bytesPerSecond ?? Infinity) * 1000;
      // A copy of its own size: what waits is a whole window, and would hold a large buffer for each small piece.
      waiting.push({ due: free + delayMs, bytes: buffer.slice(0, count) });
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
    }
    await to.closeWrite();
  })().catch(() => {}); // either side is gone
}
