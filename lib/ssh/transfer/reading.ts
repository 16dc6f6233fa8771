/** The reads of one download: many on their way at once, into one ring of memory, and out of it in order. */
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import type { PipelineOptions, Sink, Stoppable } from "./pipeline.ts";

/**
 * How much is given to the sink at once, in bytes, as long as more is coming. What that makes room for is asked for in
 * one go: a file takes this in one step of another thread, and the server gets one packet, where each would cost as much
 * as hundreds of kilobytes of content. A disk that is given twice as much at once takes longer over all of it.
 */
const GATHER_BYTES = 512 * 1024;
const MIN_REQUEST_BYTES = 4096;

/** How a download goes about it. */
export interface Pace {
  /** Most bytes on their way or not yet taken by the sink. */
  ringBytes: number;
  /** How fast requests are made until as much is on its way, in bytes of content a millisecond. */
  bytesPerMs: number;
}

/** One request, or what came of it. */
interface Block {
  /** Where it stands in the file. */
  start: number;
  length: number;
  filled: number;
  arrived: boolean;
}

/** Reads a range of a file. */
export class Reading implements Stoppable {
  /** Bytes that the sink has taken. */
  delivered = 0;
  readonly #client: FileClient;
  readonly #handle: Handle;
  readonly #sink: Sink;
  readonly #options: PipelineOptions;
  readonly #from: number;
  readonly #to: number;
  readonly #ring: Uint8Array;
  readonly #bytesPerMs: number;
  readonly #began = performance.now();
  readonly #done = Promise.withResolvers<void>();
  /** What was asked for and not given to the sink, in the order of the file. */
  readonly #blocks: Block[] = [];
  #requestBytes: number;
  #next: number;
  #ended = false;
  #isDelivering = false;
  #delivering: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param range in bytes; an infinite `to` reads one request after the other */
  constructor(
    client: FileClient,
    handle: Handle,
    range: { from: number; to: number },
    sink: Sink,
    pace: Pace,
    options: PipelineOptions,
  ) {
    this.#client = client;
    this.#handle = handle;
    this.#sink = sink;
    this.#options = options;
    this.#next = this.#from = range.from;
    this.#to = range.to;
    this.#requestBytes = Math.min(client.limits.readBytes, Math.max(1, range.to - range.from));
    this.#bytesPerMs = pace.bytesPerMs;
    this.#ring = new Uint8Array(pace.ringBytes);
    this.#done.promise.catch(() => {}); // told by run()
  }

  /** Reads all there is. @throws what a read or the sink failed with first */
  async run(): Promise<void> {
    this.#ask();
    await this.#done.promise;
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#delivering;
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #fail(error: unknown): void {
    this.#end();
    this.#done.reject(error);
  }

  /** Asks for as much as there is room for. */
  #ask(): void {
    clearTimeout(this.#timer);
    const ringBytes = this.#ring.length;
    while (!this.#ended && this.#next < this.#to) {
      const at = (this.#next - this.#from) % ringBytes;
      const length = Math.min(this.#requestBytes, this.#to - this.#next, ringBytes - at);
      if (this.#next + length - this.#from - this.delivered > ringBytes) return;
      const asked = this.#next - this.#from;
      const earlyMs = asked < ringBytes ? asked / this.#bytesPerMs - (performance.now() - this.#began) : 0;
      if (earlyMs > 0) {
        this.#timer = setTimeout(() => this.#ask(), earlyMs);
        return;
      }
      const block = { start: this.#next, length, filled: 0, arrived: false };
      this.#next += length;
      this.#blocks.push(block);
      this.#fill(block, at).then(() => this.#deliver(), (error) => this.#fail(error));
      if (this.#next >= this.#to) this.#options.onSent?.();
    }
    if (this.#next >= this.#to && this.#blocks.length === 0) this.#done.resolve();
  }

  /** Reads until the block is full or the file ends; a server may answer with less than was asked for. */
  async #fill(block: Block, at: number): Promise<void> {
    while (block.filled < block.length && !this.#ended) {
      const room = this.#ring.subarray(at + block.filled, at + block.length);
      const count = await this.#client.read(this.#handle, block.start + block.filled, room);
      if (count === 0 || this.#ended) break;
      block.filled += count;
      this.#options.onBytes?.(count);
      if (block.filled < block.length) this.#adapt(count);
    }
    block.arrived = true;
  }

  /** Asks for no more at once than the server gives at once. */
  #adapt(count: number): void {
    this.#options.onShort?.();
    this.#requestBytes = Math.min(this.#requestBytes, Math.max(count, MIN_REQUEST_BYTES));
  }

  /** Gives the sink what has arrived, one piece at a time. */
  #deliver(): void {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    this.#delivering = this.#deliverAll().catch((error) => this.#fail(error));
  }

  async #deliverAll(): Promise<void> {
    for (let piece; !this.#ended && (piece = this.#piece()) !== undefined;) {
      const { blocks, bytes, isEnd } = piece;
      const at = this.delivered % this.#ring.length;
      if (bytes > 0) await this.#sink(this.#ring.subarray(at, at + bytes));
      this.#blocks.splice(0, blocks);
      this.delivered += bytes;
      if (isEnd) {
        this.#end(); // nothing after the end counts, whatever comes
        this.#done.resolve();
      }
      this.#ask();
    }
    this.#isDelivering = false; // in the same step in which there was nothing more
  }

  /** What can be given to the sink: nothing while more is about to come that goes together with it. */
  #piece(): { blocks: number; bytes: number; isEnd: boolean } | undefined {
    const ringBytes = this.#ring.length;
    const toWrap = ringBytes - this.delivered % ringBytes;
    const enough = Math.min(GATHER_BYTES, toWrap, ringBytes / 4);
    let bytes = 0;
    for (const [index, block] of this.#blocks.entries()) {
      if (!block.arrived) return undefined;
      bytes += block.filled;
      const isEnd = block.filled < block.length;
      if (isEnd || bytes >= enough || index === this.#blocks.length - 1) return { blocks: index + 1, bytes, isEnd };
    }
    return undefined;
  }
}
