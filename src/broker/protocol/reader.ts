import { MalformedRequest } from "./errors.ts";

/** Items that one request's arrays may hold together; real requests stay far below. */
const ITEMS_MAX = 1_000_000;

/**
 * Reads Kafka's primitive types from a part of a buffer. Every length is checked against the bytes that remain, so a
 * hostile request can't make it allocate more than it sent.
 *
 * @throws MalformedRequest when the bytes end early or a length is impossible
 */
export class Reader {
  readonly buffer: Buffer;
  position: number;
  readonly end: number;
  #items = 0;

  constructor(buffer: Buffer, position = 0, end: number = buffer.length) {
    this.buffer = buffer;
    this.position = position;
    this.end = end;
  }

  get remaining(): number {
    return this.end - this.position;
  }

  /** Moves past `length` bytes and returns where they began. */
  take(length: number): number {
    const start = this.position;
    if (length < 0 || length > this.end - start) {
      throw new MalformedRequest(`${length} bytes wanted at position ${start}, ${this.end - start} remain`);
    }
    this.position = start + length;
    return start;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }

  uint16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }

  /** A 64-bit integer as a number. Values beyond ±2^53 are clamped there: no offset or time is that large. */
  int64(): number {
    const at = this.take(8);
    const value = this.buffer.readInt32BE(at) * 4294967296 + this.buffer.readUInt32BE(at + 4);
    return Math.min(Math.max(value, -Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
    }
    throw new MalformedRequest(`varint longer than 32 bits at position ${this.position}`);
  }

  varint(): number {
    const raw = this.unsignedVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag 64-bit integer as a number, clamped like `int64`. */
  varlong(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.buffer[this.take(1)];
      const bits = byte & 0x7f;
      if (shift < 28) low += bits * 2 ** shift;
      else high += bits * 2 ** (shift - 28);
      if (byte < 0x80) {
        const negative = (low & 1) === 1;
        const magnitude = Math.min(Math.floor(low / 2) + high * 2 ** 27, Number.MAX_SAFE_INTEGER);
        return negative ? -magnitude - 1 : magnitude;
      }
    }
    throw new MalformedRequest(`varint longer than 64 bits at position ${this.position}`);
  }

  /** A length prefix: of two bytes (strings), four bytes (bytes, arrays) or compact. −1 means null. */
  length(width: 2 | 4, flexible: boolean): number {
    const length = flexible ? this.unsignedVarint() - 1 : width === 2 ? this.int16() : this.int32();
    if (length < -1 || length > this.remaining) {
      throw new MalformedRequest(`length ${length} at position ${this.position}, ${this.remaining} bytes remain`);
    }
    return length;
  }

  /** The length of an array, counted against what one request may hold. */
  arrayLength(flexible: boolean): number {
    const length = this.length(4, flexible);
    this.#items += Math.max(length, 0);
    if (this.#items > ITEMS_MAX) throw new MalformedRequest(`more than ${ITEMS_MAX} array items in one request`);
    return length;
  }

  string(length: number): string {
    const start = this.take(length);
    return this.buffer.toString("utf8", start, start + length);
  }

  /** A view on the bytes, not a copy. */
  bytes(length: number): Buffer {
    const start = this.take(length);
    return this.buffer.subarray(start, start + length);
  }

  /** A topic id: 32 hexadecimal digits. */
  uuid(): string {
    const start = this.take(16);
    return this.buffer.toString("hex", start, start + 16);
  }

  skipTags(): void {
    const count = this.unsignedVarint();
    for (let i = 0; i < count; i++) {
      this.unsignedVarint();
      this.take(this.unsignedVarint());
    }
  }
}
