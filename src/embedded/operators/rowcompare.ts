import type { Vector } from "../../columns/vector.ts";
import { comparatorFor, compareDouble } from "../../functions/ordering.ts";

/** Compares rows i and j of a column, without nulls. */
export function rowComparator(v: Vector): (i: number, j: number) => number {
  switch (v.repr) {
    case "f64": {
      const { values } = v;
      return (i, j) => compareDouble(values[i], values[j]);
    }
    case "i32":
    case "bool": {
      const { values } = v;
      return (i, j) => values[i] - values[j];
    }
    case "i64": {
      const { values } = v;
      return (i, j) => (values[i] < values[j] ? -1 : values[i] > values[j] ? 1 : 0);
    }
    case "utf8": {
      const { bytes, starts, ends } = v;
      return (i, j) => {
        const n = Math.min(ends[i] - starts[i], ends[j] - starts[j]);
        for (let k = 0; k < n; k++) {
          const d = bytes[starts[i] + k] - bytes[starts[j] + k];
          if (d !== 0) return d;
        }
        return ends[i] - starts[i] - (ends[j] - starts[j]);
      };
    }
    case "obj": {
      const compare = comparatorFor(v.type);
      const { values } = v;
      return (i, j) => compare(values[i], values[j]);
    }
  }
}
