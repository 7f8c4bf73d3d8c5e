/** Spark's types as Arrow's, as Spark writes them on the wire, and back. */
import type { Field as ArrowField, DataType as ArrowType } from "@uwdata/flechette";
import { SluiceError } from "../errors/error.ts";
import {
  array,
  BINARY,
  BOOLEAN,
  BYTE,
  DATE,
  DAY_TIME,
  type DataType,
  DOUBLE,
  decimal,
  FLOAT,
  field,
  INT,
  LONG,
  map,
  NULL,
  SHORT,
  STRING,
  type StructField,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
  YEAR_MONTH,
} from "../types/types.ts";
import { flechette } from "./arrow-library.ts";

const INTEGER_BITS = { byte: 8, short: 16, integer: 32, long: 64 } as const;

export function arrowField(f: StructField): ArrowField {
  return flechette().field(f.name, arrowType(f.type), f.nullable);
}

/** TIMESTAMP carries the zone UTC, which is how it differs from TIMESTAMP_NTZ. */
export function arrowType(type: DataType): ArrowType {
  const a = flechette();
  switch (type.kind) {
    case "null":
      return a.nullType();
    case "boolean":
      return a.bool();
    case "byte":
    case "short":
    case "integer":
    case "long":
      return a.int(INTEGER_BITS[type.kind], true);
    case "float":
      return a.float32();
    case "double":
      return a.float64();
    case "decimal":
      return a.decimal128(type.precision, type.scale);
    case "string":
      return a.utf8();
    case "binary":
      return a.binary();
    case "date":
      return a.dateDay();
    case "timestamp":
      return a.timestamp(a.TimeUnit.MICROSECOND, "UTC");
    case "timestamp_ntz":
      return a.timestamp(a.TimeUnit.MICROSECOND);
    case "daytime_interval":
      return a.duration(a.TimeUnit.MICROSECOND);
    case "yearmonth_interval":
      return a.interval(a.IntervalUnit.YEAR_MONTH);
    case "array":
      return a.list(a.field("element", arrowType(type.elementType), type.containsNull));
    case "map": {
      const value = a.field("value", arrowType(type.valueType), type.valueContainsNull);
      return a.map(a.field("key", arrowType(type.keyType), false), value);
    }
    case "struct":
      return a.struct(type.fields.map(arrowField));
  }
}

export function fieldOf(f: ArrowField): StructField {
  return field(f.name, typeOf(f.type), f.nullable);
}

function typeOf(type: ArrowType): DataType {
  const { Type, TimeUnit, DateUnit } = flechette();
  switch (type.typeId) {
    case Type.Null:
      return NULL;
    case Type.Bool:
      return BOOLEAN;
    case Type.Int:
      if (!type.signed) break;
      return type.bitWidth === 8 ? BYTE : type.bitWidth === 16 ? SHORT : type.bitWidth === 32 ? INT : LONG;
    case Type.Float:
      if (type.precision === 0) break;
      return type.precision === 1 ? FLOAT : DOUBLE;
    case Type.Decimal:
      if (type.bitWidth !== 128) break;
      return decimal(type.precision, type.scale);
    case Type.Utf8:
    case Type.LargeUtf8:
      return STRING;
    case Type.Binary:
    case Type.LargeBinary:
      return BINARY;
    case Type.Date:
      if (type.unit !== DateUnit.DAY) break;
      return DATE;
    case Type.Timestamp:
      if (type.unit !== TimeUnit.MICROSECOND) break;
      return type.timezone ? TIMESTAMP : TIMESTAMP_NTZ;
    case Type.Duration:
      return DAY_TIME;
    case Type.Interval:
      return YEAR_MONTH;
    case Type.List:
    case Type.LargeList:
      return array(typeOf(type.children[0].type), type.children[0].nullable);
    case Type.Map: {
      const [key, value] = (type.children[0].type as { children: ArrowField[] }).children;
      return map(typeOf(key.type), typeOf(value.type), value.nullable);
    }
    case Type.Struct:
      return struct(...type.children.map(fieldOf));
  }
  const name = Object.entries(Type).find(([, id]) => id === type.typeId)?.[0] ?? String(type.typeId);
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `An Arrow column of type ${name} with this width or unit`,
    where: "",
    hint: "Send plain values: Utf8 instead of dictionaries, microseconds, 128-bit decimals.",
  });
}
