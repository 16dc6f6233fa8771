/** Algorithms (placeholder of the branch point; replaced by the full module). */
import type { Algorithms } from "./ssh2.ts";
export function clientAlgorithms(_knownHostKeyTypes: string[]): Algorithms {
  return {
    cipher: ["chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes256-ctr"],
    kex: ["curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256"],
  };
}
