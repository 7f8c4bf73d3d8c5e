import type { DataType } from "../types/types.ts";
import { isLongLike } from "../types/types.ts";
import { longValue, MapValue, type Value } from "../types/values.ts";

/** The value in the narrow (`number`) or wide (`bigint`) form of 64-bit values. Throws WideRequired when it doesn't fit. */
export function formOf(value: Value, type: DataType, wide: boolean): Value {
  if (value === null) return null;
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
      if (!isLongLike(type)) return value;
      if (typeof value === "bigint") return longValue(value, wide);
      return wide ? BigInt(value as number) : longValue(BigInt(value as number), false);
  }
}
