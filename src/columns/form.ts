import type { DataType } from "../types/types.ts";
import { isLongLike } from "../types/types.ts";
import { exact, longValue, MapValue, type Value } from "../types/values.ts";

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

/** The value in the narrow (`number`) or wide (`bigint`) form of 64-bit values. Throws WideRequired when it doesn't fit. */
export function formOf(value: Value, type: DataType, wide: boolean): Value {
  if (value === null || !hasLongs(type)) return value;
  switch (type.kind) {
    case "array":
      return (value as Value[]).map((x) => formOf(x, type.elementType, wide));
    case "struct":
      return (value as Value[]).map((x, i) => formOf(x, type.fields[i].type, wide));
    case "map": {
      const m = value as MapValue;
      return new MapValue(
        m.keys.map((k) => formOf(k, type.keyType, wide)),
        m.values.map((x) => formOf(x, type.valueType, wide)),
      );
    }
    default:
      if (typeof value === "bigint") return longValue(value, wide);
      return wide ? BigInt(value as number) : exact(value as number);
  }
}
