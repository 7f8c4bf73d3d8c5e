/** Constant rows: VALUES and SELECT without FROM become rows of the plan, however many projections they came as. */
import type { Value } from "../../types/values.ts";
import type { TypedExpression } from "../expression.ts";
import { constant } from "../literal.ts";
import type { OptimizeContext } from "../optimize.ts";
import type { LocalRelationNode, PlanNode } from "../plan.ts";
import { rewritePlan } from "../walk.ts";

/** More rows than this are left to run. */
const ROWS_MAX = 100_000;

export function gatherConstantRows(plan: PlanNode, { fold }: OptimizeContext): PlanNode {
  return rewritePlan(plan, (node) => {
    switch (node.kind) {
      case "project":
        return node.input.kind === "local" ? (projected(node, node.input, fold) ?? node) : node;
      case "filter":
        if (node.input.kind !== "local" || node.condition.kind !== "literal") return node;
        return node.condition.value === true ? node.input : { ...node.input, output: node.output, rows: [] };
      case "union": {
        const locals = node.inputs.filter((input): input is LocalRelationNode => input.kind === "local");
        const count = locals.reduce((sum, local) => sum + local.rows.length, 0);
        if (locals.length < node.inputs.length || count > ROWS_MAX) return node;
        return { kind: "local", output: node.output, rows: locals.flatMap((local) => local.rows) };
      }
      default:
        return node;
    }
  });
}

/** Computing so many values here is still quicker than compiling a stage for them. */
const VALUES_MAX = 500;

/** The rows of a projection of constants, columns and, for few rows, what can be computed of these. */
function projected(
  { expressions, output }: Extract<PlanNode, { kind: "project" }>,
  input: LocalRelationNode,
  fold: OptimizeContext["fold"],
): LocalRelationNode | undefined {
  const computed = expressions.filter(({ expression: e }) => e.kind !== "literal" && e.kind !== "attribute");
  if (input.rows.length > ROWS_MAX || computed.length * input.rows.length > VALUES_MAX) return undefined;
  if (computed.some(({ expression: e }) => e.kind !== "cast" || e.child.kind !== "attribute")) return undefined;
  try {
    const rows = input.rows.map((row) => expressions.map(({ expression }) => valueOf(expression, input, row, fold)));
    return { kind: "local", output, rows };
  } catch {
    // A cast that fails does so when the query runs.
    return undefined;
  }
}

function valueOf(
  expression: TypedExpression,
  input: LocalRelationNode,
  row: readonly Value[],
  fold: OptimizeContext["fold"],
): Value {
  switch (expression.kind) {
    case "literal":
      return expression.value;
    case "attribute":
      return row[input.output.findIndex((a) => a.id === expression.id)];
    default: {
      if (expression.kind !== "cast" || fold === undefined) throw new Error("not a constant");
      return fold({
        ...expression,
        child: constant(expression.child.type, valueOf(expression.child, input, row, fold)),
      });
    }
  }
}
