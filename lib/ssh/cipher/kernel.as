// chacha20-poly1305@openssh.com, one packet at a time and in place. AssemblyScript; built by scripts/build_kernel.ts, which puts
// what stands between `@define NAME` and `@end` where `@use NAME` stands: a function cannot change its caller's variables.
//
// Sources: RFC 8439 §2.3 and §2.5 (ChaCha20, Poly1305), OpenSSH's PROTOCOL.chacha20poly1305 (two keys, a 64-bit counter, the
// sequence number as nonce, the MAC over the encrypted length and body).
//
// A packet of N bytes after its length lies as 4 bytes of length, N bytes, 16 bytes of MAC. N is a multiple of 8.

/** 32 bytes that encrypt bodies; block 0 of their stream is the key of the MAC. */
const MAIN_KEY: usize = 0;
/** 32 bytes that encrypt lengths. */
const LENGTH_KEY: usize = 32;
/** 32 bytes: the key of the packet's MAC. */
const MAC_KEY: usize = 64;
/** 4 numbers of 64 bits: what Poly1305 has accumulated. */
const SUM: usize = 96;
/** 16 bytes: a last piece of a message, then its MAC. */
const TAG: usize = 128;
/** Twice 16 bytes: which byte goes where when each word of four is rotated left by 16 bits, and by 8. */
const BY_16: usize = 144;
const BY_8: usize = 160;
/** 256 bytes of key stream. */
const STREAM: usize = 256;
/** The 34 bits of the sum's last limb. */
const LAST_LIMB: u64 = 0x3ffffffff;

// Read from memory, these stay in registers; written as constants, they would be made anew for every use.
v128.store(BY_16, i8x16(2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
v128.store(BY_8, i8x16(3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14));

// @define ADD: one step of Poly1305, of 16 bytes at `message`, in limbs of 32, 32, 32 and 34 bits; `high` is their 2^128, at
// the place of the last limb. s0 to s3 are at most 3.25, 2, 2 and 6 times 2^32, r0 to r3 below 2^28, q1 to q3 below
// 1.25 * 2^28: the sums of products are below 15.75, 15.25, 14.75 and 13.25 times 2^60, and 16 of that would be too many.
const low = load<u64>(message), next = load<u64>(message, 8);
const s0 = h0 + <u64>(<u32>low), s1 = h1 + (low >> 32), s2 = h2 + <u64>(<u32>next), s3 = h3 + (next >> 32) + high;
const p0 = s0 * r0 + s1 * q3 + s2 * q2 + s3 * q1;
const p1 = s0 * r1 + s1 * r0 + s2 * q3 + s3 * q2 + (p0 >> 32);
const p2 = s0 * r2 + s1 * r1 + s2 * r0 + s3 * q3 + (p1 >> 32);
const p3 = s0 * r3 + s1 * r2 + s2 * r1 + s3 * r0 + (p2 >> 32);
h0 = <u64>(<u32>p0) + (p3 >> 34) * 5, h1 = <u64>(<u32>p1), h2 = <u64>(<u32>p2), h3 = p3 & LAST_LIMB;
// @end

// @ts-ignore: decorator
@inline
function rotate(x: v128, bits: i32): v128 {
  return v128.or(v128.shl<i32>(x, bits), v128.shr<u32>(x, 32 - bits));
}

/** By whole bytes: one instruction, where shifting would be three. */
// @ts-ignore: decorator
@inline
function move(x: v128, bytes: v128): v128 {
  return v128.relaxed_swizzle(x, bytes);
}

/** Four words of each of four blocks, XORed onto what is at `at`, a block every 64 bytes. */
// @ts-ignore: decorator
@inline
function mix(at: usize, a: v128, b: v128, c: v128, d: v128): void {
  const ab = v128.shuffle<i32>(a, b, 0, 4, 1, 5), cd = v128.shuffle<i32>(c, d, 0, 4, 1, 5);
  const ef = v128.shuffle<i32>(a, b, 2, 6, 3, 7), gh = v128.shuffle<i32>(c, d, 2, 6, 3, 7);
  v128.store(at, v128.xor(v128.load(at), v128.shuffle<i64>(ab, cd, 0, 2)));
  v128.store(at, v128.xor(v128.load(at, 64), v128.shuffle<i64>(ab, cd, 1, 3)), 64);
  v128.store(at, v128.xor(v128.load(at, 128), v128.shuffle<i64>(ef, gh, 0, 2)), 128);
  v128.store(at, v128.xor(v128.load(at, 192), v128.shuffle<i64>(ef, gh, 1, 3)), 192);
}

/**
 * XORs `batches` times 256 bytes from `at` on with the key stream of `key`, from block `counter` on; and where `sums`,
 * adds as many bytes from `message` on to the MAC.
 *
 * Both in one loop take little longer than one of them alone: the vector units do the one, the multiplier the other.
 */
function run(key: usize, at: usize, counter: u32, nonce: u32, batches: u32, message: usize, sums: bool): void {
  const c0 = i32x4.splat(0x61707865), c1 = i32x4.splat(0x3320646e);
  const c2 = i32x4.splat(0x79622d32), c3 = i32x4.splat(0x6b206574);
  const by16 = v128.load(BY_16), by8 = v128.load(BY_8);
  const none = i32x4.splat(0), last = i32x4.splat(bswap(nonce));
  const steps = sums ? 8 : 0;
  const r0: u64 = load<u32>(MAC_KEY) & 0x0fffffff, r1: u64 = load<u32>(MAC_KEY + 4) & 0x0ffffffc;
  const r2: u64 = load<u32>(MAC_KEY + 8) & 0x0ffffffc, r3: u64 = load<u32>(MAC_KEY + 12) & 0x0ffffffc;
  const q1 = r1 + (r1 >> 2), q2 = r2 + (r2 >> 2), q3 = r3 + (r3 >> 2);
  let h0 = load<u64>(SUM), h1 = load<u64>(SUM + 8), h2 = load<u64>(SUM + 16), h3 = load<u64>(SUM + 24);
  const high: u64 = 1 << 32;
  for (; batches > 0; batches--) {
    const count = i32x4.add(i32x4.splat(counter), i32x4(0, 1, 2, 3));
    let x0 = c0, x1 = c1, x2 = c2, x3 = c3;
    let x4 = v128.load32_splat(key), x5 = v128.load32_splat(key + 4);
    let x6 = v128.load32_splat(key + 8), x7 = v128.load32_splat(key + 12);
    let x8 = v128.load32_splat(key + 16), x9 = v128.load32_splat(key + 20);
    let x10 = v128.load32_splat(key + 24), x11 = v128.load32_splat(key + 28);
    let x12 = count, x13 = none, x14 = none, x15 = last;
    for (let round = 0; round < 10; round++) {
      x0 = i32x4.add(x0, x4), x1 = i32x4.add(x1, x5), x2 = i32x4.add(x2, x6), x3 = i32x4.add(x3, x7);
      x12 = move(v128.xor(x12, x0), by16), x13 = move(v128.xor(x13, x1), by16);
      x14 = move(v128.xor(x14, x2), by16), x15 = move(v128.xor(x15, x3), by16);
      x8 = i32x4.add(x8, x12), x9 = i32x4.add(x9, x13), x10 = i32x4.add(x10, x14), x11 = i32x4.add(x11, x15);
      x4 = rotate(v128.xor(x4, x8), 12), x5 = rotate(v128.xor(x5, x9), 12);
      x6 = rotate(v128.xor(x6, x10), 12), x7 = rotate(v128.xor(x7, x11), 12);
      x0 = i32x4.add(x0, x4), x1 = i32x4.add(x1, x5), x2 = i32x4.add(x2, x6), x3 = i32x4.add(x3, x7);
      x12 = move(v128.xor(x12, x0), by8), x13 = move(v128.xor(x13, x1), by8);
      x14 = move(v128.xor(x14, x2), by8), x15 = move(v128.xor(x15, x3), by8);
      x8 = i32x4.add(x8, x12), x9 = i32x4.add(x9, x13), x10 = i32x4.add(x10, x14), x11 = i32x4.add(x11, x15);
      x4 = rotate(v128.xor(x4, x8), 7), x5 = rotate(v128.xor(x5, x9), 7);
      x6 = rotate(v128.xor(x6, x10), 7), x7 = rotate(v128.xor(x7, x11), 7);

      if (round < steps) {
        // @use ADD
        message += 16;
      }

      x0 = i32x4.add(x0, x5), x1 = i32x4.add(x1, x6), x2 = i32x4.add(x2, x7), x3 = i32x4.add(x3, x4);
      x15 = move(v128.xor(x15, x0), by16), x12 = move(v128.xor(x12, x1), by16);
      x13 = move(v128.xor(x13, x2), by16), x14 = move(v128.xor(x14, x3), by16);
      x10 = i32x4.add(x10, x15), x11 = i32x4.add(x11, x12), x8 = i32x4.add(x8, x13), x9 = i32x4.add(x9, x14);
      x5 = rotate(v128.xor(x5, x10), 12), x6 = rotate(v128.xor(x6, x11), 12);
      x7 = rotate(v128.xor(x7, x8), 12), x4 = rotate(v128.xor(x4, x9), 12);
      x0 = i32x4.add(x0, x5), x1 = i32x4.add(x1, x6), x2 = i32x4.add(x2, x7), x3 = i32x4.add(x3, x4);
      x15 = move(v128.xor(x15, x0), by8), x12 = move(v128.xor(x12, x1), by8);
      x13 = move(v128.xor(x13, x2), by8), x14 = move(v128.xor(x14, x3), by8);
      x10 = i32x4.add(x10, x15), x11 = i32x4.add(x11, x12), x8 = i32x4.add(x8, x13), x9 = i32x4.add(x9, x14);
      x5 = rotate(v128.xor(x5, x10), 7), x6 = rotate(v128.xor(x6, x11), 7);
      x7 = rotate(v128.xor(x7, x8), 7), x4 = rotate(v128.xor(x4, x9), 7);

      if (round < steps) {
        // @use ADD
        message += 16;
      }
    }
    mix(at, i32x4.add(x0, c0), i32x4.add(x1, c1), i32x4.add(x2, c2), i32x4.add(x3, c3));
    mix(
      at + 16,
      i32x4.add(x4, v128.load32_splat(key)),
      i32x4.add(x5, v128.load32_splat(key + 4)),
      i32x4.add(x6, v128.load32_splat(key + 8)),
      i32x4.add(x7, v128.load32_splat(key + 12)),
    );
    mix(
      at + 32,
      i32x4.add(x8, v128.load32_splat(key + 16)),
      i32x4.add(x9, v128.load32_splat(key + 20)),
      i32x4.add(x10, v128.load32_splat(key + 24)),
      i32x4.add(x11, v128.load32_splat(key + 28)),
    );
    mix(at + 48, i32x4.add(x12, count), x13, x14, i32x4.add(x15, last));
    at += 256;
    counter += 4;
  }
  store<u64>(SUM, h0), store<u64>(SUM + 8, h1), store<u64>(SUM + 16, h2), store<u64>(SUM + 24, h3);
}

/** XORs up to 256 bytes, in steps of 8, from `at` on with what lies in STREAM from `from` on. */
// @ts-ignore: decorator
@inline
function xorStream(from: usize, at: usize, bytes: usize): void {
  for (let i: usize = 0; i < bytes; i += 8) store<u64>(at + i, load<u64>(at + i) ^ load<u64>(STREAM + from + i));
}

/** Puts four blocks of the key stream into STREAM. */
function fillStream(key: usize, counter: u32, nonce: u32): void {
  memory.fill(STREAM, 0, 256);
  run(key, STREAM, counter, nonce, 1, 0, false);
}

/** Adds `bytes` from `message` on to the MAC; fewer than 16 at the end count as the last ones. */
function add(message: usize, bytes: usize): void {
  const r0: u64 = load<u32>(MAC_KEY) & 0x0fffffff, r1: u64 = load<u32>(MAC_KEY + 4) & 0x0ffffffc;
  const r2: u64 = load<u32>(MAC_KEY + 8) & 0x0ffffffc, r3: u64 = load<u32>(MAC_KEY + 12) & 0x0ffffffc;
  const q1 = r1 + (r1 >> 2), q2 = r2 + (r2 >> 2), q3 = r3 + (r3 >> 2);
  let h0 = load<u64>(SUM), h1 = load<u64>(SUM + 8), h2 = load<u64>(SUM + 16), h3 = load<u64>(SUM + 24);
  let high: u64 = 1 << 32;
  for (const end = message + bytes; message < end; message += 16) {
    if (end - message < 16) {
      memory.fill(TAG, 0, 16);
      memory.copy(TAG, message, end - message);
      store<u8>(TAG + (end - message), 1);
      message = TAG;
      high = 0;
    }
    // @use ADD
    if (!high) break;
  }
  store<u64>(SUM, h0), store<u64>(SUM + 8, h1), store<u64>(SUM + 16, h2), store<u64>(SUM + 24, h3);
}

/** Puts the MAC of what was added into TAG: the sum modulo 2^130 - 5, plus the second half of the key, modulo 2^128. */
function finish(): void {
  let h0 = load<u64>(SUM), h1 = load<u64>(SUM + 8), h2 = load<u64>(SUM + 16), h3 = load<u64>(SUM + 24);
  // Twice: the first time can carry into bit 34 of the last limb; where it does, nothing is left to carry the second time.
  for (let time = 0; time < 2; time++) {
    h0 += (h3 >> 34) * 5, h3 &= LAST_LIMB;
    h1 += h0 >> 32, h0 = <u64>(<u32>h0);
    h2 += h1 >> 32, h1 = <u64>(<u32>h1);
    h3 += h2 >> 32, h2 = <u64>(<u32>h2);
  }
  // 1 when the sum is 2^130 - 5 or more.
  const over = (((((((h0 + 5) >> 32) + h1) >> 32) + h2) >> 32) + h3) >> 34;
  let carry = h0 + over * 5 + load<u32>(MAC_KEY + 16);
  store<u32>(TAG, <u32>carry);
  carry = (carry >> 32) + h1 + load<u32>(MAC_KEY + 20);
  store<u32>(TAG + 4, <u32>carry);
  carry = (carry >> 32) + h2 + load<u32>(MAC_KEY + 24);
  store<u32>(TAG + 8, <u32>carry);
  store<u32>(TAG + 12, <u32>((carry >> 32) + h3 + load<u32>(MAC_KEY + 28)));
}

/** Begins a packet: the key of its MAC, and three blocks of key stream for the body from STREAM + 64 on. */
function begin(nonce: u32): void {
  fillStream(MAIN_KEY, 0, nonce);
  v128.store(MAC_KEY, v128.load(STREAM)), v128.store(MAC_KEY + 16, v128.load(STREAM + 16));
  memory.fill(SUM, 0, 32);
}

/** XORs fewer than 512 bytes of a body. */
function mixLast(at: usize, end: usize, counter: u32, nonce: u32): void {
  while (at < end) {
    fillStream(MAIN_KEY, counter, nonce);
    xorStream(0, at, min<usize>(256, end - at));
    at += 256;
    counter += 4;
  }
}

/** Encrypts or decrypts the length at `packet`. @returns it as a number after that */
export function turnLength(packet: usize, nonce: u32): u32 {
  fillStream(LENGTH_KEY, 0, nonce);
  store<u32>(packet, load<u32>(packet) ^ load<u32>(STREAM));
  return bswap(load<u32>(packet));
}

/** Encrypts the packet with a body of `bytes` at `packet`, and puts the MAC behind it. */
export function seal(packet: usize, bytes: u32, nonce: u32): void {
  turnLength(packet, nonce);
  begin(nonce);
  const end = packet + 4 + bytes;
  const first = min<usize>(192, bytes);
  let at = packet + 4 + first, message = packet;
  let counter: u32 = 4;
  xorStream(64, packet + 4, first);
  if (end - at >= 512) {
    // What is added to the MAC is what the batch before has encrypted.
    run(MAIN_KEY, at, counter, nonce, 1, 0, false);
    at += 256;
    counter += 4;
    const batches = <u32>((end - at) >> 8);
    run(MAIN_KEY, at, counter, nonce, batches, message, true);
    at += batches << 8;
    message += batches << 8;
    counter += batches << 2;
  }
  mixLast(at, end, counter, nonce);
  add(message, end - message);
  finish();
  v128.store(end, v128.load(TAG));
}

/**
 * Decrypts the body of the packet at `packet`, whose length is as it came.
 *
 * @returns false when the MAC is wrong; what lies there is then to be forgotten
 */
export function open(packet: usize, bytes: u32, nonce: u32): bool {
  begin(nonce);
  const end = packet + 4 + bytes;
  const first = min<usize>(192, bytes);
  let at = packet + 4 + first, message = packet + min<usize>(208, bytes + 4);
  let counter: u32 = 4;
  add(packet, message - packet);
  xorStream(64, packet + 4, first);
  // What is decrypted in a batch has been added to the MAC before.
  const batches = <u32>((end - message) >> 8);
  run(MAIN_KEY, at, counter, nonce, batches, message, true);
  at += batches << 8;
  message += batches << 8;
  counter += batches << 2;
  add(message, end - message);
  finish();
  if (v128.any_true(v128.xor(v128.load(end), v128.load(TAG)))) return false;
  mixLast(at, end, counter, nonce);
  return true;
}
