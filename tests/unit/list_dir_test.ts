import assert from "node:assert/strict";
import type { DirectoryEntry } from "../../lib/ssh/sftp/client.ts";
import type { FileClient } from "../../lib/ssh/sftp/file_client.ts";
import { listDirectory } from "../../lib/ssh/transfer/list_dir.ts";
import type { Session } from "../../lib/ssh/session.ts";

const COUNT = 1_000_000;
const BATCH = 100;
/** What all entries together would take is more than twice as much. */
const ROOM_BYTES = 100_000_000;

/** A directory whose entries are made as they are asked for, in an order that is none. */
class Endless {
  mostHeapBytes = 0;
  #given = 0;

  readonly client = {
    ended: undefined,
    opendir: () => Promise.resolve(new Uint8Array(4)),
    closeHandle: () => Promise.resolve(),
    readdir: () => Promise.resolve(this.#batch()),
  } as unknown as FileClient;

  #batch(): DirectoryEntry[] | undefined {
    if (this.#given >= COUNT) return undefined;
    if (this.#given % 10_000 === 0) this.mostHeapBytes = Math.max(this.mostHeapBytes, Deno.memoryUsage().heapUsed);
    return Array.from({ length: BATCH }, () => entry((this.#given++ * 7919) % COUNT));
  }
}

function entry(number: number): DirectoryEntry {
  const name = `file${String(number).padStart(7, "0")}`;
  const longName = new TextDecoder().decode(
    new TextEncoder().encode(`-rw-r--r--  1 root  root  0 Nov 23 02:00 ${name}`),
  );
  return { name, longName, attributes: { mode: 0o100644, size: number, uid: 0, gid: 0, accessed: 0, modified: 0 } };
}

Deno.test("listDirectory() keeps no more of a million entries than the page and what comes before it", async () => {
  const session = undefined as unknown as Session;
  for (const offset of [0, 20_000]) {
    const directory = new Endless();
    const before = Deno.memoryUsage().heapUsed;
    const { entries, total } = await listDirectory(session, directory.client, "/many", { offset });
    assert.equal(total, COUNT);
    assert.equal(entries.length, 1000);
    assert.equal(entries[0]?.name, `file${String(offset).padStart(7, "0")}`);
    assert.equal(entries[999]?.name, `file${String(offset + 999).padStart(7, "0")}`);
    assert.ok(directory.mostHeapBytes - before < ROOM_BYTES, `${directory.mostHeapBytes - before} bytes at ${offset}`);
  }
});
