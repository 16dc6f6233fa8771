/** What uploads and downloads of directories have in common. */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import type { Session } from "../session.ts";
import { throwIfCancelled } from "./cancel.ts";
import type { TransferOptions } from "./transfer.ts";

/** Most files, directories and links of one transfer. */
export const MAX_TREE_ENTRIES = 200_000;
/** Failures that an answer lists; the others are counted. */
const MAX_LISTED_FAILURES = 100;
/** Files of one or two requests, where the way to the host and back is what takes time. */
const SMALL_BYTES = 512 * 1024;
/** Each of these has a pipeline of its own, which fills the line. */
const LARGE_AT_ONCE = 2;

/** How a directory is moved. */
export interface TreeOptions extends TransferOptions {
  /** Whether a link at a local path may lead to a target. */
  mayLink: (linkPath: string, target: string) => Promise<boolean>;
}

/** A link keeps inside what the transfer may touch here. @throws {ToolError} `outside_files_dir` */
export async function requireInside(
  { mayLink }: TreeOptions,
  { path, link, target }: { path: string; link: string; target: string },
): Promise<void> {
  if (target.isWellFormed() && await mayLink(link, target)) return;
  throw new ToolError("outside_files_dir", `the link ${quoteUntrusted(path)} leads out of --files-dir`);
}

/** One thing that could not be moved. */
export interface TreeFailure {
  /** Relative to the top. */
  path: string;
  code: string;
  reason: string;
}

/** What was done. */
export interface TreeResult {
  files: number;
  directories: number;
  links: number;
  /** Files that `resume` found to be there already, not counted in `files`. */
  unchanged: number;
  bytes: number;
  failures: TreeFailure[];
  /** All failures, listed or not. */
  failed: number;
  notes: string[];
}

/** A file of a tree. */
export interface TreeFile {
  /** Relative to the top. */
  path: string;
  /** Bytes, as far as is known. */
  size: number;
  /** Permission bits. */
  mode: number;
}

/** Counts what has been done, and decides what ends the whole. */
export class Tally {
  readonly result: TreeResult = {
    files: 0,
    directories: 0,
    links: 0,
    unchanged: 0,
    bytes: 0,
    failures: [],
    failed: 0,
    notes: [],
  };
  readonly #session: Session;
  readonly #options: TransferOptions;
  #entries = 0;
  #moved = 0;
  #total = 0;

  constructor(session: Session, options: TransferOptions) {
    this.#session = session;
    this.#options = options;
  }

  /** One more entry of the tree. @throws {ToolError} `limit_reached` */
  count(): void {
    throwIfCancelled(this.#options.signal);
    if (++this.#entries <= MAX_TREE_ENTRIES) return;
    throw new ToolError("limit_reached", `the directory has more than ${MAX_TREE_ENTRIES} entries`, {
      hint: "move its parts one by one, or pack it with tar first",
    });
  }

  /** How many bytes are to be moved in all. */
  expect(files: readonly TreeFile[]): void {
    this.#total = files.reduce((sum, file) => sum + file.size, 0);
  }

  /** For the options of one file: reports what the whole has come to. */
  progress(): (bytes: number) => void {
    let before = 0;
    return (bytes) => {
      this.#moved += bytes - before;
      before = bytes;
      this.#options.onProgress?.(this.#moved, this.#total);
    };
  }

  /**
   * Does one step; a failure is noted and does not stop the rest, unless nothing more can be done.
   *
   * @param path what the step is about, relative to the top; "" is the top itself, without which there is no tree
   * @returns whether it succeeded
   */
  async attempt(path: string, step: () => Promise<void>): Promise<boolean> {
    try {
      await step();
      return true;
    } catch (error) {
      if (path === "" || this.#options.signal?.aborted || this.#session.ended !== undefined) throw error;
      if (!(error instanceof ToolError) || error.code === "timed_out" || error.code === "cancelled") throw error;
      this.fail(path, error);
      return false;
    }
  }

  /** Notes a failure. */
  fail(path: string, error: ToolError): void {
    this.result.failed++;
    if (this.result.failures.length >= MAX_LISTED_FAILURES) return;
    this.result.failures.push({ path, code: error.code, reason: error.message });
  }
}

/** Moves all files: the small ones `smallAtOnce`, the large ones a few at a time. */
export async function moveAll(
  files: readonly TreeFile[],
  smallAtOnce: number,
  move: (file: TreeFile) => Promise<void>,
): Promise<void> {
  await inParallel(files.filter((file) => file.size <= SMALL_BYTES), smallAtOnce, move);
  await inParallel(files.filter((file) => file.size > SMALL_BYTES), LARGE_AT_ONCE, move);
}

/** Works on all items, `atOnce` at a time; the first failure stops what has not begun. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (!failed && next < items.length) {
      try {
        await work(items[next++] as T);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
