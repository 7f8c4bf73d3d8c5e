import { type DataType, isLongLike } from "../types/types.ts";
import { longValue, MapValue, type Value } from "../types/values.ts";

/** True when values of the type hold 64-bit numbers, at any depth, so that they differ between narrow and wide form. */
export function hasLongs(type: DataType): boolean {
  switch (type.kind) {
    case "array":
      return hasLongs(type.elementType);
    case "map":
      return hasLongs(type.keyType) || hasLongs(type.valueType);
    case "struct":
      return type.fields.some((f) => hasLongs(f.type));
    default:
      return isLongLike(type);
  }
}

/**
 * `value` in the narrow (`wide` false) or wide form, whichever it was in. Throws WideRequired when a 64-bit value isn't
 * exact in the narrow form.
 */
export function inForm(value: Value, type: DataType, wide: boolean): Value {
  if (value === null || !hasLongs(type)) return value;
  switch (type.kind) {
    case "array":
      return (value as Value[]).map((v) => inForm(v, type.elementType, wide));
    case "map": {
      const map = value as MapValue;
      return new MapValue(
        map.keys.map((k) => inForm(k, type.keyType, wide)),
        map.values.map((v) => inForm(v, type.valueType, wide)),
      );
    }
    case "struct":
      return (value as Value[]).map((v, i) => inForm(v, type.fields[i].type, wide));
    default:
      if (typeof value === "bigint") return longValue(value, wide);
      return wide ? BigInt(value as number) : value;
  }
}

/** What stands in the place of a null, so that a variable keeps one JS type. */
export function zero(type: DataType, wide: boolean): string {
  switch (type.kind) {
    case "boolean":
      return "false";
    case "string":
      return '""';
    case "byte":
    case "short":
    case "integer":
    case "date":
    case "yearmonth_interval":
    case "float":
    case "double":
      return "0";
    default:
      return isLongLike(type) ? (wide ? "0n" : "0") : "null";
  }
}
