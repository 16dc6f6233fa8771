/** A small question to the host, beside what the agent runs. */
import type { Connection } from "./connection.ts";
import type { Deadline } from "./deadline.ts";

const MAX_ANSWER_BYTES = 64 * 1024;

/** What a question is asked with. */
export interface AskOptions {
  deadline: Deadline;
  /** What the command reads. */
  stdin?: string | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Runs `command` and gives what it wrote to its standard output, at most its first 64 KiB.
 *
 * @throws {ToolError} as {@linkcode Connection.exec}, and `timed_out` at the deadline
 */
export async function ask(connection: Connection, command: string, options: AskOptions): Promise<string> {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const channel = await connection.exec(command, options, (opened) => {
    opened.on("data", (chunk: Uint8Array) => {
      if (bytes < MAX_ANSWER_BYTES) chunks.push(chunk);
      bytes += chunk.length;
    });
    opened.stderr.resume();
    opened.once("close", resolve);
    opened.on("error", () => {}); // the close that follows ends the wait
  });
  channel.end(options.stdin ?? "");
  try {
    await connection.whileUp(options.deadline.race(closed, () => "answer of the host", options.signal));
  } finally {
    channel.close();
  }
  return await new Blob(chunks as BlobPart[]).slice(0, MAX_ANSWER_BYTES).text();
}
