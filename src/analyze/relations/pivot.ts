/** groupBy(…).pivot(column, values).agg(…): one column for each value and aggregate. */
import { SluiceError } from "../../errors/error.ts";
import type { Aggregate } from "../../plan/messages.ts";
import { BOOLEAN, INT, LONG } from "../../types/types.ts";
import { refusePending } from "../block.ts";
import { aggregateCall, callNamed, lookup } from "../calls.ts";
import type { NamedExpression, TypedExpression } from "../expression.ts";
import { alias, cast, needed, resolve, resolveItem } from "../expressions.ts";
import { constant, literalOf } from "../literal.ts";
import { prettyName } from "../print.ts";
import { blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { expressionsIn, rewriteExpression } from "../walk.ts";
import { aggregated, resolveGrouping } from "./aggregate.ts";

export function pivoted(place: Place, input: Resolved, message: Aggregate): Resolved {
  const block = blockOf(place, input);
  const pivot = needed(message.pivot);
  if (pivot.values.length === 0) {
    throw new SluiceError("UNSUPPORTED_FEATURE", {
      feature: "pivot without values",
      where: "",
      hint: "Name the values: pivot(column, [value, …]).",
    });
  }
  const grouping = resolveGrouping(block, message.groupingExpressions, message.aggregateExpressions);
  const column = resolve(block, needed(pivot.col));
  const aggregates = message.aggregateExpressions.flatMap((m) => resolveItem(block, m));
  const items: NamedExpression[] = grouping.map((g) => ({ expression: g.expression, output: g.output }));
  for (const v of pivot.values) {
    const value = cast(literalOf(v), column.type, "implicit");
    const matches = cast(callNamed(block, "<=>", column, value), BOOLEAN, "implicit");
    const label = value.kind === "literal" && value.value === null ? "null" : prettyName(value, place.session);
    for (const { expression, output } of aggregates) {
      const filtered = nullWithout(block, onlyWhere(block, expression, matches), matches);
      items.push(alias(block, filtered, aggregates.length === 1 ? label : `${label}_${output.name}`));
    }
  }
  refusePending({ ...block, pending: { ...block.pending, timeWindows: [], joins: [] } }, "pivot");
  return aggregated(block, input, grouping, items);
}

/** A group without a row of the value has null there, where count alone would say 0. */
function nullWithout(
  block: Parameters<typeof callNamed>[0],
  expression: TypedExpression,
  matches: TypedExpression,
): TypedExpression {
  if (![...expressionsIn(expression)].some((e) => e.kind === "aggregate" && !e.nullable)) return expression;
  const count = lookup("count");
  if (count.kind !== "aggregate") throw new SluiceError("INTERNAL_ERROR", { message: "count is not an aggregate." });
  const rows = aggregateCall(block, count, "count", [constant(INT, 1)], false, matches);
  return callNamed(block, "when", callNamed(block, ">", rows, constant(LONG, 0)), expression);
}

/** The aggregates of the expression, over the rows where the condition holds. */
function onlyWhere(
  block: Parameters<typeof callNamed>[0],
  expression: TypedExpression,
  matches: TypedExpression,
): TypedExpression {
  return rewriteExpression(expression, (e) => {
    if (e.kind !== "aggregate") return e;
    return { ...e, filter: e.filter ? callNamed(block, "and", e.filter, matches) : matches };
  });
}
