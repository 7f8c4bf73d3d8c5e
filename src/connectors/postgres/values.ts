/** Spark's types in PostgreSQL's columns; values travel as text in both directions, so that none loses a digit. */
import { textOf } from "../../columns/text.ts";
import { jsonRowWriter } from "../../formats/json/writer.ts";
import { parseDate, parseTimestamp, parseTimestampNtz, zoneOf } from "../../types/datetime.ts";
import {
  BINARY,
  BOOLEAN,
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

export function columnType(type: DataType): string {
  switch (type.kind) {
    case "boolean":
      return "boolean";
    case "byte":
    case "short":
      return "smallint";
    case "integer":
      return "integer";
    case "long":
      return "bigint";
    case "float":
      return "real";
    case "double":
      return "double precision";
    case "decimal":
      return `numeric(${type.precision},${type.scale})`;
    case "date":
      return "date";
    case "timestamp":
      return "timestamptz";
    case "timestamp_ntz":
      return "timestamp";
    case "binary":
      return "bytea";
    case "array":
    case "map":
    case "struct":
      return "jsonb";
    default:
      return "text";
  }
}

/** Internal values of `type` as PostgreSQL reads them. */
export function toPostgres(type: DataType): (value: Value) => string | null {
  const orNull = (text: (value: Exclude<Value, null>) => string) => (v: Value) => (v === null ? null : text(v));
  switch (type.kind) {
    case "binary":
      return orNull((v) => `\\x${Buffer.from(v as Uint8Array).toString("hex")}`);
    case "timestamp": {
      const text = textOf(type, { timeZone: "UTC", nullText: "" });
      return orNull((v) => `${text(v)}+00`);
    }
    case "array":
    case "map":
    case "struct": {
      const write = jsonRowWriter(struct(field("v", type)), "UTC");
      return orNull((v) => write([v]).slice('{"v":'.length, -1));
    }
    default:
      return orNull(textOf(type, { timeZone: "UTC", nullText: "" }));
  }
}

const TYPES_BY_OID: Readonly<Record<number, DataType>> = {
  16: BOOLEAN,
  17: BINARY,
  20: LONG,
  21: SHORT,
  23: INT,
  700: FLOAT,
  701: DOUBLE,
  1082: DATE,
  1114: TIMESTAMP_NTZ,
  1184: TIMESTAMP,
};
const NUMERIC_OID = 1700;

/** A result column's type, by PostgreSQL's number for it; what has no equal is text. */
export function typeOfColumn(oid: number, modifier: number): DataType {
  if (oid !== NUMERIC_OID) return TYPES_BY_OID[oid] ?? STRING;
  if (modifier < 4) return decimal(38, 18);
  const bits = modifier - 4;
  return decimal(Math.min(38, bits >> 16), bits & 0xffff);
}

export function fromPostgres(type: DataType, wide: boolean): (text: string | null) => Value {
  const orNull = (value: (text: string) => Value | undefined) => (text: string | null) =>
    text === null ? null : (value(text) ?? null);
  switch (type.kind) {
    case "boolean":
      return orNull((t) => t === "t");
    case "short":
    case "integer":
    case "float":
    case "double":
      return orNull(Number);
    case "long":
      return orNull((t) => longValue(BigInt(t), wide));
    case "decimal":
      return orNull((t) => (t === "NaN" ? null : longValue(unscaled(t, type.scale), wide)));
    case "date":
      return orNull(parseDate);
    case "timestamp": {
      const utc = zoneOf("UTC");
      return orNull((t) => parseTimestamp(t.replace(/([+-]\d\d)$/, "$1:00"), utc, wide));
    }
    case "timestamp_ntz":
      return orNull((t) => parseTimestampNtz(t, wide));
    case "binary":
      return orNull((t) => new Uint8Array(Buffer.from(t.slice(2), "hex")));
    default:
      return orNull((t) => t);
  }
}

function unscaled(text: string, scale: number): bigint {
  const [whole, fraction = ""] = text.split(".");
  return BigInt(whole + fraction.slice(0, scale).padEnd(scale, "0"));
}

/** A name, of which dots part schema and table. */
export function quotedName(name: string): string {
  return name.split(".").map(quoted).join(".");
}

export function quoted(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`;
}
