/** TypeScript functions of the user's, bound to the types at each place that calls them. */
import type { PlanNode } from "../../analyze/plan.ts";
import { mapExpressions, rewriteExpression, rewritePlan } from "../../analyze/walk.ts";
import { SluiceError } from "../../errors/error.ts";
import type { DataType } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";

export type ScriptBody = (...values: Value[]) => Value;

/** The function of a token, on internal values of these types. */
export type BindScript = (token: string, argumentTypes: readonly DataType[], returnType: DataType) => ScriptBody;

export interface BoundScripts {
  /** The plan with a token of its own for each call. */
  readonly plan: PlanNode;
  script(token: string): ScriptBody;
}

export function bindScripts(plan: PlanNode, bind: BindScript | undefined): BoundScripts {
  const bound = new Map<string, ScriptBody>();
  const bindCalls = (node: PlanNode) =>
    mapExpressions(node, (expression) =>
      rewriteExpression(expression, (e) => {
        if (e.kind !== "script") return e;
        const token = `${e.token}#${bound.size}`;
        const types = e.args.map((a) => a.type);
        bound.set(token, (bind ?? noScripts)(e.token, types, e.type));
        return { ...e, token };
      }),
    );
  const rewritten = rewritePlan(plan, bindCalls);
  return {
    // Without functions the plan stays as it is, whatever a rewrite would make anew.
    plan: bound.size === 0 ? plan : rewritten,
    script(token) {
      const body = bound.get(token);
      if (body === undefined) throw new SluiceError("INTERNAL_ERROR", { message: `function ${token} is not bound` });
      return body;
    },
  };
}

function noScripts(): never {
  throw new SluiceError("UNSUPPORTED_FEATURE", {
    feature: "A TypeScript function",
    where: " in this engine",
    hint: "Run the query through SparkSession.",
  });
}
