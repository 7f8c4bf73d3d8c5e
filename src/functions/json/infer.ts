/** schema_of_json: the type of a JSON value, as Spark's JsonInferSchema. */

import { tightestCommonType } from "../../types/coercion.ts";
import {
  array,
  BOOLEAN,
  type DataType,
  DOUBLE,
  decimal,
  field,
  LONG,
  NULL,
  STRING,
  type StructType,
  struct,
} from "../../types/types.ts";
import type { Json } from "./path.ts";

export function inferType(json: Json): DataType {
  switch (json.kind) {
    case "object": {
      const byName = new Map<string, DataType>();
      for (const [name, value] of json.entries) byName.set(name, inferType(value));
      const names = [...byName.keys()].sort();
      return struct(...names.map((name) => field(name, byName.get(name) as DataType)));
    }
    case "array":
      return array(json.items.map(inferType).reduce(merge, NULL));
    case "string":
      return STRING;
    case "plain":
      return plainType(json.text);
  }
}

function plainType(text: string): DataType {
  if (text === "null") return NULL;
  if (text === "true" || text === "false") return BOOLEAN;
  if (/^-?\d+$/.test(text)) {
    const x = BigInt(text);
    if (BigInt.asIntN(64, x) === x) return LONG;
    const digits = text.replace("-", "").length;
    return digits <= 38 ? decimal(digits, 0) : DOUBLE;
  }
  return DOUBLE;
}

/** The type of two values that stand in the same place. */
export function merge(a: DataType, b: DataType): DataType {
  if (a.kind === "null") return b;
  if (b.kind === "null") return a;
  if (a.kind === "struct" && b.kind === "struct") return mergeStructs(a, b);
  if (a.kind === "array" && b.kind === "array") return array(merge(a.elementType, b.elementType));
  if ((a.kind === "decimal" && b.kind === "double") || (a.kind === "double" && b.kind === "decimal")) return DOUBLE;
  const common = a.kind === "string" || b.kind === "string" ? undefined : tightestCommonType(a, b);
  return common ?? STRING;
}

function mergeStructs(a: StructType, b: StructType): StructType {
  const byName = new Map(a.fields.map((f) => [f.name, f.type]));
  for (const f of b.fields) byName.set(f.name, merge(byName.get(f.name) ?? NULL, f.type));
  return struct(...[...byName.keys()].sort().map((name) => field(name, byName.get(name) as DataType)));
}

/** Types without values in them become STRING; empty structs are left out of arrays and fields. */
export function canonical(type: DataType): DataType {
  switch (type.kind) {
    case "null":
      return STRING;
    case "array":
      return array(canonical(type.elementType));
    case "struct":
      return struct(...type.fields.map((f) => field(f.name, canonical(f.type))));
    default:
      return type;
  }
}
