import { MapValue, type Value } from "../types/values.ts";

/**
 * A text that is equal for equal values and different for different ones of the same type: −0 equals 0, NaN equals NaN,
 * maps regardless of their order. For keys of complex types and for DISTINCT, where no faster comparison exists.
 */
export function canonicalText(value: Value): string {
  if (value === null) return "~";
  switch (typeof value) {
    case "boolean":
      return value ? "t" : "f";
    case "number":
      return value === 0 ? "0" : String(value);
    case "bigint":
      return String(value);
    case "string":
      return `${value.length}:${value}`;
    default:
      break;
  }
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(",")}]`;
  if (value instanceof MapValue) {
    const entries = value.keys.map((k, i) => `${canonicalText(k)}=${canonicalText(value.values[i] as Value)}`);
    return `{${entries.sort().join(",")}}`;
  }
  let hex = "x";
  for (const b of value as Uint8Array) hex += (b < 16 ? "0" : "") + b.toString(16);
  return hex;
}
