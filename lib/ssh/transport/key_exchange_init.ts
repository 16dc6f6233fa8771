/**
 * The server's first packets, read a second time for the sake of good error messages: ssh2 says that nothing matched,
 * not what the server offered.
 */

/** The name-lists of an SSH_MSG_KEXINIT that a failed negotiation turns on (RFC 4253 §7.1). */
export interface KeyExchangeInit {
  kex: string[];
  serverHostKey: string[];
  cipher: string[];
  mac: string[];
}

const SSH_MSG_KEXINIT = 20;
const COOKIE_BYTES = 16;

/**
 * Finds the KEXINIT in the first bytes that a server sent, still in the clear: identification string, then a binary
 * packet of uint32 length, byte padding length, payload (RFC 4253 §4.2, §6).
 *
 * @returns undefined when the bytes hold no whole KEXINIT
 */
export function parseServerKeyExchangeInit(bytes: Uint8Array): KeyExchangeInit | undefined {
  const start = packetStart(bytes);
  if (start === undefined || start + 6 + COOKIE_BYTES > bytes.length) return undefined;
  if (bytes[start + 5] !== SSH_MSG_KEXINIT) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lists: string[][] = [];
  let offset = start + 6 + COOKIE_BYTES;
  for (let index = 0; index < 6; index++) {
    if (offset + 4 > bytes.length) return undefined;
    const length = view.getUint32(offset);
    offset += 4;
    if (offset + length > bytes.length) return undefined;
    lists.push(new TextDecoder("latin1").decode(bytes.subarray(offset, offset + length)).split(","));
    offset += length;
  }
  const [kex = [], serverHostKey = [], cipher = [], , mac = []] = lists;
  return { kex, serverHostKey, cipher, mac };
}

/** Where the first packet starts: behind the line that begins with "SSH-". */
function packetStart(bytes: Uint8Array): number | undefined {
  const text = new TextDecoder("latin1").decode(bytes);
  const identification = /(?:^|\n)SSH-[^\n]*\n/.exec(text);
  return identification === null ? undefined : identification.index + identification[0].length;
}
