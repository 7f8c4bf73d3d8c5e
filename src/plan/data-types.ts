/** Data types in the plan's protobuf form, both ways. */
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { SluiceError } from "../errors/error.ts";
import {
  array,
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
  map,
  NULL,
  SHORT,
  STRING,
  type StructField,
  struct,
  TIMESTAMP,
  TIMESTAMP_NTZ,
} from "../types/types.ts";
import { type ProtoDataType, ProtoDataTypeSchema } from "./messages.ts";

type Init = MessageInitShape<typeof ProtoDataTypeSchema>;

export function toProtoType(type: DataType): ProtoDataType {
  return create(ProtoDataTypeSchema, protoInit(type));
}

function protoInit(type: DataType): Init {
  switch (type.kind) {
    case "timestamp_ntz":
      return { kind: { case: "timestampNtz", value: {} } };
    case "decimal":
      return { kind: { case: "decimal", value: { precision: type.precision, scale: type.scale } } };
    case "daytime_interval":
      return { kind: { case: "dayTimeInterval", value: { startField: type.start, endField: type.end } } };
    case "yearmonth_interval":
      return { kind: { case: "yearMonthInterval", value: { startField: type.start, endField: type.end } } };
    case "array": {
      const value = { elementType: protoInit(type.elementType), containsNull: type.containsNull };
      return { kind: { case: "array", value } };
    }
    case "map": {
      const { keyType, valueType, valueContainsNull } = type;
      const value = { keyType: protoInit(keyType), valueType: protoInit(valueType), valueContainsNull };
      return { kind: { case: "map", value } };
    }
    case "struct":
      return { kind: { case: "struct", value: { fields: type.fields.map(protoField) } } };
    default:
      return { kind: { case: type.kind, value: {} } };
  }
}

function protoField(f: StructField) {
  const base = { name: f.name, dataType: protoInit(f.type), nullable: f.nullable };
  return f.metadata === undefined ? base : { ...base, metadata: JSON.stringify(f.metadata) };
}

/** Throws UNSUPPORTED_FEATURE for types that are not among ours (variant, geometry, …) or that are still text. */
export function fromProtoType(type: ProtoDataType): DataType {
  const { kind } = type;
  switch (kind.case) {
    case "null":
      return NULL;
    case "boolean":
      return BOOLEAN;
    case "byte":
      return BYTE;
    case "short":
      return SHORT;
    case "integer":
      return INT;
    case "long":
      return LONG;
    case "float":
      return FLOAT;
    case "double":
      return DOUBLE;
    case "string":
    case "char":
    case "varChar":
      return STRING;
    case "binary":
      return BINARY;
    case "date":
      return DATE;
    case "timestamp":
      return TIMESTAMP;
    case "timestampNtz":
      return TIMESTAMP_NTZ;
    case "decimal":
      return decimal(kind.value.precision ?? 10, kind.value.scale ?? 0);
    case "dayTimeInterval":
      return { kind: "daytime_interval", start: kind.value.startField ?? 0, end: kind.value.endField ?? 3 };
    case "yearMonthInterval":
      return { kind: "yearmonth_interval", start: kind.value.startField ?? 0, end: kind.value.endField ?? 1 };
    case "array":
      return array(part(kind.value.elementType), kind.value.containsNull);
    case "map":
      return map(part(kind.value.keyType), part(kind.value.valueType), kind.value.valueContainsNull);
    case "struct":
      return struct(
        ...kind.value.fields.map((f) =>
          field(f.name, part(f.dataType), f.nullable, f.metadata ? metadataOf(f.metadata) : undefined),
        ),
      );
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: `The data type ${kind.case ?? "(none)"}`,
        where: "",
        hint: "Cast the column to a supported type first.",
      });
  }
}

function part(type: ProtoDataType | undefined): DataType {
  return type === undefined ? NULL : fromProtoType(type);
}

function metadataOf(text: string): Readonly<Record<string, unknown>> | undefined {
  const metadata = JSON.parse(text) as Record<string, unknown>;
  return Object.keys(metadata).length === 0 ? undefined : metadata;
}
