/** WHERE and HAVING; EXISTS and IN with a subquery become joins here. */
import { SluiceError } from "../../errors/error.ts";
import type { Expression, Filter } from "../../plan/messages.ts";
import { SubqueryExpression_SubqueryType as Kind, type SubqueryExpression } from "../../plan/messages.ts";
import { type Block, refusePending } from "../block.ts";
import { callNamed } from "../calls.ts";
import type { Attribute, NamedExpression, TypedExpression } from "../expression.ts";
import { condition, needed } from "../expressions.ts";
import type { PlanNode, ProjectNode } from "../plan.ts";
import { prettyName } from "../print.ts";
import { analyzeRelation, blockOver, type Place } from "../relation.ts";
import { deepScopeOf, type Resolved, unresolvedColumn } from "../scope.ts";
import { applyTimeWindows } from "../time-window.ts";
import { expressionsIn, referencesOf, rewriteExpression } from "../walk.ts";
import { oneRow } from "./leaf.ts";
import { expose } from "./project.ts";
import { applyScalarJoins } from "./scalar-join.ts";
import { subqueryJoin } from "./subquery-join.ts";

export function filterRelation(place: Place, message: Filter): Resolved {
  const input = message.input ? analyzeRelation(place, message.input) : oneRow();
  const clause = input.aggregate ? "HAVING" : "WHERE";
  let result = input;
  for (const conjunct of conjuncts(needed(message.condition), place)) {
    result = filterOne(place, result, conjunct, clause);
  }
  return result;
}

/** The parts of a condition that are joined by AND. */
export function conjuncts(message: Expression, place: Place): Expression[] {
  const e = message.exprType;
  if (e.case === "expressionString") return conjuncts(place.session.context.parseExpression(e.value.expression), place);
  if (
    e.case === "unresolvedFunction" &&
    e.value.functionName.toLowerCase() === "and" &&
    e.value.arguments.length === 2
  ) {
    return e.value.arguments.flatMap((a) => conjuncts(a, place));
  }
  return [message];
}

/** The subquery of a conjunct that is EXISTS or IN, perhaps under NOT. */
function subqueryIn(message: Expression): { subquery: SubqueryExpression; negated: boolean } | undefined {
  const e = message.exprType;
  if (e.case === "unresolvedFunction" && (e.value.functionName === "not" || e.value.functionName === "!")) {
    const inner = e.value.arguments[0] && subqueryIn(e.value.arguments[0]);
    return inner && { ...inner, negated: !inner.negated };
  }
  if (e.case !== "subqueryExpression") return undefined;
  const kind = e.value.subqueryType;
  if (kind !== Kind.EXISTS && kind !== Kind.IN) return undefined;
  return { subquery: e.value, negated: false };
}

function filterOne(place: Place, input: Resolved, message: Expression, clause: string): Resolved {
  const scope = deepScopeOf(input, place.outer);
  const block = blockOver(place, scope, input.aggregate ? "allowed" : { refusedIn: clause });
  const found = subqueryIn(message);
  if (found !== undefined && input.aggregate === undefined) {
    return { ...input, plan: subqueryJoin(block, input, found.subquery, found.negated) };
  }
  const { session } = place;
  session.grouping = input.aggregate?.grouping;
  const expression = condition(block, message, clause.toLowerCase());
  session.grouping = undefined;
  return { ...filtered(block, input, expression), planIds: input.planIds };
}

/** The relation filtered by an expression that may read what is below it. */
function filtered(block: Block, input: Resolved, expression: TypedExpression): Resolved {
  const { aggregate } = input;
  const { pending } = block;
  if (aggregate === undefined || !needsBelow(input, expression)) {
    refuseRows(block, expression);
    const source = applyTimeWindows(block, applyScalarJoins(input.plan, pending.joins), pending.timeWindows);
    const plan = filterOver(source, expression);
    return { ...input, plan: source === input.plan ? plan : only(plan, input.plan.output) };
  }
  refusePending(block, "a condition on groups");
  const having: NamedExpression = {
    expression: overInput(aggregate.items, expression),
    output: block.session.attribute("having", expression.type, expression.nullable),
  };
  const extend = (extra: readonly NamedExpression[]): PlanNode => {
    const plan = aggregate.extend([having, ...extra]);
    const kept = plan.output.filter((a) => a.id !== having.output.id);
    return only({ kind: "filter", output: plan.output, input: plan, condition: having.output }, kept);
  };
  return { ...input, plan: asUnresolved(input, () => extend([])), aggregate: { ...aggregate, extend } };
}

/** Runs `work`; a column under an aggregation that isn't grouped by is, seen from above it, no column at all. */
export function asUnresolved<T>(input: Resolved, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const isMissing = error instanceof SluiceError && /^MISSING_(AGGREGATION|GROUP_BY)$/.test(error.condition);
    if (!isMissing) throw error;
    throw unresolvedColumn([error.messageParameters["expression"].replaceAll('"', "")], input.output);
  }
}

/** A window function or a generator has no value while rows are being filtered. */
function refuseRows(block: Block, expression: TypedExpression): void {
  if (block.pending.windows.length > 0)
    throw new SluiceError("WINDOW_FUNCTION_NOT_ALLOWED_IN_CLAUSE", { clauseName: "WHERE" });
  if (block.pending.generators.length === 0) return;
  throw new SluiceError("INVALID_WHERE_CONDITION", { expressionList: prettyName(expression, block.session) });
}

/** A filter; columns that it reads and that the plan hides are let through below it, and dropped again above. */
export function filterOver(plan: PlanNode, expression: TypedExpression): PlanNode {
  const wanted = referencesOf(expression);
  const source = expose(plan, wanted) ?? plan;
  const filter: PlanNode = { kind: "filter", output: source.output, input: source, condition: expression };
  return source === plan ? filter : only(filter, plan.output);
}

/** The plan with these columns of it only. */
export function only(input: PlanNode, output: readonly Attribute[]): ProjectNode {
  return { kind: "project", output, input, expressions: output.map((a) => ({ expression: a, output: a })) };
}

/** True when the expression aggregates, or reads something that the aggregation doesn't put out. */
export function needsBelow(input: Resolved, expression: TypedExpression): boolean {
  const visible = new Set(input.plan.output.map((a) => a.id));
  const below = new Set(input.aggregate?.input.output.map((a) => a.id));
  for (const e of expressionsIn(expression)) {
    if (e.kind === "aggregate") return true;
    if (e.kind === "attribute" && !visible.has(e.id) && below.has(e.id)) return true;
  }
  return false;
}

/** An expression over an aggregation's results, over its input instead. */
export function overInput(items: readonly NamedExpression[], expression: TypedExpression): TypedExpression {
  const own = new Map(items.map((n) => [n.output.id, n.expression]));
  return rewriteExpression(expression, (e) => (e.kind === "attribute" ? (own.get(e.id) ?? e) : e));
}

/** All of these at once; undefined for none. */
export function allOf(block: Block, conditions: readonly TypedExpression[]): TypedExpression | undefined {
  if (conditions.length === 0) return undefined;
  return conditions.reduce((a, b) => callNamed(block, "and", a, b));
}
