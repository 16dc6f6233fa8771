// Sets of the bytes of a block of 64, one bit for each, and of sixteen: a part of kernel.as, whose names it uses.

/**
 * Writes bytes sixteen times each, and small numbers eight times: the compiler would make them anew each time, which takes four times
 * as long as to load them.
 */
function prepareSets(): void {
  for (let byte: usize = 0; byte < 256; byte++) v128.store(SIXTEENS + (byte << 4), v128.splat<u8>(<u8>byte));
  for (let number: usize = 0; number < SMALL_NUMBERS; number++) {
    v128.store(EIGHT_TIMES + (number << 4), v128.splat<u16>(<u16>number));
  }
}

/** A `byte` sixteen times. */
// @ts-ignore: decorator
@inline
function sixteenTimes(byte: u8): v128 {
  return v128.load(SIXTEENS + (<usize>byte << 4));
}

/** Eight times a `number` below {@link SMALL_NUMBERS}, 16 bits each. */
// @ts-ignore: decorator
@inline
function eightTimes(number: i32): v128 {
  return v128.load(EIGHT_TIMES + (<usize>number << 4));
}

// @ts-ignore: decorator
@inline
function bytesAre(bytes: v128, byte: u8): i32 {
  return i8x16.bitmask(v128.eq<u8>(bytes, sixteenTimes(byte)));
}

/** The bytes of the block at `at` that are `byte`. */
// @ts-ignore: decorator
@inline
function bytesEqual(at: usize, byte: u8): u64 {
  const all = sixteenTimes(byte);
  return four(
    v128.eq<u8>(v128.load(at), all),
    v128.eq<u8>(v128.load(at, 16), all),
    v128.eq<u8>(v128.load(at, 32), all),
    v128.eq<u8>(v128.load(at, 48), all),
  );
}

/** The same for those that are `byte` once the bits of `mask` alone are left. */
// @ts-ignore: decorator
@inline
function bytesLike(at: usize, mask: u8, byte: u8): u64 {
  const bits = sixteenTimes(mask), all = sixteenTimes(byte);
  return four(
    v128.eq<u8>(v128.and(v128.load(at), bits), all),
    v128.eq<u8>(v128.and(v128.load(at, 16), bits), all),
    v128.eq<u8>(v128.and(v128.load(at, 32), bits), all),
    v128.eq<u8>(v128.and(v128.load(at, 48), bits), all),
  );
}

/** The same for the `count` bytes from `first` on. */
// @ts-ignore: decorator
@inline
function bytesFrom(at: usize, first: u8, count: u8): u64 {
  const less = sixteenTimes(first), all = sixteenTimes(count);
  return four(
    v128.lt<u8>(v128.sub<u8>(v128.load(at), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.load(at, 16), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.load(at, 32), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.load(at, 48), less), all),
  );
}

/** The letters. */
// @ts-ignore: decorator
@inline
function lettersOf(at: usize): u64 {
  const bits = sixteenTimes(0x20), less = sixteenTimes(0x61), all = sixteenTimes(26);
  return four(
    v128.lt<u8>(v128.sub<u8>(v128.or(v128.load(at), bits), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.or(v128.load(at, 16), bits), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.or(v128.load(at, 32), bits), less), all),
    v128.lt<u8>(v128.sub<u8>(v128.or(v128.load(at, 48), bits), less), all),
  );
}

/** The same for those that are in a pair of tables. */
// @ts-ignore: decorator
@inline
function bytesIn(at: usize, table: usize): u64 {
  const low = v128.load(table), high = v128.load(table, 16), none = i64x2.splat(0);
  return ~four(
    v128.eq<u8>(kinds(v128.load(at), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 16), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 32), low, high), none),
    v128.eq<u8>(kinds(v128.load(at, 48), low, high), none),
  );
}

// @ts-ignore: decorator
@inline
function four(first: v128, second: v128, third: v128, fourth: v128): u64 {
  return <u64>i8x16.bitmask(first) | (<u64>i8x16.bitmask(second) << 16) | (<u64>i8x16.bitmask(third) << 32) |
    (<u64>i8x16.bitmask(fourth) << 48);
}

/** The highest of some bits alone. */
// @ts-ignore: decorator
@inline
function lastBit(bits: u64): u64 {
  return bits === 0 ? 0 : (<u64>1 << 63) >> clz(bits);
}

/** Ones for the bytes of sixteen that `bits` has a bit for. */
// @ts-ignore: decorator
@inline
function bytesOf(bits: u64): v128 {
  const powers = v128.load(VECTORS, 64), spread = i8x16.relaxed_swizzle(v128.splat<u16>(<u16>bits), v128.load(VECTORS, 224));
  return v128.eq<u8>(v128.and(spread, powers), powers);
}

/** The bits that any of sixteen bytes has. */
// @ts-ignore: decorator
@inline
function anyOf(bytes: v128): i32 {
  let any = i64x2.extract_lane(bytes, 0) | i64x2.extract_lane(bytes, 1);
  any |= any >>> 32;
  any |= any >>> 16;
  return <i32>(any | (any >>> 8)) & EVERY_KIND;
}
