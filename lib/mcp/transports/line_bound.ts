/** Whole lines, each of bounded length. */
import { Buffer } from "node:buffer";
import { Transform, type TransformCallback } from "node:stream";

const LINE_FEED = 10;

/** What becomes of lines. */
export interface LineBoundOptions {
  /** Told once of each line that is too long. */
  onTooLong: () => void;
  /** Something to wait for before more is read. */
  pause?: () => Promise<unknown> | undefined;
}

/**
 * Passes bytes line by line and drops lines that are too long. The protocol library joins what it has with each chunk
 * that comes (`ReadBuffer` of @modelcontextprotocol/server 2.4), which takes minutes for a long line in small chunks;
 * and it ends the connection for one that is too long.
 */
export class LineBound extends Transform {
  readonly #maxBytes: number;
  readonly #options: LineBoundOptions;
  #parts: Uint8Array[] = [];
  #lineBytes = 0;

  /**
   * @param maxBytes longest line that passes
   * @param options what becomes of those that do not, and when to wait
   */
  constructor(maxBytes: number, options: LineBoundOptions) {
    super();
    this.#maxBytes = maxBytes;
    this.#options = options;
  }

  override _transform(chunk: Uint8Array, _encoding: string, callback: TransformCallback): void {
    let start = 0;
    while (start < chunk.length) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const end = feed < 0 ? chunk.length : feed + 1;
      this.#take(chunk.subarray(start, end));
      if (feed >= 0) this.#endLine();
      start = end;
    }
    const pause = this.#options.pause?.();
    if (pause === undefined) callback();
    else pause.then(() => callback(), () => callback()); // an output that fails ends the input as well
  }

  #take(part: Uint8Array): void {
    const wasTooLong = this.#lineBytes > this.#maxBytes;
    this.#lineBytes += part.length;
    if (this.#lineBytes <= this.#maxBytes) {
      this.#parts.push(part);
    } else if (!wasTooLong) {
      this.#parts = [];
      this.#options.onTooLong();
    }
  }

  #endLine(): void {
    if (this.#parts.length > 0) this.push(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#lineBytes = 0;
  }
}
