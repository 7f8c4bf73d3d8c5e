/** The sources of a running query: their positions, and what one batch read of them. */
import type { ScanNode } from "../../analyze/plan.ts";
import type { Batch, Vector } from "../../columns/vector.ts";
import type { JsonFields, Offset, StreamSource } from "../../connectors/contract.ts";
import { SluiceError } from "../../errors/error.ts";

/** Latencies kept of one batch. */
const LATENCY_SAMPLES_MAX = 2048;
const SAMPLES_A_COLUMN_BATCH = 32;

export interface StreamInput {
  readonly node: ScanNode;
  readonly source: StreamSource;
}

export class BatchInputs {
  readonly rowCounts: number[];
  /** Record timestamps in milliseconds, of records all over the batch. */
  readonly timestampsMs: number[] = [];
  private readonly inputs: readonly StreamInput[];
  private readonly start: readonly Offset[];
  private readonly end: readonly Offset[];
  private readonly signal: AbortSignal;

  constructor(inputs: readonly StreamInput[], start: readonly Offset[], end: readonly Offset[], signal: AbortSignal) {
    this.inputs = inputs;
    this.start = start;
    this.end = end;
    this.signal = signal;
    this.rowCounts = inputs.map(() => 0);
  }

  /** New rows of a streaming scan. */
  async *read(node: ScanNode, batchRowsMax: number, wide: boolean, json?: JsonFields): AsyncIterable<Batch> {
    const i = this.inputs.findIndex((input) => input.node.id === node.id);
    if (i < 0) throw new SluiceError("INTERNAL_ERROR", { message: `source ${node.id} of the plan was never opened` });
    if (this.start[i] === this.end[i]) return;
    const stamp = node.columns.findIndex((c) => {
      const { name, type } = node.schema.fields[c];
      return name.toLowerCase() === "timestamp" && type.kind === "timestamp";
    });
    const request = { columns: node.columns, batchRowsMax, wide, json };
    for await (const batch of this.inputs[i].source.read(this.start[i], this.end[i], request)) {
      this.signal.throwIfAborted();
      this.rowCounts[i] += batch.rows;
      if (stamp >= 0) this.sample(batch.columns[stamp], batch.rows);
      yield batch;
    }
  }

  private sample(column: Vector, rows: number): void {
    if (column.repr !== "f64" && column.repr !== "i64") return;
    const step = Math.max(1, Math.floor(rows / SAMPLES_A_COLUMN_BATCH));
    for (let i = 0; i < rows && this.timestampsMs.length < LATENCY_SAMPLES_MAX; i += step) {
      if (column.nulls?.[i] !== 1) this.timestampsMs.push(Number(column.values[i]) / 1000);
    }
  }
}
