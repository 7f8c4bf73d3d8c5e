import type { Batch, Vector } from "../../columns/vector.ts";
import { LONG, TIMESTAMP } from "../../types/types.ts";
import type { ReadRequest } from "../contract.ts";

/** The columns asked for of (`timestamp`, `value`), from their values at each row. */
export function valueColumns(
  rows: number,
  request: ReadRequest,
  make: { timestamp: (i: number) => number; value: (i: number) => number },
): Batch {
  const columns = request.columns.map((ordinal): Vector => {
    const type = ordinal === 0 ? TIMESTAMP : LONG;
    const at = ordinal === 0 ? make.timestamp : make.value;
    if (request.wide) {
      const values = new BigInt64Array(rows);
      for (let i = 0; i < rows; i++) values[i] = BigInt(at(i));
      return { repr: "i64", type, values, nulls: null };
    }
    const values = new Float64Array(rows);
    for (let i = 0; i < rows; i++) values[i] = at(i);
    return { repr: "f64", type, values, nulls: null };
  });
  return { rows, columns };
}
