/** Column types from rows, as PySpark's createDataFrame finds them. */
import { SluiceError } from "../errors/error.ts";
import {
  array,
  BINARY,
  BOOLEAN,
  type DataType,
  DOUBLE,
  decimal,
  field,
  LONG,
  map,
  NULL,
  STRING,
  type StructType,
  struct,
  TIMESTAMP,
} from "../types/types.ts";
import { Decimal } from "./decimal.ts";
import { Row } from "./row.ts";

/**
 * The schema of rows given as objects, Rows or arrays (columns `_1`, `_2`, … unless `names` are given). Whole numbers are
 * BIGINT; a column with whole and other numbers is DOUBLE. Throws CANNOT_INFER_TYPE_FOR_FIELD.
 */
export function inferSchema(rows: readonly unknown[], names?: readonly string[]): StructType {
  const types = new Map<string, DataType>();
  for (const row of rows) {
    for (const [name, value] of cellsOf(row, names)) {
      types.set(name, merge(types.get(name) ?? NULL, typeOf(value, name), name));
    }
  }
  for (const [name, type] of types) {
    if (type.kind === "null") fail(name, "all of them are null");
  }
  return struct(...[...types].map(([name, type]) => field(name, type)));
}

function cellsOf(row: unknown, names: readonly string[] | undefined): (readonly [string, unknown])[] {
  if (row instanceof Row) return row.schema.fields.map((f, i) => [names?.[i] ?? f.name, row.get(i)] as const);
  if (Array.isArray(row)) return row.map((value, i) => [names?.[i] ?? `_${i + 1}`, value] as const);
  if (typeof row === "object" && row !== null) {
    return Object.entries(row).map(([name, value], i) => [names?.[i] ?? name, value] as const);
  }
  return [[names?.[0] ?? "value", row]];
}

function typeOf(value: unknown, name: string): DataType {
  switch (typeof value) {
    case "undefined":
      return NULL;
    case "boolean":
      return BOOLEAN;
    case "string":
      return STRING;
    case "bigint":
      return LONG;
    case "number":
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? LONG : DOUBLE;
    case "object":
      return value === null ? NULL : objectType(value, name);
    default:
      return fail(name, `a ${typeof value} has no SQL type`);
  }
}

function objectType(value: object, name: string): DataType {
  if (value instanceof Date) return TIMESTAMP;
  if (value instanceof Decimal) return decimal(38, 18);
  if (value instanceof Uint8Array) return BINARY;
  if (Array.isArray(value)) {
    return array(value.reduce<DataType>((type, v) => merge(type, typeOf(v, name), name), NULL));
  }
  if (value instanceof Map) {
    const key = [...value.keys()].reduce<DataType>((type, k) => merge(type, typeOf(k, name), name), NULL);
    return map(
      key,
      [...value.values()].reduce<DataType>((type, v) => merge(type, typeOf(v, name), name), NULL),
    );
  }
  return struct(...cellsOf(value, undefined).map(([k, v]) => field(k, typeOf(v, `${name}.${k}`))));
}

function merge(a: DataType, b: DataType, name: string): DataType {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "array" && b.kind === "array") return array(merge(a.elementType, b.elementType, name));
  if (a.kind === "map" && b.kind === "map") {
    return map(merge(a.keyType, b.keyType, name), merge(a.valueType, b.valueType, name));
  }
  if (a.kind === "struct" && b.kind === "struct") return mergeStructs(a, b, name);
  if (a.kind === b.kind) return a;
  const kinds = new Set([a.kind, b.kind]);
  if (kinds.has("long") && kinds.has("double")) return DOUBLE;
  return fail(name, `some are ${a.kind.toUpperCase()} and some ${b.kind.toUpperCase()}`);
}

function mergeStructs(a: StructType, b: StructType, name: string): StructType {
  const fields = new Map(a.fields.map((f) => [f.name, f.type] as const));
  for (const f of b.fields) fields.set(f.name, merge(fields.get(f.name) ?? NULL, f.type, `${name}.${f.name}`));
  return struct(...[...fields].map(([k, type]) => field(k, type)));
}

function fail(fieldName: string, reason: string): never {
  throw new SluiceError("CANNOT_INFER_TYPE_FOR_FIELD", { fieldName, reason });
}
