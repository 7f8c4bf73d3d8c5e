/** Spark's types in SQLite's columns. */
import { textOf } from "../../columns/text.ts";
import { jsonRowWriter } from "../../formats/json/writer.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, zoneOf } from "../../types/datetime.ts";
import {
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  field,
  INT,
  LONG,
  SHORT,
  STRING,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../../types/types.ts";
import { longValue, type Value } from "../../types/values.ts";

export type SqliteValue = null | number | bigint | string | Uint8Array;

/**
 * The declared type of a column. SQLite's affinity follows from its letters: decimals must stay texts, so their name has
 * TEXT in it. Times are texts in UTC, as SQLite's own date functions read them; arrays, maps and structs are JSON.
 */
export function declaredType(type: DataType): string {
  switch (type.kind) {
    case "boolean":
      return "BOOLEAN";
    case "byte":
      return "TINYINT";
    case "short":
      return "SMALLINT";
    case "integer":
      return "INT";
    case "long":
      return "BIGINT";
    case "float":
      return "FLOAT";
    case "double":
      return "DOUBLE";
    case "decimal":
      return `DECIMAL_TEXT(${type.precision},${type.scale})`;
    case "date":
      return "DATE";
    case "timestamp":
      return "TIMESTAMP";
    case "timestamp_ntz":
      return "TIMESTAMP_NTZ";
    case "binary":
      return "BLOB";
    default:
      return "TEXT";
  }
}

/** Internal values of `type` as SQLite keeps them. */
export function toSqlite(type: DataType): (value: Value) => SqliteValue {
  const utc = { timeZone: "UTC", nullText: "null" };
  switch (type.kind) {
    case "boolean":
      return (v) => (v === null ? null : v ? 1 : 0);
    case "byte":
    case "short":
    case "integer":
    case "long":
    case "string":
    case "binary":
      return (v) => v as SqliteValue;
    case "float":
    case "double":
      // SQLite has no NaN: it would become null.
      return (v) => (typeof v === "number" && Number.isNaN(v) ? "NaN" : (v as SqliteValue));
    case "array":
    case "map":
    case "struct": {
      const write = jsonRowWriter(struct(field("v", type)), "UTC");
      return (v) => (v === null ? null : write([v]).slice('{"v":'.length, -1));
    }
    default: {
      const text = textOf(type, utc);
      return (v) => (v === null ? null : text(v));
    }
  }
}

/** The type of a column by its declaration; what declares nothing is a text. */
export function typeOfDeclared(declared: string | null): DataType {
  const name = (declared ?? "").toUpperCase();
  const digits = /^DECIMAL_TEXT\((\d+),\s*(\d+)\)$/.exec(name);
  if (digits) return decimal(Number(digits[1]), Number(digits[2]));
  const known: Readonly<Record<string, DataType>> = {
    BOOLEAN,
    TINYINT: BYTE,
    SMALLINT: SHORT,
    INT,
    FLOAT,
    DATE,
    DATETIME: TIMESTAMP,
    TIMESTAMP,
    TIMESTAMP_NTZ,
  };
  if (Object.hasOwn(known, name)) return known[name];
  // SQLite's own rules of affinity.
  if (name.includes("INT")) return LONG;
  if (/CHAR|CLOB|TEXT/.test(name)) return STRING;
  if (name.includes("BLOB")) return BINARY;
  return /REAL|FLOA|DOUB|NUMERIC|DEC/.test(name) ? DOUBLE : STRING;
}

/** SQLite's values (whole numbers as bigint) as internal values of `type`; null where they aren't of it. */
export function fromSqlite(type: DataType, wide: boolean): (value: SqliteValue) => Value {
  switch (type.kind) {
    case "boolean":
      return (v) => (v === null ? null : Boolean(v));
    case "byte":
    case "short":
    case "integer":
    case "float":
    case "double":
      return (v) => (v === null ? null : Number(v));
    case "long":
      return (v) => (v === null ? null : longValue(BigInt(v as bigint), wide));
    case "decimal":
      return (v) => (v === null ? null : longValue(unscaled(String(v), type.scale), wide));
    case "date":
      return (v) => (typeof v === "string" ? (parseDate(v) ?? null) : null);
    case "timestamp": {
      const utc = zoneOf("UTC");
      return (v) => (typeof v === "string" ? (parseTimestamp(v, utc, wide) ?? null) : null);
    }
    case "timestamp_ntz":
      return (v) => (typeof v === "string" ? (parseTimestampNtz(v, wide) ?? null) : null);
    case "binary":
      return (v) => (typeof v === "string" ? new TextEncoder().encode(v) : (v as Uint8Array | null));
    default:
      return (v) => (v === null ? null : v instanceof Uint8Array ? new TextDecoder().decode(v) : String(v));
  }
}

function unscaled(text: string, scale: number): bigint {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
