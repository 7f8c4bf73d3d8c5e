/** The two logs of a query in Spark's text forms: what a batch will read, and that it is done. */
import { damaged } from "./files.ts";
import { MetadataLog } from "./metadata-log.ts";

/** `offsets/N`: written before the batch runs. */
export interface OffsetEntry {
  /** Milliseconds; 0 before any. State is evicted by it in this batch. */
  readonly batchWatermarkMs: number;
  /** Milliseconds: what current_timestamp() gives in this batch, also when it is run again. */
  readonly batchTimestampMs: number;
  /** Settings that the query keeps for its life. */
  readonly conf: Readonly<Record<string, string>>;
  /** Where the batch ends in each source. */
  readonly offsets: readonly (string | undefined)[];
}

/** `commits/N`: written when the batch is in the sink. */
export interface CommitEntry {
  readonly nextBatchWatermarkMs: number;
}

const NO_OFFSET = "-";

export class OffsetLog extends MetadataLog {
  async entry(batchId: number): Promise<OffsetEntry | undefined> {
    const lines = await this.get(batchId);
    if (lines === undefined) return undefined;
    const [metadata, ...offsets] = lines;
    const parsed = parseObject(metadata ?? "", this.path(batchId));
    return {
      batchWatermarkMs: numberOf(parsed, "batchWatermarkMs", this.path(batchId)),
      batchTimestampMs: numberOf(parsed, "batchTimestampMs", this.path(batchId)),
      conf: (parsed["conf"] ?? {}) as Record<string, string>,
      offsets: offsets.map((line) => (line === NO_OFFSET ? undefined : line)),
    };
  }

  write(batchId: number, entry: OffsetEntry): Promise<void> {
    const { batchWatermarkMs, batchTimestampMs, conf } = entry;
    return this.add(batchId, [
      JSON.stringify({ batchWatermarkMs, batchTimestampMs, conf }),
      ...entry.offsets.map((offset) => offset ?? NO_OFFSET),
    ]);
  }
}

export class CommitLog extends MetadataLog {
  async entry(batchId: number): Promise<CommitEntry | undefined> {
    const lines = await this.get(batchId);
    if (lines === undefined) return undefined;
    const parsed = parseObject(lines[0] ?? "", this.path(batchId));
    return { nextBatchWatermarkMs: numberOf(parsed, "nextBatchWatermarkMs", this.path(batchId)) };
  }

  write(batchId: number, entry: CommitEntry): Promise<void> {
    return this.add(batchId, [JSON.stringify({ nextBatchWatermarkMs: entry.nextBatchWatermarkMs })]);
  }
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // falls through to the named error
  }
  throw damaged(path, "its second line is not a JSON object");
}

function numberOf(object: Record<string, unknown>, key: string, path: string): number {
  const value = object[key];
  if (typeof value !== "number") throw damaged(path, `it has no number ${key}`);
  return value;
}
