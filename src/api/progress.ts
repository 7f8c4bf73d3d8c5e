/** A batch's numbers, in Spark's JSON form. */
export interface StreamingQueryProgress {
  readonly id: string;
  readonly runId: string;
  readonly name: string | null;
  /** ISO time at which the batch began. */
  readonly timestamp: string;
  readonly batchId: number;
  readonly batchDuration: number;
  readonly numInputRows?: number;
  readonly inputRowsPerSecond?: number;
  readonly processedRowsPerSecond?: number;
  /** Milliseconds of each step: addBatch, walCommit, triggerExecution, … */
  readonly durationMs: Readonly<Record<string, number>>;
  /** ISO times: max, min, avg, watermark. */
  readonly eventTime?: Readonly<Record<string, string>>;
  readonly stateOperators: readonly StateOperatorProgress[];
  readonly sources: readonly SourceProgress[];
  readonly sink: SinkProgress;
  readonly observedMetrics?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** What Spark doesn't tell; absent on a cluster. */
  readonly ext?: ProgressExtensions;
}

export interface ProgressExtensions {
  readonly guarantee: "exactly-once" | "at-least-once";
  /** Why it is only at-least-once. */
  readonly guaranteeNote?: string;
  /** Rows that the watermark dropped, as the stateful operators count them. */
  readonly lateRows: number;
  /** Records that from_json couldn't read. */
  readonly badRecords: number;
  /** Of these, written to badRecordsTopic. */
  readonly deadLetters?: number;
  /** Rows written to lateRowsTopic. */
  readonly lateRowsWritten?: number;
  readonly stateBytes: number;
  /** Milliseconds from a record's timestamp to its batch's commit. */
  readonly latencyMs?: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface StateOperatorProgress {
  readonly operatorName: string;
  readonly numRowsTotal: number;
  readonly numRowsUpdated: number;
  readonly numRowsRemoved: number;
  readonly numRowsDroppedByWatermark: number;
  readonly memoryUsedBytes: number;
  readonly customMetrics?: Readonly<Record<string, number>>;
}

export interface SourceProgress {
  readonly description: string;
  readonly startOffset: unknown;
  readonly endOffset: unknown;
  readonly latestOffset: unknown;
  readonly numInputRows: number;
  readonly inputRowsPerSecond?: number;
  readonly processedRowsPerSecond?: number;
  readonly metrics?: Readonly<Record<string, string>>;
}

export interface SinkProgress {
  readonly description: string;
  readonly numOutputRows: number;
  readonly metrics?: Readonly<Record<string, string>>;
}

export interface StreamingQueryStatus {
  readonly message: string;
  readonly isDataAvailable: boolean;
  readonly isTriggerActive: boolean;
}
