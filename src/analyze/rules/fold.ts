/** Expressions without columns, computed once. */
import { isConstant } from "../calls.ts";
import type { TypedExpression } from "../expression.ts";
import type { OptimizeContext } from "../optimize.ts";
import type { PlanNode } from "../plan.ts";
import { mapExpressions, mapParts, rewritePlan } from "../walk.ts";

export function foldConstants(plan: PlanNode, context: OptimizeContext): PlanNode {
  const { fold } = context;
  if (fold === undefined) return plan;
  return rewritePlan(plan, (node) => mapExpressions(node, (e) => folded(e, fold)));
}

function folded(expression: TypedExpression, fold: (e: TypedExpression) => unknown): TypedExpression {
  if (expression.kind === "literal" || expression.kind === "attribute") return expression;
  if (!isConstant(expression) || expression.kind === "variable") {
    return mapParts(expression, (part) => folded(part, fold));
  }
  try {
    const value = fold(expression) as Extract<TypedExpression, { kind: "literal" }>["value"];
    return { kind: "literal", type: expression.type, value, nullable: value === null };
  } catch {
    // It fails when a row reaches it, as it should: a query that reads no row has no error.
    return mapParts(expression, (part) => folded(part, fold));
  }
}
