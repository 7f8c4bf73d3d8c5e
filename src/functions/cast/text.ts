import { doubleText, floatText } from "../../columns/text.ts";
import type { DataType } from "../../types/types.ts";
import type { MapValue, Value } from "../../types/values.ts";
import type { SessionSettings } from "../definition.ts";
import { decimalText } from "../math/decimals.ts";
import { datetimeText } from "./datetime.ts";

const decoder = new TextDecoder();

/** How `CAST(x AS STRING)` writes a non-null value of the type: `[1, null]`, `{a -> 1}`, `{1, x}`, `1.0E10`. */
export function textOf(type: DataType, settings: SessionSettings): (value: Value) => string {
  switch (type.kind) {
    case "string":
      return (v) => v as string;
    case "binary":
      return (v) => decoder.decode(v as Uint8Array);
    case "double":
      return doubleText as (v: Value) => string;
    case "float":
      return floatText as (v: Value) => string;
    case "decimal":
      return (v) => decimalText(v as number | bigint, type.scale);
    case "array": {
      const element = orNull(textOf(type.elementType, settings));
      return (v) => `[${(v as Value[]).map(element).join(", ")}]`;
    }
    case "map": {
      const key = textOf(type.keyType, settings);
      const value = orNull(textOf(type.valueType, settings));
      return (v) => {
        const { keys, values } = v as MapValue;
        return `{${keys.map((k, i) => `${key(k)} -> ${value(values[i])}`).join(", ")}}`;
      };
    }
    case "struct": {
      const fields = type.fields.map((f) => orNull(textOf(f.type, settings)));
      return (v) => `{${fields.map((f, i) => f((v as Value[])[i])).join(", ")}}`;
    }
    case "date":
    case "timestamp":
    case "timestamp_ntz":
    case "daytime_interval":
    case "yearmonth_interval":
      return datetimeText(type, settings);
    default:
      return String;
  }
}

function orNull(text: (value: Value) => string): (value: Value) => string {
  return (v) => (v === null ? "null" : text(v));
}
