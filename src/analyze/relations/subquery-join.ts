/** `WHERE [NOT] EXISTS (…)` and `WHERE x [NOT] IN (…)` as semi and anti joins. */
import { SluiceError } from "../../errors/error.ts";
import { SubqueryExpression_SubqueryType as Kind, type SubqueryExpression } from "../../plan/messages.ts";
import type { Block } from "../block.ts";
import { callNamed } from "../calls.ts";
import type { TypedExpression } from "../expression.ts";
import { resolve } from "../expressions.ts";
import type { PlanNode } from "../plan.ts";
import type { Resolved } from "../scope.ts";
import { outerReferences } from "../subquery.ts";
import { mapInputs, referencesOf } from "../walk.ts";
import { splitCondition } from "./join.ts";

export function subqueryJoin(block: Block, input: Resolved, message: SubqueryExpression, negated: boolean): PlanNode {
  const plan = block.subquery(message.planId, block.scope);
  const outer = outerReferences(plan);
  const { plan: free, conditions } = pullUp(plan, outer);
  if (outerReferences(free).size > 0) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "A subquery that reads columns of the query around it in another place than its WHERE",
      where: "",
      hint: "Write it as a join.",
    });
  }
  const all = [...conditions];
  const isIn = message.subqueryType === Kind.IN;
  if (isIn) {
    const values = message.inSubqueryValues.map((v) => resolve(block, v));
    if (values.length !== plan.output.length) {
      throw new SluiceError("DATATYPE_MISMATCH.IN_SUBQUERY_LENGTH_MISMATCH", {
        leftLength: values.length,
        rightLength: plan.output.length,
      });
    }
    values.forEach((v, i) => void all.push(callNamed(block, "==", v, plan.output[i])));
  }
  const { keys, residual } = splitCondition(block, all, input.plan, free);
  return {
    kind: "join",
    output: input.plan.output,
    left: input.plan,
    right: free,
    joinType: negated ? "leftanti" : "leftsemi",
    keys,
    residual,
    operatorId: undefined,
    ...(isIn && negated ? { nullAware: true } : {}),
  };
}

interface PulledUp {
  readonly plan: PlanNode;
  /** Conditions that read both queries. */
  readonly conditions: readonly TypedExpression[];
}

/** Takes the conditions that read the outer query out of the subquery's filters, and lets what they read through. */
export function pullUp(plan: PlanNode, outer: ReadonlySet<number>): PulledUp {
  const reads = (e: TypedExpression): boolean => [...referencesOf(e)].some((id) => outer.has(id));
  if (outer.size === 0) return { plan, conditions: [] };
  switch (plan.kind) {
    case "filter": {
      const below = pullUp(plan.input, outer);
      if (!reads(plan.condition)) {
        return { plan: { ...plan, input: below.plan, output: below.plan.output }, conditions: below.conditions };
      }
      return { plan: below.plan, conditions: [...below.conditions, plan.condition] };
    }
    case "project": {
      const below = pullUp(plan.input, outer);
      const wanted = new Set(below.conditions.flatMap((c) => [...referencesOf(c)]));
      const added = below.plan.output.filter((a) => wanted.has(a.id) && !plan.output.some((o) => o.id === a.id));
      return {
        plan: {
          ...plan,
          input: below.plan,
          output: [...plan.output, ...added],
          expressions: [...plan.expressions, ...added.map((a) => ({ expression: a, output: a }))],
        },
        conditions: below.conditions,
      };
    }
    default:
      return { plan: mapInputs(plan, (input) => input), conditions: [] };
  }
}
