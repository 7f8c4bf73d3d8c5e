/** Spark's JSON form of types: `{"type":"struct","fields":[{"name":"a","type":"integer","nullable":true,"metadata":{}}]}`. */
import { SluiceError } from "../errors/error.ts";
import { parseDdl, parseType } from "./ddl.ts";
import { jsonName } from "./print.ts";
import { array, BYTE, type DataType, field, INT, LONG, map, SHORT, type StructType, struct } from "./types.ts";

/** Names that the JSON form uses and SQL doesn't, or uses otherwise. */
const JSON_NAMES: Readonly<Record<string, DataType>> = { long: LONG, integer: INT, short: SHORT, byte: BYTE };

/** A type as a value that JSON.stringify turns into Spark's text. */
export function toJsonValue(type: DataType): unknown {
  switch (type.kind) {
    case "array":
      return { type: "array", elementType: toJsonValue(type.elementType), containsNull: type.containsNull };
    case "map":
      return {
        type: "map",
        keyType: toJsonValue(type.keyType),
        valueType: toJsonValue(type.valueType),
        valueContainsNull: type.valueContainsNull,
      };
    case "struct":
      return {
        type: "struct",
        fields: type.fields.map((f) => ({
          name: f.name,
          type: toJsonValue(f.type),
          nullable: f.nullable,
          metadata: f.metadata ?? {},
        })),
      };
    default:
      return jsonName(type);
  }
}

/** A type as Spark's JSON text. */
export function toJson(type: DataType): string {
  return JSON.stringify(toJsonValue(type));
}

/**
 * A type from Spark's JSON text. Throws INVALID_JSON_DATA_TYPE.
 *
 * @example fromJson('{"type":"array","elementType":"integer","containsNull":true}') // array(INT)
 */
export function fromJson(text: string): DataType {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SluiceError("INVALID_JSON_DATA_TYPE", { invalidType: text }, { cause });
  }
  return fromJsonValue(value);
}

/** A schema in either text form, JSON or DDL, as from_json's second argument may hold. */
export function parseSchemaText(text: string): DataType {
  return /^\s*[{"]/.test(text) ? fromJson(text) : parseDdl(text);
}

/** A type from the parsed JSON value. */
export function fromJsonValue(value: unknown): DataType {
  if (typeof value === "string") return simpleFromJson(value);
  if (typeof value !== "object" || value === null) throw invalid(value);
  const node = value as Readonly<Record<string, unknown>>;
  switch (node["type"]) {
    case "array":
      return array(fromJsonValue(node["elementType"]), node["containsNull"] !== false);
    case "map":
      return map(fromJsonValue(node["keyType"]), fromJsonValue(node["valueType"]), node["valueContainsNull"] !== false);
    case "struct":
      return structFromJson(node);
    case "udt":
      return fromJsonValue(node["sqlType"]);
    default:
      throw invalid(value);
  }
}

function structFromJson(node: Readonly<Record<string, unknown>>): StructType {
  const { fields } = node;
  if (!Array.isArray(fields)) throw invalid(node);
  return struct(
    ...fields.map((item: unknown) => {
      if (typeof item !== "object" || item === null) throw invalid(item);
      const f = item as Readonly<Record<string, unknown>>;
      if (typeof f["name"] !== "string") throw invalid(item);
      const metadata = f["metadata"];
      const known = typeof metadata === "object" && metadata !== null && Object.keys(metadata).length > 0;
      return field(
        f["name"],
        fromJsonValue(f["type"]),
        f["nullable"] !== false,
        known ? (metadata as Record<string, unknown>) : undefined,
      );
    }),
  );
}

function simpleFromJson(name: string): DataType {
  if (Object.hasOwn(JSON_NAMES, name)) return JSON_NAMES[name];
  try {
    return parseType(name);
  } catch (cause) {
    throw new SluiceError("INVALID_JSON_DATA_TYPE", { invalidType: name }, { cause });
  }
}

function invalid(value: unknown): SluiceError {
  return new SluiceError("INVALID_JSON_DATA_TYPE", { invalidType: JSON.stringify(value) ?? String(value) });
}
