/** One projection in the place of two, and none where it changes nothing. */
import type { NamedExpression, TypedExpression } from "../expression.ts";
import type { PlanNode, ProjectNode } from "../plan.ts";
import { expressionsIn, isDeterministic, partsOf, rewriteExpression, rewritePlan } from "../walk.ts";
import { isRejecting } from "./bad-records.ts";

export function collapseProjects(plan: PlanNode): PlanNode {
  const root = plan.output;
  const collapsed = rewritePlan(plan, (node) => {
    if (node.kind !== "project") return node;
    const merged = node.input.kind === "project" ? merge(node, node.input) : node;
    return isNoop(merged) ? merged.input : merged;
  });
  // The root keeps its names, though ids be the same: they are what the user sees.
  const sameNames = collapsed.output.every((a, i) => a.name === root[i].name);
  return sameNames ? collapsed : renamed(collapsed, root);
}

function renamed(input: PlanNode, output: PlanNode["output"]): ProjectNode {
  return {
    kind: "project",
    output,
    input,
    expressions: output.map((a, i) => ({ expression: input.output[i], output: a })),
  };
}

function isNoop(plan: ProjectNode): boolean {
  const { input, expressions } = plan;
  return (
    expressions.length === input.output.length &&
    expressions.every(({ expression, output }, i) => {
      const below = input.output[i];
      return (
        expression.kind === "attribute" &&
        expression.id === below.id &&
        output.id === below.id &&
        output.name === below.name &&
        output.watermarkDelayUs === below.watermarkDelayUs
      );
    })
  );
}

/** The upper projection over the lower one's input; itself when that would compute something twice. */
function merge(upper: ProjectNode, lower: ProjectNode): ProjectNode {
  const made = new Map(lower.expressions.map((n) => [n.output.id, n.expression]));
  const uses = new Map<number, number>();
  for (const { expression } of upper.expressions) countUses(expression, 1, uses);
  for (const [id, expression] of made) {
    if (isCheap(expression)) continue;
    // It must stay where it is read for every row.
    if (isRejecting(expression)) return upper;
    const count = uses.get(id) ?? 0;
    if (count > 1 || !isDeterministic(expression)) return upper;
  }
  const expressions = upper.expressions.map((n): NamedExpression => {
    const expression = replaceAttributes(n.expression, made);
    return { expression, output: n.output };
  });
  return { ...upper, input: lower.input, expressions };
}

/** How often each attribute is read; inside a lambda counts as often. */
function countUses(expression: TypedExpression, weight: number, uses: Map<number, number>): void {
  if (expression.kind === "attribute") uses.set(expression.id, (uses.get(expression.id) ?? 0) + weight);
  const inner = expression.kind === "lambda" ? 2 : weight;
  for (const part of partsOf(expression)) countUses(part, inner, uses);
}

/** Costs next to nothing to compute twice. */
export function isCheap(expression: TypedExpression): boolean {
  switch (expression.kind) {
    case "attribute":
      return true;
    case "literal":
      return true;
    case "field":
      return isCheap(expression.child);
    default:
      return false;
  }
}

/** The expression with attributes replaced by what they were computed from. */
export function replaceAttributes(
  expression: TypedExpression,
  made: ReadonlyMap<number, TypedExpression>,
): TypedExpression {
  for (const e of expressionsIn(expression)) {
    if (e.kind === "attribute" && made.has(e.id)) {
      return rewriteExpression(expression, (part) => (part.kind === "attribute" ? (made.get(part.id) ?? part) : part));
    }
  }
  return expression;
}
