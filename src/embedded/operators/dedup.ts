/** DISTINCT and dropDuplicates: the first row of each key goes on. */
import type { Attribute } from "../../analyze/expression.ts";
import type { DeduplicateNode } from "../../analyze/plan.ts";
import { takeRows } from "../../columns/ops.ts";
import { type Batch, type Vector, valueAt } from "../../columns/vector.ts";
import { Stage, type StageEnvironment, type StageStep } from "../../compile/stage.ts";
import { TIMESTAMP } from "../../types/types.ts";
import type { SlotColumn } from "../state/slots.ts";
import { TimeIndex, timeOf } from "../state/timeindex.ts";
import { endOf } from "./aggregate.ts";
import type { StreamBatchRequest } from "./contract.ts";
import { Groups } from "./groups.ts";
import { lateRowsOf, type TakeLateRow } from "./laterows.ts";
import { newCounters, type Operator, type StatefulOperator } from "./operator.ts";

interface Expiry {
  /** Of the event-time column in the input. */
  readonly ordinal: number;
  readonly delayUs: number;
  /** Slot column that holds the time of expiry. */
  readonly column: number;
}

/** Row numbers at which a key was seen for the first time. */
class FirstRows {
  rows = new Int32Array(8192);
  count = 0;
}

/** Ends a stage by entering each row's key; notes the rows whose key was new. */
function firstRowsStage(
  input: readonly Attribute[],
  steps: readonly StageStep[],
  groups: Groups,
  environment: StageEnvironment,
): (batch: Batch) => Int32Array {
  const first = new FirstRows();
  const end = groups.end();
  const stage = new Stage<[], void>(
    "deduplicate",
    input,
    steps,
    {
      ...end,
      row(scope) {
        const before = scope.e.fresh("before");
        const table = scope.e.bind(groups.table, "slots");
        const rows = scope.e.bind(first, "firstRows");
        scope.e.line(`const ${before} = ${table}.count;`);
        end.row(scope);
        scope.e.line(`if (${table}.count !== ${before}) ${rows}.rows[${rows}.count++] = ${scope.row};`);
      },
    },
    environment,
  );
  return (batch) => {
    first.count = 0;
    if (first.rows.length < batch.rows) first.rows = new Int32Array(batch.rows);
    stage.run(batch);
    return first.rows.subarray(0, first.count);
  };
}

const named = (keys: readonly Attribute[]) => keys.map((k) => ({ expression: k, output: k }));

/** −0 as 0: as keys they are one value, and Spark's batch form gives the key back, not the row. */
function withoutNegativeZeros(v: Vector): Vector {
  return v.repr === "f64" ? { ...v, values: v.values.map((x) => x + 0) } : v;
}

export function batchDeduplicate(node: DeduplicateNode, input: Operator, environment: StageEnvironment): Operator {
  const keys = new Set(node.keys.map((k) => k.id));
  const isDoubleKey = node.output.map((a) => keys.has(a.id) && (a.type.kind === "double" || a.type.kind === "float"));
  return {
    output: node.output,
    async *run(request) {
      const groups = new Groups(named(node.keys), [], environment.settings, environment.wide);
      const firstRows = firstRowsStage(input.output, [], groups, environment);
      for await (const batch of input.run(request)) {
        const rows = firstRows(batch);
        if (rows.length > 0) {
          const taken = takeRows(batch, rows, rows.length);
          yield {
            rows: taken.rows,
            columns: taken.columns.map((v, c) => (isDoubleKey[c] ? withoutNegativeZeros(v) : v)),
          };
        }
        await request.context.breathe();
      }
    },
  };
}

/**
 * dropDuplicates on a stream keeps keys until the watermark passes the key's event time (forever without one).
 * dropDuplicatesWithinWatermark keeps a key until the watermark passes the first row's event time plus the delay.
 */
export class StreamDeduplicate implements StatefulOperator {
  readonly operatorName: string;
  readonly operatorId: number;
  readonly output: readonly Attribute[];
  readonly tables;
  readonly counters = newCounters();
  shiftUs = 0;
  readonly #input: Operator;
  readonly #groups: Groups;
  readonly #firstRows: (batch: Batch) => Int32Array;
  readonly #lateLimit = new Float64Array(1);
  readonly #times = new TimeIndex();
  readonly #timeColumn: SlotColumn | undefined;
  /** Within watermark: the event-time column of the input and the delay. */
  readonly #expiry: Expiry | undefined;
  #late = 0;

  constructor(node: DeduplicateNode, input: Operator, environment: StageEnvironment, takeLateRow?: TakeLateRow) {
    this.operatorId = node.operatorId as number;
    this.operatorName = node.withinWatermark ? "dedupeWithinWatermark" : "dedupe";
    this.output = node.output;
    this.#input = input;
    const eventTime = input.output.find((a) => a.watermarkDelayUs !== undefined);
    const extra = node.withinWatermark
      ? [{ name: "expiresAtMicros", type: TIMESTAMP, interned: false, nullable: true, initial: null }]
      : [];
    const groups = new Groups(named(node.keys), [], environment.settings, environment.wide, extra);
    this.#groups = groups;
    this.tables = [{ name: "", table: groups.table }];
    const steps: StageStep[] = [];
    if (eventTime !== undefined && (node.withinWatermark || node.keys.some((k) => k.id === eventTime.id))) {
      const rows = lateRowsOf(takeLateRow, input.output, this, environment.settings);
      steps.push({
        kind: "late",
        time: endOf(eventTime),
        limit: this.#lateLimit,
        keys: rows.columns,
        onLate: (...values) => {
          this.#late++;
          rows.take(values, this.#lateLimit[0]);
        },
      });
    }
    if (node.withinWatermark && eventTime !== undefined) {
      const column = groups.keys.specs.length;
      this.#expiry = {
        ordinal: input.output.findIndex((a) => a.id === eventTime.id),
        delayUs: eventTime.watermarkDelayUs as number,
        column,
      };
      this.#timeColumn = groups.table.columns[column];
    } else if (eventTime !== undefined) {
      const at = node.keys.findIndex((k) => k.id === eventTime.id);
      const shape = groups.keys.shapes[at];
      const leaf = shape?.kind === "struct" ? shape.fields[1] : shape;
      if (leaf?.kind === "leaf") this.#timeColumn = groups.table.columns[groups.keys.leaves[leaf.leaf].column];
    }
    this.#firstRows = firstRowsStage(input.output, steps, groups, environment);
  }

  loaded(): void {
    this.#groups.reindex();
    this.#times.clear();
    if (this.#timeColumn) for (const slot of this.#groups.table.liveSlots()) this.#enterTime(slot);
  }

  wantsNoDataBatch(_lateUs: number, evictUs: number): boolean {
    return this.#times.mayHold(evictUs + this.shiftUs);
  }

  async *run(request: StreamBatchRequest): AsyncGenerator<Batch> {
    const { table } = this.#groups;
    this.#lateLimit[0] = request.lateUs + this.shiftUs;
    this.#late = 0;
    let seen = 0;
    let kept = 0;
    const started = performance.now();
    for await (const batch of this.#input.run(request)) {
      const before = table.added.count;
      const rows = this.#firstRows(batch);
      const slots = table.added.view(before).slice();
      if (this.#expiry) this.#setExpiry(batch, rows, slots);
      if (this.#timeColumn) for (const slot of slots) this.#enterTime(slot);
      seen += batch.rows;
      kept += rows.length;
      if (rows.length > 0) yield takeRows(batch, rows, rows.length);
      await request.context.breathe();
    }
    const { counters } = this;
    counters.updated = kept;
    counters.droppedByWatermark = this.#late;
    counters.custom = { numDroppedDuplicateRows: seen - kept - this.#late };
    counters.updateMs = performance.now() - started;
    if (this.#timeColumn === undefined) return;
    const removing = performance.now();
    const gone = this.#times.takeUpTo(request.evictUs + this.shiftUs, (slot) => this.#time(slot));
    this.#groups.remove(gone);
    counters.removed = gone.length;
    counters.removeMs = performance.now() - removing;
  }

  #setExpiry(batch: Batch, rows: Int32Array, slots: Int32Array): void {
    const { ordinal, delayUs, column } = this.#expiry as Expiry;
    const times = batch.columns[ordinal];
    const target = this.#groups.table.columns[column];
    slots.forEach((slot, k) => {
      // As in Spark, a row without a time counts as one of 1970.
      const t = valueAt(times, rows[k]) ?? 0;
      target.set(slot, this.#groups.table.wide ? BigInt(t as number | bigint) + BigInt(delayUs) : Number(t) + delayUs);
    });
  }

  #enterTime(slot: number): void {
    const us = this.#time(slot);
    if (us !== undefined) this.#times.add(slot, us);
  }

  #time(slot: number): number | undefined {
    return this.#groups.table.live[slot] === 1 ? timeOf(this.#timeColumn as SlotColumn, slot) : undefined;
  }
}
