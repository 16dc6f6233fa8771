import assert from "node:assert/strict";
import type { FileClient } from "../../lib/ssh/sftp/file_client.ts";
import { type Pace, Reading } from "../../lib/ssh/transfer/reading.ts";
import type { PipelineOptions } from "../../lib/ssh/transfer/pipeline.ts";
import { someBytes } from "../support/file_tools.ts";

const REQUEST_BYTES = 1000;
const HANDLE = new Uint8Array(4);

/** One request that waits for its answer. */
interface Asked {
  offset: number;
  length: number;
  /** Answers with so many bytes. @default all that was asked for and the file has */
  answer: (most?: number) => void;
  fail: (error: Error) => void;
}

/** A file behind a server that answers when it is told to. */
class HeldFile {
  readonly content: Uint8Array;
  readonly asked: Asked[] = [];
  readonly client = {
    limits: { readBytes: REQUEST_BYTES, writeBytes: REQUEST_BYTES },
    read: (_handle: Uint8Array, offset: number, sink: Uint8Array) => this.#read(offset, sink),
  } as unknown as FileClient;

  constructor(bytes: number) {
    this.content = someBytes(bytes);
  }

  #read(offset: number, sink: Uint8Array): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const answer = (most = Infinity): void => {
      const piece = this.content.subarray(offset, offset + Math.min(most, sink.length));
      sink.set(piece);
      resolve(piece.length);
    };
    this.asked.push({ offset, length: sink.length, answer, fail: reject });
    return promise;
  }
}

/** Collects what comes. */
class Taken {
  readonly pieces: Uint8Array[] = [];
  held: Promise<void> | undefined;

  readonly sink = async (bytes: Uint8Array): Promise<void> => {
    await this.held;
    this.pieces.push(bytes.slice());
  };

  get bytes(): Uint8Array {
    return new Uint8Array(this.pieces.flatMap((piece) => [...piece]));
  }
}

interface Begun {
  file: HeldFile;
  taken: Taken;
  reading: Reading;
  done: Promise<void>;
}

function begin(
  { bytes, to = bytes, from = 0, ...options }: PipelineOptions & { bytes: number; from?: number; to?: number },
  pace: Partial<Pace> = {},
): Begun {
  const file = new HeldFile(bytes);
  const taken = new Taken();
  const whole = { ringBytes: 4 * REQUEST_BYTES, bytesPerMs: Infinity, ...pace };
  const reading = new Reading(file.client, HANDLE, { from, to }, taken.sink, whole, options);
  const done = reading.run();
  done.catch(() => {}); // the test looks at it later
  return { file, taken, reading, done };
}

/** Lets everything happen that waits for nothing. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

/** Answers all, the last one first. */
async function answerAll(file: HeldFile, most?: number): Promise<void> {
  for (let next; (next = file.asked.pop()) !== undefined; await settle()) next.answer(most);
}

Deno.test("Reading gives the sink the content in order when answers come in any order", async () => {
  const { file, taken, reading, done } = begin({ bytes: 10_500 });
  await answerAll(file);
  await done;
  assert.deepEqual(taken.bytes, file.content);
  assert.equal(reading.delivered, 10_500);
});

Deno.test("Reading misses nothing that arrives while it finds that there is nothing more to give", async () => {
  for (let ticks = 0; ticks < 20; ticks++) {
    const file = new HeldFile(2 * REQUEST_BYTES);
    let bytes = 0;
    const sink = (piece: Uint8Array): void => void (bytes += piece.length);
    const pace = { ringBytes: 4 * REQUEST_BYTES, bytesPerMs: Infinity };
    const reading = new Reading(file.client, HANDLE, { from: 0, to: 2 * REQUEST_BYTES }, sink, pace, {});
    const done = reading.run();
    file.asked[0]?.answer();
    for (let tick = 0; tick < ticks; tick++) await Promise.resolve();
    file.asked[1]?.answer();
    await settle();
    assert.equal(bytes, 2 * REQUEST_BYTES, `answered ${ticks} ticks apart`);
    await done;
  }
});

Deno.test("Reading starts where it is told to, also where its memory starts over in the middle of a request", async () => {
  const { file, taken, done } = begin({ bytes: 9000, from: 1234, to: 8765 }, { ringBytes: 2500 });
  await answerAll(file);
  await done;
  assert.deepEqual(taken.bytes, file.content.subarray(1234, 8765));
});

Deno.test("Reading asks for the rest of a short answer, and for less at once from then on", async () => {
  let short = 0;
  const { file, taken, done } = begin({ bytes: 300_000, onShort: () => short++ }, { ringBytes: 100_000 });
  assert.equal(file.asked[0]?.length, REQUEST_BYTES);
  for (let next; (next = file.asked.shift()) !== undefined; await settle()) next.answer(700);
  await done;
  assert.deepEqual(taken.bytes, file.content);
  assert.ok(short > 0);
});

Deno.test("Reading asks for no more than it has room for while the sink is busy", async () => {
  const { file, taken, done } = begin({ bytes: 20_000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  taken.held = promise;
  assert.equal(file.asked.length, 4);
  const all = file.asked.splice(0);
  for (const { answer } of all) answer();
  await settle();
  assert.equal(file.asked.length, 0);
  resolve();
  await settle();
  assert.equal(file.asked[0]?.offset, 4 * REQUEST_BYTES);
  await answerAll(file);
  await done;
  assert.deepEqual(taken.bytes, file.content);
});

Deno.test("Reading gives what has arrived at once when nothing else is on its way", async () => {
  const { file, taken, done } = begin({ bytes: 2500, to: Infinity }, { ringBytes: REQUEST_BYTES });
  for (const [index, length] of [1000, 1000, 500].entries()) {
    assert.equal(file.asked.length, 1);
    file.asked.shift()?.answer();
    await settle();
    if (index < 2) assert.equal(taken.pieces.at(-1)?.length, length);
  }
  file.asked.shift()?.answer(); // the end
  await done;
  assert.deepEqual(taken.bytes, file.content);
});

Deno.test("Reading ends where the file ends, whatever is said to stand behind it", async () => {
  const { file, taken, reading, done } = begin({ bytes: 2500, to: 10_000 });
  await answerAll(file);
  await done;
  assert.deepEqual(taken.bytes, file.content);
  assert.equal(reading.delivered, 2500);
});

Deno.test("Reading fails with the first read that fails, and gives the sink nothing more", async () => {
  const { file, taken, done } = begin({ bytes: 10_000 });
  const [first, second] = file.asked.splice(0);
  second?.fail(new Error("no more"));
  await assert.rejects(done, { message: "no more" });
  first?.answer();
  await settle();
  assert.equal(taken.pieces.length, 0);
  assert.equal(file.asked.length, 0);
});

Deno.test("Reading.run() fails with what the sink fails with", async () => {
  const { file, taken, done } = begin({ bytes: 10_000 });
  taken.held = Promise.reject(new Error("the disk is full"));
  taken.held.catch(() => {});
  await answerAll(file);
  await assert.rejects(done, { message: "the disk is full" });
});

Deno.test("Reading.stop() waits for the sink, and asks for nothing more", async () => {
  const { file, taken, reading } = begin({ bytes: 10_000 });
  const { promise, resolve } = Promise.withResolvers<void>();
  taken.held = promise;
  for (const { answer } of file.asked.splice(0)) answer();
  await settle();
  let stopped = false;
  const stopping = reading.stop().then(() => stopped = true);
  await settle();
  assert.equal(stopped, false);
  resolve();
  await stopping;
  assert.deepEqual([taken.pieces.length, file.asked.length], [1, 0]);
});

Deno.test("Reading asks no faster than its pace until its memory is full", async () => {
  const { file, reading } = begin({ bytes: 10_000 }, { bytesPerMs: 1e-5 });
  await settle();
  assert.equal(file.asked.length, 1);
  await reading.stop();
});

Deno.test("Reading tells when all has been asked for, before it is answered", async () => {
  let sent = 0;
  const { file, done } = begin({ bytes: 4000, onSent: () => sent++ });
  assert.deepEqual([file.asked.length, sent], [4, 1]);
  await answerAll(file);
  await done;
  assert.equal(sent, 1);
});
