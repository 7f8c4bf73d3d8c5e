import { compressionsAlgorithmsByBitmask } from "@platformatic/kafka";
import { crc32c } from "./crc32c.ts";
import { KafkaError } from "./errors.ts";
import { Writer } from "./writer.ts";

/**
 * The record batch, format version 2, as it is on the wire and in segments. Positions are relative to the batch.
 *
 * ```
 *  0 baseOffset int64      21 attributes int16       43 producerId int64      57 recordCount int32
 *  8 batchLength int32     23 lastOffsetDelta int32  51 producerEpoch int16   61 records …
 * 12 leaderEpoch int32     27 baseTimestamp int64    53 baseSequence int32
 * 16 magic int8            35 maxTimestamp int64
 * 17 crc uint32 (of everything from 21 on)
 * ```
 */
export const BATCH_HEADER_BYTES = 61;
const LENGTH_AT = 8;
const LEADER_EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
const ATTRIBUTES_AT = 21;
const LAST_OFFSET_DELTA_AT = 23;
const BASE_TIMESTAMP_AT = 27;
const MAX_TIMESTAMP_AT = 35;
const PRODUCER_ID_AT = 43;
const PRODUCER_EPOCH_AT = 51;
const BASE_SEQUENCE_AT = 53;
const COUNT_AT = 57;
/** Bytes before the part that `batchLength` counts. */
export const BATCH_PREFIX_BYTES = 12;

export const Compression = { NONE: 0, GZIP: 1, SNAPPY: 2, LZ4: 3, ZSTD: 4 } as const;
export const LOG_APPEND_TIME_BIT = 0x08;
export const TRANSACTIONAL_BIT = 0x10;
export const CONTROL_BIT = 0x20;

/** What the header of one batch says. */
export interface BatchHeader {
  /** Where the batch begins in the buffer it was read from, and its size with the header. */
  readonly position: number;
  readonly sizeInBytes: number;
  readonly baseOffset: number;
  readonly leaderEpoch: number;
  readonly attributes: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  readonly producerId: number;
  readonly producerEpoch: number;
  readonly baseSequence: number;
  readonly recordCount: number;
}

export function compressionOf(header: BatchHeader): number {
  return header.attributes & 7;
}

export function isTransactional(header: BatchHeader): boolean {
  return (header.attributes & TRANSACTIONAL_BIT) !== 0;
}

export function isControl(header: BatchHeader): boolean {
  return (header.attributes & CONTROL_BIT) !== 0;
}

export function lastOffsetOf(header: BatchHeader): number {
  return header.baseOffset + header.lastOffsetDelta;
}

function int64(buffer: Buffer, at: number): number {
  return buffer.readInt32BE(at) * 4294967296 + buffer.readUInt32BE(at + 4);
}

function putInt64(buffer: Buffer, at: number, value: number): void {
  const high = Math.floor(value / 4294967296);
  buffer.writeInt32BE(high, at);
  buffer.writeUInt32BE(value - high * 4294967296, at + 4);
}

/** The size in bytes that a batch's prefix announces; NaN where the length is impossible. */
export function announcedSize(buffer: Buffer, position: number): number {
  const length = buffer.readInt32BE(position + LENGTH_AT);
  return length < BATCH_HEADER_BYTES - BATCH_PREFIX_BYTES ? Number.NaN : length + BATCH_PREFIX_BYTES;
}

/** Reads a header; the caller has seen to it that `BATCH_HEADER_BYTES` bytes are there. Checks nothing. */
export function readHeader(buffer: Buffer, position: number): BatchHeader {
  return {
    position,
    sizeInBytes: buffer.readInt32BE(position + LENGTH_AT) + BATCH_PREFIX_BYTES,
    baseOffset: int64(buffer, position),
    leaderEpoch: buffer.readInt32BE(position + LEADER_EPOCH_AT),
    attributes: buffer.readInt16BE(position + ATTRIBUTES_AT),
    lastOffsetDelta: buffer.readInt32BE(position + LAST_OFFSET_DELTA_AT),
    baseTimestamp: int64(buffer, position + BASE_TIMESTAMP_AT),
    maxTimestamp: int64(buffer, position + MAX_TIMESTAMP_AT),
    producerId: int64(buffer, position + PRODUCER_ID_AT),
    producerEpoch: buffer.readInt16BE(position + PRODUCER_EPOCH_AT),
    baseSequence: buffer.readInt32BE(position + BASE_SEQUENCE_AT),
    recordCount: buffer.readInt32BE(position + COUNT_AT),
  };
}

/**
 * Checks one whole batch at `position`: length, magic, checksum, and that the counts agree. Records are not decoded.
 *
 * @throws KafkaError CORRUPT_MESSAGE, INVALID_RECORD or UNSUPPORTED_FOR_MESSAGE_FORMAT
 */
export function checkBatch(buffer: Buffer, position = 0): BatchHeader {
  const available = buffer.length - position;
  if (available < BATCH_HEADER_BYTES)
    throw new KafkaError("CORRUPT_MESSAGE", "The record batch ends within its header.");
  const magic = buffer.readInt8(position + MAGIC_AT);
  if (magic !== 2) {
    const older = magic === 0 || magic === 1;
    throw new KafkaError(
      older ? "UNSUPPORTED_FOR_MESSAGE_FORMAT" : "CORRUPT_MESSAGE",
      `Record format version ${magic} is not supported; version 2 is.`,
    );
  }
  const size = announcedSize(buffer, position);
  if (!(size <= available)) {
    throw new KafkaError("CORRUPT_MESSAGE", `The record batch announces ${size} bytes and has ${available}.`);
  }
  const expected = buffer.readUInt32BE(position + CRC_AT);
  const actual = crc32c(buffer, position + ATTRIBUTES_AT, position + size);
  if (expected !== actual) throw new KafkaError("CORRUPT_MESSAGE", "The record batch fails its CRC-32C.");
  const header = readHeader(buffer, position);
  const { recordCount, lastOffsetDelta } = header;
  if (recordCount < 0 || lastOffsetDelta < 0 || lastOffsetDelta < recordCount - 1) {
    throw new KafkaError("INVALID_RECORD", `${recordCount} records can't end at offset delta ${lastOffsetDelta}.`);
  }
  if (compressionOf(header) > Compression.ZSTD) {
    throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE", `Compression type ${compressionOf(header)} is unknown.`);
  }
  return header;
}

/** Writes the offset and the leader epoch that the log gave to a batch; neither is under the checksum. */
export function place(batch: Buffer, baseOffset: number, leaderEpoch: number): void {
  putInt64(batch, 0, baseOffset);
  batch.writeInt32BE(leaderEpoch, LEADER_EPOCH_AT);
}

/** Makes the batch carry the broker's time (`message.timestamp.type=LogAppendTime`). */
export function stampAppendTime(batch: Buffer, timestampMs: number): void {
  batch.writeInt16BE(batch.readInt16BE(ATTRIBUTES_AT) | LOG_APPEND_TIME_BIT, ATTRIBUTES_AT);
  putInt64(batch, MAX_TIMESTAMP_AT, timestampMs);
  seal(batch);
}

/** Recomputes the checksum after a change. */
export function seal(batch: Buffer): void {
  batch.writeUInt32BE(crc32c(batch, ATTRIBUTES_AT, batch.length), CRC_AT);
}

export interface RecordToWrite {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly timestampMs: number;
  readonly headers?: readonly (readonly [string, Buffer | null])[] | undefined;
}

export interface BatchOptions {
  readonly attributes?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
  readonly leaderEpoch?: number;
  readonly baseOffset?: number;
}

/** Builds an uncompressed batch of at least one record. */
export function buildBatch(records: readonly RecordToWrite[], options: BatchOptions = {}): Buffer {
  const baseTimestamp = records[0].timestampMs;
  let maxTimestamp = baseTimestamp;
  const body = new Writer(256);
  records.forEach((record, i) => {
    if (record.timestampMs > maxTimestamp) maxTimestamp = record.timestampMs;
    const content = encodeRecord(record, i, baseTimestamp);
    body.varint(content.length);
    body.bytes(content);
  });
  const payload = body.toBuffer();
  const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + payload.length);
  payload.copy(batch, BATCH_HEADER_BYTES);
  batch.writeInt32BE(batch.length - BATCH_PREFIX_BYTES, LENGTH_AT);
  batch.writeInt8(2, MAGIC_AT);
  batch.writeInt16BE(options.attributes ?? 0, ATTRIBUTES_AT);
  batch.writeInt32BE(records.length - 1, LAST_OFFSET_DELTA_AT);
  putInt64(batch, BASE_TIMESTAMP_AT, baseTimestamp);
  putInt64(batch, MAX_TIMESTAMP_AT, maxTimestamp);
  putInt64(batch, PRODUCER_ID_AT, options.producerId ?? -1);
  batch.writeInt16BE(options.producerEpoch ?? -1, PRODUCER_EPOCH_AT);
  batch.writeInt32BE(options.baseSequence ?? -1, BASE_SEQUENCE_AT);
  batch.writeInt32BE(records.length, COUNT_AT);
  place(batch, options.baseOffset ?? 0, options.leaderEpoch ?? 0);
  seal(batch);
  return batch;
}

/**
 * A batch with only some of its records: these keep their offsets, and the batch its place, its producer and its
 * compression.
 */
export function withRecords(batch: Buffer, header: BatchHeader, records: readonly PlacedRecord[]): Buffer {
  const body = new Writer(256);
  for (const record of records) {
    const content = encodeRecord(record, record.offset - header.baseOffset, header.baseTimestamp);
    body.varint(content.length);
    body.bytes(content);
  }
  const payload = records.length === 0 ? Buffer.alloc(0) : compress(body.toBuffer(), compressionOf(header));
  const result = Buffer.concat([batch.subarray(0, BATCH_HEADER_BYTES), payload]);
  result.writeInt32BE(result.length - BATCH_PREFIX_BYTES, LENGTH_AT);
  result.writeInt32BE(records.length, COUNT_AT);
  seal(result);
  return result;
}

export interface PlacedRecord extends RecordToWrite {
  readonly offset: number;
}

function compress(payload: Buffer, compression: number): Buffer {
  return compressionsAlgorithmsByBitmask[String(compression)]!.compressSync(payload);
}

function encodeRecord(record: RecordToWrite, offsetDelta: number, baseTimestamp: number): Buffer {
  const writer = new Writer(128);
  writer.int8(0);
  writer.varlong(record.timestampMs - baseTimestamp);
  writer.varint(offsetDelta);
  for (const part of [record.key, record.value]) {
    writer.varint(part === null ? -1 : part.length);
    if (part !== null) writer.bytes(part);
  }
  const headers = record.headers ?? [];
  writer.varint(headers.length);
  for (const [name, value] of headers) {
    const nameBytes = Buffer.from(name);
    writer.varint(nameBytes.length);
    writer.bytes(nameBytes);
    writer.varint(value === null ? -1 : value.length);
    if (value !== null) writer.bytes(value);
  }
  return writer.toBuffer();
}

/** The control batch that ends a transaction in one partition. */
export function buildMarker(producerId: number, producerEpoch: number, commit: boolean, timestampMs: number): Buffer {
  const key = Buffer.from([0, 0, 0, commit ? 1 : 0]);
  const value = Buffer.alloc(6);
  return buildBatch([{ key, value, timestampMs }], {
    attributes: TRANSACTIONAL_BIT | CONTROL_BIT,
    producerId,
    producerEpoch,
  });
}
