/**
 * Where a query continues, by its two logs.
 *
 * | last in offsets | last in commits | then |
 * |---|---|---|
 * | none | none | a new query: batch 0 from the sources' initial offsets |
 * | N | N | batch N+1 after N's offsets |
 * | N | N−1 | batch N again, with the offsets, time and watermark that were logged for it |
 * | N | less | the same; N−1 is done, or offsets/N wouldn't be there, and only its commit is missing |
 * | N−1 | N | refused: an offset file is gone |
 */
import { SluiceError } from "../../errors/error.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { OffsetEntry } from "../checkpoint/logs.ts";

export interface Recovered {
  /** The batch to run next. */
  readonly batchId: number;
  /** Where it starts; undefined for a source that starts at its initial offset. */
  readonly start: readonly (string | undefined)[];
  /** Set when it was logged before and must run exactly so. */
  readonly pending: OffsetEntry | undefined;
  /** A batch that is done and isn't in the commit log. */
  readonly uncommitted: number | undefined;
  /** Milliseconds: the watermark by which the batch before evicted; rows older than this are late. */
  readonly previousWatermarkMs: number;
  /** Milliseconds: the watermark now. */
  readonly watermarkMs: number;
  /** Settings that the query keeps for its life; undefined for a new query. */
  readonly conf: Readonly<Record<string, string>> | undefined;
}

export async function recover(checkpoint: Checkpoint, sourceCount: number): Promise<Recovered> {
  const { offsets, commits } = checkpoint;
  const last = await offsets.latest();
  const committed = await commits.latest();
  if (last === undefined) {
    if (committed !== undefined)
      throw inconsistent(checkpoint, `commits/${committed} is there without offsets/${committed}`);
    const start = new Array<undefined>(sourceCount).fill(undefined);
    return {
      batchId: 0,
      start,
      pending: undefined,
      uncommitted: undefined,
      previousWatermarkMs: 0,
      watermarkMs: 0,
      conf: undefined,
    };
  }
  if (committed !== undefined && committed > last) {
    throw inconsistent(checkpoint, `commits/${committed} is there without offsets/${committed}`);
  }
  const entry = await entryOf(checkpoint, last, sourceCount);
  if (committed === last) {
    const commit = await commits.entry(last);
    return {
      batchId: last + 1,
      start: entry.offsets,
      pending: undefined,
      uncommitted: undefined,
      previousWatermarkMs: entry.batchWatermarkMs,
      watermarkMs: Math.max(entry.batchWatermarkMs, commit?.nextBatchWatermarkMs ?? 0),
      conf: entry.conf,
    };
  }
  const before = last === 0 ? undefined : await entryOf(checkpoint, last - 1, sourceCount);
  return {
    batchId: last,
    start: before?.offsets ?? new Array<undefined>(sourceCount).fill(undefined),
    pending: entry,
    uncommitted: last > 0 && (committed ?? -1) < last - 1 ? last - 1 : undefined,
    previousWatermarkMs: before?.batchWatermarkMs ?? 0,
    watermarkMs: entry.batchWatermarkMs,
    conf: entry.conf,
  };
}

async function entryOf(checkpoint: Checkpoint, batchId: number, sourceCount: number): Promise<OffsetEntry> {
  const entry = await checkpoint.offsets.entry(batchId);
  if (entry === undefined) throw inconsistent(checkpoint, `offsets/${batchId} is missing`);
  if (entry.offsets.length !== sourceCount) {
    throw new SluiceError("CHECKPOINT_QUERY_CHANGED", {
      path: checkpoint.location,
      change: `there are ${entry.offsets.length} sources in the checkpoint offsets and now there are ${sourceCount} sources requested by the query`,
    });
  }
  return entry;
}

function inconsistent(checkpoint: Checkpoint, reason: string): SluiceError {
  return new SluiceError("CHECKPOINT_INCONSISTENT", { path: checkpoint.location, reason });
}
