/** This process's stdout, without waiting for whoever reads it. */
import { Writable } from "node:stream";

/**
 * A stream to stdout. `process.stdout` of node:process holds up the whole program while a pipe is full: a client that
 * does not read for a moment would stop every session, and one that never does could not even be left by SIGTERM.
 *
 * @param maxUnsentBytes bytes from which {@linkcode Writable.writableNeedDrain} asks for a pause
 */
export function openStdout(maxUnsentBytes: number): Writable {
  return new Writable({
    highWaterMark: maxUnsentBytes,
    decodeStrings: true,
    write(chunk: Uint8Array, _encoding, done) {
      writeWhole(chunk).then(() => done(), done);
    },
  });
}

/** Ends a stream, and resolves when all of it is written, when that fails, or when no chunk was for `restMs`. */
export async function flushed(output: Writable, restMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = output.writableLength;
  const timer = setInterval(() => {
    if (output.writableLength >= left) resolve();
    left = output.writableLength;
  }, restMs);
  output.end(() => resolve()).once("error", () => resolve());
  await promise;
  clearInterval(timer);
}

async function writeWhole(bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await Deno.stdout.write(bytes.subarray(sent));
}
