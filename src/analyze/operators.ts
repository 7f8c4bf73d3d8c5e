/** Which nodes keep state between the batches of a stream, and their numbers. */
import type { PlanNode } from "./plan.ts";
import { inputsOf, mapInputs, nodesOf } from "./walk.ts";

/** True when the plan reads a stream. */
export function isStreaming(plan: PlanNode): boolean {
  for (const node of nodesOf(plan)) if (node.kind === "scan" && node.streaming) return true;
  return false;
}

/** True for a node that keeps state when its inputs are these. */
export function isStateful(node: PlanNode, streaming: (input: PlanNode) => boolean): boolean {
  switch (node.kind) {
    case "aggregate":
    case "deduplicate":
    case "limit":
      return streaming(node.input);
    case "join":
      return streaming(node.left) && streaming(node.right);
    default:
      return false;
  }
}

/** The plan with its stateful operators numbered from 0, inputs first and left before right, as Spark numbers them. */
export function numberOperators(plan: PlanNode): PlanNode {
  let next = 0;
  const known = new Map<PlanNode, boolean>();
  const streaming = (node: PlanNode): boolean => known.get(node) ?? false;
  const visit = (node: PlanNode): PlanNode => {
    const inner = mapInputs(node, visit);
    const reads = inner.kind === "scan" ? inner.streaming : inputsOf(inner).some(streaming);
    let numbered = inner;
    if (inner.kind === "aggregate" || inner.kind === "deduplicate" || inner.kind === "limit" || inner.kind === "join") {
      const operatorId = isStateful(inner, streaming) ? next++ : undefined;
      if (operatorId !== inner.operatorId) numbered = { ...inner, operatorId };
    }
    known.set(numbered, reads);
    return numbered;
  };
  return visit(plan);
}
