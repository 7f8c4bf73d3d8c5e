/** Record batches (format version 2), written record by record into one buffer. */
import { compressionsAlgorithms, crc32c, Writer } from "./client.ts";
import { BATCH_HEADER_BYTES } from "./records.ts";

export type CompressionName = "none" | "gzip" | "snappy" | "lz4" | "zstd";

const CODES: Readonly<Record<CompressionName, number>> = { none: 0, gzip: 1, snappy: 2, lz4: 3, zstd: 4 };
const TRANSACTIONAL = 0x10;
const LENGTH_AT = 8;
const ATTRIBUTES_AT = 21;

export interface ProducerState {
  readonly producerId: number;
  readonly epoch: number;
}

/** A header of a record. */
export interface HeaderBytes {
  readonly name: Uint8Array;
  readonly value: Uint8Array | null;
}

const NO_BYTES = new Uint8Array(0);
/** Memory of sent batches is kept for the next ones up to so much: small batches come many times a second. */
const KEPT_BYTES_MAX = 64 << 10;

function varintSize(value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (zigzag >= 0x80) {
    zigzag >>>= 7;
    size++;
  }
  return size;
}

/** The records of one partition that go out together. */
export class BatchBuilder {
  count = 0;
  private buffer: Uint8Array;
  /** Of the batch that was finished last. */
  private lent: Uint8Array = NO_BYTES;
  private length = BATCH_HEADER_BYTES;
  private timestamp = 0;
  private bytesLikely = 1024;

  constructor(bytesFirst: number) {
    this.buffer = new Uint8Array(Math.max(1024, bytesFirst));
  }

  /** Bytes so far, header included, not compressed. */
  get bytes(): number {
    return this.length;
  }

  /**
   * Adds a record; parts are copied. A key or value whose start is -1 is null.
   *
   * @param timestampMs of the first record; later ones get the same
   */
  append(
    timestampMs: number,
    key: Uint8Array,
    keyStart: number,
    keyEnd: number,
    value: Uint8Array,
    valueStart: number,
    valueEnd: number,
    headers: readonly HeaderBytes[] | undefined,
  ): void {
    if (this.count === 0) this.timestamp = timestampMs;
    const keyLength = keyStart < 0 ? -1 : keyEnd - keyStart;
    const valueLength = valueStart < 0 ? -1 : valueEnd - valueStart;
    // Attributes and the timestamp's delta, 0, are one byte each.
    let size = 2 + varintSize(this.count) + varintSize(keyLength) + varintSize(valueLength);
    size += Math.max(0, keyLength) + Math.max(0, valueLength) + headersSize(headers);
    this.reserve(size + 5);
    this.varint(size);
    const b = this.buffer;
    b[this.length++] = 0;
    b[this.length++] = 0;
    this.varint(this.count);
    this.varint(keyLength);
    if (keyLength > 0) this.copy(key, keyStart, keyEnd);
    this.varint(valueLength);
    if (valueLength > 0) this.copy(value, valueStart, valueEnd);
    this.headers(headers);
    this.count++;
  }

  private headers(headers: readonly HeaderBytes[] | undefined): void {
    this.varint(headers?.length ?? 0);
    for (const { name, value } of headers ?? []) {
      this.varint(name.length);
      this.copy(name, 0, name.length);
      this.varint(value === null ? -1 : value.length);
      if (value !== null) this.copy(value, 0, value.length);
    }
  }

  private copy(from: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (size < 48) {
      const b = this.buffer;
      let p = this.length;
      for (let i = start; i < end; i++) b[p++] = from[i];
      this.length = p;
      return;
    }
    // Without a view, which would be an object for each record.
    Buffer.prototype.copy.call(from, this.buffer, this.length, start, end);
    this.length += size;
  }

  private varint(value: number): void {
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    while (zigzag >= 0x80) {
      this.buffer[this.length++] = (zigzag & 0x7f) | 0x80;
      zigzag >>>= 7;
    }
    this.buffer[this.length++] = zigzag;
  }

  private reserve(more: number): void {
    if (this.length + more <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.length + more, this.buffer.length * 2, this.bytesLikely));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }

  /**
   * The finished batch. The builder is empty afterwards; the bytes are the receiver's until `reuse`.
   *
   * @param baseSequence of the first record, for the broker to tell repeated batches
   */
  finish(
    compression: CompressionName,
    producer: ProducerState | undefined,
    baseSequence: number,
    transactional: boolean,
  ): Buffer {
    const batch = this.compressed(compression);
    const view = new DataView(batch.buffer, batch.byteOffset, batch.length);
    view.setInt32(LENGTH_AT, batch.length - 12);
    view.setInt32(12, -1);
    view.setInt8(16, 2);
    view.setInt16(ATTRIBUTES_AT, CODES[compression] | (transactional ? TRANSACTIONAL : 0));
    view.setInt32(23, this.count - 1);
    view.setBigInt64(27, BigInt(this.timestamp));
    view.setBigInt64(35, BigInt(this.timestamp));
    view.setBigInt64(43, BigInt(producer?.producerId ?? -1));
    view.setInt16(51, producer?.epoch ?? -1);
    view.setInt32(53, baseSequence);
    view.setInt32(57, this.count);
    view.setUint32(17, checksum(batch.subarray(ATTRIBUTES_AT)));
    // The next batch will need about as much; it takes it with its first record.
    this.bytesLikely = Math.max(1024, this.length + (this.length >> 4));
    this.lent = this.buffer;
    this.buffer = NO_BYTES;
    this.length = BATCH_HEADER_BYTES;
    this.count = 0;
    return batch;
  }

  /** Takes the memory of the batch that was finished last for the next one. Nobody may read that batch any more. */
  reuse(): void {
    if (this.count === 0 && this.lent.length <= KEPT_BYTES_MAX) this.buffer = this.lent;
    this.lent = NO_BYTES;
  }

  private compressed(compression: CompressionName): Buffer {
    const whole = Buffer.from(this.buffer.buffer, this.buffer.byteOffset, this.length);
    if (compression === "none") return whole;
    const payload = compressionsAlgorithms[compression].compressSync(whole.subarray(BATCH_HEADER_BYTES)) as Buffer;
    const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + payload.length);
    batch.fill(0, 0, BATCH_HEADER_BYTES);
    payload.copy(batch, BATCH_HEADER_BYTES);
    return batch;
  }
}

/** The client copies plain bytes before it sums them, but not those of a writer. */
function checksum(bytes: Buffer): number {
  return crc32c(Writer.create().append(bytes).dynamicBuffer) >>> 0;
}

function headersSize(headers: readonly HeaderBytes[] | undefined): number {
  let size = varintSize(headers?.length ?? 0);
  for (const { name, value } of headers ?? []) {
    size += varintSize(name.length) + name.length + varintSize(value?.length ?? -1) + (value?.length ?? 0);
  }
  return size;
}
