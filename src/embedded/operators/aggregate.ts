/** Aggregation: of a whole input at once, and of a stream with its groups kept between batches. */
import type { Attribute, TypedExpression } from "../../analyze/expression.ts";
import type { AggregateNode } from "../../analyze/plan.ts";
import { canonicalText } from "../../columns/canonical.ts";
import type { Batch } from "../../columns/vector.ts";
import { Stage, type StageEnvironment, type StageStep } from "../../compile/stage.ts";
import type { SpreadStruct } from "../../compile/structs.ts";
import type { OutputMode } from "../../connectors/contract.ts";
import type { Value } from "../../types/values.ts";
import type { SlotColumn } from "../state/slots.ts";
import { TimeIndex, timeOf } from "../state/timeindex.ts";
import type { StreamBatchRequest } from "./contract.ts";
import { Groups } from "./groups.ts";
import { lateRowsOf, type TakeLateRow } from "./laterows.ts";
import { newCounters, type Operator, type StatefulOperator } from "./operator.ts";
import { fieldOf, isSpread, isStruct } from "./struct-fields.ts";

const CHUNK = 8192;

/** Groups and results of one run over the whole input. */
export function batchAggregate(
  node: AggregateNode,
  input: Operator,
  steps: readonly StageStep[],
  environment: StageEnvironment,
  spread: boolean,
): Operator & { readonly stage: Stage<[], void> } {
  const make = () => groupsOf(node, environment, spread);
  const { output, structs } = outputOf(node, spread);
  const stageOf = (groups: Groups) => new Stage<[], void>("aggregate", input.output, steps, groups.end(), environment);
  return {
    output,
    structs,
    stage: stageOf(make()),
    async *run(request) {
      const groups = make();
      const stage = stageOf(groups);
      for await (const batch of input.run(request)) {
        stage.run(batch);
        batch.release?.();
        await request.context.breathe();
      }
      if (node.grouping.length === 0) groups.ensureGlobal();
      yield* outputs(groups, groups.table.liveSlots());
    },
  };
}

function* outputs(groups: Groups, slots: Int32Array): Iterable<Batch> {
  for (let from = 0; from < slots.length; from += CHUNK) {
    yield groups.output(slots, from, Math.min(slots.length, from + CHUNK));
  }
}

function groupsOf(node: AggregateNode, { settings, wide }: StageEnvironment, spread: boolean): Groups {
  const calls = node.aggregates.map((a) => a.call);
  return new Groups(node.grouping, calls, settings, wide, [], spread);
}

/** Ids of the fields of spread keys, which no plan has. */
const FIELD_ID_FIRST = -5_000_000;

/** The columns of `Groups.output`. */
function outputOf(
  node: AggregateNode,
  spread: boolean,
): Pick<Operator, "output"> & { structs: readonly SpreadStruct[] } {
  const structs: SpreadStruct[] = [];
  let id = FIELD_ID_FIRST;
  const output = node.output.flatMap((a, k): readonly Attribute[] => {
    const key = node.grouping[k]?.expression;
    if (!spread || key === undefined || !isSpread(key)) return [a];
    const fields = key.type.fields.map((_, ordinal): Attribute => {
      const { name, type, nullable } = fieldOf(key, ordinal);
      return { kind: "attribute", id: id--, name: `${a.name}_${name}`, type, nullable, qualifier: [] };
    });
    structs.push({ struct: a, fields });
    return fields;
  });
  return { output, structs };
}

/** The part of the grouping key that a watermark runs on. */
export interface EventTimeKey {
  /** Ordinal among the grouping expressions. */
  readonly ordinal: number;
  /** The time itself: the column, or the end of a window. */
  readonly time: TypedExpression;
}

export function eventTimeKey(node: AggregateNode): EventTimeKey | undefined {
  const ordinal = node.grouping.findIndex((g) => g.output.watermarkDelayUs !== undefined);
  if (ordinal < 0) return undefined;
  const { expression } = node.grouping[ordinal];
  return { ordinal, time: endOf(expression) };
}

/** The end of a window struct; any other time as it is. */
export function endOf(x: TypedExpression): TypedExpression {
  return isStruct(x) ? fieldOf(x, 1) : x;
}

export class StreamAggregate implements StatefulOperator {
  readonly operatorName = "stateStoreSave";
  readonly operatorId: number;
  readonly output: readonly Attribute[];
  readonly structs: readonly SpreadStruct[];
  readonly tables;
  readonly counters = newCounters();
  shiftUs = 0;
  readonly stage: Stage<[], void>;
  readonly #input: Operator;
  readonly #groups: Groups;
  readonly #mode: OutputMode;
  readonly #global: boolean;
  readonly #lateLimit = new Float64Array(1);
  readonly #lateKeys = new Set<string>();
  readonly #times = new TimeIndex();
  /** Slot column with the time of a group, when a watermark runs on the key. */
  readonly #timeColumn: SlotColumn | undefined;

  constructor(
    node: AggregateNode,
    input: Operator,
    steps: readonly StageStep[],
    mode: OutputMode,
    environment: StageEnvironment,
    spread: boolean,
    takeLateRow?: TakeLateRow,
  ) {
    this.operatorId = node.operatorId as number;
    const { output, structs } = outputOf(node, spread);
    this.output = output;
    this.structs = structs;
    this.#input = input;
    this.#mode = mode;
    this.#global = node.grouping.length === 0;
    const groups = groupsOf(node, environment, spread);
    this.#groups = groups;
    this.tables = [{ name: "", table: groups.table }];
    const key = eventTimeKey(node);
    const all = [...steps];
    if (key !== undefined) {
      const shape = groups.keys.shapes[key.ordinal];
      const leaf = shape.kind === "struct" ? shape.fields[1] : shape;
      if (leaf.kind === "leaf") this.#timeColumn = groups.table.columns[groups.keys.leaves[leaf.leaf].column];
      if (mode !== "complete") {
        const rows = lateRowsOf(takeLateRow, node.lateRow ?? node.input.output, this, environment.settings);
        const keys = groups.keys.leaves.map((l) => l.expression);
        all.push({
          kind: "late",
          time: key.time,
          limit: this.#lateLimit,
          keys: [...keys, ...rows.columns],
          onLate: (...values) => {
            this.#lateKeys.add(canonicalText(values.slice(0, keys.length) as Value[]));
            rows.take(values.slice(keys.length), this.#lateLimit[0]);
          },
        });
      }
    }
    this.stage = new Stage<[], void>("aggregate", input.output, all, groups.end(), environment);
  }

  loaded(): void {
    this.#groups.reindex();
    this.#times.clear();
    if (this.#timeColumn) for (const slot of this.#groups.table.liveSlots()) this.#enterTime(slot);
  }

  wantsNoDataBatch(_lateUs: number, evictUs: number): boolean {
    return this.#mode !== "complete" && this.#times.mayHold(evictUs + this.shiftUs) && this.#groups.table.count > 0;
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    const groups = this.#groups;
    const { table } = groups;
    this.#lateLimit[0] = request.lateUs + this.shiftUs;
    this.#lateKeys.clear();
    const started = performance.now();
    for await (const batch of this.#input.run(request)) {
      this.stage.run(batch);
      batch.release?.();
      await request.context.breathe();
    }
    if (this.#global) groups.ensureGlobal();
    if (this.#timeColumn) this.#enterTimes(this.#timeColumn, table.added.view());
    this.counters.updated = table.changedCount;
    this.counters.droppedByWatermark = this.#lateKeys.size;
    this.counters.updateMs = performance.now() - started;

    if (this.#mode === "complete") {
      yield* outputs(groups, table.liveSlots());
      return;
    }
    if (this.#mode === "update") yield* outputs(groups, table.changedSlots());
    if (this.#timeColumn === undefined) return;
    const removing = performance.now();
    const gone = this.#times.takeUpTo(request.evictUs + this.shiftUs, (slot) => this.#time(slot));
    if (this.#mode === "append") yield* outputs(groups, gone);
    groups.remove(gone);
    this.counters.removed = gone.length;
    this.counters.removeMs = performance.now() - removing;
  }

  #enterTimes(column: SlotColumn, slots: Int32Array): void {
    const { values, nulls } = column;
    if (!(values instanceof Float64Array)) {
      for (const slot of slots) this.#enterTime(slot);
      return;
    }
    for (let k = 0; k < slots.length; k++) {
      const slot = slots[k];
      if (nulls === null || nulls[slot] === 0) this.#times.add(slot, values[slot]);
    }
  }

  #enterTime(slot: number): void {
    const us = this.#time(slot);
    if (us !== undefined) this.#times.add(slot, us);
  }

  #time(slot: number): number | undefined {
    return this.#groups.table.live[slot] === 1 ? timeOf(this.#timeColumn as SlotColumn, slot) : undefined;
  }
}
