/** Users' values to internal ones, checked against their type: rows of createDataFrame and results of functions. */
import { SluiceError } from "../errors/error.ts";
import type { DataType, StructType } from "../types/types.ts";
import { MapValue, type Value } from "../types/values.ts";
import { Decimal } from "./decimal.ts";
import { Row } from "./row.ts";
import { Timestamp } from "./timestamp.ts";

const DAY_MS = 86_400_000;

const INTEGER_RANGES = {
  byte: [-128, 127],
  short: [-32768, 32767],
  integer: [-2147483648, 2147483647],
  yearmonth_interval: [-2147483648, 2147483647],
} as const;

/**
 * The internal form of `value`; 64-bit values and decimals become `bigint`. `place` is for the error, e.g. "column `a` of
 * row 3". Throws CANNOT_ACCEPT_OBJECT_IN_TYPE.
 */
export function acceptValue(value: unknown, type: DataType, place: string): Value {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "null":
      return refuse(value, type, place);
    case "boolean":
      return typeof value === "boolean" ? value : refuse(value, type, place);
    case "byte":
    case "short":
    case "integer":
    case "yearmonth_interval":
      return acceptInteger(value, type, INTEGER_RANGES[type.kind], place);
    case "long":
    case "daytime_interval":
      return acceptLong(value, type, place);
    case "float":
      return typeof value === "number" ? Math.fround(value) : refuse(value, type, place);
    case "double":
      return typeof value === "number" ? value : refuse(value, type, place);
    case "decimal":
      return acceptDecimal(value, type, place);
    case "string":
      return typeof value === "string" ? value : refuse(value, type, place);
    case "binary":
      return value instanceof Uint8Array ? value : refuse(value, type, place);
    case "date":
      return acceptDate(value, type, place);
    case "timestamp":
    case "timestamp_ntz":
      return acceptTimestamp(value, type, place);
    case "array":
      if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return refuse(value, type, place);
      return Array.from(value as ArrayLike<unknown>, (v, i) => acceptValue(v, type.elementType, `${place}[${i}]`));
    case "map":
      return acceptMap(value, type, place);
    case "struct":
      return acceptStruct(value, type, place);
  }
}

/** A row's values in the schema's order: from an array or Row by position, from an object by name. */
export function acceptStruct(value: unknown, type: StructType, place: string): Value[] {
  const positional = value instanceof Row ? value.values() : Array.isArray(value) ? value : undefined;
  if (positional === undefined) {
    if (typeof value !== "object" || value === null) return refuse(value, type, place) as never;
    const object = value as Record<string, unknown>;
    return type.fields.map((f) =>
      acceptValue(Object.hasOwn(object, f.name) ? object[f.name] : null, f.type, `column \`${f.name}\` of ${place}`),
    );
  }
  if (positional.length !== type.fields.length) {
    throw new SluiceError("FIELD_COUNT_MISMATCH", {
      row: place,
      actual: positional.length,
      expected: type.fields.length,
      columns: type.fields.map((f) => f.name).join(", "),
    });
  }
  return type.fields.map((f, i) => acceptValue(positional[i], f.type, `column \`${f.name}\` of ${place}`));
}

function acceptInteger(value: unknown, type: DataType, [min, max]: readonly [number, number], place: string): number {
  const n = typeof value === "bigint" ? Number(value) : value;
  if (typeof n !== "number" || !Number.isInteger(n) || n < min || n > max) return refuse(value, type, place);
  return n + 0;
}

function acceptLong(value: unknown, type: DataType, place: string): bigint {
  if (typeof value === "bigint") return BigInt.asIntN(64, value) === value ? value : refuse(value, type, place);
  return Number.isSafeInteger(value) ? BigInt(value as number) : refuse(value, type, place);
}

function acceptDecimal(value: unknown, type: DataType & { kind: "decimal" }, place: string): bigint {
  const isText = typeof value === "string" || typeof value === "bigint" || Number.isFinite(value);
  if (!(value instanceof Decimal) && !isText) return refuse(value, type, place);
  const { unscaled } = (value instanceof Decimal ? value : Decimal.from(value as string | number)).toScale(type.scale);
  return new Decimal(unscaled, 0).precision <= type.precision ? unscaled : refuse(value, type, place);
}

function acceptDate(value: unknown, type: DataType, place: string): number {
  const date = typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) ? new Date(`${value}T00:00Z`) : value;
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return refuse(value, type, place);
  return Math.floor(date.getTime() / DAY_MS);
}

function acceptTimestamp(value: unknown, type: DataType, place: string): bigint {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return Timestamp.from(value).epochMicros;
  if (typeof value === "string") return Timestamp.from(value).epochMicros;
  return refuse(value, type, place);
}

function acceptMap(value: unknown, type: DataType & { kind: "map" }, place: string): MapValue {
  if (typeof value !== "object" || Array.isArray(value)) return refuse(value, type, place);
  const entries = value instanceof Map ? [...value] : Object.entries(value as object);
  return new MapValue(
    entries.map(([k]) => acceptValue(k, type.keyType, `a key of ${place}`)),
    entries.map(([k, v]) => acceptValue(v, type.valueType, `${place}[${String(k)}]`)),
  );
}

function refuse(value: unknown, type: DataType, place: string): never {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new SluiceError("CANNOT_ACCEPT_OBJECT_IN_TYPE", {
    value: `${shown.length > 60 ? `${shown.slice(0, 60)}…` : shown} (${kindOf(value)})`,
    dataType: type.kind.toUpperCase(),
    place,
    hint: HINTS[type.kind] ?? "",
  });
}

const HINTS: Partial<Record<DataType["kind"], string>> = {
  long: "Give a whole number, or a bigint beyond ±(2^53 − 1).",
  double: "Give a number.",
  decimal: 'Give a Decimal, text such as "1.50", or a number with no more digits than the type holds.',
  date: 'Give a Date, or text such as "2026-01-31".',
  timestamp: "Give a Date, a Timestamp, or ISO text.",
  timestamp_ntz: "Give a Date, a Timestamp, or ISO text.",
  map: "Give a Map or an object.",
};

function kindOf(value: unknown): string {
  return typeof value === "object" && value !== null ? (value.constructor?.name ?? "object") : typeof value;
}
