/** Reading a local file at the pace of its disk. */

/** A read that takes longer than this, in milliseconds, came from no cache. */
const FROM_CACHE_MS = 3;

/**
 * Reads a file from where it stands. Through the runtime's thread pool a read from the page cache costs ten times what
 * it costs directly, which shows at hundreds of megabytes a second; so what comes from the cache is read directly, and
 * what does not, beside everything else.
 */
export class LocalReader {
  readonly #file: Deno.FsFile;
  #isCached = false;

  /** @param file open for reading; stays its owner's */
  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Fills the buffer. @returns how many bytes; fewer than fit only at the end of the file */
  async fill(buffer: Uint8Array): Promise<number> {
    let filled = 0;
    while (filled < buffer.length) {
      const started = performance.now();
      const rest = buffer.subarray(filled);
      const count = this.#isCached ? this.#file.readSync(rest) : await this.#file.read(rest);
      this.#isCached = performance.now() - started < FROM_CACHE_MS;
      if (count === null) break;
      filled += count;
    }
    return filled;
  }
}
