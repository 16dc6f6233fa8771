import assert from "node:assert/strict";
import type { FileClient } from "../../lib/ssh/sftp/file_client.ts";
import type { WritePacket } from "../../lib/ssh/sftp/write_packet.ts";
import { type Lane, SPREAD_BYTES, Writing } from "../../lib/ssh/transfer/writing.ts";

const REQUEST_BYTES = 1024 * 1024;
const SIZE = 100 * REQUEST_BYTES;

/** A way on which writes arrive when they are let. */
class HeldLane implements Lane {
  readonly handle = new Uint8Array(4);
  readonly client = { write: (packet: WritePacket) => this.#write(packet) } as unknown as FileClient;
  retired = false;
  readonly offsets: number[] = [];
  #held: PromiseWithResolvers<void> | undefined;

  hold(): void {
    this.#held = Promise.withResolvers();
  }

  /** Lets all go that is held, and what comes after. */
  release(failure?: Error): void {
    const held = this.#held;
    this.#held = undefined;
    if (failure === undefined) held?.resolve();
    else held?.reject(failure);
  }

  async #write(packet: WritePacket): Promise<void> {
    this.offsets.push(Number(new DataView(packet.bytes.buffer).getBigUint64(13 + this.handle.length)));
    await this.#held?.promise;
  }
}

function start(onSent?: () => void): { writing: Writing; asked: () => number } {
  let asked = 0;
  const source = (buffer: Uint8Array): Promise<number> => {
    const count = Math.min(buffer.length, SIZE - asked);
    asked += count;
    return Promise.resolve(count);
  };
  const writing = new Writing(0, source, { requestBytes: REQUEST_BYTES, slots: 4 }, { onSent });
  return { writing, asked: () => asked };
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
}

Deno.test("Writing sends every piece once over several lanes, and no further ahead of the first that is missing", async () => {
  const { writing, asked } = start();
  const [slow, quick] = [new HeldLane(), new HeldLane()];
  slow.hold();
  const done = writing.run(slow);
  const joined = writing.join(quick);
  await settle();
  assert.equal(asked(), SPREAD_BYTES); // the first piece is with the slow one
  slow.release();
  await Promise.all([done, joined]);
  assert.equal(writing.confirmed, SIZE);
  const offsets = [...slow.offsets, ...quick.offsets].sort((one, other) => one - other);
  assert.deepEqual(offsets, Array.from({ length: 100 }, (_, at) => at * REQUEST_BYTES));
});

Deno.test("Writing goes on without a lane that is retired", async () => {
  const { writing } = start();
  const [kept, retired] = [new HeldLane(), new HeldLane()];
  kept.hold();
  retired.hold();
  const done = writing.run(kept);
  const joined = writing.join(retired);
  await settle();
  const before = retired.offsets.length;
  retired.retired = true;
  retired.release();
  await joined;
  assert.equal(retired.offsets.length, before);
  kept.release();
  await done;
  assert.equal(writing.confirmed, SIZE);
});

Deno.test("Writing fails as a whole when one lane does, also while another waits for it", async () => {
  const { writing, asked } = start();
  const [slow, quick] = [new HeldLane(), new HeldLane()];
  slow.hold();
  const done = writing.run(slow);
  const joined = writing.join(quick);
  await settle();
  slow.release(new Error("lost"));
  await assert.rejects(done, { message: "lost" });
  await joined;
  await writing.stop();
  assert.equal(asked(), SPREAD_BYTES);
});

Deno.test("Writing says that all is sent before it is answered where there is one lane, and never where there are more", async () => {
  for (const lanes of [1, 2]) {
    let confirmed: number | undefined;
    const { writing } = start(() => confirmed = writing.confirmed);
    const [first, second] = [new HeldLane(), new HeldLane()];
    const done = writing.run(first);
    const joined = lanes === 2 ? writing.join(second) : undefined;
    await Promise.all([done, joined]);
    assert.equal(confirmed !== undefined && confirmed <= SIZE, lanes === 1);
  }
});
