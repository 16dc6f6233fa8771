/**
 * Writes to a socket what comes for it in one go as one: a read from the server brings up to eight packets of 32 KiB, and
 * a system call for each would wake the local client eight times.
 */
import { Buffer } from "node:buffer";
import { atEndOfGo } from "../transport/one_go.ts";
import type { TcpSocket } from "../transport/tcp_socket.ts";

/** What several writes are gathered in, one behind the other; what one read brings fits. */
const BLOCK_BYTES = 256 * 1024;
/** Room in a block below which the next one is taken. */
const MIN_ROOM_BYTES = 32 * 1024;
/** Up to this size a copy of its own costs less than a block that stays with a slow socket. */
const SMALL_BYTES = 4 * 1024;
/** Blocks that are kept for whoever needs one next. */
const SPARE_BLOCKS = 4;

/** Memory, and how many writes look at it. */
interface Block {
  bytes: Uint8Array;
  writes: number;
}

/** What is written to. */
type Target = Pick<TcpSocket, "write" | "queuedBytes">;

/** Blocks that nobody uses now. Writes mostly end at once, so that a few serve all sockets. */
const spare: Block[] = [];
/** Those that have something to write, and may have written it. */
const gathering: GatheredWrites[] = [];

function flushAll(): void {
  for (const each of gathering.splice(0)) each.flush();
}

/** Where many sockets are to be written in one go, some wait for no more: memory for each would be made in vain. */
function unusedBlock(): Block {
  if (spare.length === 0) flushAll();
  return spare.pop() ?? { bytes: new Uint8Array(BLOCK_BYTES), writes: 0 };
}

/** The writing side of one socket. */
export class GatheredWrites {
  readonly #socket: Target;
  #block: Block | undefined;
  /** What is gathered in the block, and not written yet. */
  #start = 0;
  #end = 0;
  readonly #onWritten: () => void;

  /** @param onWritten called each time that something was given to `socket`, which may be full now */
  constructor(socket: Target, onWritten: () => void) {
    this.#socket = socket;
    this.#onWritten = onWritten;
  }

  /** Takes a copy of `chunk`, to be written when what it came with is handled. */
  write(chunk: Uint8Array): void {
    for (let taken = 0; taken < chunk.length;) {
      if (this.#end === BLOCK_BYTES) this.flush();
      const block = this.#block ??= unusedBlock();
      if (this.#start === this.#end && gathering.push(this) === 1) atEndOfGo(flushAll);
      const part = chunk.subarray(taken, taken + BLOCK_BYTES - this.#end);
      block.bytes.set(part, this.#end);
      this.#end += part.length;
      taken += part.length;
    }
  }

  /** Writes at once what has been gathered. */
  flush(): void {
    const block = this.#block;
    if (block === undefined || this.#start === this.#end) return;
    const bytes = block.bytes.subarray(this.#start, this.#end);
    if (bytes.length <= SMALL_BYTES && this.#socket.queuedBytes > 0) {
      this.#end = this.#start;
      const copy = Buffer.allocUnsafe(bytes.length); // Buffer.from() takes twenty times as long
      copy.set(bytes);
      this.#socket.write(copy, () => {});
    } else {
      this.#start = this.#end;
      this.#writeFrom(block, bytes);
    }
    this.#giveBack(block);
    if (BLOCK_BYTES - this.#end < MIN_ROOM_BYTES) this.#leave();
    this.#onWritten();
  }

  #writeFrom(block: Block, bytes: Uint8Array): void {
    const done = this.#socket.write(bytes, (whole) => {
      if (!whole) return; // the socket may still look at it
      block.writes--;
      this.#giveBack(block);
    });
    if (!done) block.writes++;
  }

  /** Forgets what has been gathered. */
  drop(): void {
    const block = this.#block;
    this.#end = this.#start;
    if (block !== undefined) this.#giveBack(block);
  }

  /** Lets go of a block that no write looks at and that holds nothing. */
  #giveBack(block: Block): void {
    if (block.writes > 0) return;
    if (block === this.#block) {
      if (this.#start !== this.#end) return;
      this.#leave();
    }
    if (spare.length < SPARE_BLOCKS) spare.push(block);
  }

  #leave(): void {
    this.#block = undefined;
    this.#start = this.#end = 0;
  }
}
