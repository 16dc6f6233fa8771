/** Gives memory back at once, where waiting for the garbage collector would let hundreds of packets pile up. */

/** Size from which memory is worth giving back; above that of the pool that node:buffer cuts small buffers from. */
const MIN_BYTES = 16 * 1024;
/** Most that an SSH packet holds around the data of a channel: RFC 4253 §6 (padding up to 255 bytes), RFC 4254 §5.2. */
const PACKET_FRAME_BYTES = 512;

/**
 * Frees the memory of a chunk of a channel, which nobody may look at any more: it is empty afterwards. ssh2 1.17 gives
 * each packet memory of its own (lib/protocol/crypto.js) and forgets it once the listeners of `data` return; what shares
 * its memory with anything else than a packet's frame is left alone.
 *
 * Where V8 collects such memory by itself, it lets up to 64 MB of it gather first.
 */
export function spend(chunk: Uint8Array): void {
  const { buffer } = chunk;
  if (!(buffer instanceof ArrayBuffer) || buffer.byteLength < MIN_BYTES) return;
  if (buffer.byteLength - chunk.length > PACKET_FRAME_BYTES) return;
  buffer.transfer(0);
}
