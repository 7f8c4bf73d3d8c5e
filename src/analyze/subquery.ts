/** Subqueries inside expressions. Those that filter rows become joins (relations/filter.ts). */
import { SluiceError } from "../errors/error.ts";
import { type SubqueryExpression, SubqueryExpression_SubqueryType } from "../plan/messages.ts";
import { comparisonType } from "../types/coercion.ts";
import { BOOLEAN } from "../types/types.ts";
import type { Block } from "./block.ts";
import type { TypedExpression } from "./expression.ts";
import { cast, needed, resolve } from "./expressions.ts";
import type { PlanNode } from "./plan.ts";
import { definedIn, referencedIn } from "./references.ts";
import { correlatedScalar } from "./relations/scalar-join.ts";

export function resolveSubquery(block: Block, message: SubqueryExpression): TypedExpression {
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
    case SubqueryExpression_SubqueryType.IN: {
      refuseCorrelation(plan, "IN with a subquery");
      return inSubquery(block, message, plan);
    }
    default:
      throw new SluiceError("UNSUPPORTED_FEATURE", {
        feature: "EXISTS",
        where: " in this place",
        hint: "Use it in WHERE, joined to other conditions with AND, or write it as a join.",
      });
  }
}

function inSubquery(block: Block, message: SubqueryExpression, plan: PlanNode): TypedExpression {
  if (message.inSubqueryValues.length !== 1 || plan.output.length !== 1) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "IN with several columns",
      where: " in this place",
      hint: "Use it in WHERE, joined to other conditions with AND.",
    });
  }
  const value = resolve(block, needed(message.inSubqueryValues[0]));
  const type = comparisonType(value.type, plan.output[0].type) ?? value.type;
  return { kind: "inSubquery", value: cast(value, type, "implicit"), plan, type: BOOLEAN, nullable: true };
}

/** Ids that a subquery reads of the query around it. */
export function outerReferences(plan: PlanNode): Set<number> {
  const defined = definedIn(plan);
  return new Set([...referencedIn(plan)].filter((id) => !defined.has(id)));
}

function refuseCorrelation(plan: PlanNode, what: string): void {
  if (outerReferences(plan).size === 0) return;
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `${what} that reads columns of the query around it`,
    where: " in this place",
    hint: "Write it as a join with an aggregated relation.",
  });
}
