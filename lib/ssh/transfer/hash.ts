/** SHA-256 of what is on either side. */
import { createHash, type Hash } from "node:crypto";
import { ask } from "../commands/ask.ts";
import { Deadline } from "../deadline.ts";
import type { Session } from "../session.ts";
import { throwIfCancelled } from "./cancel.ts";
import { openReal } from "./local_open.ts";
import { pathLine, withPath } from "../sftp/shell_path.ts";

const BUFFER_BYTES = 1024 * 1024;
/** A slow disk and a slow processor together still hash this much a millisecond. */
const BYTES_PER_MS = 10_000;
const LEAST_MS = 20_000;

/** What hosts have: GNU and BusyBox, Perl and macOS, OpenSSL, BSD. */
const HASH = "if command -v sha256sum; then sha256sum; elif command -v shasum; then shasum -a 256; " +
  "elif command -v openssl; then openssl dgst -sha256; else sha256; fi";

/** A hash in the making. */
export function sha256(): Hash {
  return createHash("sha256");
}

/**
 * The hash of the first `bytes` of a remote file, computed there.
 *
 * @returns lower-case hexadecimal; undefined where the host cannot be asked, e.g. because it allows no commands
 */
export async function remoteSha256(
  session: Session,
  path: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const options = { deadline: new Deadline(LEAST_MS + bytes / BYTES_PER_MS), stdin: pathLine(path), signal };
  const script = `echo; head -c ${bytes} < "$f" | { ${HASH}; }`;
  try {
    const answer = await ask(session.connection, withPath(script), options);
    return /(?:^|[\s=])([0-9a-f]{64})(?:\s|$)/.exec(answer)?.[1];
  } catch (error) {
    if (signal?.aborted || session.ended !== undefined) throw error;
    return undefined;
  }
}

/**
 * Adds the first `bytes` of a local file to a hash, or to whatever takes them like one.
 *
 * @returns how many bytes there were
 */
export async function hashLocal(
  hash: { update(bytes: Uint8Array): unknown },
  path: string,
  bytes: number,
  signal?: AbortSignal,
): Promise<number> {
  using file = await openReal(path, { read: true });
  const buffer = new Uint8Array(BUFFER_BYTES);
  let done = 0;
  while (done < bytes) {
    throwIfCancelled(signal);
    const count = await file.read(buffer.subarray(0, Math.min(buffer.length, bytes - done)));
    if (count === null) break;
    hash.update(buffer.subarray(0, count));
    done += count;
  }
  return done;
}
