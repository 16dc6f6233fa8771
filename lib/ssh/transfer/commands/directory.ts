/** A directory that is listed over commands. */
import { Buffer } from "node:buffer";
import type { DirectoryEntry } from "../../sftp/client.ts";
import { decodeName } from "../../sftp/names.ts";
import { MalformedPacket } from "../../sftp/wire.ts";
import type { Runner } from "./open_file.ts";
import { attributesOf } from "./scripts.ts";

/** Longer than any entry. */
const MAX_ENTRY_CHARACTERS = 64 * 1024;
/** Facts, the names of user and group, and its own name, which hold no slash. */
const ENTRY = /(\S+) (\S+) (\d+) (\d+) (\d+) ([^/]*)\/([^/]*)\/([^/]+)\/\n/y;

/** One open directory. */
export class OpenDirectory {
  readonly #stopped = new AbortController();
  readonly #over: Promise<void>;
  #isOver = false;
  #failure: unknown;
  /** What was printed and not taken apart yet, a character a byte. */
  #text = "";
  #changed = Promise.withResolvers<void>();

  constructor(run: Runner, path: string, script: string) {
    const sink = (piece: Uint8Array): Promise<void> => this.#take(piece);
    this.#over = run(script, { path, sink, signal: this.#stopped.signal })
      .catch((error) => void (this.#failure = error))
      .finally(() => {
        this.#isOver = true;
        this.#change();
      });
  }

  /** The next entries; undefined after the last. */
  async next(): Promise<DirectoryEntry[] | undefined> {
    while (true) {
      const entries = this.#entries();
      if (entries.length > 0) return entries;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#isOver) return undefined;
      if (this.#text.length > MAX_ENTRY_CHARACTERS) throw new MalformedPacket("the host's stat gave no entries");
      await this.#changed.promise;
    }
  }

  /** Stops it. */
  async close(): Promise<void> {
    this.#stopped.abort();
    this.#change();
    await this.#over;
  }

  async #take(piece: Uint8Array): Promise<void> {
    this.#text += Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength).toString("latin1");
    this.#change();
    while (this.#text.length > MAX_ENTRY_CHARACTERS && !this.#stopped.signal.aborted) await this.#changed.promise;
  }

  #entries(): DirectoryEntry[] {
    const found: DirectoryEntry[] = [];
    let end = 0;
    ENTRY.lastIndex = 0;
    for (let match = ENTRY.exec(this.#text); match !== null; match = ENTRY.exec(this.#text)) {
      end = ENTRY.lastIndex;
      const [, mode = "", size = "", modified = "", uid = "", gid = "", user = "", group = "", name = ""] = match;
      const attributes = attributesOf([mode, size, modified, uid, gid]) ?? {};
      const [owner, owners] = [user, group].map((one) => textOf(one).replaceAll(" ", "_"));
      found.push({ name: textOf(name), longName: `- 1 ${owner} ${owners} `, attributes });
    }
    this.#text = this.#text.slice(end);
    if (end > 0) this.#change();
    return found;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function textOf(bytes: string): string {
  return decodeName(Buffer.from(bytes, "latin1"));
}
