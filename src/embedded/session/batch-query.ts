/** Runs a batch plan, first in the narrow form, and again in the wide one where a 64-bit value asks for it. */
import type { PlanNode, ScanNode } from "../../analyze/plan.ts";
import type { Observer } from "../../api/engine.ts";
import { batchBytes, copyBatch } from "../../columns/copy.ts";
import { sliceRows } from "../../columns/ops.ts";
import type { Batch } from "../../columns/vector.ts";
import type { Clock, JsonFields } from "../../connectors/contract.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import { WideRequired } from "../../types/values.ts";
import { breather } from "../breathe.ts";
import type { ExecutionContext, RunBatchPlan } from "../operators/contract.ts";

export interface BatchQuery {
  readonly plan: PlanNode;
  readonly settings: SessionSettings;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly batchRowsMax: number;
  /** Rows held back before the first is given out, so that the wide form can start over unseen. */
  readonly bufferBytes: number;
  readonly run: RunBatchPlan;
  readScan(node: ScanNode, batchRowsMax: number, wide: boolean, json?: JsonFields): AsyncIterable<Batch>;
  script(token: string): (...args: unknown[]) => unknown;
  readonly observer: Observer | undefined;
}

/**
 * The rows of the plan, in batches that may be kept. When the wide form is needed after rows were given out, the plan runs
 * again and as many rows are left out: both forms give the same rows in the same order.
 */
export async function* batchRows(query: BatchQuery): AsyncIterable<Batch> {
  const nowUs = query.clock.now() * 1000;
  const seed = query.clock.now() % 0x7fffffff;
  let given = 0;
  try {
    for await (const batch of heldBack(runForm(query, nowUs, seed, false), query.bufferBytes)) {
      given += batch.rows;
      yield batch;
    }
  } catch (error) {
    if (!(error instanceof WideRequired)) throw error;
    yield* withoutFirst(runForm(query, nowUs, seed, true), given);
  }
}

async function* runForm(query: BatchQuery, nowUs: number, seed: number, wide: boolean): AsyncIterable<Batch> {
  const breathe = breather(query.clock);
  const context: ExecutionContext = {
    settings: query.settings,
    wide,
    batchRowsMax: query.batchRowsMax,
    nowUs,
    seed,
    readScan: (node, json) => query.readScan(node, query.batchRowsMax, wide, json),
    script: query.script,
    breathe,
    signal: query.signal,
    observer: query.observer,
  };
  for await (const batch of query.run(query.plan, context)) {
    query.signal.throwIfAborted();
    if (batch.rows > 0) yield copyBatch(batch);
    const breath = breathe();
    if (breath !== undefined) await breath;
  }
}

/** Collects up to `bytes` before the first batch is given out; after that, batches go through as they come. */
async function* heldBack(batches: AsyncIterable<Batch>, bytes: number): AsyncIterable<Batch> {
  let held: Batch[] = [];
  let size = 0;
  for await (const batch of batches) {
    if (size > bytes) {
      yield batch;
      continue;
    }
    held.push(batch);
    size += batchBytes(batch);
    if (size > bytes) {
      yield* held;
      held = [];
    }
  }
  yield* held;
}

async function* withoutFirst(batches: AsyncIterable<Batch>, rows: number): AsyncIterable<Batch> {
  let left = rows;
  for await (const batch of batches) {
    const skip = Math.min(left, batch.rows);
    left -= skip;
    if (skip < batch.rows) yield skip === 0 ? batch : sliceRows(batch, skip, batch.rows);
  }
}
