/** Going through the unresolved plan. No kind of node is named here; children.ts knows where nodes are. */
import { type Fields, inside, isExpression, isRelation } from "./children.ts";
import type { Expression, Relation } from "./messages.ts";

export interface Visitor {
  /** Return false to leave out what is inside. */
  relation?(relation: Relation): undefined | boolean;
  expression?(expression: Expression): undefined | boolean;
}

/**
 * Calls the visitor for each relation and expression, outermost first, inputs in order; expressions inside relations too.
 *
 * @example
 * walk(plan, { relation: (r) => { if (r.relType.case === "read") reads.push(r); } });
 */
export function walk(node: Relation | Expression, visitor: Visitor): void {
  visit(node as unknown as Fields, visitor);
}

function visit(message: Fields, visitor: Visitor): void {
  if (isRelation(message) && visitor.relation?.(message) === false) return;
  if (isExpression(message) && visitor.expression?.(message) === false) return;
  for (const inner of inside(message)) visit(inner, visitor);
}

/** The input relations of a relation, in order. Those inside expressions don't exist: subqueries are named by plan id. */
export function inputsOf(relation: Relation): Relation[] {
  const found: Relation[] = [];
  collect(relation as unknown as Fields, (m) => {
    if (isRelation(m)) found.push(m);
    return isRelation(m) || isExpression(m);
  });
  return found;
}

/** The expressions that stand directly in a relation, or directly in an expression. */
export function expressionsOf(node: Relation | Expression): Expression[] {
  const found: Expression[] = [];
  collect(node as unknown as Fields, (m) => {
    if (isExpression(m)) found.push(m);
    return isRelation(m) || isExpression(m);
  });
  return found;
}

/** Goes into what `stop` doesn't stop at. */
function collect(message: Fields, stop: (inner: Fields) => boolean): void {
  for (const inner of inside(message)) {
    if (!stop(inner)) collect(inner, stop);
  }
}
