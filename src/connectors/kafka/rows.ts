/** A batch's columns as Kafka records: which column is what, checked once, and read row by row without objects. */
import type { Batch, Vector } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import { simpleString } from "../../types/print.ts";
import type { DataType, StructType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import type { HeaderBytes } from "./batch-builder.ts";

export interface RecordLayout {
  readonly value: number;
  /** -1 where there is no such column. */
  readonly key: number;
  readonly topic: number;
  readonly partition: number;
  readonly headers: number;
}

/**
 * Finds the columns.
 *
 * @throws SluiceError KAFKA_WRITE_SCHEMA_INVALID
 */
export function recordLayout(schema: StructType, topicOption: string | undefined): RecordLayout {
  const find = (name: string): number => schema.fields.findIndex((f) => f.name.toLowerCase() === name);
  const layout = {
    value: find("value"),
    key: find("key"),
    topic: topicOption === undefined ? find("topic") : -1,
    partition: find("partition"),
    headers: find("headers"),
  };
  if (layout.value < 0) throw invalid("a column 'value' is needed; make one, e.g. by to_json(struct(*)) AS value");
  if (topicOption === undefined && layout.topic < 0) {
    throw invalid("no topic is given; set the option topic, or add a column 'topic'");
  }
  const isText = (t: DataType): boolean => t.kind === "string" || t.kind === "binary";
  check(schema, layout.value, isText, "STRING or BINARY");
  check(schema, layout.key, isText, "STRING or BINARY");
  check(schema, layout.topic, (t) => t.kind === "string", "STRING");
  check(schema, layout.partition, (t) => t.kind === "integer", "INT");
  check(schema, layout.headers, isHeaders, "ARRAY<STRUCT<key: STRING, value: BINARY>>");
  return layout;
}

function check(schema: StructType, ordinal: number, fits: (type: DataType) => boolean, wanted: string): void {
  const column = schema.fields[ordinal];
  if (column === undefined || fits(column.type)) return;
  throw invalid(`column '${column.name}' has the type ${simpleString(column.type)}, and must be ${wanted}`);
}

function isHeaders(type: DataType): boolean {
  if (type.kind !== "array" || type.elementType.kind !== "struct") return false;
  const [key, value, ...others] = type.elementType.fields;
  return key?.type.kind === "string" && value?.type.kind === "binary" && others.length === 0;
}

function invalid(reason: string): SluiceError {
  return new SluiceError("KAFKA_WRITE_SCHEMA_INVALID", { reason });
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** Bytes of one string or binary column, one row at a time: `bytes[start, end)`, `start` -1 for null. */
export class ByteColumn {
  bytes: Uint8Array = NOTHING;
  start = -1;
  end = -1;
  private scratch = NOTHING;
  private readonly column: Vector | undefined;

  constructor(batch: Batch, ordinal: number) {
    this.column = ordinal < 0 ? undefined : batch.columns[ordinal];
    if (this.column?.repr === "utf8") this.bytes = this.column.bytes;
  }

  row(i: number): void {
    const { column } = this;
    if (column === undefined || (column.nulls !== null && column.nulls[i] === 1)) {
      this.start = -1;
      return;
    }
    if (column.repr === "utf8") {
      this.start = column.starts[i];
      this.end = column.ends[i];
      return;
    }
    this.take(column.repr === "obj" ? column.values[i] : null);
  }

  private take(value: Value): void {
    if (value instanceof Uint8Array) {
      this.bytes = value;
      this.start = 0;
      this.end = value.length;
    } else if (typeof value === "string") {
      if (this.scratch.length < value.length * 3) this.scratch = new Uint8Array(value.length * 4);
      this.bytes = this.scratch;
      this.start = 0;
      this.end = encoder.encodeInto(value, this.scratch).written;
    } else {
      this.start = -1;
    }
  }
}

/** The headers of row `i`; undefined when it has none. */
export function headersOf(batch: Batch, ordinal: number, i: number): HeaderBytes[] | undefined {
  const column = ordinal < 0 ? undefined : batch.columns[ordinal];
  if (column?.repr !== "obj" || (column.nulls !== null && column.nulls[i] === 1)) return undefined;
  const value = column.values[i];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.flatMap((header) => {
    if (!Array.isArray(header)) return [];
    const [name, content] = header;
    const bytes = typeof content === "string" ? encoder.encode(content) : content;
    return [{ name: encoder.encode(String(name ?? "")), value: bytes instanceof Uint8Array ? bytes : null }];
  });
}
