/** A file that is open over commands: one `cat` that is running, from it or to it. */
import { spend } from "../../spent.ts";
import type { ScriptOptions } from "../remote_script.ts";

/** Runs a script. */
export type Runner = (script: string, options: ScriptOptions) => Promise<void>;

/** How much is taken from the host before somebody has asked for it. */
const MAX_AHEAD_BYTES = 1024 * 1024;

/** One open file; content moves in order, as one stream. */
export class OpenFile {
  /** Its path. */
  readonly path: string;
  readonly #run: Runner;
  #reading: FromHost | undefined;
  #expected = 0;
  #writing: ToHost | undefined;
  /** What was written by streams that have been ended: whether it arrived. */
  #written: Promise<void> = Promise.resolve();

  constructor(run: Runner, path: string) {
    this.#run = run;
    this.path = path;
  }

  /** Reads at `offset` into `sink`. @returns how many bytes came; fewer than fit only at the end of the file */
  read(offset: number, sink: Uint8Array): Promise<number> {
    if (this.#reading?.endedBefore(offset)) return Promise.resolve(0);
    if (this.#reading === undefined || offset !== this.#expected) {
      this.#reading?.stop();
      this.#reading = new FromHost(this.#run, this.path, offset);
    }
    this.#expected = offset + sink.length;
    return this.#reading.read(sink);
  }

  /** Appends. */
  async write(content: Uint8Array): Promise<void> {
    await this.#written;
    this.#writing ??= new ToHost(this.#run, this.path);
    await this.#writing.push(content);
  }

  /** Waits until nothing is running, and the host has taken all that was written. */
  async settle(): Promise<void> {
    await this.#reading?.rest();
    this.#endWriting();
    const written = this.#written;
    try {
      await written;
    } finally {
      if (this.#written === written) this.#written = Promise.resolve(); // a failure is not told to whoever comes later
    }
  }

  #endWriting(): void {
    const writing = this.#writing;
    if (writing === undefined) return;
    this.#writing = undefined;
    this.#written = this.#written.then(() => writing.end());
    this.#written.catch(() => {}); // told by whoever comes next
  }

  /** Stops what is running. */
  async close(): Promise<void> {
    this.#reading?.stop();
    this.#writing?.stop();
    await Promise.allSettled([this.#reading?.over, this.#writing?.over]);
  }
}

/** From the host, in order. */
class FromHost {
  readonly over: Promise<void>;
  readonly #stopped = new AbortController();
  readonly #pieces: Uint8Array[] = [];
  #held = 0;
  #at: number;
  #isOver = false;
  #failure: unknown;
  #changed = Promise.withResolvers<void>();
  #turn: Promise<unknown> = Promise.resolve();

  constructor(run: Runner, path: string, from: number) {
    this.#at = from;
    const script = from === 0 ? 'cat < "$f"' : `tail -c +${from + 1} < "$f"`;
    const sink = (piece: Uint8Array): Promise<void> => this.#take(piece);
    this.over = run(script, { path, sink, signal: this.#stopped.signal })
      .catch((error) => void (this.#failure = error))
      .finally(() => {
        this.#isOver = true;
        this.#change();
      });
  }

  /** Whether the file is known to end before an offset. */
  endedBefore(offset: number): boolean {
    return this.#isOver && this.#failure === undefined && this.#held === 0 && offset >= this.#at;
  }

  stop(): void {
    this.#stopped.abort();
    this.#change();
  }

  /** Ends it, where it does not end by itself because there is more than was asked for. */
  async rest(): Promise<void> {
    while (!this.#isOver && this.#held === 0) await this.#changed.promise;
    if (!this.#isOver) this.stop();
    await this.over;
  }

  read(sink: Uint8Array): Promise<number> {
    const filled = this.#turn.then(() => this.#fill(sink));
    this.#turn = filled.catch(() => {});
    return filled;
  }

  async #take(piece: Uint8Array): Promise<void> {
    this.#pieces.push(piece);
    this.#held += piece.length;
    this.#change();
    while (this.#held > MAX_AHEAD_BYTES && !this.#stopped.signal.aborted) await this.#changed.promise;
  }

  async #fill(sink: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < sink.length) {
      const piece = this.#pieces[0];
      if (piece === undefined) {
        if (this.#failure !== undefined) throw this.#failure;
        if (this.#isOver) break;
        await this.#changed.promise;
        continue;
      }
      const count = Math.min(piece.length, sink.length - filled);
      sink.set(piece.subarray(0, count), filled);
      filled += count;
      this.#held -= count;
      if (count < piece.length) this.#pieces[0] = piece.subarray(count);
      else {
        this.#pieces.shift();
        spend(piece);
      }
      this.#change();
    }
    this.#at += filled;
    return filled;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** To the host, in order. */
class ToHost {
  readonly over: Promise<void>;
  readonly #stopped = new AbortController();
  readonly #waiting: { left: Uint8Array; taken: () => void; failed: (reason: unknown) => void }[] = [];
  #isComplete = false;
  #failure: unknown;
  #isTold = false;
  #changed = Promise.withResolvers<void>();

  constructor(run: Runner, path: string) {
    const source = (buffer: Uint8Array): Promise<number> => this.#give(buffer);
    // Where it was removed meanwhile, it stays so.
    const script = '[ -e "$f" ] && cat >> "$f"';
    this.over = run(script, { path, source, signal: this.#stopped.signal }).catch((error) => {
      this.#failure = error;
      this.#isTold = this.#waiting.length > 0;
      for (const { failed } of this.#waiting.splice(0)) failed(error);
    });
  }

  /** @returns when it is on its way */
  push(content: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) {
      this.#isTold = true;
      return Promise.reject(this.#failure);
    }
    const { promise, resolve: taken, reject: failed } = Promise.withResolvers<void>();
    this.#waiting.push({ left: content, taken, failed });
    this.#changed.resolve();
    return promise;
  }

  /** Waits until all has arrived; a failure that no write was told of is told now. */
  async end(): Promise<void> {
    this.#isComplete = true;
    this.#changed.resolve();
    await this.over;
    if (this.#failure === undefined || this.#isTold) return;
    this.#isTold = true;
    throw this.#failure;
  }

  stop(): void {
    this.#isComplete = true;
    this.#stopped.abort();
    this.#changed.resolve();
  }

  async #give(buffer: Uint8Array): Promise<number> {
    while (this.#waiting.length === 0 && !this.#isComplete) {
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
    const first = this.#waiting[0];
    if (first === undefined) return 0;
    const count = Math.min(buffer.length, first.left.length);
    buffer.set(first.left.subarray(0, count));
    first.left = first.left.subarray(count);
    if (first.left.length === 0) this.#waiting.shift()?.taken();
    return count;
  }
}
