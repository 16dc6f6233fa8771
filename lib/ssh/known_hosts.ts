/** Host keys (placeholder of the branch point; replaced by the full module). */
import { createHash } from "node:crypto";
export type HostKeyPolicy = "strict" | "accept-new" | "insecure";
export type HostKeyStatus = "known" | "new_stored" | "new_for_this_process" | "not_checked";
export interface HostKey {
  type: string;
  blob: Uint8Array;
  fingerprint: string;
}
export class KnownHosts {
  constructor(_options: { file?: string; policy: HostKeyPolicy }) {}
  verify(_host: string, _port: number, _key: HostKey): Promise<HostKeyStatus> {
    return Promise.resolve("new_for_this_process");
  }
  knownKeyTypes(_host: string, _port: number): Promise<string[]> {
    return Promise.resolve([]);
  }
}
export function hostKeyFromBlob(blob: Uint8Array): HostKey {
  const length = new DataView(blob.buffer, blob.byteOffset).getUint32(0);
  const fingerprint = "SHA256:" + createHash("sha256").update(blob).digest("base64").replace(/=+$/, "");
  return { type: new TextDecoder().decode(blob.subarray(4, 4 + length)), blob, fingerprint };
}
