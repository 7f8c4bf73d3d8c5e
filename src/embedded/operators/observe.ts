/** df.observe: aggregates over the rows that pass, without changing them. */
import type { ObserveNode } from "../../analyze/plan.ts";
import type { ObservedMetrics } from "../../api/engine.ts";
import { type Batch, valueAt } from "../../columns/vector.ts";
import { Stage, type StageEnvironment } from "../../compile/stage.ts";
import { field, struct } from "../../types/types.ts";
import type { Value } from "../../types/values.ts";
import { Groups } from "./groups.ts";
import type { Operator } from "./operator.ts";

export class Observation {
  readonly name: string;
  readonly #node: ObserveNode;
  readonly #environment: StageEnvironment;
  #groups: Groups;
  #stage: Stage<[], void>;

  constructor(node: ObserveNode, environment: StageEnvironment) {
    this.name = node.name;
    this.#node = node;
    this.#environment = environment;
    [this.#groups, this.#stage] = this.#fresh();
  }

  #fresh(): [Groups, Stage<[], void>] {
    const { settings, wide } = this.#environment;
    const groups = new Groups(
      [],
      this.#node.metrics.map((m) => m.call),
      settings,
      wide,
    );
    const stage = new Stage<[], void>("observe", this.#node.input.output, [], groups.end(), this.#environment);
    return [groups, stage];
  }

  /** Forgets the rows seen so far: a new batch begins. */
  reset(): void {
    [this.#groups, this.#stage] = this.#fresh();
  }

  see(batch: Batch): void {
    this.#stage.run(batch);
  }

  /** The metrics by name. */
  values(): Readonly<Record<string, Value>> {
    const { schema, values } = this.metrics();
    return Object.fromEntries(schema.fields.map((f, k) => [f.name, values[k]]));
  }

  metrics(): ObservedMetrics {
    const { name, planId, metrics } = this.#node;
    this.#groups.ensureGlobal();
    const out = this.#groups.output(this.#groups.table.liveSlots(), 0, 1);
    return {
      name,
      planId,
      schema: struct(...metrics.map(({ output }) => field(output.name, output.type, output.nullable))),
      values: metrics.map((_, k) => valueAt(out.columns[k], 0)),
    };
  }
}

export function observeOperator(node: ObserveNode, input: Operator, observation: Observation): Operator {
  return {
    output: node.output,
    async *run(request) {
      observation.reset();
      for await (const batch of input.run(request)) {
        observation.see(batch);
        yield batch;
      }
    },
  };
}
