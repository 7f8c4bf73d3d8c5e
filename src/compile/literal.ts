import { formOf } from "../columns/form.ts";
import { zero } from "../functions/form.ts";
import { type DataType, isLongLike } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import type { CodeEmitter } from "./emitter.ts";

export { formOf, zero };

/** JavaScript of a constant that is not null. Throws WideRequired when it isn't exact in the narrow form. */
export function literalCode(e: CodeEmitter, type: DataType, raw: Value): string {
  const value = formOf(raw, type, e.wide);
  switch (typeof value) {
    case "boolean":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "number":
      if (Object.is(value, -0)) return isLongLike(type) ? "0" : "-0";
      return String(value);
    case "string":
      return value.length <= 200 ? JSON.stringify(value) : e.bind(value, "text");
    default:
      return e.bind(value, type.kind === "array" ? "items" : type.kind === "null" ? "none" : type.kind);
  }
}
