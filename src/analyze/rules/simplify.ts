/** Conditions with less in them: TRUE AND x, NOT NOT x, NOT (a > b), x IS NOT NULL where x never is. */
import { lookupFunction } from "../../functions/registry.ts";
import { BOOLEAN } from "../../types/types.ts";
import type { Call, TypedExpression } from "../expression.ts";
import { constant } from "../literal.ts";
import type { PlanNode } from "../plan.ts";
import { mapExpressions, rewriteExpression, rewritePlan } from "../walk.ts";

export function simplifyPlan(plan: PlanNode): PlanNode {
  return rewritePlan(plan, (node) => {
    const simple = mapExpressions(node, (e) => rewriteExpression(e, simplified));
    if (simple.kind !== "filter" || simple.condition.kind !== "literal") return simple;
    if (simple.condition.value === true) return simple.input;
    return simple;
  });
}

const NEGATED: Readonly<Record<string, string>> = {
  ">": "<=",
  ">=": "<",
  "<": ">=",
  "<=": ">",
  isnull: "isnotnull",
  isnotnull: "isnull",
};

function simplified(e: TypedExpression): TypedExpression {
  if (e.kind !== "call") return e;
  const [a, b] = e.args;
  switch (e.fn.name) {
    case "and":
      if (isLiteral(a, true)) return b;
      if (isLiteral(b, true)) return a;
      return isLiteral(a, false) || isLiteral(b, false) ? constant(BOOLEAN, false) : e;
    case "or":
      if (isLiteral(a, false)) return b;
      if (isLiteral(b, false)) return a;
      return isLiteral(a, true) || isLiteral(b, true) ? constant(BOOLEAN, true) : e;
    case "not":
      return negated(e, a);
    case "isnotnull":
      return a.nullable || !isSafe(a) ? e : constant(BOOLEAN, true);
    case "isnull":
      return a.nullable || !isSafe(a) ? e : constant(BOOLEAN, false);
    default:
      return e;
  }
}

function isLiteral(e: TypedExpression, value: boolean): boolean {
  return e.kind === "literal" && e.value === value;
}

/** Leaving these out loses no error. */
function isSafe(e: TypedExpression): boolean {
  return e.kind === "attribute" || e.kind === "literal" || (e.kind === "field" && isSafe(e.child));
}

function negated(whole: Call, inner: TypedExpression): TypedExpression {
  if (inner.kind !== "call") return whole;
  if (inner.fn.name === "not") return inner.args[0];
  const opposite = NEGATED[inner.fn.name];
  const fn = opposite === undefined ? undefined : lookupFunction(opposite);
  if (fn?.kind !== "scalar" || fn.name === inner.fn.name) return whole;
  const args = inner.args.map((arg) => ({ type: arg.type, nullable: arg.nullable, sql: "" }));
  const resolution = fn.resolve(args, {
    settings: { timeZone: "UTC", ansi: true, caseSensitive: false },
    name: fn.name,
    sql: fn.name,
  });
  const { written: _, ...rest } = inner;
  return { ...rest, fn, resolution };
}
