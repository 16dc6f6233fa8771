/** The writes of one upload: pieces in order from one source, on their way over one channel or several. */
import type { Handle } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { WritePacket } from "../sftp/write_packet.ts";
import type { PipelineOptions, Source, Stoppable } from "./pipeline.ts";

/** A way to the file. */
export interface Lane {
  client: FileClient;
  /** The file, open for writing. */
  handle: Handle;
  /** True once it is to carry no more. @default false */
  retired?: boolean;
}

/** Sends over another way, too. @returns resolves when nothing more is on its way there; a failure ends it just so */
export type Join = (lane: Lane) => Promise<void>;

/**
 * Where there are several ways, the piece with which all before it are whole and the last one that was sent are never
 * further apart, in bytes: of a part that a broken upload left, all but so much is whole.
 */
export const SPREAD_BYTES = 32 * 1024 * 1024;

/** Takes piece after piece from a source and sends them. */
export class Writing implements Stoppable {
  /** Bytes that the server has confirmed. */
  confirmed = 0;
  readonly #source: Source;
  readonly #slots: { requestBytes: number; slots: number };
  readonly #options: PipelineOptions;
  readonly #done = Promise.withResolvers<void>();
  #active = 0;
  #next: number;
  #ended = false;
  #isExhausted = false;
  #isSent = false;
  #lanes = 0;
  /** Pieces that were taken from the source and are not on their way yet. */
  #unsent = 0;
  /** Where the pieces start that are not confirmed, in order. */
  readonly #unconfirmed = new Set<number>();
  /** Resolves when the next piece is confirmed, or all is over. */
  #progress = Promise.withResolvers<void>();
  /** Resolves when the read from the source before this one is over. */
  #turn: Promise<void> = Promise.resolve();

  /**
   * @param offset where the first piece goes
   * @param slots how many pieces are on their way at once over each lane, and how long each is
   */
  constructor(
    offset: number,
    source: Source,
    slots: { requestBytes: number; slots: number },
    options: PipelineOptions,
  ) {
    this.#next = offset;
    this.#source = source;
    this.#slots = slots;
    this.#options = options;
    this.#done.promise.catch(() => {}); // told by run()
  }

  /** Sends all there is. @throws what a write or the source failed with first */
  async run(lane: Lane): Promise<void> {
    void this.join(lane);
    await this.#done.promise;
  }

  /** See {@linkcode Join}. */
  async join(lane: Lane): Promise<void> {
    this.#lanes++;
    await Promise.allSettled(Array.from({ length: this.#slots.slots }, () => this.#begin(lane)));
  }

  async stop(): Promise<void> {
    this.#end();
    await this.#turn;
  }

  async #begin(lane: Lane): Promise<void> {
    this.#active++;
    try {
      await this.#slot(lane);
      if (--this.#active === 0) this.#done.resolve();
    } catch (error) {
      this.#end();
      this.#done.reject(error);
    }
  }

  async #slot(lane: Lane): Promise<void> {
    const packet = new WritePacket(lane.handle, this.#slots.requestBytes);
    while (!this.#ended && !lane.retired) {
      const piece = await this.#load(lane, packet);
      if (piece === undefined) return this.#sent();
      const written = lane.client.write(packet);
      this.#unsent--;
      await written;
      this.#unconfirmed.delete(piece.offset);
      this.#tell();
      this.confirmed += piece.length;
      this.#options.onBytes?.(piece.length);
    }
  }

  #end(): void {
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#progress.resolve();
    this.#progress = Promise.withResolvers();
  }

  /** Requests keep their order on one lane only: over several, what comes after them has to wait for the answers. */
  #sent(): void {
    if (this.#isSent || !this.#isExhausted || this.#unsent > 0 || this.#lanes > 1) return;
    this.#isSent = true;
    this.#options.onSent?.();
  }

  async #load(lane: Lane, packet: WritePacket): Promise<{ offset: number; length: number } | undefined> {
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const myTurn = this.#turn;
    this.#turn = done;
    await myTurn;
    try {
      if (this.#lanes > 1) await this.#closeEnough();
      if (this.#ended || lane.retired) return undefined;
      const length = await this.#source(packet.content);
      const offset = this.#next;
      if (length === 0) {
        this.#isExhausted = true;
        this.#end();
        return undefined;
      }
      packet.seal(offset, length);
      this.#next += length;
      this.#unconfirmed.add(offset);
      this.#unsent++;
      return { offset, length };
    } catch (error) {
      this.#end(); // before the next in turn asks the source again
      throw error;
    } finally {
      resolve();
    }
  }

  async #closeEnough(): Promise<void> {
    const isFar = (): boolean => {
      const [first] = this.#unconfirmed;
      return first !== undefined && this.#next + this.#slots.requestBytes - first > SPREAD_BYTES;
    };
    while (!this.#ended && isFar()) await this.#progress.promise;
  }
}
