/** A small question to the host, beside what the agent runs. */
import { Buffer } from "node:buffer";
import type { Connection } from "../connection.ts";
import type { Deadline } from "../deadline.ts";

const MAX_ANSWER_BYTES = 64 * 1024;

/** What a question is asked with. */
export interface AskOptions {
  deadline: Deadline;
  /** What the command reads. */
  stdin?: string | undefined;
  signal?: AbortSignal | undefined;
  /** As in {@linkcode ChannelOptions}. @default false */
  urgent?: boolean | undefined;
  /** Told of the first bytes of the answer. */
  onBegin?: (() => void) | undefined;
}

/**
 * Runs `command` and gives what it wrote to its standard output, at most its first 64 KiB, as text.
 *
 * @throws {ToolError} as {@linkcode askBytes}
 */
export async function ask(connection: Connection, command: string, options: AskOptions): Promise<string> {
  return new TextDecoder().decode(await askBytes(connection, command, options));
}

/**
 * Runs `command` and gives the first bytes of what it wrote to its standard output.
 *
 * @param maxBytes how many
 * @throws {ToolError} as {@linkcode Connection.exec}, and `timed_out` at the deadline
 */
export async function askBytes(
  connection: Connection,
  command: string,
  options: AskOptions,
  maxBytes = MAX_ANSWER_BYTES,
): Promise<Buffer> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const { deadline, signal, urgent, onBegin } = options;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const channel = await connection.exec(command, { deadline, signal, urgent }, (opened) => {
    opened.on("data", (chunk: Uint8Array) => {
      if (bytes === 0) onBegin?.();
      if (bytes < maxBytes) chunks.push(Buffer.from(chunk));
      bytes += chunk.length;
    });
    opened.stderr.resume();
    opened.once("close", resolve);
    opened.on("error", () => {}); // the close that follows ends the wait
  });
  channel.end(options.stdin ?? "");
  try {
    await connection.whileUp(deadline.race(closed, () => "answer of the host", signal));
  } finally {
    channel.close();
  }
  return Buffer.concat(chunks).subarray(0, maxBytes);
}
