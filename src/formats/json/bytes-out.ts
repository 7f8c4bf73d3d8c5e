const encoder = new TextEncoder();
const NO_BYTES = new Uint8Array(0);
const QUOTE = 34;
const BACKSLASH = 92;

/** What stands behind the backslash for a byte that has to be escaped; 117 (`u`) is followed by four hex digits. */
const ESCAPES: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) => {
  const short: Record<number, string> = { 8: "b", 9: "t", 10: "n", 12: "f", 13: "r", 34: '"', 92: "\\" };
  const known = short[byte];
  if (known !== undefined) return known.charCodeAt(0);
  return byte < 32 ? 117 : 0;
});
const HEX = "0123456789ABCDEF";

/** Text that grows as bytes, with JSON's quoting. */
export class BytesOut {
  bytes: Uint8Array;
  length = 0;

  constructor(bytesFirst = 1024) {
    this.bytes = new Uint8Array(bytesFirst);
  }

  /** Makes room for `more` bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.length + more, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.length++] = byte;
  }

  raw(part: Uint8Array): void {
    this.reserve(part.length);
    this.length = putBytes(this.bytes, this.length, part);
  }

  /** Characters below U+0080 only. */
  ascii(text: string): void {
    this.reserve(text.length);
    const b = this.bytes;
    let n = this.length;
    for (let i = 0; i < text.length; i++) b[n++] = text.charCodeAt(i);
    this.length = n;
  }

  /** A whole number, |x| ≤ 2^53. */
  whole(x: number): void {
    this.reserve(WHOLE_BYTES);
    this.length = putWhole(this.bytes, this.length, x);
  }

  /** Text in UTF-8, in quotes. */
  quotedBytes(from: Uint8Array, start: number, end: number): void {
    this.reserve((end - start) * ESCAPED_BYTES + 2);
    this.length = putQuoted(this.bytes, this.length, from, start, end);
  }

  private scratch = NO_BYTES;

  quoted(text: string): void {
    if (this.scratch.length < text.length * 3) this.scratch = new Uint8Array(text.length * 4);
    this.quotedBytes(this.scratch, 0, encoder.encodeInto(text, this.scratch).written);
  }
}

/** What the functions below write at most; of a text, for each of its bytes. Whoever calls them has made room. */
export const WHOLE_BYTES = 20;
export const REAL_BYTES = 28;
export const CLOCK_BYTES = 12;
export const ESCAPED_BYTES = 6;

/** Writes a whole number, |x| ≤ 2^53, at `at`; gives the end. */
export function putWhole(b: Uint8Array, at: number, x: number): number {
  let rest = x;
  let start = at;
  if (rest < 0) {
    b[start++] = 45;
    rest = -rest;
  }
  let digits = 1;
  for (let limit = 10; rest >= limit && digits < 16; limit *= 10) digits++;
  const end = start + digits;
  let n = end;
  while (rest >= 1_000_000_000) {
    const next = Math.floor(rest / 10);
    b[--n] = 48 + (rest - next * 10);
    rest = next;
  }
  let small = rest | 0;
  do {
    const next = (small / 10) | 0;
    b[--n] = 48 + (small - next * 10);
    small = next;
  } while (small > 0);
  return end;
}

/**
 * Writes a number of at most four decimals as Java writes a double; gives the end, or −1, and nothing written, for any other
 * number. One that some few decimals give exactly has them as its shortest text.
 */
export function putReal(b: Uint8Array, at: number, x: number): number {
  const size = Math.abs(x);
  if (!(size >= 1e-3 && size < 1e7)) return -1;
  const scaled = Math.round(size * 10_000);
  if (scaled / 10_000 !== size) return -1;
  let n = at;
  if (x < 0) b[n++] = 45;
  const whole = Math.floor(scaled / 10_000);
  n = putWhole(b, n, whole);
  b[n++] = 46;
  let rest = (scaled - whole * 10_000) | 0;
  let unit = 1000;
  do {
    const digit = (rest / unit) | 0;
    b[n++] = 48 + digit;
    rest -= digit * unit;
    unit = (unit / 10) | 0;
  } while (rest > 0);
  return n;
}

/** Writes `HH:mm:ss.SSS` of the milliseconds of a day; gives the end. */
export function putClock(b: Uint8Array, n: number, ms: number): number {
  const seconds = (ms / 1000) | 0;
  const millis = ms - seconds * 1000;
  const minutes = (seconds / 60) | 0;
  const hour = (minutes / 60) | 0;
  const minute = minutes - hour * 60;
  const second = seconds - minutes * 60;
  b[n] = 48 + ((hour / 10) | 0);
  b[n + 1] = 48 + (hour % 10);
  b[n + 2] = 58;
  b[n + 3] = 48 + ((minute / 10) | 0);
  b[n + 4] = 48 + (minute % 10);
  b[n + 5] = 58;
  b[n + 6] = 48 + ((second / 10) | 0);
  b[n + 7] = 48 + (second % 10);
  b[n + 8] = 46;
  b[n + 9] = 48 + ((millis / 100) | 0);
  b[n + 10] = 48 + (((millis / 10) | 0) % 10);
  b[n + 11] = 48 + (millis % 10);
  return n + CLOCK_BYTES;
}

/** Writes text in UTF-8, in quotes; gives the end. */
export function putQuoted(b: Uint8Array, at: number, from: Uint8Array, start: number, end: number): number {
  let n = at;
  b[n++] = QUOTE;
  for (let p = start; p < end; p++) {
    const byte = from[p];
    const escape = ESCAPES[byte];
    if (escape === 0) {
      b[n++] = byte;
      continue;
    }
    b[n++] = BACKSLASH;
    b[n++] = escape;
    if (escape === 117) {
      b[n++] = 48;
      b[n++] = 48;
      b[n++] = HEX.charCodeAt(byte >> 4);
      b[n++] = HEX.charCodeAt(byte & 15);
    }
  }
  b[n++] = QUOTE;
  return n;
}

/** Copies bytes; gives the end. */
export function putBytes(b: Uint8Array, at: number, from: Uint8Array): number {
  let n = at;
  for (let i = 0; i < from.length; i++) b[n++] = from[i];
  return n;
}
