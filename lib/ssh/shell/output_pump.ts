/**
 * Brings a shell's output onto its screen, in slices between which everything else gets its turn, however fast the
 * output comes.
 */
import { FloodTurns } from "./flood_turns.ts";
import { modeSwitches } from "./marker_filter.ts";
import { plainLines } from "./plain_lines.ts";
import type { Screen } from "./screen.ts";

/** Above this many waiting bytes the far end is made to wait. */
const PAUSE_ABOVE = 768 * 1024;
/** Above this many, what takes an emulator is not rendered but for the last that the shell's buffer would keep of it. */
const DROP_ABOVE = 640 * 1024;
const KEEP_OF_DROPPED = 512 * 1024;
/** Above this many, plain lines go past the emulator. */
const BULK_ABOVE = 16 * 1024;
const MAX_BULK_BYTES = 32 * 1024;
/** Chunks that are smaller are gathered: a program may write byte by byte. */
const GATHER_BELOW = 1024;
const GATHERED_BYTES = 8 * 1024;
/** Longest work without letting others work as long. */
const WORK_MS = 6;
const LINE_FEED = 10;
const turns = new FloodTurns();

/** What the pump is connected to. */
export interface PumpOptions {
  /** Where the output goes. */
  screen: Screen;
  /** Makes the far end wait, or go on. */
  hold: (paused: boolean) => void;
  /** True when somebody waits for what comes: others get less of a turn. */
  isUrgent: () => boolean;
  /** Told when something new is on the screen. */
  onRendered: () => void;
  /** Told of bytes that are not rendered. */
  onDropped: (bytes: Uint8Array) => void;
}

type Item = Uint8Array | (() => void);

/** The queue between a stream and its screen. */
export class OutputPump {
  readonly #options: PumpOptions;
  #queue: Item[] = [];
  /** Where small chunks are gathered, and the item of the queue that shows what has been. */
  #gathered: Uint8Array = new Uint8Array(0);
  #gatheredItem: Uint8Array | undefined;
  #waitingBytes = 0;
  #running = false;
  #held = false;
  #stopped = false;
  #giveTurn = (): void => {};

  /**
   * An idle pump.
   *
   * @param options the screen, and who is told
   */
  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** True when all that came is on the screen. */
  get idle(): boolean {
    return !this.#running;
  }

  /** Takes the next bytes. */
  push(bytes: Uint8Array): void {
    if (bytes.length < GATHER_BELOW) this.#gather(bytes);
    else {
      for (let at = 0; at < bytes.length; at += MAX_BULK_BYTES) {
        this.#queue.push(bytes.subarray(at, at + MAX_BULK_BYTES)); // each is one piece of work
      }
    }
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > PAUSE_ABOVE && !this.#held) this.#hold(true);
    this.#start();
  }

  /** Calls `then` once all that came before is on the screen. */
  after(then: () => void): void {
    this.#queue.push(then);
    this.#start();
  }

  /** Ends the work: what waits is not rendered any more, and whoever waits for its place is called. */
  stop(): void {
    this.#stopped = true;
    const waiting = this.#queue;
    this.#queue = [];
    for (const item of waiting) if (!(item instanceof Uint8Array)) item();
    this.#giveTurn(); // what it is in the middle of may never end
  }

  /** Puts a small chunk behind those that wait as the queue's last item. */
  #gather(bytes: Uint8Array): void {
    const last = this.#queue.at(-1);
    let used = last instanceof Uint8Array && last === this.#gatheredItem ? last.length : 0;
    if (used === 0 || used + bytes.length > GATHERED_BYTES) {
      this.#gathered = new Uint8Array(GATHERED_BYTES);
      used = 0;
    }
    this.#gathered.set(bytes, used);
    this.#gatheredItem = this.#gathered.subarray(0, used + bytes.length);
    if (used > 0) this.#queue.pop();
    this.#queue.push(this.#gatheredItem);
  }

  #start(): void {
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run();
  }

  async #run(): Promise<void> {
    let began = performance.now();
    while (this.#queue.length > 0) {
      await this.#step();
      if (this.#held && this.#waitingBytes < DROP_ABOVE) this.#hold(false);
      const worked = performance.now() - began;
      if (this.#queue.length > 0 && worked < WORK_MS) continue;
      turns.rest(worked);
      this.#giveTurn();
      if (this.#queue.length === 0) this.#running = false;
      this.#options.onRendered();
      if (!this.#running) return;
      this.#giveTurn = await turns.take(this.#options.isUrgent);
      began = performance.now();
    }
    this.#giveTurn();
    this.#running = false;
  }

  /** The next item, or as much of it as fits a slice. */
  async #step(): Promise<void> {
    if (this.#waitingBytes > BULK_ABOVE && await this.#bulk()) return;
    if (this.#waitingBytes > DROP_ABOVE) await this.#drop();
    const item = this.#queue.shift();
    if (item === undefined) return;
    if (!(item instanceof Uint8Array)) return item();
    const size = this.#options.screen.slice(item);
    if (size < item.length) this.#queue.unshift(item.subarray(size));
    this.#waitingBytes -= size;
    await this.#options.screen.write(item.subarray(0, size));
  }

  /** Shows many plain lines at once. @returns false when what comes next is not that */
  async #bulk(): Promise<boolean> {
    const { screen } = this.#options;
    const bytes = this.#mergedFront();
    const end = bytes.lastIndexOf(LINE_FEED) + 1;
    const first = bytes.indexOf(LINE_FEED) + 1;
    if (end === 0 || bytes.length < BULK_ABOVE || first > BULK_ABOVE || !screen.scrollsWhole) return false;
    if (!screen.atLineStart) {
      this.#consume(bytes, first);
      await this.#options.screen.write(bytes.subarray(0, first));
      return true;
    }
    const lines = plainLines(bytes.subarray(0, end));
    if (lines === undefined || lines.length <= 2 * screen.size.height) return false;
    this.#consume(bytes, end);
    await screen.writeLines(lines);
    return true;
  }

  /** The bytes at the front of the queue, as one item of it, not many more than a bulk. */
  #mergedFront(): Uint8Array {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (const item of this.#queue) {
      if (!(item instanceof Uint8Array) || length >= MAX_BULK_BYTES) break;
      parts.push(item);
      length += item.length;
    }
    if (parts.length < 2) return parts[0] ?? new Uint8Array(0);
    const merged = new Uint8Array(length);
    let at = 0;
    for (const part of parts) {
      merged.set(part, at);
      at += part.length;
    }
    this.#queue.splice(0, parts.length, merged);
    return merged;
  }

  /** Takes `count` bytes from the front of the queue, which is `bytes`. */
  #consume(bytes: Uint8Array, count: number): void {
    this.#waitingBytes -= count;
    if (count < bytes.length) this.#queue[0] = bytes.subarray(count);
    else this.#queue.shift();
  }

  /** Leaves out what would scroll off the screen at once; what waits for its place in the stream still gets it. */
  async #drop(): Promise<void> {
    const { screen } = this.#options;
    const kept: Item[] = [];
    let dropped = 0;
    let modes = "";
    for (
      let excess = this.#waitingBytes - KEEP_OF_DROPPED;
      this.#queue.length > 0;
      excess = this.#waitingBytes - KEEP_OF_DROPPED
    ) {
      const item = this.#queue.shift();
      if (item === undefined) break;
      if (!(item instanceof Uint8Array)) {
        kept.push(item);
        continue;
      }
      if (excess <= 0) {
        this.#queue.unshift(item);
        break;
      }
      const lineEnd = item.indexOf(LINE_FEED, Math.min(excess, item.length));
      const end = lineEnd < 0 ? item.length : lineEnd + 1;
      const left = item.subarray(0, end);
      if (end < item.length) this.#queue.unshift(item.subarray(end));
      this.#waitingBytes -= end;
      dropped += end;
      modes += modeSwitches(left);
      this.#options.onDropped(left);
    }
    this.#queue.unshift(...kept);
    if (dropped === 0) return;
    screen.noteLoss();
    // CAN ends a sequence that the cut may have left open (ECMA-48 §8.3.6, CAN in DEC's parser).
    await screen.write(
      `\x18\r\n[${dropped} bytes not rendered: they came faster than a screen shows them]\r\n${modes}`,
    );
  }

  #hold(paused: boolean): void {
    this.#held = paused;
    this.#options.hold(paused);
  }
}
