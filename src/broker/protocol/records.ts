import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { BATCH_HEADER_BYTES, type BatchHeader, Compression, compressionOf } from "./batch.ts";
import { KafkaError, MalformedRequest } from "./errors.ts";
import { Reader } from "./reader.ts";

/** One record of a batch, as views on its bytes. */
export interface RecordView {
  readonly offset: number;
  readonly timestampMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

/** Decompressed bytes that one batch may have. */
const DECOMPRESSED_BYTES_MAX = 256 * 1024 * 1024;

/**
 * Decodes the records of a batch that `checkBatch` has accepted, decompressing where needed. Only paths that need single
 * records use it: offsets by time, compacted topics, tools.
 *
 * @throws KafkaError INVALID_RECORD when the records aren't what the header says
 */
export function readRecords(batch: Buffer, header: BatchHeader): RecordView[] {
  try {
    const from = header.position + BATCH_HEADER_BYTES;
    const payload = decompress(batch.subarray(from, header.position + header.sizeInBytes), compressionOf(header));
    const reader = new Reader(payload);
    const result: RecordView[] = [];
    for (let i = 0; i < header.recordCount; i++) result.push(readRecord(reader, header));
    if (reader.remaining !== 0) throw new MalformedRequest(`${reader.remaining} bytes follow the last record`);
    return result;
  } catch (error) {
    if (error instanceof KafkaError) throw error;
    throw new KafkaError("INVALID_RECORD", `The records can't be read: ${(error as Error).message}.`);
  }
}

function readRecord(reader: Reader, header: BatchHeader): RecordView {
  const end = reader.take(reader.varint());
  const stop = reader.position;
  reader.position = end;
  reader.int8();
  const timestampMs = header.baseTimestamp + reader.varlong();
  const offset = header.baseOffset + reader.varint();
  const key = readPart(reader);
  const value = readPart(reader);
  const count = reader.varint();
  if (count < 0 || count > reader.remaining) throw new MalformedRequest(`${count} headers`);
  const headers: [string, Buffer | null][] = [];
  for (let i = 0; i < count; i++) headers.push([reader.string(reader.varint()), readPart(reader)]);
  if (reader.position !== stop) throw new MalformedRequest("a record's length disagrees with its content");
  const appendTime = (header.attributes & 0x08) !== 0;
  return { offset, timestampMs: appendTime ? header.maxTimestamp : timestampMs, key, value, headers };
}

function readPart(reader: Reader): Buffer | null {
  const length = reader.varint();
  return length < 0 ? null : reader.bytes(length);
}

function decompress(payload: Buffer, compression: number): Buffer {
  switch (compression) {
    case Compression.NONE:
      return payload;
    case Compression.GZIP:
      return gunzipSync(payload, { maxOutputLength: DECOMPRESSED_BYTES_MAX });
    case Compression.ZSTD:
      return zstdDecompressSync(payload, { maxOutputLength: DECOMPRESSED_BYTES_MAX });
    case Compression.SNAPPY:
      return compressionsAlgorithms.snappy.decompressSync(payload) as Buffer;
    case Compression.LZ4:
      return compressionsAlgorithms.lz4.decompressSync(payload) as Buffer;
    default:
      throw new KafkaError("UNSUPPORTED_COMPRESSION_TYPE");
  }
}
