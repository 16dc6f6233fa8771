/**
 * More SFTP channels for one large upload over a long way: OpenSSH's server opens 2 MiB of window for each, which at
 * 50 ms there and back lets 40 MB/s through (RFC 4254 §5.2), whatever the line carries.
 *
 * Each channel has a handle of its own on the part. That it leads to the same file, and not to one that somebody has put
 * in its place, is proven before anything is written: the handle that made the part gives it a time of access which no
 * other file has and nobody but its owner can give it, and the new handle has to show it.
 */
import type { Session } from "../session.ts";
import type { Handle, SftpClient } from "../sftp/client.ts";
import type { FileClient } from "../sftp/file_client.ts";
import { OpenFlag } from "../sftp/wire.ts";
import { cancelled } from "./cancel.ts";
import type { Join, Lane } from "./writing.ts";

/** How many there are besides the one that a session keeps. */
const MORE = 3;
/** What is shorter has arrived before they are open. */
const MIN_LEFT_BYTES = 16 * 1024 * 1024;
/** On a shorter way, in milliseconds, the window holds nothing up. */
const FAR_MS = 10;
/** After how many bytes it is looked again at how fast they go. */
const LOOK_EVERY_BYTES = 4 * 1024 * 1024;
/** What OpenSSH's server opens. */
const SERVER_WINDOW_BYTES = 2 * 1024 * 1024;
/** Which part of what the window lets through has to arrive. Where it is less, the line is full: more would only queue. */
const FULL_SHARE = 0.6;
/** Servers whose channels are known to see the same files, written at any offset, and to be there for the asking. */
const KNOWN_SERVERS = /^OpenSSH_\d/;
/** Seconds since 1970 that no file is likely to have been read at: from 1978 on, for eight years and a half. */
const MARK_FROM = 2 ** 28;

/** What a part shows while other handles have to prove that they lead to it. */
interface Mark {
  uid: number | undefined;
  /** Seconds since 1970. */
  accessed: number;
}

/** The further channels of one upload. */
export class Lanes {
  readonly #session: Session;
  readonly #client: FileClient;
  readonly #part: { path: string; handle: Handle };
  readonly #join: Join;
  /** Aborted when no more channels are to be opened. */
  readonly #enough = new AbortController();
  readonly #dropped = Promise.withResolvers<void>();
  readonly #used = new Set<Lane>();
  readonly #closed: Promise<unknown>[] = [];
  #opening: Promise<void> | undefined;
  #stopListening: (() => void) | undefined;
  #confirmed = 0;
  #looked = { at: performance.now(), bytes: 0 };

  /**
   * Opens nothing yet.
   *
   * @param client the channel that `part` was made over
   * @param join has the upload send over another channel, too
   */
  constructor(session: Session, client: FileClient, part: { path: string; handle: Handle }, join: Join) {
    this.#session = session;
    this.#client = client;
    this.#part = part;
    this.#join = join;
  }

  /** Whether one of them ended while it was in use; to be asked before they are given up. */
  get broken(): boolean {
    return [...this.#used].some(({ client }) => client.ended !== undefined);
  }

  /** Told of bytes that have arrived; opens channels once these turn out to be what holds them up. @param left to come */
  look(bytes: number, left: number): void {
    this.#confirmed += bytes;
    const since = this.#confirmed - this.#looked.bytes;
    if (this.#opening !== undefined || since < LOOK_EVERY_BYTES || left < MIN_LEFT_BYTES) return;
    const ms = performance.now() - this.#looked.at;
    this.#looked = { at: performance.now(), bytes: this.#confirmed };
    const { roundTripMs, pipelines } = this.#client;
    if (!pipelines || roundTripMs < FAR_MS || since / ms < FULL_SHARE * SERVER_WINDOW_BYTES / roundTripMs) return;
    if (KNOWN_SERVERS.test(this.#session.connection.facts.serverVersion)) this.#opening = this.#open();
  }

  /** All has been sent: closes them. @throws what closing the file failed with */
  async finish(): Promise<void> {
    this.#enough.abort();
    this.#stopListening?.();
    await Promise.all([this.#opening, ...this.#closed]);
  }

  /** Lets go of them, whatever is on its way. */
  giveUp(): void {
    this.#enough.abort();
    this.#stopListening?.();
    this.#dropped.resolve();
  }

  async #open(): Promise<void> {
    this.#stopListening = this.#session.connection.onShortage(() => this.#retire());
    const marking = this.#mark();
    marking.catch(() => {}); // told to each channel, as soon as there is one
    const checks = Array.from({ length: MORE }, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const carry = (client: SftpClient): Promise<void> => this.#carry(client, marking, resolve);
      // What was refused is done without; what failed in mid-upload has failed the upload.
      this.#session.sftp.useAnother(carry, this.#enough.signal).then(resolve, () => resolve());
      return promise;
    });
    await Promise.all(checks);
    await marking.then(({ unmark }) => unmark()).catch(() => {}); // the part is gone, or was never marked
  }

  /** Another channel of the session has to wait: what is on its way arrives, then these make room. */
  #retire(): void {
    this.#enough.abort();
    for (const lane of this.#used) lane.retired = true;
  }

  async #carry(client: SftpClient, marking: Promise<Mark>, onChecked: () => void): Promise<void> {
    const opening = Promise.all([client.open(this.#part.path, OpenFlag.WRITE), marking]);
    const [handle, mark] = await this.#unlessEnough(opening);
    const { uid, accessed } = await this.#unlessEnough(client.fstat(handle));
    if (uid !== mark.uid || accessed !== mark.accessed) return;
    onChecked();
    const lane: Lane = { client, handle };
    this.#used.add(lane);
    const closed = this.#join(lane).then(() => client.closeHandle(handle)).then(() => this.#used.delete(lane));
    closed.catch(() => {}); // told by finish()
    this.#closed.push(closed);
    await Promise.race([closed, this.#dropped.promise]);
  }

  /** @returns what the part shows now; `unmark` gives it its times back */
  async #mark(): Promise<Mark & { unmark: () => Promise<void> }> {
    const { handle } = this.#part;
    const start = performance.now();
    const [random = 0] = crypto.getRandomValues(new Uint32Array(1));
    const accessed = MARK_FROM + random % MARK_FROM;
    const [{ uid, modified = 0 }] = await Promise.all([
      this.#client.fstat(handle),
      this.#client.fsetstat(handle, { accessed, modified: Math.floor(Date.now() / 1000) }),
    ]);
    const unmark = (): Promise<void> => {
      const now = modified + Math.floor((performance.now() - start) / 1000);
      return this.#client.fsetstat(handle, { accessed: now, modified: now });
    };
    return { uid, accessed, unmark };
  }

  async #unlessEnough<T>(promise: Promise<T>): Promise<T> {
    const { promise: enough, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(cancelled());
    const { signal } = this.#enough;
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      return await Promise.race([promise, enough]);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }
}
