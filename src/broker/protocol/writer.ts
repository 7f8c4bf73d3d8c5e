/** Bytes from which a buffer is passed on as it is instead of being copied. */
const COPY_BELOW_BYTES = 4096;

/**
 * Writes Kafka's primitive types. Large byte strings are kept as separate chunks, so that fetched records go from the
 * log to the socket without a copy.
 */
export class Writer {
  #buffer: Buffer;
  #position = 0;
  #chunkStart = 0;
  #chunks: Buffer[] = [];
  #chunkBytes = 0;

  constructor(initialBytes = 512) {
    this.#buffer = Buffer.allocUnsafe(initialBytes);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#chunkBytes + this.#position - this.#chunkStart;
  }

  #reserve(bytes: number): number {
    const at = this.#position;
    if (at + bytes > this.#buffer.length) {
      const used = at - this.#chunkStart;
      const grown = Buffer.allocUnsafe(Math.max((used + bytes) * 2, 1024));
      this.#buffer.copy(grown, 0, this.#chunkStart, at);
      this.#buffer = grown;
      this.#chunkStart = 0;
      this.#position = used + bytes;
      return used;
    }
    this.#position = at + bytes;
    return at;
  }

  int8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer.writeInt8(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeInt16BE(value, at);
  }

  uint16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
  }

  int64(value: number): void {
    const at = this.#reserve(8);
    const high = Math.floor(value / 4294967296);
    this.#buffer.writeInt32BE(high, at);
    this.#buffer.writeUInt32BE(value - high * 4294967296, at + 4);
  }

  float64(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  unsignedVarint(value: number): void {
    const at = this.#reserve(5);
    let end = at;
    while (value >= 0x80) {
      this.#buffer[end++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#buffer[end++] = value;
    this.#position -= at + 5 - end;
  }

  varint(value: number): void {
    this.unsignedVarint(((value << 1) ^ (value >> 31)) >>> 0);
  }

  varlong(value: number): void {
    let zigzag = BigInt.asUintN(64, value < 0 ? BigInt(value) * -2n - 1n : BigInt(value) * 2n);
    while (zigzag >= 0x80n) {
      this.int8(Number(zigzag & 0x7fn) - 0x80);
      zigzag >>= 7n;
    }
    this.int8(Number(zigzag));
  }

  /** A length prefix as `Reader.length` reads it; −1 means null. */
  lengthPrefix(length: number, width: 2 | 4, flexible: boolean): void {
    if (flexible) this.unsignedVarint(length + 1);
    else if (width === 2) this.int16(length);
    else this.int32(length);
  }

  string(value: string, flexible: boolean): void {
    const bytes = Buffer.byteLength(value);
    this.lengthPrefix(bytes, 2, flexible);
    const at = this.#reserve(bytes);
    this.#buffer.write(value, at, "utf8");
  }

  bytes(value: Buffer): void {
    if (value.length < COPY_BELOW_BYTES) {
      const at = this.#reserve(value.length);
      value.copy(this.#buffer, at);
      return;
    }
    this.#cut();
    this.#chunks.push(value);
    this.#chunkBytes += value.length;
  }

  uuid(value: string): void {
    const at = this.#reserve(16);
    this.#buffer.write(value, at, 16, "hex");
  }

  #cut(): void {
    if (this.#position === this.#chunkStart) return;
    this.#chunks.push(this.#buffer.subarray(this.#chunkStart, this.#position));
    this.#chunkBytes += this.#position - this.#chunkStart;
    this.#chunkStart = this.#position;
  }

  /** A writer for a part whose length has to stand before it. */
  nested(): Writer {
    return new Writer(64);
  }

  /** Everything written, as chunks in order. The writer must not be used afterwards. */
  finish(): Buffer[] {
    this.#cut();
    return this.#chunks;
  }

  /** Everything written, in one buffer. The writer must not be used afterwards. */
  toBuffer(): Buffer {
    const chunks = this.finish();
    return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  }
}
