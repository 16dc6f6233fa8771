/**
 * The known_hosts file: its lines and which of them speak of a host. Source: sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT", and
 * OpenSSH's hostfile.c and match.c, whose reading of odd lines this follows.
 */
import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { type HostKey, hostKeyFromBlob } from "./host_key.ts";
import { WireReader } from "../wire.ts";

/** One line that holds a key. */
export interface KnownHostsEntry {
  /** Counted from 1. */
  line: number;
  /** A certificate authority's key never stands for a host itself; a revoked key is never accepted. */
  marker: "none" | "cert-authority" | "revoked";
  /** The patterns, comma-separated, or one hashed name. */
  hosts: string;
  /** The key. */
  key: HostKey;
}

/** What a file holds. */
export interface KnownHostsFile {
  /** In the order of their lines. */
  entries: KnownHostsEntry[];
  /** Lines that are neither empty, nor a comment, nor an entry; they are passed over. */
  malformed: MalformedLine[];
}

/** A line that is no entry, as one that a full disk has cut short. */
export interface MalformedLine {
  /** Counted from 1. */
  line: number;
  /** Where the patterns of an entry stand; empty when there is nothing. */
  hosts: string;
}

/** Reads a file's text. Never throws: whatever is not an entry is counted as malformed. */
export function parseKnownHosts(text: string): KnownHostsFile {
  const file: KnownHostsFile = { entries: [], malformed: [] };
  text.split("\n").forEach((content, index) => {
    const line = content.replace(/\r$/, "").replace(/^[ \t]+/, "");
    if (line === "" || line.startsWith("#")) return;
    const entry = parseLine(line, index + 1);
    if (entry === undefined) file.malformed.push({ line: index + 1, hosts: hostsOf(line) });
    else file.entries.push(entry);
  });
  return file;
}

function hostsOf(malformed: string): string {
  const words = malformed.split(/[ \t]+/);
  return words[0]?.startsWith("@") ? words[1] ?? "" : words[0] ?? "";
}

function parseLine(content: string, line: number): KnownHostsEntry | undefined {
  const words = content.split(/[ \t]+/);
  let marker: KnownHostsEntry["marker"] = "none";
  if (words[0]?.startsWith("@")) {
    const name = words.shift()?.slice(1);
    if (name !== "cert-authority" && name !== "revoked") return undefined;
    marker = name;
  }
  const [hosts, type, base64] = words;
  if (!hosts || hosts.startsWith("@") || !type || !base64) return undefined;
  const key = parseKey(type, base64);
  if (key === undefined || (hosts.startsWith("|") && splitHash(hosts) === undefined)) return undefined;
  return { line, marker, hosts, key };
}

/** How many values follow the type in a key's blob; a type that is not here is one that no server is asked for. */
const keyFields: ReadonlyMap<string, number> = new Map([
  ["ssh-ed25519", 1],
  ["ssh-rsa", 2],
  ["ssh-dss", 4],
  ["ecdsa-sha2-nistp256", 2],
  ["ecdsa-sha2-nistp384", 2],
  ["ecdsa-sha2-nistp521", 2],
  ["sk-ssh-ed25519@openssh.com", 2],
  ["sk-ecdsa-sha2-nistp256@openssh.com", 3],
]);

/** The key, when the text is base64 of a whole key of just that type. */
function parseKey(type: string, base64: string): HostKey | undefined {
  const fields = keyFields.get(type);
  if (fields === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  try {
    const key = hostKeyFromBlob(Buffer.from(base64, "base64"));
    const reader = new WireReader(key.blob);
    for (let field = 0; field <= fields; field++) reader.string();
    return key.type === type && reader.atEnd ? key : undefined;
  } catch {
    return undefined; // it ends too early
  }
}

/** True when an entry speaks of `name`, as {@linkcode hostName} gives it. */
export function matchesHost(entry: Pick<KnownHostsEntry, "hosts">, name: string): boolean {
  const hash = splitHash(entry.hosts);
  if (hash !== undefined) return createHmac("sha1", hash.salt).update(name).digest().equals(hash.digest);
  let matched = false;
  for (const pattern of entry.hosts.toLowerCase().split(",")) {
    const isNegated = pattern.startsWith("!");
    if (!matchesPattern(name, isNegated ? pattern.slice(1) : pattern)) continue;
    if (isNegated) return false; // whatever else matches
    matched = true;
  }
  return matched;
}

/** Salt and digest of a hashed name, `|1|salt|digest` in base64: HMAC-SHA1 of the name keyed with the salt. */
function splitHash(hosts: string): { salt: Buffer; digest: Buffer } | undefined {
  const match = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(hosts);
  if (match === null) return undefined;
  const salt = Buffer.from(match[1] ?? "", "base64");
  const digest = Buffer.from(match[2] ?? "", "base64");
  return salt.length === 20 && digest.length === 20 ? { salt, digest } : undefined;
}

/** `*` is any text and `?` any one character. Going back only to the last `*` keeps the time bounded. */
function matchesPattern(text: string, pattern: string): boolean {
  let [position, star, retry] = [0, -1, 0];
  let index = 0;
  while (position < text.length) {
    if (pattern[index] === "*") {
      [star, retry] = [index++, position];
    } else if (index < pattern.length && (pattern[index] === "?" || pattern[index] === text[position])) {
      index++;
      position++;
    } else if (star !== -1) {
      index = star + 1;
      position = ++retry;
    } else {
      return false;
    }
  }
  while (pattern[index] === "*") index++;
  return index === pattern.length;
}

/** The name under which a host is known: in lower case, bare for port 22, `[host]:port` for any other. */
export function hostName(host: string, port: number): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return port === 22 ? bare : `[${bare}]:${port}`;
}

/** A line for one key, with its line end. */
export function formatEntry(name: string, key: HostKey): string {
  return `${name} ${key.type} ${Buffer.from(key.blob).toString("base64")}\n`;
}
