/** Changing the unresolved plan. Messages are never changed in place: what changes is copied, the rest is shared. */
import { type Fields, isExpression, isRelation, replaceInside } from "./children.ts";
import type { Expression, Relation } from "./messages.ts";

export interface Changes {
  /** Gets the relation with what is inside already changed. Return the same object to keep it. */
  relation?(relation: Relation): Relation;
  expression?(expression: Expression): Expression;
}

/**
 * The plan with each node replaced, innermost first; the very same object when nothing changed.
 *
 * @example
 * rewrite(plan, { expression: (e) => (isOld(e) ? renamed(e) : e) });
 */
export function rewrite<T extends Relation | Expression>(node: T, changes: Changes): T {
  return change(node as unknown as Fields, changes) as unknown as T;
}

function change(message: Fields, changes: Changes): Fields {
  const changed = replaceInside(message, (inner) => change(inner, changes));
  if (isRelation(changed) && changes.relation) return changes.relation(changed) as unknown as Fields;
  if (isExpression(changed) && changes.expression) return changes.expression(changed) as unknown as Fields;
  return changed;
}
