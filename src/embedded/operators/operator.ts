/** What runs: operators in a tree, each a stream of batches from the streams below it. */
import type { Attribute } from "../../analyze/expression.ts";
import type { Batch } from "../../columns/vector.ts";
import type { SpreadStruct } from "../../compile/structs.ts";
import type { SlotTable } from "../state/slots.ts";
import type { StateOperatorProgress, StreamBatchRequest } from "./contract.ts";

export interface Operator {
  readonly output: readonly Attribute[];
  /** Structs of which the output has the fields only. */
  readonly structs?: readonly SpreadStruct[];
  /** The rows of one batch. For a batch query there is one batch. */
  run(request: StreamBatchRequest): AsyncIterable<Batch>;
}

/** An operator that keeps state between batches. */
export interface StatefulOperator extends Operator {
  readonly operatorId: number;
  /** Spark's name in the progress, e.g. `stateStoreSave`. */
  readonly operatorName: string;
  /** Tables to write down, in a fixed order. */
  readonly tables: readonly StateTable[];
  /** Rebuilds indexes after the tables were loaded. */
  loaded(): void;
  /** True when a batch without rows can emit or evict because the watermark moved. */
  wantsNoDataBatch(lateUs: number, evictUs: number): boolean;
  readonly counters: StateCounters;
  /** Added to the query's watermarks: rows that come out of a join below may be this much older (0 or negative). */
  shiftUs: number;
}

export interface StateTable {
  /** File name's first part. */
  readonly name: string;
  readonly table: SlotTable;
}

/** Numbers of one batch, reset at its start. */
export interface StateCounters {
  updated: number;
  removed: number;
  droppedByWatermark: number;
  updateMs: number;
  removeMs: number;
  commitMs: number;
  custom: Record<string, number>;
}

export function newCounters(): StateCounters {
  return { updated: 0, removed: 0, droppedByWatermark: 0, updateMs: 0, removeMs: 0, commitMs: 0, custom: {} };
}

export function resetCounters(c: StateCounters): void {
  c.updated = 0;
  c.removed = 0;
  c.droppedByWatermark = 0;
  c.updateMs = 0;
  c.removeMs = 0;
  c.commitMs = 0;
  c.custom = {};
}

export function progressOf(op: StatefulOperator): StateOperatorProgress {
  const c = op.counters;
  return {
    operatorName: op.operatorName,
    numRowsTotal: op.tables.reduce((n, t) => n + t.table.count, 0),
    numRowsUpdated: c.updated,
    allUpdatesTimeMs: Math.round(c.updateMs),
    numRowsRemoved: c.removed,
    allRemovalsTimeMs: Math.round(c.removeMs),
    commitTimeMs: Math.round(c.commitMs),
    memoryUsedBytes: op.tables.reduce((n, t) => n + t.table.memoryBytes, 0),
    numRowsDroppedByWatermark: c.droppedByWatermark,
    numShufflePartitions: 1,
    numStateStoreInstances: op.tables.length,
    customMetrics: c.custom,
  };
}

/** All rows of a stream of batches. */
export async function drain(rows: AsyncIterable<Batch>): Promise<Batch[]> {
  const out: Batch[] = [];
  for await (const b of rows) if (b.rows > 0) out.push(b);
  return out;
}
