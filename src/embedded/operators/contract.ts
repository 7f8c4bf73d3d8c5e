/** The boundary between running a plan (operators, state) and the life of a query (engine.ts, stream/). */
import type { PlanNode, ScanNode } from "../../analyze/plan.ts";
import type { Observer } from "../../api/engine.ts";
import type { Batch } from "../../columns/vector.ts";
import type { JsonFields, OutputMode } from "../../connectors/contract.ts";
import type { SessionSettings } from "../../functions/definition.ts";
import type { Value } from "../../types/values.ts";
import type { CheckpointFileSystem } from "../checkpoint/file-system.ts";
import type { RejectedRecords } from "./rejects.ts";

/** What operators may ask of their surroundings. */
export interface ExecutionContext {
  readonly settings: SessionSettings;
  /** 64-bit values as bigint. */
  readonly wide: boolean;
  /** Rows in a batch between operators, at most. */
  readonly batchRowsMax: number;
  /** Microseconds: the batch's time, what current_timestamp() gives for the whole batch. */
  readonly nowUs: number;
  /** Seed for rand() and friends, fixed for a query. */
  readonly seed: number;
  /** A batch scan's rows (files, tables, static sides of a stream). `node.columns` are the ordinals wanted. */
  readScan(node: ScanNode, json?: JsonFields): AsyncIterable<Batch>;
  /** A TypeScript function of the user's. */
  script(token: string): (...args: unknown[]) => unknown;
  /** Gives the event loop a turn when the last one was long ago. */
  breathe(): Promise<void> | undefined;
  readonly signal: AbortSignal;
  /** Hears what df.observe saw when a batch plan has run to its end. */
  readonly observer?: Observer | undefined;
}

/** Runs a batch plan. Exported as `runBatchPlan` from operators/batch.ts. Throws WideRequired when the wide form is needed. */
export type RunBatchPlan = (plan: PlanNode, context: ExecutionContext) => AsyncIterable<Batch>;

/** One batch of a streaming query, as the operators see it. */
export interface StreamBatchRequest {
  readonly context: ExecutionContext;
  readonly batchId: number;
  /** New rows of a streaming scan; `node.columns` are the ordinals wanted. */
  readStream(node: ScanNode, json?: JsonFields): AsyncIterable<Batch>;
  /**
   * Microseconds; -1 before any. Rows older than `lateUs` are dropped (the *previous* batch's watermark); state is
   * evicted and windows are emitted by `evictUs` (the current one). Spark keeps the two apart.
   */
  readonly lateUs: number;
  readonly evictUs: number;
}

/** Numbers of one stateful operator for the progress, named as in Spark's JSON. */
export interface StateOperatorProgress {
  readonly operatorName: string;
  readonly numRowsTotal: number;
  readonly numRowsUpdated: number;
  readonly allUpdatesTimeMs: number;
  readonly numRowsRemoved: number;
  readonly allRemovalsTimeMs: number;
  readonly commitTimeMs: number;
  readonly memoryUsedBytes: number;
  readonly numRowsDroppedByWatermark: number;
  readonly numShufflePartitions: number;
  readonly numStateStoreInstances: number;
  readonly customMetrics: Readonly<Record<string, number>>;
}

/** Event times seen in one batch at one withWatermark. Microseconds. */
export interface EventTimeStats {
  readonly delayUs: number;
  count: number;
  maxUs: number;
  minUs: number;
  sumUs: number;
}

export interface StateCommit {
  /** Resolves when the version is durable. */
  readonly durable: Promise<void>;
}

/** A streaming plan made ready to run batch after batch. Exported as `openStreamPlan` from operators/stream.ts. */
export interface StreamPlan {
  /** True when the plan keeps state between batches. */
  readonly stateful: boolean;
  /** True when a batch without new rows can emit or evict something because the watermark moved from `lateUs` to `evictUs`. */
  wantsNoDataBatch(lateUs: number, evictUs: number): boolean;
  /** Output rows of the batch; state changes stay uncommitted until `commit`. */
  run(request: StreamBatchRequest): AsyncIterable<Batch>;
  /** One for each withWatermark in the plan, filled by the last `run`. */
  eventTimes(): readonly EventTimeStats[];
  /**
   * Begins to write the last `run`'s state as version batchId + 1 (`state/<operator>/0/<table>/<version>.delta`). The next `run`
   * may begin when the promise resolves; versions become durable in their order.
   *
   * @param isOften batches follow each other closely: a version needn't have a file of its own
   * @param loggedBatch the newest batch in the log: a restart begins with it, or with the one after it
   */
  commit(batchId: number, isOften: boolean, loggedBatch: number): Promise<StateCommit>;
  stateProgress(): readonly StateOperatorProgress[];
  /** Records of the last `run` that were not as their schema says. */
  badRecords(): number;
  /** df.observe's values of the last `run`. */
  observed(): ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** The generated code of each stage, for explain("codegen"). */
  generatedCode(): readonly { readonly stage: string; readonly code: string }[];
  /** Resolves when nothing is being written any more. */
  close(): Promise<void>;
}

export interface StreamPlanOptions {
  readonly plan: PlanNode;
  readonly outputMode: OutputMode;
  readonly settings: SessionSettings;
  readonly wide: boolean;
  /** Folder `state` of the checkpoint; undefined when the plan has no state. */
  readonly stateDir: string;
  /** State version to start from: the number of the next batch to run; 0 for a new query. */
  readonly version: number;
  /** Versions to keep (spark.sql.streaming.minBatchesToRetain). */
  readonly versionsToRetain: number;
  /** A snapshot after this many deltas. */
  readonly deltasForSnapshot: number;
  /** Bytes of deltas before a snapshot where versions are committed often; 0 unless told. */
  readonly deltaBytesForSnapshot?: number;
  /** Default: the disk. */
  readonly fs?: CheckpointFileSystem;
  /** False for temporary checkpoints: state files are written without fsync. Default true. */
  readonly durable?: boolean;
  /** A TypeScript function of the user's. */
  readonly script?: (token: string) => (...args: Value[]) => Value;
  /** Set where records that can't be decoded are taken out of the stream. */
  readonly rejects?: RejectedRecords;
  /** Told each row that a watermark drops, where somebody wants them. */
  readonly takeLateRow?: (row: LateRow) => void;
}

/** A row that came after the watermark had passed it. */
export interface LateRow {
  /** Its columns. */
  readonly json: string;
  /** Milliseconds since 1970. */
  readonly watermarkMs: number;
  /** The operator that dropped it, as in the progress, e.g. `stateStoreSave`. */
  readonly operator: string;
  readonly operatorId: number;
}

export type OpenStreamPlan = (options: StreamPlanOptions) => Promise<StreamPlan>;
