/** Which attributes a whole plan reads and makes, and copies of a plan with attributes of their own. */
import type { Session } from "./context.ts";
import type { Attribute, TypedExpression } from "./expression.ts";
import type { PlanNode } from "./plan.ts";
import { expressionsIn, expressionsOf, mapExpressions, mapInputs, nodesOf, rewriteExpression } from "./walk.ts";

/** Ids of all attributes that nodes of the plan put out. */
export function definedIn(plan: PlanNode): Set<number> {
  const ids = new Set<number>();
  for (const node of nodesOf(plan)) {
    for (const attribute of node.output) ids.add(attribute.id);
    if (node.kind === "observe") for (const m of node.metrics) ids.add(m.output.id);
  }
  return ids;
}

/** Ids of all attributes that expressions of the plan read. */
export function referencedIn(plan: PlanNode): Set<number> {
  const ids = new Set<number>();
  for (const node of nodesOf(plan)) {
    for (const expression of expressionsOf(node)) {
      for (const e of expressionsIn(expression)) {
        if (e.kind === "attribute") ids.add(e.id);
        else if (e.kind === "subquery" || e.kind === "inSubquery") {
          const inner = definedIn(e.plan);
          for (const id of referencedIn(e.plan)) if (!inner.has(id)) ids.add(id);
        }
      }
    }
  }
  return ids;
}

/** The plan with other ids for everything that it defines. */
export function reinstance(plan: PlanNode, session: Session): PlanNode {
  const ids = new Map<number, number>();
  for (const id of definedIn(plan)) ids.set(id, session.id());
  return renumber(plan, (id) => ids.get(id) ?? id);
}

/** The plan with every attribute's id replaced. */
export function renumber(plan: PlanNode, idOf: (id: number) => number): PlanNode {
  const attribute = (a: Attribute): Attribute => {
    const id = idOf(a.id);
    return id === a.id ? a : { ...a, id };
  };
  const expression = (e: TypedExpression): TypedExpression =>
    rewriteExpression(e, (part) => {
      if (part.kind === "attribute") return attribute(part);
      if (part.kind === "subquery" || part.kind === "inSubquery") return { ...part, plan: renumber(part.plan, idOf) };
      return part;
    });
  const visit = (node: PlanNode): PlanNode => {
    const inner = mapExpressions(mapInputs(node, visit), expression);
    const output = inner.output.map(attribute);
    switch (inner.kind) {
      case "project":
        return { ...inner, output, expressions: inner.expressions.map((n) => ({ ...n, output: attribute(n.output) })) };
      case "aggregate":
        return {
          ...inner,
          output,
          grouping: inner.grouping.map((n) => ({ ...n, output: attribute(n.output) })),
          aggregates: inner.aggregates.map((a) => ({ ...a, output: attribute(a.output) })),
        };
      case "observe":
        return { ...inner, output, metrics: inner.metrics.map((m) => ({ ...m, output: attribute(m.output) })) };
      case "generate":
        return { ...inner, output, generated: inner.generated.map(attribute) };
      case "window":
        return { ...inner, output, functions: inner.functions.map((f) => ({ ...f, output: attribute(f.output) })) };
      case "jsonDecode":
        return { ...inner, output, fields: inner.fields.map((f) => ({ ...f, attribute: attribute(f.attribute) })) };
      default:
        return { ...inner, output };
    }
  };
  return visit(plan);
}
