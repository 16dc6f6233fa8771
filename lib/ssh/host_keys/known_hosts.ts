/**
 * Whether a server's key is to be trusted: what is known, and what becomes of a key that is not.
 *
 * The verdicts are OpenSSH's (hostfile.c, sshconnect.c): a host with any known key that offers another one, also of
 * another type, has changed; a key known for the bare host name is good for the host's other ports; a revoked key is
 * refused. In one thing this is stricter: a revoked key is refused under `insecure` too, where OpenSSH goes on without
 * passwords, because here a password may be just what is sent next.
 */
import { quoteUntrusted, ToolError } from "../../errors.ts";
import { quoteWord } from "../../quote.ts";
import { holds } from "../../sandbox.ts";
import { type HostKey, sameKey } from "./host_key.ts";
import { formatEntry, hostName, type KnownHostsEntry, matchesHost, parseKnownHosts } from "./known_hosts_file.ts";
import { appendKnownHost, exclusively, readKnownHosts } from "./known_hosts_store.ts";

export { type HostKey, hostKeyFromBlob } from "./host_key.ts";

/**
 * What becomes of an unknown key: refused; accepted and stored; accepted. A changed key is refused under the first two,
 * a revoked one under all.
 */
export type HostKeyPolicy = "strict" | "accept-new" | "insecure";

/** How a key came to be accepted. */
export type HostKeyStatus = "known" | "new_stored" | "new_for_this_process" | "not_checked";

/** A key that is accepted. */
export interface HostKeyVerdict {
  status: HostKeyStatus;
  /** What people should know of it: why a new key was not stored, that a line about this host cannot be read. */
  note?: string;
}

/** A key that was expected instead, as it stands in an error's `data`. */
export interface ExpectedKey {
  /** E.g. "ssh-ed25519". */
  type: string;
  /** "SHA256:" and base64. */
  fingerprint: string;
  /** Where it is known from, when from a file. */
  file?: string;
  /** Counted from 1. */
  line?: number;
}

/** How keys are checked. */
export interface KnownHostsOptions {
  /** The known_hosts file. @default ~/.ssh/known_hosts, where HOME may be read; else none */
  file?: string | undefined;
  /** What becomes of an unknown key. */
  policy: HostKeyPolicy;
}

/** What is known of one host. */
interface Knowledge {
  /** Entries that speak of the host on this port. */
  exact: KnownHostsEntry[];
  /** Entries that speak of the host by its bare name, when the port is not 22. */
  bare: KnownHostsEntry[];
  /** Why the file could not be read. */
  problem: ToolError | undefined;
  /** Says so where lines that speak of the host are no entries. */
  note: string | undefined;
}

/** Keys that were remembered beyond this make the oldest forgotten. */
const maxRemembered = 10_000;

/** The known hosts of this program: a file that others share, and what could not be stored in it. */
export class KnownHosts {
  readonly #policy: HostKeyPolicy;
  readonly #givenFile: string | undefined;
  /** Keys accepted in this process and not stored, by the name of the host. */
  readonly #remembered = new Map<string, HostKey>();

  /**
   * Nothing is read before the first check.
   *
   * @param options the file and the policy
   */
  constructor(options: KnownHostsOptions) {
    this.#policy = options.policy;
    this.#givenFile = options.file;
  }

  /**
   * Decides about a key that a server offers, and keeps a new one: {@linkcode judge}, then {@linkcode accept}.
   *
   * @throws {ToolError} as they do
   */
  async verify(host: string, port: number, key: HostKey): Promise<HostKeyVerdict> {
    return await this.judge(host, port, key) ?? await this.accept(host, port, key);
  }

  /**
   * Decides about a key that a server offers, and may not hold: nothing is kept. The file is read anew each time.
   *
   * @returns undefined for a key that is new and may be accepted
   *
   * @param host name or address, as the user gave it
   * @throws {ToolError} `host_key_unknown`, `host_key_changed` or `host_key_revoked`, with `data` of `offered` and
   * `expected`; `known_hosts_malformed` when the file is there and cannot be read whole, which may hide that the key has
   * changed; `permission_denied_locally` when strict and it may not be read
   */
  async judge(host: string, port: number, key: HostKey): Promise<HostKeyVerdict | undefined> {
    const name = hostName(host, port);
    const { status, note } = await this.#check(name, hostName(host, 22), key, this.#file());
    if (status !== undefined) return verdict(status, note);
    if (this.#policy === "strict") throw unknownKey(name, key);
    return undefined;
  }

  /**
   * Keeps a new key, once the server has proved to hold it (RFC 4253 §8): stored, or remembered where that cannot be.
   *
   * @throws {ToolError} `host_key_changed` when another connection has meanwhile kept another one
   */
  async accept(host: string, port: number, key: HostKey): Promise<HostKeyVerdict> {
    const name = hostName(host, port);
    const file = this.#file();
    // Looked at once more under the lock: another connection may have stored this host's key meanwhile.
    return await exclusively(file ?? "", async () => {
      const { status, note } = await this.#check(name, hostName(host, 22), key, file);
      if (status !== undefined) return verdict(status, note);
      const problem = await this.#store(name, key, file);
      if (problem !== undefined) this.#remember(name, key);
      return verdict(problem === undefined ? "new_stored" : "new_for_this_process", note, problem);
    });
  }

  /** Key types known for a host, to be offered first, so that a known host does not show a key of another type. */
  async knownKeyTypes(host: string, port: number): Promise<string[]> {
    const name = hostName(host, port);
    const { exact, bare } = await this.#know(name, hostName(host, 22), this.#file());
    const entries = exact.some((entry) => entry.marker === "none") ? exact : bare;
    const keys = entries.filter((entry) => entry.marker === "none").map((entry) => entry.key);
    return [...new Set([...keys, ...remembered(this.#remembered, name)].map((key) => key.type))];
  }

  /** The status of a key, undefined when nothing is known of the host, and what people should know. */
  async #check(
    name: string,
    bareName: string,
    key: HostKey,
    file: string | undefined,
  ): Promise<{ status: HostKeyStatus | undefined; note: string | undefined }> {
    const { exact, bare, problem, note } = await this.#know(name, bareName, file);
    const matches = (entries: KnownHostsEntry[], marker: KnownHostsEntry["marker"]): KnownHostsEntry | undefined =>
      entries.find((entry) => entry.marker === marker && sameKey(entry.key, key));
    const revoked = matches([...exact, ...bare], "revoked");
    if (revoked !== undefined) throw revokedKey(name, key, expected(revoked, file));
    if (this.#policy === "insecure") return { status: "not_checked", note };
    if (problem !== undefined && (this.#policy === "strict" || problem.code === "known_hosts_malformed")) throw problem;
    if (matches(exact, "none") !== undefined) return { status: "known", note };
    const others = exact.filter((entry) => entry.marker === "none");
    if (others.length > 0) throw changedKey(name, key, others.map((entry) => expected(entry, file)));
    const known = matches(bare, "none") === undefined ? undefined : "known";
    return { status: this.#checkRemembered(name, key) ?? known, note };
  }

  #checkRemembered(name: string, key: HostKey): HostKeyStatus | undefined {
    const known = this.#remembered.get(name);
    if (known === undefined) return undefined;
    if (sameKey(known, key)) return "new_for_this_process";
    throw changedKey(name, key, [{ type: known.type, fingerprint: known.fingerprint }]);
  }

  async #know(name: string, bareName: string, file: string | undefined): Promise<Knowledge> {
    const nothing = { exact: [], bare: [], note: undefined };
    if (file === undefined) return { ...nothing, problem: noFile() };
    const result = await readKnownHosts(file);
    if (result.state !== "read") {
      return { ...nothing, problem: result.state === "unreadable" ? result.error : undefined };
    }
    const { entries, malformed } = parseKnownHosts(result.text);
    const damaged = malformed.filter((line) => matchesHost(line, name) || matchesHost(line, bareName));
    return {
      exact: entries.filter((entry) => matchesHost(entry, name)),
      bare: name === bareName ? [] : entries.filter((entry) => matchesHost(entry, bareName)),
      problem: undefined,
      note: damaged.length === 0 ? undefined : unreadableLines(file, damaged.map(({ line }) => line)),
    };
  }

  /** Keeps a key that cannot be stored: storing never fails a connection. */
  #remember(name: string, key: HostKey): void {
    if (this.#remembered.size >= maxRemembered) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(name, key);
  }

  /** @returns why it was not stored; undefined when it was */
  async #store(name: string, key: HostKey, file: string | undefined): Promise<string | undefined> {
    if (file === undefined) return noFile().hint;
    // What cannot be read back would be stored again by each process.
    const result = await readKnownHosts(file);
    if (result.state === "unreadable") return result.error.hint ?? result.error.message;
    // A name of other characters would be read as a pattern, or as more than one word.
    if (!/^[a-z0-9._:%\[\]-]+$/.test(name)) return "its name cannot be written to a file of known hosts";
    return await appendKnownHost(file, formatEntry(name, key));
  }

  #file(): string | undefined {
    if (this.#givenFile !== undefined) return this.#givenFile;
    const home = holds({ name: "env", variable: "HOME" }) ? Deno.env.get("HOME") : undefined;
    return home ? `${home}/.ssh/known_hosts` : undefined;
  }
}

function verdict(status: HostKeyStatus, ...notes: Array<string | undefined>): HostKeyVerdict {
  const note = notes.filter((each) => each !== undefined).join("; ");
  return { status, ...note !== "" && { note } };
}

function unreadableLines(file: string, lines: number[]): string {
  const which = lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.slice(0, 5).join(", ")}`;
  return `${which} of ${file} ${lines.length === 1 ? "names" : "name"} this host and cannot be read; a key that is ` +
    "known or revoked may be hidden there";
}

function remembered(keys: Map<string, HostKey>, name: string): HostKey[] {
  const key = keys.get(name);
  return key === undefined ? [] : [key];
}

function expected(entry: KnownHostsEntry, file: string | undefined): ExpectedKey {
  const { type, fingerprint } = entry.key;
  return { type, fingerprint, ...file === undefined ? {} : { file }, line: entry.line };
}

function noFile(): ToolError {
  return new ToolError("permission_denied_locally", "no file of known hosts may be read", {
    hint: "start the server with --known-hosts=FILE and the permissions --allow-read=FILE and --allow-write=FILE",
  });
}

const offered = ({ type, fingerprint }: HostKey) => ({ type, fingerprint });

function unknownKey(name: string, key: HostKey): ToolError {
  const message = `the host key of ${quoteUntrusted(name)} is not known: ${key.type} ${key.fingerprint}`;
  return new ToolError("host_key_unknown", message, {
    hint: "compare the fingerprint with the host's own, then store the key with ssh or ssh-keyscan, " +
      "or start the server with --host-keys=accept-new",
    data: { offered: offered(key), expected: [] },
  });
}

function changedKey(name: string, key: HostKey, known: ExpectedKey[]): ToolError {
  const places = known.map(({ type, fingerprint, file, line }) =>
    `${type} ${fingerprint} (${file === undefined ? "seen earlier by this server" : `${file} line ${line}`})`
  );
  const message = `the host key of ${quoteUntrusted(name)} has changed: it offers ${key.type} ${key.fingerprint}, ` +
    `known is ${places.slice(0, 5).join(", ")}`;
  const file = known[0]?.file;
  const remedy = file === undefined
    ? "restart the server"
    : `remove the old one with ssh-keygen -f ${quoteWord(file)} -R ${quoteWord(name)}`;
  return new ToolError("host_key_changed", message, {
    hint: `someone may be in between; only if the host's administrator confirms the new key, ${remedy}`,
    data: { offered: offered(key), expected: known },
  });
}

function revokedKey(name: string, key: HostKey, entry: ExpectedKey): ToolError {
  const message = `the host key of ${quoteUntrusted(name)} is revoked: ${key.type} ${key.fingerprint} ` +
    `(${entry.file} line ${entry.line})`;
  return new ToolError("host_key_revoked", message, {
    hint: "do not connect: who holds this key may be impersonating the host; ask its administrator for a new key",
    data: { offered: offered(key), expected: [entry] },
  });
}
