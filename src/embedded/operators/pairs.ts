/** Joined rows from pairs of row numbers: left row with right row, the rest of the condition checked. */
import type { Attribute, TypedExpression } from "../../analyze/expression.ts";
import { takeRows } from "../../columns/ops.ts";
import type { Batch } from "../../columns/vector.ts";
import { Stage, type StageEnvironment } from "../../compile/stage.ts";

/** Numbers of the rows for which the condition is true. */
export function selector(
  name: string,
  input: readonly Attribute[],
  condition: TypedExpression,
  environment: StageEnvironment,
): (batch: Batch) => Int32Array {
  const chosen = { rows: new Int32Array(0), count: 0 };
  const stage = new Stage<[], void>(
    name,
    input,
    [],
    {
      parameters: [],
      begin: () => {},
      finish: () => {},
      row: (scope) => {
        const out = scope.e.bind(chosen, "chosen");
        scope.e.line(`if (${scope.condition(condition)}) ${out}.rows[${out}.count++] = ${scope.row};`);
      },
    },
    environment,
  );
  return (batch) => {
    chosen.rows = new Int32Array(batch.rows);
    chosen.count = 0;
    stage.run(batch);
    return chosen.rows.subarray(0, chosen.count);
  };
}

/** Keeps the pairs whose joined row meets the condition. */
export function filterPairs(
  joined: Batch,
  left: Int32Array,
  right: Int32Array,
  select: ((batch: Batch) => Int32Array) | undefined,
): { joined: Batch; left: Int32Array; right: Int32Array } {
  if (select === undefined) return { joined, left, right };
  const rows = select(joined);
  if (rows.length === joined.rows) return { joined, left, right };
  return {
    joined: takeRows(joined, rows, rows.length),
    left: rows.map((i) => left[i]),
    right: rows.map((i) => right[i]),
  };
}
