/** From the analysed plan to operators. A node kind without a case here doesn't compile. */
import type { NamedExpression, ScalarSubquery } from "../../analyze/expression.ts";
import { joinOutputWatermarkUs } from "../../analyze/join-watermark.ts";
import type { AggregateNode, JoinNode, ObserveNode, PlanNode } from "../../analyze/plan.ts";
import { expressionsOf, referencesOf } from "../../analyze/walk.ts";
import type { StageEnvironment, StageStep } from "../../compile/stage.ts";
import type { OutputMode } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";
import type { RunContext, SessionSettings } from "../../functions/definition.ts";
import type { Value } from "../../types/values.ts";
import { batchAggregate, StreamAggregate } from "./aggregate.ts";
import { batchDeduplicate, StreamDeduplicate } from "./dedup.ts";
import { HashJoin } from "./join.ts";
import { jsonEncodeOperator, splitJson } from "./jsonencode.ts";
import type { TakeLateRow } from "./laterows.ts";
import { cachedOperator, localOperator, rangeOperator, scanOperator } from "./leaves.ts";
import { Observation, observeOperator } from "./observe.ts";
import type { Operator, StatefulOperator } from "./operator.ts";
import type { RejectedRecords } from "./rejects.ts";
import { SessionAggregate } from "./session.ts";
import {
  type BadRecords,
  generateOperator,
  jsonDecodeOperator,
  jsonFieldsOf,
  limitOperator,
  sampleOperator,
  stageOperator,
  tailOperator,
  unionOperator,
} from "./simple.ts";
import { sortOperator, windowOperator } from "./sort.ts";
import { StreamJoin } from "./streamjoin.ts";
import { streamLimit } from "./streamlimit.ts";

/** Event times taken in at one withWatermark: `[count, max, min, sum]`, microseconds. */
export interface WatermarkStats {
  readonly delayUs: number;
  readonly stats: Float64Array;
}

export function resetStats(stats: Float64Array): void {
  stats[0] = 0;
  stats[1] = Number.NEGATIVE_INFINITY;
  stats[2] = Number.POSITIVE_INFINITY;
  stats[3] = 0;
}

export interface BuildOptions {
  readonly settings: SessionSettings;
  readonly wide: boolean;
  readonly run: RunContext;
  /** Undefined for a batch query. */
  readonly outputMode: OutputMode | undefined;
  readonly script: (token: string) => (...args: Value[]) => Value;
  readonly subquery: (expression: ScalarSubquery) => Value;
  /** Set where records that can't be decoded are taken out of the stream. */
  readonly rejects?: RejectedRecords | undefined;
  /** Told each row that a watermark drops. */
  readonly takeLateRow?: TakeLateRow | undefined;
}

export class PlanBuilder {
  readonly watermarks: WatermarkStats[] = [];
  readonly stateful: StatefulOperator[] = [];
  readonly observations: Observation[] = [];
  readonly badRecords: BadRecords = { count: 0 };
  readonly stages: { readonly preview: () => string; readonly name: string }[] = [];
  /** Nodes whose texts nobody reads but they. */
  readonly #dropped = new Set<PlanNode>();
  readonly #options: BuildOptions;
  readonly #environment: StageEnvironment;

  constructor(options: BuildOptions) {
    this.#options = options;
    this.#environment = {
      settings: options.settings,
      wide: options.wide,
      run: options.run,
      surroundings: {
        script: (call) => options.script(call.token),
        subquery: (x) => {
          if (x.kind !== "subquery") throw unsupported("IN with a subquery", "Write it as a left semi join.");
          return options.subquery(x);
        },
      },
    };
  }

  build(node: PlanNode): Operator {
    const env = this.#environment;
    const streaming = this.#options.outputMode !== undefined;
    switch (node.kind) {
      case "local":
        return localOperator(node, env.wide);
      case "range":
        return rangeOperator(node, env.wide);
      case "cached":
        return cachedOperator(node, env.wide);
      case "scan":
        return scanOperator(node, this.#options.rejects);
      case "project":
      case "filter":
      case "watermark":
      case "expand":
        return this.#stage(node);
      case "jsonDecode": {
        const { input } = node;
        const fields = jsonFieldsOf(node, env, !this.#dropped.has(node));
        const below = input.kind === "scan" ? scanOperator(input, this.#options.rejects, fields) : this.build(input);
        return jsonDecodeOperator(node, below, this.badRecords, this.#options.rejects, env);
      }
      case "generate":
        return generateOperator(node, this.build(node.input), env);
      case "aggregate":
        return this.#aggregate(node, false);
      case "deduplicate":
        if (node.operatorId === undefined) return batchDeduplicate(node, this.build(node.input), env);
        return this.#keep(node, new StreamDeduplicate(node, this.build(node.input), env, this.#options.takeLateRow));
      case "join":
        return this.#join(node);
      case "union":
        return unionOperator(
          node,
          node.inputs.map((i) => this.build(i)),
        );
      case "sort":
        return sortOperator(node, this.build(node.input), env);
      case "limit":
        if (streaming && node.operatorId !== undefined)
          return this.#keep(node, streamLimit(node, this.build(node.input), env.wide));
        return limitOperator(node, this.build(node.input));
      case "tail":
        return tailOperator(node, this.build(node.input), env.wide);
      case "sample":
        return sampleOperator(node, this.build(node.input));
      case "window":
        return windowOperator(node, this.build(node.input), env);
      case "observe":
        return this.#observe(node);
    }
  }

  #keep<T extends StatefulOperator>(node: PlanNode, operator: T): T {
    operator.shiftUs = Math.min(0, ...inputsOf(node).filter(isStreaming).map(outputShiftUs));
    this.stateful.push(operator);
    return operator;
  }

  /** Keeps a stage for explain("codegen"). */
  #note(stage: { preview(): string; readonly name: string }): void {
    this.stages.push({ name: stage.name, preview: () => stage.preview() });
  }

  #stage(node: PlanNode): Operator {
    const json = node.kind === "project" ? splitJson(node) : undefined;
    if (json !== undefined) return jsonEncodeOperator(json, this.#stage(json.below), this.#environment);
    const { input, steps } = this.#peel(node);
    const operator = stageOperator(
      steps.map((s) => s.kind).join(" "),
      input.kind === "aggregate" ? this.#aggregate(input, true) : this.build(input),
      steps,
      node.output,
      this.#environment,
    );
    this.#note(operator.stage);
    return operator;
  }

  /** The longest run of nodes from here down that fits in one loop. */
  #peel(node: PlanNode, above: PlanNode = node): { input: PlanNode; steps: StageStep[] } {
    const steps: StageStep[] = [];
    let at = node;
    for (;;) {
      if (at.kind === "project") {
        steps.unshift({ kind: "project", expressions: withoutPlainColumns(at.expressions) });
      } else if (at.kind === "filter") {
        steps.unshift({ kind: "filter", condition: at.condition });
      } else if (at.kind === "expand") {
        steps.unshift({ kind: "expand", projections: at.projections, output: at.output });
      } else if (at.kind === "watermark") {
        if (this.#options.outputMode !== undefined) {
          const stats = new Float64Array(4);
          resetStats(stats);
          this.watermarks.unshift({ delayUs: at.delayUs, stats });
          steps.unshift({ kind: "watermark", column: at.column, stats });
        }
      } else break;
      at = at.input;
    }
    if (at.kind === "jsonDecode" && dropsColumn(above, at, at.source.id)) this.#dropped.add(at);
    return { input: at, steps };
  }

  /** @param spread whether the operator above takes keys that are structs as their fields */
  #aggregate(node: AggregateNode, spread: boolean): Operator {
    const { input, steps } = this.#peel(node.input, node);
    const below = this.build(input);
    const mode = this.#options.outputMode;
    if (node.sessionColumn !== undefined) {
      const session = new SessionAggregate(
        node,
        below,
        steps,
        node.operatorId === undefined ? "batch" : (mode ?? "batch"),
        this.#environment,
        this.#options.takeLateRow,
      );
      return node.operatorId === undefined ? session : this.#keep(node, session);
    }
    if (node.operatorId === undefined || mode === undefined) {
      const operator = batchAggregate(node, below, steps, this.#environment, spread);
      this.#note(operator.stage);
      return operator;
    }
    const operator = this.#keep(
      node,
      new StreamAggregate(node, below, steps, mode, this.#environment, spread, this.#options.takeLateRow),
    );
    this.#note(operator.stage);
    return operator;
  }

  #join(node: JoinNode): Operator {
    const left = this.build(node.left);
    const right = this.build(node.right);
    if (node.operatorId !== undefined) {
      return this.#keep(node, new StreamJoin(node, left, right, this.#environment, this.#options.takeLateRow));
    }
    const rightStreams = isStreaming(node.right);
    const streaming = rightStreams || isStreaming(node.left);
    return new HashJoin(node, left, right, { buildLeft: rightStreams, keepBuild: streaming }, this.#environment);
  }

  #observe(node: ObserveNode): Operator {
    const observation = new Observation(node, this.#environment);
    this.observations.push(observation);
    return observeOperator(node, this.build(node.input), observation);
  }
}

/** Whether a column of `bottom` is read by no node from `top` down to it, and ends among them. */
function dropsColumn(top: PlanNode, bottom: PlanNode, id: number): boolean {
  let ends = false;
  for (let at = top; at !== bottom; at = inputsOf(at)[0]) {
    if (expressionsOf(at).some((x) => referencesOf(x).has(id))) return false;
    ends ||= at.kind === "project" || at.kind === "aggregate";
  }
  return ends;
}

/** Projections of columns that are there already need no code. */
function withoutPlainColumns(expressions: readonly NamedExpression[]): readonly NamedExpression[] {
  return expressions.filter((e) => !(e.expression.kind === "attribute" && e.expression.id === e.output.id));
}

/** How much older than the query's watermark a plan's rows may be: joins with a bound on time hold rows back. */
function outputShiftUs(node: PlanNode): number {
  const below = Math.min(0, ...inputsOf(node).filter(isStreaming).map(outputShiftUs));
  if (node.kind !== "join" || node.operatorId === undefined) return below;
  return Math.min(below, joinOutputWatermarkUs(node, below));
}

export function isStreaming(node: PlanNode): boolean {
  return node.kind === "scan" ? node.streaming : inputsOf(node).some(isStreaming);
}

export function inputsOf(node: PlanNode): readonly PlanNode[] {
  switch (node.kind) {
    case "local":
    case "range":
    case "cached":
    case "scan":
      return [];
    case "join":
      return [node.left, node.right];
    case "union":
      return node.inputs;
    default:
      return [node.input];
  }
}

export function unsupported(feature: string, hint: string): SluiceError {
  return new SluiceError("UNSUPPORTED_FEATURE", { feature, where: "", hint });
}
