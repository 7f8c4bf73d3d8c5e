/** Which nodes keep state between the batches of a stream, and the numbers of these and of sources. */
import type { PlanNode } from "./plan.ts";
import { inputsOf, mapInputs, nodesOf } from "./walk.ts";

/** True when the plan reads a stream. */
export function isStreaming(plan: PlanNode): boolean {
  for (const node of nodesOf(plan)) if (node.kind === "scan" && node.streaming) return true;
  return false;
}

function isStateful(node: PlanNode, streaming: (input: PlanNode) => boolean): boolean {
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

/**
 * The plan with its stateful operators numbered from 0, inputs first and left before right, as Spark numbers them; and its
 * sources from left to right, streams before tables, so that a stream's number is that of its folder in the checkpoint.
 */
export function numberOperators(plan: PlanNode): PlanNode {
  let nextOperator = 0;
  let nextStream = 0;
  let nextTable = 0;
  for (const node of nodesOf(plan)) if (node.kind === "scan" && node.streaming) nextTable++;
  const known = new Map<PlanNode, boolean>();
  const streaming = (node: PlanNode): boolean => known.get(node) ?? false;
  const visit = (node: PlanNode): PlanNode => {
    let made = mapInputs(node, visit);
    const reads = made.kind === "scan" ? made.streaming : inputsOf(made).some(streaming);
    if (made.kind === "aggregate" || made.kind === "deduplicate" || made.kind === "limit" || made.kind === "join") {
      const operatorId = isStateful(made, streaming) ? nextOperator++ : undefined;
      if (operatorId !== made.operatorId) made = { ...made, operatorId };
    } else if (made.kind === "scan") {
      made = { ...made, id: made.streaming ? nextStream++ : nextTable++ };
    }
    known.set(made, reads);
    return made;
  };
  return visit(plan);
}
