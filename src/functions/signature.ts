import { SluiceError } from "../errors/error.ts";
import { implicitCast, type TypeClass } from "../types/coercion.ts";
import { sqlType } from "../types/print.ts";
import type { DataType } from "../types/types.ts";
import type { Argument, ResolveContext } from "./definition.ts";

export type Accepts = DataType | TypeClass;

/** Throws WRONG_NUM_ARGS unless there are `min` to `max` arguments. */
export function checkCount(args: readonly Argument[], context: ResolveContext, min: number, max: number): void {
  if (args.length >= min && args.length <= max) return;
  const expected =
    max === Infinity
      ? `at least ${min}`
      : min === max
        ? String(min)
        : max === min + 1
          ? `${min} or ${max}`
          : `${min} to ${max}`;
  throw new SluiceError("WRONG_NUM_ARGS.WITHOUT_SUGGESTION", {
    functionName: context.name,
    expectedNum: expected,
    actualNum: args.length,
    args: "…",
  });
}

/** How Spark names a set of types in errors. */
export function acceptsSql(to: Accepts): string {
  if (typeof to === "object") {
    if ("kind" in to) return `"${sqlType(to)}"`;
    if ("arrayOf" in to) return `"ARRAY<${acceptsSql(to.arrayOf).replaceAll('"', "")}>"`;
    return to.anyOf.length === 1 ? acceptsSql(to.anyOf[0]) : `(${to.anyOf.map(acceptsSql).join(" or ")})`;
  }
  switch (to) {
    case "anyTimestamp":
      return '("TIMESTAMP" or "TIMESTAMP_NTZ")';
    case "interval":
      return '"INTERVAL"';
    default:
      return `"${to.toUpperCase()}"`;
  }
}

const ordinals = ["first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];

/** The type that argument `index` is cast to. Throws DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE when it can't be. */
export function coerce(args: readonly Argument[], index: number, to: Accepts, context: ResolveContext): DataType {
  const from = args[index].type;
  const type = implicitCast(from, to);
  if (type === undefined) throw unexpectedType(args, index, acceptsSql(to), context);
  return type;
}

export function unexpectedType(
  args: readonly Argument[],
  index: number,
  requiredType: string,
  context: ResolveContext,
): SluiceError {
  return new SluiceError("DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE", {
    sqlExpr: `"${context.sql}"`,
    paramIndex: ordinals[index] ?? `${index + 1}th`,
    requiredType,
    inputSql: `"${args[index].sql}"`,
    inputType: `"${sqlType(args[index].type)}"`,
  });
}

/** The error of an operator whose two sides don't go together, or are both of a wrong type. */
export function wrongOperands(args: readonly Argument[], context: ResolveContext, requiredType: string): SluiceError {
  const [a, b] = args;
  if (a.type.kind !== b.type.kind) {
    return new SluiceError("DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES", {
      sqlExpr: `"${context.sql}"`,
      left: `"${sqlType(a.type)}"`,
      right: `"${sqlType(b.type)}"`,
    });
  }
  return new SluiceError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", {
    sqlExpr: `"${context.sql}"`,
    inputType: requiredType,
    actualDataType: `"${sqlType(a.type)}"`,
  });
}
