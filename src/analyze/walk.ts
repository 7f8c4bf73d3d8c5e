/**
 * Walking and rewriting the analysed plan, driven by two small tables: which fields of a node hold inputs, and which hold
 * expressions. Everything else in this room goes through here.
 */
import type { AggregateCall, Attribute, NamedExpression, TypedExpression } from "./expression.ts";
import type { PlanNode, SortOrder } from "./plan.ts";

/** The inputs of a node, left to right. Plans inside expressions (subqueries) are not inputs. */
export function inputsOf(plan: PlanNode): readonly PlanNode[] {
  switch (plan.kind) {
    case "local":
    case "range":
    case "scan":
    case "cached":
      return [];
    case "join":
      return [plan.left, plan.right];
    case "union":
      return plan.inputs;
    default:
      return [plan.input];
  }
}

/** The node with its inputs replaced; itself when none changed. */
export function mapInputs(plan: PlanNode, change: (input: PlanNode) => PlanNode): PlanNode {
  switch (plan.kind) {
    case "local":
    case "range":
    case "scan":
    case "cached":
      return plan;
    case "join": {
      const left = change(plan.left);
      const right = change(plan.right);
      return left === plan.left && right === plan.right ? plan : { ...plan, left, right };
    }
    case "union": {
      const inputs = plan.inputs.map(change);
      return inputs.every((input, i) => input === plan.inputs[i]) ? plan : { ...plan, inputs };
    }
    default: {
      const input = change(plan.input);
      return input === plan.input ? plan : { ...plan, input };
    }
  }
}

/** Rewrites a plan from its leaves up. */
export function rewritePlan(plan: PlanNode, change: (node: PlanNode) => PlanNode): PlanNode {
  return change(mapInputs(plan, (input) => rewritePlan(input, change)));
}

/** Every node, inputs before the node that reads them, left before right: Spark's order of stateful operators. */
export function* nodesOf(plan: PlanNode): Generator<PlanNode> {
  for (const input of inputsOf(plan)) yield* nodesOf(input);
  yield plan;
}

/** The direct parts of an expression. */
export function partsOf(expression: TypedExpression): readonly TypedExpression[] {
  switch (expression.kind) {
    case "attribute":
    case "literal":
    case "variable":
    case "subquery":
      return [];
    case "call":
    case "script":
      return expression.args;
    case "aggregate":
      return expression.filter ? [...expression.args, expression.filter] : expression.args;
    case "cast":
    case "field":
      return [expression.child];
    case "lambda":
      return [expression.body];
    case "inSubquery":
      return [expression.value];
  }
}

/** The expression with its direct parts replaced; itself when none changed. */
export function mapParts(
  expression: TypedExpression,
  change: (part: TypedExpression) => TypedExpression,
): TypedExpression {
  switch (expression.kind) {
    case "attribute":
    case "literal":
    case "variable":
    case "subquery":
      return expression;
    case "call":
    case "script": {
      const args = mapAll(expression.args, change);
      return args === expression.args ? expression : { ...expression, args };
    }
    case "aggregate": {
      const args = mapAll(expression.args, change);
      const filter = expression.filter && change(expression.filter);
      return args === expression.args && filter === expression.filter ? expression : { ...expression, args, filter };
    }
    case "cast":
    case "field": {
      const child = change(expression.child);
      return child === expression.child ? expression : { ...expression, child };
    }
    case "lambda": {
      const body = change(expression.body);
      return body === expression.body ? expression : { ...expression, body };
    }
    case "inSubquery": {
      const value = change(expression.value);
      return value === expression.value ? expression : { ...expression, value };
    }
  }
}

/** `list.map(change)`, or the very list when nothing changed. */
export function mapAll<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  let changed = false;
  const out = list.map((item) => {
    const made = change(item);
    if (made !== item) changed = true;
    return made;
  });
  return changed ? out : list;
}

/** Rewrites an expression from its leaves up. */
export function rewriteExpression(
  expression: TypedExpression,
  change: (e: TypedExpression) => TypedExpression,
): TypedExpression {
  return change(mapParts(expression, (part) => rewriteExpression(part, change)));
}

/** The expression and all its parts, outermost first. */
export function* expressionsIn(expression: TypedExpression): Generator<TypedExpression> {
  yield expression;
  for (const part of partsOf(expression)) yield* expressionsIn(part);
}

/** Ids of the attributes that an expression reads, outer references of its subqueries included. */
export function referencesOf(expression: TypedExpression, into = new Set<number>()): Set<number> {
  for (const e of expressionsIn(expression)) {
    if (e.kind === "attribute") into.add(e.id);
  }
  return into;
}

/** True when evaluating twice gives the same, and evaluating never is no loss. */
export function isDeterministic(expression: TypedExpression): boolean {
  for (const e of expressionsIn(expression)) {
    if (e.kind === "script" || (e.kind === "call" && !e.deterministic)) return false;
  }
  return true;
}

/** Every expression that stands directly in a node (sort keys, conditions, projections), not those of its inputs. */
export function expressionsOf(plan: PlanNode): readonly TypedExpression[] {
  switch (plan.kind) {
    case "project":
      return plan.expressions.map((e) => e.expression);
    case "filter":
      return [plan.condition];
    case "jsonDecode":
      return plan.rejects === undefined ? [plan.source] : [plan.source, plan.rejects.record];
    case "watermark":
      return [plan.column];
    case "expand":
      return plan.projections.flat();
    case "generate":
      return plan.args;
    case "aggregate":
      return [
        ...plan.grouping.map((g) => g.expression),
        ...plan.aggregates.map((a) => a.call),
        ...(plan.lateRow ?? []),
      ];
    case "deduplicate":
      return plan.keys;
    case "join":
      return [...plan.keys.flatMap((k) => [k.left, k.right]), ...(plan.residual ? [plan.residual] : [])];
    case "sort":
      return plan.order.map((o) => o.expression);
    case "window":
      return [...plan.partition, ...plan.order.map((o) => o.expression), ...plan.functions.flatMap((f) => [...f.args])];
    case "observe":
      return plan.metrics.map((m) => m.call);
    default:
      return [];
  }
}

/**
 * The node with every direct expression replaced. Where the contract wants an attribute or an aggregate call, the
 * replacement must be one too.
 */
export function mapExpressions(plan: PlanNode, change: (e: TypedExpression) => TypedExpression): PlanNode {
  const named = (n: NamedExpression): NamedExpression => {
    const expression = change(n.expression);
    return expression === n.expression ? n : { ...n, expression };
  };
  const order = (o: SortOrder): SortOrder => ({ ...o, expression: change(o.expression) });
  const call = <T extends { readonly call: AggregateCall }>(a: T): T => ({
    ...a,
    call: change(a.call) as AggregateCall,
  });
  const attribute = (a: Attribute): Attribute => {
    const made = change(a);
    return made.kind === "attribute" ? made : a;
  };
  switch (plan.kind) {
    case "project":
      return { ...plan, expressions: plan.expressions.map(named) };
    case "filter":
      return { ...plan, condition: change(plan.condition) };
    case "jsonDecode":
      return {
        ...plan,
        source: attribute(plan.source),
        ...(plan.rejects && { rejects: { ...plan.rejects, record: attribute(plan.rejects.record) } }),
      };
    case "watermark":
      return { ...plan, column: attribute(plan.column) };
    case "expand":
      return { ...plan, projections: plan.projections.map((p) => p.map(change)) };
    case "generate":
      return { ...plan, args: plan.args.map(change) };
    case "aggregate":
      return {
        ...plan,
        grouping: plan.grouping.map(named),
        aggregates: plan.aggregates.map(call),
        ...(plan.lateRow && { lateRow: plan.lateRow.map(attribute) }),
      };
    case "deduplicate":
      return { ...plan, keys: plan.keys.map(attribute) };
    case "join":
      return {
        ...plan,
        keys: plan.keys.map((k) => ({ ...k, left: change(k.left), right: change(k.right) })),
        residual: plan.residual && change(plan.residual),
      };
    case "sort":
      return { ...plan, order: plan.order.map(order) };
    case "window":
      return {
        ...plan,
        partition: plan.partition.map(change),
        order: plan.order.map(order),
        functions: plan.functions.map((f) => ({ ...f, args: f.args.map(change) })),
      };
    case "observe":
      return { ...plan, metrics: plan.metrics.map(call) };
    default:
      return plan;
  }
}

/** Attributes that a node itself defines: what isn't simply passed on from its inputs. */
export function definedBy(plan: PlanNode): readonly Attribute[] {
  const passed = new Set(inputsOf(plan).flatMap((input) => input.output.map((a) => a.id)));
  return plan.output.filter((a) => !passed.has(a.id));
}
