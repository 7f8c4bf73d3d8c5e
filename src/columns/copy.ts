import type { Batch, Nulls, Vector } from "./vector.ts";

/** The same rows in arrays of their own, for whoever keeps a batch longer than it is lent. */
export function copyBatch(batch: Batch): Batch {
  return { rows: batch.rows, columns: batch.columns.map((v) => copyVector(v, batch.rows)) };
}

function copyVector(v: Vector, rows: number): Vector {
  const nulls: Nulls = v.nulls === null ? null : v.nulls.slice(0, rows);
  switch (v.repr) {
    case "bool":
      return { ...v, nulls, values: v.values.slice(0, rows) };
    case "i32":
      return { ...v, nulls, values: v.values.slice(0, rows) };
    case "f64":
      return { ...v, nulls, values: v.values.slice(0, rows) };
    case "i64":
      return { ...v, nulls, values: v.values.slice(0, rows) };
    case "obj":
      return { ...v, nulls, values: v.values.slice(0, rows) };
    case "utf8": {
      // Only the bytes in use: the batch's buffer may be a whole fetch.
      const starts = new Int32Array(rows);
      const ends = new Int32Array(rows);
      let size = 0;
      for (let i = 0; i < rows; i++) if (nulls?.[i] !== 1) size += v.ends[i] - v.starts[i];
      const bytes = new Uint8Array(size);
      let at = 0;
      for (let i = 0; i < rows; i++) {
        const start = v.starts[i];
        const end = nulls?.[i] === 1 ? start : v.ends[i];
        starts[i] = at;
        for (let p = start; p < end; p++) bytes[at++] = v.bytes[p];
        ends[i] = at;
      }
      return { ...v, nulls, bytes, starts, ends };
    }
  }
}

/** About how many bytes the batch holds, for budgets. */
export function batchBytes(batch: Batch): number {
  let total = 0;
  for (const v of batch.columns) {
    switch (v.repr) {
      case "utf8": {
        let size = 8 * batch.rows;
        for (let i = 0; i < batch.rows; i++) size += v.ends[i] - v.starts[i];
        total += size;
        break;
      }
      case "obj":
        for (let i = 0; i < batch.rows; i++) total += valueBytes(v.values[i]);
        break;
      default:
        total += batch.rows * v.values.BYTES_PER_ELEMENT;
    }
    if (v.nulls !== null) total += batch.rows;
  }
  return total;
}

function valueBytes(value: unknown): number {
  if (typeof value === "string") return 16 + value.length;
  if (value instanceof Uint8Array) return 64 + value.length;
  if (Array.isArray(value)) return value.reduce<number>((n, v) => n + valueBytes(v), 32);
  if (typeof value === "object" && value !== null) {
    return Object.values(value).reduce<number>((n, v) => n + valueBytes(v), 32);
  }
  return 16;
}
