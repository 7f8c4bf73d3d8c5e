/** Subqueries inside expressions. Those that filter rows become joins (relations/filter.ts). */
import { SluiceError } from "../errors/error.ts";
import { type SubqueryExpression, SubqueryExpression_SubqueryType } from "../plan/messages.ts";
import type { Block } from "./block.ts";
import type { TypedExpression } from "./expression.ts";
import { needed, resolve } from "./expressions.ts";
import type { PlanNode } from "./plan.ts";
import { definedIn, referencedIn } from "./references.ts";
import { existsValue, inValue } from "./relations/existence-join.ts";
import { correlatedScalar } from "./relations/scalar-join.ts";

/** The value of a subquery expression; `negated` for NOT IN, whose nulls are its own. */
export function resolveSubquery(block: Block, message: SubqueryExpression, negated = false): TypedExpression {
  const plan = block.subquery(message.planId, block.scope);
  switch (message.subqueryType) {
    case SubqueryExpression_SubqueryType.SCALAR: {
      if (plan.output.length !== 1) {
        throw new SluiceError("INVALID_SUBQUERY_EXPRESSION.SCALAR_SUBQUERY_RETURN_MORE_THAN_ONE_OUTPUT_COLUMN", {
          number: plan.output.length,
        });
      }
      if (outerReferences(plan).size > 0) return correlatedScalar(block, plan);
      return { kind: "subquery", plan, type: plan.output[0].type, nullable: true };
    }
    case SubqueryExpression_SubqueryType.IN:
      return inSubquery(block, message, plan, negated);
    case SubqueryExpression_SubqueryType.EXISTS:
      return existsValue(block, plan);
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: "A table as an argument",
        where: "",
        hint: "Join the table instead.",
      });
  }
}

function inSubquery(block: Block, message: SubqueryExpression, plan: PlanNode, negated: boolean): TypedExpression {
  if (message.inSubqueryValues.length !== 1 || plan.output.length !== 1) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "IN with several columns",
      where: " in this place",
      hint: "Use it in WHERE, joined to other conditions with AND.",
    });
  }
  return inValue(block, resolve(block, needed(message.inSubqueryValues[0])), plan, negated);
}

/** Ids that a subquery reads of the query around it. */
export function outerReferences(plan: PlanNode): Set<number> {
  const defined = definedIn(plan);
  return new Set([...referencedIn(plan)].filter((id) => !defined.has(id)));
}
