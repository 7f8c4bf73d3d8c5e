/** A scalar subquery that reads the query around it, as a left join with its aggregation by the columns it is tied by. */
import { SluiceError } from "../../errors/error.ts";
import { BOOLEAN, LONG } from "../../types/types.ts";
import type { Block, ScalarJoin } from "../block.ts";
import { callNamed } from "../calls.ts";
import { type Attribute, asNullable, type NamedExpression, type TypedExpression } from "../expression.ts";
import { alias } from "../expressions.ts";
import { constant } from "../literal.ts";
import type { AggregateNode, JoinNode, PlanNode, ProjectNode } from "../plan.ts";
import { outerReferences } from "../subquery.ts";
import { expressionsIn, referencesOf, rewriteExpression } from "../walk.ts";
import { andParts } from "./join.ts";
import { pullUp } from "./subquery-join.ts";

function unsupported(what: string): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `A scalar subquery that reads columns of the query around it ${what}`,
    where: "",
    hint: "Tie it by equalities in its WHERE and aggregate, or write it as a join.",
  });
}

/** The subquery's value for a row of the query around it; the join that computes it is left in `pending`. */
export function correlatedScalar(block: Block, plan: PlanNode): TypedExpression {
  if (plan.kind !== "project" || plan.input.kind !== "aggregate" || plan.input.grouping.length > 0) {
    throw unsupported("without an aggregate function");
  }
  const aggregate = plan.input;
  const outer = outerReferences(plan);
  const { plan: source, conditions } = pullUp(aggregate.input, outer);
  if (outerReferences(source).size > 0) throw unsupported("in another place than its WHERE");
  const pairs = conditions.flatMap(andParts).map((c) => tied(block, c, outer));
  const { right, value, isThere } = grouped(block, plan, aggregate, source, pairs);
  const keys = pairs.map((p) => ({ left: p.outer, right: p.inner.output, nullSafe: p.nullSafe }));
  block.pending.joins.push({ right, keys });
  const otherwise = ofNoRows(plan.expressions[0].expression, aggregate);
  if (otherwise.kind === "literal" && otherwise.value === null) return value;
  return callNamed(block, "if", callNamed(block, "isnull", isThere), otherwise, value);
}

export interface Tie {
  readonly inner: NamedExpression;
  readonly outer: TypedExpression;
  readonly nullSafe: boolean;
}

/** `inner = outer`, either way round. */
export function tied(block: Block, condition: TypedExpression, outer: ReadonlySet<number>): Tie {
  if (condition.kind !== "call" || !["=", "==", "<=>"].includes(condition.fn.name)) {
    throw unsupported("by another condition than an equality");
  }
  const isOuter = (e: TypedExpression): boolean => {
    const ids = [...referencesOf(e)];
    return ids.length > 0 && ids.every((id) => outer.has(id));
  };
  const isInner = (e: TypedExpression): boolean => [...referencesOf(e)].every((id) => !outer.has(id));
  const [a, b] = condition.args;
  const nullSafe = condition.fn.name === "<=>";
  const inner = (e: TypedExpression): NamedExpression =>
    e.kind === "attribute" ? { expression: e, output: e } : alias(block, e, "key");
  if (isInner(a) && isOuter(b)) return { inner: inner(a), outer: b, nullSafe };
  if (isInner(b) && isOuter(a)) return { inner: inner(b), outer: a, nullSafe };
  throw unsupported("by another condition than an equality");
}

function grouped(
  block: Block,
  project: ProjectNode,
  aggregate: AggregateNode,
  source: PlanNode,
  pairs: readonly Tie[],
): { right: PlanNode; value: Attribute; isThere: Attribute } {
  const keys = pairs.map((p) => p.inner.output);
  const input: AggregateNode = {
    ...aggregate,
    input: source,
    grouping: pairs.map((p) => p.inner),
    output: [...keys, ...aggregate.output],
  };
  const value: Attribute = asNullable(project.expressions[0].output);
  const isThere = block.session.attribute("is_there", BOOLEAN, true);
  const expressions: NamedExpression[] = [
    ...keys.map((k) => ({ expression: k, output: k })),
    { expression: project.expressions[0].expression, output: value },
    { expression: constant(BOOLEAN, true), output: isThere },
  ];
  return {
    right: { kind: "project", output: expressions.map((n) => n.output), input, expressions },
    value,
    isThere,
  };
}

/** What the subquery is worth where it has no rows: counts are 0 then, other aggregates null. */
function ofNoRows(expression: TypedExpression, aggregate: AggregateNode): TypedExpression {
  const counts = new Set(aggregate.aggregates.filter((a) => a.call.fn.name === "count").map((a) => a.output.id));
  const isOther = (e: TypedExpression): boolean => e.kind === "attribute" && !counts.has(e.id);
  if ([...expressionsIn(expression)].some(isOther) && ![...referencesOf(expression)].some((id) => counts.has(id))) {
    return constant(expression.type, null);
  }
  const types = new Map(aggregate.aggregates.map((a) => [a.output.id, a.output.type]));
  return rewriteExpression(expression, (e) => {
    if (e.kind !== "attribute") return e;
    return counts.has(e.id) ? constant(LONG, 0) : constant(types.get(e.id) ?? e.type, null);
  });
}

/** The plan with the subqueries' columns after its own. */
export function applyScalarJoins(input: PlanNode, joins: readonly ScalarJoin[]): PlanNode {
  return joins.reduce<PlanNode>(
    (left, { right, keys }): JoinNode => ({
      kind: "join",
      output: [...left.output, ...right.output.map(asNullable)],
      left,
      right,
      joinType: "left",
      keys,
      residual: undefined,
      operatorId: undefined,
    }),
    input,
  );
}
