/** What this client offers a server, best first. */
import type { Algorithms } from "../ssh2.ts";

/** {@linkcode Algorithms} with every list given in full. */
export interface ClientAlgorithms extends Algorithms {
  /** Key exchange. */
  kex: Extract<Algorithms["kex"], unknown[]>;
  /** Encryption, the same both ways. */
  cipher: Extract<Algorithms["cipher"], unknown[]>;
  /** Signatures of the host key. */
  serverHostKey: Extract<Algorithms["serverHostKey"], unknown[]>;
  /** Authentication of packets, for ciphers that do not bring it. */
  hmac: Extract<Algorithms["hmac"], unknown[]>;
  /** Compression. */
  compress: Extract<Algorithms["compress"], unknown[]>;
}

/** Without ecdh-sha2-nistp521: ssh2 1.17 does it through a curve that Deno's createECDH does not have. */
const kex: ClientAlgorithms["kex"] = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "diffie-hellman-group14-sha256",
  "diffie-hellman-group16-sha512",
  "diffie-hellman-group-exchange-sha256",
  "diffie-hellman-group15-sha512",
  "diffie-hellman-group17-sha512",
  "diffie-hellman-group18-sha512",
  "diffie-hellman-group14-sha1",
  "diffie-hellman-group-exchange-sha1",
];

/** The first is computed in our own WebAssembly (cipher/), in an eighth of the time of the next. Deno has no aes192-cbc. */
const cipher: ClientAlgorithms["cipher"] = [
  "chacha20-poly1305@openssh.com",
  "aes128-gcm@openssh.com",
  "aes256-gcm@openssh.com",
  "aes128-ctr",
  "aes192-ctr",
  "aes256-ctr",
  "aes256-cbc",
  "aes128-cbc",
];

const hmac: ClientAlgorithms["hmac"] = [
  "hmac-sha2-256-etm@openssh.com",
  "hmac-sha2-512-etm@openssh.com",
  "hmac-sha2-256",
  "hmac-sha2-512",
  "hmac-sha1-etm@openssh.com",
  "hmac-sha1",
];

const serverHostKey: ClientAlgorithms["serverHostKey"] = [
  "ssh-ed25519",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
  "rsa-sha2-512",
  "rsa-sha2-256",
  "ssh-rsa",
];

/** A key of this type signs in three ways, which known_hosts does not tell apart. Source: RFC 8332 §3. */
const rsaAlgorithms = new Set<string>(["rsa-sha2-512", "rsa-sha2-256", "ssh-rsa"]);

/**
 * The algorithms to connect with.
 *
 * Key types that are known for the host come first, as OpenSSH's order_hostkeyalgs does: a server picks the client's
 * first that it has, so a known host is not made to show a key of another type, which would look like a changed one.
 *
 * The last entries of each list are old: SHA-1 in key exchange, signatures and MACs, and CBC ciphers. They let a host of
 * before 2013 be reached at all, and a server that has anything better never gets to them: an attacker in between cannot
 * strike the better ones from the lists, because the server signs both lists together with the exchange (RFC 4253 §8).
 * What is broken outright stays out: 1024-bit groups, MD5, 3DES, RC4 and DSA. Against prefix truncation (CVE-2023-48795)
 * ssh2 1.17 adds kex-strict-c-v00@openssh.com to any list, and it works with every server updated since 2023. There is
 * no compression: a secret compressed together with text that an attacker chooses shows in the length.
 *
 * @param knownHostKeyTypes types as in known_hosts, e.g. from KnownHosts.knownKeyTypes
 */
export function clientAlgorithms(knownHostKeyTypes: string[] = []): ClientAlgorithms {
  const isKnown = (algorithm: string): boolean =>
    knownHostKeyTypes.includes(rsaAlgorithms.has(algorithm) ? "ssh-rsa" : algorithm);
  return {
    kex: [...kex],
    cipher: [...cipher],
    hmac: [...hmac],
    serverHostKey: [...serverHostKey.filter(isKnown), ...serverHostKey.filter((algorithm) => !isKnown(algorithm))],
    compress: ["none"],
  };
}
