import { type DataType, isLongLike } from "../types/types.ts";

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
