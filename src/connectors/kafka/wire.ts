/** Reading the flexible ("compact") forms of Kafka's protocol from one contiguous buffer. Checks every length. */

/** A response that isn't what the protocol says. */
export class MalformedResponse extends Error {
  override readonly name = "MalformedResponse";
}

export class WireReader {
  readonly buffer: Buffer;
  position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  private take(bytes: number): number {
    const at = this.position;
    if (bytes < 0 || at + bytes > this.buffer.length) {
      throw new MalformedResponse(`A response of ${this.buffer.length} bytes ends within a field.`);
    }
    this.position = at + bytes;
    return at;
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1));
  }
  int16(): number {
    return this.buffer.readInt16BE(this.take(2));
  }
  int32(): number {
    return this.buffer.readInt32BE(this.take(4));
  }
  /** A 64-bit number that is exact up to 2^53; offsets and ids never get there. */
  int64(): number {
    const at = this.take(8);
    return this.buffer.readInt32BE(at) * 4294967296 + this.buffer.readUInt32BE(at + 4);
  }
  uvarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.buffer[this.take(1)];
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new MalformedResponse("A variable-length number is too long.");
  }
  /** Length of a compact string or byte field; -1 for null. */
  compactLength(): number {
    return this.uvarint() - 1;
  }
  string(): string {
    const length = Math.max(0, this.compactLength());
    const at = this.take(length);
    return this.buffer.toString("utf8", at, at + length);
  }
  /** A view; empty for null. */
  bytes(): Buffer {
    const length = Math.max(0, this.compactLength());
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }
  array<T>(read: () => T): T[] {
    const count = this.compactLength();
    if (count > this.buffer.length - this.position) {
      throw new MalformedResponse(`A response announces ${count} elements and ends before.`);
    }
    const result: T[] = [];
    for (let i = 0; i < count; i++) result.push(read());
    return result;
  }
  tags(): void {
    for (let count = this.uvarint(); count > 0; count--) {
      this.uvarint();
      this.take(this.uvarint());
    }
  }
}
