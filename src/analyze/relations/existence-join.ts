/** EXISTS and IN with a subquery inside a larger condition: a left join whose marker says whether there was a match. */
import { SluiceError } from "../../errors/error.ts";
import { BOOLEAN, INT, LONG } from "../../types/types.ts";
import type { Block } from "../block.ts";
import { aggregateCall, callNamed, lookup } from "../calls.ts";
import type { NamedExpression, TypedExpression } from "../expression.ts";
import { alias } from "../expressions.ts";
import { constant } from "../literal.ts";
import type { AggregateNode, PlanNode } from "../plan.ts";
import { reinstance } from "../references.ts";
import { outerReferences } from "../subquery.ts";
import { andParts } from "./join.ts";
import { type Tie, tied } from "./scalar-join.ts";
import { pullUp } from "./subquery-join.ts";

/** Whether the subquery has a row for this row of the query around it. */
export function existsValue(block: Block, plan: PlanNode): TypedExpression {
  const outer = outerReferences(plan);
  const { plan: source, conditions } = pullUp(plan, outer);
  if (outerReferences(source).size > 0) throw unsupported("EXISTS");
  if (conditions.length === 0) return callNamed(block, ">", countOf(block, source), constant(LONG, 0));
  const pairs = conditions.flatMap(andParts).map((c) => tied(block, c, outer));
  return callNamed(block, "isnotnull", markerOf(block, source, pairs));
}

/**
 * `value IN (plan)`: as in Spark, false also where SQL's null would be; with `negated`, NOT IN: false with a match, and
 * where the value or any of the plan's is null and the plan has rows.
 */
export function inValue(block: Block, value: TypedExpression, plan: PlanNode, negated: boolean): TypedExpression {
  if (outerReferences(plan).size > 0) throw unsupported("IN");
  const [outer, inner] = callNamed(block, "==", value, plan.output[0]).args;
  const key: NamedExpression =
    inner.kind === "attribute" ? { expression: inner, output: inner } : alias(block, inner, "key");
  const matched = callNamed(block, "isnotnull", markerOf(block, plan, [{ inner: key, outer, nullSafe: false }]));
  if (!negated) return { ...matched, nullable: true };
  const rows = countOf(block, reinstance(plan, block.session));
  const known = countOf(block, reinstance(plan, block.session), true);
  const hasNull = callNamed(block, "or", callNamed(block, "isnull", value), callNamed(block, "<", known, rows));
  const unknown = callNamed(block, "and", callNamed(block, ">", rows, constant(LONG, 0)), hasNull);
  return callNamed(block, "not", callNamed(block, "or", matched, unknown));
}

function unsupported(what: string): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", {
    feature: `${what} with a subquery that reads columns of the query around it in another place than its WHERE`,
    where: "",
    hint: "Write it as a join.",
  });
}

/** A column that is null where no row of the plan has these keys; the join is left in `pending`. */
function markerOf(block: Block, plan: PlanNode, pairs: readonly Tie[]): TypedExpression {
  const marker = block.session.attribute("is_there", BOOLEAN, true);
  const keys = pairs.map((p) => p.inner);
  const distinct: AggregateNode = {
    kind: "aggregate",
    output: keys.map((k) => k.output),
    input: plan,
    grouping: keys,
    aggregates: [],
    sessionColumn: undefined,
    operatorId: undefined,
  };
  const expressions: NamedExpression[] = [
    ...keys.map((k) => ({ expression: k.output, output: k.output })),
    { expression: constant(BOOLEAN, true), output: marker },
  ];
  const right: PlanNode = { kind: "project", output: expressions.map((n) => n.output), input: distinct, expressions };
  block.pending.joins.push({
    right,
    keys: pairs.map((p) => ({ left: p.outer, right: p.inner.output, nullSafe: p.nullSafe })),
  });
  return marker;
}

/** The number of the plan's rows, or of those whose first column isn't null, as a subquery of its own. */
function countOf(block: Block, plan: PlanNode, known = false): TypedExpression {
  const count = lookup("count");
  if (count.kind !== "aggregate") throw new SluiceError("INTERNAL_ERROR", { message: "count is not an aggregate." });
  const counted = known ? plan.output[0] : constant(INT, 1);
  const call = aggregateCall({ ...block, aggregates: "allowed" }, count, "count", [counted], false);
  const output = block.session.attribute("count", call.type, call.nullable);
  const aggregate: AggregateNode = {
    kind: "aggregate",
    output: [output],
    input: plan,
    grouping: [],
    aggregates: [{ call, output }],
    sessionColumn: undefined,
    operatorId: undefined,
  };
  return { kind: "subquery", plan: aggregate, type: call.type, nullable: true };
}
