/** Says in which way two results differ. */
import type { Outcome } from "./case.ts";

/** Undefined when they are equal. */
export function difference(expected: Outcome, actual: Outcome): string | undefined {
  if ("error" in expected || "error" in actual) {
    const [a, b] = [expected, actual].map((o) => ("error" in o ? `error ${o.error}` : `${o.rows.length} rows`));
    return a === b ? undefined : `Spark gave ${a}, this engine ${b}`;
  }
  return (
    firstDifference("columns", expected.columns, actual.columns) ??
    firstDifference("rows", expected.rows, actual.rows) ??
    firstDifference("progress", expected.progress ?? [], actual.progress ?? [])
  );
}

function firstDifference(what: string, expected: readonly unknown[], actual: readonly unknown[]): string | undefined {
  const [a, b] = [expected, actual].map((list) => list.map((item) => JSON.stringify(item)));
  const at = Array.from({ length: Math.max(a.length, b.length) }, (_, i) => i).find((i) => a[i] !== b[i]);
  if (at === undefined) return undefined;
  return `${what} differ, first at ${at} (of ${a.length} and ${b.length}):\n  Spark: ${a[at]}\n  here:  ${b[at]}`;
}
