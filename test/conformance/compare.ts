/** Says in which way two results differ. */
import type { BatchCounters, Outcome } from "./case.ts";

/** Undefined when they are equal. */
export function difference(expected: Outcome, actual: Outcome): string | undefined {
  if ("error" in expected || "error" in actual) {
    const [a, b] = [expected, actual].map((o) => ("error" in o ? `error ${o.error}` : `${o.rows.length} rows`));
    return a === b ? undefined : `Spark gave ${a}, this engine ${b}`;
  }
  return (
    firstDifference("columns", expected.columns, actual.columns) ??
    firstDifference("rows", expected.rows, actual.rows) ??
    firstDifference("progress", busy(expected.progress), busy(actual.progress))
  );
}

/**
 * Without the batches that had no rows and changed no state: when the watermark has moved, Spark runs one even if nothing
 * is old enough to be evicted. They are seen in nothing but the batches' numbers, which are left out for that reason.
 */
function busy(progress: readonly BatchCounters[] = []): readonly unknown[] {
  const isIdle = (batch: BatchCounters) =>
    batch.numInputRows === 0 && batch.stateOperators.every((o) => o.numRowsUpdated === 0 && o.numRowsRemoved === 0);
  return progress.filter((batch) => !isIdle(batch)).map(({ batchId: _, ...counters }) => counters);
}

function firstDifference(what: string, expected: readonly unknown[], actual: readonly unknown[]): string | undefined {
  const [a, b] = [expected, actual].map((list) => list.map((item) => JSON.stringify(item)));
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  if (at === undefined) return undefined;
  return `${what} differ, first at ${at} (of ${a.length} and ${b.length}):\n  Spark: ${a[at]}\n  here:  ${b[at]}`;
}
