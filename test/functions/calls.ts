/** Typed expressions by hand: what the analyser makes of SQL, without SQL. */
import type { Attribute, TypedExpression } from "../../src/analyze/expression.ts";
import type { SessionSettings } from "../../src/functions/definition.ts";
import { lookupFunction } from "../../src/functions/registry.ts";
import { BOOLEAN, type DataType, DOUBLE, INT, LONG, NULL, STRING, sameType } from "../../src/types/types.ts";
import type { Value } from "../../src/types/values.ts";

export const settings: SessionSettings = { timeZone: "UTC", ansi: true, caseSensitive: false };

type Operand = TypedExpression | Value;

export function lit(value: Value, type?: DataType): TypedExpression {
  return { kind: "literal", value, type: type ?? guess(value), nullable: value === null };
}

function guess(value: Value): DataType {
  if (value === null) return NULL;
  if (typeof value === "boolean") return BOOLEAN;
  if (typeof value === "string") return STRING;
  if (typeof value === "bigint") return LONG;
  if (typeof value === "number") return Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? INT : DOUBLE;
  throw new Error("give the literal's type");
}

let ids = 0;
export function attr(name: string, type: DataType, nullable = true): Attribute {
  return { kind: "attribute", id: ++ids, name, type, nullable, qualifier: [] };
}

function isExpression(x: Operand): x is TypedExpression {
  return x !== null && typeof x === "object" && "kind" in x;
}

export function cast(child: Operand, type: DataType, mode: "ansi" | "try" | "legacy" = "ansi"): TypedExpression {
  return { kind: "cast", child: isExpression(child) ? child : lit(child), type, nullable: true, mode };
}

export function call(name: string, ...operands: Operand[]): TypedExpression {
  const fn = lookupFunction(name);
  if (fn?.kind !== "scalar") throw new Error(`no scalar function ${name}`);
  const exprs = operands.map((o) => (isExpression(o) ? o : lit(o)));
  const args = exprs.map((x) => ({
    type: x.type,
    nullable: nullableOf(x),
    sql: "x",
    ...(x.kind === "literal" ? { literal: { value: x.value } } : {}),
  }));
  const resolution = fn.resolve(args, { settings, name, sql: name });
  const typed = exprs.map((x, i): TypedExpression => {
    const type = resolution.inputs[i];
    if (sameType(x.type, type)) return x;
    return { kind: "cast", child: x, type, nullable: nullableOf(x), mode: "implicit" };
  });
  const evaluation = resolution.evaluation;
  const nullable =
    resolution.nullable ??
    (exprs.some(nullableOf) || (evaluation.nulls === "propagate" && evaluation.mayReturnNull === true));
  const deterministic = resolution.deterministic ?? true;
  return { kind: "call", fn, resolution, args: typed, type: resolution.output, nullable, deterministic };
}

export function nullableOf(x: TypedExpression): boolean {
  return x.nullable;
}
