/** XXH64 as Spark's xxhash64() uses it. */
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;
const MASK = 0xffffffffffffffffn;

function rotate(x: bigint, n: bigint): bigint {
  return ((x << n) | (x >> (64n - n))) & MASK;
}
function multiply(a: bigint, b: bigint): bigint {
  return (a * b) & MASK;
}
function avalanche(h: bigint): bigint {
  let x = multiply(h ^ (h >> 33n), P2);
  x = multiply(x ^ (x >> 29n), P3);
  return x ^ (x >> 32n);
}

export function xxInt(value: number, seed: bigint): bigint {
  const h = ((seed & MASK) + P5 + 4n) & MASK;
  const mixed = h ^ multiply(BigInt(value >>> 0), P1);
  return signed(avalanche((multiply(rotate(mixed, 23n), P2) + P3) & MASK));
}

export function xxLong(value: bigint, seed: bigint): bigint {
  const h = ((seed & MASK) + P5 + 8n) & MASK;
  const mixed = h ^ multiply(rotate(multiply(value & MASK, P2), 31n), P1);
  return signed(avalanche((multiply(rotate(mixed, 27n), P1) + P4) & MASK));
}

export function xxBytes(bytes: Uint8Array, seed: bigint): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const n = bytes.length;
  const start = seed & MASK;
  let at = 0;
  let h: bigint;
  if (n >= 32) {
    let [a, b, c, d] = [(start + P1 + P2) & MASK, (start + P2) & MASK, start, (start - P1) & MASK];
    const round = (v: bigint, x: bigint): bigint => multiply(rotate((v + multiply(x, P2)) & MASK, 31n), P1);
    for (; at + 32 <= n; at += 32) {
      a = round(a, view.getBigUint64(at, true));
      b = round(b, view.getBigUint64(at + 8, true));
      c = round(c, view.getBigUint64(at + 16, true));
      d = round(d, view.getBigUint64(at + 24, true));
    }
    h = (rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)) & MASK;
    for (const v of [a, b, c, d]) {
      h = (multiply(h ^ multiply(rotate(multiply(v, P2), 31n), P1), P1) + P4) & MASK;
    }
  } else h = (start + P5) & MASK;
  h = (h + BigInt(n)) & MASK;
  for (; at + 8 <= n; at += 8) {
    const k = multiply(rotate(multiply(view.getBigUint64(at, true), P2), 31n), P1);
    h = (multiply(rotate(h ^ k, 27n), P1) + P4) & MASK;
  }
  if (at + 4 <= n) {
    h = (multiply(rotate(h ^ multiply(BigInt(view.getUint32(at, true)), P1), 23n), P2) + P3) & MASK;
    at += 4;
  }
  for (; at < n; at++) h = multiply(rotate(h ^ multiply(BigInt(bytes[at]), P5), 11n), P1);
  return signed(avalanche(h));
}

function signed(x: bigint): bigint {
  return BigInt.asIntN(64, x);
}
