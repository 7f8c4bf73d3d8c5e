/** GROUP BY in all its forms. */
import { SluiceError } from "../../errors/error.ts";
import { type Aggregate, Aggregate_GroupType, type Expression } from "../../plan/messages.ts";
import { sqlType } from "../../types/print.ts";
import type { DataType } from "../../types/types.ts";
import { type Block, type WindowUse, withScope } from "../block.ts";
import { sameExpression } from "../equality.ts";
import type { AggregateCall, Attribute, NamedExpression, TypedExpression } from "../expression.ts";
import { alias, resolveItem } from "../expressions.ts";
import { at } from "../place.ts";
import type { AggregateNode, PlanNode } from "../plan.ts";
import { prettyName } from "../print.ts";
import { analyzeRelation, blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { applyTimeWindows, SESSION_WINDOW_KEY } from "../time-window.ts";
import { expressionsIn, mapParts, rewriteExpression } from "../walk.ts";
import { applyWindows } from "../window-function.ts";
import { expandSets, groupingSetsOf } from "./grouping-sets.ts";
import { oneRow } from "./leaf.ts";
import { pivoted } from "./pivot.ts";
import { applyGenerators, expose, hiddenIn, selectList } from "./project.ts";
import { applyScalarJoins } from "./scalar-join.ts";

export function aggregateRelation(place: Place, message: Aggregate): Resolved {
  const input = message.input ? analyzeRelation(place, message.input) : oneRow();
  if (message.groupType === Aggregate_GroupType.PIVOT) return pivoted(place, input, message);
  const block = blockOf(place, input);
  const { list, isSql } = resultsOf(message);
  const grouping = resolveGrouping(block, message.groupingExpressions, list);
  const sets = groupingSetsOf(message, grouping, (m) => resolveGrouping(block, [m], list)[0]);
  if (sets !== undefined) return expandSets(place, block, input, grouping, sets, list, isSql);
  const inner = withScope(block, { attributes: withWindows(block) });
  const results = isSql ? selectList(inner, list) : [...groupingResults(grouping), ...selectList(inner, list)];
  return aggregated(inner, input, grouping, results);
}

function groupingResults(grouping: readonly NamedExpression[]): NamedExpression[] {
  return grouping.map((g) => ({ expression: g.expression, output: g.output }));
}

/** The columns asked for. SQL's are the whole select list; Spark Connect's stand after the grouping columns. */
function resultsOf(message: Aggregate): { list: readonly Expression[]; isSql: boolean } {
  const [first] = message.aggregateExpressions;
  const call = first?.exprType.case === "unresolvedFunction" ? first.exprType.value : undefined;
  if (call?.functionName === "select_list" && call.isInternal) return { list: call.arguments, isSql: true };
  return { list: message.aggregateExpressions, isSql: false };
}

/** The windows that GROUP BY asked for can be named in the results. */
function withWindows(block: Block): Attribute[] {
  const { attributes } = block.scope;
  const windows = block.pending.timeWindows.map((w) => w.output);
  // A column of the input that has the name already keeps it.
  return [...attributes, ...windows.filter((w) => !attributes.some((a) => block.session.sameName(a.name, w.name)))];
}

/** Grouping expressions: columns, ordinals of the select list, its aliases, or ALL. */
export function resolveGrouping(
  block: Block,
  messages: readonly Expression[],
  list: readonly Expression[],
): NamedExpression[] {
  if (messages.length === 1 && isAll(block, messages[0])) return groupByAll(block, list);
  const plain: Block = { ...block, aggregates: { refusedIn: "GROUP BY" } };
  return messages.flatMap((message) => {
    return at(message, () => {
      const found = byOrdinal(block, message, list) ?? resolveOrAlias(plain, block, message, list);
      for (const { expression } of found) checkGrouping(block, expression);
      return found;
    });
  });
}

function isAll(block: Block, message: Expression): boolean {
  const e = message.exprType;
  if (e.case !== "unresolvedAttribute" || e.value.unparsedIdentifier.toLowerCase() !== "all") return false;
  return !block.scope.attributes.some((a) => block.session.sameName(a.name, "all"));
}

function groupByAll(block: Block, list: readonly Expression[]): NamedExpression[] {
  const probe: Block = { ...block, pending: { ...block.pending, windows: [] } };
  return selectList(probe, list).filter((n) => ![...expressionsIn(n.expression)].some((e) => e.kind === "aggregate"));
}

function byOrdinal(block: Block, message: Expression, list: readonly Expression[]): NamedExpression[] | undefined {
  const literal = message.exprType.case === "literal" ? message.exprType.value.literalType : undefined;
  if (literal?.case !== "integer") return undefined;
  const items = selectList({ ...block, pending: { ...block.pending, windows: [] } }, list);
  const item = items[literal.value - 1];
  if (item === undefined) {
    throw new SluiceError("GROUP_BY_POS_OUT_OF_RANGE", { index: literal.value, size: items.length });
  }
  refuseAggregates(block, item.expression);
  return [item];
}

function refuseAggregates(block: Block, expression: TypedExpression): void {
  for (const e of expressionsIn(expression)) {
    if (e.kind !== "aggregate") continue;
    throw new SluiceError("GROUP_BY_AGGREGATE", { sqlExpr: prettyName(e, block.session) });
  }
}

/** A column of the input; where there is none of that name, the select list's expression under it. */
function resolveOrAlias(
  plain: Block,
  block: Block,
  message: Expression,
  list: readonly Expression[],
): NamedExpression[] {
  try {
    return resolveItem(plain, message);
  } catch (error) {
    if (!(error instanceof SluiceError)) throw error;
    if (error.condition === "INVALID_AGGREGATE_PLACE") {
      throw new SluiceError("GROUP_BY_AGGREGATE", { sqlExpr: error.messageParameters["function"] ?? "" });
    }
    const e = message.exprType;
    if (!error.condition.startsWith("UNRESOLVED_COLUMN") || e.case !== "unresolvedAttribute") throw error;
    const name = e.value.unparsedIdentifier.replaceAll("`", "");
    const aliased = list.filter(
      (m) =>
        m.exprType.case === "alias" &&
        m.exprType.value.name.length === 1 &&
        block.session.sameName(m.exprType.value.name[0], name),
    );
    if (aliased.length === 0) throw error;
    const found = resolveItem(block, aliased[0]);
    for (const { expression } of found) refuseAggregates(block, expression);
    return found;
  }
}

function checkGrouping(block: Block, expression: TypedExpression): void {
  const hasMap = (type: DataType): boolean =>
    type.kind === "map" ||
    (type.kind === "array" && hasMap(type.elementType)) ||
    (type.kind === "struct" && type.fields.some((f) => hasMap(f.type)));
  if (!hasMap(expression.type)) return;
  throw new SluiceError("GROUP_EXPRESSION_TYPE_IS_NOT_ORDERABLE", {
    sqlExpr: `"${prettyName(expression, block.session)}"`,
    dataType: `"${sqlType(expression.type)}"`,
  });
}

/** The aggregation of `input` with these results, which are resolved over it in `block`. */
export function aggregated(
  block: Block,
  input: Resolved,
  grouping: readonly NamedExpression[],
  items: readonly NamedExpression[],
): Resolved {
  const build = (extra: readonly NamedExpression[]): PlanNode => {
    const missing = hiddenIn(
      input,
      [...grouping, ...items, ...extra].map((n) => n.expression),
    );
    const source = missing.size > 0 ? (expose(input.plan, missing) ?? input.plan) : input.plan;
    const below = applyTimeWindows(block, applyScalarJoins(source, block.pending.joins), block.pending.timeWindows);
    return new AggregateBuilder(block, below, grouping).build([...items, ...extra]);
  };
  const plan = build([]);
  const windows = block.pending.timeWindows.map((w) => w.output);
  const scope: Resolved = windows.length === 0 ? input : { ...input, output: [...input.output, ...windows] };
  return {
    plan,
    output: plan.output,
    planIds: input.planIds,
    aggregate: { input: scope, items, extend: build },
  };
}

/** Collects the aggregate calls of result expressions and rewrites these over the Aggregate node. */
class AggregateBuilder {
  readonly #block: Block;
  readonly #input: PlanNode;
  readonly #grouping: NamedExpression[] = [];
  readonly #aggregates: { call: AggregateCall; output: Attribute }[] = [];

  constructor(block: Block, input: PlanNode, grouping: readonly NamedExpression[]) {
    this.#block = block;
    this.#input = input;
    for (const g of grouping) {
      if (this.#grouping.some((known) => sameExpression(known.expression, g.expression))) continue;
      const isColumn = g.expression.kind === "attribute";
      const output = isColumn ? (g.expression as Attribute) : alias(block, g.expression, g.output.name).output;
      this.#grouping.push({ expression: g.expression, output });
    }
  }

  build(items: readonly NamedExpression[]): PlanNode {
    const inlined = inlineLateral(items);
    const expressions = inlined.map((n) => ({ expression: this.#over(n.expression), output: n.output }));
    const windows = this.#block.pending.windows.map((w) => this.#windowOver(w));
    const session = this.#grouping.findIndex((g) => g.output.metadata?.[SESSION_WINDOW_KEY] === true);
    const generators = this.#block.pending.generators.map((g) => ({ ...g, args: g.args.map((a) => this.#over(a)) }));
    const node: AggregateNode = {
      kind: "aggregate",
      output: [...this.#grouping.map((g) => g.output), ...this.#aggregates.map((a) => a.output)],
      input: this.#input,
      grouping: this.#grouping,
      aggregates: this.#aggregates,
      sessionColumn: session < 0 ? undefined : session,
      operatorId: undefined,
    };
    const input = applyWindows(this.#block, applyGenerators(generators, node), windows);
    return { kind: "project", output: expressions.map((n) => n.output), input, expressions };
  }

  /** The expression over the Aggregate's output. Throws MISSING_AGGREGATION. */
  #over(expression: TypedExpression): TypedExpression {
    const group = this.#grouping.find((g) => sameExpression(g.expression, expression));
    if (group !== undefined) return group.output;
    if (expression.kind === "aggregate") return this.#aggregate(expression);
    if (expression.kind === "attribute") {
      if (this.#grouping.some((g) => g.output.id === expression.id)) return expression;
      if (this.#block.pending.windows.some((w) => w.output.id === expression.id)) return expression;
      if (this.#block.pending.generators.some((g) => g.outputs.some((o) => o.id === expression.id))) return expression;
      if (!this.#input.output.some((a) => a.id === expression.id)) return expression;
      if (this.#grouping.length === 0)
        throw new SluiceError("MISSING_GROUP_BY", { expression: `"${expression.name}"` });
      throw new SluiceError("MISSING_AGGREGATION", {
        expression: `"${expression.name}"`,
        expressionAnyValue: `"any_value(${expression.name})"`,
      });
    }
    return mapParts(expression, (part) => this.#over(part));
  }

  #aggregate(call: AggregateCall): Attribute {
    for (const arg of [...call.args, ...(call.filter ? [call.filter] : [])]) {
      for (const e of expressionsIn(arg)) {
        if (e.kind === "aggregate") throw new SluiceError("NESTED_AGGREGATE_FUNCTION", {});
      }
    }
    const known = this.#aggregates.find((a) => sameExpression(a.call, call));
    if (known !== undefined) return known.output;
    const name = prettyName(call, this.#block.session);
    const output = this.#block.session.attribute(name, call.type, call.nullable);
    this.#aggregates.push({ call, output });
    return output;
  }

  #windowOver(use: WindowUse): WindowUse {
    const over = (e: TypedExpression): TypedExpression => this.#over(e);
    const args = use.args.map(over);
    return {
      ...use,
      partition: use.partition.map(over),
      order: use.order.map((o) => ({ ...o, expression: over(o.expression) })),
      args,
      ...(use.call ? { call: { ...use.call, args } } : {}),
    };
  }
}

/** Results that name other results of the same list, with what they name put in their place. */
function inlineLateral(items: readonly NamedExpression[]): NamedExpression[] {
  const own = new Map(items.filter((n) => n.expression !== n.output).map((n) => [n.output.id, n.expression]));
  const inline = (e: TypedExpression): TypedExpression =>
    rewriteExpression(e, (part) => {
      const named = part.kind === "attribute" ? own.get(part.id) : undefined;
      return named === undefined ? part : inline(named);
    });
  return items.map((n) => {
    const isColumn = n.expression === n.output && !own.has(n.output.id);
    return isColumn ? n : { ...n, expression: inline(n.expression) };
  });
}
