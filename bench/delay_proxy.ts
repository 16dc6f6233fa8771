/** A TCP proxy that delivers every byte a fixed time after it came, without limiting how many are on their way. */

/** A running proxy. */
export interface DelayProxy extends Disposable {
  port: number;
}

/** Starts a proxy to a port of this machine. @param delayMs added to each direction */
export function startDelayProxy(targetPort: number, delayMs: number): DelayProxy {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: targetPort });
      for (const end of [client, server]) end.setNoDelay(true);
      carry(client, server, delayMs);
      carry(server, client, delayMs);
    }
  })().catch(() => {}); // the listener was closed
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

function carry(from: Deno.TcpConn, to: Deno.TcpConn, delayMs: number): void {
  const waiting: { due: number; bytes: Uint8Array }[] = [];
  let wake = Promise.withResolvers<void>();
  let ended = false;
  (async () => {
    const buffer = new Uint8Array(256 * 1024);
    while (true) {
      const count = await from.read(buffer).catch(() => null);
      if (count === null) break;
      // A copy of its own size: what waits is a whole window, and would hold a large buffer for each small piece.
      waiting.push({ due: performance.now() + delayMs, bytes: buffer.slice(0, count) });
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
