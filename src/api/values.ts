/**
 * Values as users see them, and back.
 *
 * | Spark type | in TypeScript |
 * |---|---|
 * | BOOLEAN | `boolean` |
 * | TINYINT, SMALLINT, INT, FLOAT, DOUBLE | `number` (NaN, ±Infinity and −0 kept) |
 * | BIGINT | `number`, or `bigint` beyond ±(2^53 − 1) |
 * | DECIMAL | `Decimal` |
 * | STRING | `string` |
 * | BINARY | `Uint8Array` |
 * | DATE | `Date` at midnight UTC |
 * | TIMESTAMP, TIMESTAMP_NTZ | `Timestamp`, a `Date` with microseconds |
 * | INTERVAL DAY TO SECOND | `bigint` microseconds |
 * | INTERVAL YEAR TO MONTH | `number` of months |
 * | ARRAY | `Array` |
 * | MAP | `Map` |
 * | STRUCT | `Row` |
 * | null of any type | `null` |
 */
import type { DataType } from "../types/types.ts";
import type { MapValue, Value } from "../types/values.ts";
import { Decimal } from "./decimal.ts";
import { rowFactory } from "./row.ts";
import { Timestamp } from "./timestamp.ts";

const DAY_MS = 86_400_000;

/** The function that turns internal values of `type` into public ones. Made once for a column, not for each value. */
export function publicValue(type: DataType): (value: Value) => unknown {
  const convert = nonNull(type);
  return (value) => (value === null || value === undefined ? null : convert(value));
}

function nonNull(type: DataType): (value: Value) => unknown {
  switch (type.kind) {
    case "long":
      return (v) => (typeof v === "bigint" && Number.isSafeInteger(Number(v)) ? Number(v) : v);
    case "decimal":
      return (v) => new Decimal(BigInt(v as number | bigint), type.scale);
    case "date":
      return (v) => new Date((v as number) * DAY_MS);
    case "timestamp":
    case "timestamp_ntz":
      return (v) => new Timestamp(v as number | bigint);
    case "daytime_interval":
      return (v) => BigInt(v as number | bigint);
    case "array": {
      const element = publicValue(type.elementType);
      return (v) => (v as Value[]).map(element);
    }
    case "map": {
      const key = publicValue(type.keyType);
      const value = publicValue(type.valueType);
      return (v) => new Map((v as MapValue).keys.map((k, i) => [key(k), value((v as MapValue).values[i])]));
    }
    case "struct": {
      const fields = type.fields.map((field) => publicValue(field.type));
      const row = rowFactory(type);
      return (v) => row(fields.map((field, i) => field((v as Value[])[i])));
    }
    default:
      return (v) => v;
  }
}
