/**
 * Record batches (format version 2) to columns of positions, without an object for each record. What is read is checked:
 * CRC-32C, lengths, counts; damaged bytes end in an error that names the place, never in wrong rows.
 *
 * ```
 *  0 baseOffset int64      21 attributes int16       43 producerId int64      57 recordCount int32
 *  8 batchLength int32     23 lastOffsetDelta int32  51 producerEpoch int16   61 records …
 * 12 leaderEpoch int32     27 baseTimestamp int64    53 baseSequence int32
 * 16 magic int8            35 maxTimestamp int64
 * 17 crc uint32 (of everything from 21 on)
 * ```
 */
import { crc32c } from "@platformatic/wasm-utils";
import { type Arrays, newArrays } from "../../columns/arrays.ts";
import { SluiceError } from "../../errors/error.ts";
import { Codec, DecompressionError, decompress, Output } from "../../formats/compression/codecs.ts";
import type { AbortedTransaction } from "./fetch.ts";
import type { TopicPartition } from "./offsets.ts";

export const BATCH_HEADER_BYTES = 61;
const PREFIX_BYTES = 12;
const CRC_FROM = 21;
/** Length, attributes, timestamp, offset, key, value, header count: a byte each at least. */
const RECORD_BYTES_MIN = 7;
const CONTROL = 0x20;
const TRANSACTIONAL = 0x10;
const LOG_APPEND_TIME = 0x08;

/** Raw batches of one partition as they came from the broker. */
export interface FetchedRecords {
  readonly topic: string;
  readonly partition: number;
  readonly bytes: Buffer;
  /** Where the fetch began. */
  readonly fetchOffset: number;
  /** The offset after the last complete batch. */
  readonly nextOffset: number;
  /** Undefined when uncommitted records are wanted too. */
  readonly aborted: readonly AbortedTransaction[] | undefined;
  /** Told by a reader that has read all of the bytes and kept nothing of them. */
  readonly free?: (() => void) | undefined;
}

/** What is read of a chunk: the records of `[from, to)`. */
export interface RecordRange {
  readonly records: FetchedRecords;
  readonly from: number;
  readonly to: number;
}

/** The partition of a block's rows from `firstRow` on, up to the next source's. */
export interface BlockSource extends TopicPartition {
  readonly firstRow: number;
}

/** Rows as positions in `bytes`. Arrays are as long as `rows`, or empty when their part isn't asked for. A key or value that is null has its start at -1. */
export interface RecordBlock {
  readonly rows: number;
  /** At least one, in the order of rows. */
  readonly sources: readonly BlockSource[];
  readonly bytes: Uint8Array;
  readonly offsets: Float64Array;
  /** Milliseconds. */
  readonly timestamps: Float64Array;
  /** 1 where the timestamp is the broker's (LogAppendTime). */
  readonly appendTimes: Uint8Array;
  readonly keyStarts: Int32Array;
  readonly keyEnds: Int32Array;
  readonly valueStarts: Int32Array;
  readonly valueEnds: Int32Array;
  /** Where each record's header count stands. */
  readonly headerStarts: Int32Array;
}

/** Which parts of records are asked for; arrays of the others stay empty. */
export interface RecordParts {
  readonly key: boolean;
  readonly value: boolean;
  readonly offset: boolean;
  readonly timestamp: boolean;
  readonly headers: boolean;
}

export const ALL_PARTS: RecordParts = { key: true, value: true, offset: true, timestamp: true, headers: true };

/** Bytes that one batch may have when decompressed. */
const DECOMPRESSED_BYTES_MAX = 256 << 20;
/** A block is closed when it has this many bytes, decompressed: what is read next is still in the processor's cache. */
const BLOCK_BYTES = 512 << 10;
/** What a batch of text unfolds to, at most, as a rule. */
const LIKELY_RATIO = 8;

function int64(b: Buffer, at: number): number {
  return b.readInt32BE(at) * 4294967296 + b.readUInt32BE(at + 4);
}

function corrupt(records: { topic: string; partition: number }, offset: number, reason: string): SluiceError {
  const { topic, partition } = records;
  return new SluiceError("KAFKA_CORRUPT_RECORD_BATCH", { topic, partition, offset, reason });
}

/**
 * The offset after the last complete batch in `bytes`, found from the batches' headers alone.
 *
 * @throws SluiceError KAFKA_CORRUPT_RECORD_BATCH, KAFKA_UNSUPPORTED_RECORD_FORMAT
 */
export function nextOffsetOf(topic: string, partition: number, bytes: Buffer, fetchOffset: number): number {
  let next = fetchOffset;
  let p = 0;
  while (p + BATCH_HEADER_BYTES <= bytes.length) {
    const size = bytes.readInt32BE(p + 8) + PREFIX_BYTES;
    checkMagic(topic, partition, bytes, p, next);
    if (size < BATCH_HEADER_BYTES) throw corrupt({ topic, partition }, next, `a batch of ${size} bytes`);
    if (p + size > bytes.length) break;
    const last = int64(bytes, p) + bytes.readInt32BE(p + 23);
    if (last < next || !Number.isSafeInteger(last)) {
      throw corrupt({ topic, partition }, next, `a batch that ends at offset ${last} after offset ${next - 1}`);
    }
    next = last + 1;
    p += size;
  }
  if (p === 0 && bytes.length > 0) {
    throw corrupt({ topic, partition }, fetchOffset, `${bytes.length} bytes without one complete batch`);
  }
  return next;
}

/** Whether there is anything but the marks that end transactions, in bytes that `nextOffsetOf` has passed. */
export function holdsRecords(bytes: Buffer): boolean {
  for (let p = 0; p + BATCH_HEADER_BYTES <= bytes.length; p += bytes.readInt32BE(p + 8) + PREFIX_BYTES) {
    if ((bytes.readInt16BE(p + 21) & CONTROL) === 0) return true;
  }
  return false;
}

function checkMagic(topic: string, partition: number, bytes: Buffer, p: number, offset: number): void {
  const magic = bytes.readInt8(p + 16);
  if (magic === 2) return;
  if (magic === 0 || magic === 1) {
    throw new SluiceError("KAFKA_UNSUPPORTED_RECORD_FORMAT", { topic, partition, offset, version: magic });
  }
  throw corrupt({ topic, partition }, offset, `format version ${magic}`);
}

/** A batch that passed its checks and whose records are wanted. */
interface Batch {
  readonly range: RecordRange;
  readonly at: number;
  readonly size: number;
  readonly baseOffset: number;
  readonly attributes: number;
  readonly count: number;
}

/**
 * The records of the ranges in blocks of at most `rowsMax` rows. Several ranges share blocks: they are best small. Control records
 * are left out, and records of aborted transactions where the fetch was read-committed.
 *
 * @param memory new for each block, unless the caller is done with one block before it asks for the next
 * @throws SluiceError KAFKA_CORRUPT_RECORD_BATCH, KAFKA_UNSUPPORTED_RECORD_FORMAT
 */
export function* recordBlocks(
  ranges: readonly RecordRange[],
  rowsMax: number,
  parts: RecordParts = ALL_PARTS,
  decompressedBytesMax = DECOMPRESSED_BYTES_MAX,
  memory: BlockMemory = newMemory,
): Generator<RecordBlock> {
  const wants: Wants = { rowsMax, parts, memory };
  const areJoined = ranges.length > 1;
  let group: Group | undefined;
  for (const [i, range] of ranges.entries()) {
    for (const batch of wantedBatches(range)) {
      const needsOut = areJoined || (batch.attributes & 7) !== Codec.NONE;
      if (group !== undefined && (needsOut !== (group.out !== undefined) || isFull(group, rowsMax))) {
        yield* index(group, wants);
        group = undefined;
      }
      group ??= newGroup(batch, ranges.slice(i + 1), needsOut, memory);
      addTo(group, batch, decompressedBytesMax);
    }
  }
  if (group !== undefined) yield* index(group, wants);
}

interface Wants {
  readonly rowsMax: number;
  readonly parts: RecordParts;
  readonly memory: BlockMemory;
}

/** Where blocks get their memory. */
export interface BlockMemory extends Arrays {
  output(bytesFirst: number): Output;
}

const newMemory: BlockMemory = {
  ...newArrays,
  output: (bytesFirst) => new Output(bytesFirst, Number.MAX_SAFE_INTEGER),
};

/** Batches that make one block: all in one place, in `out` where they were compressed or are of several chunks. */
interface Group {
  readonly batches: Batch[];
  /** Where each batch's records stand, in `out` or in the fetched bytes. */
  readonly places: { from: number; to: number }[];
  readonly out: Output | undefined;
  rows: number;
  bytes: number;
}

function newGroup(first: Batch, rest: readonly RecordRange[], needsOut: boolean, memory: BlockMemory): Group {
  const { at, size, range, attributes } = first;
  const bytesLeft = rest.reduce((n, { records }) => n + records.bytes.length, range.records.bytes.length - at);
  const ratio = (attributes & 7) === Codec.NONE ? 1 : LIKELY_RATIO;
  // One large batch, or what is left up to what fits in a block.
  const bytesLikely = Math.max(size * ratio, Math.min(bytesLeft * ratio, BLOCK_BYTES)) + 64;
  const out = needsOut ? memory.output(bytesLikely) : undefined;
  return { batches: [], places: [], out, rows: 0, bytes: 0 };
}

function isFull({ rows, bytes }: Group, rowsMax: number): boolean {
  return rows >= rowsMax || bytes >= BLOCK_BYTES;
}

function addTo(group: Group, batch: Batch, decompressedBytesMax: number): void {
  const { out } = group;
  const { records } = batch.range;
  let from = batch.at + BATCH_HEADER_BYTES;
  let to = batch.at + batch.size;
  if (out !== undefined) {
    out.limit(decompressedBytesMax);
    const begin = out.length;
    unfold(records, batch, from, to, out);
    from = begin;
    to = out.length;
  }
  if (batch.count * RECORD_BYTES_MIN > to - from) {
    throw corrupt(records, batch.baseOffset, `${batch.count} records in ${to - from} bytes`);
  }
  group.batches.push(batch);
  group.places.push({ from, to });
  group.rows += batch.count;
  group.bytes += to - from;
}

function* wantedBatches(range: RecordRange): Generator<Batch> {
  const { records, from, to } = range;
  const { bytes, topic, partition } = records;
  const transactions = records.aborted === undefined ? undefined : new Aborted(records.aborted);
  let offset = records.fetchOffset;
  for (let p = 0; p + BATCH_HEADER_BYTES <= bytes.length; ) {
    const size = bytes.readInt32BE(p + 8) + PREFIX_BYTES;
    checkMagic(topic, partition, bytes, p, offset);
    if (size < BATCH_HEADER_BYTES) throw corrupt(records, offset, `a batch of ${size} bytes`);
    if (p + size > bytes.length) return;
    const baseOffset = int64(bytes, p);
    const lastDelta = bytes.readInt32BE(p + 23);
    if (baseOffset >= to) return;
    checkCrc(records, p, size, offset);
    const attributes = bytes.readInt16BE(p + CRC_FROM);
    const count = bytes.readInt32BE(p + 57);
    if (count < 0 || lastDelta < 0 || count > lastDelta + 1) {
      throw corrupt(records, baseOffset, `${count} records up to offset delta ${lastDelta}`);
    }
    const isControl = (attributes & CONTROL) !== 0;
    const isAborted = transactions?.covers(bytes, p, attributes, baseOffset + lastDelta, isControl) ?? false;
    const wanted = !isControl && !isAborted && count > 0 && baseOffset + lastDelta >= from;
    if (wanted) yield { range, at: p, size, baseOffset, attributes, count };
    offset = baseOffset + lastDelta + 1;
    p += size;
  }
}

function checkCrc(records: FetchedRecords, p: number, size: number, offset: number): void {
  const { bytes } = records;
  const expected = bytes.readUInt32BE(p + 17);
  const actual = crc32c(bytes.subarray(p + CRC_FROM, p + size)) >>> 0;
  if (actual !== expected) throw corrupt(records, offset, "its CRC-32C doesn't match its bytes");
}

/** Which producers are inside an aborted transaction, as the walk over the batches goes on. */
class Aborted {
  private readonly upcoming: AbortedTransaction[];
  private readonly producers = new Set<number>();

  constructor(list: readonly AbortedTransaction[]) {
    this.upcoming = [...list].sort((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Takes note of the batch; true when its records are to be left out. */
  covers(bytes: Buffer, p: number, attributes: number, lastOffset: number, isControl: boolean): boolean {
    if ((attributes & TRANSACTIONAL) === 0) return false;
    for (
      let next = this.upcoming.at(-1);
      next !== undefined && next.firstOffset <= lastOffset;
      next = this.upcoming.at(-1)
    ) {
      this.producers.add(next.producerId);
      this.upcoming.pop();
    }
    const producerId = int64(bytes, p + 43);
    if (isControl) {
      if (isAbortMarker(bytes, p)) this.producers.delete(producerId);
      return false;
    }
    return this.producers.has(producerId);
  }
}

/** A control record's key is a version and a type, both int16; type 0 aborts, 1 commits. */
function isAbortMarker(bytes: Buffer, p: number): boolean {
  // Length, attributes, timestamp delta, offset delta, key length: all are variable except the attributes.
  let at = p + BATCH_HEADER_BYTES;
  const skip = (): void => {
    while (at < bytes.length && bytes[at] >= 0x80) at++;
    at++;
  };
  skip();
  at++;
  skip();
  skip();
  skip();
  return at + 4 <= bytes.length && bytes.readInt16BE(at + 2) === 0;
}

/** Arrays that the rows of one group go into. */
interface Columns {
  readonly parts: RecordParts;
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  readonly appendTimes: Uint8Array;
  readonly keyStarts: Int32Array;
  readonly keyEnds: Int32Array;
  readonly valueStarts: Int32Array;
  readonly valueEnds: Int32Array;
  readonly headerStarts: Int32Array;
}

function* index(group: Group, { parts, memory, rowsMax }: Wants): Generator<RecordBlock> {
  const first = (group.batches[0] as Batch).range.records.bytes;
  const bytes = group.out?.bytes ?? new Uint8Array(first.buffer, first.byteOffset, first.length);
  const columns = allocate(group.rows, parts, memory);
  const sources: BlockSource[] = [];
  let rows = 0;
  let range: RecordRange | undefined;
  group.batches.forEach((batch, i) => {
    const { records } = batch.range;
    if (batch.range !== range) {
      range = batch.range;
      sources.push({ topic: records.topic, partition: records.partition, firstRow: rows });
    }
    const end = indexBatch(bytes, group.places[i] as Group["places"][number], batch, columns, rows);
    if (end < 0) throw corrupt(records, batch.baseOffset, "its records don't fit its length");
    rows = end;
  });
  for (let from = 0; from < rows; from += rowsMax) {
    yield slice(columns, sources, bytes, from, Math.min(rows, from + rowsMax));
  }
}

function unfold(records: FetchedRecords, batch: Batch, from: number, to: number, out: Output): void {
  try {
    decompress(batch.attributes & 7, records.bytes, from, to, out);
  } catch (error) {
    if (!(error instanceof DecompressionError)) throw error;
    throw corrupt(records, batch.baseOffset, error.message.replace(/\.$/, ""));
  }
}

function allocate(rows: number, parts: RecordParts, memory: BlockMemory): Columns {
  const { key, value, offset, timestamp, headers } = parts;
  return {
    parts,
    offsets: memory.f64(offset ? rows : 0),
    timestamps: memory.f64(timestamp ? rows : 0),
    appendTimes: memory.flags(timestamp ? rows : 0),
    keyStarts: memory.i32(key ? rows : 0),
    keyEnds: memory.i32(key ? rows : 0),
    valueStarts: memory.i32(value ? rows : 0),
    valueEnds: memory.i32(value ? rows : 0),
    headerStarts: memory.i32(headers ? rows : 0),
  };
}

function slice(c: Columns, sources: readonly BlockSource[], bytes: Uint8Array, from: number, to: number): RecordBlock {
  return {
    rows: to - from,
    sources: from === 0 ? sources : sourcesFrom(sources, from),
    bytes,
    offsets: part(c.offsets, from, to),
    timestamps: part(c.timestamps, from, to),
    appendTimes: part(c.appendTimes, from, to),
    keyStarts: part(c.keyStarts, from, to),
    keyEnds: part(c.keyEnds, from, to),
    valueStarts: part(c.valueStarts, from, to),
    valueEnds: part(c.valueEnds, from, to),
    headerStarts: part(c.headerStarts, from, to),
  };
}

function part<T extends Int32Array | Float64Array | Uint8Array>(array: T, from: number, to: number): T {
  const isWhole = array.length === 0 || (from === 0 && to === array.length);
  return isWhole ? array : (array.subarray(from, to) as T);
}

/** The sources of the rows from `row` on, as of the block that begins there. */
function sourcesFrom(sources: readonly BlockSource[], row: number): BlockSource[] {
  const at = sources.findLastIndex((s) => s.firstRow <= row);
  return sources.slice(at).map((s) => ({ ...s, firstRow: Math.max(0, s.firstRow - row) }));
}

/** The loop over one batch's records. Returns the row after its last one, or -1 when the bytes are no such records. */
function indexBatch(
  b: Uint8Array,
  { from, to }: Group["places"][number],
  batch: Batch,
  columns: Columns,
  rowFirst: number,
): number {
  const { records, from: startOffset, to: endOffset } = batch.range;
  const base = batch.baseOffset;
  const timeFirst = int64(records.bytes, batch.at + 27);
  const timeMax = int64(records.bytes, batch.at + 35);
  const { parts, offsets, timestamps, appendTimes, keyStarts, keyEnds, valueStarts, valueEnds, headerStarts } = columns;
  const appended = (batch.attributes & LOG_APPEND_TIME) !== 0 ? 1 : 0;
  let row = rowFirst;
  let p = from;
  for (let i = 0; i < batch.count; i++) {
    // Variable-length numbers, zigzag. One byte is by far the most frequent size, so that is tried first.
    let byte = b[p++] | 0;
    let length = byte & 0x7f;
    if (byte >= 0x80) {
      byte = b[p++] | 0;
      length |= (byte & 0x7f) << 7;
      for (let shift = 14; byte >= 0x80 && shift < 35; shift += 7) {
        byte = b[p++] | 0;
        length |= (byte & 0x7f) << shift;
      }
    }
    length = (length >>> 1) ^ -(length & 1);
    const stop = p + length;
    if (length < RECORD_BYTES_MIN - 1 || stop > to) return -1;
    p++;
    byte = b[p++] | 0;
    let time = byte & 0x7f;
    for (let scale = 128; byte >= 0x80 && scale < 2 ** 70; scale *= 128) {
      byte = b[p++] | 0;
      time += (byte & 0x7f) * scale;
    }
    time = time % 2 === 0 ? time / 2 : -(time + 1) / 2;
    byte = b[p++] | 0;
    let delta = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
      byte = b[p++] | 0;
      delta |= (byte & 0x7f) << shift;
    }
    delta = (delta >>> 1) ^ -(delta & 1);
    byte = b[p++] | 0;
    let keyLength = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
      byte = b[p++] | 0;
      keyLength |= (byte & 0x7f) << shift;
    }
    keyLength = (keyLength >>> 1) ^ -(keyLength & 1);
    const keyStart = p;
    if (keyLength > 0) p += keyLength;
    if (p >= stop) return -1;
    byte = b[p++] | 0;
    let valueLength = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
      byte = b[p++] | 0;
      valueLength |= (byte & 0x7f) << shift;
    }
    valueLength = (valueLength >>> 1) ^ -(valueLength & 1);
    const valueStart = p;
    if (valueLength > 0) p += valueLength;
    // A byte is left at least: the number of headers, 0 when there are none.
    if (p >= stop || keyLength < -1 || valueLength < -1 || delta < 0) return -1;
    if (stop - p === 1 && b[p] !== 0) return -1;
    const offset = base + delta;
    if (offset >= startOffset && offset < endOffset) {
      if (parts.value) {
        valueStarts[row] = valueLength < 0 ? -1 : valueStart;
        valueEnds[row] = valueStart + valueLength;
      }
      if (parts.key) {
        keyStarts[row] = keyLength < 0 ? -1 : keyStart;
        keyEnds[row] = keyStart + keyLength;
      }
      if (parts.offset) offsets[row] = offset;
      if (parts.timestamp) {
        timestamps[row] = appended === 1 ? timeMax : timeFirst + time;
        appendTimes[row] = appended;
      }
      if (parts.headers) headerStarts[row] = p;
      row++;
    }
    p = stop;
  }
  return p === to ? row : -1;
}

/** A record's headers, from where its header count stands; undefined when the bytes are no such headers. */
export function headersAt(b: Uint8Array, at: number): { name: string; value: Uint8Array | null }[] | undefined {
  let p = at;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = b[p++] | 0;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return (value >>> 1) ^ -(value & 1);
  };
  const count = varint();
  if (count < 0 || count > b.length - p) return undefined;
  const headers: { name: string; value: Uint8Array | null }[] = [];
  for (let i = 0; i < count; i++) {
    const nameLength = varint();
    if (nameLength < 0 || p + nameLength > b.length) return undefined;
    const name = Buffer.from(b.buffer, b.byteOffset + p, nameLength).toString("utf8");
    p += nameLength;
    const valueLength = varint();
    if (valueLength < -1 || p + valueLength > b.length) return undefined;
    headers.push({ name, value: valueLength < 0 ? null : b.slice(p, p + valueLength) });
    p += Math.max(0, valueLength);
  }
  return headers;
}
