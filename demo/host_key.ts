/** A host key for servers that ssh2 plays. */
import type { Ssh2Module } from "../lib/ssh/ssh2.ts";

/** A new Ed25519 private key as a file holds it. About one in 400 that ssh2 1.17 makes is malformed, and thrown away. */
export function newHostKey({ utils }: Pick<Ssh2Module, "utils">): string {
  while (true) {
    const key = utils.generateKeyPairSync("ed25519").private;
    if (!(utils.parseKey(key) instanceof Error)) return key;
  }
}
