/** Runs a batch plan. */
import type { ScalarSubquery, TypedExpression } from "../../analyze/expression.ts";
import type { PlanNode } from "../../analyze/plan.ts";
import { rowsOf } from "../../columns/rows.ts";
import type { Batch } from "../../columns/vector.ts";
import { SluiceError } from "../../errors/error.ts";
import type { RunContext } from "../../functions/definition.ts";
import type { Value } from "../../types/values.ts";
import { inputsOf, PlanBuilder, unsupported } from "./build.ts";
import type { ExecutionContext, StreamBatchRequest } from "./contract.ts";
import { drain } from "./operator.ts";

/**
 * Rows of a batch plan.
 *
 * @throws WideRequired when a 64-bit value is not exact as a number: run it again with `context.wide`
 */
export async function* runBatchPlan(plan: PlanNode, context: ExecutionContext): AsyncGenerator<Batch> {
  const values = await subqueryValues(plan, context);
  const builder = batchBuilder(context, (x) => values.get(x) ?? null);
  yield* builder.build(plan).run(requestOf(context));
  for (const observation of builder.observations) context.observer?.(observation.metrics());
}

/** The code that each stage of the plan runs. */
export function batchCode(plan: PlanNode, context: ExecutionContext): { stage: string; code: string }[] {
  const builder = batchBuilder(context, () => null);
  builder.build(plan);
  return builder.stages.map((s) => ({ stage: s.name, code: s.preview() }));
}

function batchBuilder(context: ExecutionContext, subquery: (x: ScalarSubquery) => Value): PlanBuilder {
  const run: RunContext = { nowUs: context.nowUs, seed: context.seed, rows: 0, user: userName() };
  return new PlanBuilder({
    settings: context.settings,
    wide: context.wide,
    run,
    outputMode: undefined,
    script: (token) => context.script(token) as (...args: Value[]) => Value,
    subquery,
  });
}

export function userName(): string {
  return process.env["USER"] ?? process.env["USERNAME"] ?? "";
}

function requestOf(context: ExecutionContext): StreamBatchRequest {
  return {
    context,
    batchId: 0,
    readStream() {
      throw unsupported("Reading a stream in a batch query", "Start it with writeStream.");
    },
    lateUs: -1,
    evictUs: -1,
  };
}

async function subqueryValues(plan: PlanNode, context: ExecutionContext): Promise<Map<ScalarSubquery, Value>> {
  const values = new Map<ScalarSubquery, Value>();
  for (const x of subqueriesOf(plan)) {
    const rows = (await drain(runBatchPlan(x.plan, context))).flatMap(rowsOf);
    if (rows.length > 1) throw new SluiceError("SCALAR_SUBQUERY_TOO_MANY_ROWS", { rows: rows.length });
    values.set(x, rows[0]?.[0] ?? null);
  }
  return values;
}

function subqueriesOf(plan: PlanNode): ScalarSubquery[] {
  const found: ScalarSubquery[] = [];
  const visit = (x: TypedExpression): void => {
    switch (x.kind) {
      case "subquery":
        found.push(x);
        return;
      case "cast":
      case "field":
        visit(x.child);
        return;
      case "call":
      case "script":
        x.args.forEach(visit);
        return;
      case "aggregate":
        x.args.forEach(visit);
        if (x.filter) visit(x.filter);
        return;
      case "lambda":
        visit(x.body);
        return;
      default:
    }
  };
  const walk = (node: PlanNode): void => {
    for (const x of expressionsOf(node)) visit(x);
    for (const input of inputsOf(node)) walk(input);
  };
  walk(plan);
  return found;
}

function expressionsOf(node: PlanNode): readonly TypedExpression[] {
  switch (node.kind) {
    case "project":
      return node.expressions.map((e) => e.expression);
    case "filter":
      return [node.condition];
    case "expand":
      return node.projections.flat();
    case "generate":
      return node.args;
    case "aggregate":
      return [...node.grouping.map((g) => g.expression), ...node.aggregates.map((a) => a.call)];
    case "join":
      return [...node.keys.flatMap((k) => [k.left, k.right]), ...(node.residual ? [node.residual] : [])];
    case "sort":
      return node.order.map((o) => o.expression);
    case "window":
      return [...node.partition, ...node.order.map((o) => o.expression), ...node.functions.flatMap((f) => f.args)];
    case "observe":
      return node.metrics.map((m) => m.call);
    default:
      return [];
  }
}
