/** Rows of the Kafka source: only the columns that are asked for are made. */
import type { Batch, Nulls, SourceRecord, Vector } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import {
  array,
  BINARY,
  type DataType,
  field,
  INT,
  LONG,
  STRING,
  type StructType,
  struct,
  TIMESTAMP,
} from "../../types/types.ts";
import { type Value, WideRequired } from "../../types/values.ts";
import type { ReadRequest } from "../contract.ts";
import { nameOf } from "./offsets.ts";
import { ALL_PARTS, type BlockSource, headersAt, type RecordBlock, type RecordParts } from "./records.ts";

const HEADERS = array(struct(field("key", STRING), field("value", BINARY)));

const COLUMNS = [
  field("key", BINARY),
  field("value", BINARY),
  field("topic", STRING),
  field("partition", INT),
  field("offset", LONG),
  field("timestamp", TIMESTAMP),
  field("timestampType", INT),
];

export function kafkaSchema(includeHeaders: boolean): StructType {
  return includeHeaders ? struct(...COLUMNS, field("headers", HEADERS)) : struct(...COLUMNS);
}

/** The number of a record in its batch, for records that are taken out of the stream. */
const RECORD = COLUMNS.length + 1;

/** All columns, and the records' numbers. */
export function numberedSchema(): StructType {
  return struct(...COLUMNS, field("headers", HEADERS), field("record", INT));
}

/** The place of `headers`. */
const HEADERS_ORDINAL = COLUMNS.length;

/** Whether the columns with these ordinals are typed arrays, and nothing hangs on their bytes. */
export function areArrays(ordinals: readonly number[]): boolean {
  return ordinals.every((o) => o < HEADERS_ORDINAL);
}

/** The types of the columns with these ordinals. */
export function columnTypes(ordinals: readonly number[]): DataType[] {
  return ordinals.map((o) => COLUMNS[o]?.type ?? HEADERS);
}

/** What the wanted columns are made of. */
export function partsOf(request: Pick<ReadRequest, "columns">): RecordParts {
  if (request.columns.includes(RECORD)) return ALL_PARTS;
  const wants = (...ordinals: number[]): boolean => ordinals.some((o) => request.columns.includes(o));
  // A timestamp that is out of range and a value that can't be read are told with their offset.
  return {
    key: wants(0),
    value: wants(1),
    offset: wants(1, 4, 5),
    timestamp: wants(5, 6),
    headers: wants(HEADERS_ORDINAL),
  };
}

export function blockToBatch(block: RecordBlock, request: Pick<ReadRequest, "columns" | "wide">): Batch {
  return {
    rows: block.rows,
    columns: request.columns.map((c) => column(c, block, request.wide)),
    origin: originOf(block.sources, block.offsets),
    ...(request.columns.includes(RECORD) ? { record: (row) => recordAt(block, row) } : {}),
  };
}

/** A record by itself, its bytes copied: for the few that can't be decoded. */
function recordAt(block: RecordBlock, i: number): SourceRecord {
  const { topic, partition } = sourceAt(block.sources, i);
  const { bytes } = block;
  // No part of a record begins at 0: where a column of views was made, null is [0, 0) there.
  const part = (start: number, end: number) => (start <= 0 ? null : bytes.slice(start, end));
  return {
    topic,
    partition,
    offset: block.offsets[i],
    timestampMs: block.timestamps[i],
    key: part(block.keyStarts[i], block.keyEnds[i]),
    value: part(block.valueStarts[i], block.valueEnds[i]),
    headers: headersAt(bytes, block.headerStarts[i]) ?? [],
  };
}

/** Names a row's record, for errors. */
export function originOf(sources: readonly BlockSource[], offsets: Float64Array): (row: number) => string {
  return (row) => {
    const { topic, partition } = sourceAt(sources, row);
    return `topic ${topic}, partition ${partition}, offset ${offsets[row]}`;
  };
}

function sourceAt(sources: readonly BlockSource[], row: number): BlockSource {
  return sources.findLast((s) => s.firstRow <= row) as BlockSource;
}

function column(ordinal: number, block: RecordBlock, wide: boolean): Vector {
  const { rows, bytes } = block;
  switch (ordinal) {
    case 0:
      return views(bytes, block.keyStarts, block.keyEnds);
    case 1:
      return views(bytes, block.valueStarts, block.valueEnds);
    case 2:
      return topics(block);
    case 3:
      return { repr: "i32", type: INT, values: partitions(block), nulls: null };
    case 4: {
      if (!wide) return { repr: "f64", type: LONG, values: block.offsets, nulls: null };
      return { repr: "i64", type: LONG, values: BigInt64Array.from(block.offsets, BigInt), nulls: null };
    }
    case 5:
      return timestamps(block, wide);
    case 6:
      return { repr: "i32", type: INT, values: Int32Array.from(block.appendTimes), nulls: null };
    case RECORD:
      return { repr: "i32", type: INT, values: numbers(rows), nulls: null };
    default:
      return headers(block);
  }
}

function topics({ rows, sources }: RecordBlock): Vector {
  const names = sources.map(({ topic }) => Buffer.from(topic));
  const starts = new Int32Array(rows);
  const ends = new Int32Array(rows);
  let at = 0;
  for (const [i, { firstRow }] of sources.entries()) {
    const end = at + (names[i] as Buffer).length;
    // Up to the last row: what comes of other sources is written over it.
    starts.fill(at, firstRow);
    ends.fill(end, firstRow);
    at = end;
  }
  return { repr: "utf8", type: STRING, bytes: new Uint8Array(Buffer.concat(names)), starts, ends, nulls: null };
}

function partitions({ rows, sources }: RecordBlock): Int32Array {
  const values = new Int32Array(rows);
  for (const { partition, firstRow } of sources) values.fill(partition, firstRow);
  return values;
}

let counted = new Int32Array(0);

/** 0, 1, 2, …: the same array for all batches. */
function numbers(rows: number): Int32Array {
  if (counted.length < rows) counted = Int32Array.from({ length: rows }, (_, i) => i);
  return counted;
}

function views(bytes: Uint8Array, starts: Int32Array, ends: Int32Array): Vector {
  let nulls: Nulls = null;
  for (let i = 0; i < starts.length; i++) {
    if (starts[i] >= 0) continue;
    nulls ??= new Uint8Array(starts.length);
    nulls[i] = 1;
    starts[i] = 0;
    ends[i] = 0;
  }
  return { repr: "utf8", type: BINARY, bytes, starts, ends, nulls };
}

/** Milliseconds whose microseconds fit 64 bits. */
const MS_MAX = Math.floor(2 ** 63 / 1000);

function timestamps(block: RecordBlock, wide: boolean): Vector {
  const { rows } = block;
  const ms = block.timestamps;
  if (wide) {
    const values = new BigInt64Array(rows);
    for (let i = 0; i < rows; i++) {
      checkTime(block, i);
      values[i] = BigInt(ms[i]) * 1000n;
    }
    return { repr: "i64", type: TIMESTAMP, values, nulls: null };
  }
  const values = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    const us = ms[i] * 1000;
    if (us > Number.MAX_SAFE_INTEGER || us < Number.MIN_SAFE_INTEGER) {
      checkTime(block, i);
      throw new WideRequired();
    }
    values[i] = us;
  }
  return { repr: "f64", type: TIMESTAMP, values, nulls: null };
}

function checkTime(block: RecordBlock, i: number): void {
  const timestamp = block.timestamps[i];
  if (timestamp <= MS_MAX && timestamp >= -MS_MAX) return;
  const topicPartition = nameOf(sourceAt(block.sources, i));
  const offset = block.offsets[i];
  throw new SluiceError("KAFKA_MALFORMED_RECORD_TIMESTAMP", { topicPartition, offset, timestamp });
}

function headers(block: RecordBlock): Vector {
  const values: Value[] = [];
  const nulls = new Uint8Array(block.rows);
  for (let i = 0; i < block.rows; i++) {
    const found = headersAt(block.bytes, block.headerStarts[i]) ?? [];
    // No headers is null, as in Spark.
    if (found.length === 0) nulls[i] = 1;
    values.push(found.length === 0 ? null : found.map((h): Value => [h.name, h.value]));
  }
  return { repr: "obj", type: HEADERS, values, nulls };
}
