/** Columns put together from a table's slots. */
import type { Interner } from "../../columns/interner.ts";
import { type Vector, valueAt } from "../../columns/vector.ts";
import type { Value } from "../../types/values.ts";
import type { SlotColumn, SlotTable } from "../state/slots.ts";
import type { KeyShape, Keys } from "./keys.ts";

/** One slot column's values at `slots[from..to)`; a slot of −1 gives null. */
export function gatherColumn(column: SlotColumn, slots: Int32Array, from: number, to: number): Vector {
  const n = to - from;
  const type = column.spec.type;
  let nulls: Uint8Array | null = null;
  if (column.nulls !== null) {
    for (let i = 0; i < n; i++) {
      const slot = slots[from + i] as number;
      if (slot < 0 || column.nulls[slot] === 1) {
        nulls ??= new Uint8Array(n);
        nulls[i] = 1;
      }
    }
  }
  switch (column.repr) {
    case "code": {
      const codes = new Int32Array(n);
      for (let i = 0; i < n; i++) codes[i] = (column.values as Int32Array)[slots[from + i] as number] as number;
      return (column.interner as Interner).column(type, codes, n, nulls);
    }
    case "obj": {
      const values: Value[] = new Array(n);
      for (let i = 0; i < n; i++) values[i] = (column.values as Value[])[slots[from + i] as number] ?? null;
      return { repr: "obj", type, values, nulls };
    }
    case "i64": {
      const values = new BigInt64Array(n);
      for (let i = 0; i < n; i++) values[i] = (column.values as BigInt64Array)[slots[from + i] as number] ?? 0n;
      return { repr: "i64", type, values, nulls };
    }
    case "bool": {
      const values = new Uint8Array(n);
      for (let i = 0; i < n; i++) values[i] = (column.values as Uint8Array)[slots[from + i] as number] as number;
      return { repr: "bool", type, values, nulls };
    }
    case "i32": {
      const values = new Int32Array(n);
      for (let i = 0; i < n; i++) values[i] = (column.values as Int32Array)[slots[from + i] as number] as number;
      return { repr: "i32", type, values, nulls };
    }
    case "f64": {
      const values = new Float64Array(n);
      for (let i = 0; i < n; i++) values[i] = (column.values as Float64Array)[slots[from + i] as number] as number;
      return { repr: "f64", type, values, nulls };
    }
  }
}

/** A key column of the output. */
export function gatherKey(
  keys: Keys,
  shape: KeyShape,
  table: SlotTable,
  slots: Int32Array,
  from: number,
  to: number,
): Vector {
  if (shape.kind === "leaf") {
    const leaf = keys.leaves[shape.leaf];
    return gatherColumn(table.columns[leaf.column + (leaf.kind === "any" ? 1 : 0)] as SlotColumn, slots, from, to);
  }
  const fields = shape.fields.map((f) => gatherKey(keys, f, table, slots, from, to));
  const n = to - from;
  const values: Value[] = new Array(n);
  const [first, second] = fields;
  const nulls = shape.nullable ? first.nulls : null;
  // A window: two times that are never null.
  if (fields.length === 2 && first.repr === "f64" && second.repr === "f64" && !first.nulls && !second.nulls) {
    for (let i = 0; i < n; i++) values[i] = [first.values[i], second.values[i]];
  } else for (let i = 0; i < n; i++) values[i] = nulls?.[i] === 1 ? null : fields.map((v) => valueAt(v, i));
  return { repr: "obj", type: shape.type, values, nulls };
}
