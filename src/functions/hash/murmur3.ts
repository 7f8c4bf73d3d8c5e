/** Murmur3 (32 bits, x86) as Spark's hash() uses it: over 4-byte words, the rest byte by byte. */

export function mixWord(h: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51);
  k = (k << 15) | (k >>> 17);
  k = Math.imul(k, 0x1b873593);
  let x = h ^ k;
  x = (x << 13) | (x >>> 19);
  return (Math.imul(x, 5) + 0xe6546b64) | 0;
}

export function finish(h: number, length: number): number {
  let x = h ^ length;
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return x | 0;
}

export function hashInt(value: number, seed: number): number {
  return finish(mixWord(seed, value), 4);
}

/** `low` and `high` are the halves of a 64-bit value. */
export function hashHalves(low: number, high: number, seed: number): number {
  return finish(mixWord(mixWord(seed, low), high), 8);
}

export function hashBytes(bytes: Uint8Array, seed: number): number {
  const n = bytes.length;
  const whole = n & ~3;
  let h = seed;
  for (let i = 0; i < whole; i += 4) {
    h = mixWord(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
  }
  for (let i = whole; i < n; i++) h = mixWord(h, (bytes[i] << 24) >> 24);
  return finish(h, n);
}

/** `hashBytes` of a string in UTF-8; ASCII isn't encoded first. */
export function hashText(text: string, seed: number): number {
  const n = text.length;
  const whole = n & ~3;
  let h = seed;
  for (let i = 0; i < whole; i += 4) {
    const a = text.charCodeAt(i);
    const b = text.charCodeAt(i + 1);
    const c = text.charCodeAt(i + 2);
    const d = text.charCodeAt(i + 3);
    if ((a | b | c | d) > 0x7f) return hashBytes(utf8.encode(text), seed);
    h = mixWord(h, a | (b << 8) | (c << 16) | (d << 24));
  }
  for (let i = whole; i < n; i++) {
    const c = text.charCodeAt(i);
    if (c > 0x7f) return hashBytes(utf8.encode(text), seed);
    h = mixWord(h, c);
  }
  return finish(h, n);
}

const utf8 = new TextEncoder();

/** The standard Murmur3 of whole input, with its own treatment of the last bytes (scala.util.hashing's bytesHash). */
export function standardHash(bytes: Uint8Array, seed: number): number {
  const n = bytes.length;
  const whole = n & ~3;
  let h = seed;
  for (let i = 0; i < whole; i += 4) {
    h = mixWord(h, bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24));
  }
  let k = 0;
  if (n - whole >= 3) k ^= bytes[whole + 2] << 16;
  if (n - whole >= 2) k ^= bytes[whole + 1] << 8;
  if (n - whole >= 1) {
    k ^= bytes[whole];
    k = Math.imul(k, 0xcc9e2d51);
    k = (k << 15) | (k >>> 17);
    h ^= Math.imul(k, 0x1b873593);
  }
  return finish(h, n);
}
