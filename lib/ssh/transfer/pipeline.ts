/**
 * Moving file content with many requests in flight.
 *
 * What is in flight has its place in memory, which bounds it; and it is as much as the way there and back holds, or more
 * than an SSH channel's window lets through at once, so that the way is always full, however long (RFC 4254 §5.2).
 */
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { RECEIVE_WINDOW_BYTES } from "../sftp/receive_window.ts";
import { cancelled, throwIfCancelled } from "./cancel.ts";
import { type Pace, Reading } from "./reading.ts";
import { type Join, Writing } from "./writing.ts";

/** How much is on its way at once, in bytes: from or to a host nearby, where more only costs memory, and far away. */
interface InFlight {
  near: number;
  far: number;
}

/** OpenSSH's server opens 2 MiB for a session. */
const WRITES_IN_FLIGHT: InFlight = { near: 4 * 1024 * 1024, far: 4 * 1024 * 1024 };
const READS_IN_FLIGHT: InFlight = { near: 8.5 * 1024 * 1024, far: RECEIVE_WINDOW_BYTES + 2 * 1024 * 1024 };
/** Further away than this, in milliseconds, a host is not nearby. */
const FAR_MS = 10;
/**
 * Faster than anything here moves: a way as long as this many milliseconds holds no more. Asked for faster than that, or
 * all at once, the answers pile up in OpenSSH's server, which copies all of the pile for each 32 KiB that it grows by.
 */
const BYTES_PER_MS = 400 * 1024;
/** Most requests at once to a host nearby. */
const NEAR_SLOTS = 64;
/** Of 32 KiB each, which is what servers without limits@openssh.com are asked for, these still fill 16 MiB. */
const MAX_SLOTS = 544;

/** What a transfer is told and tells. */
export interface PipelineOptions {
  signal?: AbortSignal | undefined;
  /** Told of each piece that has arrived, in bytes. */
  onBytes?: ((count: number) => void) | undefined;
  /** Told when all requests have been sent, before they are answered. */
  onSent?: (() => void) | undefined;
  /** Told when an answer brought less than was asked for, so that the rest has to be asked for once more. */
  onShort?: (() => void) | undefined;
}

/** Where content goes, piece by piece, in order; the bytes are only lent. */
export type Sink = (bytes: Uint8Array) => Promise<void> | void;

/** Fills the buffer from where the last call stopped. @returns how many bytes; fewer than fit only at the end */
export type Source = (buffer: Uint8Array) => Promise<number>;

/** What an upload is told and tells. */
export interface WriteOptions extends PipelineOptions {
  /** Given, before anything is sent, what takes other ways to the same file in; see {@linkcode Writing.join}. */
  onStart?: ((join: Join) => void) | undefined;
}

/**
 * Reads from `from` up to `to`, or to the end of the file when that comes first.
 *
 * @param range in bytes; an infinite `to` reads one request after the other, for files whose size is not known
 * @returns how many bytes were read
 */
export async function readPipelined(
  client: FileClient,
  handle: Handle,
  range: { from: number; to: number },
  sink: Sink,
  options: PipelineOptions = {},
): Promise<number> {
  throwIfCancelled(options.signal);
  const pace = paceOf(client, range.to - range.from);
  const reading = new Reading(client, handle, range, sink, pace, options);
  await untilAborted(reading.run(), reading, options.signal);
  return reading.delivered;
}

/**
 * Writes what `source` gives, from `offset` on.
 *
 * @param size how much will come, as far as is known; decides how much is sent at once
 * @returns how many bytes the server has confirmed
 */
export async function writePipelined(
  client: FileClient,
  handle: Handle,
  { offset, size }: { offset: number; size: number },
  source: Source,
  options: WriteOptions = {},
): Promise<number> {
  throwIfCancelled(options.signal);
  const requestBytes = Math.max(1, Math.min(client.limits.writeBytes, size));
  // One more than there are pieces finds the end while the last of them is on its way.
  const slots = slotsFor(requestBytes, size + requestBytes, WRITES_IN_FLIGHT, client.roundTripMs);
  const writing = new Writing(offset, source, { requestBytes, slots }, options);
  options.onStart?.((lane) => writing.join(lane));
  await untilAborted(writing.run({ client, handle }), writing, options.signal);
  return writing.confirmed;
}

function paceOf(client: FileClient, size: number): Pace {
  const { limits: { readBytes }, roundTripMs } = client;
  const requests = slotsFor(readBytes, size, READS_IN_FLIGHT, roundTripMs);
  const bytesPerMs = roundTripMs < FAR_MS ? Infinity : BYTES_PER_MS;
  return { ringBytes: Math.min(requests * readBytes, Math.max(1, size)), bytesPerMs };
}

function slotsFor(requestBytes: number, size: number, { near, far }: InFlight, roundTripMs: number): number {
  if (!Number.isFinite(size)) return 1;
  const useful = Math.ceil(size / requestBytes) || 1;
  const least = Math.min(near, NEAR_SLOTS * requestBytes);
  const inFlightBytes = Math.min(far, Math.max(least, roundTripMs * BYTES_PER_MS));
  return Math.min(MAX_SLOTS, useful, Math.max(1, Math.ceil(inFlightBytes / requestBytes)));
}

/** Something that can be told to stop. */
export interface Stoppable {
  /** Once this has resolved, sink and source are not touched any more. */
  stop(): Promise<void>;
}

async function untilAborted(work: Promise<unknown>, stoppable: Stoppable, signal?: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(cancelled());
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([work, aborted]);
  } catch (error) {
    await stoppable.stop();
    throw error;
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
}
