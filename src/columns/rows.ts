import type { DataType } from "../types/types.ts";
import type { Value } from "../types/values.ts";
import { type Batch, valueAt, vectorFrom } from "./vector.ts";

/** Rows of internal values to columns. For the edges of the engine and tests, not for hot loops. */
export function batchFromRows(types: readonly DataType[], rows: readonly (readonly Value[])[], wide = false): Batch {
  return {
    rows: rows.length,
    columns: types.map((type, c) =>
      vectorFrom(
        type,
        rows.map((r) => r[c] ?? null),
        wide,
      ),
    ),
  };
}

/** Columns to rows of internal values. */
export function rowsOf(batch: Batch): Value[][] {
  const rows: Value[][] = new Array(batch.rows);
  for (let i = 0; i < batch.rows; i++) rows[i] = batch.columns.map((v) => valueAt(v, i));
  return rows;
}
