/** SELECT without grouping: computed columns, with windows, generators and lateral aliases below them. */
import { SluiceError } from "../../errors/error.ts";
import type { Expression } from "../../plan/messages.ts";
import { type Block, type GeneratorUse, withScope } from "../block.ts";
import type { NamedExpression, TypedExpression } from "../expression.ts";
import { resolveItem } from "../expressions.ts";
import type { PlanNode, ProjectNode } from "../plan.ts";
import { prettyName } from "../print.ts";
import { blockOf, type Place } from "../relation.ts";
import type { Resolved } from "../scope.ts";
import { applyTimeWindows } from "../time-window.ts";
import { expressionsIn, referencesOf } from "../walk.ts";
import { applyWindows } from "../window-function.ts";
import { aggregated } from "./aggregate.ts";
import { applyScalarJoins } from "./scalar-join.ts";

export function project(place: Place, input: Resolved, messages: readonly Expression[]): Resolved {
  const block = blockOf(place, input);
  return projected(block, input, selectList(block, messages));
}

/** The columns of a SELECT; each may name those before it. */
export function selectList(block: Block, messages: readonly Expression[]): NamedExpression[] {
  const items: NamedExpression[] = [];
  for (const message of messages) {
    const lateral = items.filter((n) => n.expression !== n.output);
    items.push(...resolveItem(withScope(block, { lateral }), message));
  }
  return items;
}

/** The relation with these columns, resolved over `input` in `block`. */
export function projected(block: Block, input: Resolved, items: readonly NamedExpression[]): Resolved {
  const isAggregate = (e: TypedExpression): boolean => [...expressionsIn(e)].some((p) => p.kind === "aggregate");
  const inWindows = block.pending.windows.flatMap((w) => [
    ...w.partition,
    ...w.order.map((o) => o.expression),
    ...w.args,
  ]);
  const inGenerators = block.pending.generators.flatMap((g) => [...g.args]);
  if (items.some((n) => isAggregate(n.expression)) || [...inWindows, ...inGenerators].some(isAggregate)) {
    return aggregated(block, input, [], items);
  }
  checkGenerators(block, items);
  const missing = hiddenIn(
    input,
    items.map((n) => n.expression),
  );
  let plan = missing.size > 0 ? (expose(input.plan, missing) ?? input.plan) : input.plan;
  plan = applyScalarJoins(plan, block.pending.joins);
  plan = applyTimeWindows(block, plan, block.pending.timeWindows);
  plan = applyGenerators(block.pending.generators, plan);
  plan = applyWindows(block, plan, block.pending.windows);
  plan = layers(plan, items);
  return { plan, output: plan.output, planIds: input.planIds, below: input };
}

export function applyGenerators(uses: readonly GeneratorUse[], input: PlanNode): PlanNode {
  return uses.reduce<PlanNode>((plan, g) => {
    return {
      kind: "generate",
      output: [...plan.output, ...g.outputs],
      input: plan,
      args: g.args,
      generate: g.generate,
      outer: g.outer,
      generated: g.outputs,
    };
  }, input);
}

function checkGenerators(block: Block, items: readonly NamedExpression[]): void {
  for (const generator of block.pending.generators) {
    const ids = new Set(generator.outputs.map((o) => o.id));
    for (const { expression } of items) {
      if (expression.kind === "attribute" || ![...referencesOf(expression)].some((id) => ids.has(id))) continue;
      throw new SluiceError("UNSUPPORTED_GENERATOR.NESTED_IN_EXPRESSIONS", {
        expression: `"${prettyName(expression, block.session)}"`,
      });
    }
  }
}

/** Projections one over the other, so that a column that names another of the same list is computed after it. */
function layers(input: PlanNode, items: readonly NamedExpression[]): ProjectNode {
  const own = new Map(items.filter((n) => n.expression !== n.output).map((n) => [n.output.id, n]));
  const available = new Set(input.output.map((a) => a.id));
  const waiting = (n: NamedExpression): boolean =>
    [...referencesOf(n.expression)].some((id) => own.has(id) && !available.has(id));
  let plan = input;
  let done = new Set<number>();
  while (items.some((n) => !done.has(n.output.id) && waiting(n))) {
    const layer = items.filter((n) => n.expression !== n.output && !done.has(n.output.id) && !waiting(n));
    const passed = plan.output.map((a): NamedExpression => ({ expression: a, output: a }));
    plan = {
      kind: "project",
      output: [...plan.output, ...layer.map((n) => n.output)],
      input: plan,
      expressions: [...passed, ...layer],
    };
    for (const n of layer) available.add(n.output.id);
    done = new Set([...done, ...layer.map((n) => n.output.id)]);
  }
  const expressions = items.map((n) => (done.has(n.output.id) ? { expression: n.output, output: n.output } : n));
  return { kind: "project", output: items.map((n) => n.output), input: plan, expressions };
}

/** Ids that the expressions read and that the relation doesn't put out, though they are below. */
export function hiddenIn(input: Resolved, expressions: readonly TypedExpression[]): Set<number> {
  const wanted = new Set<number>();
  for (const e of expressions) referencesOf(e, wanted);
  const known = new Set((input.hidden ?? []).map((a) => a.id));
  const visible = new Set(input.plan.output.map((a) => a.id));
  return new Set([...wanted].filter((id) => known.has(id) && !visible.has(id)));
}

/**
 * The plan that puts out these attributes too, after its own: projections on the way let them through. Undefined when
 * something on the way can't, such as an aggregation.
 */
export function expose(plan: PlanNode, ids: ReadonlySet<number>): PlanNode | undefined {
  const missing = [...ids].filter((id) => !plan.output.some((a) => a.id === id));
  if (missing.length === 0) return plan;
  switch (plan.kind) {
    case "project": {
      const input = expose(plan.input, new Set(missing));
      if (input === undefined) return undefined;
      const added = missing.map((id) => input.output.find((a) => a.id === id));
      if (added.some((a) => a === undefined)) return undefined;
      const more = (added as ProjectNode["output"][number][]).map((a) => ({ expression: a, output: a }));
      return {
        ...plan,
        input,
        expressions: [...plan.expressions, ...more],
        output: [...plan.output, ...more.map((n) => n.output)],
      };
    }
    case "filter":
    case "sort":
    case "limit":
    case "tail":
    case "sample":
    case "watermark": {
      const input = expose(plan.input, new Set(missing));
      if (input === undefined) return undefined;
      const added = input.output.filter((a) => missing.includes(a.id));
      return { ...plan, input, output: [...plan.output, ...added] };
    }
    default:
      return undefined;
  }
}
