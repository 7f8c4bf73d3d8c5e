/** Spark's random numbers: XORShift from a seed, so that rand(42) gives Spark's first partition's sequence. */
import { standardHash } from "../hash/murmur3.ts";

/** Uniform in [0, 1). The same seed gives the same sequence as Spark's rand(seed) in partition 0. */
export function randomDoubles(seed: bigint): () => number {
  const next = randomBits(seed);
  return () => {
    const high = next(26);
    const low = next(27);
    return (high * 134217728 + low) * 2 ** -53;
  };
}

/** Standard normal, as Java's Random.nextGaussian over the same bits. */
export function randomGaussians(seed: bigint): () => number {
  const uniform = randomDoubles(seed);
  let kept: number | undefined;
  return () => {
    if (kept !== undefined) {
      const value = kept;
      kept = undefined;
      return value;
    }
    for (;;) {
      const a = 2 * uniform() - 1;
      const b = 2 * uniform() - 1;
      const s = a * a + b * b;
      if (s >= 1 || s === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(s)) / s);
      kept = b * factor;
      return a * factor;
    }
  };
}

function randomBits(seed: bigint): (bits: number) => number {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt.asIntN(64, seed));
  const low = standardHash(bytes, 0x3c074a61 | 0);
  const high = standardHash(bytes, low);
  let state = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
  return (bits) => {
    let x = state ^ BigInt.asUintN(64, state << 21n);
    x ^= x >> 35n;
    x ^= BigInt.asUintN(64, x << 4n);
    state = x;
    return Number(x & ((1n << BigInt(bits)) - 1n));
  };
}
