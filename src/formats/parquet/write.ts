import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Batch } from "../../columns/vector.ts";
import { valueAt } from "../../columns/vector.ts";
import { toJson } from "../../types/json.ts";
import type { DataType, StructType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import { elementsOf } from "./schema.ts";

/** Rows of a row group, at most. */
const GROUP_ROWS_MAX = 65_536;

/** Makes one Parquet file in memory. Spark reads its exact schema back from the metadata. */
export class ParquetFile {
  private readonly schema: StructType;
  private readonly bytes = new ByteWriter();
  private readonly writer: ParquetWriter;
  private readonly convert: readonly ((value: Value) => unknown)[];
  private columns: unknown[][];
  private rows = 0;

  constructor(schema: StructType) {
    this.schema = schema;
    this.writer = new ParquetWriter({
      writer: this.bytes,
      schema: elementsOf(schema),
      codec: "SNAPPY",
      createdBy: "sluice",
      kvMetadata: [{ key: "org.apache.spark.sql.parquet.row.metadata", value: toJson(schema) }],
    });
    this.convert = schema.fields.map((f) => fileValue(f.type));
    this.columns = schema.fields.map(() => []);
  }

  /** Bytes of the row groups so far. */
  get size(): number {
    return this.bytes.offset;
  }

  add(batch: Batch): void {
    for (let c = 0; c < this.columns.length; c++) {
      const convert = this.convert[c];
      const vector = batch.columns[c];
      const out = this.columns[c];
      for (let i = 0; i < batch.rows; i++) {
        const value = valueAt(vector, i);
        out.push(value === null ? null : convert(value));
      }
    }
    this.rows += batch.rows;
    if (this.rows >= GROUP_ROWS_MAX) this.endGroup();
  }

  finish(): Uint8Array {
    this.endGroup();
    this.writer.finish();
    return this.bytes.getBytes();
  }

  private endGroup(): void {
    if (this.rows === 0) return;
    const columnData = this.schema.fields.map((f, c) => ({ name: f.name, data: this.columns[c] }));
    this.writer.write({ columnData, rowGroupSize: GROUP_ROWS_MAX * 2 });
    this.columns = this.schema.fields.map(() => []);
    this.rows = 0;
  }
}

/** Internal values to what the writer takes: 64-bit numbers and unscaled decimals as bigint, structs as objects. */
function fileValue(type: DataType): (value: Value) => unknown {
  const nullable = (inner: (value: Value) => unknown) => (value: Value) => (value === null ? null : inner(value));
  switch (type.kind) {
    case "long":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
    case "decimal":
      return (v) => BigInt(v as number | bigint);
    case "array": {
      const element = nullable(fileValue(type.elementType));
      return (v) => (v as Value[]).map(element);
    }
    case "map": {
      const key = fileValue(type.keyType);
      const item = nullable(fileValue(type.valueType));
      return (v) => {
        const { keys, values } = v as MapValue;
        return keys.map((k, i) => ({ key: key(k), value: item(values[i]) }));
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => [f.name, nullable(fileValue(f.type))] as const);
      return (v) => Object.fromEntries(fields.map(([name, convert], i) => [name, convert((v as Value[])[i])]));
    }
    default:
      return (v) => v;
  }
}
