/** The rows that a memory sink keeps, readable by name while the query runs. */
import type { Batch } from "../../columns/vector.ts";
import type { StructType } from "../../types/types.ts";
import type { OutputMode } from "../contract.ts";

/** One committed batch, as subscribers see it. */
export interface TableChange {
  readonly batchId: number;
  readonly mode: OutputMode;
  readonly batches: readonly Batch[];
}

interface Entry {
  readonly batchId: number;
  readonly batches: readonly Batch[];
  readonly rows: number;
}

export class MemoryTable {
  readonly name: string;
  readonly schema: StructType;
  /** Oldest batches are dropped when there are more rows; Infinity keeps all. */
  private readonly rowsMax: number;
  private entries: Entry[] = [];
  private rowCount = 0;
  private readonly listeners = new Set<(change: TableChange) => void>();

  constructor(name: string, schema: StructType, rowsMax = Number.POSITIVE_INFINITY) {
    this.name = name;
    this.schema = schema;
    this.rowsMax = rowsMax;
  }

  get rows(): number {
    return this.rowCount;
  }

  /** All rows, oldest batch first. */
  batches(): Batch[] {
    return this.entries.flatMap((e) => e.batches);
  }

  /** Rows of the batches after `batchId`. */
  batchesAfter(batchId: number): Batch[] {
    return this.entries.filter((e) => e.batchId > batchId).flatMap((e) => e.batches);
  }

  get lastBatchId(): number {
    return this.entries.at(-1)?.batchId ?? -1;
  }

  /** Takes a batch in; in complete mode it replaces what is here. A batch that is already in is not taken twice. */
  put(change: TableChange): void {
    if (change.batchId <= this.lastBatchId) return;
    const rows = change.batches.reduce((n, b) => n + b.rows, 0);
    if (change.mode === "complete") {
      this.entries = [];
      this.rowCount = 0;
    }
    this.entries.push({ batchId: change.batchId, batches: change.batches, rows });
    this.rowCount += rows;
    while (this.rowCount > this.rowsMax && this.entries.length > 1) this.rowCount -= this.entries.shift()?.rows ?? 0;
    for (const listener of this.listeners) listener(change);
  }

  /** Calls `listener` with each committed batch from now on; returns the function that ends it. */
  subscribe(listener: (change: TableChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
