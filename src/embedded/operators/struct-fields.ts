/** Structs that are taken as their fields, windows of time above all. */
import type { GetField, TypedExpression } from "../../analyze/expression.ts";
import { TIME_WINDOW_KEY } from "../../analyze/time-window.ts";
import type { StructType } from "../../types/types.ts";

type StructExpression = TypedExpression & { readonly type: StructType };

export function isStruct(x: TypedExpression): x is StructExpression {
  return x.type.kind === "struct";
}

/** Whether a value is a struct that its fields stand for: one that is never null. */
export function isSpread(x: TypedExpression): x is StructExpression {
  return isStruct(x) && (!x.nullable || (x.kind === "attribute" && x.isPresent === true));
}

export function fieldOf(struct: StructExpression, ordinal: number): GetField {
  const { name, type, nullable } = struct.type.fields[ordinal];
  const mayBeNull = !isSpread(struct) || (nullable && !isWindow(struct));
  return { kind: "field", child: struct, ordinal, name, type, nullable: mayBeNull };
}

/** Windows that are there have bounds, whatever their type says: rows without a time were dropped. */
export function isWindow(x: TypedExpression): x is StructExpression {
  return x.kind === "attribute" && isStruct(x) && x.metadata?.[TIME_WINDOW_KEY] === true;
}
