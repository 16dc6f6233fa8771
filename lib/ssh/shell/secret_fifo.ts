/** Text that a shell at the far end reads without its being in a file, a command line or a history. */
import { ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import { ask } from "../commands/ask.ts";
import type { Connection } from "../connection.ts";
import { Deadline } from "../deadline.ts";

const OPEN_LIMIT_MS = 10_000;
const MAX_SAID_CHARACTERS = 64 * 1024;

/**
 * Makes a directory that only the user may enter, a FIFO in it, says where, and writes stdin into it. A FIFO that nobody
 * reads is not waited for longer than 20 s, whatever becomes of the connection.
 */
const SCRIPT = `umask 077; d=$(mktemp -d "\${TMPDIR:-/tmp}/mcp.XXXXXXXX") && mkfifo "$d/f" || exit 1
exec 3<&0; (exec cat <&3 >"$d/f") & p=$!
(sleep 20; kill $p) >/dev/null 2>&1 & w=$!
printf '\\nfifo=%s\\n' "$d/f"; exec >&- 3<&-; wait $p 2>/dev/null; rm -rf "$d"; kill $w 2>/dev/null`;

/** A FIFO with something in it. */
export interface SecretFifo {
  /** Its path at the far end. */
  path: string;
  /** Takes it away, read or not. */
  remove(): Promise<void>;
}

/**
 * Puts `text` behind a FIFO at the far end.
 *
 * @throws {ToolError} `remote_file_error` when the host makes none, and as {@linkcode Connection.exec}
 */
export async function secretFifo(connection: Connection, text: string): Promise<SecretFifo> {
  const { promise: made, resolve } = Promise.withResolvers<string>();
  const deadline = new Deadline(OPEN_LIMIT_MS);
  const channel = await connection.exec(`/bin/sh -c ${quoteWord(SCRIPT)}`, { deadline }, (opened) => {
    let said = "";
    opened.on("data", (chunk: Uint8Array) => {
      // Start-up files may print something first.
      said = (said + new TextDecoder().decode(chunk)).slice(-MAX_SAID_CHARACTERS);
      const path = /^fifo=(\/[^\n]*\/mcp\.\w{8}\/f)\n/m.exec(said)?.[1];
      if (path !== undefined) resolve(path);
    });
    opened.stderr.resume();
    opened.on("error", () => {}); // the close that follows says it
    opened.once("close", () => resolve(""));
  });
  channel.end(text);
  const path = await connection.whileUp(deadline.race(made, () => "FIFO of the host")).finally(() => channel.resume());
  if (path === "") {
    channel.close();
    throw new ToolError("remote_file_error", "the host could not make a FIFO in its temporary directory", {
      hint: "mktemp and mkfifo are needed, and a TMPDIR that can be written to",
    });
  }
  const directory = path.slice(0, -"/f".length);
  return { path, remove: () => remove(connection, directory).finally(() => channel.close()) };
}

/**
 * Opened for both directions, the FIFO lets its writer go on, and nobody has read it. The path is what the host said, so
 * nothing but a FIFO and an empty directory is removed by it.
 */
async function remove(connection: Connection, directory: string): Promise<void> {
  const d = quoteWord(directory);
  const script = `[ -d ${d} ] || exit 0; exec 3<>${d}/f; rm -f ${d}/f; rmdir ${d}; sleep 0.2 2>/dev/null || sleep 1`;
  await ask(connection, `/bin/sh -c ${quoteWord(script)}`, { deadline: new Deadline(5000) });
}
